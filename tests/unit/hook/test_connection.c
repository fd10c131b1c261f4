/* SPDX-License-Identifier: MIT
 *
 * Whose secret is burned where: the server of the configuration, a former one that is listed, and one that nobody
 * lists. Two servers on loopback; what the wrong one is asked is one request too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "handoff/recover.h"
#include "handoff_world.h"
#include "private_world.h"

#define FORMER "/etc/otsd/former.conf"
#define OTHER "/etc/otsd/other.conf"
#define LISTED "handoff: { former = [ \"" OTHER "\", \"" FORMER "\" ]; };\n"

static world w;
static struct server old_server;
static char old_url[60];

/* The world with a second server, whose file is there, and a third one, to which nothing belongs. */
static void open_both(const char *more, const struct step *steps, size_t n, const struct step *old_steps,
                      size_t old_n) {
    static const struct step none = {STEP_CLOSE, ""};
    char text[400];

    old_server = old_n > 0 ? server_start(old_steps, old_n) : server_start(&none, 1);
    snprintf(old_url, sizeof old_url, "http://127.0.0.1:%d", old_server.port);
    world_open(&w, more, steps, n);
    put_file("/etc/otsd/old-token", "old token\n", 0600);
    snprintf(text, sizeof text,
             "server: { url = \"%s\"; timeout = 1.5; username = \"old@example.com\";\n"
             "  token_file = \"/etc/otsd/old-token\"; };\nhandoff: { ttl = \"2d\"; };\n",
             old_url);
    put_file(FORMER, text, 0600);
    put_file(OTHER, "server: { region = \"nz\"; };\n", 0644);
}

static void close_both(unsigned requests, unsigned old_requests) {
    assert_int_equal(old_server.seen->requests, old_requests);
    server_stop(&old_server);
    world_close(&w, requests);
}

static record of(const char *url, const char *account) {
    record r = world_record();

    snprintf(r.server, sizeof r.server, "%s", url);
    snprintf(r.account, sizeof r.account, "%s", account);
    return r;
}

static int burn(const record *r, remote_end *end, problem *p) {
    p->text[0] = '\0';
    return remote_burn(w.x.remote, r, end, p);
}

static void what_another_server_made_is_owed_and_named(void **state) {
    char expected[300];
    remote_end end;
    problem p;
    record r;

    (void)state;
    open_both(NULL, NULL, 0, NULL, 0);
    r = of(old_url, "old@example.com");
    assert_int_equal(burn(&r, &end, &p), CONNECTION_NONE);
    assert_int_equal(end.outcome, OUTCOME_NONE);
    snprintf(expected, sizeof expected,
             "alice: the link belongs to %s, account old@example.com, which is not in the configuration (see "
             "handoff.former in otsd.conf(5))",
             old_url);
    assert_string_equal(p.text, expected);
    assert_false(p.remote);
    close_both(0, 0);
}

static void where_it_is_listed_it_is_burned_there_with_its_token(void **state) {
    const struct step old_steps[] = {world_burned(&(said){0})};
    remote_end end;
    problem p;
    record r;

    (void)state;
    open_both(LISTED, NULL, 0, old_steps, 1);
    r = of(old_url, "old@example.com");
    assert_int_equal(burn(&r, &end, &p), EX_OK);
    assert_int_equal(end.outcome, OUTCOME_BURNED);
    assert_non_null(strstr(old_server.seen->request[0], "POST /api/v1/private/" WORLD_KEY "/burn"));
    /* old@example.com:old token */
    assert_non_null(strstr(old_server.seen->request[0], "Basic b2xkQGV4YW1wbGUuY29tOm9sZCB0b2tlbg=="));
    close_both(0, 1);
}

/* The answer of one that never made it would say "gone", as of one that is dead. */
static void a_server_is_not_asked_for_anothers(void **state) {
    const struct step steps[] = {WORLD_GONE};
    int64_t opened_at = 7;
    remote_end end;
    problem p;
    record r;

    (void)state;
    open_both(NULL, steps, 1, NULL, 0);
    r = of("https://gone.example.com", "me@example.com");
    assert_int_equal(burn(&r, &end, &p), CONNECTION_NONE);
    assert_int_equal(remote_opened(w.x.remote, &r, &opened_at, &p), EX_OK);
    assert_int_equal(opened_at, 0);
    close_both(0, 0);
}

static void whose_it_is(void **state) {
    static const struct {
        const char *promise;
        const char *url; /* NULL: of the configuration */
        const char *account;
        bool of_old; /* url is the former server's */
        bool burned_here, burned_there;
    } rows[] = {
        {"a record without a server is the configuration's", "", "", false, true, false},
        {"its own", NULL, "me@example.com", false, true, false},
        {"another account of the same server: the key is enough", NULL, "you@example.com", false, true, false},
        {"made anonymously", NULL, "", false, true, false},
        {"another account of a former server", NULL, "else@example.com", true, false, true},
        {"a former server's", NULL, "old@example.com", true, false, true},
    };
    const struct step burned[] = {world_burned(&(said){0})};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char url[60];
        remote_end end;
        problem p;
        record r;

        open_both(LISTED, burned, 1, burned, 1);
        snprintf(url, sizeof url, "HTTP://127.0.0.1:%d", w.server.port);
        r = of(rows[i].of_old ? old_url : rows[i].url ? rows[i].url : url, rows[i].account);
        if (burn(&r, &end, &p) != EX_OK || end.outcome != OUTCOME_BURNED)
            fail_msg("%s: %s", rows[i].promise, p.text);
        close_both(rows[i].burned_here, rows[i].burned_there);
    }
}

static void once_its_time_is_over_nobody_can_say(void **state) {
    static const struct {
        int64_t age, granted, opened_at;
        int rc;
        outcome outcome;
    } rows[] = {
        {3456, 0, 0, CONNECTION_NONE, OUTCOME_NONE},        {3456 + 299, 3456, 0, CONNECTION_NONE, OUTCOME_NONE},
        {3456 + 301, 3456, 0, EX_OK, OUTCOME_UNKNOWN},      {3456 + 301, 0, 0, EX_OK, OUTCOME_UNKNOWN},
        {3456 + 301, 3456, 77, EX_OK, OUTCOME_OPENED},      {3456 + 301, 8000, 0, CONNECTION_NONE, OUTCOME_NONE},
        {8000 + 301, 8000, 0, EX_OK, OUTCOME_UNKNOWN},      {-1000, 3456, 0, CONNECTION_NONE, OUTCOME_NONE},
        {-9000000, 3456, 0, CONNECTION_NONE, OUTCOME_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        remote_end end;
        problem p;
        record r;

        open_both(NULL, NULL, 0, NULL, 0);
        r = of(old_url, "old@example.com");
        r.created -= rows[i].age;
        r.deadline -= rows[i].age;
        r.granted = rows[i].granted;
        r.opened_at = rows[i].opened_at;
        if (burn(&r, &end, &p) != rows[i].rc || end.outcome != rows[i].outcome || end.opened_at != rows[i].opened_at)
            fail_msg("row %zu: %s", i, p.text);
        close_both(0, 0);
    }
}

static void a_file_that_cannot_be_read_is_named(void **state) {
    const struct step burned[] = {world_burned(&(said){0})};
    remote_end end;
    problem p;
    record r;

    (void)state;
    open_both(LISTED, NULL, 0, burned, 1);
    put_file(OTHER, "server: { region = \"nz\"; what = 1; };\n", 0644);
    r = of("https://gone.example.com", "me@example.com");
    assert_int_equal(burn(&r, &end, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, OTHER ":1: `server.what` is not known"));
    r = of(old_url, "old@example.com"); /* the other one is not the worse for it */
    assert_int_equal(burn(&r, &end, &p), EX_OK);
    close_both(0, 1);
}

static void a_token_that_others_can_read_is_not_used(void **state) {
    remote_end end;
    problem p;
    record r;

    (void)state;
    open_both(LISTED, NULL, 0, NULL, 0);
    put_file("/etc/otsd/old-token", "old token\n", 0644);
    r = of(old_url, "old@example.com");
    assert_int_equal(burn(&r, &end, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, "/etc/otsd/old-token"));
    assert_int_equal(end.outcome, OUTCOME_NONE);
    close_both(0, 0);
}

static void a_check_finds_what_is_wrong_before_it_is_needed(void **state) {
    problem p;

    (void)state;
    open_both(LISTED, NULL, 0, NULL, 0);
    assert_int_equal(remote_former(w.x.remote, &p), EX_OK);
    close_both(0, 0);
    open_both(LISTED, NULL, 0, NULL, 0);
    put_file("/etc/otsd/old-token", "old token\n", 0644);
    assert_int_equal(remote_former(w.x.remote, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, "the former server http://127.0.0.1:"));
    close_both(0, 0);
    open_both(LISTED, NULL, 0, NULL, 0);
    put_file(OTHER, "server: { };\n", 0644);
    assert_int_equal(remote_former(w.x.remote, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, OTHER ":1: "));
    close_both(0, 0);
    open_both(NULL, NULL, 0, NULL, 0);
    assert_int_equal(remote_former(w.x.remote, &p), EX_OK);
    close_both(0, 0);
}

/* One that is away for good must not cost its time-out for each of its records. */
static void one_that_is_not_reached_twice_is_left_alone(void **state) {
    remote_end end;
    problem p;
    record r;

    (void)state;
    open_both(LISTED, NULL, 0, NULL, 0);
    server_stop(&old_server);
    r = of(old_url, "old@example.com");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(burn(&r, &end, &p), EX_UNAVAILABLE);
        assert_false(p.remote); /* it says nothing of the server of the configuration */
        assert_null(strstr(p.text, "a moment ago"));
    }
    assert_int_equal(burn(&r, &end, &p), EX_UNAVAILABLE);
    assert_non_null(strstr(p.text, "was not reached a moment ago"));
    world_close(&w, 0);
}

static int recover(const record *r, recovery *what, problem *p) {
    entry *e = world_put(&w, LEDGER_ISSUING, r);
    int rc = recover_one(&w.x, e, what, p);

    ledger_release(&e);
    return rc;
}

static record lost_answer(int64_t age) {
    record r = of(old_url, "old@example.com");

    r.metadata_key[0] = r.hash[0] = '\0';
    r.deadline = 0;
    r.created -= age;
    return r;
}

static void a_lost_answer_is_looked_for_where_it_was_asked(void **state) {
    said orphan = {.ttl = 3456, .created = time(NULL) - 99, .recipient = "al***@e***.com"};
    const struct step old_steps[] = {world_list(&orphan, 1), world_burned(&orphan)};
    recovery what;
    problem p;
    record r;

    (void)state;
    open_both(LISTED, NULL, 0, old_steps, 2);
    r = lost_answer(100);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_BACK);
    assert_non_null(strstr(old_server.seen->request[0], "GET /api/v1/private/recent"));
    close_both(0, 2);
}

/* Nobody has its password, and its intent would stand in the way of the next provision. */
static void one_whose_server_nobody_lists_is_left_to_expire(void **state) {
    recovery what;
    problem p;
    record r;

    (void)state;
    open_both(NULL, NULL, 0, NULL, 0);
    r = lost_answer(0);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LATER);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    close_both(0, 0);
    open_both(NULL, NULL, 0, NULL, 0);
    r = lost_answer(100);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LEFT);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    close_both(0, 0);
}

/* A list of one account proves nothing of another. */
static void each_account_is_asked_for_its_own_list(void **state) {
    const struct step list[] = {world_list(NULL, 0)};
    recovery what;
    problem p;
    record r;

    (void)state;
    open_both(LISTED, list, 1, list, 1);
    r = lost_answer(100);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_EMPTY);
    r.server[0] = r.account[0] = '\0';
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_EMPTY);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    close_both(1, 1);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("what another server made is owed, and named", what_another_server_made_is_owed_and_named),
        TEST("where that is listed it is burned there, with its token",
             where_it_is_listed_it_is_burned_there_with_its_token),
        TEST("a server is not asked for what another made", a_server_is_not_asked_for_anothers),
        TEST("whose it is", whose_it_is),
        TEST("once its time is over nobody can say what became of it", once_its_time_is_over_nobody_can_say),
        TEST("a file of a former server that cannot be read is named", a_file_that_cannot_be_read_is_named),
        TEST("a former token that others can read is not used", a_token_that_others_can_read_is_not_used),
        TEST("a check finds what is wrong before it is needed", a_check_finds_what_is_wrong_before_it_is_needed),
        TEST("a former server that is not reached twice is left alone", one_that_is_not_reached_twice_is_left_alone),
        TEST("a lost answer is looked for where it was asked", a_lost_answer_is_looked_for_where_it_was_asked),
        TEST("one whose server nobody lists is left to expire", one_whose_server_nobody_lists_is_left_to_expire),
        TEST("each account is asked for its own list", each_account_is_asked_for_its_own_list),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - connections # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
