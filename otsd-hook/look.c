/* SPDX-License-Identifier: MIT */
#include "look.h"

#include <errno.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "account.h"
#include "backend.h"
#include "shadow.h"

struct look_item {
    record r;
    situation s;
    bool found; /* in /etc/passwd */
};

static void start(const record *r, event ev, situation *s) {
    memset(s, 0, sizeof *s);
    s->event = ev;
    s->deadline = r->deadline;
    s->now = time(NULL);
}

int look_at(const record *r, event ev, situation *s, problem *p) {
    int64_t uid = -1;
    int rc = account_uid(r->user, &uid, p);

    if (rc != EX_OK && rc != EX_NOUSER)
        return rc;
    start(r, ev, s);
    s->exists = rc == EX_OK;
    s->same_uid = uid == r->uid;
    backend_look(r, &s->in_place, &s->must_change);
    return EX_OK;
}

int look_group_init(struct look_group *g, problem *p) {
    g->len = 0;
    g->items = calloc(LOOK_GROUP, sizeof *g->items);
    return g->items ? EX_OK : problem_set(p, EX_OSERR, "out of memory");
}

static void empty(struct look_group *g) {
    for (size_t i = 0; i < g->len; i++)
        record_wipe(&g->items[i].r);
    g->len = 0;
}

void look_group_free(struct look_group *g) {
    empty(g);
    free(g->items);
    g->items = NULL;
}

int look_group_add(struct look_group *g, ledger *l, const char *name, problem *p) {
    struct look_item *item = &g->items[g->len];
    int rc = ledger_peek(l, LEDGER_PENDING, name, &item->r, p);

    if (rc != EX_OK)
        return rc;
    start(&item->r, EVENT_SWEEP, &item->s);
    item->found = false;
    /* Until the shadow file says otherwise. */
    item->s.in_place = item->s.must_change = item->r.backend == OTSD_BACKEND_SHADOW ? OTSD_NO : OTSD_UNKNOWN;
    g->len++;
    return EX_OK;
}

bool look_group_full(const struct look_group *g) {
    return g->len == LOOK_GROUP;
}

static int by_user(const void *a, const void *b) {
    return strcmp(((const struct look_item *)a)->r.user, ((const struct look_item *)b)->r.user);
}

static int by_name(const void *name, const void *item) {
    return strcmp(name, ((const struct look_item *)item)->r.user);
}

static struct look_item *find(struct look_group *g, const char *name) {
    return bsearch(name, g->items, g->len, sizeof *g->items, by_name);
}

static int pass_over_passwd(struct look_group *g, problem *p) {
    FILE *f = fopen("/etc/passwd", "re");
    struct passwd pw = {0}, *got;
    char buf[4096];
    int err;

    if (!f)
        return problem_set(p, EX_NOINPUT, "/etc/passwd cannot be read: %s", strerror(errno));
    while ((err = fgetpwent_r(f, &pw, buf, sizeof buf, &got)) == 0 || err == ERANGE) {
        struct look_item *item = err == 0 ? find(g, pw.pw_name) : NULL;

        if (!item || item->found)
            continue;
        item->found = item->s.exists = true;
        item->s.same_uid = pw.pw_uid == item->r.uid;
    }
    (void)fclose(f);
    return err == ENOENT ? EX_OK : problem_set(p, EX_IOERR, "/etc/passwd cannot be read: %s", strerror(err));
}

static int pass_over_shadow(struct look_group *g, problem *p) {
    FILE *f = fopen(SHADOW_PATH, "re");
    struct spwd sp = {0}, *got;
    char buf[4096];
    int err;

    if (!f)
        return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", SHADOW_PATH, strerror(errno));
    while ((err = fgetspent_r(f, &sp, buf, sizeof buf, &got)) == 0 || err == ERANGE) {
        struct look_item *item = err == 0 ? find(g, sp.sp_namp) : NULL;

        if (!item || item->r.backend != OTSD_BACKEND_SHADOW || !shadow_same(sp.sp_pwdp, item->r.hash))
            continue;
        item->s.in_place = OTSD_YES;
        item->s.must_change = sp.sp_lstchg == 0 ? OTSD_YES : OTSD_NO;
    }
    otsd_wipe(buf, sizeof buf);
    (void)fclose(f);
    return err == ENOENT ? EX_OK : problem_set(p, EX_IOERR, "%s cannot be read: %s", SHADOW_PATH, strerror(err));
}

int look_group_run(struct look_group *g, bool (*wanted)(const record *, const situation *, void *),
                   void (*fn)(const record *, const situation *, void *), void *arg, problem *p) {
    int rc = EX_OK;

    if (g->len == 0)
        return EX_OK;
    qsort(g->items, g->len, sizeof *g->items, by_user);
    rc = pass_over_passwd(g, p);
    if (rc == EX_OK)
        rc = pass_over_shadow(g, p);
    for (size_t i = 0; rc == EX_OK && i < g->len; i++) {
        struct look_item *item = &g->items[i];
        problem unknown;

        /* Not in the file: another source may know the account. */
        if (!item->found && look_at(&item->r, EVENT_SWEEP, &item->s, &unknown) != EX_OK) {
            say(LOG_WARNING, "%s; the record is left as it is", unknown.text);
            continue;
        }
        if (wanted(&item->r, &item->s, arg))
            fn(&item->r, &item->s, arg);
    }
    empty(g);
    return rc;
}
