/* SPDX-License-Identifier: MIT
 *
 * What is remembered of hand-offs that are over: which ends count as what, who may begin anew, and that the file is
 * there before the record is gone, is the last one's, and holds no secret.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "handoff/closing.h"
#include "handoff_world.h"
#include "ledger/past.h"
#include "private_world.h"

#define DONE OTSD_STATE_DIR "/done/"
#define OF_ALICE DONE "alice.1001"

static world w;

static void what_an_end_leaves_behind(void **state) {
    static const past expected[REASON_COUNT] = {
        [REASON_CHANGED] = PAST_ARRIVED, [REASON_LOGIN] = PAST_ARRIVED,  [REASON_KEY_LOGIN] = PAST_ARRIVED,
        [REASON_ARRIVED] = PAST_ARRIVED, [REASON_DEADLINE] = PAST_ENDED, [REASON_REVOKED] = PAST_ENDED,
    };

    (void)state;
    for (reason r = REASON_NONE; r < REASON_COUNT; r++)
        if (past_of(r) != expected[r])
            fail_msg("%s", reason_word(r));
}

static void who_may_begin_anew(void **state) {
    static const struct {
        const char *promise;
        past was;
        bool again, force, lets;
    } rows[] = {
        {"nobody is remembered: as ever", PAST_NONE, false, false, true},
        {"ended here: not by the same batch again", PAST_ENDED, false, false, false},
        {"ended here: where that is asked for", PAST_ENDED, true, false, true},
        {"ended here, forced", PAST_ENDED, false, true, true},
        {"arrived: no second password", PAST_ARRIVED, false, false, false},
        {"arrived: not by --again", PAST_ARRIVED, true, false, false},
        {"arrived: by --force", PAST_ARRIVED, true, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (past_lets(rows[i].was, rows[i].again, rows[i].force) != rows[i].lets)
            fail_msg("%s", rows[i].promise);
}

static void names_are_taken_apart(void **state) {
    char user[USER_MAX + 1];
    int64_t uid;

    (void)state;
    assert_true(past_name("a.b.1001", user, &uid));
    assert_string_equal(user, "a.b");
    assert_int_equal(uid, 1001);
    assert_false(past_name(".0123456789abcdef", user, &uid));
    assert_false(past_name("alice", user, &uid));
    assert_false(past_name("alice.", user, &uid));
    assert_false(past_name("alice.10x", user, &uid));
    assert_false(past_name("alice.-1", user, &uid));
    assert_false(past_name(".1001", user, &uid));
}

static record ended(reason why, char id) {
    record r = world_record();

    memset(r.id, id, 16);
    r.reason = why;
    r.claimed_at = r.created;
    return r;
}

static past found(void) {
    past_view v;
    problem p;

    if (past_find(w.x.ledger, "alice", 1001, &v, &p) != EX_OK)
        fail_msg("%s", p.text);
    return v.was;
}

static void assert_notes(const record *r, past expected) {
    problem p;

    if (past_note(w.x.ledger, r, &p) != EX_OK)
        fail_msg("%s", p.text);
    assert_int_equal(found(), expected);
}

static void the_last_end_counts(void **state) {
    record r = ended(REASON_CHANGED, '1');
    past_view v;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(found(), PAST_NONE);
    assert_notes(&r, PAST_ARRIVED);
    assert_int_equal(past_find(w.x.ledger, "alice", 1001, &v, &p), EX_OK);
    assert_int_equal(v.reason, REASON_CHANGED);
    assert_int_equal(v.when, r.claimed_at);
    assert_int_equal(past_find(w.x.ledger, "alice", 1002, &v, &p), EX_OK); /* another account of that name */
    assert_int_equal(v.was, PAST_NONE);
    r = ended(REASON_REVOKED, '2');
    assert_notes(&r, PAST_ENDED);
    /* Nothing became of these. */
    r = ended(REASON_ABORTED, '3');
    assert_notes(&r, PAST_ENDED);
    r = ended(REASON_REISSUED, '4');
    assert_notes(&r, PAST_ENDED);
    r = ended(REASON_GONE, '5');
    assert_notes(&r, PAST_NONE);
    assert_int_equal(access(OF_ALICE, F_OK), -1);
    world_close(&w, 0);
}

/* A burn may be owed for days: what is known of a later hand-off is not replaced when it is paid. */
static void a_debt_that_is_paid_late_forgets_nothing(void **state) {
    record first = ended(REASON_REVOKED, '1'), second = ended(REASON_LOGIN, '2');
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    second.claimed_at += 10;
    assert_notes(&second, PAST_ARRIVED);
    assert_int_equal(past_keep(w.x.ledger, &first, &p), EX_OK);
    assert_int_equal(found(), PAST_ARRIVED);
    /* What could not be noted when it was claimed is noted now. */
    assert_notes(&first, PAST_ENDED);
    assert_int_equal(past_keep(w.x.ledger, &second, &p), EX_OK);
    assert_int_equal(found(), PAST_ARRIVED);
    world_close(&w, 0);
}

static void no_secret_is_in_it(void **state) {
    record r = ended(REASON_DEADLINE, '1');
    struct stat st;
    char *text;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    snprintf(r.passphrase, sizeof r.passphrase, "a word");
    snprintf(r.link, sizeof r.link, "https://x/secret/y");
    assert_notes(&r, PAST_ENDED);
    text = get_file(OF_ALICE);
    assert_non_null(strstr(text, "user=alice\nuid=1001\n"));
    assert_null(strstr(text, WORLD_KEY));
    assert_null(strstr(text, "$5$"));
    assert_null(strstr(text, "word"));
    assert_null(strstr(text, "secret"));
    assert_null(strstr(text, "@"));
    free(text);
    assert_int_equal(stat(OF_ALICE, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    world_close(&w, 0);
}

static void what_cannot_be_read_is_named_and_lets_nobody(void **state) {
    record r = ended(REASON_CHANGED, '1');
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_notes(&r, PAST_ARRIVED);
    put_file(OF_ALICE, "junk\n", 0600);
    assert_int_equal(past_check(w.x.ledger, "alice", 1001, true, false, &p), EX_DATAERR);
    assert_non_null(strstr(p.text, OF_ALICE " cannot be read (line 1 is not understood): look at it, then remove it"));
    assert_int_equal(past_check(w.x.ledger, "alice", 1001, true, true, &p), EX_OK);
    /* What comes next mends it. */
    assert_notes(&r, PAST_ARRIVED);
    assert_int_equal(chmod(OF_ALICE, 0644), 0);
    assert_int_equal(past_check(w.x.ledger, "alice", 1001, true, false, &p), EX_DATAERR);
    world_close(&w, 0);
}

/* Each end, from the claim to the removal: it is there before the record leaves pending/, and once that is gone. */
static void a_record_that_goes_leaves_it_behind(void **state) {
    (void)state;
    for (reason why = REASON_CHANGED; why < REASON_COUNT; why++) {
        const struct step steps[] = {world_burned(&(said){0})};
        record r = world_record();
        reason as_found;
        problem p;
        entry *e;

        world_open(&w, NULL, steps, 1);
        e = world_put(&w, why == REASON_ABORTED ? LEDGER_ISSUING : LEDGER_PENDING, &r);
        assert_int_equal(closing_claim(w.x.ledger, w.x.config, e, why, 1000, &p), EX_OK);
        as_found = (reason)entry_record(e)->reason; /* a deadline that finds another password is a change */
        assert_int_equal(found(), past_of(as_found));
        (void)unlink(OF_ALICE); /* as if it could not be written then */
        assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_OK);
        assert_int_equal(found(), past_of(as_found));
        ledger_release(&e);
        world_close(&w, 1);
    }
}

/* No record goes before it is remembered. */
static void a_record_stays_until_it_is_remembered(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = world_record(), kept;
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    e = world_put(&w, LEDGER_PENDING, &r);
    assert_int_equal(mkdir(OF_ALICE, 0700), 0); /* nothing can be put in its place */
    assert_int_equal(closing_claim(w.x.ledger, w.x.config, e, REASON_REVOKED, 1000, &p), EX_OK);
    assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_IOERR);
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_CLAIMED, "alice.0123456789abcdef", &kept, &p), EX_OK);
    assert_int_equal(kept.outcome, OUTCOME_BURNED);
    assert_int_equal(rmdir(OF_ALICE), 0);
    assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_OK);
    assert_int_equal(found(), PAST_ENDED);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 0);
    ledger_release(&e);
    world_close(&w, 1);
}

static int count_one(const char *name, void *arg) {
    assert_string_equal(name, "alice.1001");
    (*(int *)arg)++;
    return 0;
}

static void what_a_crash_left_is_passed_over(void **state) {
    record r = ended(REASON_REVOKED, '1'), far = ended(REASON_REVOKED, '2');
    problem p;
    int n = 0;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file(DONE ".1111111111111111", "torn", 0600); /* of this hand-off: it is written again */
    put_file(DONE ".2222222222222222", "torn", 0600);
    assert_notes(&r, PAST_ENDED);
    assert_int_equal(access(DONE ".1111111111111111", F_OK), -1);
    assert_int_equal(past_each(w.x.ledger, count_one, &n, &p), EX_OK);
    assert_int_equal(n, 1);
    assert_int_equal(access(DONE ".2222222222222222", F_OK), 0); /* it may be under way */
    far.local = 0;
    assert_int_equal(past_note(w.x.ledger, &far, &p), EX_OK);
    assert_int_equal(past_forget_local(w.x.ledger, "alice.1001", &p), EX_OK);
    assert_int_equal(found(), PAST_ENDED); /* of a directory: nobody knows that it is gone */
    assert_notes(&r, PAST_ENDED);
    assert_int_equal(past_forget_local(w.x.ledger, "alice.1001", &p), EX_OK);
    assert_int_equal(found(), PAST_NONE);
    world_close(&w, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each end leaves behind what it means", what_an_end_leaves_behind, NULL, NULL, NULL},
        {"ended here begins again where that is asked for, who has arrived only by force", who_may_begin_anew, NULL,
         NULL, NULL},
        {"names are taken apart", names_are_taken_apart, NULL, NULL, NULL},
    };
    const struct CMUnitTest in_world[] = {
        {"the last end counts, for that name and uid", the_last_end_counts, NULL, NULL, NULL},
        {"a debt that is paid late forgets nothing", a_debt_that_is_paid_late_forgets_nothing, NULL, NULL, NULL},
        {"no key, hash, link or address is in it, and it is root's", no_secret_is_in_it, NULL, NULL, NULL},
        {"what cannot be read is named, and lets nobody begin", what_cannot_be_read_is_named_and_lets_nobody, NULL,
         NULL, NULL},
        {"a record that goes leaves it behind", a_record_that_goes_leaves_it_behind, NULL, NULL, NULL},
        {"a record stays until it is remembered", a_record_stays_until_it_is_remembered, NULL, NULL, NULL},
        {"what a crash left is passed over; only a local account is forgotten", what_a_crash_left_is_passed_over, NULL,
         NULL, NULL},
    };
    int failures;

    cmocka_set_message_output(CM_OUTPUT_TAP);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    if (world_possible())
        failures += cmocka_run_group_tests(in_world, NULL, NULL);
    else
        puts("1..1\nok 1 - what is remembered # SKIP needs root and namespaces");
    return failures;
}
