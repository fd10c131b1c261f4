/* SPDX-License-Identifier: MIT
 *
 * Before there is a record the configuration says which backend is asked; from then on the record does. So a password
 * that was set by one backend is locked and looked at by that one, whatever the configuration says by then.
 */
#include "password/backend.h"

#include <stdlib.h>

#include "password/command.h"
#include "password/shadow.h"

static const backend *const backends[] = {[BACKEND_SHADOW] = &shadow_backend, [BACKEND_COMMAND] = &command_backend};

enum { KINDS = sizeof backends / sizeof backends[0] };

const backend *backend_of(int64_t kind) {
    return backends[kind];
}

static const backend *configured(const config *c) {
    return backend_of((int64_t)c->password.backend);
}

int backend_survey(const config *c, backend_account *accounts, size_t n, problem *p) {
    for (size_t i = 0; i < n; i++)
        accounts[i] = (backend_account){.user = accounts[i].user};
    return configured(c)->survey(c, accounts, n, p);
}

int backend_writable(const config *c, long wait_ms, problem *p) {
    const backend *b = configured(c);

    return b->writable ? b->writable(wait_ms, p) : problem_none(p);
}

int backend_fit(const config *c, const backend_account *a, problem *p) {
    return a->absent || a->wrong ? configured(c)->unfit(a, p) : problem_none(p);
}

int backend_ready(const config *c, const char *user, bool force, int64_t *changed_before, problem *p) {
    *changed_before = 0;
    return configured(c)->ready(c, user, force, changed_before, p);
}

int backend_replaceable(const config *c, const record *old, bool force, problem *p) {
    return configured(c)->replaceable(c, old, force, p);
}

size_t backend_group_most(const config *c) {
    const backend *b = configured(c);

    return b->group_most ? b->group_most(c) : 0;
}

void backend_set(const config *c, backend_change *changes, size_t n) {
    for (size_t i = 0; i < n; i++)
        changes[i].unsure = false;
    if (n > 0)
        backend_of(changes[0].record->backend)->set(c, changes, n);
}

int backend_lock(const config *c, const record *r, long wait_ms, bool *locked, problem *p) {
    *locked = false;
    return backend_of(r->backend)->lock(c, r, wait_ms, locked, p);
}

/* Those of one kind, into room for n. */
static size_t of_kind(int64_t kind, backend_view *views, size_t n, backend_view **out) {
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (views[i].kind == kind)
            out[count++] = &views[i];
    return count;
}

typedef enum purpose { LOCK, LOOK } purpose;

static int one_kind(purpose what, const backend *b, backend_view **some, size_t count, long wait_ms, problem *p) {
    if (what == LOCK)
        return b->lock_many ? b->lock_many(some, count, wait_ms, p) : problem_none(p);
    return b->look ? b->look(some, count, p) : problem_none(p);
}

/* Each backend's views to its function for that, if it has one. */
static int each_kind(purpose what, backend_view *views, size_t n, long wait_ms, problem *p) {
    backend_view **some = calloc(n + 1, sizeof(backend_view *));
    int rc = problem_none(p);

    if (!some)
        return problem_set(p, EX_OSERR, "out of memory");
    for (int64_t kind = 0; kind < KINDS; kind++) {
        size_t count = of_kind(kind, views, n, some);
        problem why;

        if (count > 0 && one_kind(what, backends[kind], some, count, wait_ms, &why) != EX_OK && rc == EX_OK) {
            *p = why;
            rc = why.code;
        }
    }
    free(some);
    return rc;
}

int backend_lock_many(backend_view *views, size_t n, long wait_ms, problem *p) {
    return each_kind(LOCK, views, n, wait_ms, p);
}

int backend_look(backend_view *views, size_t n, problem *p) {
    for (size_t i = 0; i < n; i++)
        views[i] = (backend_view){.user = views[i].user,
                                  .hash = views[i].hash,
                                  .kind = views[i].kind,
                                  .created = views[i].created,
                                  .changed_before = views[i].changed_before,
                                  .in_place = OTSD_UNKNOWN,
                                  .must_change = OTSD_UNKNOWN};
    return each_kind(LOOK, views, n, 0, p);
}

int backend_clean(long wait_ms, problem *p) {
    int rc = problem_none(p);

    for (int64_t kind = 0; rc == EX_OK && kind < KINDS; kind++)
        if (backend_of(kind)->clean)
            rc = backend_of(kind)->clean(wait_ms, p);
    return rc;
}
