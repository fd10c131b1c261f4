/* SPDX-License-Identifier: MIT
 *
 * The pipeline of a batch: each account gets its password, or its record says why not.
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
#include "batch/pipeline.h"
#include "private_world.h"

#define VALUE "Generated-1"

static world w;
static batch b;

static batch_status status_of(const char *user) {
    batch_account *a = batch_find(&b, user);

    assert_non_null(a);
    return a->status;
}

static void put_fresh_accounts(const char *const *users, size_t n) {
    char shadow[2000] = "";

    for (size_t i = 0; i < n; i++)
        snprintf(shadow + strlen(shadow), 100, "%s:!:1:0:::::\n", users[i]);
    put_file("/etc/shadow", shadow, 0640);
}

static void each_account_gets_its_password(void **state) {
    static const char *const users[] = {"a1", "a2", "a3", "a4", "a5"};
    const struct step steps[] = {world_receipt(&(said){.value = VALUE})};
    char *text;

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_fresh_accounts(users, 5);
    batch_begin(&b, &w, users, 5);
    b.jobs = 3;
    b.links = true;
    for (int i = 0; i < 5; i++) {
        b.accounts[i].local = i < 4;
        b.accounts[i].found.changed = i - 1;
    }
    pipeline_run(&b);
    assert_int_equal(b.counts[BATCH_PROVISIONED], 5);
    assert_false(b.is_cut);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 5);
    for (int i = 0; i < 5; i++) {
        record r;
        problem p;

        assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, users[i], &r, &p), EX_OK);
        assert_string_equal(r.id, b.accounts[i].id);
        assert_int_equal(r.deadline, b.accounts[i].deadline);
        assert_non_null(strstr(b.accounts[i].link, "/secret/secretkey"));
        assert_string_equal(r.link, b.accounts[i].link);
        assert_int_equal(r.local, i < 4);
        assert_int_equal(r.changed_before, i - 1);
    }
    text = get_file("/etc/shadow");
    assert_int_equal(world_times(text, ":$5$"), 5);
    free(text);
    text = world_audit();
    assert_int_equal(world_times(text, "\"event\":\"issued\""), 5);
    free(text);
    batch_end(&b);
    world_close(&w, 5);
}

static void one_that_is_refused_fails_alone(void **state) {
    static const char *const users[] = {"a1", "a2"};
    const struct step steps[] = {WORLD_REFUSED, world_receipt(&(said){.value = VALUE})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_fresh_accounts(users, 2);
    batch_begin(&b, &w, users, 2);
    pipeline_run(&b);
    assert_int_equal(b.counts[BATCH_FAILED], 1);
    assert_int_equal(b.counts[BATCH_PROVISIONED], 1);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    batch_end_with_report(&b, "the server refused");
    world_close(&w, 2);
}

static void a_limit_is_waited_for(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_answer(429, "{\"message\":\"Rate limit exceeded\"}"),
                                 world_receipt(&(said){.value = VALUE})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_fresh_accounts(users, 1);
    batch_begin(&b, &w, users, 1);
    pipeline_run(&b);
    assert_int_equal(b.counts[BATCH_PROVISIONED], 1);
    batch_end(&b);
    world_close(&w, 2);
}

static void a_lost_answer_is_left_for_recovery(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {{STEP_CLOSE, ""}};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_fresh_accounts(users, 1);
    batch_begin(&b, &w, users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_INTERRUPTED);
    assert_int_equal(b.accounts[0].losses, 1);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    batch_end(&b);
    world_close(&w, 1);
}

static void one_whose_answers_are_always_lost_is_left(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {{STEP_CLOSE, ""}};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_fresh_accounts(users, 1);
    batch_begin(&b, &w, users, 1);
    b.accounts[0].losses = 2;
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_LEFT);
    batch_end_with_report(&b, "otsd-hook sweep looks for what the server may have made");
    world_close(&w, 1);
}

static void credentials_that_are_refused_cut_it_short(void **state) {
    static const char *const users[] = {"a1", "a2", "a3"};
    const struct step steps[] = {world_answer(401, "{\"message\":\"Not authorized\"}")};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_fresh_accounts(users, 3);
    batch_begin(&b, &w, users, 3);
    pipeline_run(&b);
    assert_true(b.is_cut);
    assert_int_equal(b.counts[BATCH_LEFT] + b.counts[BATCH_TODO], 3);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    batch_end(&b);
    world_close(&w, 1);
}

static void an_answer_that_does_not_fit_is_burned(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_receipt(&(said){.value = "short"}), world_burned(&(said){0})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_fresh_accounts(users, 1);
    batch_begin(&b, &w, users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_FAILED);
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    batch_end_with_report(&b, "the server generated 5 characters");
    world_close(&w, 2);
}

static void who_got_a_password_meanwhile_keeps_it(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_receipt(&(said){.value = VALUE}), world_burned(&(said){0})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_file("/etc/shadow", "a1:$5$own:1:0:::::\n", 0640);
    batch_begin(&b, &w, users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_KEPT);
    batch_end_with_report(&b, "was given another password meanwhile");
    world_close(&w, 2);
}

static void where_nobody_can_look_the_record_stays(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_receipt(&(said){.value = VALUE})};

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(unlink("/etc/shadow"), 0);
    batch_begin(&b, &w, users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_LEFT); /* nobody can look */
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    batch_end(&b);
    world_close(&w, 1);
}

static void who_is_under_way_elsewhere_is_left(void **state) {
    static const char *const users[] = {"a1"};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_fresh_accounts(users, 1);
    batch_put_intent(&w, "a1", 'a', true, "", 10);
    batch_begin(&b, &w, users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_LEFT);
    batch_end_with_report(&b, "a provision is under way or was interrupted");
    world_close(&w, 0);
}

static void what_is_cut_short_begins_nobody(void **state) {
    static const char *const users[] = {"a1"};
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    batch_begin(&b, &w, users, 1);
    problem_set(&p, EX_IOERR, "cut");
    batch_cut(&b, &p);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_TODO);
    batch_end(&b);
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("each account gets its password", each_account_gets_its_password),
        TEST("one that is refused fails alone", one_that_is_refused_fails_alone),
        TEST("a limit is waited for", a_limit_is_waited_for),
        TEST("a lost answer is left for recovery", a_lost_answer_is_left_for_recovery),
        TEST("one whose answers are always lost is left", one_whose_answers_are_always_lost_is_left),
        TEST("credentials that are refused cut it short", credentials_that_are_refused_cut_it_short),
        TEST("an answer that does not fit is burned", an_answer_that_does_not_fit_is_burned),
        TEST("who got a password meanwhile keeps it", who_got_a_password_meanwhile_keeps_it),
        TEST("where nobody can look whether it is set, the record stays", where_nobody_can_look_the_record_stays),
        TEST("who is under way elsewhere is left", who_is_under_way_elsewhere_is_left),
        TEST("what is cut short begins nobody", what_is_cut_short_begins_nobody),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the pipeline of a batch # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
