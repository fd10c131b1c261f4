/* SPDX-License-Identifier: MIT
 *
 * The last step: from issuing/ to pending/, with one audit line, and an older hand-off ended.
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

#include "handoff/arm.h"
#include "handoff_world.h"
#include "ledger/audit.h"
#include "private_world.h"

static world w;
static problem unlogged;

static record of(const char *user, char digit) {
    record r = world_record();

    snprintf(r.user, sizeof r.user, "%s", user);
    memset(r.id, digit, 16);
    return r;
}

static unsigned lines_with(const char *part) {
    char *text = world_audit();
    unsigned n = world_times(text, part);

    free(text);
    return n;
}

static void assert_time_is_the_deadline(const char *name, int64_t deadline) {
    char path[100];
    struct stat st;

    snprintf(path, sizeof path, "%s/pending/%s", OTSD_STATE_DIR, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mtime, deadline);
}

static void several_at_once(void **state) {
    record a = of("alice", 'a'), b = of("bob", 'b');
    problem why[2];
    arming both[2];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    both[0] = (arming){.e = world_put(&w, LEDGER_ISSUING, &a), .why = &why[0]};
    both[1] = (arming){.e = world_put(&w, LEDGER_ISSUING, &b), .why = &why[1]};
    assert_int_equal(arm(&w.x, both, 2, &unlogged), EX_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(why[i].code, EX_OK);
        assert_int_equal(entry_state(both[i].e), LEDGER_PENDING);
        ledger_release(&both[i].e);
    }
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_time_is_the_deadline("alice", a.deadline);
    assert_time_is_the_deadline("bob", b.deadline);
    assert_int_equal(lines_with("\"event\":\"issued\""), 2);
    assert_int_equal(arm(&w.x, both, 0, &unlogged), EX_OK);
    assert_int_equal(lines_with("\n"), 2);
    world_close(&w, 0);
}

static void one(const record *r, bool resumed, problem *why) {
    arming a = {.e = world_put(&w, LEDGER_ISSUING, r), .resumed = resumed, .why = why};

    why->text[0] = '\0';
    (void)arm(&w.x, &a, 1, &unlogged);
    ledger_release(&a.e);
}

static void an_older_handoff_ends_here(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record old = of("alice", '0'), r = of("alice", '1'), now_open;
    problem why, p;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    e = world_put(&w, LEDGER_PENDING, &old);
    ledger_release(&e);
    snprintf(r.metadata_key, sizeof r.metadata_key, "newkey");
    one(&r, false, &why);
    assert_int_equal(why.code, EX_OK);
    world_assert_asked(&w, 0, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, "alice", &now_open, &p), EX_OK);
    assert_string_equal(now_open.id, r.id);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 0);
    assert_int_equal(lines_with("\"reason\":\"reissued\""), 1);
    assert_int_equal(lines_with("\"event\":\"issued\""), 1);
    world_close(&w, 1);
}

/* Its burn is owed, and does not keep the new one from opening. */
static void an_older_one_whose_burn_fails_waits_in_claimed(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    record old = of("alice", '0'), r = of("alice", '1');
    problem why;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    e = world_put(&w, LEDGER_PENDING, &old);
    ledger_release(&e);
    one(&r, false, &why);
    assert_int_equal(why.code, EX_OK);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 1);
    world_close(&w, 1);
}

static void an_older_one_that_cannot_be_read_stops_only_this_one(void **state) {
    record r = of("alice", '1'), b = of("bob", 'b');
    problem why[2];
    arming both[2];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    both[0] = (arming){.e = world_put(&w, LEDGER_ISSUING, &r), .why = &why[0]};
    both[1] = (arming){.e = world_put(&w, LEDGER_ISSUING, &b), .why = &why[1]};
    assert_int_equal(arm(&w.x, both, 2, &unlogged), EX_OK);
    assert_int_equal(why[0].code, EX_DATAERR);
    assert_non_null(strstr(why[0].text, " (" OTSD_STATE_DIR "/pending/alice)"));
    assert_int_equal(entry_state(both[0].e), LEDGER_ISSUING);
    assert_int_equal(why[1].code, EX_OK);
    assert_int_equal(entry_state(both[1].e), LEDGER_PENDING);
    assert_int_equal(lines_with("\"event\":\"issued\""), 1);
    assert_int_equal(lines_with("bob"), 1);
    ledger_release(&both[0].e);
    ledger_release(&both[1].e);
    world_close(&w, 0);
}

/* A process before us may have written the line and died. */
static void a_resumed_one_finds_its_line(void **state) {
    record r = of("alice", '1');
    problem why;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(audit_write(w.x.config, "issued", &r, time(NULL), &why), EX_OK);
    one(&r, true, &why);
    assert_int_equal(why.code, EX_OK);
    assert_int_equal(lines_with("\"event\":\"issued\""), 1);
    world_close(&w, 0);
}

/* The hand-off opens, or its deadline would not count; but nobody gets a second line for a log that was away. */
static void one_whose_line_cannot_be_looked_for_gets_none(void **state) {
    record r = of("alice", '1');
    problem why;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(mkdir("/var/lib/audit", 0700), 0);
    assert_int_equal(mkdir(WORLD_AUDIT ".1", 0700), 0);
    one(&r, true, &why);
    assert_int_equal(why.code, EX_OK);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 1);
    assert_int_equal(unlogged.code, EX_IOERR);
    assert_string_equal(unlogged.text,
                        "alice: the password is set, but its audit line may be missing: the audit log " WORLD_AUDIT
                        ".1 cannot be read: Is a directory");
    assert_int_equal(access(WORLD_AUDIT, F_OK), -1);
    world_close(&w, 0);
}

static void one_without_a_line_gets_it(void **state) {
    record old = of("alice", '0'), r = of("alice", '1');
    problem why;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(audit_write(w.x.config, "issued", &old, time(NULL), &why), EX_OK);
    one(&r, true, &why);
    assert_int_equal(why.code, EX_OK);
    assert_int_equal(lines_with("\"event\":\"issued\""), 2);
    world_close(&w, 0);
}

static void fresh_and_resumed_ones_are_told_apart(void **state) {
    record a = of("alice", 'a'), b = of("bob", 'b'), c = of("carol", 'c');
    const record *r[] = {&a, &b, &c};
    problem why[3];
    arming all[3];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(audit_write(w.x.config, "issued", &c, time(NULL), &why[0]), EX_OK);
    for (size_t i = 0; i < 3; i++)
        all[i] = (arming){.e = world_put(&w, LEDGER_ISSUING, r[i]), .resumed = i > 0, .why = &why[i]};
    assert_int_equal(arm(&w.x, all, 3, &unlogged), EX_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(why[i].code, EX_OK);
        ledger_release(&all[i].e);
    }
    assert_int_equal(lines_with("\"user\":\"alice\""), 1);
    assert_int_equal(lines_with("\"user\":\"bob\""), 1);
    assert_int_equal(lines_with("\"user\":\"carol\""), 1);
    world_close(&w, 0);
}

static void an_audit_log_that_fails_does_not_stop_it(void **state) {
    record r = of("alice", '1');
    problem why;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file("/var/lib/audit", "", 0600);
    one(&r, false, &why);
    assert_int_equal(why.code, EX_OK);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 1);
    assert_int_equal(unlogged.code, EX_IOERR);
    assert_string_equal(unlogged.text,
                        "alice: the password is set, but its audit line is missing: the audit log " WORLD_AUDIT
                        " cannot be opened: Not a directory");
    world_close(&w, 0);
}

/* Of alice nothing is said: her hand-off did not come that far. */
static void a_line_that_fails_is_told_of_whose_it_is(void **state) {
    static const char *const users[] = {"alice", "bob", "carol"};
    static const struct {
        size_t n;
        const char *beginning;
    } rows[] = {{2, "bob: the password is set, but its audit line is missing: "},
                {3, "bob and others (2): the passwords are set, but their audit lines are missing: "}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        arming all[3];
        problem why[3];

        world_open(&w, NULL, NULL, 0);
        put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
        put_file("/var/lib/audit", "", 0600);
        for (size_t k = 0; k < rows[i].n; k++) {
            record r = of(users[k], (char)('a' + (int)k));

            all[k] = (arming){.e = world_put(&w, LEDGER_ISSUING, &r), .why = &why[k]};
        }
        assert_int_equal(arm(&w.x, all, rows[i].n, &unlogged), EX_IOERR);
        assert_memory_equal(unlogged.text, rows[i].beginning, strlen(rows[i].beginning));
        for (size_t k = 0; k < rows[i].n; k++)
            ledger_release(&all[k].e);
        world_close(&w, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"several at once open, each with its line and its time", several_at_once, NULL, NULL, NULL},
        {"an older hand-off of the user ends here", an_older_handoff_ends_here, NULL, NULL, NULL},
        {"an older one whose burn fails waits in claimed/", an_older_one_whose_burn_fails_waits_in_claimed, NULL, NULL,
         NULL},
        {"an older one that cannot be read stops only its successor",
         an_older_one_that_cannot_be_read_stops_only_this_one, NULL, NULL, NULL},
        {"a resumed one finds its line", a_resumed_one_finds_its_line, NULL, NULL, NULL},
        {"a resumed one whose line cannot be looked for opens, and gets no second one",
         one_whose_line_cannot_be_looked_for_gets_none, NULL, NULL, NULL},
        {"a resumed one without a line gets it", one_without_a_line_gets_it, NULL, NULL, NULL},
        {"fresh and resumed ones are told apart", fresh_and_resumed_ones_are_told_apart, NULL, NULL, NULL},
        {"an audit log that fails does not stop it", an_audit_log_that_fails_does_not_stop_it, NULL, NULL, NULL},
        {"a line that fails is told of whose it is", a_line_that_fails_is_told_of_whose_it_is, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - arming # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
