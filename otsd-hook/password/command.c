/* SPDX-License-Identifier: MIT
 *
 * The programs know what this one cannot: where the password went, whether it is still there. So nothing here can tell,
 * nobody's password is looked at before it is set, and whatever a program did before it was killed may be done.
 */
#include "password/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "base/stop.h"

#define FAILURES_ENOUGH 10 /* runs for one line in a row */
#define LOCK_TIME_MOST 60  /* s: one name, and a sweep or a revoke waits for it */

static size_t group_most(const config *c) {
    return (size_t)c->password.command_group;
}

static int programs(const config *c, problem *p) {
    int rc = run_check(c->password.command, p);

    return rc == EX_OK && c->password.lock_command ? run_check(c->password.lock_command, p) : rc;
}

static int survey_all(const config *c, backend_account *accounts, size_t n, problem *p) {
    (void)accounts;
    (void)n;
    return programs(c, p);
}

static int ready(const config *c, const char *user, bool force, int64_t *changed_before, problem *p) {
    *changed_before = 0; /* it cannot know */
    (void)user;
    (void)force;
    return programs(c, p);
}

static int replaceable(const config *c, const record *old, bool force, problem *p) {
    (void)old;
    (void)force;
    return programs(c, p);
}

/* "user:password" lines; NULL: out of memory. */
static char *input_of(const backend_change *changes, size_t n, size_t *len) {
    size_t at = 0;
    char *text;

    *len = 0;
    for (size_t i = 0; i < n; i++)
        *len += strlen(changes[i].record->user) + otsd_secret_len(changes[i].value) + 2;
    text = malloc(*len + 1);
    for (size_t i = 0; text && i < n; i++) {
        size_t user_len = strlen(changes[i].record->user), value_len = otsd_secret_len(changes[i].value);

        memcpy(text + at, changes[i].record->user, user_len);
        text[at + user_len] = ':';
        memcpy(text + at + user_len + 1, otsd_secret_data(changes[i].value), value_len);
        at += user_len + value_len + 2;
        text[at - 1] = '\n';
    }
    return text;
}

static void set_once(const config *c, backend_change *changes, size_t n) {
    size_t len;
    char *text = input_of(changes, n, &len);
    problem p;

    if (!text)
        problem_set(&p, EX_CONFIG, "out of memory");
    else
        p.code = run_with_input(c->password.command, text, len, (int)c->password.command_timeout, &p);
    if (text)
        otsd_wipe(text, len);
    free(text);
    for (size_t i = 0; i < n; i++) {
        *changes[i].why = p;
        changes[i].unsure = p.code != EX_OK && p.code != EX_CONFIG; /* it was not run then */
    }
}

/* A command that fails at one line has often done the others (chpasswd behind PAM is like that): so each is tried by
 * itself, which sets a password that is set already once more. Where one takes too long or is killed, where some in a
 * row fail, for then the lines are not the reason, or where a stop is wanted, the others are left as the group's run
 * left them, unsure: each of them could take as long. */
static void set(const config *c, backend_change *changes, size_t n) {
    bool goes = n > 1;
    size_t failures = 0;

    set_once(c, changes, n);
    for (size_t i = 0; goes && i < n && changes[i].why->code == EX_UNAVAILABLE; i++) {
        if (failures == FAILURES_ENOUGH || stop_wanted())
            break;
        set_once(c, &changes[i], 1);
        failures = changes[i].why->code == EX_OK ? 0 : failures + 1;
        goes = changes[i].why->code == EX_OK || changes[i].why->code == EX_UNAVAILABLE;
        if (changes[i].why->code == EX_CONFIG)
            changes[i].unsure = true; /* the run before it was */
    }
}

int command_lock_time(const config *c) {
    return c->password.command_timeout < LOCK_TIME_MOST ? (int)c->password.command_timeout : LOCK_TIME_MOST;
}

static int lock(const config *c, const record *r, long wait_ms, bool *locked, problem *p) {
    char line[USER_MAX + 2];

    (void)wait_ms;

    if (!r->storing)
        return problem_none(p);
    if (!c)
        return problem_set(p, EX_CONFIG, "without the configuration nobody knows how to lock %s", r->user);
    *locked = true;
    if (!c->password.lock_command)
        return problem_set(p, EX_CONFIG, "the configuration has no password.lock_command any more");
    snprintf(line, sizeof line, "%s\n", r->user);
    return run_with_input(c->password.lock_command, line, strlen(line), command_lock_time(c), p);
}

const backend command_backend = {
    .group_most = group_most,
    .survey = survey_all,
    .ready = ready,
    .replaceable = replaceable,
    .set = set,
    .lock = lock,
};
