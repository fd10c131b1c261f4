/* SPDX-License-Identifier: MIT
 *
 * The pace as tables: answers as they come, and what is allowed after each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "batch/pace.h"

#define PATIENCE 600000
#define G PACE_GOOD
#define L PACE_LIMITED
#define T PACE_TROUBLE
#define LATE PACE_LATE
#define TIMEOUT 20000
#define LIMITS "the server limits us"
#define TROUBLE "the server is in trouble"

/* times answers of one kind, all at now, to requests sent at sent, when the window was full */
typedef struct step {
    unsigned times;
    pace_event event;
    int64_t sent, now;
    long retry_after;
    unsigned random;
    /* after them, at now */
    size_t allows;
    int64_t next;
    const char *why;
} step;

typedef struct story {
    const char *promise;
    size_t jobs;
    step steps[16]; /* to the first with times 0 */
} story;

/* With a window of all jobs, as one that is remembered. */
static const story stories[] = {
    {"where all jobs are open good answers change nothing", 8, {{100, G, 1, 2, 0, 0, 8, 0, NULL}}},
    {"no jobs are one", 0, {{1, G, 1, 2, 0, 0, 1, 0, NULL}}},
    {"a limit is a pause of a second", 64, {{1, L, 10, 20, 0, 0, 0, 1000, LIMITS}}},
    {"64 in flight that are all limited are one pause, without a doubling",
     64,
     {{64, L, 10, 20, 0, 0, 0, 1000, LIMITS},
      {64, L, 10, 520, 0, 0, 0, 500, LIMITS},
      {1, L, 1020, 1030, 0, 0, 0, 2000, LIMITS}}},
    {"sent in the millisecond in which the pause began is before it",
     4,
     {{1, L, 10, 20, 0, 0, 0, 1000, LIMITS}, {3, L, 20, 20, 0, 0, 0, 1000, LIMITS}}},
    {"each failed probe doubles, up to a minute",
     4,
     {{1, L, 0, 1, 0, 0, 0, 1000, LIMITS},
      {1, L, 1001, 1002, 0, 0, 0, 2000, LIMITS},
      {1, T, 3002, 3003, 0, 0, 0, 4000, TROUBLE},
      {1, L, 7003, 7004, 0, 0, 0, 8000, LIMITS},
      {1, L, 15004, 15005, 0, 0, 0, 16000, LIMITS},
      {1, L, 31005, 31006, 0, 0, 0, 32000, LIMITS},
      {1, L, 63006, 63007, 0, 0, 0, 60000, LIMITS},
      {1, L, 123007, 123008, 0, 0, 0, 60000, LIMITS}}},
    {"a Retry-After wins where it is larger",
     4,
     {{1, L, 0, 1, 42, 0, 0, 42000, LIMITS}, {1, L, 42001, 42002, 1, 0, 0, 2000, LIMITS}}},
    {"a Retry-After is bounded by an hour, a negative one is none",
     4,
     {{1, L, 0, 1, 86400, 0, 0, 3600000, LIMITS}, {1, L, 3600001, 3600002, -5, 0, 0, 2000, LIMITS}}},
    {"a Retry-After in a late answer moves the end, never nearer",
     4,
     {{1, L, 0, 1, 10, 0, 0, 10000, LIMITS},
      {1, L, 0, 2, 20, 0, 0, 20000, LIMITS},
      {1, L, 0, 3, 5, 0, 0, 19999, LIMITS}}},
    {"up to a quarter is added at random", 4, {{1, L, 0, 1, 0, 1023, 0, 1250, LIMITS}}},
    {"up to a quarter is added at random, to a Retry-After, too",
     4,
     {{1, L, 0, 1, 100, 1023 + 1024, 0, 125000, LIMITS}}},
    {"after a pause one probe; a good one opens up: 2, 4, 8, to all jobs",
     10,
     {{1, L, 0, 1, 0, 0, 0, 1000, LIMITS},
      {1, G, 1001, 1002, 0, 0, 2, 0, NULL},
      {2, G, 1003, 1004, 0, 0, 2, 0, NULL},
      {1, G, 1003, 1004, 0, 0, 4, 0, NULL},
      {3, G, 1005, 1006, 0, 0, 4, 0, NULL},
      {1, G, 1005, 1006, 0, 0, 8, 0, NULL},
      {8, G, 1007, 1008, 0, 0, 10, 0, NULL}}},
    {"three jobs open up by way of two",
     3,
     {{1, L, 0, 1, 0, 0, 0, 1000, LIMITS}, {1, G, 1001, 1002, 0, 0, 2, 0, NULL}, {3, G, 1003, 1004, 0, 0, 3, 0, NULL}}},
    {"good answers from before the pause neither end it nor open up",
     8,
     {{1, L, 0, 10, 0, 0, 0, 1000, LIMITS},
      {7, G, 5, 20, 0, 0, 0, 990, LIMITS},
      {3, G, 5, 1010, 0, 0, 1, 0, LIMITS},
      {1, G, 1010, 1020, 0, 0, 2, 0, NULL},
      {3, G, 5, 1030, 0, 0, 2, 0, NULL}}},
    {"late bad answers from before the pause begin no other after a good probe",
     8,
     {{1, L, 0, 10, 0, 0, 0, 1000, LIMITS},
      {1, G, 1010, 1020, 0, 0, 2, 0, NULL},
      {5, T, 5, 1030, 0, 0, 2, 0, NULL},
      {2, L, 5, 1030, 30, 0, 2, 0, NULL}}},
    {"a limit while opening up begins with half the last pause",
     64,
     {{1, L, 0, 1, 0, 0, 0, 1000, LIMITS},
      {1, L, 1001, 1002, 0, 0, 0, 2000, LIMITS},
      {1, L, 3002, 3003, 0, 0, 0, 4000, LIMITS},
      {1, L, 7003, 7004, 0, 0, 0, 8000, LIMITS},
      {1, G, 15004, 15005, 0, 0, 2, 0, NULL},
      {1, L, 15006, 15007, 0, 0, 0, 4000, LIMITS},
      {1, L, 19007, 19008, 0, 0, 0, 8000, LIMITS}}},
    {"a wholly open window begins with a second again",
     4,
     {{1, L, 0, 1, 0, 0, 0, 1000, LIMITS},
      {1, L, 1001, 1002, 0, 0, 0, 2000, LIMITS},
      {1, L, 3002, 3003, 0, 0, 0, 4000, LIMITS},
      {1, L, 7003, 7004, 0, 0, 0, 8000, LIMITS},
      {1, G, 15004, 15005, 0, 0, 2, 0, NULL},
      {3, G, 15006, 15007, 0, 0, 4, 0, NULL},
      {1, L, 15008, 15009, 0, 0, 0, 1000, LIMITS}}},
    {"one lost connection among good answers halves, and good answers double again",
     64,
     {{100, G, 0, 1, 0, 0, 64, 0, NULL},
      {1, T, 2, 3, 0, 0, 32, 0, NULL},
      {31, G, 4, 5, 0, 0, 32, 0, NULL},
      {1, G, 4, 5, 0, 0, 64, 0, NULL}}},
    {"five connections lost at once halve once",
     64,
     {{100, G, 0, 1, 0, 0, 64, 0, NULL},
      {5, T, 2, 3, 0, 0, 32, 0, NULL},
      {1, G, 4, 5, 0, 0, 32, 0, NULL},
      {1, T, 4, 6, 0, 0, 16, 0, NULL}}},
    {"good answers from before a halving do not count towards the next doubling",
     4,
     {{1, G, 0, 1, 0, 0, 4, 0, NULL},
      {1, T, 2, 3, 0, 0, 2, 0, NULL},
      {5, G, 2, 4, 0, 0, 2, 0, NULL},
      {3, G, 4, 5, 0, 0, 4, 0, NULL}}},
    {"a time-out leaves one, and those of all that were in flight are a pause",
     64,
     {{1, LATE, 2, 20002, 0, 0, 1, 0, NULL},
      {1, LATE, 2, 20002, 0, 0, 1, 0, NULL},
      {1, LATE, 2, 20002, 0, 0, 0, 1000, TROUBLE}}},
    {"after a time-out it doubles to a quarter of what was in flight, and then grows by an eighth",
     64,
     {{1, LATE, 2, 20002, 0, 0, 1, 0, NULL},
      {1, G, 20003, 20004, 0, 0, 1, 0, NULL},
      {1, G, 20005, 20006, 0, 0, 2, 0, NULL},
      {3, G, 20007, 20008, 0, 0, 4, 0, NULL},
      {4, G, 20009, 20010, 0, 0, 8, 0, NULL},
      {8, G, 20011, 20012, 0, 0, 16, 0, NULL},
      {16, G, 20013, 20014, 0, 0, 18, 0, NULL}}},
    {"trouble in all the last window / 4 answers is a pause",
     64,
     {{1, T, 0, 1, 0, 0, 32, 0, NULL}, {6, T, 0, 1, 0, 0, 32, 0, NULL}, {1, T, 0, 1, 0, 0, 0, 1000, TROUBLE}}},
    {"trouble in three of three is a pause, with a good one among them it is none",
     2,
     {{2, T, 0, 1, 0, 0, 1, 0, NULL},
      {1, G, 2, 3, 0, 0, 2, 0, NULL},
      {2, T, 4, 5, 0, 0, 1, 0, NULL},
      {1, T, 6, 7, 0, 0, 0, 1000, TROUBLE}}},
    {"trouble that names a Retry-After is a pause", 64, {{1, T, 0, 1, 7, 0, 0, 7000, TROUBLE}}},
    {"a single job is never halved to nothing",
     1,
     {{2, T, 0, 1, 0, 0, 1, 0, NULL}, {1, T, 2, 3, 0, 0, 0, 1000, TROUBLE}, {1, G, 1003, 1004, 0, 0, 1, 0, NULL}}},
};

static const story beginnings[] = {
    {"from one request on, answers that come no later open up: 2, 4, 8, to all jobs",
     10,
     {{1, G, 1, 2, 0, 0, 2, 0, NULL},
      {2, G, 3, 4, 0, 0, 2, 0, NULL},
      {1, G, 3, 4, 0, 0, 4, 0, NULL},
      {3, G, 5, 6, 0, 0, 4, 0, NULL},
      {1, G, 5, 6, 0, 0, 8, 0, NULL},
      {8, G, 7, 8, 0, 0, 10, 0, NULL}}},
    {"answers that come the later the more are in flight close again",
     16,
     {{1, G, 0, 1500, 0, 0, 2, 0, NULL}, {5, G, 1501, 4501, 0, 0, 2, 0, NULL}, {1, G, 1501, 4501, 0, 0, 1, 0, NULL}}},
    {"a window that is as it was before the pause begins with a second again",
     64,
     {{1, G, 1, 2, 0, 0, 2, 0, NULL},
      {1, L, 3, 4, 0, 0, 0, 1000, LIMITS},
      {1, L, 1004, 1005, 0, 0, 0, 2000, LIMITS},
      {1, L, 3005, 3006, 0, 0, 0, 4000, LIMITS},
      {1, G, 7006, 7007, 0, 0, 2, 0, NULL},
      {1, L, 7008, 7009, 0, 0, 0, 1000, LIMITS}}},
};

static void note(pace *s, pace_event event, int64_t sent_at, long retry_after, unsigned random, int64_t now) {
    int64_t window = s->width.window < (int64_t)s->jobs ? s->width.window : (int64_t)s->jobs;
    pace_answer a = {event, {.in_flight = window, .sent_at = sent_at}, retry_after};

    pace_note(s, &a, random, now);
}

static void tell(const story *x, int64_t begins) {
    pace s;

    pace_init(&s, x->jobs, PATIENCE, TIMEOUT);
    s.width.window = begins;
    for (size_t k = 0; k < 16 && x->steps[k].times > 0; k++) {
        const step *t = &x->steps[k];
        const char *why;

        for (unsigned n = 0; n < t->times; n++)
            note(&s, t->event, t->sent, t->retry_after, t->random, t->now);
        why = pace_why(&s);
        if (pace_allows(&s, t->now) != t->allows || pace_next(&s, t->now) != t->next || (!why) != (!t->why) ||
            (why && strcmp(why, t->why) != 0))
            fail_msg("%s: step %zu: allows %zu, next in %lld ms, %s", x->promise, k + 1, pace_allows(&s, t->now),
                     (long long)pace_next(&s, t->now), why ? why : "no reason");
        /* Nothing is allowed until the very end of a pause, then one. */
        if (t->next > 0) {
            assert_int_equal(pace_allows(&s, t->now + t->next - 1), 0);
            assert_int_equal(pace_allows(&s, t->now + t->next), 1);
            assert_int_equal(pace_next(&s, t->now + t->next), 0);
        }
    }
}

static void the_stories(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++)
        tell(&stories[i], stories[i].jobs > 0 ? (int64_t)stories[i].jobs : 1);
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        tell(&beginnings[i], 1);
}

/* While others share the window, ours is no larger than the probe. */
static void a_probe_is_one_whatever_others_found(void **state) {
    pace s;

    (void)state;
    pace_init(&s, 8, PATIENCE, TIMEOUT);
    note(&s, PACE_LIMITED, 1, 0, 0, 2);
    s.width.window = 64;
    assert_int_equal(pace_allows(&s, 1001), 0);
    assert_int_equal(pace_allows(&s, 1002), 1);
    note(&s, PACE_GOOD, 1003, 0, 0, 1004);
    assert_int_equal(pace_allows(&s, 1004), 8);
}

/* It is said before anything is mailed: were it a measure, all that is done would come late. */
static void a_refusal_is_no_measure(void **state) {
    pace s;

    (void)state;
    pace_init(&s, 8, PATIENCE, TIMEOUT);
    note(&s, PACE_GOOD, 0, 0, 0, 1500);
    note(&s, PACE_REFUSED, 1501, 0, 0, 1503);
    assert_int_equal(s.width.base[0], 1500);
    note(&s, PACE_LIMITED, 1504, 0, 0, 1505);
    assert_non_null(pace_why(&s));
    note(&s, PACE_REFUSED, 2600, 0, 0, 2602);
    assert_null(pace_why(&s));
    assert_int_equal(s.width.base[0], 1500);
}

static void patience(void **state) {
    pace s;

    (void)state;
    pace_init(&s, 4, 5000, TIMEOUT);
    assert_false(pace_exhausted(&s, 1000000));
    /* From when the first one was sent. */
    note(&s, PACE_LIMITED, 100, 0, 0, 200);
    note(&s, PACE_LIMITED, 1200, 0, 0, 1300);
    assert_false(pace_exhausted(&s, 5099));
    assert_true(pace_exhausted(&s, 5100));
    /* A good answer, be it a late one, ends it. */
    note(&s, PACE_GOOD, 100, 0, 0, 5200);
    assert_false(pace_exhausted(&s, 1000000));
    /* From the last good answer, if the request was sent before that. */
    note(&s, PACE_TROUBLE, 5100, 0, 0, 5300);
    assert_false(pace_exhausted(&s, 10199));
    assert_true(pace_exhausted(&s, 10200));
    /* A time in which nothing was tried does not count. */
    note(&s, PACE_GOOD, 10000, 0, 0, 10200);
    note(&s, PACE_TROUBLE, 90000, 0, 0, 90100);
    assert_false(pace_exhausted(&s, 94999));
    assert_true(pace_exhausted(&s, 95000));
}

/* Whatever the answers are: never more than the jobs, never nothing without an end, no pause beyond its bounds. */
static void what_was_not_tried_is_no_patience(void **state) {
    pace s;

    (void)state;
    pace_init(&s, 8, 3000, TIMEOUT);
    note(&s, PACE_GOOD, 0, 0, 0, 10);
    note(&s, PACE_TROUBLE, 20, 0, 0, 30);
    assert_true(pace_exhausted(&s, 10000));
    pace_resume(&s);
    assert_false(pace_exhausted(&s, 10000));
    assert_true(pace_allows(&s, 10000) < 8);
}

static void whatever_comes(void **state) {
    uint32_t x = 1;
    int64_t now = 0;
    pace s;

    (void)state;
    pace_init(&s, 64, PATIENCE, TIMEOUT);
    for (int i = 0; i < 200000; i++) {
        pace_event event;
        int64_t sent;

        x = x * 1664525U + 1013904223U;
        event = (pace_event)((x >> 10) % 5);
        sent = now - (int64_t)((x >> 12) % 3000);
        note(&s, event, sent < 0 ? 0 : sent, (x >> 24) == 0 ? (long)(x % 5000) : 0, x, now);
        assert_in_range(s.width.window, 1, 64);
        assert_true(pace_next(&s, now) >= 0 && pace_next(&s, now) <= 4500000);
        assert_int_equal(pace_allows(&s, now) == 0, pace_next(&s, now) > 0);
        assert_int_equal(!pace_why(&s) && pace_next(&s, now) > 0, false);
        now += (int64_t)((x >> 16) % 2000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each story of answers has the pace that it should", the_stories, NULL, NULL, NULL},
        {"after a pause there is one probe, whatever others have found", a_probe_is_one_whatever_others_found, NULL,
         NULL, NULL},
        {"a refusal ends a pause, and how fast it came is no measure", a_refusal_is_no_measure, NULL, NULL, NULL},
        {"patience counts from the last good answer or the first attempt, not over idle times", patience, NULL, NULL,
         NULL},
        {"what was not tried is no patience spent", what_was_not_tried_is_no_patience, NULL, NULL, NULL},
        {"whatever the answers are, the window and the pauses stay in their bounds", whatever_comes, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
