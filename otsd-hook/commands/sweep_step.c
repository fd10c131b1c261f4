/* SPDX-License-Identifier: MIT
 *
 * What each step of a sweep does in the same way: takes a record, tells what was done, counts what went wrong. No
 * record that cannot be read, and none that others hold, ever stops the rest.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "commands/sweep.h"

#define FAILURES_ENOUGH 2

void sweep_done(const sweep *w, const char *user, const char *what) {
    if (w->verbose)
        say_out("%s: %s", user, what);
}

void sweep_armed(const sweep *w, const record *r) {
    if (r->unsure)
        say(LOG_WARNING,
            "%s: password.command failed or was interrupted, and the password may be set: the hand-off is armed, as "
            "unsure; if the password does not work, otsd-hook reissue %s",
            r->user, r->user);
    sweep_done(w, r->user, "an interrupted provision is armed");
}

void sweep_told(sweep *w, const problem *p) {
    problem_say(p);
    if (w->worst == EX_OK || p->code != EX_TEMPFAIL)
        w->worst = p->code;
}

void sweep_trouble(sweep *w, const problem *p) {
    sweep_told(w, p);
    if (p->remote && p->limited)
        w->limited = true;
    else if (p->remote)
        w->failures++;
}

bool sweep_may_talk(sweep *w) {
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

/* An unreadable record is kept for a person, and never stops the rest. */
static void unreadable(sweep *w, ledger_state s, const char *name, const problem *why) {
    problem aside;
    int rc = ledger_set_aside(w->x->ledger, s, name, &aside);

    if (rc == EX_OK)
        problem_set(&aside, EX_DATAERR,
                    "the record %s/%s cannot be read (%s); it is kept in %s/aside/: look at it, then remove it",
                    ledger_state_name(s), name, why->text, OTSD_STATE_DIR);
    if (rc >= 0)
        sweep_trouble(w, &aside);
}

/* A provision under way holds its own record for as long as it takes. */
static void note_busy(sweep *w, ledger_state s, const char *name) {
    sweep_name *b = &w->busy[w->busy_len];

    if (s == LEDGER_ISSUING || w->busy_len == SWEEP_BUSY)
        return;
    b->state = s;
    snprintf(b->name, sizeof b->name, "%s", name);
    w->busy_len++;
}

bool sweep_take(sweep *w, ledger_state s, const char *name, entry **out) {
    /* A login that has just claimed is burning: if its helper is killed, this sweep is the one that goes on. */
    long wait_ms = s == LEDGER_CLAIMED && !w->waited ? SWEEP_HELPER_MS : 0;
    problem p;
    int rc;

    if (!w->on_suspects && suspects_deaths(&w->suspects, s, name) > 0)
        return false;
    suspects_take(&w->suspects, s, name);
    rc = ledger_find(w->x->ledger, s, name, wait_ms, out, &p);
    if (rc == LEDGER_BUSY) {
        w->waited = w->waited || wait_ms > 0;
        note_busy(w, s, name);
    }
    if (rc == EX_DATAERR)
        unreadable(w, s, name, &p);
    else if (rc > 0)
        sweep_trouble(w, &p);
    if (rc != EX_OK)
        suspects_drop(&w->suspects);
    return rc == EX_OK;
}

void sweep_drop(const sweep *w, entry **e) {
    ledger_release(e);
    suspects_drop(&w->suspects);
}

void sweep_each(sweep *w, ledger_state s, int (*fn)(const char *name, void *w)) {
    problem p;

    if (ledger_each(w->x->ledger, s, fn, w, &p) != EX_OK)
        sweep_trouble(w, &p);
}
