/* SPDX-License-Identifier: MIT
 *
 * The turn of a single provision: whom it waits for, and what all learn from its answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "handoff/turn.h"
#include "handoff_world.h"

static world w;

static slots of_others(void) {
    const otsd_server *server = w.x.config->server;
    slots s;

    slots_open(&s, w.x.ledger, otsd_server_url(server), otsd_server_username(server));
    return s;
}

static width known(void) {
    slots s = of_others();
    width now;

    width_init(&now);
    slots_look(&s, &now);
    slots_close(&s);
    return now;
}

static void it_waits_for_others_and_not_for_ever(void **state) {
    problem p;
    slots others;
    turn t;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    others = of_others();
    assert_int_equal(slots_take(&others, 1, true), 1);
    assert_int_equal(turn_begin(&t, &w.x, "alice", 100, &p), EX_TEMPFAIL);
    assert_string_equal(p.text, "alice: other provisions of this machine have kept the server busy for 0 s");
    /* It is in nobody's way any more. */
    slots_give(&others, 1);
    assert_int_equal(slots_take(&others, 1, true), 1);
    slots_give(&others, 1);
    assert_int_equal(turn_begin(&t, &w.x, "alice", 100, &p), EX_OK);
    assert_int_equal(slots_take(&others, 1, false), 0);
    turn_end(&t);
    assert_int_equal(slots_take(&others, 1, false), 1);
    slots_close(&others);
    world_close(&w, 0);
}

/* How many are in flight at once after the answer, where it was eight before. */
static const struct {
    const char *promise;
    bool answered;
    remote_trouble trouble;
    int64_t window;
} rows[] = {
    {"one answer alone changes nothing", true, REMOTE_REFUSED, 8},
    {"a refusal says nothing of how many it takes", false, REMOTE_REFUSED, 8},
    {"nor does a limit", false, REMOTE_LIMITED, 8},
    {"trouble halves", false, REMOTE_AWAY, 4},
    {"a time-out that may have reached the server leaves one", false, REMOTE_LATE, 1},
    {"wrong credentials are nothing of the server's", false, REMOTE_HOPELESS, 8},
};

static void all_learn_from_its_answer(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_receipt receipt = {0};
        remote_answer a = {.receipt = rows[i].answered ? &receipt : NULL, .trouble = rows[i].trouble};
        problem p;
        slots s;
        width before;
        turn t;

        world_open(&w, NULL, NULL, 0);
        s = of_others();
        width_init(&before);
        slots_learn(&s, &before);
        before.window = before.good = 8;
        slots_learnt(&s, &before);
        slots_close(&s);
        assert_int_equal(turn_begin(&t, &w.x, "alice", 100, &p), EX_OK);
        turn_asks(&t, WIDTH_MAIL);
        t.call.sent_at--; /* not in the millisecond in which it is answered */
        turn_answered(&t, &a);
        turn_end(&t);
        if (known().window != rows[i].window)
            fail_msg("%s: %lld", rows[i].promise, (long long)known().window);
        world_close(&w, 0);
    }
}

static void answers_in_time_widen(void **state) {
    otsd_receipt receipt = {0};
    remote_answer a = {.receipt = &receipt};
    problem p;
    turn t;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(turn_begin(&t, &w.x, "alice", 100, &p), EX_OK);
    turn_asks(&t, 0);
    t.call.sent_at--;
    turn_answered(&t, &a);
    turn_end(&t);
    assert_int_equal(known().window, 2);
    world_close(&w, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"it waits for others, and not for ever", it_waits_for_others_and_not_for_ever, NULL, NULL, NULL},
        {"all learn from its answer", all_learn_from_its_answer, NULL, NULL, NULL},
        {"an answer in time makes room for two", answers_in_time_widen, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (!world_possible()) {
        puts("1..1\nok 1 - turns # SKIP needs root and namespaces");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
