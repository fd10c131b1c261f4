/* SPDX-License-Identifier: MIT
 *
 * Anybody can hold the lock for as long as he likes, so nothing waits for it that need not: a hash that is to die is
 * looked for first. That needs no lock, because who moves a hash to another line holds the lock and replaces the file
 * as a whole. "It stands nowhere" takes a file that was read to its end; "there it stands" does not.
 */
#include "password/shadow_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "password/shadow_index.h"
#include "password/shadow_lock.h"
#include "password/shadow_place.h"
#include "password/shadow_read.h"
#include "password/shadow_rewrite.h"

typedef struct search {
    shadow_index hashes;
    bool found;
} search;

static bool is_wanted(const shadow_seen *line, void *arg) {
    search *s = arg;
    const char *bare = shadow_unlocked(line->hash);

    s->found = shadow_index_find(&s->hashes, bare, strlen(bare))->item;
    return !s->found;
}

/* *needed: there is something to change, or nobody can say without the lock. */
static int look_first(shadow_change *changes, size_t n, bool *needed, problem *p) {
    search s = {.found = false};
    int rc = problem_none(p);

    *needed = false;
    for (size_t i = 0; i < n; i++)
        *needed = *needed || changes[i].op != SHADOW_KILL;
    if (*needed || n == 0)
        return rc;
    if (!shadow_index_make(&s.hashes, n))
        return problem_set(p, EX_OSERR, "out of memory");
    for (size_t i = 0; i < n; i++)
        shadow_index_add(&s.hashes, changes[i].hash, &changes[i]);
    rc = shadow_each(is_wanted, &s, p);
    *needed = s.found;
    for (size_t i = 0; rc == EX_OK && !s.found && i < n; i++)
        changes[i].result = SHADOW_ABSENT;
    shadow_index_free(&s.hashes);
    return rc;
}

typedef int with_lock(const shadow_place *place, void *arg, problem *p);

static int under_lock(with_lock *fn, void *arg, long wait_ms, problem *p) {
    shadow_place place;
    int lock, rc = shadow_lock_take(wait_ms, &lock, p);

    if (rc != EX_OK)
        return rc;
    rc = shadow_place_open(&place, p);
    if (rc == EX_OK) {
        rc = fn(&place, arg, p);
        shadow_place_close(&place);
    }
    shadow_lock_release(lock);
    return rc;
}

typedef struct wanted {
    shadow_change *changes;
    size_t n;
} wanted;

static int apply(const shadow_place *place, void *arg, problem *p) {
    const wanted *w = arg;

    return shadow_rewrite_apply(place, w->changes, w->n, p);
}

int shadow_apply(shadow_change *changes, size_t n, long wait_ms, problem *p) {
    wanted w = {.changes = changes, .n = n};
    bool needed;
    int rc = look_first(changes, n, &needed, p);

    if (rc == EX_OK && needed)
        rc = under_lock(apply, &w, wait_ms, p);
    for (size_t i = 0; rc != EX_OK && i < n; i++)
        changes[i].result = SHADOW_UNTOUCHED;
    return rc;
}

static int try_all(const shadow_place *place, void *arg, problem *p) {
    (void)arg;
    return shadow_rewrite_try(place, p);
}

int shadow_try(long wait_ms, problem *p) {
    return under_lock(try_all, NULL, wait_ms, p);
}

static int remove_fresh(const shadow_place *place, void *arg, problem *p) {
    (void)arg;
    if (unlinkat(place->dir, place->fresh, 0) != 0 && errno != ENOENT)
        return problem_set(p, EX_IOERR, "%s, beside %s, cannot be removed: %s", place->fresh, place->path,
                           strerror(errno));
    return problem_none(p);
}

int shadow_clean(long wait_ms, problem *p) {
    shadow_place place;
    struct stat st;
    bool left;
    int rc;

    /* Where there is no place there is nothing of ours beside it. */
    if (shadow_place_open(&place, p) != EX_OK)
        return problem_none(p);
    left = fstatat(place.dir, place.fresh, &st, AT_SYMLINK_NOFOLLOW) == 0;
    shadow_place_close(&place);
    rc = left ? under_lock(remove_fresh, NULL, wait_ms, p) : problem_none(p);
    return rc == EX_TEMPFAIL && wait_ms == 0 ? problem_none(p) : rc;
}
