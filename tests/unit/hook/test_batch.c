/* SPDX-License-Identifier: MIT
 *
 * The accounts of a batch, and its preflight, on real account files and a real ledger, against a scripted server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "batch_world.h"
#include "batch/preflight.h"
#include "private_world.h"

#define NOMINAL world_answer(200, "{\"status\":\"nominal\"}")

static world w;
static batch b;

static batch_status status_of(const char *user) {
    batch_account *a = batch_find(&b, user);

    assert_non_null(a);
    return a->status;
}

static void gather_bad(void *arg, unsigned long number, const char *text) {
    char *all = arg;
    size_t len = strlen(all);

    snprintf(all + len, 2000 - len, "%lu: %s\n", number, text);
}

static void accounts_are_found_by_name_and_counted(void **state) {
    static const char *const users[] = {"carol", "alice", "bob"};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 3);
    assert_int_equal(b.len, 3);
    assert_int_equal(b.counts[BATCH_TODO], 3);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(batch_find(&b, users[i]), &b.accounts[i]);
    assert_null(batch_find(&b, "dave"));
    batch_move(&b, &b.accounts[1], BATCH_KEPT);
    batch_move(&b, &b.accounts[1], BATCH_KEPT);
    assert_int_equal(b.counts[BATCH_TODO], 2);
    assert_int_equal(b.counts[BATCH_KEPT], 1);
    assert_string_equal(batch_file_name(&b), "standard input");
    b.path = "some.csv";
    assert_string_equal(batch_file_name(&b), "some.csv");
    batch_end(&b);
    world_close(&w, 0);
}

static void what_is_through_is_in_the_report(void **state) {
    static const char *const users[] = {"open", "kept", "left", "todo", "here", "over"};
    char *text;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 6);
    batch_move(&b, &b.accounts[0], BATCH_OPEN);
    batch_move(&b, &b.accounts[1], BATCH_KEPT);
    batch_move(&b, &b.accounts[2], BATCH_LEFT);
    batch_move(&b, &b.accounts[4], BATCH_KEPT);
    b.accounts[4].past = (past_view){.was = PAST_ARRIVED, .reason = REASON_LOGIN};
    batch_move(&b, &b.accounts[5], BATCH_ENDED);
    b.accounts[5].past = (past_view){.was = PAST_ENDED, .reason = REASON_DEADLINE};
    for (size_t i = 0; i < 6; i++)
        batch_through(&b, &b.accounts[i]);
    batch_end(&b);
    text = get_file(BATCH_REPORT);
    assert_string_equal(text,
                        "user,status,deadline,id,message\n"
                        "open,open,,,it has an open hand-off\n"
                        "kept,kept,,,\"it has a password, or a locked one\"\n"
                        "left,left,,,\"its open hand-off is another account's, or cannot be read: otsd-hook "
                        "sweep sees to it\"\n"
                        "here,kept,,,the person has arrived: the password was used to log in\n"
                        "over,ended,,,its hand-off has ended (the deadline has passed); --again starts a new one\n");
    free(text);
    world_close(&w, 0);
}

/* A hand-off being open says nothing of the password, where nobody knows whether that was set. */
static void an_open_one_that_is_unsure_is_named_and_counted(void **state) {
    static const char *const users[] = {"sure", "unsure", "over", "todo"};
    record r = world_record();

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 4);
    for (size_t i = 0; i < 4; i++) {
        r.unsure = i > 0;
        batch_take(&b, &b.accounts[i], &r);
    }
    batch_move(&b, &b.accounts[0], BATCH_OPEN);
    batch_move(&b, &b.accounts[1], BATCH_OPEN);
    batch_move(&b, &b.accounts[2], BATCH_ENDED);
    batch_through(&b, &b.accounts[1]);
    assert_int_equal(batch_count_unsure(&b), 1);
    batch_move(&b, &b.accounts[3], BATCH_PROVISIONED);
    assert_int_equal(batch_count_unsure(&b), 2);
    batch_end_with_report(&b, "unsure: password.command failed or was interrupted; where it does not work: otsd-hook "
                              "reissue");
    world_close(&w, 0);
}

static void the_first_reason_to_stop_counts(void **state) {
    static const char *const users[] = {"alice"};
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 1);
    problem_set(&p, EX_IOERR, "first");
    batch_cut(&b, &p);
    problem_set(&p, EX_IOERR, "second");
    batch_cut(&b, &p);
    assert_true(b.is_cut);
    assert_string_equal(b.cut.text, "first");
    batch_end(&b);
    world_close(&w, 0);
}

static int check(char *bad, problem *p) {
    bad[0] = '\0';
    p->text[0] = '\0';
    for (size_t i = 0; i < b.len; i++)
        b.accounts[i].uid = -1;
    return preflight(&b, gather_bad, bad, p);
}

static void preflight_finds_each_account_its_place(void **state) {
    static const char *const users[] = {"alice", "bob", "carol", "dave", "eve"};
    const struct step steps[] = {NOMINAL};
    record open = world_record(), begun = world_record(), foreign = world_record();
    char bad[2000];
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_file("/etc/passwd",
             "alice:x:1001:1::/:/bin/sh\nbob:x:1002:1::/:/bin/sh\ncarol:x:1003:1::/:/bin/sh\n"
             "dave:x:1004:1::/:/bin/sh\neve:x:1005:1::/:/bin/sh\n",
             0644);
    put_file("/etc/shadow",
             "alice:!:1:0:::::\nbob:$5$b$bob:1:0:::::\ncarol:!:1:0:::::\ndave:!:1:0:::::\neve:!:1:0:::::\n", 0640);
    snprintf(open.user, sizeof open.user, "carol");
    open.uid = 1003;
    open.unsure = 1;
    e = world_put(&w, LEDGER_PENDING, &open);
    ledger_release(&e);
    snprintf(begun.user, sizeof begun.user, "dave");
    e = world_put(&w, LEDGER_ISSUING, &begun);
    ledger_release(&e);
    snprintf(foreign.user, sizeof foreign.user, "eve"); /* of a uid that eve had once */
    e = world_put(&w, LEDGER_PENDING, &foreign);
    ledger_release(&e);
    batch_begin(&b, &w, users, 5);
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "");
    assert_int_equal(status_of("alice"), BATCH_TODO);
    assert_int_equal(status_of("bob"), BATCH_KEPT);
    assert_int_equal(status_of("carol"), BATCH_OPEN);
    assert_int_equal(status_of("dave"), BATCH_INTERRUPTED);
    assert_int_equal(status_of("eve"), BATCH_LEFT);
    assert_string_equal(batch_find(&b, "carol")->id, open.id);
    assert_int_equal(batch_find(&b, "carol")->deadline, open.deadline);
    assert_true(batch_find(&b, "carol")->unsure);
    assert_int_equal(batch_count_unsure(&b), 1);
    assert_int_equal(batch_find(&b, "alice")->uid, 1001);
    assert_true(batch_find(&b, "alice")->local);
    assert_int_equal(batch_find(&b, "alice")->found.changed, 1);
    world_assert_asked(&w, 0, "GET /api/v1/authcheck");
    batch_end(&b);
    world_close(&w, 1);
}

static void lines_that_cannot_be_provisioned_are_named(void **state) {
    static const char *const users[] = {"nobody-here", "daemon", "ghost", "alice"};
    const struct step steps[] = {NOMINAL};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_file("/etc/passwd", "daemon:x:999:1::/:/bin/sh\nghost:x:60000:1::/:/bin/sh\nalice:x:1000:1::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "daemon:!:1:0:::::\nalice:!:1:0:::::\n", 0640);
    batch_begin(&b, &w, users, 4);
    batch_line(3)->passphrase = "abc";
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad,
                        "2: there is no user nobody-here\n"
                        "3: daemon is a system account (uid 999, people have 1000 to 60000); --allow-system provisions "
                        "it all the same, handoff.uid_min and handoff.uid_max set the limits\n"
                        "4: ghost has no line in /etc/shadow\n"
                        "5: the passphrase is shorter than 4 characters, which servers refuse\n");
    assert_int_equal(status_of("alice"), BATCH_TODO);
    /* Nobody is asked for a batch that will not begin. */
    assert_int_equal(w.server.seen->requests, 0);
    batch_end(&b);
    batch_begin(&b, &w, users + 1, 1);
    b.allow_root = true;
    assert_int_equal(check(bad, &p), EX_OK);
    assert_non_null(strstr(bad, "2: daemon is a system account"));
    b.allow_root = false;
    b.allow_system = true;
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "");
    batch_end(&b);
    world_close(&w, 1);
}

/* A directory's uids are large: what lets them in must not let root in. */
static void root_has_an_option_of_his_own(void **state) {
    static const char *const users[] = {"root", "toor", "alice"};
    const struct step steps[] = {NOMINAL};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, "handoff: { recipient = \"%u@example.com\"; uid_min = 1200000000; uid_max = 1300000000; };\n", steps,
               1);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\nalice:x:1283400512:1::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "root:!:1:0:::::\ntoor:!:1:0:::::\nalice:!:1:0:::::\n", 0640);
    batch_begin(&b, &w, users, 3);
    b.allow_system = true;
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "2: root is root (uid 0), whom only --allow-root provisions\n"
                             "3: toor is root (uid 0), whom only --allow-root provisions\n");
    assert_int_equal(w.server.seen->requests, 0);
    b.allow_system = false;
    b.allow_root = true;
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "");
    batch_end(&b);
    world_close(&w, 1);
}

/* Once provisioned nothing is asked of it: the same command again must finish the rest. */
static void an_expired_account_is_a_bad_line(void **state) {
    static const char *const users[] = {"alice", "bob", "carol"};
    record open = world_record();
    char bad[2000];
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file("/etc/shadow",
             "alice:!:19000:0:99999:7::19001:\nbob:$5$b$own:19000:0:99999:7::19001:\n"
             "carol:!:19000:0:99999:7::19001:\n",
             0640);
    snprintf(open.user, sizeof open.user, "carol");
    open.uid = 1003;
    e = world_put(&w, LEDGER_PENDING, &open);
    ledger_release(&e);
    batch_begin(&b, &w, users, 3);
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad,
                        "2: alice has expired, and could not log in to change the password: chage -E gives a later "
                        "date\n");
    assert_int_equal(status_of("bob"), BATCH_KEPT);
    assert_int_equal(status_of("carol"), BATCH_OPEN);
    batch_end(&b);
    world_close(&w, 0);
}

static void recipients_come_from_the_line_or_the_pattern(void **state) {
    static const char *const users[] = {"alice", "bob", "carol"};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, "handoff: { recipient = \"%u@example.com\"; };\n", NULL, 0);
    batch_begin(&b, &w, users, 3);
    b.no_recipient = false;
    batch_line(1)->recipient = "robert@example.org";
    batch_line(2)->recipient = "no address";
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(b.accounts[0].recipient, "alice@example.com");
    assert_string_equal(b.accounts[1].recipient, "robert@example.org");
    assert_string_equal(bad, "4: \"no address\" is not one mail address\n");
    batch_end(&b);
    batch_begin(&b, &w, users, 3);
    batch_line(1)->recipient = "robert@example.org";
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "3: there is a recipient, although --no-recipient was said\n");
    assert_null(b.accounts[0].recipient);
    batch_end(&b);
    world_close(&w, 0);
}

static void without_a_pattern_somebody_has_to_be_named(void **state) {
    static const char *const users[] = {"alice"};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 1);
    b.no_recipient = false;
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "2: nobody to mail: give it a recipient, set handoff.recipient, or say --no-recipient "
                             "--print-link\n");
    batch_end(&b);
    world_close(&w, 0);
}

static void where_nothing_is_to_be_done_the_server_is_not_asked(void **state) {
    static const char *const users[] = {"bob"};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 1);
    assert_int_equal(check(bad, &p), EX_OK);
    assert_int_equal(status_of("bob"), BATCH_KEPT);
    batch_end(&b);
    world_close(&w, 0);
}

static void a_server_that_cannot_be_used_stops_it(void **state) {
    static const char *const users[] = {"alice"};
    const struct step steps[] = {world_answer(401, "{\"message\":\"Not authorized\"}")};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    batch_begin(&b, &w, users, 1);
    assert_int_equal(check(bad, &p), EX_NOPERM);
    batch_end(&b);
    world_close(&w, 1);
}

static void files_that_cannot_be_read_stop_it(void **state) {
    static const char *const users[] = {"alice"};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 1);
    assert_int_equal(unlink("/etc/shadow"), 0);
    assert_int_equal(check(bad, &p), EX_NOINPUT);
    assert_non_null(strstr(p.text, "/etc/shadow"));
    put_file("/etc/shadow", WORLD_SHADOW, 0640);
    assert_int_equal(unlink("/etc/passwd"), 0);
    assert_int_equal(check(bad, &p), EX_NOINPUT);
    assert_non_null(strstr(p.text, "/etc/passwd"));
    batch_end(&b);
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        {"root is in no batch without an option of his own", root_has_an_option_of_his_own, NULL, NULL, NULL},
        TEST("accounts are found by name, and counted", accounts_are_found_by_name_and_counted),
        TEST("what is through is in the report", what_is_through_is_in_the_report),
        TEST("an open one that is unsure is named and counted", an_open_one_that_is_unsure_is_named_and_counted),
        TEST("the first reason to stop counts", the_first_reason_to_stop_counts),
        TEST("preflight finds each account its place", preflight_finds_each_account_its_place),
        TEST("lines that cannot be provisioned are named", lines_that_cannot_be_provisioned_are_named),
        TEST("an expired account is a bad line", an_expired_account_is_a_bad_line),
        TEST("recipients come from the line or the pattern", recipients_come_from_the_line_or_the_pattern),
        TEST("without a pattern somebody has to be named", without_a_pattern_somebody_has_to_be_named),
        TEST("where nothing is to be done the server is not asked",
             where_nothing_is_to_be_done_the_server_is_not_asked),
        TEST("a server that cannot be used stops it", a_server_that_cannot_be_used_stops_it),
        TEST("account files that cannot be read stop it", files_that_cannot_be_read_stop_it),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the preflight of a batch # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
