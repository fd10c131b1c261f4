/* SPDX-License-Identifier: MIT
 *
 * otsd-hook sweep: the level beside PAM's edge. Looks at every record, holds it against the account, and brings about
 * what was missed: interrupted provisions, passwords that changed unseen, accounts that vanished, deadlines, burns that
 * are owed.
 *
 * A password whose time is over must be dead whatever else is broken. So all that this machine can do alone comes first,
 * and needs neither the configuration nor the server nor a ledger that can be written; the talk with the server, which
 * can take as long as the server likes, comes after it and has a time of its own.
 *
 * Any number of sweeps may run at once, and next to provisions and logins: each record is worked on under its lock, and
 * a second sweep finds nothing to do. What cannot be read is set aside and named, what others hold is named; neither
 * ever stops the rest. Pending records are looked at in groups of a fixed size, so that memory does not grow with their
 * number.
 */
#include "commands/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/holder.h"
#include "commands/commands.h"

#define HELPER_MS 5000 /* longer than a login's helper may live; waited for once */

typedef struct request {
    const char *config;
    bool now, verbose;
} request;

static const option_row rows[] = {
    {.name = "now",
     .kind = OPTION_FLAG,
     .at = offsetof(request, now),
     .help = "try owed burns at once, without waiting for the time of the next try"},
    {.name = "verbose",
     .kind = OPTION_FLAG,
     .at = offsetof(request, verbose),
     .help = "say what was done for each hand-off"},
    OPTION_CONFIG(request),
};

static const option_table options = {
    .program = "otsd-hook",
    .command = "sweep",
    .forms = {"[OPTION...]"},
    .about = "Brings every hand-off to where it should be: finishes interrupted provisions, ends what is over, burns "
             "what is owed.\n"
             "A systemd timer or cron runs it; running it by hand, or twice at once, does no harm.\n",
    OPTION_ROWS(rows),
    .arguments = "it takes no user name: it looks at every hand-off",
};

void sweep_done(const sweep *w, const char *user, const char *what) {
    if (w->verbose)
        printf("%s: %s\n", user, what);
}

void sweep_trouble(sweep *w, const problem *p) {
    problem_say(p);
    if (w->worst == EX_OK || p->code != EX_TEMPFAIL)
        w->worst = p->code;
    if (p->remote && p->code == EX_TEMPFAIL)
        w->limited = true;
    else if (p->remote)
        w->failures++;
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
    long wait_ms = s == LEDGER_CLAIMED && !w->waited ? HELPER_MS : 0;
    problem p;
    int rc = ledger_find(w->x->ledger, s, name, wait_ms, out, &p);

    if (rc == LEDGER_BUSY) {
        w->waited = w->waited || wait_ms > 0;
        note_busy(w, s, name);
    }
    if (rc == EX_DATAERR)
        unreadable(w, s, name, &p);
    else if (rc > 0)
        sweep_trouble(w, &p);
    return rc == EX_OK;
}

void sweep_each(sweep *w, ledger_state s, int (*fn)(const char *name, void *w)) {
    problem p;

    if (ledger_each(w->x->ledger, s, fn, w, &p) != EX_OK)
        sweep_trouble(w, &p);
}

static void busy_one(sweep *w, const sweep_name *b, long wait_ms) {
    char holder[HOLDER_MAX];
    problem p;
    entry *e;
    int rc = ledger_find(w->x->ledger, b->state, b->name, wait_ms, &e, &p);

    ledger_release(&e);
    if (rc == EX_OK && b->state == LEDGER_PENDING)
        sweep_pending(w, b->name);
    if (rc != LEDGER_BUSY)
        return;
    problem_set(&p, EX_TEMPFAIL, "%s: %s, holds the record %s/%s/%s: nothing is done about it until that ends", b->name,
                ledger_holder(w->x->ledger, b->state, b->name, holder), OTSD_STATE_DIR, ledger_state_name(b->state),
                b->name);
    sweep_trouble(w, &p);
}

void sweep_busy(sweep *w) {
    size_t len = w->busy_len;

    for (size_t i = 0; i < len; i++)
        busy_one(w, &w->busy[i], i == 0 ? HELPER_MS : 0);
}

static void run(sweep *w) {
    problem p;

    sweep_local(w);
    if (w->x->config)
        sweep_remote(w);
    else
        problem_add(&w->x->broken,
                    "; passwords whose time is over are made dead without it, and nothing else is done: no burn, no "
                    "recovery");
    sweep_busy(w);
    if (!w->x->config)
        sweep_trouble(w, &w->x->broken);
    else if (ledger_stamp(w->x->ledger, &p) != EX_OK)
        sweep_trouble(w, &p);
}

static int sweep_run(context *x, int argc, char **argv) {
    request q = {0};
    sweep w = {.x = x};
    size_t count;
    problem p;
    int rc = command_begin(&options, argc, argv, &q, &count);

    if (rc != EX_OK)
        return rc;
    x->config_path = q.config;
    w.now = q.now;
    w.verbose = q.verbose;
    rc = context_open_anyway(x, &p);
    if (rc == EX_OK)
        rc = look_group_init(&w.group, &p);
    if (rc != EX_OK)
        return command_end(rc, &p);
    run(&w);
    look_group_free(&w.group);
    return w.worst;
}

const command command_sweep = {&options, sweep_run, "bring every hand-off to where it should be; for a timer"};
