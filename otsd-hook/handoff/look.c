/* SPDX-License-Identifier: MIT
 *
 * A group costs the same few passes whether it has one record or 65,536. Only what a decision needs is kept of each
 * record; whoever acts on one reads it again, under its lock.
 */
#include "handoff/look.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "password/account.h"
#include "password/backend.h"
#include "password/survey.h"

static void start(const record *r, event ev, situation *s) {
    memset(s, 0, sizeof *s);
    s->event = ev;
    s->deadline = r->deadline;
    s->now = time(NULL);
}

int look_at(const record *r, event ev, situation *s, problem *p) {
    backend_view view = backend_view_of(r);
    problem ignored;
    int64_t uid = -1;
    int rc = account_uid(r->user, &uid, p);

    if (rc != EX_OK && rc != EX_NOUSER)
        return rc;
    start(r, ev, s);
    s->exists = rc == EX_OK;
    s->same_uid = uid == r->uid;
    (void)backend_look(&view, 1, &ignored); /* it is unknown then */
    s->in_place = view.in_place;
    s->must_change = view.must_change;
    return problem_none(p);
}

void look_group_empty(look_group *g) {
    if (g->text)
        otsd_wipe(g->text, g->text_len);
    g->len = 0;
    g->text_len = 0;
}

void look_group_free(look_group *g) {
    look_group_empty(g);
    free(g->items);
    free(g->text);
    memset(g, 0, sizeof *g);
}

int look_group_init(look_group *g, problem *p) {
    memset(g, 0, sizeof *g);
    g->items = calloc(LOOK_ITEMS, sizeof *g->items);
    g->text = malloc(LOOK_TEXT);
    if (g->items && g->text)
        return problem_none(p);
    look_group_free(g);
    return problem_set(p, EX_OSERR, "out of memory");
}

static const char *keep(look_group *g, const char *s) {
    char *at = g->text + g->text_len;
    size_t size = strlen(s) + 1;

    memcpy(at, s, size);
    g->text_len += size;
    return at;
}

int look_group_add(look_group *g, ledger *l, const char *name, problem *p) {
    look_item *item = &g->items[g->len];
    record r;
    int rc = ledger_peek(l, LEDGER_PENDING, name, &r, p);

    if (rc != EX_OK)
        return rc;
    *item = (look_item){.user = keep(g, r.user),
                        .hash = keep(g, r.hash),
                        .uid = r.uid,
                        .created = r.created,
                        .opened_at = r.opened_at,
                        .checked_at = r.checked_at,
                        .backend = r.backend,
                        .reason = r.reason};
    start(&r, EVENT_SWEEP, &item->s);
    item->s.in_place = item->s.must_change = OTSD_UNKNOWN;
    g->len++;
    record_wipe(&r);
    return problem_none(p);
}

bool look_group_full(const look_group *g) {
    return g->len == LOOK_ITEMS || LOOK_TEXT - g->text_len < sizeof((record *)0)->user + sizeof((record *)0)->hash;
}

static void in_passwd(void *arg, int64_t uid) {
    look_item *item = arg;

    item->found = item->s.exists = true;
    item->s.same_uid = uid == item->uid;
}

static int look_at_accounts(look_group *g, problem *p) {
    survey s;
    int rc = survey_init(&s, g->len, p);

    for (size_t i = 0; rc == EX_OK && i < g->len; i++)
        survey_add(&s, g->items[i].user, &g->items[i]);
    if (rc == EX_OK)
        rc = survey_passwd(&s, in_passwd, p);
    survey_free(&s);
    return rc;
}

static backend_view view_of(const look_item *item) {
    return (backend_view){.user = item->user, .hash = item->hash, .kind = item->backend};
}

static int look_at_passwords(look_group *g, problem *p) {
    backend_view *views = calloc(g->len + 1, sizeof *views);
    int rc;

    if (!views)
        return problem_set(p, EX_OSERR, "out of memory");
    for (size_t i = 0; i < g->len; i++)
        views[i] = view_of(&g->items[i]);
    rc = backend_look(views, g->len, p);
    for (size_t i = 0; i < g->len; i++) {
        g->items[i].s.in_place = views[i].in_place;
        g->items[i].s.must_change = views[i].must_change;
    }
    free(views);
    return rc;
}

/* Not in the file: another source may know the account. */
static bool look_elsewhere(look_item *item) {
    problem unknown;
    int64_t uid = -1;
    int rc = account_uid(item->user, &uid, &unknown);

    if (rc != EX_OK && rc != EX_NOUSER) {
        say(LOG_WARNING, "%s; the record is left as it is", unknown.text);
        return false;
    }
    item->s.exists = rc == EX_OK;
    item->s.same_uid = uid == item->uid;
    return true;
}

int look_group_look(look_group *g, problem *p) {
    size_t known = 0;
    int rc = look_at_accounts(g, p);

    if (rc == EX_OK)
        rc = look_at_passwords(g, p);
    for (size_t i = 0; rc == EX_OK && i < g->len; i++)
        if (g->items[i].found || look_elsewhere(&g->items[i]))
            g->items[known++] = g->items[i];
    g->len = rc == EX_OK ? known : 0;
    return rc;
}

/* Locks them in one transaction: ten thousand hand-offs that end on one day must not be ten thousand rewrites of the
 * shadow file. Each one's claim then finds nothing left to lock. */
int look_group_lock_overdue(look_group *g, problem *p) {
    backend_view *views = calloc(g->len + 1, sizeof *views);
    size_t n = 0;
    int rc = problem_none(p);

    for (size_t i = 0; views && i < g->len; i++)
        if (decide(&g->items[i].s) == REASON_DEADLINE)
            views[n++] = view_of(&g->items[i]);
    if (n > 1)
        rc = backend_lock_many(views, n, p);
    free(views);
    return rc;
}
