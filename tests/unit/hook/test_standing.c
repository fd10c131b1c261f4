/* SPDX-License-Identifier: MIT
 *
 * What otsd-hook status says of a hand-off: each flag and each next step, one second before its border, at it, after
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "commands/standing.h"

#define NOW 1000000
#define FAR (NOW + 50000)
#define BOOT "0d6b4ad4-33ee-4c1e-9f6c-8b1f1c2f7a11"

typedef struct row {
    const char *promise;
    ledger_state state;
    record r;
    standing_flag flag;
    standing_next next;
    int64_t wait;
} row;

static const row rows[] = {
    {"a provision may take five minutes", LEDGER_ISSUING, {.created = NOW - 300}, FLAG_NONE, NEXT_SETTLE, 0},
    {"… and not one second more", LEDGER_ISSUING, {.created = NOW - 301}, FLAG_INTERRUPTED, NEXT_SETTLE, 0},
    {"an intent of this second", LEDGER_ISSUING, {.created = NOW}, FLAG_NONE, NEXT_SETTLE, 0},
    {"an intent from the future is no alarm", LEDGER_ISSUING, {.created = FAR}, FLAG_NONE, NEXT_SETTLE, 0},

    {"open: the person is awaited", LEDGER_PENDING, {.deadline = FAR}, FLAG_NONE, NEXT_LOGIN, 0},
    {"one second before the deadline", LEDGER_PENDING, {.deadline = NOW + 1}, FLAG_NONE, NEXT_LOGIN, 0},
    {"at the deadline it is over", LEDGER_PENDING, {.deadline = NOW}, FLAG_NONE, NEXT_LOCK, 0},
    {"an hour past the deadline a sweep may still come",
     LEDGER_PENDING,
     {.deadline = NOW - 3600},
     FLAG_NONE,
     NEXT_LOCK,
     0},
    {"… and not one second more", LEDGER_PENDING, {.deadline = NOW - 3601}, FLAG_OVERDUE, NEXT_LOCK, 0},
    {"opened four hours ago", LEDGER_PENDING, {.deadline = FAR, .opened_at = NOW - 14400}, FLAG_NONE, NEXT_LOGIN, 0},
    {"opened more than four hours ago, and nobody arrived",
     LEDGER_PENDING,
     {.deadline = FAR, .opened_at = NOW - 14401},
     FLAG_OPENED_NO_LOGIN,
     NEXT_LOGIN,
     0},
    {"not known to be opened is not opened at the epoch",
     LEDGER_PENDING,
     {.deadline = FAR, .opened_at = 0},
     FLAG_NONE,
     NEXT_LOGIN,
     0},
    {"overdue says more than opened",
     LEDGER_PENDING,
     {.deadline = NOW - 3601, .opened_at = NOW - 14401},
     FLAG_OVERDUE,
     NEXT_LOCK,
     0},

    {"a year before it was made: nobody can say",
     LEDGER_PENDING,
     {.created = FAR, .deadline = FAR + 60},
     FLAG_CLOCK,
     NEXT_LOGIN,
     0},
    {"… but within this boot the clock that cannot be stepped says that it is over",
     LEDGER_PENDING,
     {.created = FAR, .deadline = FAR + 60, .boot = BOOT, .boot_created = 4940},
     FLAG_NONE,
     NEXT_LOCK,
     0},
    {"… or that it is not",
     LEDGER_PENDING,
     {.created = 1, .deadline = 61, .boot = BOOT, .boot_created = 4941},
     FLAG_NONE,
     NEXT_LOGIN,
     0},
    {"revoked, and the account files were locked",
     LEDGER_PENDING,
     {.deadline = FAR, .reason = REASON_REVOKED, .claimed_at = NOW - 3600},
     FLAG_NONE,
     NEXT_LOCK,
     0},
    {"… for more than an hour",
     LEDGER_PENDING,
     {.deadline = FAR, .reason = REASON_REVOKED, .claimed_at = NOW - 3601},
     FLAG_OVERDUE,
     NEXT_LOCK,
     0},

    {"past its deadline, and nobody can look at the password: somebody has to say",
     LEDGER_PENDING,
     {.deadline = NOW, .backend = BACKEND_COMMAND},
     FLAG_UNSEEN,
     NEXT_ORDER,
     0},
    {"… and not one second before",
     LEDGER_PENDING,
     {.deadline = NOW + 1, .backend = BACKEND_COMMAND},
     FLAG_NONE,
     NEXT_LOGIN,
     0},
    {"nobody knows whether the password was set: that is said",
     LEDGER_PENDING,
     {.deadline = FAR, .backend = BACKEND_COMMAND, .unsure = 1},
     FLAG_UNSURE,
     NEXT_REISSUE,
     0},
    {"… before that its link was opened and nobody arrived",
     LEDGER_PENDING,
     {.deadline = FAR, .backend = BACKEND_COMMAND, .unsure = 1, .opened_at = NOW - 5 * 3600},
     FLAG_UNSURE,
     NEXT_REISSUE,
     0},
    {"… and its deadline holds",
     LEDGER_PENDING,
     {.deadline = NOW, .backend = BACKEND_COMMAND, .unsure = 1},
     FLAG_UNSEEN,
     NEXT_ORDER,
     0},
    {"… revoked is said already",
     LEDGER_PENDING,
     {.deadline = NOW, .backend = BACKEND_COMMAND, .reason = REASON_REVOKED, .claimed_at = NOW},
     FLAG_NONE,
     NEXT_LOCK,
     0},

    {"a burn may be owed for a day", LEDGER_CLAIMED, {.claimed_at = NOW - 86400}, FLAG_NONE, NEXT_BURN, 0},
    {"… and not one second more", LEDGER_CLAIMED, {.claimed_at = NOW - 86401}, FLAG_BURN_OWED, NEXT_BURN, 0},
    {"where the claim has no time, creation counts", LEDGER_CLAIMED, {.created = NOW - 86400}, FLAG_NONE, NEXT_BURN, 0},
    {"… from the second after a day", LEDGER_CLAIMED, {.created = NOW - 86401}, FLAG_BURN_OWED, NEXT_BURN, 0},
    {"an old hand-off that was claimed now is not owed for long",
     LEDGER_CLAIMED,
     {.created = 1, .claimed_at = NOW},
     FLAG_NONE,
     NEXT_BURN,
     0},
    {"the next try is a second away",
     LEDGER_CLAIMED,
     {.claimed_at = NOW, .next_try = NOW + 1},
     FLAG_NONE,
     NEXT_BURN_LATER,
     1},
    {"a next try that is years away was put there by another clock",
     LEDGER_CLAIMED,
     {.claimed_at = NOW, .next_try = NOW + 365 * 86400},
     FLAG_NONE,
     NEXT_BURN,
     0},
    {"the next try is now", LEDGER_CLAIMED, {.claimed_at = NOW, .next_try = NOW}, FLAG_NONE, NEXT_BURN, 0},
    {"an outcome is known: the audit line is left",
     LEDGER_CLAIMED,
     {.claimed_at = NOW, .next_try = FAR, .outcome = OUTCOME_BURNED},
     FLAG_NONE,
     NEXT_AUDIT,
     0},
    {"overdue is no word for what is claimed",
     LEDGER_CLAIMED,
     {.claimed_at = NOW, .deadline = 1, .opened_at = 1},
     FLAG_NONE,
     NEXT_BURN,
     0},
};

static void each_record_stands_where_it_does(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const clock_moment now = {.wall = NOW, .boottime = 5000, .boot = BOOT};
        standing s = standing_of(rows[i].state, &rows[i].r, false, &now);

        print_message("%s\n", rows[i].promise);
        assert_int_equal(s.flag, rows[i].flag);
        assert_int_equal(s.next, rows[i].next);
        assert_int_equal(s.wait, rows[i].wait);
    }
}

static const struct {
    const char *promise;
    standing alone;
    debt d;
    standing expected;
} queued[] = {
    {"its turn is now", {FLAG_NONE, NEXT_BURN, 0}, {.place = 1}, {FLAG_NONE, NEXT_BURN, 0}},
    {"its turn comes", {FLAG_NONE, NEXT_BURN, 0}, {.place = 11, .in = 1200}, {FLAG_NONE, NEXT_BURN_LATER, 1200}},
    {"… and the next try is before it",
     {FLAG_BURN_OWED, NEXT_BURN_LATER, 60},
     {.place = 11, .in = 1200},
     {FLAG_BURN_OWED, NEXT_BURN_LATER, 1200}},
    {"… or behind it",
     {FLAG_NONE, NEXT_BURN_LATER, 3600},
     {.place = 11, .in = 1200},
     {FLAG_NONE, NEXT_BURN_LATER, 3600}},
    {"it expires before", {FLAG_NONE, NEXT_BURN, 0}, {.in = 700, .expires = true}, {FLAG_NONE, NEXT_EXPIRE, 700}},
    {"its time is over: the receipt is asked", {FLAG_NONE, NEXT_BURN, 0}, {.asks = true}, {FLAG_NONE, NEXT_ASK, 0}},
    {"… when it is time for that", {FLAG_NONE, NEXT_BURN_LATER, 60}, {.asks = true}, {FLAG_NONE, NEXT_BURN_LATER, 60}},
    {"only the audit line is left", {FLAG_NONE, NEXT_AUDIT, 0}, {.alone = true}, {FLAG_NONE, NEXT_AUDIT, 0}},
};

static void each_debt_has_its_turn(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof queued / sizeof queued[0]; i++) {
        standing s = standing_in_queue(queued[i].alone, &queued[i].d);

        print_message("%s\n", queued[i].promise);
        assert_int_equal(s.flag, queued[i].expected.flag);
        assert_int_equal(s.next, queued[i].expected.next);
        assert_int_equal(s.wait, queued[i].expected.wait);
    }
}

static void what_is_locked_unseen_waits_for_a_sweep(void **state) {
    const record r = {.deadline = NOW - 3601, .backend = BACKEND_COMMAND};
    const clock_moment now = {.wall = NOW, .boottime = 5000, .boot = BOOT};
    standing s = standing_of(LEDGER_PENDING, &r, true, &now);

    (void)state;
    assert_int_equal(s.next, NEXT_LOCK);
    assert_int_equal(s.flag, FLAG_OVERDUE);
}

static void flags_have_the_words_of_the_manual(void **state) {
    (void)state;
    assert_null(standing_flag_name(FLAG_NONE));
    assert_string_equal(standing_flag_name(FLAG_INTERRUPTED), "interrupted");
    assert_string_equal(standing_flag_name(FLAG_OVERDUE), "overdue");
    assert_string_equal(standing_flag_name(FLAG_CLOCK), "clock");
    assert_string_equal(standing_flag_name(FLAG_OPENED_NO_LOGIN), "opened-no-login");
    assert_string_equal(standing_flag_name(FLAG_BURN_OWED), "burn-owed");
    assert_string_equal(standing_flag_name(FLAG_UNSEEN), "unseen");
    assert_string_equal(standing_flag_name(FLAG_KILLS_SWEEP), "kills-sweep");
    assert_null(standing_flag_name(FLAG_COUNT));
}

static void a_sweep_is_missed_after_an_hour(void **state) {
    (void)state;
    assert_false(standing_sweep_is_missing(NOW - 3600, 1, NOW));
    assert_true(standing_sweep_is_missing(NOW - 3601, 1, NOW));
    /* no sweep yet, but nothing that is old enough to have been swept */
    assert_false(standing_sweep_is_missing(0, NOW - 3600, NOW));
    assert_true(standing_sweep_is_missing(0, NOW - 3601, NOW));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_stands_where_it_does),        cmocka_unit_test(each_debt_has_its_turn),
        cmocka_unit_test(what_is_locked_unseen_waits_for_a_sweep), cmocka_unit_test(flags_have_the_words_of_the_manual),
        cmocka_unit_test(a_sweep_is_missed_after_an_hour),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
