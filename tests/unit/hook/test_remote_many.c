/* SPDX-License-Identifier: MIT
 *
 * Many generates at once: each is told of once, whatever becomes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "handoff_world.h"

static world w;

typedef struct told {
    unsigned good, bad;
    bool certain;
    remote_many *again; /* start one more, once */
    const record *r;
} told;

static void tell(void *arg, remote_answer *a) {
    told *t = arg;
    problem p;

    t->good += a->receipt ? 1 : 0;
    t->bad += a->receipt ? 0 : 1;
    t->certain = a->certain;
    otsd_receipt_free(&a->receipt);
    if (t->again) {
        remote_many *m = t->again;

        t->again = NULL;
        assert_int_equal(remote_many_generate(m, t->r, NULL, t, &p), EX_OK);
    }
}

static void run_until(remote_many *m, const told *t, unsigned n) {
    problem p;

    for (unsigned k = 0; t->good + t->bad < n; k++) {
        assert_true(k < 1000);
        assert_int_equal(remote_many_run(m, 100, &p), EX_OK);
    }
}

static void many_at_once_each_told_once(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = "Generated-1"}),
                                 world_receipt(&(said){.value = "Generated-1"}),
                                 world_receipt(&(said){.value = "Generated-1"}), WORLD_TROUBLE};
    record r = world_record();
    remote_many *m = NULL;
    told t = {.r = &r};
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 4);
    assert_int_equal(remote_many_open(&m, w.x.config, 2, tell, &p), EX_OK);
    assert_int_equal(remote_many_generate(m, &r, NULL, &t, &p), EX_OK);
    assert_int_equal(remote_many_generate(m, &r, NULL, &t, &p), EX_OK);
    assert_int_equal(remote_many_generate(m, &r, NULL, &t, &p), EX_SOFTWARE);
    assert_string_equal(p.text, "too many calls at once");
    t.again = m; /* a place is free when its answer is told */
    run_until(m, &t, 3);
    assert_int_equal(t.good, 3);
    assert_true(t.certain);
    assert_int_equal(remote_many_generate(m, &r, NULL, &t, &p), EX_OK);
    run_until(m, &t, 4);
    assert_int_equal(t.bad, 1);
    assert_false(t.certain);
    remote_many_close(&m);
    assert_null(m);
    remote_many_close(&m);
    world_close(&w, 4);
}

static void what_is_in_flight_at_the_end_is_told_too(void **state) {
    const struct step steps[] = {{STEP_STALL, ""}};
    record r = world_record();
    remote_many *m = NULL;
    told t = {0};
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(remote_many_open(&m, w.x.config, 2, tell, &p), EX_OK);
    assert_int_equal(remote_many_generate(m, &r, NULL, &t, &p), EX_OK);
    remote_many_wake(m);
    while (*(volatile unsigned *)&w.server.seen->requests == 0 && t.bad == 0)
        assert_int_equal(remote_many_run(m, 20, &p), EX_OK);
    remote_many_close(&m);
    assert_int_equal(t.bad, 1);
    assert_false(t.certain);
    world_close(&w, 1);
}

static void what_cannot_be_sent_leaves_its_place_free(void **state) {
    record r = world_record();
    remote_many *m = NULL;
    told t = {0};
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(remote_many_open(&m, w.x.config, 1, tell, &p), EX_OK);
    r.ttl_asked = -1;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(remote_many_generate(m, &r, NULL, &t, &p), EX_USAGE);
        assert_non_null(strstr(p.text, "alice: no password from the server: "));
    }
    remote_many_close(&m);
    assert_int_equal(t.good + t.bad, 0);
    world_close(&w, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"of many at once each is told once, and may start the next", many_at_once_each_told_once, NULL, NULL, NULL},
        {"what is in flight at the end is told, too", what_is_in_flight_at_the_end_is_told_too, NULL, NULL, NULL},
        {"what cannot be sent leaves its place free", what_cannot_be_sent_leaves_its_place_free, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - many at once # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
