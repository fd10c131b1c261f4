/* SPDX-License-Identifier: MIT
 *
 * What is, held against records: every combination of account and password, one by one and as a group.
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

#include "handoff/look.h"
#include "handoff_world.h"
#include "private_world.h"

#define HASH "$5$a$generated"
#define Y OTSD_YES
#define N OTSD_NO
#define U OTSD_UNKNOWN

/* A line of passwd and of shadow, "" where there is none; '=' is the record's hash. */
static const struct {
    const char *promise, *passwd, *shadow;
    bool command;
    otsd_tri exists;
    bool same_uid;
    otsd_tri in_place, must_change;
} rows[] = {
    {"in place, must change", "x:1001", "=:0", false, Y, true, Y, Y},
    {"in place, changed today", "x:1001", "=:19000", false, Y, true, Y, N},
    {"in place, no date", "x:1001", "=:", false, Y, true, Y, N},
    {"locked is in place", "x:1001", "!=:0", false, Y, true, Y, Y},
    {"another password", "x:1001", "$5$b$other:0", false, Y, true, N, Y},
    {"another uid", "x:1002", "=:0", false, Y, false, Y, Y},
    {"no account, and a line in shadow", "", "=:0", false, N, false, Y, Y},
    {"neither", "", "", false, N, false, N, N},
    {"no line in shadow", "x:1001", "", false, Y, true, N, N},
    {"a backend that cannot tell", "x:1001", "=:0", true, Y, true, U, U},
};
#define ROWS (sizeof rows / sizeof rows[0])

static world w;

static void name_of(size_t i, char *out) {
    snprintf(out, 16, "user%zu", ROWS - i); /* not in the order of the rows */
}

/* No two generated hashes are the same. */
static void hash_of(const char *user, char *out) {
    snprintf(out, 100, "%s-%.50s", HASH, user);
}

static void put_accounts(void) {
    char passwd[4000] = "root:x:0:0::/:/bin/sh\n", shadow[4000] = "", name[16], hash[100];

    for (size_t i = 0; i < ROWS; i++) {
        size_t len = strlen(passwd);

        name_of(i, name);
        if (rows[i].passwd[0])
            snprintf(passwd + len, sizeof passwd - len, "%s:%s:100::/:/bin/sh\n", name, rows[i].passwd);
        len = strlen(shadow);
        hash_of(name, hash);
        if (rows[i].shadow[0]) {
            size_t before = strcspn(rows[i].shadow, "=");
            bool ours = rows[i].shadow[before] == '=';

            snprintf(shadow + len, sizeof shadow - len, "%s:%.*s%s%s:0:99999:7:::\n", name, (int)before, rows[i].shadow,
                     ours ? hash : "", rows[i].shadow + before + ours);
        }
    }
    put_file("/etc/passwd", passwd, 0644);
    put_file("/etc/shadow", shadow, 0640);
}

static record record_of(size_t i) {
    record r = world_record();

    name_of(i, r.user);
    hash_of(r.user, r.hash);
    r.backend = rows[i].command ? BACKEND_COMMAND : BACKEND_SHADOW;
    return r;
}

static void assert_row(size_t i, const situation *s, event ev) {
    if (s->exists != rows[i].exists || s->same_uid != rows[i].same_uid || s->in_place != rows[i].in_place ||
        s->must_change != rows[i].must_change)
        fail_msg("%s: exists %d, same uid %d, in place %d, must change %d", rows[i].promise, s->exists, s->same_uid,
                 s->in_place, s->must_change);
    assert_int_equal(s->event, ev);
    assert_int_equal(s->over, N);
    assert_int_equal(s->can_tell, !rows[i].command);
    assert_true(s->to_change); /* as the record says */
    assert_false(s->login_service || s->key_counts);
}

static void one_by_one(void **state) {
    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_accounts();
    for (size_t i = 0; i < ROWS; i++) {
        record r = record_of(i);
        situation s;
        char *renamed;
        problem p;

        assert_int_equal(look_at(&r, EVENT_AUTH, &s, &renamed, &p), EX_OK);
        assert_row(i, &s, EVENT_AUTH);
        assert_null(renamed);
    }
    world_close(&w, 0);
}

static int look_at_group(look_group *g, problem *p) {
    int rc = look_group_files(g, p);

    look_group_others(g);
    return rc;
}

static void put_records(void) {
    for (size_t i = 0; i < ROWS; i++) {
        record r = record_of(i);
        entry *e;

        r.opened_at = 7;
        r.checked_at = 8;
        r.reason = REASON_LOGIN;
        e = world_put(&w, LEDGER_PENDING, &r);
        ledger_release(&e);
    }
}

static void as_a_group(void **state) {
    look_group g;
    char name[16], hash[100];
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_accounts();
    put_records();
    assert_int_equal(look_group_init(&g, &p), EX_OK);
    assert_int_equal(look_group_add(&g, w.x.ledger, "nobody-there", &p), LEDGER_NONE);
    for (size_t i = 0; i < ROWS; i++) {
        name_of(i, name);
        assert_int_equal(look_group_add(&g, w.x.ledger, name, &p), EX_OK);
        assert_false(look_group_full(&g));
    }
    assert_int_equal(g.len, ROWS);
    assert_int_equal(look_at_group(&g, &p), EX_OK);
    assert_int_equal(g.len, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        name_of(i, name);
        assert_string_equal(g.items[i].user, name);
        hash_of(name, hash);
        assert_string_equal(g.items[i].hash, hash);
        assert_int_equal(g.items[i].uid, 1001);
        assert_int_equal(g.items[i].opened_at, 7);
        assert_int_equal(g.items[i].checked_at, 8);
        assert_int_equal(g.items[i].s.noted, REASON_LOGIN);
        assert_row(i, &g.items[i].s, EVENT_SWEEP);
    }
    look_group_empty(&g);
    assert_int_equal(g.len, 0);
    assert_int_equal(g.text_len, 0);
    look_group_free(&g);
    world_close(&w, 0);
}

static void the_first_line_of_a_name_counts(void **state) {
    look_group g;
    problem p;
    record r = world_record();
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file("/etc/passwd", "alice:x:1001:1::/:/bin/sh\nalice:x:7:1::/:/bin/sh\n", 0644);
    put_file("/etc/shadow", "alice:$5$b$other:0:0:99999:7:::\nalice:" HASH ":0:0:99999:7:::\n", 0640);
    e = world_put(&w, LEDGER_PENDING, &r);
    ledger_release(&e);
    assert_int_equal(look_group_init(&g, &p), EX_OK);
    assert_int_equal(look_group_add(&g, w.x.ledger, "alice", &p), EX_OK);
    assert_int_equal(look_at_group(&g, &p), EX_OK);
    assert_true(g.items[0].s.same_uid);
    assert_int_equal(g.items[0].s.in_place, N);
    look_group_free(&g);
    world_close(&w, 0);
}

/* Nobody can say: it is unknown, so nothing ends. */
static void files_that_cannot_be_read_end_nothing(void **state) {
    look_group g;
    record r = world_record();
    situation s;
    char *renamed;
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    e = world_put(&w, LEDGER_PENDING, &r);
    ledger_release(&e);
    assert_int_equal(unlink("/etc/shadow"), 0);
    assert_int_equal(look_at(&r, EVENT_SWEEP, &s, &renamed, &p), EX_NOINPUT);
    assert_int_equal(s.exists, Y);
    assert_int_equal(s.in_place, U);
    assert_int_equal(s.must_change, U);
    assert_int_equal(look_group_init(&g, &p), EX_OK);
    assert_int_equal(look_group_add(&g, w.x.ledger, "alice", &p), EX_OK);
    assert_int_equal(look_at_group(&g, &p), EX_NOINPUT);
    assert_int_equal(g.items[0].s.exists, Y);
    assert_int_equal(g.items[0].s.in_place, U);
    assert_int_equal(decide(&g.items[0].s), REASON_NONE);
    look_group_empty(&g);
    assert_int_equal(look_group_add(&g, w.x.ledger, "alice", &p), EX_OK);
    put_file("/etc/shadow", WORLD_SHADOW, 0640);
    assert_int_equal(unlink("/etc/passwd"), 0);
    assert_int_equal(look_at_group(&g, &p), EX_NOINPUT);
    assert_int_equal(g.items[0].s.exists, U);
    assert_false(g.items[0].s.missed);
    look_group_free(&g);
    world_close(&w, 0);
}

static void a_group_is_full_before_it_overflows(void **state) {
    look_group g = {.len = 0};

    (void)state;
    assert_false(look_group_full(&g));
    g.len = LOOK_ITEMS - 1;
    assert_false(look_group_full(&g));
    g.len = LOOK_ITEMS;
    assert_true(look_group_full(&g));
    g.len = 0;
    g.text_len = LOOK_TEXT - sizeof((record *)0)->user - sizeof((record *)0)->hash;
    assert_false(look_group_full(&g));
    g.text_len++;
    assert_true(look_group_full(&g));
}

static void those_that_are_overdue_are_locked_together(void **state) {
    static const struct {
        const char *user, *now; /* the account's name in the record, and as it is */
        int64_t left;           /* until the deadline */
        bool locked;
    } some[] = {{"alice", "alice", -5, true},
                {"bob", "bob", 1000, false},
                {"carol", "carol", -1000, true},
                {"dave", "david", -5, true},
                {"erin", "erika", 1000, false}};
    char passwd[500] = "", shadow[1000] = "", *text, line[200], hash[100];
    look_group g;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(look_group_init(&g, &p), EX_OK);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        record r = world_record();
        entry *e;

        snprintf(r.user, sizeof r.user, "%s", some[i].user);
        r.created -= 10;
        r.local = 1;
        hash_of(r.user, r.hash);
        r.deadline = time(NULL) + some[i].left;
        e = world_put(&w, LEDGER_PENDING, &r);
        ledger_release(&e);
        snprintf(passwd + strlen(passwd), 100, "%s:x:1001:1::/:/bin/sh\n", some[i].now);
        snprintf(shadow + strlen(shadow), 160, "%s:%.100s:0:0:99999:7:::\n", some[i].now, r.hash);
        assert_int_equal(look_group_add(&g, w.x.ledger, r.user, &p), EX_OK);
    }
    put_file("/etc/passwd", passwd, 0644);
    put_file("/etc/shadow", shadow, 0640);
    assert_int_equal(look_at_group(&g, &p), EX_OK);
    assert_int_equal(look_group_lock(&g, 1000, &p), EX_OK);
    text = get_file("/etc/shadow");
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        hash_of(some[i].user, hash);
        snprintf(line, sizeof line, "%s:%s:", some[i].now, some[i].locked ? "!*" : hash);
        assert_non_null(strstr(text, line));
    }
    free(text);
    look_group_free(&g);
    world_close(&w, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each combination of account and password, one by one", one_by_one, NULL, NULL, NULL},
        {"the same as a group, in one pass", as_a_group, NULL, NULL, NULL},
        {"the first line of a name counts", the_first_line_of_a_name_counts, NULL, NULL, NULL},
        {"files that cannot be read end nothing", files_that_cannot_be_read_end_nothing, NULL, NULL, NULL},
        {"a group is full before it overflows", a_group_is_full_before_it_overflows, NULL, NULL, NULL},
        {"those that are overdue are locked together, under any name; the others not",
         those_that_are_overdue_are_locked_together, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the look # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
