/* SPDX-License-Identifier: MIT
 *
 * A group costs the same few passes whether it has one record or 8,192. Only what a decision needs is kept of each
 * record; whoever acts on one reads it again, under its lock.
 */
#include "handoff/look.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "password/account.h"
#include "password/backend.h"
#include "password/survey.h"

#define OTHERS_MS 60000 /* a name service that hangs is asked no longer: the rest is unknown, in this sweep */

static void start(const record *r, event ev, const clock_moment *now, situation *s) {
    memset(s, 0, sizeof *s);
    s->event = ev;
    s->noted = (reason)r->reason;
    s->exists = s->in_place = s->must_change = OTSD_UNKNOWN;
    s->can_tell = backend_of(r->backend)->can_tell;
    s->to_change = r->must_change != 0;
    s->over = record_over(r, now);
}

static void of_account(const account_view *a, int64_t uid, situation *s) {
    s->exists = a->exists;
    s->missed = a->missed;
    s->same_uid = a->uid == uid;
}

static void of_password(const backend_view *view, situation *s) {
    s->in_place = view->in_place;
    s->must_change = view->must_change;
    s->dead = view->dead;
}

/* Is that name the same account, by its uid? */
static otsd_tri is_renamed(const char *elsewhere, int64_t uid) {
    account_view a;
    problem unknown;

    if (!elsewhere)
        return OTSD_NO;
    if (account_look(elsewhere, true, false, &a, &unknown) != EX_OK || a.exists == OTSD_UNKNOWN)
        return OTSD_UNKNOWN;
    return a.exists == OTSD_YES && a.uid == uid ? OTSD_YES : OTSD_NO;
}

/* The account is there, and the password in place, whatever the record's old name stands for by now; or nobody can say
 * whether that is so. */
static void of_renamed(situation *s, otsd_tri renamed) {
    s->exists = s->in_place = renamed;
    s->same_uid = true;
    s->missed = s->dead = false;
    s->must_change = OTSD_UNKNOWN;
}

int look_at(const record *r, event ev, situation *s, char **renamed, problem *p) {
    backend_view view = backend_view_of(r);
    account_view account;
    otsd_tri is_other;
    clock_moment now;
    problem second;
    int rc;

    *renamed = NULL;
    clock_read(&now);
    start(r, ev, &now, s);
    rc = account_look(r->user, r->local != 0, false, &account, p);
    of_account(&account, r->uid, s);
    if (backend_look(&view, 1, &second) != EX_OK && rc == EX_OK) {
        *p = second;
        rc = second.code;
    }
    of_password(&view, s);
    is_other = is_renamed(view.elsewhere, r->uid);
    if (is_other != OTSD_NO)
        of_renamed(s, is_other);
    if (is_other == OTSD_YES) {
        *renamed = view.elsewhere;
        view.elsewhere = NULL;
    }
    backend_view_end(&view);
    return rc;
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
    clock_read(&g->now);
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
                        .ttl = r.deadline - r.created,
                        .opened_at = r.opened_at,
                        .checked_at = r.checked_at,
                        .backend = r.backend,
                        .changed_before = r.changed_before,
                        .gone_seen = r.gone_seen,
                        .local = r.local != 0,
                        .settled = r.unseen > 0 && r.outcome != OUTCOME_NONE};
    start(&r, EVENT_SWEEP, &g->now, &item->s);
    item->s.lock_unseen = g->lock_unseen;
    g->len++;
    record_wipe(&r);
    return problem_none(p);
}

bool look_group_full(const look_group *g) {
    return g->len == LOOK_ITEMS || LOOK_TEXT - g->text_len < sizeof((record *)0)->user + sizeof((record *)0)->hash;
}

static void in_passwd(void *arg, int64_t uid) {
    look_item *item = arg;

    of_account(&(account_view){.exists = OTSD_YES, .uid = uid}, item->uid, &item->s);
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
    return (backend_view){.user = item->user,
                          .hash = item->hash,
                          .kind = item->backend,
                          .created = item->created,
                          .changed_before = item->changed_before};
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
        of_password(&views[i], &g->items[i].s);
        g->items[i].renamed = views[i].elsewhere;
        backend_view_end(&views[i]);
    }
    free(views);
    return rc;
}

void look_group_others(look_group *g) {
    int64_t until = clock_ms() + OTHERS_MS;

    for (size_t i = 0; i < g->len && clock_ms() < until; i++) {
        look_item *item = &g->items[i];
        account_view a;
        problem unknown;

        if (item->s.exists == OTSD_YES)
            continue;
        if (account_look(item->user, item->local, g->lacks, &a, &unknown) != EX_OK)
            say(LOG_WARNING, "%s; the record is left as it is", unknown.text);
        of_account(&a, item->uid, &item->s);
    }
}

int look_group_files(look_group *g, problem *p) {
    problem second;
    int rc = look_at_accounts(g, p);

    g->lacks = rc == EX_OK;
    if (look_at_passwords(g, &second) != EX_OK && rc == EX_OK) {
        *p = second;
        rc = second.code;
    }
    return rc;
}

/* The time of each is over, or it was revoked: for that nobody has to be asked whether the account exists. An account
 * that was renamed is missing under its old name, and its time passes all the same. */
static bool is_to_be_locked(const look_item *item) {
    bool ends = item->s.over == OTSD_YES || item->s.noted == REASON_REVOKED;

    return ends && (item->renamed || reason_locks(decide(&item->s)));
}

/* Ten thousand hand-offs that end on one day must not be ten thousand rewrites of the shadow file. Each one's claim
 * then finds nothing left to lock. */
int look_group_lock(look_group *g, long wait_ms, problem *p) {
    backend_view *views = calloc(g->len + 1, sizeof *views);
    size_t n = 0;
    int rc = problem_none(p);

    if (!views)
        return problem_set(p, EX_OSERR, "out of memory");
    for (size_t i = 0; i < g->len; i++)
        if (is_to_be_locked(&g->items[i]))
            views[n++] = view_of(&g->items[i]);
    if (n > 0)
        rc = backend_lock_many(views, n, wait_ms, p);
    free(views);
    return rc;
}
