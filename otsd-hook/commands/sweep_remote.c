/* SPDX-License-Identifier: MIT
 *
 * What a sweep does with the server: burns what is owed, oldest debt first, undoes interrupted provisions, asks what
 * became of links.
 *
 * A server that hangs, is slow, or answers with garbage must not keep a sweep from its end: every answer of no use
 * counts, a few in a row are enough, and all talk together has its time, well below that of the unit that runs this. A
 * debt that could not be paid has waited least when the next sweep comes, so one bad record never stops the others.
 */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands/sweep.h"
#include "handoff/closing.h"
#include "handoff/recover.h"
#include "ledger/told.h"

#define REMOTE_MS (10 * 60 * 1000) /* TimeoutStartSec= in otsd-sweep.service is half as much again */
#define FAILURES_ENOUGH 2
#define DEBTS_MOST 65536 /* looked at in one sweep */

/* Is there any use in talking to the server in this sweep? Then no call takes longer than what is left. */
static bool server_answers(sweep *w) {
    int64_t left = w->stop_at - clock_ms();
    problem p;

    if (w->limited || w->failures >= FAILURES_ENOUGH || left <= 0)
        return false;
    if (context_remote(w->x, &p) != EX_OK) {
        w->failures = FAILURES_ENOUGH;
        sweep_trouble(w, &p);
        return false;
    }
    remote_limit(w->x->remote, (long)left);
    w->talked = true;
    return true;
}

typedef struct debt {
    int64_t since; /* of its last try, or of the claim */
    char *name;
} debt;

typedef struct debts {
    sweep *w;
    debt *all;
    size_t len;
} debts;

static int by_age(const void *a, const void *b) {
    const debt *x = a, *y = b;

    return x->since < y->since ? -1 : x->since > y->since;
}

static int collect(const char *name, void *arg) {
    debts *d = arg;
    debt *next = &d->all[d->len];
    problem p;
    record r;
    int rc = ledger_peek(d->w->x->ledger, LEDGER_CLAIMED, name, &r, &p);

    if (rc == LEDGER_NONE)
        return 0;
    if (rc == EX_OK && !d->w->now && !closing_due(r.next_try, time(NULL)))
        goto out;
    /* What cannot be read is dealt with under its lock; what only lacks its audit line needs no server. */
    next->since = rc != EX_OK || r.outcome != OUTCOME_NONE ? 0 : r.next_try > 0 ? r.next_try : r.claimed_at;
    next->name = strdup(name);
    if (next->name)
        d->len++;
out:
    if (rc == EX_OK)
        record_wipe(&r);
    return d->len == DEBTS_MOST;
}

void sweep_claimed(sweep *w, const char *name) {
    problem p;
    entry *e;
    int rc;

    if (!sweep_take(w, LEDGER_CLAIMED, name, &e))
        return;
    if (entry_record(e)->outcome != OUTCOME_NONE || !entry_record(e)->metadata_key[0] || server_answers(w)) {
        rc = context_remote(w->x, &p);
        if (rc == EX_OK)
            rc = closing_finish(w->x->ledger, w->x->config, w->x->remote, e, &p);
        if (rc == EX_OK) {
            w->failures = 0;
            sweep_done(w, entry_record(e)->user, outcome_told((outcome)entry_record(e)->outcome));
        } else {
            sweep_trouble(w, &p);
        }
    }
    sweep_drop(w, &e);
}

static void burn_owed(sweep *w) {
    debts d = {.w = w, .all = calloc(DEBTS_MOST, sizeof(debt))};
    problem p;
    int rc;

    if (!d.all) {
        problem_set(&p, EX_OSERR, "out of memory");
        sweep_trouble(w, &p);
        return;
    }
    rc = ledger_each(w->x->ledger, LEDGER_CLAIMED, collect, &d, &p);
    if (rc > 1)
        sweep_trouble(w, &p);
    if (d.len > 0)
        qsort(d.all, d.len, sizeof *d.all, by_age);
    for (size_t i = 0; i < d.len; i++) {
        sweep_claimed(w, d.all[i].name);
        free(d.all[i].name);
    }
    free(d.all);
}

/* Its password could not be made dead, for the account files are locked or nobody can look at it; the link can. */
static int unlocked(const char *name, void *arg) {
    sweep *w = arg;
    problem p;
    record r;
    entry *e;
    bool owed;

    if (ledger_peek(w->x->ledger, LEDGER_PENDING, name, &r, &p) != EX_OK)
        return 0;
    /* Not of an account that is missed or has another uid: under the lock that may look otherwise. */
    owed = (r.reason == REASON_DEADLINE || r.reason == REASON_REVOKED || r.unseen > 0) && r.outcome == OUTCOME_NONE &&
           (w->now || closing_due(r.next_try, time(NULL)));
    record_wipe(&r);
    if (!owed || !server_answers(w) || !sweep_take(w, LEDGER_PENDING, name, &e))
        return 0;
    if (closing_settle(w->x->remote, e, &p) != EX_OK)
        sweep_trouble(w, &p);
    sweep_drop(w, &e);
    return 0;
}

/* What needs the server of interrupted provisions. */
void sweep_issuing_asked(sweep *w, const char *name) {
    recovery what;
    problem p;
    entry *e;

    if (!server_answers(w) || !sweep_take(w, LEDGER_ISSUING, name, &e))
        return;
    if (recover_one(w->x, e, &what, &p) != EX_OK) {
        sweep_trouble(w, &p);
    } else if (what == RECOVERED_LATER) {
        int64_t wait = -recover_settled_for(w->x->config, entry_record(e));

        if (wait > w->settles_in)
            w->settles_in = wait;
    } else if (what == RECOVERED_FORWARD) {
        sweep_armed(w, entry_record(e));
    } else {
        sweep_done(w, entry_record(e)->user, "an interrupted provision is undone");
    }
    sweep_drop(w, &e);
}

static int issuing(const char *name, void *arg) {
    sweep_issuing_asked(arg, name);
    return 0;
}

/* Remembers when the link was opened: the server forgets at twice the ttl, and people ask. The question is asked
 * without the lock, for a login must not wait for it; that it was asked is noted first, so that one bad receipt is not
 * asked for by every sweep. */
void sweep_check(sweep *w, const char *user) {
    int64_t opened_at = 0;
    record asked;
    problem p;
    entry *e;
    int rc;

    if (!server_answers(w) || !sweep_take(w, LEDGER_PENDING, user, &e))
        return;
    entry_record(e)->checked_at = time(NULL);
    rc = ledger_save(e, &p);
    asked = *entry_record(e);
    ledger_release(&e); /* it stays in hand */
    if (rc == EX_OK)
        rc = remote_opened(w->x->remote, &asked, &opened_at, &p);
    if (rc != EX_OK)
        sweep_trouble(w, &p);
    else
        w->failures = 0;
    suspects_drop(&w->suspects);
    if (rc == EX_OK && opened_at > 0 && sweep_take(w, LEDGER_PENDING, user, &e)) {
        if (strcmp(entry_record(e)->id, asked.id) == 0) {
            entry_record(e)->opened_at = opened_at;
            if (ledger_save(e, &p) != EX_OK)
                sweep_trouble(w, &p);
        }
        sweep_drop(w, &e);
    }
    record_wipe(&asked);
}

void sweep_remote(sweep *w) {
    w->stop_at = clock_ms() + REMOTE_MS;
    burn_owed(w);
    if (w->unlocked)
        sweep_each(w, LEDGER_PENDING, unlocked);
    sweep_each(w, LEDGER_ISSUING, issuing);
    for (size_t i = 0; i < w->checks_len; i++)
        sweep_check(w, w->checks[i]);
    /* The server may still be carrying out what an interrupted provision asked for. */
    if (w->settles_in > 0) {
        (void)sleep((unsigned)(w->settles_in < 300 ? w->settles_in : 300));
        sweep_each(w, LEDGER_ISSUING, issuing);
    }
}
