/* SPDX-License-Identifier: MIT
 *
 * The last steps of a hand-off on a real ledger and shadow file, the ways back, and all steps in a row.
 */
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

#include "issue_steps.h"
#include "private_world.h"

static world w;

static void answered_and_hashed(issue *i) {
    issue_was_answered(&w, i);
    assert_int_equal(issue_hash(&w.x, i), EX_OK);
}

static void the_hash_is_on_the_disk_and_the_value_is_not_needed_any_more(void **state) {
    issue i = issue_of_alice();
    record r;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    r = issue_on_disk(&w, LEDGER_ISSUING, "alice");
    assert_memory_equal(r.hash, "$5$", 3);
    assert_null(i.value);
    assert_int_equal(r.storing, 0);
    issue_end(&i);
    world_close(&w, 0);
}

static void assert_shadow_line(const char *beginning) {
    char *text = get_file("/etc/shadow");

    if (!strstr(text, beginning))
        fail_msg("no %s in %s", beginning, text);
    free(text);
}

static void a_password_is_stored_and_must_be_changed(void **state) {
    issue i = issue_of_alice(), *one = &i;
    char line[500];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    issue_store(&w.x, &one, 1);
    assert_int_equal(i.why.code, EX_OK);
    assert_true(i.stored);
    assert_false(i.unsure);
    snprintf(line, sizeof line, "alice:%s:0:", issue_on_disk(&w, LEDGER_ISSUING, "alice").hash);
    assert_shadow_line(line);
    issue_end(&i);
    world_close(&w, 0);
}

static void who_has_a_password_keeps_it(void **state) {
    issue a = issue_of_alice(), b = issue_of_alice();
    issue *both[] = {&b, &a};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    b.user = "bob";
    answered_and_hashed(&a);
    answered_and_hashed(&b);
    issue_store(&w.x, both, 2);
    assert_true(a.stored);
    assert_false(b.stored);
    assert_int_equal(b.why.code, EX_NOPERM);
    assert_false(b.unsure);
    assert_shadow_line("bob:$5$b$bob:19000:");
    /* The old hash is named, or force is given: then it is replaced. */
    b.replaces = "$5$b$other";
    issue_store(&w.x, both, 1);
    assert_false(b.stored);
    b.replaces = "$5$b$bob";
    issue_store(&w.x, both, 1);
    assert_true(b.stored);
    issue_end(&a);
    issue_end(&b);
    world_close(&w, 0);
}

static void force_replaces_any_password(void **state) {
    issue i = issue_of_alice(), *one = &i;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    i.user = "bob";
    i.force = true;
    answered_and_hashed(&i);
    issue_store(&w.x, &one, 1);
    assert_true(i.stored);
    issue_end(&i);
    world_close(&w, 0);
}

#define COMMAND                                                                                                        \
    "password: { backend = \"command\"; command = \"/etc/set\"; lock_command = \"/etc/lock\"; };\n"                    \
    "handoff: { must_change = true; };\n"

static void put_commands(const char *set) {
    char text[500];

    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", set);
    put_file("/etc/set", text, 0700);
    put_file("/etc/lock", "#!/bin/sh\ncat >/etc/locked\n", 0700);
}

/* Nobody can look later, so the record says that it may have been done before anything is. */
static void a_command_is_started_after_the_record_says_so(void **state) {
    issue i = issue_of_alice(), *one = &i;
    char *text;

    (void)state;
    world_open(&w, COMMAND, NULL, 0);
    put_commands("cp " OTSD_STATE_DIR "/issuing/alice /etc/seen; cat >/etc/got");
    answered_and_hashed(&i);
    assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").hash, "");
    issue_store(&w.x, &one, 1);
    assert_true(i.stored);
    assert_null(i.value);
    text = get_file("/etc/got");
    assert_string_equal(text, "alice:" VALUE "\n");
    free(text);
    text = get_file("/etc/seen");
    assert_non_null(strstr(text, "\nstoring=1\n"));
    free(text);
    issue_end(&i);
    world_close(&w, 0);
}

static void a_command_that_was_killed_leaves_it_unsure(void **state) {
    issue a = issue_of_alice(), *one = &a;

    (void)state;
    world_open(&w, COMMAND, NULL, 0);
    put_commands("cat >/dev/null; kill -9 $$");
    answered_and_hashed(&a);
    issue_store(&w.x, &one, 1);
    assert_false(a.stored);
    assert_true(a.unsure);
    assert_non_null(strstr(
        a.why.text, "; the password may be set: the record stays in issuing/, and otsd-hook sweep keeps the hand-off "
                    "open, as unsure; if the password does not work then, otsd-hook reissue"));
    assert_true(ledger_has(w.x.ledger, LEDGER_ISSUING, "alice"));
    issue_end(&a);
    world_close(&w, 0);
}

static void a_reissue_that_is_unsure_burns_the_older_link(void **state) {
    issue a = issue_of_alice(), *one = &a;

    (void)state;
    world_open(&w, COMMAND, NULL, 0);
    put_commands("cat >/dev/null; exit 1");
    answered_and_hashed(&a);
    a.reissue = true;
    issue_store(&w.x, &one, 1);
    assert_true(a.unsure);
    assert_non_null(strstr(a.why.text, "keeps the hand-off open, as unsure, and burns the older link; if the password "
                                       "does not work then, otsd-hook reissue"));
    issue_end(&a);
    world_close(&w, 0);
}

static void a_command_that_says_no_may_have_done_it(void **state) {
    issue a = issue_of_alice(), *one = &a;

    (void)state;
    world_open(&w, COMMAND, NULL, 0);
    put_commands("cat >/dev/null; exit 3");
    answered_and_hashed(&a);
    issue_store(&w.x, &one, 1);
    assert_false(a.stored);
    assert_true(a.unsure);
    assert_int_equal(a.why.code, EX_UNAVAILABLE);
    issue_end(&a);
    world_close(&w, 0);
}

static void what_failed_before_is_not_stored(void **state) {
    issue a = issue_of_alice(), c = issue_of_alice();
    issue *both[] = {&a, &c};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    c.user = "carol";
    c.force = true;
    answered_and_hashed(&a);
    answered_and_hashed(&c);
    assert_int_equal(unlink("/etc/shadow"), 0);
    issue_store(&w.x, both, 2);
    assert_false(a.stored || c.stored);
    assert_int_equal(a.why.code, EX_NOINPUT);
    assert_true(a.unsure); /* nobody can look */
    issue_end(&a);
    issue_end(&c);
    world_close(&w, 0);
}

static void a_handoff_opens(void **state) {
    issue i = issue_of_alice(), *one = &i;
    problem unlogged;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    assert_int_equal(issue_arm(&w.x, &one, 1, &unlogged), EX_OK);
    assert_int_equal(i.why.code, EX_OK);
    assert_true(ledger_has(w.x.ledger, LEDGER_PENDING, "alice"));
    issue_end(&i);
    world_close(&w, 0);
}

static void where_it_does_not_open_the_password_is_set(void **state) {
    issue i = issue_of_alice(), *one = &i;
    problem unlogged;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    assert_int_equal(issue_arm(&w.x, &one, 1, &unlogged), EX_OK);
    assert_int_equal(i.why.code, EX_DATAERR);
    assert_non_null(strstr(i.why.text, "; the password is set: otsd-hook sweep arms the hand-off"));
    issue_end(&i);
    world_close(&w, 0);
}

static unsigned lines_with(const char *part) {
    char *text = world_audit();
    unsigned n = world_times(text, part);

    free(text);
    return n;
}

static void an_undo_burns_by_the_key(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    issue i = issue_of_alice();

    (void)state;
    world_open(&w, NULL, steps, 1);
    issue_was_answered(&w, &i);
    problem_set(&i.why, EX_DATAERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why; the secret is burned and nothing was changed");
    assert_int_equal(i.why.code, EX_DATAERR);
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    assert_int_equal(lines_with("\"reason\":\"provisioning aborted\",\"outcome\":\"burned unread\""), 1);
    issue_end(&i);
    world_close(&w, 1);
}

static void an_undo_whose_burn_fails_is_owed(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    issue i = issue_of_alice();

    (void)state;
    world_open(&w, NULL, steps, 1);
    issue_was_answered(&w, &i);
    problem_set(&i.why, EX_DATAERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_memory_equal(i.why.text,
                        "alice: why; the account is untouched, but the secret is not known to be dead (alice: ", 80);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    issue_end(&i);
    world_close(&w, 1);
}

/* The disk did not take the key: it is in memory only. */
static void a_key_that_could_not_be_saved_is_used_before_it_is_lost(void **state) {
    const struct step steps[] = {WORLD_GONE,
                                 world_receipt(&(said){.state = "received", .secret_key = "", .received = 1700000000})};
    issue i = issue_of_alice();

    (void)state;
    world_open(&w, NULL, steps, 2);
    issue_begun(&w, &i);
    snprintf(entry_record(i.entry)->metadata_key, KEY_MAX, WORLD_KEY);
    problem_set(&i.why, EX_IOERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why; nothing was changed; the link was opened");
    world_assert_asked(&w, 0, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_int_equal(
        lines_with("\"reason\":\"provisioning aborted\",\"outcome\":\"opened\",\"opened_at\":\"2023-11-14"), 1);
    issue_end(&i);
    world_close(&w, 2);
}

#define WILL_BURN "; the account is untouched, and otsd-hook sweep looks for what the server may have made"

static void where_that_fails_its_mark_is_left(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    issue i = issue_of_alice();

    (void)state;
    world_open(&w, NULL, steps, 1);
    issue_begun(&w, &i);
    snprintf(entry_record(i.entry)->metadata_key, KEY_MAX, WORLD_KEY);
    problem_set(&i.why, EX_IOERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why" WILL_BURN);
    assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").metadata_key, "");
    world_assert_asked(&w, 1, "GET /api/v1/private/recent");
    issue_end(&i);
    world_close(&w, 2);
}

static void a_drop_removes_the_intent(void **state) {
    issue i = issue_of_alice();

    (void)state;
    world_open(&w, NULL, NULL, 0);
    issue_begun(&w, &i);
    problem_set(&i.why, EX_DATAERR, "alice: why");
    issue_drop(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why; nothing was changed");
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    issue_end(&i);
    world_close(&w, 0);
}

static int run(issue *i, problem *p) {
    turn t;

    assert_int_equal(turn_begin(&t, &w.x, i->user, 1000, p), EX_OK);
    return issue_run(&w.x, i, &t, p);
}

static void all_steps_in_a_row(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = VALUE, .recipient = MASKED})};
    issue i = issue_of_alice();
    char line[500];
    record r;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(run(&i, &p), EX_OK);
    world_assert_asked(&w, 0, "POST /api/v1/generate");
    assert_true(i.stored);
    r = issue_on_disk(&w, LEDGER_PENDING, "alice");
    assert_int_equal(r.deadline, r.created + i.ttl_asked);
    snprintf(line, sizeof line, "alice:%s:0:", r.hash);
    assert_shadow_line(line);
    assert_int_equal(lines_with("\"event\":\"issued\""), 1);
    issue_end(&i);
    world_close(&w, 1);
}

#define BURNED_NOW "; the secret is burned and nothing was changed"

/* How one ends that fails, step by step; what the person is told, what is left in the ledger, how many requests. */
static void each_way_to_fail_leaves_the_account_untouched(void **state) {
    static const struct {
        const char *json; /* NULL: a receipt, of what was made */
        said made;
        const char *end;
        int status, code, issuing, claimed;
        unsigned requests;
    } rows[] = {
        {"{\"message\":\"You cannot do that\"}", {0}, "; nothing was changed", 404, EX_DATAERR, 0, 0, 1},
        {"{\"message\":\"An unexpected error occurred\"}", {0}, WILL_BURN, 500, EX_TEMPFAIL, 1, 0, 2},
        {NULL, {.value = "short", .recipient = MASKED}, BURNED_NOW, 200, EX_PROTOCOL, 0, 0, 2},
        {NULL, {.value = VALUE}, BURNED_NOW, 200, EX_DATAERR, 0, 0, 2},
    };

    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct step steps[2];
        issue i = issue_of_alice();
        problem p;

        steps[0] = rows[k].json ? world_answer(rows[k].status, rows[k].json) : world_receipt(&rows[k].made);
        steps[1] = rows[k].json ? WORLD_TROUBLE : world_burned(&(said){0});
        world_open(&w, NULL, steps, 2);
        assert_int_equal(run(&i, &p), rows[k].code);
        assert_string_equal(p.text + strlen(p.text) - strlen(rows[k].end), rows[k].end);
        assert_false(i.stored);
        assert_shadow_line("alice:!:19000:");
        assert_int_equal(world_count(&w, LEDGER_ISSUING), rows[k].issuing);
        assert_int_equal(world_count(&w, LEDGER_CLAIMED), rows[k].claimed);
        assert_int_equal(world_count(&w, LEDGER_PENDING), 0);
        issue_end(&i);
        world_close(&w, rows[k].requests);
    }
}

static void a_lost_answer_is_looked_for_at_once(void **state) {
    issue i = issue_of_alice();
    struct step steps[] = {{STEP_CLOSE, ""}, {STEP_ANSWER, NULL}, world_burned(&(said){0})};
    char list[1200];
    problem p;

    (void)state;
    i.ttl = 7; /* no mark: the ttl is known beforehand */
    snprintf(list, sizeof list, "[%s]",
             world_entry_text(&(said){.ttl = 7, .created = (long)time(NULL), .recipient = MASKED}));
    steps[1] = world_answer(200, list);
    world_open(&w, NULL, steps, 3);
    assert_int_equal(run(&i, &p), EX_UNAVAILABLE);
    world_assert_asked(&w, 1, "GET /api/v1/private/recent");
    world_assert_asked(&w, 2, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_non_null(strstr(p.text, "; the account is untouched; the link was never opened, and is burned"));
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    issue_end(&i);
    world_close(&w, 3);
}

static void what_may_be_set_is_not_undone(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = VALUE, .recipient = MASKED})};
    issue i = issue_of_alice();
    problem p;

    (void)state;
    world_open(&w, COMMAND, steps, 1);
    put_commands("cat >/dev/null; kill -9 $$");
    assert_int_equal(run(&i, &p), EX_OSERR);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").metadata_key, WORLD_KEY);
    issue_end(&i);
    world_close(&w, 1);
}

static void one_that_cannot_begin_asks_nobody(void **state) {
    record r = world_record();
    issue i = issue_of_alice();
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    e = world_put(&w, LEDGER_ISSUING, &r);
    ledger_release(&e);
    assert_int_equal(run(&i, &p), LEDGER_TAKEN);
    issue_end(&i);
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("the hash is on the disk, and the value gone",
             the_hash_is_on_the_disk_and_the_value_is_not_needed_any_more),
        TEST("a password is stored, and must be changed", a_password_is_stored_and_must_be_changed),
        TEST("who has a password keeps it, unless its hash is named", who_has_a_password_keeps_it),
        TEST("force replaces any password", force_replaces_any_password),
        TEST("a command is started after the record says so", a_command_is_started_after_the_record_says_so),
        TEST("a command that was killed leaves it unsure", a_command_that_was_killed_leaves_it_unsure),
        TEST("a reissue that is unsure burns the older link", a_reissue_that_is_unsure_burns_the_older_link),
        TEST("a command that says no may have done it", a_command_that_says_no_may_have_done_it),
        TEST("where the shadow file cannot be read nothing is stored", what_failed_before_is_not_stored),
        TEST("a hand-off opens", a_handoff_opens),
        TEST("where it does not open, a person is told that the password is set",
             where_it_does_not_open_the_password_is_set),
        TEST("an undo burns by the key", an_undo_burns_by_the_key),
        TEST("an undo whose burn fails is owed", an_undo_whose_burn_fails_is_owed),
        TEST("a key that could not be saved is used before it is lost",
             a_key_that_could_not_be_saved_is_used_before_it_is_lost),
        TEST("where that fails, the intent's mark is left", where_that_fails_its_mark_is_left),
        TEST("a drop removes the intent", a_drop_removes_the_intent),
        TEST("all steps in a row", all_steps_in_a_row),
        TEST("each way to fail leaves the account untouched", each_way_to_fail_leaves_the_account_untouched),
        TEST("a lost answer is looked for at once", a_lost_answer_is_looked_for_at_once),
        TEST("what may be set is not undone", what_may_be_set_is_not_undone),
        TEST("one that cannot begin asks nobody", one_that_cannot_begin_asks_nobody),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the last steps of a hand-off # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
