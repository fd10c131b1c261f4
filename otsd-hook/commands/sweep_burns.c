/* SPDX-License-Identifier: MIT
 *
 * The burns that are owed, in the order of handoff/debts.h: what can hurt comes first.
 *
 * Where a server account takes no more burns for now (handoff/burn_pace.h), this sweep does no more of them there, and
 * goes on with all else: other accounts, audit lines, receipts of links whose time is over; where it takes no more
 * questions, likewise. With --now it tries.
 *
 * A password that could not be made dead, for the account files are locked or nobody can look at it, has a link that
 * can: such a debt lies in pending/, and is paid among the others.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/sweep.h"
#include "handoff/closing.h"
#include "handoff/payers.h"
#include "ledger/told.h"

#define DEBTS_MOST 65536 /* looked at in one sweep */

typedef struct owing {
    sweep *w;
    ledger_state state;
    debt *all;
    size_t len;
    payers payers;
} owing;

/* As it was kept a moment ago. */
static bool refuses(const sweep *w, const payer *by) {
    int64_t now = time(NULL);
    burn_pace pace;

    burns_known(w->x->ledger, by->server, by->account, now, &pace);
    return !burn_pace_may(&pace, now);
}

/* Not of an account that is missed or has another uid: under the lock that may look otherwise. */
static bool is_owed_unlocked(const record *r) {
    return (r->reason == REASON_DEADLINE || r->reason == REASON_REVOKED || r->unseen > 0) && r->outcome == OUTCOME_NONE;
}

static int collect(const char *name, void *arg) {
    owing *o = arg;
    debt *next = &o->all[o->len];
    bool whole = true;
    clock_moment now;
    problem p;
    record r;
    int rc = ledger_peek(o->w->x->ledger, o->state, name, &r, &p);

    if (rc == LEDGER_NONE || (rc != EX_OK && o->state == LEDGER_PENDING))
        return 0;
    clock_read(&now);
    if (rc == EX_OK &&
        ((!o->w->now && !closing_due(r.next_try, now.wall)) || (o->state == LEDGER_PENDING && !is_owed_unlocked(&r))))
        goto out;
    *next = (debt){.name = strdup(name), .state = o->state, .alone = true};
    /* What cannot be read is dealt with under its lock. */
    if (rc == EX_OK) {
        debt_of(next, &r, &now);
        whole = payers_find(&o->payers, o->w->x->ledger, o->w->x->config, &r, now.wall, &next->payer);
    }
    if (next->name && whole)
        o->len++;
    else
        free(next->name);
out:
    if (rc == EX_OK)
        record_wipe(&r);
    return o->len == DEBTS_MOST;
}

static int claimed(sweep *w, const char *name, problem *p) {
    entry *e;
    int rc = problem_none(p);

    if (!sweep_take(w, LEDGER_CLAIMED, name, &e))
        return rc;
    if (entry_record(e)->outcome != OUTCOME_NONE || !entry_record(e)->metadata_key[0] || sweep_may_talk(w)) {
        rc = context_remote(w->x, p);
        if (rc == EX_OK)
            rc = closing_finish(w->x->ledger, w->x->config, w->x->remote, e, p);
        if (rc == EX_OK) {
            w->failures = 0;
            sweep_done(w, entry_record(e)->user, outcome_told((outcome)entry_record(e)->outcome));
        }
    }
    sweep_drop(w, &e);
    return rc;
}

static int unlocked(sweep *w, const char *name, problem *p) {
    entry *e;
    int rc = problem_none(p);

    if (!sweep_may_talk(w) || !sweep_take(w, LEDGER_PENDING, name, &e))
        return rc;
    if (is_owed_unlocked(entry_record(e)))
        rc = closing_settle(w->x->ledger, w->x->remote, e, p);
    sweep_drop(w, &e);
    return rc;
}

void sweep_claimed(sweep *w, const char *name) {
    problem p;

    if (claimed(w, name, &p) != EX_OK)
        sweep_trouble(w, &p);
}

static void pay(owing *o, const debt *d) {
    payer *by = d->alone ? NULL : &o->payers.all[d->payer];
    problem p;
    int rc;

    if (by && (d->asks ? by->silent : by->refuses))
        return;
    rc = d->state == LEDGER_CLAIMED ? claimed(o->w, d->name, &p) : unlocked(o->w, d->name, &p);
    if (rc == EX_OK)
        return;
    /* It stops nobody else, and of this one's calls those of its kind. */
    if (p.limited && by) {
        *(d->asks ? &by->silent : &by->refuses) = true;
        sweep_told(o->w, &p);
    } else {
        sweep_trouble(o->w, &p);
    }
}

static void gather(owing *o, ledger_state s) {
    problem p;

    o->state = s;
    if (o->len < DEBTS_MOST && ledger_each(o->w->x->ledger, s, collect, o, &p) > 1)
        sweep_trouble(o->w, &p);
}

void sweep_burns(sweep *w) {
    owing *o = calloc(1, sizeof *o);
    problem p;

    if (o)
        o->all = calloc(DEBTS_MOST, sizeof *o->all);
    if (!o || !o->all) {
        free(o);
        problem_set(&p, EX_OSERR, "out of memory");
        sweep_trouble(w, &p);
        return;
    }
    o->w = w;
    if (w->unlocked)
        gather(o, LEDGER_PENDING);
    gather(o, LEDGER_CLAIMED);
    debts_order(o->all, o->len);
    for (size_t i = 0; i < o->payers.len; i++)
        o->payers.all[i].refuses = !w->now && refuses(w, &o->payers.all[i]);
    for (size_t i = 0; i < o->len; i++) {
        pay(o, &o->all[i]);
        free(o->all[i].name);
    }
    free(o->all);
    payers_free(&o->payers);
    free(o);
}
