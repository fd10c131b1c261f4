/* SPDX-License-Identifier: MIT */
#include "backend.h"

#include <stdio.h>
#include <string.h>

#include "run.h"
#include "shadow.h"

#define COMMAND_TIMEOUT 60

static int commands_ready(const otsd_config *c, problem *p) {
    int rc = run_check(c->password.command, p);

    return rc == EX_OK && c->password.lock_command ? run_check(c->password.lock_command, p) : rc;
}

int backend_replaceable(const otsd_config *c, const record *old, bool force, problem *p) {
    shadow_line line;
    int rc;

    if (c->password.backend == OTSD_BACKEND_COMMAND)
        return commands_ready(c, p);
    rc = shadow_lookup(old->user, &line, p);
    if (rc == EX_OK && !force && !shadow_same(line.hash, old->hash))
        rc = problem_set(p, EX_NOPERM, "%s has a password of another origin by now; --force replaces it", old->user);
    else if (rc == EX_OK && !force && strcmp(line.hash, old->hash) != 0)
        rc = problem_set(p, EX_NOPERM, "%s is locked; --force unlocks it with a new password", old->user);
    otsd_wipe(&line, sizeof line);
    return rc;
}

int backend_ready(const otsd_config *c, const char *user, bool force, problem *p) {
    shadow_line line;
    int rc;

    if (c->password.backend == OTSD_BACKEND_COMMAND)
        return commands_ready(c, p);
    rc = shadow_lookup(user, &line, p);
    if (rc == EX_OK && !force && !shadow_never_set(line.hash))
        rc = problem_set(p, EX_NOPERM, "%s has a password already, or a locked one; --force replaces it", user);
    otsd_wipe(&line, sizeof line);
    return rc;
}

static int shadow_one(shadow_op op, const record *h, const char *only_if, bool force, shadow_result *result, problem *p) {
    shadow_change change = {.user = h->user, .hash = h->hash, .op = op, .must_change = h->must_change != 0, .force = force, .only_if = only_if};
    int rc = shadow_apply(&change, 1, p);

    *result = change.result;
    return rc;
}

static int command_set(const otsd_config *c, const record *h, const otsd_secret *value, problem *p) {
    size_t user_len = strlen(h->user), len = user_len + otsd_secret_len(value) + 2;
    char line[USER_MAX + 2 + 1024];
    int rc;

    if (len > sizeof line)
        return problem_set(p, EX_PROTOCOL, "the generated value is too long");
    memcpy(line, h->user, user_len);
    line[user_len] = ':';
    memcpy(line + user_len + 1, otsd_secret_data(value), otsd_secret_len(value));
    line[len - 1] = '\n';
    rc = run_with_input(c->password.command, line, len, COMMAND_TIMEOUT, p);
    otsd_wipe(line, sizeof line);
    return rc;
}

int backend_set(const otsd_config *c, const record *h, const otsd_secret *value, const char *replaces, bool force, bool *unsure,
                problem *p) {
    shadow_result result;
    int rc;

    *unsure = false;
    if (h->backend == OTSD_BACKEND_COMMAND) {
        rc = command_set(c, h, value, p);
        *unsure = rc != EX_OK && rc != EX_CONFIG && rc != EX_UNAVAILABLE;
        return rc;
    }
    rc = shadow_one(SHADOW_SET, h, replaces, force, &result, p);
    if (rc != EX_OK) {
        otsd_tri in_place, must_change;

        backend_look(h, &in_place, &must_change);
        *unsure = in_place != OTSD_NO;
        return rc;
    }
    if (result == SHADOW_ABSENT)
        return problem_set(p, EX_NOUSER, "%s has no line in %s any more", h->user, SHADOW_PATH);
    if (result == SHADOW_REFUSED)
        return problem_set(p, EX_NOPERM, "%s was given another password meanwhile; --force replaces it", h->user);
    return EX_OK;
}

int backend_lock(const otsd_config *c, const record *h, problem *p) {
    char line[USER_MAX + 2];
    shadow_result result;

    if (h->backend == OTSD_BACKEND_SHADOW)
        return h->hash[0] ? shadow_one(SHADOW_LOCK_IF, h, NULL, false, &result, p) : EX_OK;
    if (!h->storing)
        return EX_OK;
    if (!c->password.lock_command)
        return problem_set(p, EX_CONFIG, "the configuration has no password.lock_command any more");
    (void)snprintf(line, sizeof line, "%s\n", h->user);
    return run_with_input(c->password.lock_command, line, strlen(line), COMMAND_TIMEOUT, p);
}

void backend_look(const record *h, otsd_tri *in_place, otsd_tri *must_change) {
    shadow_line line;
    problem ignored;
    int rc;

    *in_place = *must_change = OTSD_UNKNOWN;
    if (h->backend != OTSD_BACKEND_SHADOW)
        return;
    rc = shadow_lookup(h->user, &line, &ignored);
    if (rc == EX_NOUSER)
        *in_place = *must_change = OTSD_NO;
    if (rc == EX_OK) {
        *in_place = shadow_same(line.hash, h->hash) ? OTSD_YES : OTSD_NO;
        *must_change = line.changed == 0 ? OTSD_YES : OTSD_NO;
    }
    otsd_wipe(&line, sizeof line);
}
