/* SPDX-License-Identifier: MIT */
#include "password/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "password/shadow.h"

#define COMMAND_TIMEOUT 60

static int commands_ready(const config *c, problem *p) {
    int rc = run_check(c->password.command, p);

    return rc == EX_OK && c->password.lock_command ? run_check(c->password.lock_command, p) : rc;
}

int backend_replaceable(const config *c, const record *old, bool force, problem *p) {
    shadow_line line;
    int rc;

    if (c->password.backend == BACKEND_COMMAND)
        return commands_ready(c, p);
    rc = shadow_lookup(old->user, &line, p);
    if (rc == EX_OK && !force && !shadow_same(line.hash, old->hash))
        rc = problem_set(p, EX_NOPERM, "%s has a password of another origin by now; --force replaces it", old->user);
    else if (rc == EX_OK && !force && strcmp(line.hash, old->hash) != 0)
        rc = problem_set(p, EX_NOPERM, "%s is locked; --force unlocks it with a new password", old->user);
    otsd_wipe(&line, sizeof line);
    return rc;
}

int backend_ready(const config *c, const char *user, bool force, problem *p) {
    shadow_line line;
    int rc;

    if (c->password.backend == BACKEND_COMMAND)
        return commands_ready(c, p);
    rc = shadow_lookup(user, &line, p);
    if (rc == EX_OK && !force && !shadow_never_set(line.hash))
        rc = problem_set(p, EX_NOPERM, "%s has a password already, or a locked one; --force replaces it", user);
    otsd_wipe(&line, sizeof line);
    return rc;
}

static void shadow_result_of(const shadow_change *done, backend_change *c) {
    const char *user = c->h->user;

    if (done->result == SHADOW_ABSENT)
        problem_set(c->why, EX_NOUSER, "%s has no line in %s any more", user, SHADOW_PATH);
    else if (done->result == SHADOW_REFUSED)
        problem_set(c->why, EX_NOPERM, "%s was given another password meanwhile; --force replaces it", user);
    else
        c->why->code = EX_OK;
}

/* The transaction as a whole failed: was it before or after the new file was in place? */
static void shadow_unsure(backend_change *c, size_t n, const problem *p) {
    backend_view *views = calloc(n, sizeof *views);

    for (size_t i = 0; views && i < n; i++)
        views[i].h = c[i].h;
    if (views)
        backend_look(views, n);
    for (size_t i = 0; i < n; i++) {
        *c[i].why = *p;
        c[i].unsure = !views || views[i].in_place != OTSD_NO;
    }
    free(views);
}

static void shadow_set(backend_change *c, size_t n) {
    shadow_change *changes = calloc(n, sizeof *changes);
    problem p;

    for (size_t i = 0; changes && i < n; i++)
        changes[i] = (shadow_change){.user = c[i].h->user,
                                     .hash = c[i].h->hash,
                                     .op = SHADOW_SET,
                                     .must_change = c[i].h->must_change != 0,
                                     .force = c[i].force,
                                     .only_if = c[i].replaces};
    if (!changes)
        problem_set(&p, EX_OSERR, "out of memory");
    if (!changes || shadow_apply(changes, n, &p) != EX_OK) {
        shadow_unsure(c, n, &p);
    } else {
        for (size_t i = 0; i < n; i++)
            shadow_result_of(&changes[i], &c[i]);
    }
    free(changes);
}

/* "user:password" lines, all to one run of the command. */
static void command_set_once(const config *c, backend_change *changes, size_t n) {
    size_t len = 0, at = 0;
    char *text;
    problem p;

    for (size_t i = 0; i < n; i++)
        len += strlen(changes[i].h->user) + otsd_secret_len(changes[i].value) + 2;
    text = malloc(len + 1);
    for (size_t i = 0; text && i < n; i++) {
        size_t user_len = strlen(changes[i].h->user), value_len = otsd_secret_len(changes[i].value);

        memcpy(text + at, changes[i].h->user, user_len);
        text[at + user_len] = ':';
        memcpy(text + at + user_len + 1, otsd_secret_data(changes[i].value), value_len);
        at += user_len + value_len + 2;
        text[at - 1] = '\n';
    }
    if (!text)
        problem_set(&p, EX_CONFIG, "out of memory");
    else
        p.code = run_with_input(c->password.command, text, len, COMMAND_TIMEOUT, &p);
    if (text)
        otsd_wipe(text, len);
    free(text);
    for (size_t i = 0; i < n; i++) {
        *changes[i].why = p;
        changes[i].unsure = p.code != EX_OK && p.code != EX_CONFIG && p.code != EX_UNAVAILABLE;
    }
}

/* A command that fails at one line has often done the others (chpasswd behind PAM is like that): so each is tried by
 * itself, which sets a password that is set already once more. */
static void command_set(const config *c, backend_change *changes, size_t n) {
    command_set_once(c, changes, n);
    for (size_t i = 0; n > 1 && i < n; i++)
        if (changes[i].why->code == EX_UNAVAILABLE)
            command_set_once(c, &changes[i], 1);
}

void backend_set(const config *c, backend_change *changes, size_t n) {
    for (size_t i = 0; i < n; i++)
        changes[i].unsure = false;
    if (n > 0 && changes[0].h->backend == BACKEND_COMMAND)
        command_set(c, changes, n);
    else if (n > 0)
        shadow_set(changes, n);
}

static int shadow_lock(const record *h, problem *p) {
    shadow_change change = {.user = h->user, .hash = h->hash, .op = SHADOW_LOCK_IF};

    return h->hash[0] ? shadow_apply(&change, 1, p) : EX_OK;
}

int backend_lock(const config *c, const record *h, problem *p) {
    char line[USER_MAX + 2];

    if (h->backend == BACKEND_SHADOW)
        return shadow_lock(h, p);
    if (!h->storing)
        return EX_OK;
    if (!c->password.lock_command)
        return problem_set(p, EX_CONFIG, "the configuration has no password.lock_command any more");
    snprintf(line, sizeof line, "%s\n", h->user);
    return run_with_input(c->password.lock_command, line, strlen(line), COMMAND_TIMEOUT, p);
}

typedef struct looking {
    backend_view **sorted;
    size_t n;
} looking;

static int view_by_user(const void *a, const void *b) {
    return strcmp((*(backend_view *const *)a)->h->user, (*(backend_view *const *)b)->h->user);
}

static int view_by_name(const void *name, const void *view) {
    return strcmp(name, (*(backend_view *const *)view)->h->user);
}

static bool look_at_line(const char *user, const char *hash, long changed, void *arg) {
    looking *l = arg;
    backend_view **found = bsearch(user, l->sorted, l->n, sizeof(backend_view *), view_by_name);

    /* Only the first line of a name counts. */
    if (found && !(*found)->seen) {
        (*found)->seen = true;
        (*found)->in_place = shadow_same(hash, (*found)->h->hash) ? OTSD_YES : OTSD_NO;
        (*found)->must_change = changed == 0 ? OTSD_YES : OTSD_NO;
    }
    return true;
}

void backend_look(backend_view *views, size_t n) {
    looking l = {.sorted = calloc(n + 1, sizeof(backend_view *))};
    problem ignored;
    bool ok;

    for (size_t i = 0; i < n; i++) {
        views[i].in_place = views[i].must_change = OTSD_UNKNOWN;
        views[i].seen = false;
        if (l.sorted && views[i].h->backend == BACKEND_SHADOW)
            l.sorted[l.n++] = &views[i];
    }
    if (l.n > 0) {
        qsort(l.sorted, l.n, sizeof(backend_view *), view_by_user);
        ok = shadow_each(look_at_line, &l, &ignored) == EX_OK;
        for (size_t i = 0; i < l.n; i++)
            if (!ok || !l.sorted[i]->seen)
                l.sorted[i]->in_place = l.sorted[i]->must_change = ok ? OTSD_NO : OTSD_UNKNOWN;
    }
    free(l.sorted);
}
