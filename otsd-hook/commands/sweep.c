/* SPDX-License-Identifier: MIT
 *
 * otsd-hook sweep: the level beside PAM's edge. Looks at every record, holds it against the account, and brings about
 * what was missed: interrupted provisions, passwords that changed unseen, accounts that vanished, deadlines, burns that
 * are owed.
 *
 * A password whose time is over must be dead whatever else is broken. So all that this machine can do alone comes
 * first, and needs neither the configuration nor the server nor a ledger that can be written; the talk with the server,
 * which can take as long as the server likes, comes after it and has a time of its own.
 *
 * Any number of sweeps may run at once, and next to provisions and logins: each record is worked on under its lock, and
 * a second sweep finds nothing to do. What cannot be read is set aside and named, what others hold is named, what
 * killed a sweep comes last and is then named, too (ledger/suspects.h); none of them ever stops the rest. Pending
 * records are looked at in groups of a fixed size, so that memory does not grow with their number.
 */
#include "commands/sweep.h"

#include <stdio.h>

#include "base/holder.h"
#include "commands/commands.h"

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
    problem_set(&p, EX_TEMPFAIL, "%s: %s holds the record %s/%s/%s: nothing is done about it until that ends", b->name,
                ledger_holder(w->x->ledger, b->state, b->name, holder), OTSD_STATE_DIR, ledger_state_name(b->state),
                b->name);
    sweep_trouble(w, &p);
}

/* Looks again at what was in other hands, and says what still is. */
static void busy(sweep *w) {
    size_t len = w->busy_len;

    for (size_t i = 0; i < len; i++)
        busy_one(w, &w->busy[i], i == 0 ? SWEEP_HELPER_MS : 0);
}

static void run(sweep *w) {
    problem p;

    suspects_open(&w->suspects, w->x->ledger);
    sweep_local(w);
    sweep_past(w);
    if (w->x->config)
        sweep_remote(w);
    else
        problem_add(&w->x->broken,
                    "; passwords whose time is over are made dead without it, and nothing else is done: no burn, no "
                    "recovery");
    busy(w);
    sweep_suspects(w);
    if (!w->x->config)
        sweep_trouble(w, &w->x->broken);
    else if (ledger_stamp(w->x->ledger, &p) != EX_OK)
        sweep_trouble(w, &p);
    suspects_close(&w->suspects);
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
    w.group.lock_unseen = x->config && x->config->password.lock_unseen;
    run(&w);
    look_group_free(&w.group);
    return w.worst;
}

const command command_sweep = {&options, sweep_run, "bring every hand-off to where it should be; for a timer"};
