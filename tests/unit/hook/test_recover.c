/* SPDX-License-Identifier: MIT
 *
 * What becomes of an interrupted provision: the choice as a table, and each way taken on a real ledger.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include "handoff/recover.h"
#include "handoff_world.h"
#include "private_world.h"

#define Y OTSD_YES
#define N OTSD_NO
#define U OTSD_UNKNOWN
#define FWD CHOICE_FORWARD
#define BACK CHOICE_BACK
#define ORPHAN CHOICE_SEARCH
#define WAIT CHOICE_WAIT

/* Every combination of key, hash, "the command may have been started" and backend; then what is in place. */
static const struct {
    bool key, hash, storing, command;
    recovery_choice yes, no, unknown;
    bool has_password;
} choices[] = {
    {false, false, false, false, ORPHAN, ORPHAN, ORPHAN, false},
    {false, false, false, true, ORPHAN, ORPHAN, ORPHAN, false},
    {false, false, true, false, ORPHAN, ORPHAN, ORPHAN, false},
    {false, false, true, true, ORPHAN, ORPHAN, ORPHAN, false},
    {false, true, false, false, ORPHAN, ORPHAN, ORPHAN, false},
    {false, true, false, true, ORPHAN, ORPHAN, ORPHAN, false},
    {false, true, true, false, ORPHAN, ORPHAN, ORPHAN, false},
    {false, true, true, true, ORPHAN, ORPHAN, ORPHAN, false},
    {true, false, false, false, BACK, BACK, BACK, false},
    {true, false, false, true, BACK, BACK, BACK, false},
    {true, false, true, false, FWD, BACK, WAIT, true},
    {true, false, true, true, FWD, BACK, FWD, true},
    {true, true, false, false, FWD, BACK, WAIT, true},
    {true, true, false, true, FWD, BACK, BACK, true},
    {true, true, true, false, FWD, BACK, WAIT, true},
    {true, true, true, true, FWD, BACK, FWD, true},
};

static void the_choice(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        record r = {.storing = choices[i].storing, .backend = choices[i].command ? BACKEND_COMMAND : BACKEND_SHADOW};

        if (choices[i].key)
            snprintf(r.metadata_key, sizeof r.metadata_key, "key");
        if (choices[i].hash)
            snprintf(r.hash, sizeof r.hash, "$5$hash");
        if (recover_choose(&r, Y) != choices[i].yes || recover_choose(&r, N) != choices[i].no ||
            recover_choose(&r, U) != choices[i].unknown || recover_has_password(&r) != choices[i].has_password)
            fail_msg("row %zu", i);
    }
}

static world w;

/* Until then a request may still be carried out: as long as we would have waited, rounded up, and a second. */
static void when_an_intent_settles(void **state) {
    record r = {.created = time(NULL) - 1000};
    otsd_server *set, *unset = NULL;
    clock_moment now;

    (void)state;
    assert_int_equal(otsd_server_new(&unset, NULL), OTSD_OK);
    world_open(&w, NULL, NULL, 0); /* timeout = 20.5 */
    set = w.x.config->server;
    assert_in_range(recover_settled_for(w.x.config, &r), 978, 1078);
    /* by the clock of this boot, whatever the other one says */
    clock_read(&now);
    record_created(&r, &now);
    r.created -= 100000;
    assert_true(recover_settled_for(w.x.config, &r) < 60);
    r.created = time(NULL) + 100000;
    r.boot[0] = '\0';
    assert_int_equal(recover_settled_for(w.x.config, &r), -22);
    w.x.config->server = unset;
    assert_int_equal(recover_settled_for(w.x.config, &r), -61); /* where no timeout is set: that of a generate */
    w.x.config->server = set;
    otsd_server_free(&unset);
    world_close(&w, 0);
}

static void put_shadow_with(const char *hash) {
    char text[500];

    snprintf(text, sizeof text, "alice:%s:0:0:99999:7:::\nbob:$5$b$bob:19000:0:99999:7:::\n", hash);
    put_file("/etc/shadow", text, 0640);
}

static int recover(const record *r, recovery *what, problem *p) {
    entry *e = world_put(&w, LEDGER_ISSUING, r);
    int rc;

    p->text[0] = '\0';
    rc = recover_one(&w.x, e, what, p);
    ledger_release(&e);
    return rc;
}

static void assert_audit(const char *event, const char *part, unsigned lines) {
    char *text = world_audit();

    assert_int_equal(world_times(text, "\n"), lines);
    assert_int_equal(world_times(text, event), lines);
    assert_int_equal(world_times(text, part), lines);
    free(text);
}

static void a_password_in_place_is_armed(void **state) {
    record r = world_record();
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_shadow_with(r.hash);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_FORWARD);
    assert_true(ledger_has(w.x.ledger, LEDGER_PENDING, "alice"));
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_audit("\"event\":\"issued\"", r.id, 1);
    world_close(&w, 0);
}

static void a_locked_one_too(void **state) {
    record r = world_record();
    char locked[400];
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    snprintf(locked, sizeof locked, "!%s", r.hash);
    put_shadow_with(locked);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_FORWARD);
    world_close(&w, 0);
}

static void a_password_that_was_never_set_is_burned(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = world_record();
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_BACK);
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    assert_audit("\"event\":\"closed\"", "\"reason\":\"provisioning aborted\",\"outcome\":\"burned unread\"", 1);
    world_close(&w, 1);
}

static void where_the_burn_fails_it_is_owed(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    record r = world_record();
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, &what, &p), EX_TEMPFAIL);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    world_close(&w, 1);
}

/* The command may have set it: the hand-off goes on, and the record says what nobody knows. */
static void one_that_nobody_can_look_at_is_armed_as_unsure(void **state) {
    record r = world_record(), saved;
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    r.backend = BACKEND_COMMAND;
    r.storing = 1;
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_FORWARD);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, "alice", &saved, &p), EX_OK);
    assert_int_equal(saved.unsure, 1);
    record_wipe(&saved);
    assert_audit("\"event\":\"issued\"", r.id, 1);
    world_close(&w, 0);
}

/* In issuing/ no login would see it. */
static void one_whose_mark_cannot_be_written_is_armed_all_the_same(void **state) {
    const struct rlimit free_again = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit full = free_again;
    record r = world_record(), saved;
    struct stat st;
    recovery what;
    problem p;
    entry *e;
    int rc;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    r.backend = BACKEND_COMMAND;
    r.storing = 1;
    e = world_put(&w, LEDGER_ISSUING, &r);
    assert_int_equal(stat(OTSD_STATE_DIR "/issuing/alice", &st), 0);
    assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    full.rlim_cur = (rlim_t)st.st_size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    rc = recover_one(&w.x, e, &what, &p);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &free_again), 0);
    assert_int_equal(rc, EX_OK);
    assert_int_equal(what, RECOVERED_FORWARD);
    assert_int_equal(entry_record(e)->unsure, 1); /* so that whoever asked can say it */
    ledger_release(&e);
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, "alice", &saved, &p), EX_OK);
    assert_int_equal(saved.unsure, 0);
    record_wipe(&saved);
    world_close(&w, 0);
}

static void one_that_was_seen_in_place_is_sure(void **state) {
    record r = world_record(), saved;
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_shadow_with(r.hash);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, "alice", &saved, &p), EX_OK);
    assert_int_equal(saved.unsure, 0);
    record_wipe(&saved);
    world_close(&w, 0);
}

static void a_command_that_was_not_started_is_burned(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = world_record();
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    r.backend = BACKEND_COMMAND;
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_BACK);
    assert_int_equal(world_count(&w, LEDGER_PENDING) + world_count(&w, LEDGER_ISSUING), 0);
    world_close(&w, 1);
}

static void a_shadow_file_that_cannot_be_read_waits(void **state) {
    record r = world_record();
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(remove("/etc/shadow"), 0);
    assert_int_equal(recover(&r, &what, &p), EX_IOERR);
    assert_non_null(strstr(p.text, "alice: it cannot be seen now whether the password is set"));
    assert_true(ledger_has(w.x.ledger, LEDGER_ISSUING, "alice"));
    world_close(&w, 0);
}

/* The disk took the key, and the process ended before the hash was made: nobody can have that password, whatever stands
 * in the shadow file, an empty field among that, and nobody has to look. */
static void a_key_without_its_hash_is_burned(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    recovery what;
    problem p;

    (void)state;
    for (int i = 0; i < 2; i++) {
        record r = world_record();

        r.hash[0] = '\0';
        world_open(&w, NULL, steps, 1);
        put_shadow_with("");
        if (i > 0)
            assert_int_equal(remove("/etc/shadow"), 0);
        assert_int_equal(recover(&r, &what, &p), EX_OK);
        assert_int_equal(what, RECOVERED_BACK);
        assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
        assert_audit("\"event\":\"closed\"", "\"reason\":\"provisioning aborted\",\"outcome\":\"burned unread\"", 1);
        world_close(&w, 1);
    }
}

static record lost_answer(int64_t age) {
    record r = world_record();

    r.metadata_key[0] = r.hash[0] = '\0';
    r.deadline = 0;
    r.created -= age;
    return r;
}

static void an_answer_that_was_lost_is_found_and_burned(void **state) {
    record r = lost_answer(100);
    said orphan = {.ttl = 3456, .created = r.created + 1, .recipient = "al***@e***.com"};
    const struct step steps[] = {world_list(&orphan, 1), world_burned(&orphan)};
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_BACK);
    world_assert_asked(&w, 1, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    assert_audit("\"event\":\"closed\"", "provisioning aborted", 1);
    world_close(&w, 2);
}

static void an_orphan_whose_burn_fails_keeps_its_key(void **state) {
    record r = lost_answer(100), saved;
    said orphan = {.ttl = 3456, .created = r.created + 1, .recipient = "al***@e***.com"};
    const struct step steps[] = {world_list(&orphan, 1), WORLD_TROUBLE};
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(recover(&r, &what, &p), EX_TEMPFAIL);
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_CLAIMED, "alice.0123456789abcdef", &saved, &p), EX_OK);
    assert_string_equal(saved.metadata_key, WORLD_KEY);
    assert_int_equal(saved.deadline, r.created + 3456);
    assert_int_equal(saved.reason, REASON_ABORTED);
    world_close(&w, 2);
}

static void what_was_never_made_is_dropped_once_it_settled(void **state) {
    const struct step steps[] = {world_list(NULL, 0)};
    record r = lost_answer(25);
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_EMPTY);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_audit("closed", "closed", 0);
    world_close(&w, 1);
}

static void before_that_it_waits(void **state) {
    const struct step steps[] = {world_list(NULL, 0)};
    record r = lost_answer(0);
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LATER);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, 1);
}

static void what_may_be_another_hosts_is_not_burned(void **state) {
    record r = lost_answer(100);
    said two[] = {{.key = "one", .ttl = 3456, .created = r.created + 1, .recipient = "al***@e***.com"},
                  {.key = "two", .ttl = 3456, .created = r.created + 2, .recipient = "al***@e***.com"}};
    const struct step steps[] = {world_list(two, 2)};
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LEFT);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    world_close(&w, 1);
}

/* This one may be the live secret of another host that asked for as much as we did: the server gave both the same. */
static void what_lost_its_mark_to_a_clamp_is_not_burned(void **state) {
    record r = lost_answer(100);
    said clamped = {.ttl = 604800, .created = r.created + 1, .recipient = "al***@e***.com"};
    const struct step steps[] = {world_list(&clamped, 1)};
    recovery what;
    problem p;

    (void)state;
    r.ttl_asked = 2591500;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, &what, &p), EX_OK);
    assert_int_equal(what, RECOVERED_LEFT);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_audit("closed", "\"reason\":\"provisioning aborted\",\"outcome\":\"unknown\"", 1);
    world_close(&w, 1);
}

static void where_nobody_can_be_asked_the_intent_stays(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    record r = lost_answer(100);
    recovery what;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(recover(&r, &what, &p), EX_TEMPFAIL);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    world_close(&w, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"record and shadow file decide between forward, back and wait", the_choice, NULL, NULL, NULL},
        {"an intent settles when its request's time is over", when_an_intent_settles, NULL, NULL, NULL},
        {"a password that is in place is armed", a_password_in_place_is_armed, NULL, NULL, NULL},
        {"a locked one, too", a_locked_one_too, NULL, NULL, NULL},
        {"a password that was never set is burned", a_password_that_was_never_set_is_burned, NULL, NULL, NULL},
        {"where the burn fails it is owed", where_the_burn_fails_it_is_owed, NULL, NULL, NULL},
        {"one that nobody can look at is armed as unsure", one_that_nobody_can_look_at_is_armed_as_unsure, NULL, NULL,
         NULL},
        {"one whose mark cannot be written is armed all the same",
         one_whose_mark_cannot_be_written_is_armed_all_the_same, NULL, NULL, NULL},
        {"one that was seen in place is sure", one_that_was_seen_in_place_is_sure, NULL, NULL, NULL},
        {"where the command was not started, it is burned", a_command_that_was_not_started_is_burned, NULL, NULL, NULL},
        {"where the shadow file cannot be read all waits", a_shadow_file_that_cannot_be_read_waits, NULL, NULL, NULL},
        {"a key without its hash is burned", a_key_without_its_hash_is_burned, NULL, NULL, NULL},
        {"an answer that was lost is found and burned", an_answer_that_was_lost_is_found_and_burned, NULL, NULL, NULL},
        {"an orphan whose burn fails keeps its key", an_orphan_whose_burn_fails_keeps_its_key, NULL, NULL, NULL},
        {"what was never made is dropped once it settled", what_was_never_made_is_dropped_once_it_settled, NULL, NULL,
         NULL},
        {"before that it waits", before_that_it_waits, NULL, NULL, NULL},
        {"what may be another host's is not burned", what_may_be_another_hosts_is_not_burned, NULL, NULL, NULL},
        {"what lost its mark to a clamp is not burned", what_lost_its_mark_to_a_clamp_is_not_burned, NULL, NULL, NULL},
        {"where nobody can be asked the intent stays", where_nobody_can_be_asked_the_intent_stays, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - recovery # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
