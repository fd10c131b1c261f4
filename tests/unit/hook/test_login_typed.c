/* SPDX-License-Identifier: MIT
 *
 * The one answer that refuses a login: certain on both sides (the text, the time), or not given.
 */
#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "commands/login_typed.h"
#include "handoff_world.h"
#include "private_world.h"

#define GENERATED "generated-Pass.42"
#define HOUR 3600

static world w;

static const struct {
    const char *promise;
    reason noted;
    int64_t made; /* so long ago, with an hour to live */
    const char *typed;
    int expected;
} rows[] = {
    {"in time: it is let in", REASON_NONE, 0, GENERATED, EX_OK},
    {"over: it is refused", REASON_NONE, 2 * HOUR, GENERATED, OTSD_EXIT_OVERDUE},
    {"another text is never refused", REASON_NONE, 2 * HOUR, "her-own-Pass.7", EX_OK},
    {"nor is none", REASON_NONE, 2 * HOUR, "", EX_OK},
    {"nor one that begins like it", REASON_NONE, 2 * HOUR, GENERATED "x", EX_OK},
    {"revoked, in time: it is refused", REASON_REVOKED, 0, GENERATED, OTSD_EXIT_OVERDUE},
    {"revoked, another text", REASON_REVOKED, 0, "her-own-Pass.7", EX_OK},
    {"the account has another uid: it is refused", REASON_UID, 0, GENERATED, OTSD_EXIT_OVERDUE},
    {"a noted login, which made it her own", REASON_LOGIN, 0, GENERATED, EX_OK},
    {"made in the future: nobody can say, so it is let in", REASON_NONE, -2 * HOUR, GENERATED, EX_OK},
};

/* The text on standard input, as from the module. */
static int ask(const char *text, problem *p) {
    int ends[2], rc;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(ends[0]), 0);
    rc = login_typed("alice", p);
    return rc;
}

static void put_record(size_t i) {
    struct crypt_data data = {0};
    record r = world_record();
    entry *e;

    r.created -= rows[i].made;
    r.deadline = r.created + HOUR;
    r.reason = rows[i].noted;
    r.claimed_at = rows[i].noted == REASON_NONE ? 0 : time(NULL);
    snprintf(r.hash, sizeof r.hash, "%s", crypt_r(GENERATED, "$5$rounds=1000$salt", &data));
    e = world_put(&w, LEDGER_PENDING, &r);
    ledger_release(&e);
}

static void only_what_is_certain_refuses(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        problem p;
        int rc;

        world_open(&w, NULL, NULL, 0);
        put_record(i);
        rc = ask(rows[i].typed, &p);
        if (rc != rows[i].expected)
            fail_msg("%s: %d instead of %d", rows[i].promise, rc, rows[i].expected);
        world_close(&w, 0);
    }
}

/* No record, one that cannot be read, a text that is too long: whatever is wrong, it is not that answer. */
static void whatever_is_wrong_does_not(void **state) {
    char endless[700];
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(ask(GENERATED, &p), EX_OK);
    put_record(1);
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(ask(endless, &p), EX_DATAERR);
    put_file(OTSD_STATE_DIR "/pending/alice", "id=what\n", 0600);
    assert_int_equal(ask(GENERATED, &p), EX_DATAERR);
    world_close(&w, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"only what is certain refuses a login", only_what_is_certain_refuses, NULL, NULL, NULL},
        {"whatever is wrong does not", whatever_is_wrong_does_not, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - what was typed # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
