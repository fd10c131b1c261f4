/* SPDX-License-Identifier: MIT
 *
 * otsd-hook sweep, whole, on a real ledger: what it asks a server, when it asks no more, and what it does with
 * records that cannot be read or that killed others.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "commanded.h"
#include "ledger/suspects.h"
#include "private_world.h"
#include "sweep_world.h"

/* In place of libc's: a sweep would fill whatever it frees, some twenty megabytes each time, and here nobody looks. */
int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 1;
}

static void that_a_link_was_opened_is_learnt_while_it_is_open(void **state) {
    const struct step steps[] = {world_receipt(&(said){.state = "received", .secret_key = "", .received = 1700000000})};
    record r;

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 1000);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    world_assert_asked(&w, 0, FETCH);
    r = on_disk(LEDGER_PENDING, "alice");
    assert_int_equal(r.opened_at, 1700000000);
    assert_in_range(r.checked_at, time(NULL) - 100, time(NULL));
    assert_shadow("alice:" HASH ":");
    /* Of what is known nobody is asked again. */
    r.checked_at = 0;
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    world_close(&w, 1);
}

static void one_that_was_not_opened_is_asked_for_again_in_its_time(void **state) {
    const struct step steps[] = {world_receipt(&(said){.state = "new"})};
    record r;
    entry *e;
    problem p;

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 1000);
    put_pending(1, 400); /* not due: an eighth of its life has not passed */
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    r = on_disk(LEDGER_PENDING, "alice");
    assert_int_equal(r.opened_at, 0);
    assert_true(r.checked_at > 0);
    assert_int_equal(on_disk(LEDGER_PENDING, "bob").checked_at, 0);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    assert_int_equal(w.server.seen->requests, 1);
    assert_int_equal(ledger_find(w.x.ledger, LEDGER_PENDING, "alice", 0, &e, &p), EX_OK);
    entry_record(e)->checked_at -= 460;
    assert_int_equal(ledger_save(e, &p), EX_OK);
    ledger_release(&e);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    world_close(&w, 2);
}

/* One bad receipt is not asked for by every sweep. */
static void a_receipt_that_cannot_be_read_is_told_and_waits_its_turn(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 1000);
    assert_told(sweep_with(NULL, EX_TEMPFAIL), "alice: the receipt cannot be read: ");
    assert_true(on_disk(LEDGER_PENDING, "alice").checked_at > 0);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    world_close(&w, 1);
}

/* Two answers of no use are enough, whatever they were about. */
static void a_server_that_is_away_is_asked_no_more(void **state) {
    const struct step away[] = {{STEP_CLOSE, ""}};
    record lost = of(2, 100);
    const char *text;

    (void)state;
    open_world(NULL, away, 1);
    for (unsigned who = 0; who < 3; who++)
        put_owed(who, 9000 - 1000 * who);
    put_pending(0, 1000);
    put_pending(1, 1000);
    lost.metadata_key[0] = lost.hash[0] = '\0';
    lost.id[0] = 'd';
    put(LEDGER_ISSUING, &lost);
    text = sweep_with(NULL, EX_UNAVAILABLE);
    assert_told(text, "otsd-hook: alice: the secret is not burned yet: ");
    assert_told(text, "otsd-hook: bob: the secret is not burned yet: ");
    assert_untold(text, "carol");
    assert_int_equal(on_disk(LEDGER_CLAIMED, "bob.bbbbbbbbbbbbbbbb").attempts, 1);
    assert_int_equal(on_disk(LEDGER_CLAIMED, "carol.cccccccccccccccc").attempts, 0);
    assert_int_equal(on_disk(LEDGER_PENDING, "alice").checked_at, 0);
    assert_true(is_there(LEDGER_ISSUING, "carol"));
    world_close(&w, 2);
    /* Where the questions fail the rest of them are left. */
    open_world(NULL, away, 1);
    for (unsigned who = 0; who < 3; who++)
        put_pending(who, 1000 + 10 * who);
    (void)sweep_with(NULL, EX_UNAVAILABLE);
    assert_int_equal(on_disk(LEDGER_PENDING, "alice").checked_at, 0); /* the last of the three */
    assert_true(on_disk(LEDGER_PENDING, "bob").checked_at > 0);
    world_close(&w, 2);
}

/* They count in a row. */
static void an_answer_of_use_between_them_starts_anew(void **state) {
    const struct step burns[] = {WORLD_TROUBLE, world_burned(&(said){0}), WORLD_TROUBLE,
                                 world_receipt(&(said){.state = "new"})};
    const struct step asks[] = {WORLD_TROUBLE, world_receipt(&(said){.state = "new"}), WORLD_TROUBLE};

    (void)state;
    open_world(NULL, burns, 4);
    for (unsigned who = 0; who < 3; who++)
        put_owed(who, 9000 - 1000 * who);
    put_pending(0, 1000);
    (void)sweep_with(NULL, EX_TEMPFAIL);
    assert_false(is_there(LEDGER_CLAIMED, "bob.bbbbbbbbbbbbbbbb"));
    world_assert_asked(&w, 3, FETCH);
    world_close(&w, 4);
    open_world(NULL, asks, 3);
    for (unsigned who = 0; who < 3; who++)
        put_pending(who, 1000);
    (void)sweep_with(NULL, EX_TEMPFAIL);
    world_close(&w, 3);
}

#define LIMITED world_answer(429, "{\"message\":\"Rate limit exceeded\"}")

/* One that takes no more burns answers questions, and the other way about. */
static void a_limit_is_one_of_its_kind(void **state) {
    const struct step steps[] = {LIMITED,
                                 world_receipt(&(said){.state = "received", .secret_key = "", .received = 77})};
    const struct step limited[] = {LIMITED};

    (void)state;
    open_world(NULL, steps, 2);
    put_owed(0, 9000);
    put_owed(1, 8000);
    put_pending(2, 1000);
    assert_told(sweep_with(NULL, EX_TEMPFAIL), "; the burn is owed, and done as soon as the server takes more");
    world_assert_asked(&w, 0, BURN);
    world_assert_asked(&w, 1, FETCH);
    assert_int_equal(on_disk(LEDGER_CLAIMED, "bob.bbbbbbbbbbbbbbbb").attempts, 0);
    assert_int_equal(on_disk(LEDGER_PENDING, "carol").opened_at, 77);
    /* What is known of the limit keeps the next sweep from burning, unless it is told to. */
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    assert_int_equal(w.server.seen->requests, 2);
    world_close(&w, 2);
    /* A question that is refused is the last one. */
    open_world(NULL, limited, 1);
    put_pending(0, 1000);
    put_pending(1, 1000);
    (void)sweep_with(NULL, EX_TEMPFAIL);
    world_close(&w, 1);
}

static void what_is_owed_is_burned_and_said(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    open_world(NULL, steps, 1);
    put_owed(0, 9000);
    put_owed(1, 8000);
    assert_string_equal(sweep_with("--verbose", EX_OK), "alice: the link was never opened, and is burned\n"
                                                        "bob: the link was never opened, and is burned\n");
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 0);
    assert_audit("\"outcome\":\"burned unread\"", 2);
    world_close(&w, 2);
}

/* Its audit line is owed, or there is no key: the server may be away. */
static void what_needs_no_server_is_done_without(void **state) {
    const struct step away[] = {{STEP_CLOSE, ""}};
    record known = of(2, 0), keyless = of(2, 0);

    (void)state;
    open_world(NULL, away, 1);
    put_owed(0, 9000);
    put_owed(1, 8000);
    known.outcome = OUTCOME_BURNED;
    known.reason = keyless.reason = REASON_REVOKED;
    put(LEDGER_CLAIMED, &known);
    keyless.metadata_key[0] = '\0';
    keyless.id[0] = 'd';
    put(LEDGER_CLAIMED, &keyless);
    (void)sweep_with(NULL, EX_UNAVAILABLE);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 2);
    assert_audit("\"user\":\"carol\"", 2);
    assert_audit("\"outcome\":\"unknown\"", 1);
    world_close(&w, 2);
}

static void a_next_try_has_its_time_unless_told(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = of(0, 0);

    (void)state;
    open_world(NULL, steps, 1);
    r.reason = REASON_CHANGED;
    r.attempts = 1;
    r.next_try = time(NULL) + 600;
    put(LEDGER_CLAIMED, &r);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    assert_int_equal(w.server.seen->requests, 0);
    assert_string_equal(sweep_with("--now", EX_OK), "");
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 0);
    world_close(&w, 1);
}

static void what_cannot_be_read_is_set_aside_and_stops_nothing(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    const char *text;

    (void)state;
    open_world(NULL, steps, 1);
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    put_file(OTSD_STATE_DIR "/claimed/bob.bbbbbbbbbbbbbbbb", "junk\n", 0600);
    put_owed(2, 9000);
    text = sweep_with(NULL, EX_DATAERR);
    assert_told(text,
                "the record pending/alice cannot be read (line 1 is not understood); it is kept in " OTSD_STATE_DIR
                "/aside/: look at it, then remove it");
    assert_told(text, "the record claimed/bob.bbbbbbbbbbbbbbbb cannot be read");
    assert_int_equal(world_count(&w, LEDGER_ASIDE), 2);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 0);
    world_close(&w, 1);
}

/* In place of libc's: whoever waits for a record counts its pauses, and is through with them at once. */
int nanosleep(const struct timespec *pause, struct timespec *rest) {
    (void)pause;
    (void)rest;
    return 0;
}

/* It stops nothing else; who holds it is told at the end. */
static void what_others_hold_is_named_and_left(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record pending = of(0, 3601), owed = of(1, 0);
    entry *held, *burning;
    const char *text;

    (void)state;
    open_world(NULL, steps, 1);
    held = world_put(&w, LEDGER_PENDING, &pending);
    owed.reason = REASON_CHANGED;
    burning = world_put(&w, LEDGER_CLAIMED, &owed);
    put_owed(2, 9000);
    text = sweep_with(NULL, EX_TEMPFAIL);
    assert_told(text, "otsd-hook: alice: ");
    assert_told(text, ") holds the record " OTSD_STATE_DIR "/pending/alice: nothing is done about it until that ends");
    assert_told(text, ") holds the record " OTSD_STATE_DIR "/claimed/bob.bbbbbbbbbbbbbbbb: nothing is done");
    assert_shadow("alice:!*"); /* by its hash */
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    ledger_release(&held);
    ledger_release(&burning);
    world_close(&w, 1);
}

/* As a sweep that was killed while it had that record in hand. */
static void die_over(ledger_state s, const char *name) {
    suspects dead;

    suspects_open(&dead, w.x.ledger);
    suspects_take(&dead, s, name);
    suspects_close(&dead);
}

static unsigned deaths_over(ledger_state s, const char *name) {
    suspects now;

    suspects_peek(&now, w.x.ledger);
    return suspects_deaths(&now, s, name);
}

static void a_record_that_killed_one_sweep_comes_last(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    open_world(NULL, steps, 1);
    put_owed(0, 9000);
    put_owed(1, 8000);
    die_over(LEDGER_CLAIMED, "alice.aaaaaaaaaaaaaaaa");
    assert_string_equal(sweep_with("--verbose", EX_OK), "bob: the link was never opened, and is burned\n"
                                                        "alice: the link was never opened, and is burned\n");
    assert_int_equal(deaths_over(LEDGER_CLAIMED, "alice.aaaaaaaaaaaaaaaa"), 0);
    world_close(&w, 2);
}

static void what_killed_two_is_put_aside_unless_its_password_may_live(void **state) {
    record back = of(2, 100);
    const char *text;

    (void)state;
    open_world(NULL, NULL, 0);
    put_owed(0, 9000);
    put_pending(1, 3601);
    snprintf(back.hash, sizeof back.hash, "$5$c$never-set");
    put(LEDGER_ISSUING, &back);
    for (int i = 0; i < 2; i++) {
        die_over(LEDGER_CLAIMED, "alice.aaaaaaaaaaaaaaaa");
        die_over(LEDGER_PENDING, "bob");
        die_over(LEDGER_ISSUING, "carol");
    }
    text = sweep_with(NULL, EX_SOFTWARE);
    assert_told(text, "2 sweeps in a row died over the record " OTSD_STATE_DIR "/claimed/alice.aaaaaaaaaaaaaaaa; it is "
                      "kept in aside/, and its link is not burned: look at it, then remove it");
    assert_told(text, "2 sweeps in a row died over the record " OTSD_STATE_DIR "/issuing/carol; it is kept in aside/, "
                      "and no account has its password: look at it, then remove it");
    assert_told(text, "2 sweeps in a row died over the record " OTSD_STATE_DIR "/pending/bob; the server is not asked "
                      "about it any more, and its deadline holds");
    assert_int_equal(world_count(&w, LEDGER_ASIDE), 2);
    assert_shadow("bob:!*");
    world_close(&w, 0);
}

static void a_question_that_killed_one_is_asked_last(void **state) {
    const struct step steps[] = {world_receipt(&(said){.state = "new"})};

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 1000);
    put_pending(1, 900);
    die_over(LEDGER_PENDING, "alice");
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    assert_true(on_disk(LEDGER_PENDING, "alice").checked_at > 0);
    assert_int_equal(deaths_over(LEDGER_PENDING, "alice"), 0);
    world_close(&w, 2);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("that a link was opened is learnt while its hand-off is open",
             that_a_link_was_opened_is_learnt_while_it_is_open),
        TEST("one that was not opened is asked for again in its time",
             one_that_was_not_opened_is_asked_for_again_in_its_time),
        TEST("a receipt that cannot be read is told, and waits its turn",
             a_receipt_that_cannot_be_read_is_told_and_waits_its_turn),
        TEST("a server that is away is asked no more", a_server_that_is_away_is_asked_no_more),
        TEST("an answer of use between two failures starts anew", an_answer_of_use_between_them_starts_anew),
        TEST("a limit of burns is none of questions", a_limit_is_one_of_its_kind),
        TEST("what is owed is burned, and said", what_is_owed_is_burned_and_said),
        TEST("what needs no server is done without", what_needs_no_server_is_done_without),
        TEST("a next try has its time, unless told", a_next_try_has_its_time_unless_told),
        TEST("what cannot be read is set aside, and stops nothing", what_cannot_be_read_is_set_aside_and_stops_nothing),
        TEST("what others hold is named, and left", what_others_hold_is_named_and_left),
        TEST("a record that killed one sweep comes last", a_record_that_killed_one_sweep_comes_last),
        TEST("what killed two is put aside, unless its password may live",
             what_killed_two_is_put_aside_unless_its_password_may_live),
        TEST("a question that killed one is asked last", a_question_that_killed_one_is_asked_last),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - sweep and server # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
