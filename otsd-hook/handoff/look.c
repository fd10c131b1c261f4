/* SPDX-License-Identifier: MIT */
#include "handoff/look.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "password/account.h"
#include "password/backend.h"
#include "password/shadow.h"

static void start(const record *r, event ev, situation *s) {
    memset(s, 0, sizeof *s);
    s->event = ev;
    s->deadline = r->deadline;
    s->now = time(NULL);
}

int look_at(const record *r, event ev, situation *s, problem *p) {
    backend_view view = {.h = r};
    int64_t uid = -1;
    int rc = account_uid(r->user, &uid, p);

    if (rc != EX_OK && rc != EX_NOUSER)
        return rc;
    start(r, ev, s);
    s->exists = rc == EX_OK;
    s->same_uid = uid == r->uid;
    backend_look(&view, 1);
    s->in_place = view.in_place;
    s->must_change = view.must_change;
    return EX_OK;
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
    free(g->sorted);
    free(g->text);
    memset(g, 0, sizeof *g);
}

int look_group_init(look_group *g, problem *p) {
    memset(g, 0, sizeof *g);
    g->items = calloc(LOOK_ITEMS, sizeof *g->items);
    g->sorted = calloc(LOOK_ITEMS, sizeof *g->sorted);
    g->text = malloc(LOOK_TEXT);
    if (g->items && g->sorted && g->text)
        return EX_OK;
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
    /* Until the shadow file says otherwise. */
    item->s.in_place = item->s.must_change = r.backend == BACKEND_SHADOW ? OTSD_NO : OTSD_UNKNOWN;
    g->len++;
    record_wipe(&r);
    return EX_OK;
}

bool look_group_full(const look_group *g) {
    return g->len == LOOK_ITEMS || LOOK_TEXT - g->text_len < sizeof((record *)0)->user + sizeof((record *)0)->hash;
}

static int by_user(const void *a, const void *b) {
    return strcmp(((const struct look_ref *)a)->item->user, ((const struct look_ref *)b)->item->user);
}

static int by_name(const void *name, const void *item) {
    return strcmp(name, ((const struct look_ref *)item)->item->user);
}

static look_item *find(look_group *g, const char *name) {
    struct look_ref *found = bsearch(name, g->sorted, g->len, sizeof *g->sorted, by_name);

    return found ? found->item : NULL;
}

/* Only the first line of a name counts. */
static bool look_at_account(const char *user, int64_t uid, void *arg) {
    look_item *item = find(arg, user);

    if (item && !item->found) {
        item->found = item->s.exists = true;
        item->s.same_uid = uid == item->uid;
    }
    return true;
}

static bool look_at_line(const char *user, const char *hash, long changed, void *arg) {
    look_item *item = find(arg, user);

    if (item && item->backend == BACKEND_SHADOW && shadow_same(hash, item->hash)) {
        item->s.in_place = OTSD_YES;
        item->s.must_change = changed == 0 ? OTSD_YES : OTSD_NO;
    }
    return true;
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
    int rc;

    for (size_t i = 0; i < g->len; i++)
        g->sorted[i].item = &g->items[i];
    qsort(g->sorted, g->len, sizeof *g->sorted, by_user);
    rc = account_each(look_at_account, g, p);
    if (rc == EX_OK)
        rc = shadow_each(look_at_line, g, p);
    for (size_t i = 0; rc == EX_OK && i < g->len; i++)
        if (g->items[i].found || look_elsewhere(&g->items[i]))
            g->items[known++] = g->items[i];
    g->len = rc == EX_OK ? known : 0;
    return rc;
}
