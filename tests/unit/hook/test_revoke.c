/* SPDX-License-Identifier: MIT
 *
 * otsd-hook revoke, whole, on a real ledger and shadow file: what is dead afterwards, what is owed, and that whoever
 * typed it is told what failed and what state things are in.
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

#include "commanded.h"
#include "handoff_world.h"
#include "private_world.h"

#define HASH "$5$a$generated"

static world w;

/* In place of libc's: whoever waits for a record counts its pauses, and is through with them at once. */
int nanosleep(const struct timespec *pause, struct timespec *rest) {
    (void)pause;
    (void)rest;
    return 0;
}

static const char *run(const char *user, int expected) {
    return commanded_with(&command_revoke, user, expected);
}

static void put_shadow(const char *alices) {
    char text[500];

    snprintf(text, sizeof text, "alice:%s:0:0:99999:7:::\nbob:$5$b$bob:19000:0:99999:7:::\n", alices);
    put_file("/etc/shadow", text, 0640);
}

static void assert_shadow(const char *beginning) {
    char *text = get_file("/etc/shadow");

    assert_told(text, beginning);
    free(text);
}

static void put(ledger_state s, const record *r) {
    entry *e = world_put(&w, s, r);

    ledger_release(&e);
}

/* As an older hand-off of the user has it, whose burn is owed. */
static void put_owed(const char *user, char digit) {
    record r = world_record();

    snprintf(r.user, sizeof r.user, "%s", user);
    memset(r.id, digit, 16);
    r.reason = REASON_CHANGED;
    r.claimed_at = r.created;
    put(LEDGER_CLAIMED, &r);
}

static void open_pending(const char *more, const struct step *steps, size_t n) {
    record r = world_record();

    world_open(&w, more, steps, n);
    put_shadow(HASH);
    put(LEDGER_PENDING, &r);
}

static void assert_closed(const char *part, unsigned lines) {
    char *text = world_audit();

    if (world_times(text, "\"event\":\"closed\"") != lines || world_times(text, part) != lines)
        fail_msg("not %u lines with %s: %s", lines, part, text);
    free(text);
}

static void the_password_is_dead_and_the_link_burned(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    open_pending(NULL, steps, 1);
    assert_string_equal(run("alice", EX_OK), "alice: revoked; the link was never opened, and is burned\n");
    world_assert_asked(&w, 0, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_shadow("alice:!*");
    assert_int_equal(world_count(&w, LEDGER_PENDING) + world_count(&w, LEDGER_CLAIMED), 0);
    assert_closed("\"reason\":\"revoked\",\"outcome\":\"burned unread\"", 1);
    world_close(&w, 1);
}

static void one_that_was_opened_is_said_to_have_been(void **state) {
    const struct step opened[] = {
        WORLD_GONE, world_receipt(&(said){.state = "received", .secret_key = "", .received = 1700000000})};
    const struct step sometime[] = {WORLD_GONE, world_receipt(&(said){.state = "received", .secret_key = ""})};

    (void)state;
    open_pending(NULL, opened, 2);
    assert_told(run("alice", EX_OK), "alice: revoked; the link had been opened on 2023-11-14 ");
    world_close(&w, 2);
    open_pending(NULL, sometime, 2);
    assert_string_equal(run("alice", EX_OK), "alice: revoked; the link was opened\n");
    world_close(&w, 2);
}

/* And all of it: what did not work, why, that it is owed, and that nobody gets in by it. */
static void one_that_fails_says_what_failed_and_what_stands(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    const char *told;
    record r;
    problem p;

    (void)state;
    open_pending(NULL, steps, 1);
    told = run("alice", EX_TEMPFAIL);
    assert_told(told, "otsd-hook: alice: the secret is not burned yet: ");
    assert_told(told, "An unexpected error occurred");
    assert_told(told, "; the burn is owed: sweeps try again, otsd-hook sweep --now does at once");
    assert_told(told, "; alice's generated password is dead\n");
    assert_untold(told, "revoked");
    assert_shadow("alice:!*");
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_CLAIMED, "alice.0123456789abcdef", &r, &p), EX_OK);
    assert_int_equal(r.reason, REASON_REVOKED);
    assert_int_equal(r.attempts, 1);
    world_close(&w, 1);
}

/* The link is dead, and that is what is said; only the line about it is owed. */
static void one_whose_line_fails_says_that(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    const char *told;

    (void)state;
    open_pending(NULL, steps, 1);
    assert_int_equal(mkdir("/var/lib/audit", 0700), 0);
    assert_int_equal(mkdir(WORLD_AUDIT, 0700), 0);
    told = run("alice", EX_CANTCREAT);
    assert_told(told,
                "; alice's hand-off is over (the link was never opened, and is burned), and otsd-hook sweep writes "
                "that down\n");
    assert_untold(told, "password is dead");
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    world_close(&w, 1);
}

/* Without the token nobody can be asked; all that needs no server is done. */
static void without_a_server_the_burn_is_owed(void **state) {
    const char *told;

    (void)state;
    open_pending(NULL, NULL, 0);
    assert_int_equal(unlink("/etc/otsd/token"), 0);
    told = run("alice", EX_CONFIG);
    assert_told(told, "/etc/otsd/token");
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    assert_shadow("alice:!*");
    world_close(&w, 0);
}

/* The end is noted first, and the link needs no shadow file. */
static void where_the_password_stands_the_link_is_burned(void **state) {
    const struct step burned[] = {world_burned(&(said){0})}, trouble[] = {WORLD_TROUBLE};
    const char *told;
    record r;
    problem p;

    (void)state;
    open_pending(NULL, burned, 1);
    assert_int_equal(unlink("/etc/shadow"), 0);
    told = run("alice", EX_NOINPUT);
    assert_told(told, "; alice's generated password still stands there: otsd-hook sweep tries again, or lock the "
                      "account by hand; the link was never opened, and is burned\n");
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, "alice", &r, &p), EX_OK);
    assert_int_equal(r.reason, REASON_REVOKED);
    assert_int_equal(r.outcome, OUTCOME_BURNED);
    world_close(&w, 1);
    open_pending(NULL, trouble, 1);
    assert_int_equal(unlink("/etc/shadow"), 0);
    told = run("alice", EX_NOINPUT);
    assert_told(told, "; the link is not burned: alice: the secret is not burned yet: ");
    world_close(&w, 1);
}

static void what_is_owed_for_the_user_is_burned_and_nothing_of_others(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    const char *told;

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_owed("alice", 'a');
    put_owed("alice", 'b');
    put_owed("bob", 'c');
    put_owed("alic", 'd');
    put_owed("alice.x", 'e');
    told = run("alice", EX_OK);
    assert_int_equal(world_times(told, "alice: the password was changed; the link was never opened, and is burned\n"),
                     2);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 3);
    assert_true(access(OTSD_STATE_DIR "/claimed/bob.cccccccccccccccc", F_OK) == 0);
    assert_true(access(OTSD_STATE_DIR "/claimed/alic.dddddddddddddddd", F_OK) == 0);
    assert_true(access(OTSD_STATE_DIR "/claimed/alice.x.eeeeeeeeeeeeeeee", F_OK) == 0);
    assert_closed("\"user\":\"alice\"", 2);
    world_close(&w, 2);
}

/* Whichever of them it is, the others are burned. */
static void one_of_those_that_fails_is_told(void **state) {
    const struct step first[] = {WORLD_TROUBLE, world_burned(&(said){0})},
                      second[] = {world_burned(&(said){0}), WORLD_TROUBLE};

    (void)state;
    for (int i = 0; i < 2; i++) {
        world_open(&w, NULL, i == 0 ? first : second, 2);
        put_owed("alice", 'a');
        put_owed("alice", 'b');
        assert_told(run("alice", EX_TEMPFAIL), "alice: the secret is not burned yet: ");
        assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
        world_close(&w, 2);
    }
    world_open(&w, NULL, NULL, 0);
    put_file(OTSD_STATE_DIR "/claimed/alice.aaaaaaaaaaaaaaaa", "junk\n", 0600);
    assert_told(run("alice", EX_DATAERR), " (" OTSD_STATE_DIR "/claimed/alice.aaaaaaaaaaaaaaaa)");
    world_close(&w, 0);
}

static void who_has_none_is_told(void **state) {
    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_owed("bob", 'c');
    assert_string_equal(run("alice", EX_DATAERR), "otsd-hook: alice has no open hand-off; nothing was changed\n");
    assert_shadow("alice:!:19000:");
    world_close(&w, 0);
}

static void what_is_typed_wrong_changes_nothing(void **state) {
    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_told(run(NULL, EX_USAGE), "one user name is needed");
    assert_told(run("a/b", EX_USAGE), "\"a/b\" is not a user name: it has a slash in it");
    world_close(&w, 0);
}

static void an_interrupted_provision_is_undone(void **state) {
    const struct step steps[] = {world_burned(&(said){0})}, trouble[] = {WORLD_TROUBLE};
    record r = world_record();

    (void)state;
    world_open(&w, NULL, steps, 1);
    put(LEDGER_ISSUING, &r);
    assert_string_equal(run("alice", EX_OK),
                        "alice: an interrupted provision is undone; the account has its old password\n");
    assert_closed("\"reason\":\"provisioning aborted\",\"outcome\":\"burned unread\"", 1);
    assert_shadow("alice:!:19000:");
    world_close(&w, 1);
    world_open(&w, NULL, trouble, 1);
    put(LEDGER_ISSUING, &r);
    assert_told(run("alice", EX_TEMPFAIL), "alice: the secret is not burned yet: ");
    world_close(&w, 1);
}

static void one_whose_password_is_in_place_is_ended(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = world_record();

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_shadow(HASH);
    put(LEDGER_ISSUING, &r);
    assert_string_equal(run("alice", EX_OK), "alice: revoked; the link was never opened, and is burned\n");
    assert_shadow("alice:!*");
    assert_closed("\"reason\":\"revoked\"", 1);
    world_close(&w, 1);
}

/* A reissue that was interrupted: two records, and the older one's end does not hide what became of the other. */
static void of_two_that_fails_is_told_that_failed(void **state) {
    const struct step steps[] = {world_burned(&(said){0}), WORLD_TROUBLE};
    record r = world_record();
    const char *told;

    (void)state;
    open_pending(NULL, steps, 2);
    memset(r.id, 'f', 16);
    snprintf(r.hash, sizeof r.hash, "$5$a$anew");
    put(LEDGER_ISSUING, &r);
    told = run("alice", EX_TEMPFAIL);
    assert_told(told, "alice: revoked; the link was never opened, and is burned\n");
    assert_told(told, "otsd-hook: alice: the secret is not burned yet: ");
    assert_closed("\"reason\":\"revoked\"", 1);
    world_close(&w, 2);
}

static void one_whose_answer_was_lost_is_ended_and_what_may_live_is_told(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    record r = world_record();
    const char *told;

    (void)state;
    r.metadata_key[0] = r.hash[0] = '\0';
    r.created -= 100;
    world_open(&w, NULL, steps, 1);
    put(LEDGER_ISSUING, &r);
    told = run("alice", EX_OK);
    assert_told(told, "alice: the provision whose answer was lost is ended. If the server made a secret then, the link "
                      "that was mailed lives until 20");
    assert_untold(told, "old password");
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    world_close(&w, w.server.seen->requests);
    r.created = time(NULL);
    world_open(&w, NULL, steps, 1);
    put(LEDGER_ISSUING, &r);
    assert_told(run("alice", EX_TEMPFAIL), "alice: a provision was interrupted moments ago and the server may still "
                                           "be at it");
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, w.server.seen->requests);
}

static void one_under_way_goes_on(void **state) {
    record r = world_record();
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    e = world_put(&w, LEDGER_ISSUING, &r);
    assert_string_equal(run("alice", EX_TEMPFAIL),
                        "otsd-hook: alice is being provisioned at this moment; that goes on: revoke again\n");
    ledger_release(&e);
    world_close(&w, 0);
}

static void what_cannot_be_read_is_named_and_the_way_on(void **state) {
    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    assert_told(run("alice", EX_DATAERR),
                " (" OTSD_STATE_DIR "/pending/alice); nothing was changed: lock alice by hand\n");
    world_close(&w, 0);
    world_open(&w, NULL, NULL, 0);
    put_file(OTSD_STATE_DIR "/issuing/alice", "junk\n", 0600);
    assert_told(run("alice", EX_DATAERR), " (" OTSD_STATE_DIR "/issuing/alice): otsd-hook sweep deals with it\n");
    world_close(&w, 0);
}

/* Whoever holds it may hang: the password dies by its hash, and more is not claimed. */
static void a_record_in_other_hands_keeps_no_password_alive(void **state) {
    record r = world_record();
    const char *told;
    entry *e;

    (void)state;
    for (int i = 0; i < 2; i++) {
        world_open(&w, NULL, NULL, 0);
        put_shadow(HASH);
        e = world_put(&w, LEDGER_PENDING, &r);
        if (i > 0)
            assert_int_equal(unlink("/etc/shadow"), 0);
        told = run("alice", EX_TEMPFAIL);
        assert_told(told, "otsd-hook: alice: ");
        assert_told(told, ") holds the record");
        if (i > 0)
            assert_told(told, "; nothing was changed: revoke again, or lock alice by hand\n");
        else
            assert_told(told, "; the generated password is dead, but the hand-off is not closed and its link not "
                              "burned: revoke again\n");
        if (i == 0)
            assert_shadow("alice:!*");
        ledger_release(&e);
        world_close(&w, 0);
    }
}

static void a_burn_in_other_hands_is_told(void **state) {
    record r = world_record();
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    r.reason = REASON_CHANGED;
    e = world_put(&w, LEDGER_CLAIMED, &r);
    assert_string_equal(run("alice", EX_TEMPFAIL), "otsd-hook: alice: another process is burning the secret\n");
    ledger_release(&e);
    world_close(&w, 0);
}

/* Where case matters that is another account; a person who means this one is told of it. */
static void a_name_in_other_letters_is_not_the_account(void **state) {
    const char *told;

    (void)state;
    open_pending(NULL, NULL, 0);
    told = run("ALICE", EX_DATAERR);
    assert_told(told, "otsd-hook: ALICE has no open hand-off; nothing was changed; alice has one, and the name service "
                      "does not say that it is the same account\n");
    assert_shadow("alice:" HASH);
    assert_untold(run("BOB", EX_DATAERR), "bob");
    world_close(&w, 0);
}

/* usermod -l, and no sweep has been here since. */
static void a_renamed_account_is_found_by_its_new_name(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = world_record();

    (void)state;
    world_open(&w, NULL, steps, 1);
    put(LEDGER_PENDING, &r);
    put_file(OTSD_STATE_DIR "/pending/zed", "junk\n", 0600);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\nalison:x:1001:1001::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "alison:" HASH ":0:0:99999:7:::\n", 0640);
    assert_string_equal(run("alison", EX_OK), "alison: revoked; the link was never opened, and is burned\n");
    assert_shadow("alison:!*");
    assert_int_equal(world_count(&w, LEDGER_PENDING), 1);
    assert_closed("\"user\":\"alison\"", 1);
    world_close(&w, 1);
}

/* Of another account with that name nothing is ended. */
static void an_account_that_is_gone_is_told_to_be(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    open_pending(NULL, steps, 1);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "root:*:0:0:99999:7:::\n", 0640);
    assert_string_equal(run("alice", EX_OK), "alice: the account is gone; the link was never opened, and is burned\n");
    assert_closed("\"reason\":\"account gone\"", 1);
    world_close(&w, 1);
}

#define COMMAND                                                                                                        \
    "password: { backend = \"command\"; command = \"/etc/set\"; lock_command = \"/etc/lock\"; };\n"                    \
    "handoff: { must_change = true; };\n"

static void who_has_arrived_keeps_the_password(void **state) {
    static const char *const arguments[] = {"--arrived", "alice", NULL};
    const struct step steps[] = {world_burned(&(said){0})}, trouble[] = {WORLD_TROUBLE};
    record r = world_record();
    char *text;

    (void)state;
    open_pending(NULL, NULL, 0);
    assert_int_equal(commanded(&command_revoke, arguments, &text), EX_USAGE);
    assert_told(text,
                "alice: whether the password was changed is looked at here, and otsd-hook sweep ends the hand-off "
                "when it was; nothing was changed\n");
    free(text);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 1);
    assert_shadow("alice:" HASH ":");
    world_close(&w, 0);
    world_open(&w, COMMAND, steps, 1);
    put_file("/etc/lock", "#!/bin/sh\ncat >/etc/locked\n", 0700);
    r.backend = BACKEND_COMMAND;
    put(LEDGER_PENDING, &r);
    assert_int_equal(commanded(&command_revoke, arguments, &text), EX_OK);
    assert_string_equal(text,
                        "alice: the person has arrived, as the administrator says; the link was never opened, and "
                        "is burned\n");
    free(text);
    assert_int_equal(access("/etc/locked", F_OK), -1);
    world_close(&w, 1);
    world_open(&w, COMMAND, trouble, 1);
    put(LEDGER_PENDING, &r);
    assert_int_equal(commanded(&command_revoke, arguments, &text), EX_TEMPFAIL);
    assert_told(text, "alice: the secret is not burned yet: ");
    assert_untold(text, "dead");
    free(text);
    world_close(&w, 1);
}

static void a_broken_configuration_keeps_no_password_alive(void **state) {
    const char *told;
    record r = world_record();

    (void)state;
    open_pending(NULL, NULL, 0);
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    told = run("alice", EX_CONFIG);
    assert_told(told, "/etc/otsd/otsd.conf");
    assert_told(told, "; the burn is owed, and otsd-hook sweep does it; alice's generated password is dead\n");
    assert_shadow("alice:!*");
    world_close(&w, 0);
    world_open(&w, NULL, NULL, 0);
    put_shadow(HASH);
    put(LEDGER_ISSUING, &r);
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    assert_told(run("alice", EX_CONFIG),
                "; alice's interrupted provision waits for it, and has no password that works\n");
    assert_shadow("alice:!*");
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("the password is dead, and the link burned", the_password_is_dead_and_the_link_burned),
        TEST("of a link that was opened that is said", one_that_was_opened_is_said_to_have_been),
        TEST("one that fails says what failed, and what stands", one_that_fails_says_what_failed_and_what_stands),
        TEST("one whose audit line fails says that", one_whose_line_fails_says_that),
        TEST("without a server the burn is owed", without_a_server_the_burn_is_owed),
        TEST("where the password stands the link is burned", where_the_password_stands_the_link_is_burned),
        TEST("what is owed for the user is burned, and nothing of others",
             what_is_owed_for_the_user_is_burned_and_nothing_of_others),
        TEST("one of those that fails is told", one_of_those_that_fails_is_told),
        TEST("who has no hand-off is told so", who_has_none_is_told),
        TEST("what is typed wrong changes nothing", what_is_typed_wrong_changes_nothing),
        TEST("an interrupted provision is undone", an_interrupted_provision_is_undone),
        TEST("one whose password is in place is ended", one_whose_password_is_in_place_is_ended),
        TEST("of two the one is told that failed", of_two_that_fails_is_told_that_failed),
        TEST("one whose answer was lost is ended, and what may live is told",
             one_whose_answer_was_lost_is_ended_and_what_may_live_is_told),
        TEST("one under way goes on", one_under_way_goes_on),
        TEST("what cannot be read is named, and the way on", what_cannot_be_read_is_named_and_the_way_on),
        TEST("a record in other hands keeps no password alive", a_record_in_other_hands_keeps_no_password_alive),
        TEST("a burn in other hands is told", a_burn_in_other_hands_is_told),
        TEST("a name in other letters is not the account", a_name_in_other_letters_is_not_the_account),
        TEST("a renamed account is found by its new name", a_renamed_account_is_found_by_its_new_name),
        TEST("an account that is gone is told to be", an_account_that_is_gone_is_told_to_be),
        TEST("who has arrived keeps the password", who_has_arrived_keeps_the_password),
        TEST("a broken configuration keeps no password alive", a_broken_configuration_keeps_no_password_alive),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - revoke # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
