/* SPDX-License-Identifier: MIT
 *
 * What becomes of an account of a batch, how much may be under way at once, and the queues: decisions as tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "batch/limits.h"
#include "batch/stages.h"
#include "batch/verdict.h"

static void local_trouble_would_meet_the_next_one_too(void **state) {
    static const int local[] = {EX_IOERR, EX_OSERR, EX_CONFIG};
    static const int others[] = {EX_OK,          EX_USAGE,     EX_DATAERR,  EX_NOINPUT, EX_NOUSER,
                                 EX_UNAVAILABLE, EX_CANTCREAT, EX_TEMPFAIL, EX_NOPERM,  EX_PROTOCOL};

    (void)state;
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        assert_true(verdict_is_local(&(problem){.code = local[i]}));
        assert_false(verdict_is_local(&(problem){.code = local[i], .remote = true}));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(verdict_is_local(&(problem){.code = others[i]}));
}

static void what_was_done_before_decides_where_to_begin(void **state) {
    static const struct {
        int pending;
        batch_status expected;
        bool intent, same_uid, has_password;
        past was;
        bool again;
    } rows[] = {
        {LEDGER_NONE, BATCH_TODO, false, false, false, PAST_NONE, false},
        {LEDGER_NONE, BATCH_KEPT, false, false, true, PAST_NONE, false},
        {LEDGER_NONE, BATCH_TODO, false, true, false, PAST_NONE, false},
        {EX_OK, BATCH_OPEN, false, true, false, PAST_NONE, false},
        {EX_OK, BATCH_OPEN, false, true, true, PAST_NONE, false},
        {EX_OK, BATCH_LEFT, false, false, false, PAST_NONE, false},
        {EX_OK, BATCH_LEFT, false, false, true, PAST_NONE, false},
        {EX_DATAERR, BATCH_LEFT, false, false, true, PAST_NONE, false},
        {EX_IOERR, BATCH_LEFT, false, true, true, PAST_NONE, false},
        {LEDGER_NONE, BATCH_INTERRUPTED, true, false, false, PAST_NONE, false},
        {LEDGER_NONE, BATCH_INTERRUPTED, true, false, true, PAST_NONE, false},
        {EX_OK, BATCH_INTERRUPTED, true, true, true, PAST_NONE, false},
        {EX_DATAERR, BATCH_INTERRUPTED, true, false, false, PAST_NONE, false},
        /* Who has arrived is given no second password, and who was locked here one only where that is asked for. */
        {LEDGER_NONE, BATCH_KEPT, false, false, false, PAST_ARRIVED, false},
        {LEDGER_NONE, BATCH_KEPT, false, false, false, PAST_ARRIVED, true},
        {LEDGER_NONE, BATCH_ENDED, false, false, false, PAST_ENDED, false},
        {LEDGER_NONE, BATCH_TODO, false, false, false, PAST_ENDED, true},
        {LEDGER_NONE, BATCH_KEPT, false, false, true, PAST_ENDED, true},
        {LEDGER_NONE, BATCH_TODO, false, false, false, PAST_NONE, true},
        /* What is open counts for more than what was before. */
        {EX_OK, BATCH_OPEN, false, true, false, PAST_ARRIVED, false},
        {EX_OK, BATCH_OPEN, false, true, false, PAST_ENDED, true},
        {LEDGER_NONE, BATCH_INTERRUPTED, true, false, false, PAST_ARRIVED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        verdict_place f = {rows[i].intent,       rows[i].pending, rows[i].same_uid,
                           rows[i].has_password, rows[i].was,     rows[i].again};

        if (verdict_found(&f) != rows[i].expected)
            fail_msg("row %zu", i);
    }
}

static void where_another_was_faster(void **state) {
    (void)state;
    for (batch_status s = BATCH_TODO; s < BATCH_STATUSES; s++)
        assert_int_equal(verdict_faster(s), s == BATCH_OPEN || s == BATCH_KEPT || s == BATCH_ENDED ? s : BATCH_LEFT);
}

/* An answer that may hide a secret is never asked for again; a refusal of this one is no reason to try it again. */
static void a_generate_that_failed_goes_its_way(void **state) {
    static const struct {
        remote_trouble trouble;
        direction back;
        batch_status end;
        pace_event event;
        bool certain, retry;
    } rows[] = {
        {REMOTE_REFUSED, BACK_DROP, BATCH_FAILED, PACE_REFUSED, true, false},
        {REMOTE_LIMITED, BACK_DROP, BATCH_LEFT, PACE_LIMITED, true, true},
        {REMOTE_AWAY, BACK_DROP, BATCH_LEFT, PACE_TROUBLE, true, true},
        {REMOTE_HOPELESS, BACK_DROP, BATCH_LEFT, PACE_TROUBLE, true, true},
        {REMOTE_REFUSED, BACK_LOSE, BATCH_FAILED, PACE_REFUSED, false, false},
        {REMOTE_LIMITED, BACK_LOSE, BATCH_LEFT, PACE_LIMITED, false, false},
        {REMOTE_AWAY, BACK_LOSE, BATCH_LEFT, PACE_TROUBLE, false, false},
        {REMOTE_LATE, BACK_LOSE, BATCH_LEFT, PACE_LATE, false, false},
        {REMOTE_HOPELESS, BACK_LOSE, BATCH_LEFT, PACE_TROUBLE, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        verdict_way way = verdict_refused(rows[i].certain, rows[i].trouble);

        if (way.retry != rows[i].retry || way.back != rows[i].back || way.end != rows[i].end ||
            verdict_pace(false, rows[i].trouble) != rows[i].event)
            fail_msg("row %zu", i);
        assert_int_equal(verdict_pace(true, rows[i].trouble), PACE_GOOD);
    }
}

static void an_answer_that_does_not_fit(void **state) {
    (void)state;
    assert_int_equal(verdict_unfit(&(problem){.code = EX_PROTOCOL}), BATCH_FAILED);
    assert_int_equal(verdict_unfit(&(problem){.code = EX_DATAERR}), BATCH_FAILED);
    assert_int_equal(verdict_unfit(&(problem){.code = EX_IOERR}), BATCH_LEFT);
    assert_int_equal(verdict_unfit(&(problem){.code = EX_IOERR, .remote = true}), BATCH_FAILED);
}

static void a_password_that_was_to_be_stored(void **state) {
    static const struct {
        bool stored, unsure;
        problem why;
        batch_status expected;
    } rows[] = {
        {true, false, {.code = EX_OK}, BATCH_PROVISIONED},
        {true, false, {.code = EX_IOERR}, BATCH_LEFT},
        {true, false, {.code = EX_DATAERR}, BATCH_LEFT},
        {false, false, {.code = EX_NOPERM}, BATCH_KEPT},
        {false, false, {.code = EX_NOUSER}, BATCH_FAILED},
        {false, false, {.code = EX_UNAVAILABLE}, BATCH_FAILED},
        {false, false, {.code = EX_TEMPFAIL}, BATCH_LEFT},
        {false, false, {.code = EX_IOERR}, BATCH_LEFT},
        {false, false, {.code = EX_CONFIG}, BATCH_LEFT},
        {false, false, {.code = EX_IOERR, .remote = true}, BATCH_FAILED},
        {false, true, {.code = EX_UNAVAILABLE}, BATCH_LEFT},
        {false, true, {.code = EX_OSERR}, BATCH_LEFT},
        {false, false, {.code = EX_OK}, BATCH_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (verdict_stored(rows[i].stored, rows[i].unsure, &rows[i].why) != rows[i].expected)
            fail_msg("row %zu", i);
}

static void ten_that_fail_are_not_the_accounts(void **state) {
    const problem no = {.code = EX_UNAVAILABLE}, locked = {.code = EX_TEMPFAIL};

    (void)state;
    assert_false(verdict_group_hopeless(0, 9, &no));
    assert_true(verdict_group_hopeless(0, 10, &no));
    assert_false(verdict_group_hopeless(1, 10, &no));
    assert_false(verdict_group_hopeless(1, 1000, &locked));
    assert_true(verdict_group_hopeless(0, 1, &locked));
}

/* A transaction is worth waiting for, ten times as long as it takes: between one second and ten. */
static void a_group_is_stored_when_it_is_due(void **state) {
    static const struct {
        size_t len, most, active;
        int64_t waited, stored_in;
        bool due;
    } rows[] = {
        {0, 3072, 0, 0, 0, false},       {0, 3072, 5, 0, 0, false},        {5, 3072, 5, 0, 0, true},
        {4, 3072, 5, 0, 0, false},       {4, 3072, 5, 999, 0, false},      {4, 3072, 5, 1000, 0, true},
        {4, 3072, 5, 1000, 100, true},   {4, 3072, 5, 1000, 101, false},   {4, 3072, 5, 1010, 101, true},
        {4, 3072, 5, 9999, 1000, false}, {4, 3072, 5, 10000, 60000, true}, {99, 100, 500, 0, 0, false},
        {100, 100, 500, 0, 0, true},     {200, 100, 500, 0, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (verdict_group_due(rows[i].len, rows[i].most, rows[i].active, rows[i].waited, rows[i].stored_in) !=
            rows[i].due)
            fail_msg("row %zu", i);
}

static void the_window_fits_the_descriptors(void **state) {
    static const struct {
        rlim_t files;
        size_t window;
    } rows[] = {{0, 64},      {384, 64},    {448, 64},
                {449, 65},    {1024, 640},  {6527, 6143},
                {6528, 6144}, {6529, 6144}, {RLIM_INFINITY, 6144}};

    (void)state;
    assert_int_equal(limits_descriptors_wanted(), 6528);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(limits_window(rows[i].files), rows[i].window);
}

static void the_backlog_fits_the_locked_memory(void **state) {
    static const struct {
        bool unbounded;
        rlim_t locked;
        size_t page, backlog;
    } rows[] = {
        {true, 0, 4096, 2048},
        {false, 0, 0, 2048},
        {false, 0, 4096, 16},
        {false, 144 * 4096, 4096, 16},
        {false, 145 * 4096, 4096, 17},
        {false, 8 << 20, 4096, 2048 - 128},
        {false, 2175 * 4096, 4096, 2047},
        {false, 2176 * 4096, 4096, 2048},
        {false, 2177 * 4096, 4096, 2048},
        {false, 8 << 20, 65536, 16},
        {false, RLIM_INFINITY, 4096, 2048},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (limits_backlog(rows[i].unbounded, rows[i].locked, rows[i].page) != rows[i].backlog)
            fail_msg("row %zu", i);
}

static void as_many_hash_as_there_are_cores_or_accounts(void **state) {
    (void)state;
    assert_int_equal(limits_hashers(8, 100), 8);
    assert_int_equal(limits_hashers(8, 3), 3);
    assert_int_equal(limits_hashers(8, 8), 8);
    assert_int_equal(limits_hashers(1024, 5000), 256);
    assert_int_equal(limits_hashers(256, 5000), 256);
    assert_int_equal(limits_hashers(255, 5000), 255);
}

static void a_queue_gives_what_came_first(void **state) {
    work w[4];
    queue q = {0};

    (void)state;
    assert_null(queue_take(&q));
    assert_null(queue_take_all(&q));
    queue_put(&q, &w[0]);
    queue_put(&q, &w[1]);
    queue_put_first(&q, &w[2]);
    assert_int_equal(q.len, 3);
    assert_ptr_equal(queue_take(&q), &w[2]);
    assert_ptr_equal(queue_take(&q), &w[0]);
    queue_put(&q, &w[3]);
    assert_int_equal(q.len, 2);
    assert_ptr_equal(queue_take(&q), &w[1]);
    assert_ptr_equal(queue_take(&q), &w[3]);
    assert_null(queue_take(&q));
    assert_int_equal(q.len, 0);
    /* One that was put first into an empty queue is its last, too. */
    queue_put_first(&q, &w[0]);
    queue_put(&q, &w[1]);
    assert_int_equal(q.len, 2);
    assert_ptr_equal(queue_take(&q), &w[0]);
    assert_ptr_equal(queue_take(&q), &w[1]);
}

static void a_queue_is_taken_whole(void **state) {
    work w[3], *all;
    queue q = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        queue_put(&q, &w[i]);
    all = queue_take_all(&q);
    assert_ptr_equal(all, &w[0]);
    assert_ptr_equal(all->next, &w[1]);
    assert_ptr_equal(all->next->next, &w[2]);
    assert_null(all->next->next->next);
    assert_int_equal(q.len, 0);
    assert_null(queue_take(&q));
    queue_put(&q, &w[1]);
    assert_ptr_equal(queue_take(&q), &w[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"local trouble is the machine's own", local_trouble_would_meet_the_next_one_too, NULL, NULL, NULL},
        {"where another was faster: what it did counts", where_another_was_faster, NULL, NULL, NULL},
        {"what was done before decides where to begin", what_was_done_before_decides_where_to_begin, NULL, NULL, NULL},
        {"a generate that failed is retried, dropped or looked for", a_generate_that_failed_goes_its_way, NULL, NULL,
         NULL},
        {"an answer that does not fit fails the account, a full disk does not", an_answer_that_does_not_fit, NULL, NULL,
         NULL},
        {"what became of storing and arming is what the account is", a_password_that_was_to_be_stored, NULL, NULL,
         NULL},
        {"ten of a group that fail are not the accounts' fault", ten_that_fail_are_not_the_accounts, NULL, NULL, NULL},
        {"a group is stored when it is full, complete, or has waited", a_group_is_stored_when_it_is_due, NULL, NULL,
         NULL},
        {"the window fits the descriptors", the_window_fits_the_descriptors, NULL, NULL, NULL},
        {"the backlog fits the locked memory", the_backlog_fits_the_locked_memory, NULL, NULL, NULL},
        {"as many hash as there are cores, or accounts", as_many_hash_as_there_are_cores_or_accounts, NULL, NULL, NULL},
        {"a queue gives what came first, or was put first", a_queue_gives_what_came_first, NULL, NULL, NULL},
        {"a queue is taken whole, and is empty then", a_queue_is_taken_whole, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
