/* SPDX-License-Identifier: MIT
 *
 * otsd-hook sweep, whole, on a real ledger and shadow file: what it does alone, with whatever is broken.
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
#include "ledger/past.h"
#include "private_world.h"
#include "sweep_world.h"

/* In place of libc's: a sweep would fill whatever it frees, some twenty megabytes each time, and here nobody looks. */
int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 1;
}

static void past_its_deadline_a_password_is_dead_and_its_link_burned(void **state) {
    const struct step steps[] = {world_burned(&(said){0})}, away[] = {{STEP_CLOSE, ""}};

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 3601);
    put_pending(1, 0);
    assert_string_equal(sweep_with("--verbose", EX_OK), "alice: the deadline has passed\n"
                                                        "alice: the link was never opened, and is burned\n");
    assert_shadow("alice:!*");
    assert_shadow("bob:$5$b$generated:");
    assert_true(is_there(LEDGER_PENDING, "bob"));
    assert_audit("\"reason\":\"deadline\"", 1);
    world_close(&w, 1);
    open_world(NULL, away, 1);
    put_pending(0, 3601);
    (void)sweep_with(NULL, EX_UNAVAILABLE);
    assert_shadow("alice:!*");
    assert_true(is_there(LEDGER_CLAIMED, "alice.aaaaaaaaaaaaaaaa"));
    world_close(&w, w.server.seen->requests);
}

static void a_password_that_was_changed_ends_it(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 100);
    put_file("/etc/shadow", "alice:$5$x$own:20000:0:99999:7:::\n", 0640);
    assert_told(sweep_with("--verbose", EX_OK), "alice: the password was changed\n");
    assert_shadow("alice:$5$x$own:20000:");
    assert_audit("\"reason\":\"password changed\",\"outcome\":\"burned unread\"", 1);
    world_close(&w, 1);
}

static void without_its_shadow_file_nothing_ends_but_links_that_are_over(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r;

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 3601);
    put_pending(1, 100);
    assert_int_equal(unlink("/etc/shadow"), 0);
    (void)sweep_with(NULL, EX_NOINPUT);
    r = on_disk(LEDGER_PENDING, "alice");
    assert_int_equal(r.reason, REASON_DEADLINE);
    assert_int_equal(r.outcome, OUTCOME_BURNED);
    assert_int_equal(on_disk(LEDGER_PENDING, "bob").reason, REASON_NONE);
    /* What was noted holds; the password dies once it can. */
    put_shadow();
    assert_told(sweep_with("--verbose", EX_OK), "alice: the deadline has passed\n");
    assert_shadow("alice:!*");
    assert_audit("\"reason\":\"deadline\",\"outcome\":\"burned unread\"", 1);
    world_close(&w, 1);
}

/* Noted once, and the hand-off goes on: the account came back, a clock was put right. */
static void what_was_noted_and_no_longer_holds_is_taken_back(void **state) {
    record r = of(0, 100);

    (void)state;
    open_world(NULL, NULL, 0);
    r.reason = REASON_GONE;
    r.claimed_at = r.created;
    r.gone_seen = 2;
    r.gone_since = 50;
    put(LEDGER_PENDING, &r);
    assert_string_equal(sweep_with("--verbose", EX_OK), "");
    r = on_disk(LEDGER_PENDING, "alice");
    assert_int_equal(r.reason, REASON_NONE);
    assert_int_equal(r.claimed_at, 0);
    assert_int_equal(r.gone_seen, 0);
    assert_int_equal(r.gone_since, 0);
    world_close(&w, 0);
}

static void an_account_that_is_renamed_keeps_its_handoff(void **state) {
    (void)state;
    open_world(NULL, NULL, 0);
    put_pending(0, 100);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\nalison:x:1001:1001::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "alison:" HASH ":0:0:99999:7:::\n", 0640);
    assert_string_equal(sweep_with("--verbose", EX_OK), "alison: the account was renamed; its hand-off goes on\n");
    assert_false(is_there(LEDGER_PENDING, "alice"));
    assert_string_equal(on_disk(LEDGER_PENDING, "alison").user, "alison");
    assert_shadow("alison:" HASH);
    world_close(&w, 0);
}

static void an_account_that_is_gone_ends_it_and_is_forgotten(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    past_view was;
    problem p;
    record r = of(1, 100);

    (void)state;
    open_world(NULL, steps, 1);
    r.reason = REASON_CHANGED;
    assert_int_equal(past_note(w.x.ledger, &r, &p), EX_OK);
    put_pending(0, 100);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\nbob:x:1002:1002::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "bob:$5$b$bob:19000:0:99999:7:::\n", 0640);
    assert_told(sweep_with("--verbose", EX_OK), "alice: the account is gone\n");
    assert_audit("\"reason\":\"account gone\"", 1);
    assert_int_equal(past_find(w.x.ledger, "bob", 1002, &was, &p), EX_OK);
    assert_int_equal(was.was, PAST_ARRIVED);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\nbob:x:1003:1003::/:/bin/sh\n", 0644);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    assert_int_equal(past_find(w.x.ledger, "bob", 1002, &was, &p), EX_OK);
    assert_int_equal(was.was, PAST_NONE);
    world_close(&w, 1);
}

#define COMMAND                                                                                                        \
    "password: { backend = \"command\"; command = \"/etc/set\"; lock_command = \"/etc/lock\"; };\n"                    \
    "handoff: { must_change = true; };\n"

/* An account of a name service: "there is none" is what it says in an outage, too. */
static void one_that_is_missed_is_gone_after_three_sweeps_and_six_hours(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = of(0, 7 * 3600);
    entry *e;
    problem p;

    (void)state;
    open_world(COMMAND, steps, 1);
    r.backend = BACKEND_COMMAND;
    r.ttl_asked = 86400;
    r.deadline = r.created + 86400;
    r.local = 0;
    r.checked_at = time(NULL); /* so that nobody asks */
    r.granted = 0;
    put(LEDGER_PENDING, &r);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "root:*:0:0:99999:7:::\n", 0640);
    (void)sweep_with(NULL, EX_OK);
    r = on_disk(LEDGER_PENDING, "alice");
    assert_int_equal(r.gone_seen, 1);
    assert_in_range(r.gone_since, 7 * 3600, 7 * 3600 + 100);
    (void)sweep_with("--now", EX_OK); /* a person, who may call that ten times */
    assert_int_equal(on_disk(LEDGER_PENDING, "alice").gone_seen, 1);
    (void)sweep_with(NULL, EX_OK);
    (void)sweep_with(NULL, EX_OK);
    r = on_disk(LEDGER_PENDING, "alice");
    assert_int_equal(r.gone_seen, 3);
    assert_int_equal(r.reason, REASON_NONE);
    assert_int_equal(ledger_find(w.x.ledger, LEDGER_PENDING, "alice", 0, &e, &p), EX_OK);
    entry_record(e)->gone_since = 100;
    assert_int_equal(ledger_save(e, &p), EX_OK);
    ledger_release(&e);
    assert_told(sweep_with("--verbose", EX_OK), "alice: the account is gone\n");
    assert_int_equal(world_count(&w, LEDGER_PENDING), 0);
    world_close(&w, w.server.seen->requests);
}

/* Told once; its link is burned all the same. */
static void what_nobody_can_look_at_is_told_once_and_its_link_burned(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = of(0, 3601);
    const char *text;

    (void)state;
    open_world(COMMAND, steps, 1);
    put_file("/etc/lock", "#!/bin/sh\ncat >/etc/locked\n", 0700);
    r.backend = BACKEND_COMMAND;
    put(LEDGER_PENDING, &r);
    text = sweep_with(NULL, EX_OK);
    assert_told(text, "alice: the deadline has passed, and nobody can look whether the password is still the generated "
                      "one: it is not locked. otsd-hook revoke locks it");
    r = on_disk(LEDGER_PENDING, "alice");
    assert_true(r.unseen > 0);
    assert_int_equal(r.outcome, OUTCOME_BURNED);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    assert_int_equal(on_disk(LEDGER_PENDING, "alice").unseen, r.unseen);
    assert_int_equal(access("/etc/locked", F_OK), -1);
    world_close(&w, 1);
}

static void an_interrupted_provision_goes_forward_or_back(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record forward = of(0, 0), back = of(1, 0);

    (void)state;
    open_world(NULL, steps, 1);
    snprintf(back.hash, sizeof back.hash, "$5$b$never-set");
    put(LEDGER_ISSUING, &forward);
    put(LEDGER_ISSUING, &back);
    assert_string_equal(sweep_with("--verbose", EX_OK), "alice: an interrupted provision is armed\n"
                                                        "bob: an interrupted provision is undone\n");
    assert_true(is_there(LEDGER_PENDING, "alice"));
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    assert_audit("\"event\":\"issued\"", 1);
    assert_audit("\"reason\":\"provisioning aborted\"", 1);
    world_close(&w, 1);
}

static void one_that_may_be_set_is_armed_as_unsure_and_told(void **state) {
    record r = of(0, 0);

    (void)state;
    open_world(COMMAND, NULL, 0);
    r.backend = BACKEND_COMMAND;
    r.storing = 1;
    put(LEDGER_ISSUING, &r);
    assert_told(sweep_with(NULL, EX_OK), "alice: password.command failed or was interrupted, and the password may be "
                                         "set: the hand-off is armed, as unsure");
    assert_int_equal(on_disk(LEDGER_PENDING, "alice").unsure, 1);
    world_close(&w, 0);
}

static void one_whose_answer_was_lost_long_ago_is_over_without_a_server(void **state) {
    record r = of(0, 3600 + 1000);

    (void)state;
    open_world(NULL, NULL, 0);
    r.metadata_key[0] = r.hash[0] = '\0';
    put(LEDGER_ISSUING, &r);
    assert_told(sweep_with("--verbose", EX_OK), "alice: an interrupted provision is over\n");
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    world_close(&w, 0);
}

/* Its hash never came: no account is locked for that, one without a password least of all. */
static void one_without_a_hash_locks_nobody(void **state) {
    record r = of(0, 3601);
    problem p;
    entry *e;

    (void)state;
    open_world(NULL, NULL, 0);
    put_file("/etc/shadow", "alice::0:0:99999:7:::\n", 0640);
    r.hash[0] = '\0';
    e = world_put(&w, LEDGER_ISSUING, &r);
    (void)sweep_with(NULL, EX_OK);
    assert_shadow("alice::0:");
    ledger_release(&e);
    world_close(&w, 0);
    /* Where nobody can look the command would be run, had it been told to set anything. */
    open_world("password: { backend = \"command\"; command = \"/etc/set\"; lock_command = \"/etc/lock\"; lock_unseen = "
               "true; };\n",
               NULL, 0);
    put_file("/etc/lock", "#!/bin/sh\ncat >/etc/locked\n", 0700);
    r.backend = BACKEND_COMMAND;
    e = world_put(&w, LEDGER_ISSUING, &r);
    (void)sweep_with(NULL, EX_OK);
    assert_int_equal(access("/etc/locked", F_OK), -1);
    entry_record(e)->storing = 1;
    assert_int_equal(ledger_save(e, &p), EX_OK);
    (void)sweep_with(NULL, EX_OK);
    assert_int_equal(access("/etc/locked", F_OK), 0);
    ledger_release(&e);
    world_close(&w, 0);
}

/* Its password is the account's, and nobody armed it in time: where it cannot be armed it dies all the same. */
static void one_that_cannot_be_armed_has_a_deadline(void **state) {
    record r = of(0, 3601);
    entry *e;

    (void)state;
    open_world(NULL, NULL, 0);
    e = world_put(&w, LEDGER_ISSUING, &r);
    (void)sweep_with(NULL, EX_OK);
    assert_shadow("alice:!*");
    ledger_release(&e);
    world_close(&w, 0);
}

static void a_broken_configuration_keeps_no_password_alive(void **state) {
    const char *text;

    (void)state;
    open_world(NULL, NULL, 0);
    put_pending(0, 3601);
    put_owed(1, 9000);
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    text = sweep_with(NULL, EX_CONFIG);
    assert_told(text, "/etc/otsd/otsd.conf");
    assert_told(text, "; passwords whose time is over are made dead without it, and nothing else is done: no burn, no "
                      "recovery\n");
    assert_shadow("alice:!*");
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 2);
    assert_int_equal(ledger_stamped(w.x.ledger), 0);
    world_close(&w, 0);
}

static void one_that_came_to_its_end_says_when(void **state) {
    (void)state;
    open_world(NULL, NULL, 0);
    assert_string_equal(sweep_with(NULL, EX_OK), "");
    assert_in_range(ledger_stamped(w.x.ledger), time(NULL) - 100, time(NULL));
    assert_told(sweep_with("alice", EX_USAGE), "it takes no user name: it looks at every hand-off");
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("past its deadline a password is dead, and its link burned",
             past_its_deadline_a_password_is_dead_and_its_link_burned),
        TEST("a password that was changed ends it", a_password_that_was_changed_ends_it),
        TEST("without the shadow file nothing ends but links whose time is over",
             without_its_shadow_file_nothing_ends_but_links_that_are_over),
        TEST("what was noted and no longer holds is taken back", what_was_noted_and_no_longer_holds_is_taken_back),
        TEST("an account that is renamed keeps its hand-off", an_account_that_is_renamed_keeps_its_handoff),
        TEST("an account that is gone ends it, and is forgotten", an_account_that_is_gone_ends_it_and_is_forgotten),
        TEST("one that a name service misses is gone after three sweeps and six hours",
             one_that_is_missed_is_gone_after_three_sweeps_and_six_hours),
        TEST("what nobody can look at is told once, and its link burned",
             what_nobody_can_look_at_is_told_once_and_its_link_burned),
        TEST("an interrupted provision goes forward, or back", an_interrupted_provision_goes_forward_or_back),
        TEST("one that may be set is armed as unsure, and told", one_that_may_be_set_is_armed_as_unsure_and_told),
        TEST("one whose answer was lost long ago is over without a server",
             one_whose_answer_was_lost_long_ago_is_over_without_a_server),
        TEST("one without a hash locks nobody", one_without_a_hash_locks_nobody),
        TEST("one that cannot be armed has a deadline", one_that_cannot_be_armed_has_a_deadline),
        TEST("a broken configuration keeps no password alive", a_broken_configuration_keeps_no_password_alive),
        TEST("one that came to its end says when", one_that_came_to_its_end_says_when),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - sweep # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
