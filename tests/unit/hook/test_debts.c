/* SPDX-License-Identifier: MIT
 *
 * In which order burns are done that are owed, and when each will be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "handoff/debts.h"

#define NOW 1800000000
#define LEN(a) (sizeof(a) / sizeof(a)[0])

static const clock_moment now = {.wall = NOW, .boottime = 5000, .boot = ""};

static const struct {
    const char *promise;
    ledger_state state;
    record r;
    bool alone, asks, stands;
    int64_t left;
} records[] = {
    {"revoked an hour ago, of a day",
     LEDGER_CLAIMED,
     {.created = NOW - 3600, .granted = 86400, .metadata_key = "k", .reason = REASON_REVOKED},
     false,
     false,
     false,
     82800},
    {"the last second",
     LEDGER_CLAIMED,
     {.created = NOW - 3600, .granted = 3601, .metadata_key = "k", .reason = REASON_REVOKED},
     false,
     false,
     false,
     1},
    {"its time is over: the receipt is asked first",
     LEDGER_CLAIMED,
     {.created = NOW - 3600, .granted = 3600, .metadata_key = "k", .reason = REASON_DEADLINE},
     false,
     true,
     false,
     0},
    {"the deadline is over, but the server granted more",
     LEDGER_CLAIMED,
     {.created = NOW - 3600, .granted = 7200, .deadline = NOW - 1800, .metadata_key = "k", .reason = REASON_DEADLINE},
     false,
     false,
     false,
     3600},
    {"it was opened: the receipt is asked first",
     LEDGER_CLAIMED,
     {.created = NOW - 60, .granted = 3600, .opened_at = NOW - 5, .metadata_key = "k", .reason = REASON_CHANGED},
     false,
     true,
     false,
     3540},
    {"a login on an account that keeps its password",
     LEDGER_CLAIMED,
     {.created = NOW - 60, .granted = 3600, .metadata_key = "k", .reason = REASON_LOGIN},
     false,
     false,
     true,
     3540},
    {"a login with a key",
     LEDGER_CLAIMED,
     {.created = NOW - 60, .granted = 3600, .metadata_key = "k", .reason = REASON_KEY_LOGIN},
     false,
     false,
     true,
     3540},
    {"the administrator says that the person has arrived",
     LEDGER_CLAIMED,
     {.created = NOW - 60, .granted = 3600, .metadata_key = "k", .reason = REASON_ARRIVED},
     false,
     false,
     true,
     3540},
    {"a password that could not be made dead",
     LEDGER_PENDING,
     {.created = NOW - 60, .granted = 3600, .metadata_key = "k", .reason = REASON_REVOKED},
     false,
     false,
     true,
     3540},
    {"only its audit line is owed",
     LEDGER_CLAIMED,
     {.created = NOW - 60, .granted = 3600, .metadata_key = "k", .outcome = OUTCOME_BURNED},
     true,
     false,
     false,
     3540},
    {"without a key there is nothing to burn",
     LEDGER_CLAIMED,
     {.created = NOW - 60, .granted = 3600},
     true,
     false,
     false,
     3540},
    {"made after the time that the clock shows: all of its life is left",
     LEDGER_CLAIMED,
     {.created = NOW + 900000, .granted = 3600, .metadata_key = "k", .reason = REASON_REVOKED},
     false,
     false,
     false,
     3600},
};

static void each_record_is_a_debt_of_its_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < LEN(records); i++) {
        debt d = {.state = records[i].state};

        print_message("%s\n", records[i].promise);
        debt_of(&d, &records[i].r, &now);
        assert_int_equal(d.alone, records[i].alone);
        assert_int_equal(d.asks, records[i].asks);
        assert_int_equal(d.stands, records[i].stands);
        assert_int_equal(d.left, records[i].left);
    }
}

/* Each group in the order that is expected; they are handed in backwards, and by halves. */
static const struct {
    const char *promise;
    debt all[8];
    size_t len;
} orders[] = {
    {"the longest to live first", {{.left = 86400}, {.left = 7200}, {.left = 3600}, {.left = 60}}, 4},
    {"of the same life the oldest debt first", {{.left = 60, .since = 1}, {.left = 60, .since = 2}}, 2},
    {"what may open an account before all that cannot",
     {{.stands = true, .left = 3600}, {.stands = true, .left = 60}, {.left = 86400}},
     3},
    {"what needs no server before all", {{.alone = true}, {.stands = true, .left = 86400}, {.left = 3600}}, 3},
    {"what the receipt may settle behind what needs a burn",
     {{.left = 60}, {.asks = true, .left = 86400}, {.asks = true, .left = -5}},
     3},
    {"two failures change nothing: the server may have been away",
     {{.left = 86400, .tries = 2}, {.left = 7200, .tries = 1}, {.left = 60}},
     3},
    {"after three a debt takes turns with those that did not fail so often",
     {{.left = 600},
      {.left = 86400, .tries = 3, .since = 1},
      {.left = 500},
      {.left = 1, .tries = 90, .since = 2},
      {.left = 400},
      {.left = 300}},
     6},
    {"of those that failed often the one that has waited for longest first",
     {{.left = 1, .tries = 3, .since = 1}, {.left = 86400, .tries = 50, .since = 2}, {.tries = 9, .since = 3}},
     3},
    {"only its audit line is owed, however often the log could not be written",
     {{.alone = true, .tries = 9}, {.left = 86400}},
     2},
};

static void assert_ordered(size_t row, size_t from) {
    const size_t len = orders[row].len;
    debt all[LEN(orders[0].all)];

    for (size_t i = 0; i < len; i++) {
        all[i] = orders[row].all[(from + len - i) % len];
        all[i].payer = (from + len - i) % len; /* marks it */
    }
    debts_order(all, len);
    for (size_t i = 0; i < len; i++)
        if (all[i].payer != i)
            fail_msg("%s: number %zu came as %zu", orders[row].promise, all[i].payer, i);
}

static void what_can_hurt_is_burned_first(void **state) {
    (void)state;
    for (size_t row = 0; row < LEN(orders); row++)
        for (size_t from = 0; from < orders[row].len; from++)
            assert_ordered(row, from);
    debts_order(NULL, 0);
}

/* Whatever a few bad records do, in each sweep some of the others are reached. */
static void bad_records_never_stop_the_others(void **state) {
    debt all[9];

    (void)state;
    memset(all, 0, sizeof all);
    for (size_t i = 0; i < LEN(all); i++)
        all[i] = (debt){.left = 1000 + (int64_t)i, .tries = i >= 4 ? 7 : 0, .payer = i >= 4};
    debts_order(all, LEN(all));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(all[i].payer, i % 2);
    assert_int_equal(all[8].payer, 1);
}

static void what_expires_before_its_turn_has_no_place(void **state) {
    const burn_pace paces[] = {{.most = 2, .window = 1200, .opened = NOW, .burned = 2, .until = NOW + 1000}, {0}};
    debt all[] = {
        {.alone = true, .payer = 0}, {.left = 9000, .payer = 0},
        {.left = 8000, .payer = 1},  {.left = 7000, .payer = 0},
        {.left = 2200, .payer = 0}, /* its turn is the third */
        {.left = 2201, .payer = 0},  {.left = 900, .payer = 0},
        {.left = 5, .payer = 1},     {.left = 900, .asks = true, .payer = 0},
    };
    static const struct {
        size_t place;
        int64_t in;
        bool expires;
    } expected[] = {{0, 0, false},    {1, 1000, false}, {1, 0, false}, {2, 1000, false}, {0, 2200, true},
                    {3, 2200, false}, {0, 900, true},   {2, 0, false}, {0, 0, false}};

    (void)state;
    debts_plan(all, LEN(all), paces, LEN(paces), NOW);
    for (size_t i = 0; i < LEN(all); i++) {
        print_message("%zu\n", i);
        assert_int_equal(all[i].place, expected[i].place);
        assert_int_equal(all[i].in, expected[i].in);
        assert_int_equal(all[i].expires, expected[i].expires);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each record is a debt of its kind", each_record_is_a_debt_of_its_kind, NULL, NULL, NULL},
        {"what can hurt is burned first", what_can_hurt_is_burned_first, NULL, NULL, NULL},
        {"bad records never stop the others", bad_records_never_stop_the_others, NULL, NULL, NULL},
        {"what expires before its turn has no place in the queue", what_expires_before_its_turn_has_no_place, NULL,
         NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
