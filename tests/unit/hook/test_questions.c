/* SPDX-License-Identifier: MIT
 *
 * Whose receipt a sweep asks for: how often, and who is first where more are due than it asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "commands/questions.h"

#define NOW 1800000000
#define LEN(a) (sizeof(a) / sizeof(a)[0])

static void the_interval_is_a_share_of_the_ttl(void **state) {
    static const struct {
        int64_t ttl, interval;
    } rows[] = {{0, 120},    {60, 120},     {960, 120},    {968, 121},        {1800, 225},
                {3600, 450}, {28800, 3600}, {28799, 3599}, {3 * 86400, 3600}, {30 * 86400, 3600}};

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++)
        assert_int_equal(question_interval(rows[i].ttl), rows[i].interval);
}

static const struct {
    const char *promise;
    look_item item;
    bool due;
} rows[] = {
    {"half an hour: not before four minutes have passed", {.created = NOW - 224, .ttl = 1800}, false},
    {"… then it is", {.created = NOW - 225, .ttl = 1800}, true},
    {"… and not again so soon", {.created = NOW - 900, .ttl = 1800, .checked_at = NOW - 224}, false},
    {"… but in its first hour", {.created = NOW - 900, .ttl = 1800, .checked_at = NOW - 225}, true},
    {"three days: once an hour", {.created = NOW - 90000, .ttl = 259200, .checked_at = NOW - 3599}, false},
    {"… not more seldom", {.created = NOW - 90000, .ttl = 259200, .checked_at = NOW - 3600}, true},
    {"known to be opened: there is nothing to ask", {.created = NOW - 9000, .ttl = 18000, .opened_at = 1}, false},
    {"nothing is owed to the server", {.created = NOW - 9000, .ttl = 9000, .settled = true}, false},
    {"asked by a clock that was ahead", {.created = NOW - 9000, .ttl = 90000, .checked_at = NOW + 1}, true},
    {"made by a clock that was ahead", {.created = NOW + 1, .ttl = 90000}, false},
};

static void each_is_due_in_time(void **state) {
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        print_message("%s\n", rows[i].promise);
        assert_int_equal(question_is_due(&rows[i].item, NOW), rows[i].due);
    }
}

#define PEOPLE 30

/* One sweep; notes in asked when each was asked for. Nobody is who waits less than somebody who is not. */
static void one_sweep(int64_t asked[PEOPLE], size_t stride, int64_t now) {
    int64_t latest = 0, before[PEOPLE];
    questions q = {.len = 0};

    memcpy(before, asked, sizeof before);
    for (size_t i = 0; i < PEOPLE; i++) {
        char user[24];
        look_item item = {.user = user, .created = NOW - 9000, .ttl = 1800, .checked_at = asked[i * stride % PEOPLE]};

        snprintf(user, sizeof user, "%zu", i * stride % PEOPLE);
        questions_add(&q, &item, now);
    }
    assert_int_equal(q.len, QUESTIONS_MOST);
    questions_order(&q);
    for (size_t i = 0; i < q.len; i++) {
        size_t who = (size_t)strtoul(q.all[i].user, NULL, 10);

        assert_true(i == 0 || q.all[i - 1].since <= q.all[i].since);
        latest = before[who] > latest ? before[who] : latest;
        asked[who] = now;
    }
    for (size_t i = 0; i < PEOPLE; i++)
        assert_true(asked[i] == now || asked[i] >= latest);
}

/* In whatever order they are met. */
static void the_oldest_question_is_first(void **state) {
    static const size_t strides[] = {1, 7, 11, 13, 29};

    (void)state;
    for (size_t k = 0; k < LEN(strides); k++) {
        int64_t asked[PEOPLE] = {0};

        for (int sweep = 0; sweep < 6; sweep++) {
            one_sweep(asked, strides[k], NOW + 600 * sweep);
            for (size_t i = 0; sweep > 0 && i < PEOPLE; i++)
                assert_true(asked[i] >= NOW + 600 * (sweep - 1));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"the time between two questions is a share of the ttl", the_interval_is_a_share_of_the_ttl, NULL, NULL, NULL},
        {"each is due in time", each_is_due_in_time, NULL, NULL, NULL},
        {"the oldest question is asked first: nobody twice before all others", the_oldest_question_is_first, NULL, NULL,
         NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
