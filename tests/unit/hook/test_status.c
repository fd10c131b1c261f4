/* SPDX-License-Identifier: MIT
 *
 * otsd-hook status and history, whole, on a real ledger and audit log: what is shown of whom, and what is flagged.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
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
#include "ledger/burns.h"
#include "ledger/suspects.h"
#include "private_world.h"
#include "sweep_world.h"

static const char *status(const char *argument, int expected) {
    return commanded_with(&command_status, argument, expected);
}

static const char *history(const char *argument, int expected) {
    return commanded_with(&command_history, argument, expected);
}

/* One of each state, all in order. */
static void put_three(void) {
    record issuing = of(1, 10), claimed = of(2, 20);

    put_pending(0, 100);
    put(LEDGER_ISSUING, &issuing);
    claimed.reason = REASON_LOGIN;
    claimed.claimed_at = claimed.created;
    claimed.opened_at = 1700000000;
    put(LEDGER_CLAIMED, &claimed);
}

static void where_nothing_is_open_that_is_said(void **state) {
    (void)state;
    open_world(NULL, NULL, 0);
    assert_string_equal(status(NULL, EX_OK), "No hand-off is open.\n");
    assert_string_equal(status("alice", EX_OK), "alice has no open hand-off.\n");
    assert_string_equal(status("--porcelain", EX_OK), "");
    assert_string_equal(status("--json", EX_OK), "[]\n");
    assert_told(status("a/b", EX_USAGE), "\"a/b\" is not a user name");
    world_close(&w, 0);
}

static void each_has_a_row_with_what_happens_next(void **state) {
    const char *text;

    (void)state;
    open_world(NULL, NULL, 0);
    put_three();
    text = status(NULL, EX_OK);
    assert_int_equal(world_times(text, "USER             STATE    RECIPIENT"), 1);
    assert_told(text, "\nbob              issuing  al***@e***.com         ");
    assert_told(text, "not known              sweep finishes or undoes the provision\n");
    assert_told(text, "\nalice            pending  al***@e***.com         1m ");
    assert_told(text, "not known              waits for the first login\n");
    assert_told(text, "\ncarol            claimed  al***@e***.com         ");
    assert_told(text, "sweep asks what became of the link: the password was used to log in\n");
    assert_told(text, "2023-11-14 ");
    assert_untold(text, "<--");
    text = status("alice", EX_OK);
    assert_told(text, "\nalice ");
    assert_untold(text, "bob");
    assert_untold(text, "carol");
    assert_untold(text, "Burns owed");
    world_close(&w, 0);
}

/* In an order that will not change. */
static void each_has_a_line_for_programs(void **state) {
    record r = of(0, 100);
    char expected[400];

    (void)state;
    open_world(NULL, NULL, 0);
    r.reason = REASON_CHANGED;
    r.claimed_at = r.created - 90000; /* owed for more than a day */
    r.opened_at = 1700000000;
    r.attempts = 3;
    r.next_try = 4000000000;
    put(LEDGER_CLAIMED, &r);
    snprintf(expected, sizeof expected,
             "alice\tclaimed\t%s\tal***@e***.com\t%" PRId64 "\t%" PRId64 "\t1700000000\t4000000000\t3\tburn-owed\n",
             r.id, r.created, r.deadline);
    assert_string_equal(status("--porcelain", 1), expected);
    world_close(&w, 0);
    open_world(NULL, NULL, 0);
    r = of(0, 100);
    r.next_try = 5; /* of a claim that was taken back */
    put(LEDGER_PENDING, &r);
    snprintf(expected, sizeof expected, "alice\tpending\t%s\tal***@e***.com\t%" PRId64 "\t%" PRId64 "\t0\t0\t0\t-\n",
             r.id, r.created, r.deadline);
    assert_string_equal(status("--porcelain", EX_OK), expected);
    world_close(&w, 0);
}

static void assert_member(json_object *o, const char *name, const char *expected) {
    json_object *m = NULL;
    const char *text;

    assert_true(json_object_object_get_ex(o, name, &m));
    text = m ? json_object_get_string(m) : "null";
    if (strcmp(text, expected) != 0)
        fail_msg("%s: %s, not %s", name, text, expected);
}

static void each_is_an_object(void **state) {
    record r = of(0, 100);
    json_object *list, *o;
    char number[24];

    (void)state;
    open_world(NULL, NULL, 0);
    r.checked_at = 77;
    put(LEDGER_PENDING, &r);
    list = json_tokener_parse(status("--json", EX_OK));
    assert_int_equal(json_object_array_length(list), 1);
    o = json_object_array_get_idx(list, 0);
    assert_member(o, "user", "alice");
    assert_member(o, "uid", "1001");
    assert_member(o, "state", "pending");
    assert_member(o, "id", "aaaaaaaaaaaaaaaa");
    assert_member(o, "recipient", "al***@e***.com");
    snprintf(number, sizeof number, "%" PRId64, r.deadline);
    assert_member(o, "deadline", number);
    assert_member(o, "opened_at", "null");
    assert_member(o, "checked_at", "77");
    assert_member(o, "reason", "null");
    assert_member(o, "claimed_at", "null");
    assert_member(o, "attempts", "0");
    assert_member(o, "next_try", "null");
    assert_member(o, "burn_place", "null");
    assert_member(o, "burn_at", "null");
    assert_member(o, "expires_at", "null");
    assert_member(o, "flag", "null");
    json_object_put(list);
    world_close(&w, 0);
}

/* Ten burns in twenty minutes, and all of them done: what is owed has a place and a time, or none before it expires. */
static void what_is_owed_has_its_place_in_the_queue(void **state) {
    burn_pace pace = {0};
    json_object *list, *o, *m;
    const char *text;
    time_t now = time(NULL);

    (void)state;
    open_world(NULL, NULL, 0);
    pace = (burn_pace){.seen = now, .most = 1, .window = 7200, .opened = now, .burned = 1, .until = now + 7200};
    burns_note(w.x.ledger, otsd_server_url(w.x.config->server), "me@example.com", &pace);
    put_owed(0, 20000);
    put_owed(1, 19000);
    put_owed(2, 3000);
    list = json_tokener_parse(status("--json", EX_OK));
    assert_int_equal(json_object_array_length(list), 3);
    for (size_t i = 0; i < 3; i++) {
        o = json_object_array_get_idx(list, i);
        assert_true(json_object_object_get_ex(o, "user", &m));
        if (strcmp(json_object_get_string(m), "carol") == 0) {
            assert_member(o, "burn_place", "null");
            assert_member(o, "burn_at", "null");
            assert_true(json_object_object_get_ex(o, "expires_at", &m));
            assert_in_range(json_object_get_int64(m), now + 2900, now + 3100);
        } else {
            bool first = strcmp(json_object_get_string(m), "alice") == 0;

            assert_member(o, "burn_place", first ? "1" : "2");
            assert_true(json_object_object_get_ex(o, "burn_at", &m));
            assert_in_range(json_object_get_int64(m), now + (first ? 7000 : 14000), now + (first ? 7300 : 14700));
        }
    }
    json_object_put(list);
    text = status(NULL, EX_OK);
    assert_told(text, "Burns owed: 2; the server takes 1 in 2h: until ");
    assert_told(text, " at that pace; more that expire before their turn: 1\n");
    assert_told(text, "sweep burns the link in ");
    assert_told(text, ", before its turn to be burned: the password was changed\n");
    world_close(&w, 0);
}

static void what_is_owed_is_counted(void **state) {
    (void)state;
    open_world(NULL, NULL, 0);
    put_owed(0, 9000);
    put_owed(1, 9000);
    assert_told(status(NULL, EX_OK), "sweep burns the link: the password was changed\nBurns owed: 2\n");
    world_close(&w, 0);
}

static void what_wants_attention_is_flagged(void **state) {
    record over = of(0, 3600 + 3700);
    suspects dead;
    const char *text;

    (void)state;
    open_world(NULL, NULL, 0);
    put(LEDGER_PENDING, &over);
    put_owed(1, 9000);
    for (int i = 0; i < 2; i++) {
        suspects_open(&dead, w.x.ledger);
        suspects_take(&dead, LEDGER_CLAIMED, "bob.bbbbbbbbbbbbbbbb");
        suspects_close(&dead);
    }
    text = status(NULL, 1);
    assert_told(text, "sweep makes the password dead and burns the link  <-- overdue\n");
    assert_told(text, "sweep burns the link: the password was changed  <-- kills-sweep\n");
    assert_told(text, "the sweep is not running (it never has): enable otsd-sweep.timer, or a cron line\n");
    world_close(&w, 0);
}

static void that_no_sweep_runs_is_told_with_the_last(void **state) {
    const struct timespec long_ago[2] = {{1700000000, 0}, {1700000000, 0}};
    problem p;

    (void)state;
    open_world(NULL, NULL, 0);
    put_pending(0, 3500);
    assert_int_equal(ledger_stamp(w.x.ledger, &p), EX_OK);
    assert_untold(status(NULL, EX_OK), "the sweep is not running");
    assert_int_equal(utimensat(AT_FDCWD, OTSD_STATE_DIR "/last-sweep", long_ago, 0), 0);
    assert_untold(status(NULL, EX_OK), "the sweep is not running"); /* the oldest is younger than an hour */
    world_close(&w, 0);
    open_world(NULL, NULL, 0);
    put_owed(0, 900000);
    put_pending(1, 3700);
    assert_int_equal(ledger_stamp(w.x.ledger, &p), EX_OK);
    assert_int_equal(utimensat(AT_FDCWD, OTSD_STATE_DIR "/last-sweep", long_ago, 0), 0);
    assert_told(status(NULL, 1), "the sweep is not running (last: 2023-11-14 ");
    world_close(&w, 0);
}

static void what_cannot_be_read_is_told(void **state) {
    const char *text;

    (void)state;
    open_world(NULL, NULL, 0);
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    text = status(NULL, 1);
    assert_string_equal(text,
                        "otsd-hook: pending/alice cannot be read: line 1 is not understood; otsd-hook sweep sets it "
                        "aside\n");
    assert_untold(status("alice", 1), "no open hand-off");
    assert_told(status("bob", 1), "bob has no open hand-off.\n");
    put_file(OTSD_STATE_DIR "/aside/bob", "junk\n", 0600);
    assert_told(status(NULL, 1),
                "records that no sweep could handle lie in " OTSD_STATE_DIR "/aside (1): look at them");
    world_close(&w, 0);
    open_world(NULL, NULL, 0);
    put_pending(0, 100);
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    text = status(NULL, EX_CONFIG);
    assert_told(text, "alice            pending");
    assert_told(text, "/etc/otsd/otsd.conf");
    world_close(&w, 0);
}

#define ISSUED(user)                                                                                                   \
    "{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"issued\",\"user\":\"" user                                         \
    "\",\"recipient\":\"a@b.example\",\"deadline\":\"2026-01-04T00:00:00Z\"}\n"
#define CLOSED(user)                                                                                                   \
    "{\"time\":\"2026-01-02T00:00:00Z\",\"event\":\"closed\",\"user\":\"" user                                         \
    "\",\"reason\":\"deadline\",\"outcome\":\"burned unread\"}\n"

static void put_log(const char *path, const char *text) {
    (void)mkdir("/var/lib/audit", 0700); /* it may be there */
    put_file(path, text, 0600);
}

static void the_log_is_told_with_its_last_rotation(void **state) {
    const char *text;

    (void)state;
    open_world(NULL, NULL, 0);
    assert_string_equal(history(NULL, EX_OK), "The audit log is empty.\n");
    assert_string_equal(history("alice", EX_OK), "The audit log has nothing on alice.\n");
    assert_string_equal(history("--json", EX_OK), "");
    put_log(WORLD_AUDIT ".1", ISSUED("alice"));
    put_log(WORLD_AUDIT, ISSUED("bob") CLOSED("alice"));
    assert_string_equal(history(NULL, EX_OK),
                        "2026-01-01T00:00:00Z  alice            issued to a@b.example, until 2026-01-04T00:00:00Z\n"
                        "2026-01-01T00:00:00Z  bob              issued to a@b.example, until 2026-01-04T00:00:00Z\n"
                        "2026-01-02T00:00:00Z  alice            closed: the deadline has passed; the link was never "
                        "opened, and is burned\n");
    text = history("alice", EX_OK);
    assert_int_equal(world_times(text, "\n"), 2);
    assert_untold(text, "bob");
    assert_string_equal(history("carol", EX_OK), "The audit log has nothing on carol.\n");
    assert_string_equal(history("--json", EX_OK), ISSUED("alice") ISSUED("bob") CLOSED("alice"));
    world_close(&w, 0);
}

static void a_damaged_line_is_passed_over_and_counted(void **state) {
    (void)state;
    open_world(NULL, NULL, 0);
    put_log(WORLD_AUDIT, "junk\n" CLOSED("alice") "{\"time\":");
    assert_string_equal(history("--json", EX_OK),
                        CLOSED("alice") "otsd-hook: the audit log has damaged lines, which were passed over (2)\n");
    assert_int_equal(unlink(WORLD_AUDIT), 0);
    assert_int_equal(mkdir(WORLD_AUDIT, 0700), 0);
    assert_told(history(NULL, EX_IOERR), "the audit log " WORLD_AUDIT " cannot be read to its end: ");
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    assert_told(history(NULL, EX_CONFIG), "/etc/otsd/otsd.conf");
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("where nothing is open that is said", where_nothing_is_open_that_is_said),
        TEST("each has a row with what happens next", each_has_a_row_with_what_happens_next),
        TEST("each has a line for programs", each_has_a_line_for_programs),
        TEST("each is an object", each_is_an_object),
        TEST("what is owed has its place in the queue", what_is_owed_has_its_place_in_the_queue),
        TEST("what is owed is counted", what_is_owed_is_counted),
        TEST("what wants attention is flagged", what_wants_attention_is_flagged),
        TEST("that no sweep runs is told, with the last", that_no_sweep_runs_is_told_with_the_last),
        TEST("what cannot be read is told", what_cannot_be_read_is_told),
        TEST("the log is told with its last rotation", the_log_is_told_with_its_last_rotation),
        TEST("a damaged line is passed over, and counted", a_damaged_line_is_passed_over_and_counted),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - status # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
