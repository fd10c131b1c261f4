/* SPDX-License-Identifier: MIT
 *
 * otsd-hook sweep: the level beside PAM's edge. Looks at every record, holds it against the account, and brings about
 * what was missed: interrupted provisions, passwords that changed unseen, accounts that vanished, deadlines, burns that
 * are owed.
 *
 * Any number of sweeps may run at once, and next to provisions and logins: each record is worked on under its lock, and
 * a second sweep finds nothing to do. What cannot be read is set aside and named; it never stops the rest. Pending
 * records are looked at in groups of a fixed size, so that memory does not grow with their number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "commands/commands.h"
#include "handoff/closing.h"
#include "handoff/look.h"
#include "handoff/recover.h"
#include "ledger/told.h"
#include "password/backend.h"

#define CHECK_EVERY 3600  /* seconds between two questions about one receipt */
#define CHECKS_A_SWEEP 20 /* no more questions than this at a time */
#define HELPER_MS 5000    /* longer than a login's helper may live; waited for once */
#define FAILURES_ENOUGH 2 /* so often unreachable: the rest waits for the next sweep */

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

typedef struct sweep {
    context *x;
    bool now, verbose;
    int worst;        /* exit code: of the worst thing that happened */
    int failures;     /* calls in a row that did not reach the server */
    bool waited;      /* for a record in other hands */
    bool limited;     /* the server asked for patience */
    int checks;       /* receipts asked for */
    int64_t settles;  /* latest time at which a young intent can be judged; 0: there is none */
    look_group group; /* pending records gathered so far */
} sweep;

static void done(const sweep *w, const char *user, const char *what) {
    if (w->verbose)
        printf("%s: %s\n", user, what);
}

static void trouble(sweep *w, const problem *p) {
    problem_say(p);
    if (w->worst == EX_OK || p->code != EX_TEMPFAIL)
        w->worst = p->code;
    if (p->remote && p->code == EX_UNAVAILABLE)
        w->failures++;
    else if (p->remote && p->code == EX_TEMPFAIL)
        w->limited = true;
}

/* Is there any use in talking to the server in this sweep? */
static bool server_answers(const sweep *w) {
    return !w->limited && w->failures < FAILURES_ENOUGH;
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
        trouble(w, &aside);
}

/* Opens and locks a record; false where there is nothing to do (gone, or in other hands) or it was dealt with. */
static bool take(sweep *w, ledger_state s, const char *name, entry **out) {
    /* A login that has just claimed is burning: if its helper is killed, this sweep is the one that goes on. */
    long wait_ms = s == LEDGER_CLAIMED && !w->waited ? HELPER_MS : 0;
    problem p;
    int rc = ledger_find(w->x->ledger, s, name, wait_ms, out, &p);

    if (rc == LEDGER_BUSY && wait_ms > 0)
        w->waited = true;

    if (rc == EX_DATAERR)
        unreadable(w, s, name, &p);
    else if (rc > 0)
        trouble(w, &p);
    return rc == EX_OK;
}

static void finish(sweep *w, entry *e) {
    problem p;
    int rc;

    if (!server_answers(w) && entry_record(e)->outcome == OUTCOME_NONE)
        return;
    rc = context_remote(w->x, &p);
    if (rc == EX_OK)
        rc = closing_finish(w->x->ledger, w->x->config, w->x->remote, e, &p);
    if (rc == EX_OK) {
        w->failures = 0;
        done(w, entry_record(e)->user, outcome_told((outcome)entry_record(e)->outcome));
    } else {
        trouble(w, &p);
    }
}

static int claimed(const char *name, void *arg) {
    sweep *w = arg;
    entry *e;

    if (!take(w, LEDGER_CLAIMED, name, &e))
        return 0;
    if (w->now || entry_record(e)->next_try <= time(NULL))
        finish(w, e);
    ledger_release(&e);
    return 0;
}

static void end(sweep *w, entry *e, reason why) {
    problem p;
    int rc = closing_claim(w->x->ledger, w->x->config, e, why, 0, &p);

    if (rc != EX_OK) {
        trouble(w, &p);
        return;
    }
    say(LOG_INFO, "%s: the hand-off is over: %s", entry_record(e)->user, reason_told(why));
    done(w, entry_record(e)->user, reason_told(why));
    finish(w, e);
}

/* Remembers when the link was opened: the server forgets at twice the ttl, and people ask. The question is asked
 * without the lock, for a login must not wait for it; that it was asked is noted first, so that one bad receipt is not
 * asked for by every sweep. */
static void check_receipt(sweep *w, entry **e) {
    int64_t opened_at = 0;
    record asked;
    problem p;
    int rc;

    w->checks++;
    entry_record(*e)->checked_at = time(NULL);
    rc = ledger_save(*e, &p);
    asked = *entry_record(*e);
    ledger_release(e);
    if (rc == EX_OK)
        rc = context_remote(w->x, &p);
    if (rc == EX_OK)
        rc = remote_opened(w->x->remote, &asked, &opened_at, &p);
    if (rc != EX_OK)
        trouble(w, &p);
    else
        w->failures = 0;
    if (rc == EX_OK && opened_at > 0 && take(w, LEDGER_PENDING, asked.user, e)) {
        if (strcmp(entry_record(*e)->id, asked.id) == 0) {
            entry_record(*e)->opened_at = opened_at;
            if (ledger_save(*e, &p) != EX_OK)
                trouble(w, &p);
        }
        ledger_release(e);
    }
    record_wipe(&asked);
}

static bool check_is_due(const sweep *w, int64_t opened_at, int64_t checked_at, int64_t created) {
    int64_t now = time(NULL);

    return opened_at == 0 && checked_at + CHECK_EVERY <= now && created + CHECK_EVERY <= now &&
           w->checks < CHECKS_A_SWEEP && server_answers(w);
}

/* Looks again, under its lock, at a record for which the quick look found something to do. */
static void pending_one(sweep *w, const look_item *seen) {
    char *renamed = NULL;
    situation s;
    problem p;
    reason why;
    entry *e;

    if (!take(w, LEDGER_PENDING, seen->user, &e))
        return;
    if (look_at(entry_record(e), EVENT_SWEEP, &s, &renamed, &p) != EX_OK) {
        trouble(w, &p);
    } else {
        /* A claim that was noted and not carried out is carried out. */
        why = decide(&s);
        if (why != REASON_NONE)
            end(w, e, why);
        else if (check_is_due(w, entry_record(e)->opened_at, entry_record(e)->checked_at, entry_record(e)->created))
            check_receipt(w, &e);
    }
    ledger_release(&e);
}

static void flush_group(sweep *w) {
    problem p;

    if (w->group.len == 0)
        return;
    if (look_group_look(&w->group, &p) != EX_OK)
        trouble(w, &p);
    if (look_group_lock(&w->group, 15000, &p) != EX_OK)
        trouble(w, &p);
    for (size_t i = 0; i < w->group.len; i++) {
        const look_item *item = &w->group.items[i];

        if (decide(&item->s) != REASON_NONE || check_is_due(w, item->opened_at, item->checked_at, item->created))
            pending_one(w, item);
    }
    look_group_empty(&w->group);
}

static int pending(const char *name, void *arg) {
    sweep *w = arg;
    problem p;
    int rc = look_group_add(&w->group, w->x->ledger, name, &p);

    if (rc == EX_DATAERR) {
        entry *e;

        /* Once more under the lock: it may have been in the middle of a write. */
        if (take(w, LEDGER_PENDING, name, &e))
            ledger_release(&e);
    } else if (rc > 0) {
        trouble(w, &p);
    }
    if (look_group_full(&w->group))
        flush_group(w);
    return 0;
}

static int issuing(const char *name, void *arg) {
    sweep *w = arg;
    recovery what;
    problem p;
    entry *e;

    if (!take(w, LEDGER_ISSUING, name, &e))
        return 0;
    /* One whose password may be in place is armed without the server. */
    if (!server_answers(w) && entry_record(e)->hash[0] == '\0' && !entry_record(e)->storing) {
        ledger_release(&e);
        return 0;
    }
    if (recover_one(w->x, e, &what, &p) != EX_OK) {
        trouble(w, &p);
    } else if (what == RECOVERED_LATER) {
        int64_t settles = recover_settles(w->x->config, entry_record(e));

        if (settles > w->settles)
            w->settles = settles;
    } else {
        done(w, entry_record(e)->user,
             what == RECOVERED_FORWARD ? "an interrupted provision is armed" : "an interrupted provision is undone");
    }
    ledger_release(&e);
    return 0;
}

static void each(sweep *w, ledger_state s, int (*fn)(const char *, void *)) {
    problem p;

    if (ledger_each(w->x->ledger, s, fn, w, &p) != EX_OK)
        trouble(w, &p);
}

static void run(sweep *w) {
    problem p;

    if (backend_clean(0, &p) != EX_OK)
        trouble(w, &p);
    each(w, LEDGER_ISSUING, issuing);
    each(w, LEDGER_CLAIMED, claimed);
    each(w, LEDGER_PENDING, pending);
    flush_group(w);
    if (w->settles > 0) {
        int64_t wait = w->settles - time(NULL);

        /* The server may still be carrying out what an interrupted provision asked for. A clock that was set back must
         * not make this a long sleep. */
        if (wait > 0)
            (void)sleep((unsigned)(wait < 300 ? wait : 300));
        each(w, LEDGER_ISSUING, issuing);
    }
    if (ledger_stamp(w->x->ledger, &p) != EX_OK)
        trouble(w, &p);
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
    rc = context_open(x, &p);
    if (rc == EX_OK)
        rc = look_group_init(&w.group, &p);
    if (rc != EX_OK)
        return command_end(rc, &p);
    run(&w);
    look_group_free(&w.group);
    return w.worst;
}

const command command_sweep = {&options, sweep_run, "bring every hand-off to where it should be; for a timer"};
