/* SPDX-License-Identifier: MIT
 *
 * Every intent has an end: how long a server may keep what it asked for, and what is left of it after that, or after an
 * administrator's order. By tables where it is pure, on a real ledger where it is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "handoff/lost.h"
#include "handoff/recover.h"
#include "handoff_world.h"
#include "private_world.h"

#define BROKEN world_answer(404, "{\"message\":\"An unexpected error occurred :[\"}")
#define SETTLING 22 /* the world's timeout is 20.5 s */
#define SLACK (60 + SETTLING + 300)

static void what_a_server_may_grant_at_most(void **state) {
    static const struct {
        const char *promise;
        int64_t asked, longest;
    } rows[] = {
        {"less than every floor", 1, 300},
        {"an eighth less than the least that can be wanted", 53, 300},
        {"the floor of most releases, which 0.20 raises", 60, 300},
        {"just below the highest floor", 299, 300},
        {"the highest floor", 300, 300},
        {"above it nothing is raised", 301, 301},
        {"an hour less its mark", 3456, 3456},
        {"a ceiling only lowers", 2591999, 2591999},
        {"more than any ceiling that is known: the site may have its own", 5184000, 5184000},
        {"what no server of today is asked for", INT64_MAX, 366 * 86400},
        {"none was noted: as the longest plan grants", 0, 2592000},
        {"damaged", -5, 2592000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (lost_longest(rows[i].asked) != rows[i].longest)
            fail_msg("%s: %lld", rows[i].promise, (long long)lost_longest(rows[i].asked));
}

static world w;

static record lost_since(int64_t age) {
    record r = world_record();

    r.metadata_key[0] = r.hash[0] = '\0';
    r.deadline = 0;
    r.created -= age;
    return r;
}

static void when_nothing_can_be_alive_any_more(void **state) {
    static const struct {
        int64_t asked, age;
        otsd_tri over;
    } rows[] = {
        {3456, 0, OTSD_NO},
        {3456, 3456, OTSD_NO},
        {3456, 3456 + SLACK - 1, OTSD_NO},
        {3456, 3456 + SLACK, OTSD_YES},
        {60, 300 + SLACK - 1, OTSD_NO},
        {60, 300 + SLACK, OTSD_YES},
        {0, 2592000 + SLACK - 1, OTSD_NO},
        {0, 2592000 + SLACK, OTSD_YES},
        {INT64_MAX, 366 * 86400, OTSD_NO},
        {3456, -1, OTSD_UNKNOWN}, /* the clock stands before it */
    };
    clock_moment now = {.wall = 1700000000};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        record r = {.ttl_asked = rows[i].asked, .created = now.wall - rows[i].age};

        if (lost_over(w.x.config, &r, &now) != rows[i].over)
            fail_msg("row %zu", i);
    }
    world_close(&w, 0);
}

static int recover(const record *r, int (*how)(context *x, entry *e, recovery *out, problem *p), recovery *what,
                   problem *p) {
    entry *e = world_put(&w, LEDGER_ISSUING, r);
    int rc;

    p->text[0] = '\0';
    rc = how(&w.x, e, what, p);
    ledger_release(&e);
    return rc;
}

static void assert_gone_with_a_line(void) {
    char *text = world_audit();

    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    assert_int_equal(world_times(text, "\n"), 1);
    assert_int_equal(world_times(text, "\"event\":\"closed\""), 1);
    assert_int_equal(world_times(text, "\"reason\":\"provisioning aborted\",\"outcome\":\"unknown\""), 1);
    free(text);
}

/* The same by sweep's local part, which asks no server, and by the one that could. */
static void it_is_dropped_then_and_nobody_is_asked(void **state) {
    static int (*const ways[])(context * x, entry * e, recovery * out, problem * p) = {recover_alone, recover_one};
    record r = lost_since(3456 + SLACK);
    recovery what;
    problem p;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        world_open(&w, NULL, NULL, 0);
        assert_int_equal(recover(&r, ways[i], &what, &p), EX_OK);
        assert_int_equal(what, RECOVERED_OVER);
        assert_gone_with_a_line();
        world_close(&w, 0);
    }
}

static void also_where_its_server_is_configured_no_more(void **state) {
    record r = lost_since(3456 + SLACK);
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    snprintf(r.server, sizeof r.server, "https://former.example.com");
    assert_int_equal(recover(&r, recover_alone, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_OVER);
    assert_gone_with_a_line();
    world_close(&w, 0);
}

/* A little sooner it stays where the list is broken, whichever of both. */
static void before_that_a_broken_list_ends_nothing(void **state) {
    const struct step steps[] = {BROKEN};
    record r = lost_since(3456 + SLACK - 60);
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, recover_one, &what, &p), EX_TEMPFAIL);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_assert_asked(&w, 0, "GET /api/v1/private/recent");
    world_assert_asked(&w, 1, "GET /api/v2/private/recent");
    world_close(&w, 2);
}

static void nor_is_one_alone_that_is_not_over(void **state) {
    record r = lost_since(3456);
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(recover(&r, recover_alone, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LATER);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, 0);
}

static void a_clock_that_was_stepped_ends_nothing(void **state) {
    const struct step steps[] = {BROKEN};
    record r = lost_since(-100000);
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, recover_alone, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LATER);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, 0);
}

/* In v2's list the mark stands under another name. */
static void v2s_list_finds_it(void **state) {
    record r = lost_since(100);
    said orphan = {.ttl = 3456};
    char list[1024];
    const struct step steps[] = {
        BROKEN,
        (snprintf(list, sizeof list,
                  "{\"success\":true,\"records\":[{\"identifier\":\"" WORLD_KEY "\",\"key\":\"" WORLD_KEY
                  "\",\"state\":\"viewed\",\"secret_ttl\":\"3456\",\"lifespan\":\"6912\",\"created\":\"%lld\","
                  "\"recipients\":\"al*****@e*****.com\"}],\"details\":{}}",
                  (long long)r.created + 1),
         world_answer(200, list)),
        world_burned(&orphan)};
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 3);
    if (recover(&r, recover_one, &what, &p) != EX_OK)
        fail_msg("%s", p.text);
    assert_int_equal(what, RECOVERED_BACK);
    world_assert_asked(&w, 2, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    world_close(&w, 3);
}

/* A list that does not tell what was granted tells nobody's from ours. */
static void a_list_without_marks_ends_nothing(void **state) {
    record r = lost_since(100);
    said unmarked = {.ttl = -1, .created = r.created + 1, .recipient = "al***@e***.com"};
    const struct step steps[] = {world_list(&unmarked, 1)};
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, recover_one, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LATER);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, 1);
}

static int order(const record *r, bool begins_anew, recovery *what, char *told, problem *p) {
    entry *e = world_put(&w, LEDGER_ISSUING, r);
    int rc;

    p->text[0] = '\0';
    rc = recover_by_order(&w.x, e, begins_anew, what, told, p);
    ledger_release(&e);
    return rc;
}

static int by_order(const record *r, recovery *what, char *told, problem *p) {
    return order(r, true, what, told, p);
}

/* A server that is restarted would tell in a minute, and could not be asked for a new one now. */
static void trouble_that_passes_is_ended_for_no_new_one(void **state) {
    const struct step steps[] = {world_answer(503, "{}")};
    record r = lost_since(100);
    char told[LOST_TOLD_MAX];
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(order(&r, true, &what, told, &p), EX_TEMPFAIL);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, 1);
    world_open(&w, NULL, steps, 1);
    assert_int_equal(order(&r, false, &what, told, &p), EX_OK);
    assert_int_equal(what, RECOVERED_OVER);
    assert_gone_with_a_line();
    world_close(&w, 1);
}

static void an_order_ends_it_before_and_says_what_may_be_alive(void **state) {
    const struct step steps[] = {BROKEN};
    record r = lost_since(100);
    char told[LOST_TOLD_MAX];
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(by_order(&r, &what, told, &p), EX_OK);
    assert_int_equal(what, RECOVERED_OVER);
    assert_non_null(strstr(told, "alice: the provision whose answer was lost is ended. If the server made a secret "
                                 "then, the link that was mailed lives until 20"));
    assert_non_null(strstr(told, ", and opens to a password that nobody has (the server cannot be asked for lost "
                                 "secrets: "));
    assert_non_null(strstr(told, "An unexpected error occurred"));
    assert_gone_with_a_line();
    world_close(&w, 2);
}

static void an_order_ends_what_the_list_leaves_open(void **state) {
    record r = lost_since(100);
    said unmarked = {.ttl = -1, .created = r.created + 1};
    const struct step steps[] = {world_list(&unmarked, 1)};
    char told[LOST_TOLD_MAX];
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    r.recipient[0] = '\0';
    assert_int_equal(by_order(&r, &what, told, &p), EX_OK);
    assert_int_equal(what, RECOVERED_OVER);
    assert_non_null(strstr(told, "If the server made a secret then, it lives until 20"));
    assert_null(strstr(told, "("));
    assert_gone_with_a_line();
    world_close(&w, 1);
}

static void an_order_burns_what_can_be_found(void **state) {
    record r = lost_since(100);
    said orphan = {.ttl = 3456, .created = r.created + 1, .recipient = "al***@e***.com"};
    const struct step steps[] = {world_list(&orphan, 1), world_burned(&orphan)};
    char told[LOST_TOLD_MAX];
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(by_order(&r, &what, told, &p), EX_OK);
    assert_int_equal(what, RECOVERED_BACK);
    assert_string_equal(told, "");
    world_close(&w, 2);
}

static void an_order_that_comes_too_early_waits(void **state) {
    const struct step steps[] = {world_list(NULL, 0)};
    record r = lost_since(0);
    char told[LOST_TOLD_MAX];
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(by_order(&r, &what, told, &p), EX_TEMPFAIL);
    assert_non_null(strstr(p.text, "interrupted moments ago"));
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what a server may grant at most, floors included", what_a_server_may_grant_at_most, NULL, NULL, NULL},
        {"when nothing can be alive any more", when_nothing_can_be_alive_any_more, NULL, NULL, NULL},
        {"then it is dropped with an audit line, and nobody is asked", it_is_dropped_then_and_nobody_is_asked, NULL,
         NULL, NULL},
        {"also where its server is configured no more", also_where_its_server_is_configured_no_more, NULL, NULL, NULL},
        {"before that a broken list ends nothing", before_that_a_broken_list_ends_nothing, NULL, NULL, NULL},
        {"nor is one alone that is not over", nor_is_one_alone_that_is_not_over, NULL, NULL, NULL},
        {"a clock that was stepped ends nothing", a_clock_that_was_stepped_ends_nothing, NULL, NULL, NULL},
        {"where v1's list is broken, v2's finds it", v2s_list_finds_it, NULL, NULL, NULL},
        {"a list that does not tell what was granted ends nothing", a_list_without_marks_ends_nothing, NULL, NULL,
         NULL},
        {"an order ends it before, and says what may be alive", an_order_ends_it_before_and_says_what_may_be_alive,
         NULL, NULL, NULL},
        {"an order ends what the list leaves open", an_order_ends_what_the_list_leaves_open, NULL, NULL, NULL},
        {"an order burns what can be found", an_order_burns_what_can_be_found, NULL, NULL, NULL},
        {"trouble that passes ends nothing for a new one, and for a revoke",
         trouble_that_passes_is_ended_for_no_new_one, NULL, NULL, NULL},
        {"an order that comes too early waits", an_order_that_comes_too_early_waits, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - lost # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
