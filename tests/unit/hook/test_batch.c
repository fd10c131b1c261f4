/* SPDX-License-Identifier: MIT
 *
 * A batch between its roster and its report: preflight, what an earlier run left, the pipeline; each by itself, on real
 * account files and a real ledger, against a scripted server.
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

#include "batch/pipeline.h"
#include "batch/preflight.h"
#include "batch/resume.h"
#include "handoff_world.h"
#include "ledger/audit.h"
#include "private_world.h"

#define VALUE "Generated-1"
#define REPORT "/var/lib/report.csv"
#define NOMINAL world_answer(200, "{\"status\":\"nominal\"}")
#define LINES_MAX 16

static world w;
static batch b;
static roster_line lines[LINES_MAX];

/* A batch of these users, without mail. */
static void begin(const char *const *users, size_t n) {
    problem p;

    memset(&b, 0, sizeof b);
    memset(lines, 0, sizeof lines);
    b.x = &w.x;
    b.path = "-";
    b.jobs = 1;
    b.patience_ms = 60000;
    b.no_recipient = true;
    b.ttl = 3600;
    for (size_t i = 0; i < n; i++)
        lines[i] = (roster_line){.number = i + 2, .user = users[i]};
    b.roster = (roster){.lines = lines, .len = n};
    if (batch_make_accounts(&b, &p) != EX_OK || report_open(&b.report, REPORT, false, &p) != EX_OK)
        fail_msg("%s", p.text);
    for (size_t i = 0; i < n; i++)
        b.accounts[i].uid = 1001 + (int64_t)i; /* as the preflight finds it */
    pace_init(&b.pace, b.jobs, b.patience_ms);
}

static void end(void) {
    batch_close_report(&b);
    batch_free_accounts(&b);
}

static void end_with_report(const char *part) {
    char *text;

    end();
    text = get_file(REPORT);
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
    free(text);
}

static void gather_bad(void *arg, unsigned long number, const char *text) {
    char *all = arg;
    size_t len = strlen(all);

    snprintf(all + len, 2000 - len, "%lu: %s\n", number, text);
}

static batch_status status_of(const char *user) {
    batch_account *a = batch_find(&b, user);

    assert_non_null(a);
    return a->status;
}

static void accounts_are_found_by_name_and_counted(void **state) {
    static const char *const users[] = {"carol", "alice", "bob"};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin(users, 3);
    assert_int_equal(b.len, 3);
    assert_int_equal(b.counts[BATCH_TODO], 3);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(batch_find(&b, users[i]), &b.accounts[i]);
    assert_null(batch_find(&b, "dave"));
    batch_move(&b, &b.accounts[1], BATCH_KEPT);
    batch_move(&b, &b.accounts[1], BATCH_KEPT);
    assert_int_equal(b.counts[BATCH_TODO], 2);
    assert_int_equal(b.counts[BATCH_KEPT], 1);
    assert_string_equal(batch_file_name(&b), "standard input");
    b.path = "some.csv";
    assert_string_equal(batch_file_name(&b), "some.csv");
    end();
    world_close(&w, 0);
}

static void what_is_through_is_in_the_report(void **state) {
    static const char *const users[] = {"open", "kept", "left", "todo"};
    char *text;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin(users, 4);
    batch_move(&b, &b.accounts[0], BATCH_OPEN);
    batch_move(&b, &b.accounts[1], BATCH_KEPT);
    batch_move(&b, &b.accounts[2], BATCH_LEFT);
    for (size_t i = 0; i < 4; i++)
        batch_through(&b, &b.accounts[i]);
    end();
    text = get_file(REPORT);
    assert_string_equal(text, "user,status,deadline,id,message\n"
                              "open,open,,,it has an open hand-off\n"
                              "kept,kept,,,\"it has a password, or a locked one\"\n"
                              "left,left,,,\"its open hand-off is another account's, or cannot be read: otsd-hook "
                              "sweep sees to it\"\n");
    free(text);
    world_close(&w, 0);
}

static void the_first_reason_to_stop_counts(void **state) {
    static const char *const users[] = {"alice"};
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin(users, 1);
    problem_set(&p, EX_IOERR, "first");
    batch_cut(&b, &p);
    problem_set(&p, EX_IOERR, "second");
    batch_cut(&b, &p);
    assert_true(b.is_cut);
    assert_string_equal(b.cut.text, "first");
    end();
    world_close(&w, 0);
}

static int check(char *bad, problem *p) {
    bad[0] = '\0';
    p->text[0] = '\0';
    for (size_t i = 0; i < b.len; i++)
        b.accounts[i].uid = -1;
    return preflight(&b, gather_bad, bad, p);
}

static void preflight_finds_each_account_its_place(void **state) {
    static const char *const users[] = {"alice", "bob", "carol", "dave", "eve"};
    const struct step steps[] = {NOMINAL};
    record open = world_record(), begun = world_record(), foreign = world_record();
    char bad[2000];
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_file("/etc/passwd",
             "alice:x:1001:1::/:/bin/sh\nbob:x:1002:1::/:/bin/sh\ncarol:x:1003:1::/:/bin/sh\n"
             "dave:x:1004:1::/:/bin/sh\neve:x:1005:1::/:/bin/sh\n",
             0644);
    put_file("/etc/shadow",
             "alice:!:1:0:::::\nbob:$5$b$bob:1:0:::::\ncarol:!:1:0:::::\ndave:!:1:0:::::\neve:!:1:0:::::\n", 0640);
    snprintf(open.user, sizeof open.user, "carol");
    open.uid = 1003;
    e = world_put(&w, LEDGER_PENDING, &open);
    ledger_release(&e);
    snprintf(begun.user, sizeof begun.user, "dave");
    e = world_put(&w, LEDGER_ISSUING, &begun);
    ledger_release(&e);
    snprintf(foreign.user, sizeof foreign.user, "eve"); /* of a uid that eve had once */
    e = world_put(&w, LEDGER_PENDING, &foreign);
    ledger_release(&e);
    begin(users, 5);
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "");
    assert_int_equal(status_of("alice"), BATCH_TODO);
    assert_int_equal(status_of("bob"), BATCH_KEPT);
    assert_int_equal(status_of("carol"), BATCH_OPEN);
    assert_int_equal(status_of("dave"), BATCH_INTERRUPTED);
    assert_int_equal(status_of("eve"), BATCH_LEFT);
    assert_string_equal(batch_find(&b, "carol")->id, open.id);
    assert_int_equal(batch_find(&b, "carol")->deadline, open.deadline);
    assert_int_equal(batch_find(&b, "alice")->uid, 1001);
    world_assert_asked(&w, 0, "GET /api/v1/authcheck");
    end();
    world_close(&w, 1);
}

static void lines_that_cannot_be_provisioned_are_named(void **state) {
    static const char *const users[] = {"nobody-here", "daemon", "ghost", "alice"};
    const struct step steps[] = {NOMINAL};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_file("/etc/passwd", "daemon:x:999:1::/:/bin/sh\nghost:x:60000:1::/:/bin/sh\nalice:x:1000:1::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "daemon:!:1:0:::::\nalice:!:1:0:::::\n", 0640);
    begin(users, 4);
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "2: there is no user nobody-here\n"
                             "3: daemon is a system account (uid 999); --allow-system provisions it all the same\n"
                             "4: ghost has no line in /etc/shadow\n");
    assert_int_equal(status_of("alice"), BATCH_TODO);
    end();
    begin(users + 1, 1);
    b.allow_system = true;
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "");
    end();
    world_close(&w, 2);
}

static void recipients_come_from_the_line_or_the_pattern(void **state) {
    static const char *const users[] = {"alice", "bob", "carol"};
    const struct step steps[] = {NOMINAL};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, "handoff: { recipient = \"%u@example.com\"; };\n", steps, 1);
    begin(users, 3);
    b.no_recipient = false;
    lines[1].recipient = "robert@example.org";
    lines[2].recipient = "no address";
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(b.accounts[0].recipient, "alice@example.com");
    assert_string_equal(b.accounts[1].recipient, "robert@example.org");
    assert_string_equal(bad, "4: \"no address\" is not one mail address\n");
    end();
    begin(users, 3);
    lines[1].recipient = "robert@example.org";
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad, "3: there is a recipient, although --no-recipient was said\n");
    assert_null(b.accounts[0].recipient);
    end();
    world_close(&w, 2);
}

static void without_a_pattern_somebody_has_to_be_named(void **state) {
    static const char *const users[] = {"alice"};
    const struct step steps[] = {NOMINAL};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    begin(users, 1);
    b.no_recipient = false;
    assert_int_equal(check(bad, &p), EX_OK);
    assert_string_equal(bad,
                        "2: nobody to mail: there is no recipient, and no handoff.recipient in the configuration\n");
    end();
    world_close(&w, 1);
}

static void where_nothing_is_to_be_done_the_server_is_not_asked(void **state) {
    static const char *const users[] = {"bob"};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin(users, 1);
    assert_int_equal(check(bad, &p), EX_OK);
    assert_int_equal(status_of("bob"), BATCH_KEPT);
    end();
    world_close(&w, 0);
}

static void a_server_that_does_not_take_us_stops_it(void **state) {
    static const char *const users[] = {"alice"};
    const struct step steps[] = {world_answer(401, "{\"message\":\"Not authorized\"}")};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    begin(users, 1);
    assert_int_equal(check(bad, &p), EX_NOPERM);
    end();
    world_close(&w, 1);
}

static void files_that_cannot_be_read_stop_it(void **state) {
    static const char *const users[] = {"alice"};
    char bad[2000];
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin(users, 1);
    assert_int_equal(unlink("/etc/shadow"), 0);
    assert_int_equal(check(bad, &p), EX_NOINPUT);
    assert_int_equal(unlink("/etc/passwd"), 0);
    assert_int_equal(check(bad, &p), EX_NOINPUT);
    end();
    world_close(&w, 0);
}

/* An intent of a former run, which lies there when this one comes. */
static void put_intent(const char *user, char digit, bool key, const char *hash, int64_t age) {
    record r = world_record();
    entry *e;

    snprintf(r.user, sizeof r.user, "%s", user);
    memset(r.id, digit, 16);
    snprintf(r.hash, sizeof r.hash, "%s", hash);
    if (!key)
        r.metadata_key[0] = '\0';
    r.recipient[0] = '\0';
    r.created -= age;
    e = world_put(&w, LEDGER_ISSUING, &r);
    ledger_release(&e);
}

static void interrupted(const char *const *users, size_t n) {
    begin(users, n);
    for (size_t i = 0; i < n; i++)
        batch_move(&b, &b.accounts[i], BATCH_INTERRUPTED);
}

static void what_is_in_place_is_armed(void **state) {
    static const char *const users[] = {"alice", "bob", "carol"};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file("/etc/shadow", "alice:$5$x:0:0:::::\nbob:$5$x:0:0:::::\ncarol:$5$x:0:0:::::\n", 0640);
    for (size_t i = 0; i < 3; i++)
        put_intent(users[i], (char)('a' + i), true, "$5$x", 10);
    interrupted(users, 3);
    resume(&b);
    assert_int_equal(b.counts[BATCH_PROVISIONED], 3);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 3);
    assert_string_equal(b.accounts[1].id, "bbbbbbbbbbbbbbbb");
    end_with_report("begun by an earlier run");
    world_close(&w, 0);
}

static void what_is_not_in_place_is_burned_and_begun_anew(void **state) {
    static const char *const users[] = {"alice"};
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_intent("alice", 'a', true, "$5$x", 10);
    interrupted(users, 1);
    resume(&b);
    assert_int_equal(status_of("alice"), BATCH_TODO);
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    end();
    world_close(&w, 1);
}

static void what_was_never_answered_is_looked_for(void **state) {
    static const char *const users[] = {"alice", "bob"};
    const struct step steps[] = {world_answer(200, "[]")};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_intent("alice", 'a', false, "", 100);
    put_intent("bob", 'b', false, "", 100);
    interrupted(users, 2);
    resume(&b);
    assert_int_equal(status_of("alice"), BATCH_TODO);
    assert_int_equal(status_of("bob"), BATCH_TODO); /* as the ledger alone says it: the preflight saw the password */
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    end();
    world_close(&w, 1);
}

static void a_young_one_is_waited_for(void **state) {
    static const char *const users[] = {"alice"};
    const struct step steps[] = {world_answer(200, "[]")};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_intent("alice", 'a', false, "", 1); /* settles in two seconds */
    interrupted(users, 1);
    resume(&b);
    assert_int_equal(status_of("alice"), BATCH_TODO);
    end();
    world_close(&w, 2);
}

/* Burns that fail are owed, and after two in a row the rest is not even tried. */
static void burns_that_fail_are_left_to_a_sweep(void **state) {
    static const char *const users[] = {"alice", "bob", "carol", "dave"};
    const struct step steps[] = {WORLD_REFUSED, world_receipt(&(said){0}), WORLD_REFUSED, world_receipt(&(said){0})};

    (void)state;
    world_open(&w, NULL, steps, 4);
    for (size_t i = 0; i < 4; i++)
        put_intent(users[i], (char)('a' + i), true, "", 10);
    interrupted(users, 4);
    resume(&b);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 4);
    assert_int_equal(b.counts[BATCH_TODO], 4);
    end();
    world_close(&w, 4);
}

static void what_cannot_be_read_is_set_aside(void **state) {
    static const char *const users[] = {"alice", "bob"};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file(OTSD_STATE_DIR "/issuing/alice", "junk\n", 0600);
    put_file(OTSD_STATE_DIR "/issuing/bob", "", 0600); /* nothing had begun */
    interrupted(users, 2);
    resume(&b);
    assert_int_equal(status_of("alice"), BATCH_LEFT);
    assert_int_equal(status_of("bob"), BATCH_TODO);
    assert_int_equal(world_count(&w, LEDGER_ASIDE), 1);
    end_with_report("its record could not be read; it is kept in " OTSD_STATE_DIR "/aside");
    world_close(&w, 0);
}

static void one_in_other_hands_is_left(void **state) {
    static const char *const users[] = {"alice"};
    record r = world_record();
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    e = world_put(&w, LEDGER_ISSUING, &r);
    interrupted(users, 1);
    resume(&b);
    assert_int_equal(status_of("alice"), BATCH_LEFT);
    ledger_release(&e);
    end_with_report("another otsd-hook is at work on it");
    world_close(&w, 0);
}

static void without_interruptions_nothing_is_asked(void **state) {
    static const char *const users[] = {"alice"};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin(users, 1);
    resume(&b);
    assert_int_equal(status_of("alice"), BATCH_TODO);
    end();
    world_close(&w, 0);
}

/* Of those in the roster only, and only of those that never opened. */
static void burns_that_are_owed_come_first(void **state) {
    static const struct {
        const char *user;
        reason why;
    } some[] = {{"alice", REASON_ABORTED}, {"bob", REASON_REVOKED}, {"carol", REASON_ABORTED}};
    static const char *const users[] = {"alice", "bob"};
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    world_open(&w, NULL, steps, 1);
    for (size_t i = 0; i < 3; i++) {
        record r = world_record();
        entry *e;

        snprintf(r.user, sizeof r.user, "%s", some[i].user);
        r.reason = some[i].why;
        e = world_put(&w, LEDGER_CLAIMED, &r);
        ledger_release(&e);
    }
    begin(users, 2);
    resume_burns(&b);
    assert_false(ledger_has(w.x.ledger, LEDGER_CLAIMED, "alice.0123456789abcdef"));
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 2);
    end();
    world_close(&w, 1);
}

static void owed_burns_that_fail_are_given_up_after_two(void **state) {
    static const char *const users[] = {"alice", "bob", "carol"};
    const struct step steps[] = {WORLD_TROUBLE};

    (void)state;
    world_open(&w, NULL, steps, 1);
    for (size_t i = 0; i < 3; i++) {
        record r = world_record();
        entry *e;

        snprintf(r.user, sizeof r.user, "%s", users[i]);
        r.reason = REASON_ABORTED;
        e = world_put(&w, LEDGER_CLAIMED, &r);
        ledger_release(&e);
    }
    begin(users, 3);
    resume_burns(&b);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 3);
    end();
    world_close(&w, 2);
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
    begin(users, 5);
    b.jobs = 3;
    b.links = true;
    pipeline_run(&b);
    assert_int_equal(b.counts[BATCH_PROVISIONED], 5);
    assert_false(b.is_cut);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 5);
    for (size_t i = 0; i < 5; i++) {
        record r;
        problem p;

        assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, users[i], &r, &p), EX_OK);
        assert_string_equal(r.id, b.accounts[i].id);
        assert_int_equal(r.deadline, b.accounts[i].deadline);
        assert_non_null(strstr(b.accounts[i].link, "/secret/secretkey"));
        assert_string_equal(r.link, b.accounts[i].link);
    }
    text = get_file("/etc/shadow");
    assert_int_equal(world_times(text, ":$5$"), 5);
    free(text);
    text = world_audit();
    assert_int_equal(world_times(text, "\"event\":\"issued\""), 5);
    free(text);
    end();
    world_close(&w, 5);
}

static void one_that_is_refused_fails_alone(void **state) {
    static const char *const users[] = {"a1", "a2"};
    const struct step steps[] = {WORLD_REFUSED, world_receipt(&(said){.value = VALUE})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_fresh_accounts(users, 2);
    begin(users, 2);
    pipeline_run(&b);
    assert_int_equal(b.counts[BATCH_FAILED], 1);
    assert_int_equal(b.counts[BATCH_PROVISIONED], 1);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    end_with_report("the server refused");
    world_close(&w, 2);
}

static void a_limit_is_waited_for(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_answer(429, "{\"message\":\"Rate limit exceeded\"}"),
                                 world_receipt(&(said){.value = VALUE})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_fresh_accounts(users, 1);
    begin(users, 1);
    pipeline_run(&b);
    assert_int_equal(b.counts[BATCH_PROVISIONED], 1);
    end();
    world_close(&w, 2);
}

static void a_lost_answer_is_left_for_recovery(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {{STEP_CLOSE, ""}};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_fresh_accounts(users, 1);
    begin(users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_INTERRUPTED);
    assert_int_equal(b.accounts[0].losses, 1);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    end();
    world_close(&w, 1);
}

static void one_whose_answers_are_always_lost_is_left(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {{STEP_CLOSE, ""}};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_fresh_accounts(users, 1);
    begin(users, 1);
    b.accounts[0].losses = 2;
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_LEFT);
    end_with_report("otsd-hook sweep will burn what the server may have made");
    world_close(&w, 1);
}

static void credentials_that_are_refused_cut_it_short(void **state) {
    static const char *const users[] = {"a1", "a2", "a3"};
    const struct step steps[] = {world_answer(401, "{\"message\":\"Not authorized\"}")};

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_fresh_accounts(users, 3);
    begin(users, 3);
    pipeline_run(&b);
    assert_true(b.is_cut);
    assert_int_equal(b.counts[BATCH_LEFT] + b.counts[BATCH_TODO], 3);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    end();
    world_close(&w, 1);
}

static void an_answer_that_does_not_fit_is_burned(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_receipt(&(said){.value = "short"}), world_burned(&(said){0})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_fresh_accounts(users, 1);
    begin(users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_FAILED);
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    end_with_report("the server generated 5 characters");
    world_close(&w, 2);
}

static void who_got_a_password_meanwhile_keeps_it(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_receipt(&(said){.value = VALUE}), world_burned(&(said){0})};

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_file("/etc/shadow", "a1:$5$own:1:0:::::\n", 0640);
    begin(users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_KEPT);
    end_with_report("was given another password meanwhile");
    world_close(&w, 2);
}

static void where_nobody_can_look_the_record_stays(void **state) {
    static const char *const users[] = {"a1"};
    const struct step steps[] = {world_receipt(&(said){.value = VALUE})};

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(unlink("/etc/shadow"), 0);
    begin(users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_LEFT); /* nobody can look */
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    end();
    world_close(&w, 1);
}

static void who_is_under_way_elsewhere_is_left(void **state) {
    static const char *const users[] = {"a1"};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_fresh_accounts(users, 1);
    put_intent("a1", 'a', true, "", 10);
    begin(users, 1);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_LEFT);
    end_with_report("a provision is under way or was interrupted");
    world_close(&w, 0);
}

static void what_is_cut_short_begins_nobody(void **state) {
    static const char *const users[] = {"a1"};
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin(users, 1);
    problem_set(&p, EX_IOERR, "cut");
    batch_cut(&b, &p);
    pipeline_run(&b);
    assert_int_equal(status_of("a1"), BATCH_TODO);
    end();
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("accounts are found by name, and counted", accounts_are_found_by_name_and_counted),
        TEST("what is through is in the report", what_is_through_is_in_the_report),
        TEST("the first reason to stop counts", the_first_reason_to_stop_counts),
        TEST("preflight finds each account its place", preflight_finds_each_account_its_place),
        TEST("lines that cannot be provisioned are named", lines_that_cannot_be_provisioned_are_named),
        TEST("recipients come from the line or the pattern", recipients_come_from_the_line_or_the_pattern),
        TEST("without a pattern somebody has to be named", without_a_pattern_somebody_has_to_be_named),
        TEST("where nothing is to be done the server is not asked",
             where_nothing_is_to_be_done_the_server_is_not_asked),
        TEST("a server that does not take us stops it", a_server_that_does_not_take_us_stops_it),
        TEST("account files that cannot be read stop it", files_that_cannot_be_read_stop_it),
        TEST("what is in place is armed", what_is_in_place_is_armed),
        TEST("what is not in place is burned and begun anew", what_is_not_in_place_is_burned_and_begun_anew),
        TEST("what was never answered is looked for", what_was_never_answered_is_looked_for),
        TEST("a young one is waited for", a_young_one_is_waited_for),
        TEST("burns that fail are left to a sweep", burns_that_fail_are_left_to_a_sweep),
        TEST("what cannot be read is set aside", what_cannot_be_read_is_set_aside),
        TEST("one in other hands is left", one_in_other_hands_is_left),
        TEST("without interruptions nothing is asked", without_interruptions_nothing_is_asked),
        TEST("burns that are owed come first", burns_that_are_owed_come_first),
        TEST("owed burns that fail are given up after two", owed_burns_that_fail_are_given_up_after_two),
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
        puts("1..1\nok 1 - the parts of a batch # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
