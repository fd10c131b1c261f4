/* SPDX-License-Identifier: MIT
 *
 * A hand-off ends by "its password is not in place any more", so that is said only after the file was read to its end
 * with nothing left out: a missing line counts then, and only then. Anything else is unknown, for all.
 *
 * A generated hash is salted, hence nobody else's. Where it stands under another name, the account was renamed, or its
 * line was copied.
 */
#include "password/shadow_look.h"

#include <stdlib.h>
#include <string.h>

#include "password/shadow_index.h"
#include "password/shadow_read.h"

typedef struct looking {
    shadow_index users, hashes;
    bool no_memory;
} looking;

static void all_unknown(backend_view *const *views, size_t n) {
    for (size_t i = 0; i < n; i++) {
        views[i]->in_place = views[i]->must_change = OTSD_UNKNOWN;
        views[i]->dead = false;
        free(views[i]->elsewhere);
        views[i]->elsewhere = NULL;
    }
}

static otsd_tri must_change(long changed) {
    if (changed == SHADOW_DATE_ODD)
        return OTSD_UNKNOWN;
    return changed == 0 ? OTSD_YES : OTSD_NO;
}

/* What stands in a line that cannot be read is not what logins find; that our hash stands in it is sure. */
static void own_line(backend_view *view, const shadow_seen *line) {
    bool same = shadow_same(line->hash, view->hash);

    view->in_place = same ? OTSD_YES : line->wrong ? OTSD_UNKNOWN : OTSD_NO;
    view->must_change = line->wrong ? OTSD_UNKNOWN : must_change(line->changed);
    view->dead = !line->wrong && shadow_never_set(line->hash);
}

/* False: out of memory. */
static bool other_line(backend_view *view, const char *user) {
    if (view->elsewhere || view->hash[0] == '\0' || strcmp(view->user, user) == 0)
        return true;
    view->elsewhere = strdup(user);
    return view->elsewhere;
}

static bool look_line(const shadow_seen *line, void *arg) {
    looking *l = arg;
    const char *user = line->user, *bare = shadow_unlocked(line->hash);
    shadow_slot *own = shadow_index_find(&l->users, user, strlen(user)),
                *same = shadow_index_find(&l->hashes, bare, strlen(bare));

    if (own->item && !own->met) {
        own->met = true;
        own_line(own->item, line);
    }
    l->no_memory = same->item && !other_line(same->item, user);
    return !l->no_memory;
}

/* The file is read. Who has no line is not in place; where it is in place it is not elsewhere. */
static void conclude(const looking *l, backend_view *view) {
    const shadow_slot *own = shadow_index_find(&l->users, view->user, strlen(view->user));

    if (own->item != view)
        all_unknown(&view, 1); /* the second view of one user: only the first one was looked at */
    else if (!own->met)
        view->in_place = view->must_change = OTSD_NO;
    if (view->in_place == OTSD_YES) {
        free(view->elsewhere);
        view->elsewhere = NULL;
    }
}

int shadow_look(backend_view *const *views, size_t n, problem *p) {
    looking l = {.no_memory = false};
    int rc = problem_none(p);

    for (size_t i = 0; i < n; i++)
        views[i]->elsewhere = NULL;
    all_unknown(views, n);
    l.no_memory = !shadow_index_make(&l.users, n) || !shadow_index_make(&l.hashes, n);
    for (size_t i = 0; !l.no_memory && i < n; i++) {
        shadow_index_add(&l.users, views[i]->user, views[i]);
        shadow_index_add(&l.hashes, views[i]->hash, views[i]);
    }
    if (!l.no_memory)
        rc = shadow_each(look_line, &l, p);
    if (l.no_memory)
        rc = problem_set(p, EX_OSERR, "out of memory");
    for (size_t i = 0; rc == EX_OK && i < n; i++)
        conclude(&l, views[i]);
    if (rc != EX_OK)
        all_unknown(views, n);
    shadow_index_free(&l.users);
    shadow_index_free(&l.hashes);
    return rc;
}
