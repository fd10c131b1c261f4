/* SPDX-License-Identifier: MIT
 *
 * The disk thread: everything that waits for the disk, in groups, and all ways back. It decides when a pipeline is
 * done, for it has the first and the last step of each hand-off.
 */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/clock.h"
#include "batch/preflight.h"
#include "batch/stages.h"

#define STORE_TRIES 4 /* while another program holds the shadow file's lock; glibc waits 15 s each time */
#define LOSSES_MOST 3
#define POLL 50 /* ms; whether a group is due is a matter of time as well */

static bool more_to_begin(const pipeline *p) {
    return !stages_stopping(p) && p->next < p->b->len;
}

static work *work_new(pipeline *p) {
    work *w = p->unused;

    if (w)
        p->unused = w->next;
    else
        w = malloc(sizeof *w);
    if (w)
        memset(w, 0, sizeof *w);
    return w;
}

/* Ended, and to be used again. */
static void put_away(pipeline *p, work *w) {
    issue_end(&w->i);
    pthread_mutex_lock(&p->lock);
    w->next = p->unused;
    p->unused = w;
    p->active--;
    pthread_mutex_unlock(&p->lock);
}

/* The account is through. */
static void finish(pipeline *p, work *w, batch_status to) {
    batch_account *a = w->a;

    if (w->i.stored) {
        memcpy(a->id, w->i.id, sizeof a->id);
        a->deadline = w->i.deadline;
        a->link = w->i.link;
        w->i.link = NULL;
    }
    if (w->i.stored && w->i.no_link.code != EX_OK)
        p->b->is_linkless = true;
    batch_result(p->b, a, to, to == BATCH_PROVISIONED ? w->i.no_link.text : w->i.why.text);
    if (to == BATCH_PROVISIONED)
        issue_warn(&w->i);
    put_away(p, w);
}

static void begin_group(pipeline *p, size_t room) {
    batch *b = p->b;
    work *group[INTENTS];
    issue *issues[INTENTS];
    problem ignored;
    size_t n = 0;

    while (n < room && n < INTENTS && p->next < b->len) {
        batch_account *a = &b->accounts[p->next++];
        work *w;

        if (a->status != BATCH_TODO)
            continue;
        pthread_mutex_lock(&p->lock);
        w = work_new(p);
        p->active += w ? 1 : 0;
        pthread_mutex_unlock(&p->lock);
        if (!w) {
            problem why;

            p->next--;
            problem_set(&why, EX_OSERR, "out of memory");
            stages_cut_short(p, &why);
            break;
        }
        w->a = a;
        w->p = p;
        w->i.user = batch_user(a);
        w->i.uid = a->uid;
        w->i.local = a->local;
        w->i.changed_before = a->found.changed;
        w->i.again = b->again;
        w->i.ttl = a->line->ttl ? a->line->ttl : b->ttl ? b->ttl : b->x->config->handoff.ttl;
        w->i.recipient = a->recipient;
        w->i.passphrase = a->line->passphrase;
        w->i.locale = a->line->locale ? a->line->locale : b->locale;
        w->i.want_link = w->i.keep_link = b->links;
        group[n] = w;
        issues[n++] = &w->i;
    }
    issue_begin(b->x, issues, n);
    for (size_t i = 0; i < n; i++) {
        work *w = group[i];

        if (w->i.why.code != EX_OK) {
            if (verdict_is_local(&w->i.why))
                stages_cut_short(p, &w->i.why);
            /* Another may have been faster. */
            if (w->i.why.code == LEDGER_TAKEN || w->i.why.code == EX_NOPERM)
                (void)preflight_place(b, w->a, &ignored);
            finish(p, w, verdict_faster(w->a->status));
            continue;
        }
        pthread_mutex_lock(&p->lock);
        queue_put(&p->begun, w);
        stages_wake_network(p);
        pthread_mutex_unlock(&p->lock);
    }
}

/* A batch that waited for a limit has old intents, and their times are what recovery goes by. */
static void renew(pipeline *p, work *list) {
    while (list) {
        issue *issues[INTENTS];
        work *group[INTENTS];
        size_t n = 0;

        for (; list && n < INTENTS; list = list->next) {
            group[n] = list;
            issues[n++] = &list->i;
        }
        issue_renew(p->b->x, issues, n);
        pthread_mutex_lock(&p->lock);
        for (size_t i = 0; i < n; i++) {
            bool good = group[i]->i.why.code == EX_OK;

            if (!good && verdict_is_local(&group[i]->i.why))
                batch_cut(p->b, &group[i]->i.why);
            group[i]->back = BACK_DROP;
            group[i]->back_to = BATCH_LEFT;
            queue_put(good ? &p->begun : &p->back, group[i]);
        }
        stages_wake_network(p);
        pthread_mutex_unlock(&p->lock);
    }
}

static void store_patiently(pipeline *p, issue *const *issues, size_t n) {
    for (int tries = 1;; tries++) {
        issue_store(p->b->x, issues, n);
        /* All of them then, and none is stored. */
        if (issues[0]->why.code != EX_TEMPFAIL || issues[0]->unsure || tries == STORE_TRIES)
            return;
        say(LOG_WARNING, "%s; trying again", issues[0]->why.text);
    }
}

static void store_group(pipeline *p, work **group, size_t n) {
    issue **issues = calloc(n * 2 + 1, sizeof(issue *)), **good = issues ? issues + n : NULL;
    int64_t begin = clock_ms();
    size_t count = 0;
    problem any = {.code = EX_OK}, local = {.code = EX_OK}, unlogged;

    for (size_t i = 0; issues && i < n; i++)
        issues[i] = &group[i]->i;
    if (issues)
        store_patiently(p, issues, n);
    for (size_t i = 0; i < n; i++) {
        if (!issues)
            problem_set(&group[i]->i.why, EX_OSERR, "out of memory");
        if (issues && group[i]->i.stored)
            good[count++] = &group[i]->i;
        else if (local.code == EX_OK && verdict_is_local(&group[i]->i.why))
            local = group[i]->i.why;
        else
            any = group[i]->i.why;
    }
    /* Before the way back, which takes its time: each further generate would mail a link that is dead soon. */
    if (local.code != EX_OK)
        stages_cut_short(p, &local);
    else if (verdict_group_hopeless(count, n, &any))
        stages_cut_short(p, &any);
    if (count > 0 && issue_arm(p->b->x, good, count, &unlogged) != EX_OK)
        batch_unlogged(p->b, &unlogged);
    p->stored_in = clock_ms() - begin;
    for (size_t i = 0; i < n; i++) {
        issue *s = &group[i]->i;

        if (s->stored && s->why.code != EX_OK)
            stages_cut_short(p, &s->why);
        if (!s->stored && !s->unsure)
            issue_undo(p->b->x, s);
        finish(p, group[i], verdict_stored(s->stored, s->unsure, &s->why));
    }
    free(issues);
}

static void go_back(pipeline *p, work *w) {
    batch_account *a = w->a;

    if (w->back == BACK_UNDO)
        issue_undo(p->b->x, &w->i);
    else if (w->back == BACK_DROP)
        issue_drop(p->b->x, &w->i);
    if (w->back != BACK_LOSE || ++a->losses >= LOSSES_MOST) {
        if (w->back == BACK_LOSE)
            problem_add(&w->i.why,
                        "; the account is untouched, and otsd-hook sweep looks for what the server may have made");
        finish(p, w, w->back_to);
        return;
    }
    /* Whether the server made something is found out when all else is done. */
    batch_move(p->b, a, BATCH_INTERRUPTED);
    put_away(p, w);
}

static bool group_is_due(const pipeline *p) {
    int64_t waited = p->hashed.len > 0 ? clock_ms() - p->hashed.first->ready_at : 0;

    return verdict_group_due(p->hashed.len, p->group, p->active, waited, p->stored_in);
}

static void take_group(pipeline *p) {
    size_t n = p->hashed.len < p->group ? p->hashed.len : p->group;
    work **group = calloc(n + 1, sizeof(work *));

    if (!group) { /* little by little, then */
        work *one = queue_take(&p->hashed);

        pthread_mutex_unlock(&p->lock);
        store_group(p, &one, 1);
        pthread_mutex_lock(&p->lock);
        return;
    }
    for (size_t i = 0; i < n; i++)
        group[i] = queue_take(&p->hashed);
    pthread_mutex_unlock(&p->lock);
    store_group(p, group, n);
    pthread_mutex_lock(&p->lock);
    free(group);
}

static void wait_for_work(pipeline *p) {
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += POLL * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&p->for_disk, &p->lock, &until);
}

/* What comes first keeps the others busy. */
static bool disk_step(pipeline *p) {
    if (p->back.len > 0) {
        work *list = queue_take_all(&p->back);

        pthread_mutex_unlock(&p->lock);
        while (list) {
            work *w = list;

            list = w->next;
            go_back(p, w);
        }
        pthread_mutex_lock(&p->lock);
    } else if (stages_stopping(p) && (p->begun.len > 0 || p->stale.len > 0)) {
        work *w = queue_take(p->begun.len > 0 ? &p->begun : &p->stale);

        w->back = BACK_DROP;
        w->back_to = BATCH_LEFT;
        problem_set(&w->i.why, EX_TEMPFAIL, "not begun");
        queue_put(&p->back, w);
    } else if (p->stale.len > 0) {
        work *list = queue_take_all(&p->stale);

        pthread_mutex_unlock(&p->lock);
        renew(p, list);
        pthread_mutex_lock(&p->lock);
    } else if (more_to_begin(p) && p->begun.len < INTENTS && p->active < p->window) {
        size_t room = p->window - p->active;

        pthread_mutex_unlock(&p->lock);
        begin_group(p, room);
        pthread_mutex_lock(&p->lock);
    } else if (group_is_due(p)) {
        take_group(p);
    } else if (p->active == 0 && !more_to_begin(p)) {
        return false;
    } else {
        wait_for_work(p);
    }
    return true;
}

void *stages_disk(void *arg) {
    pipeline *p = arg;

    pthread_mutex_lock(&p->lock);
    while (disk_step(p))
        continue;
    p->finished = true;
    pthread_cond_broadcast(&p->for_hash);
    p->net_waits = true;
    stages_wake_network(p);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}
