/* SPDX-License-Identifier: MIT
 *
 * The shadow file knows everything: what is in place, what was never set, what must be changed. So a password that is
 * not ours is never replaced or locked, and after a transaction that failed a look says what happened. Where even that
 * look fails, the password counts as possibly set.
 */
#include "password/shadow.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "password/shadow_file.h"
#include "password/shadow_look.h"
#include "password/shadow_read.h"
#include "password/survey.h"

static int broken(const char *user, const char *wrong, problem *p) {
    return problem_set(p, EX_DATAERR, "%s's line in %s %s: vipw -s mends it", user, SHADOW_PATH, wrong);
}

static int unfit(const backend_account *a, problem *p) {
    return a->absent ? problem_set(p, EX_NOUSER, "%s has no line in %s", a->user, SHADOW_PATH)
                     : broken(a->user, a->wrong, p);
}

/* As the record has it. */
static int64_t changed_before(long changed) {
    return changed == SHADOW_DATE_ODD ? 0 : changed;
}

static void survey_line(void *item, const shadow_seen *line) {
    backend_account *a = item;

    a->absent = false;
    a->wrong = line->wrong;
    a->changed = changed_before(line->changed);
    a->has_password = !shadow_never_set(line->hash);
    a->expired = shadow_expired(line->expires, (long)(time(NULL) / 86400));
}

static int survey_all(const config *c, backend_account *accounts, size_t n, problem *p) {
    survey s;
    int rc = survey_init(&s, n, p);

    (void)c;
    for (size_t i = 0; rc == EX_OK && i < n; i++) {
        accounts[i].absent = true;
        survey_add(&s, accounts[i].user, &accounts[i]);
    }
    if (rc == EX_OK)
        rc = survey_shadow(&s, survey_line, p);
    survey_free(&s);
    return rc;
}

int shadow_line_ready(const shadow_line *line, const char *user, bool force, problem *p) {
    if (line->wrong)
        return broken(user, line->wrong, p);
    if (!force && !shadow_never_set(line->hash))
        return problem_set(p, EX_NOPERM,
                           "%s has a password already, or a locked one; otsd-hook provision --force replaces it", user);
    return problem_none(p);
}

static int ready(const config *c, const char *user, bool force, int64_t *changed, problem *p) {
    shadow_line line;
    int rc = shadow_lookup(user, &line, p);

    (void)c;
    if (rc == EX_OK)
        rc = shadow_line_ready(&line, user, force, p);
    if (rc == EX_OK)
        *changed = changed_before(line.changed);
    otsd_wipe(&line, sizeof line);
    return rc;
}

int shadow_line_replaceable(const shadow_line *line, const record *old, bool force, problem *p) {
    if (line->wrong)
        return broken(old->user, line->wrong, p);
    if (force)
        return problem_none(p);
    if (shadow_never_set(line->hash))
        return problem_set(p, EX_NOPERM,
                           "%s's generated password is dead by now; otsd-hook reissue --force gives a new one",
                           old->user);
    if (!shadow_same(line->hash, old->hash))
        return problem_set(
            p, EX_NOPERM,
            "%s has another password by now than the generated one; otsd-hook reissue --force replaces it", old->user);
    if (strcmp(line->hash, old->hash) != 0)
        return problem_set(p, EX_NOPERM, "%s is locked; otsd-hook reissue --force unlocks it with a new password",
                           old->user);
    return problem_none(p);
}

static int replaceable(const config *c, const record *old, bool force, problem *p) {
    shadow_line line;
    int rc = shadow_lookup(old->user, &line, p);

    (void)c;
    if (rc == EX_OK)
        rc = shadow_line_replaceable(&line, old, force, p);
    otsd_wipe(&line, sizeof line);
    return rc;
}

static void result_of(const shadow_change *done, backend_change *c) {
    const char *user = c->record->user;

    if (done->result == SHADOW_ABSENT)
        problem_set(c->why, EX_NOUSER, "%s has no line in %s any more", user, SHADOW_PATH);
    else if (done->result == SHADOW_BROKEN)
        (void)broken(user, done->wrong, c->why);
    else if (done->result == SHADOW_REFUSED)
        problem_set(c->why, EX_NOPERM, "%s was given another password meanwhile; otsd-hook %s --force replaces it",
                    user, c->replaces ? "reissue" : "provision");
    else
        problem_clear(c->why);
}

/* The transaction as a whole failed: was it before or after the new file was in place? */
static void all_failed(backend_change *c, size_t n, const problem *p) {
    backend_view *views = calloc(n, sizeof *views), **each = calloc(n, sizeof(backend_view *));
    problem ignored;

    for (size_t i = 0; views && each && i < n; i++) {
        const record *r = c[i].record;

        views[i] = (backend_view){.user = r->user, .hash = r->hash, .in_place = OTSD_UNKNOWN};
        each[i] = &views[i];
    }
    if (views && each)
        (void)shadow_look(each, n, &ignored); /* they are unknown then */
    for (size_t i = 0; i < n; i++) {
        *c[i].why = *p;
        c[i].unsure = !views || !each || views[i].in_place != OTSD_NO;
        if (views && each)
            backend_view_end(&views[i]);
    }
    free(each);
    free(views);
}

static void set(const config *c, backend_change *changes, size_t n) {
    shadow_change *lines = calloc(n, sizeof *lines);
    problem p;

    (void)c;
    for (size_t i = 0; lines && i < n; i++)
        lines[i] = (shadow_change){.user = changes[i].record->user,
                                   .hash = changes[i].record->hash,
                                   .op = SHADOW_SET,
                                   .must_change = changes[i].record->must_change != 0,
                                   .force = changes[i].force,
                                   .replaces = changes[i].replaces};
    if (!lines)
        problem_set(&p, EX_OSERR, "out of memory");
    if (!lines || shadow_apply(lines, n, BACKEND_SET_WAIT_MS, &p) != EX_OK) {
        all_failed(changes, n, &p);
    } else {
        for (size_t i = 0; i < n; i++)
            result_of(&lines[i], &changes[i]);
    }
    free(lines);
}

static shadow_change death_of(const backend_view *view) {
    return (shadow_change){
        .hash = view->hash, .op = SHADOW_KILL, .changed_before = view->changed_before, .created = view->created};
}

static int lock_many(backend_view *const *views, size_t n, long wait_ms, problem *p) {
    shadow_change *changes = calloc(n + 1, sizeof *changes);
    size_t count = 0;
    int rc;

    if (!changes)
        return problem_set(p, EX_OSERR, "out of memory");
    for (size_t i = 0; i < n; i++)
        if (views[i]->hash[0])
            changes[count++] = death_of(views[i]);
    rc = shadow_apply(changes, count, wait_ms, p);
    for (size_t i = 0, k = 0; i < n; i++)
        views[i]->locked = views[i]->hash[0] && changes[k++].result == SHADOW_DONE;
    free(changes);
    return rc;
}

static int lock(const config *c, const record *r, long wait_ms, bool *locked, problem *p) {
    backend_view view = backend_view_of(r), *one = &view;
    int rc = lock_many(&one, 1, wait_ms, p);

    (void)c;
    *locked = view.locked;
    return rc;
}

const backend shadow_backend = {
    .can_tell = true,
    .wants_hash = true,
    .must_change = true,
    .writable = shadow_try,
    .survey = survey_all,
    .unfit = unfit,
    .ready = ready,
    .replaceable = replaceable,
    .set = set,
    .lock = lock,
    .lock_many = lock_many,
    .look = shadow_look,
    .clean = shadow_clean,
};
