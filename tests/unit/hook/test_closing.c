/* SPDX-License-Identifier: MIT
 *
 * How a hand-off ends: the claim, what the server is asked, what is written down and how often; the pauses between
 * tries; and how times and addresses are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/words.h"
#include "handoff/burn_pace.h"
#include "handoff/closing.h"
#include "handoff_world.h"
#include "ledger/audit.h"
#include "private_world.h"

#define CLAIMED "alice.0123456789abcdef"

static world w;

static void pauses_double_up_to_six_hours(void **state) {
    (void)state;
    assert_int_equal(closing_backoff(1, 0, 0), 60);
    assert_int_equal(closing_backoff(2, 0, 0), 120);
    assert_int_equal(closing_backoff(5, 0, 0), 960);
    assert_int_equal(closing_backoff(9, 0, 0), 15360);
    assert_int_equal(closing_backoff(10, 0, 0), 21600);
    assert_int_equal(closing_backoff(1000000, 0, 0), 21600);
}

static void a_rate_limit_is_respected(void **state) {
    (void)state;
    assert_int_equal(closing_backoff(1, 1200, 0), 1200);
    assert_int_equal(closing_backoff(9, 1200, 0), 15360);
}

static void jitter_adds_at_most_a_quarter(void **state) {
    (void)state;
    for (unsigned n = 0; n < 4000; n++)
        assert_in_range(closing_backoff(3, 0, n * 2654435761u), 240, 300);
}

static void spans_show_two_units(void **state) {
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{-5, "now"},  {0, "now"},       {1, "1s"},     {59, "59s"},      {60, "1m"},        {3599, "59m"},
                {3600, "1h"}, {5400, "1h 30m"}, {86400, "1d"}, {90000, "1d 1h"}, {259199, "2d 23h"}};
    char out[WORDS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(words_span(rows[i].seconds, out), rows[i].text);
}

static void addresses_are_masked(void **state) {
    char out[300];

    (void)state;
    assert_string_equal(words_masked("alice@example.com", out, sizeof out), "al***@e***.com");
    assert_string_equal(words_masked("a@b", out, sizeof out), "a***@b***");
    assert_string_equal(words_masked("\xc3\xa9@x.org", out, sizeof out), "\xc3\xa9***@x***.org");
    assert_string_equal(words_masked("", out, sizeof out), "");
    assert_string_equal(words_masked("@x.org", out, sizeof out), "***");
}

static void put_shadow_with(const char *hash) {
    char text[500];

    snprintf(text, sizeof text, "alice:%s:0:0:99999:7:::\n", hash);
    put_file("/etc/shadow", text, 0640);
}

static void assert_shadow_has(const char *hash) {
    char *text = get_file("/etc/shadow"), expected[500];

    snprintf(expected, sizeof expected, "alice:%s:", hash);
    assert_non_null(strstr(text, expected));
    free(text);
}

/* A claim says why and since when; some reasons end the password, too, and only these. */
static void a_claim_moves_the_record_and_locks_where_the_reason_says_so(void **state) {
    (void)state;
    for (reason why = REASON_CHANGED; why < REASON_COUNT; why++) {
        bool locks = reason_locks(why) || why == REASON_CHANGED; /* what is changed stands nowhere, or it must not */
        record r = world_record(), saved;
        entry *e;
        problem p;

        world_open(&w, NULL, NULL, 0);
        put_shadow_with(r.hash);
        e = world_put(&w, why == REASON_ABORTED ? LEDGER_ISSUING : LEDGER_PENDING, &r);
        assert_int_equal(closing_claim(w.x.ledger, w.x.config, e, why, 1000, &p), EX_OK);
        assert_int_equal(entry_state(e), LEDGER_CLAIMED);
        ledger_release(&e);
        assert_int_equal(ledger_peek(w.x.ledger, LEDGER_CLAIMED, CLAIMED, &saved, &p), EX_OK);
        assert_int_equal(saved.reason, why);
        assert_in_range(saved.claimed_at, r.created, r.created + 60);
        assert_int_equal(saved.outcome, OUTCOME_NONE);
        assert_shadow_has(locks ? "!*" : r.hash);
        assert_int_equal(world_count(&w, LEDGER_PENDING) + world_count(&w, LEDGER_ISSUING), 0);
        world_close(&w, 0);
    }
}

static void what_nobody_can_look_at_is_locked_by_order_only(void **state) {
    record r = {.backend = BACKEND_COMMAND}, seen = {.backend = BACKEND_SHADOW};
    config quiet = {.password.lock_unseen = false}, blind = {.password.lock_unseen = true};

    (void)state;
    for (reason why = REASON_NONE; why < REASON_COUNT; why++) {
        assert_int_equal(closing_locks(&quiet, &seen, why), reason_locks(why));
        assert_int_equal(closing_locks(NULL, &seen, why), reason_locks(why));
        assert_int_equal(closing_locks(&blind, &r, why), reason_locks(why));
        assert_int_equal(closing_locks(&quiet, &r, why), why == REASON_REVOKED);
        assert_int_equal(closing_locks(NULL, &r, why), why == REASON_REVOKED);
    }
}

static void a_lock_that_fails_leaves_the_record_open(void **state) {
    record r = world_record(), saved;
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(remove("/etc/shadow"), 0);
    e = world_put(&w, LEDGER_PENDING, &r);
    assert_int_equal(closing_claim(w.x.ledger, w.x.config, e, REASON_DEADLINE, 1000, &p), EX_NOINPUT);
    assert_non_null(strstr(p.text, "; alice's generated password still stands there"));
    ledger_release(&e);
    /* What was decided is noted: the next try does not have to find it again. */
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_PENDING, "alice", &saved, &p), EX_OK);
    assert_int_equal(saved.reason, REASON_DEADLINE);
    world_close(&w, 0);
}

/* A claimed record, and what closing_finish makes of it. */
static int finish(record *r, problem *p) {
    entry *e = world_put(&w, LEDGER_CLAIMED, r);
    int rc = closing_finish(w.x.ledger, w.x.config, w.x.remote, e, p);

    *r = *entry_record(e);
    ledger_release(&e);
    return rc;
}

static record claimed(reason why) {
    record r = world_record();

    r.reason = why;
    r.claimed_at = r.created;
    return r;
}

static void assert_closed(const char *part) {
    char *text = world_audit();

    assert_int_equal(world_times(text, "\"event\":\"closed\""), 1);
    assert_int_equal(world_times(text, part), 1);
    free(text);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 0);
}

static void an_ending_burns_writes_and_removes(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = claimed(REASON_CHANGED);
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(finish(&r, &p), EX_OK);
    assert_int_equal(r.outcome, OUTCOME_BURNED);
    world_assert_asked(&w, 0, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_closed("\"reason\":\"password changed\",\"outcome\":\"burned unread\",\"issued_at\":");
    world_close(&w, 1);
}

static void a_link_that_was_opened_is_written_down_as_that(void **state) {
    const struct step steps[] = {WORLD_GONE,
                                 world_receipt(&(said){.state = "received", .secret_key = "", .received = 1700000000})};
    record r = claimed(REASON_LOGIN);
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(finish(&r, &p), EX_OK);
    assert_int_equal(r.opened_at, 1700000000);
    assert_closed("\"outcome\":\"opened\",\"opened_at\":\"2023-11-14T22:13:20Z\"");
    world_close(&w, 2);
}

#define BURN "POST /api/v1/private/" WORLD_KEY "/burn"
#define FETCH "GET /api/v1/private/" WORLD_KEY " "

/* A question costs no burn, of which some servers allow few. What a former look found is not forgotten where a later
 * one finds nothing. */
static void an_opening_that_was_seen_costs_no_burn(void **state) {
    const struct step steps[][2] = {
        {world_receipt(&(said){.state = "received", .secret_key = "", .received = 1700000000})},
        {WORLD_GONE, WORLD_GONE},
        {world_receipt(&(said){.state = "viewed", .secret_key = "", .secret_ttl = -1}), WORLD_GONE},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        record r = claimed(REASON_LOGIN);
        problem p;

        r.opened_at = 1700000000;
        world_open(&w, NULL, steps[i], i == 0 ? 1 : 2);
        assert_int_equal(finish(&r, &p), EX_OK);
        assert_int_equal(r.opened_at, 1700000000);
        assert_int_equal(r.outcome, OUTCOME_OPENED);
        world_assert_asked(&w, 0, FETCH);
        world_close(&w, i == 0 ? 1 : i == 1 ? 1 : 3);
    }
}

/* Its time is over. */
static record run_out(void) {
    record r = claimed(REASON_DEADLINE);

    r.created -= 3456;
    r.deadline -= 3456;
    return r;
}

/* Whoever knows of an opening does not write "burned unread", whatever a server says later. */
static void what_was_opened_is_never_burned_unread(void **state) {
    const struct step steps[] = {world_receipt(&(said){.state = "new"}), world_burned(&(said){0})};
    record r = world_record();
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 2);
    r.opened_at = 1700000000;
    e = world_put(&w, LEDGER_CLAIMED, &r);
    assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_OK);
    assert_int_equal(entry_record(e)->outcome, OUTCOME_OPENED);
    ledger_release(&e);
    assert_closed("\"outcome\":\"opened\",\"opened_at\":\"2023-11-14T22:13:20Z\"");
    world_close(&w, 2);
}

static void what_is_over_costs_no_burn(void **state) {
    static const struct {
        const char *state;
        outcome outcome;
    } rows[] = {{"received", OUTCOME_OPENED},
                {"expired", OUTCOME_EXPIRED},
                {"burned", OUTCOME_BURNED},
                {"orphaned", OUTCOME_UNKNOWN},
                {NULL, OUTCOME_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const said t = {.state = rows[i].state, .secret_key = "", .secret_ttl = -1};
        const struct step step = rows[i].state ? world_receipt(&t) : WORLD_GONE;
        record r = run_out();
        problem p;

        world_open(&w, NULL, &step, 1);
        assert_int_equal(finish(&r, &p), EX_OK);
        assert_int_equal(r.outcome, rows[i].outcome);
        world_assert_asked(&w, 0, FETCH);
        world_close(&w, 1);
    }
}

static void what_should_be_over_and_lives_is_burned(void **state) {
    const struct step steps[] = {world_receipt(&(said){.state = "new"}), world_burned(&(said){0})};
    record r = run_out();
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(finish(&r, &p), EX_OK);
    assert_int_equal(r.outcome, OUTCOME_BURNED);
    world_assert_asked(&w, 0, FETCH);
    world_assert_asked(&w, 1, BURN);
    world_close(&w, 2);
}

static void a_receipt_in_trouble_spends_no_burn(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    record r = run_out();
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(finish(&r, &p), EX_TEMPFAIL);
    assert_int_equal(r.outcome, OUTCOME_NONE);
    assert_int_equal(r.attempts, 1);
    world_close(&w, 1);
}

static burn_pace pace_of(const record *r) {
    burn_pace pace;

    burns_known(w.x.ledger, remote_url(w.x.remote, r), remote_account(w.x.remote, r), time(NULL), &pace);
    return pace;
}

static void a_limit_is_kept_and_saves_burns_from_then_on(void **state) {
    const struct step steps[] = {
        {STEP_ANSWER, server_json(404, "", "{\"message\":\"Cripes! You have been rate limited.\"}")},
        world_receipt(&(said){.state = "new"}),
        world_burned(&(said){0}),
        world_receipt(&(said){.state = "received"})};
    record r = claimed(REASON_CHANGED), other = r;
    int64_t at = time(NULL);
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 4);
    assert_int_equal(finish(&r, &p), EX_TEMPFAIL);
    assert_true(p.limited);
    assert_non_null(strstr(p.text, "; the burn is owed, and done as soon as the server takes more"));
    assert_int_equal(pace_of(&r).most, 10);
    assert_in_range(pace_of(&r).until, at + 1200, at + 1210);
    world_assert_asked(&w, 0, BURN);
    assert_int_equal(ledger_find(w.x.ledger, LEDGER_CLAIMED, CLAIMED, 0, &e, &p), EX_OK);
    assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_OK);
    ledger_release(&e);
    world_assert_asked(&w, 1, FETCH);
    world_assert_asked(&w, 2, BURN);
    assert_int_equal(pace_of(&r).burned, 1);
    assert_int_equal(pace_of(&r).until, 0);
    /* Who has read it needs no burn, and counts as none. */
    assert_int_equal(finish(&other, &p), EX_OK);
    assert_int_equal(other.outcome, OUTCOME_OPENED);
    assert_int_equal(pace_of(&r).burned, 1);
    world_close(&w, 4);
}

/* A question that is refused says nothing of burns. */
static void a_limit_of_questions_is_none_of_burns(void **state) {
    const struct step step = {STEP_ANSWER, server_json(429, "Retry-After: 50\r\n", "{\"message\":\"Slow down\"}")};
    record r = run_out();
    problem p;

    (void)state;
    world_open(&w, NULL, &step, 1);
    assert_int_equal(finish(&r, &p), EX_TEMPFAIL);
    assert_true(p.limited);
    assert_int_equal(pace_of(&r).most, 0);
    world_close(&w, 1);
}

static void a_known_outcome_asks_nobody(void **state) {
    record r = claimed(REASON_DEADLINE);
    problem p;

    (void)state;
    r.outcome = OUTCOME_EXPIRED;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(finish(&r, &p), EX_OK);
    assert_closed("\"reason\":\"deadline\",\"outcome\":\"expired unread\"");
    world_close(&w, 0);
}

static void without_a_key_there_is_nothing_to_burn(void **state) {
    record r = claimed(REASON_ABORTED);
    problem p;

    (void)state;
    r.metadata_key[0] = '\0';
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(finish(&r, &p), EX_OK);
    assert_int_equal(r.outcome, OUTCOME_UNKNOWN);
    assert_closed("\"outcome\":\"unknown\"");
    world_close(&w, 0);
}

static void the_audit_line_is_written_once(void **state) {
    record r = claimed(REASON_REVOKED);
    problem p;

    (void)state;
    r.outcome = OUTCOME_BURNED;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(audit_write(w.x.config, "closed", &r, time(NULL), &p), EX_OK);
    assert_int_equal(finish(&r, &p), EX_OK);
    assert_closed("\"reason\":\"revoked\"");
    world_close(&w, 0);
}

/* "Cannot read" is not "not there": no second line, and the record waits. */
static void a_log_that_cannot_be_read_gets_no_second_line(void **state) {
    record r = claimed(REASON_REVOKED);
    entry *e;
    problem p;

    (void)state;
    r.outcome = OUTCOME_BURNED;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(audit_write(w.x.config, "closed", &r, time(NULL), &p), EX_OK);
    assert_int_equal(rename(WORLD_AUDIT, WORLD_AUDIT ".2"), 0);
    assert_int_equal(mkdir(WORLD_AUDIT ".1", 0700), 0);
    assert_int_equal(finish(&r, &p), EX_IOERR);
    assert_string_equal(p.text,
                        "the audit log " WORLD_AUDIT ".1 cannot be read: Is a directory; alice's hand-off is over "
                        "(the link was never opened, and is burned), and otsd-hook sweep writes that down");
    assert_int_equal(access(WORLD_AUDIT, F_OK), -1);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    assert_int_equal(rmdir(WORLD_AUDIT ".1"), 0);
    assert_int_equal(rename(WORLD_AUDIT ".2", WORLD_AUDIT), 0);
    assert_int_equal(ledger_find(w.x.ledger, LEDGER_CLAIMED, CLAIMED, 0, &e, &p), EX_OK);
    assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_OK);
    ledger_release(&e);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 0);
    assert_closed("\"reason\":\"revoked\"");
    world_close(&w, 0);
}

static void a_burn_that_fails_is_tried_again_later(void **state) {
    const struct step steps[] = {
        WORLD_TROUBLE,
        {STEP_ANSWER, server_json(429, "Retry-After: 7200\r\n", "{\"message\":\"Rate limit exceeded\"}")}};
    record r = claimed(REASON_CHANGED), saved;
    int64_t now = time(NULL);
    entry *e;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(finish(&r, &p), EX_TEMPFAIL);
    assert_non_null(strstr(p.text, "; the burn is owed: sweeps try again, otsd-hook sweep --now does at once"));
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_CLAIMED, CLAIMED, &saved, &p), EX_OK);
    assert_int_equal(saved.attempts, 1);
    assert_in_range(saved.next_try, now + 60, now + 60 + 15 + 10);
    assert_int_equal(saved.outcome, OUTCOME_NONE);
    assert_int_equal(ledger_find(w.x.ledger, LEDGER_CLAIMED, CLAIMED, 0, &e, &p), EX_OK);
    assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_TEMPFAIL);
    assert_int_equal(entry_saved(e)->attempts, 2);
    assert_in_range(entry_saved(e)->next_try, now + 7200, now + 7200 + 1800 + 10);
    ledger_release(&e);
    assert_int_equal(access(WORLD_AUDIT, F_OK), -1);
    world_close(&w, 2);
}

/* The outcome is in the record before the line is written, so the next try asks nobody. */
static void an_audit_log_that_fails_keeps_the_record_with_its_outcome(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = claimed(REASON_CHANGED), saved;
    entry *e;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    put_file("/var/lib/audit", "", 0600);
    assert_int_equal(finish(&r, &p), EX_CANTCREAT);
    assert_non_null(strstr(
        p.text,
        "; alice's hand-off is over (the link was never opened, and is burned), and otsd-hook sweep writes that down"));
    assert_int_equal(ledger_peek(w.x.ledger, LEDGER_CLAIMED, CLAIMED, &saved, &p), EX_OK);
    assert_int_equal(saved.outcome, OUTCOME_BURNED);
    assert_int_equal(unlink("/var/lib/audit"), 0);
    assert_int_equal(ledger_find(w.x.ledger, LEDGER_CLAIMED, CLAIMED, 0, &e, &p), EX_OK);
    assert_int_equal(closing_finish(w.x.ledger, w.x.config, w.x.remote, e, &p), EX_OK);
    ledger_release(&e);
    assert_closed("\"outcome\":\"burned unread\"");
    world_close(&w, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"pauses between tries double, up to six hours", pauses_double_up_to_six_hours, NULL, NULL, NULL},
        {"a rate limit's own word counts where it is longer", a_rate_limit_is_respected, NULL, NULL, NULL},
        {"jitter adds at most a quarter", jitter_adds_at_most_a_quarter, NULL, NULL, NULL},
        {"what nobody can look at is locked by order, or by configuration, only",
         what_nobody_can_look_at_is_locked_by_order_only, NULL, NULL, NULL},
        {"spans show the two largest units", spans_show_two_units, NULL, NULL, NULL},
        {"addresses are masked in tables", addresses_are_masked, NULL, NULL, NULL},
    };
    const struct CMUnitTest in_world[] = {
        {"a claim moves the record, and locks where the reason says so",
         a_claim_moves_the_record_and_locks_where_the_reason_says_so, NULL, NULL, NULL},
        {"a lock that fails leaves the record open, with its reason", a_lock_that_fails_leaves_the_record_open, NULL,
         NULL, NULL},
        {"an ending burns, writes it down, removes the record", an_ending_burns_writes_and_removes, NULL, NULL, NULL},
        {"a link that was opened is written down as that", a_link_that_was_opened_is_written_down_as_that, NULL, NULL,
         NULL},
        {"an opening that was seen stays, and costs no burn", an_opening_that_was_seen_costs_no_burn, NULL, NULL, NULL},
        {"what was opened is never burned unread", what_was_opened_is_never_burned_unread, NULL, NULL, NULL},
        {"what is over costs no burn: the receipt says, or nobody can", what_is_over_costs_no_burn, NULL, NULL, NULL},
        {"what should be over and lives is burned", what_should_be_over_and_lives_is_burned, NULL, NULL, NULL},
        {"a receipt in trouble spends no burn", a_receipt_in_trouble_spends_no_burn, NULL, NULL, NULL},
        {"a limit of burns is kept, and the receipt asked first from then on",
         a_limit_is_kept_and_saves_burns_from_then_on, NULL, NULL, NULL},
        {"a limit of questions is none of burns", a_limit_of_questions_is_none_of_burns, NULL, NULL, NULL},
        {"a known outcome asks nobody", a_known_outcome_asks_nobody, NULL, NULL, NULL},
        {"without a key there is nothing to burn", without_a_key_there_is_nothing_to_burn, NULL, NULL, NULL},
        {"the audit line is written once", the_audit_line_is_written_once, NULL, NULL, NULL},
        {"a log that cannot be read gets no second line, and the record waits",
         a_log_that_cannot_be_read_gets_no_second_line, NULL, NULL, NULL},
        {"a burn that fails is tried again later", a_burn_that_fails_is_tried_again_later, NULL, NULL, NULL},
        {"an audit log that fails keeps the record, with its outcome",
         an_audit_log_that_fails_keeps_the_record_with_its_outcome, NULL, NULL, NULL},
    };
    int failures;

    cmocka_set_message_output(CM_OUTPUT_TAP);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    if (world_possible())
        failures += cmocka_run_group_tests(in_world, NULL, NULL);
    else
        puts("1..1\nok 1 - closing # SKIP needs root and namespaces");
    return failures;
}
