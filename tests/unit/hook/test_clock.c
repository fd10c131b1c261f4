/* SPDX-License-Identifier: MIT
 *
 * How old is a record, and is its time over? By a clock that nobody can step as far as there is one; where there is
 * none, a wall clock that stands before the record says nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "handoff/closing.h"
#include "ledger/record.h"

#define BOOT "0d6b4ad4-33ee-4c1e-9f6c-8b1f1c2f7a11"
#define OTHER "7f2c9f7e-1a51-4f6b-8a55-2f7f2a3f3c10"
#define DAY 86400
#define YEAR (365 * DAY)
#define WALL 1000000000 /* when the record was made, */
#define UP 5000         /* and so long after the boot; its deadline is a day later */

static const struct {
    const char *promise, *made_in; /* the boot of the record */
    clock_moment now;
    int64_t age;
    otsd_tri over;
} rows[] = {
    {"a second before the deadline", BOOT, {WALL + DAY - 1, UP + DAY - 1, BOOT}, DAY - 1, OTSD_NO},
    {"at the deadline", BOOT, {WALL + DAY, UP + DAY, BOOT}, DAY, OTSD_YES},
    {"stepped a year on within a boot: not over", BOOT, {WALL + YEAR, UP + 60, BOOT}, 60, OTSD_NO},
    {"stepped a year back within a boot: over all the same", BOOT, {WALL - YEAR, UP + DAY, BOOT}, DAY, OTSD_YES},
    {"stepped a year back within a boot: not over before", BOOT, {WALL - YEAR, UP + 60, BOOT}, 60, OTSD_NO},
    {"after a reboot the wall clock counts", OTHER, {WALL + DAY, 30, BOOT}, DAY, OTSD_YES},
    {"after a reboot, in time", OTHER, {WALL + 600, 30, BOOT}, 600, OTSD_NO},
    {"after a reboot with a clock that stands before: nobody can say", OTHER, {WALL - 1, 30, BOOT}, -1, OTSD_UNKNOWN},
    {"no boot was noted: the wall clock counts", "", {WALL + DAY, UP + 60, BOOT}, DAY, OTSD_YES},
    {"no boot is known now: the wall clock counts", BOOT, {WALL + DAY, UP + 60, ""}, DAY, OTSD_YES},
    {"no boot was noted nor is known: two unknown boots are not the same",
     "",
     {WALL + DAY, UP + 60, ""},
     DAY,
     OTSD_YES},
    {"less uptime than then is another boot, whatever its id", BOOT, {WALL + DAY, UP - 1, BOOT}, DAY, OTSD_YES},
};

static void a_deadline_is_judged_by_a_clock_that_nobody_steps(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        record r = {.deadline = WALL + DAY};
        clock_moment then = {.wall = WALL, .boottime = UP};

        snprintf(then.boot, sizeof then.boot, "%s", rows[i].made_in);
        record_created(&r, &then);
        r.deadline = WALL + DAY;
        if (record_age(&r, &rows[i].now) != rows[i].age || record_over(&r, &rows[i].now) != rows[i].over)
            fail_msg("%s", rows[i].promise);
    }
}

static void a_moment_is_of_this_boot(void **state) {
    clock_moment a, b;

    (void)state;
    clock_read(&a);
    clock_read(&b);
    assert_int_equal(strlen(a.boot), BOOT_ID_MAX);
    assert_string_equal(a.boot, b.boot);
    assert_true(a.wall >= time(NULL) - 60 && b.boottime >= a.boottime && a.boottime > 0);
    assert_true(clock_since(&a, &b) >= 0);
}

static void a_next_try_that_is_years_away_is_due(void **state) {
    (void)state;
    assert_true(closing_due(0, WALL));
    assert_true(closing_due(WALL, WALL));
    assert_false(closing_due(WALL + 1, WALL));
    assert_false(closing_due(WALL + closing_backoff(100, 0, 4000000000), WALL));
    assert_false(closing_due(WALL + closing_backoff(1, INT32_MAX, 4000000000), WALL));
    assert_true(closing_due(WALL + YEAR, WALL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a deadline is judged by a clock that nobody steps", a_deadline_is_judged_by_a_clock_that_nobody_steps, NULL,
         NULL, NULL},
        {"a moment is of this boot", a_moment_is_of_this_boot, NULL, NULL, NULL},
        {"a next try that is years away is due", a_next_try_that_is_years_away_is_due, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
