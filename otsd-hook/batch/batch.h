/* SPDX-License-Identifier: MIT
 *
 * Provisions all accounts of a roster: preflight, what an earlier run left, the pipeline, and what became of each.
 *
 * A batch may end at any point, by a signal, kill -9 or a power cut: the same command again finishes the rest and
 * touches nobody twice. Nothing but the ledger and the shadow file is needed for that.
 */
#ifndef OTSD_HOOK_BATCH_H
#define OTSD_HOOK_BATCH_H

#include <stdatomic.h>

#include "handoff/context.h"
#include "batch/pace.h"
#include "batch/progress.h"
#include "batch/report.h"
#include "batch/roster.h"

typedef enum batch_status {
    BATCH_TODO,
    BATCH_INTERRUPTED, /* a record lies in issuing/: recovery comes first */
    BATCH_PROVISIONED,
    BATCH_OPEN,   /* had an open hand-off when we came */
    BATCH_KEPT,   /* has a password, or a locked one, that is not ours to replace */
    BATCH_FAILED, /* and would fail again */
    BATCH_LEFT,   /* not done, or not for certain: another run goes on with it */
    BATCH_STATUSES
} batch_status;

typedef struct batch_account {
    const roster_line *line;
    const char *recipient; /* NULL: none */
    char *made;            /* the recipient, where it was made from the pattern */
    int64_t uid;           /* -1: not known yet */
    batch_status status;
    bool absent, has_password; /* what the backend has of it */
    unsigned losses; /* of the server's answer */
    char id[17];
    int64_t deadline;
    char *link; /* only where links are reported */
} batch_account;

typedef struct batch {
    context *x;
    const char *path;        /* of the roster; "-": standard input */
    const char *report_path; /* NULL: none */
    long ttl;                /* where the line has none; 0: the configuration's */
    const char *locale;      /* likewise; NULL */
    size_t jobs;
    int64_t patience_ms;
    bool no_recipient, links, allow_system, dry_run, json;

    roster roster;
    batch_account *accounts, **by_user;
    size_t len;
    atomic_size_t counts[BATCH_STATUSES];
    report *report;
    progress bar;
    pace pace; /* of generates: what a round learned of the server holds for the next */
    atomic_bool is_cut;
    problem cut; /* why it was cut short, once is_cut */
} batch;

/* Returns an exit code: EX_OK; BATCH_SOME where all was worked through and some failed for good; EX_TEMPFAIL where some
 * are left and the same command goes on; EX_IOERR where only standard output failed; others where nothing was changed.
 * It has said what there was to say. */
#define BATCH_SOME 1
int batch_run(batch *b);

/* NULL: not in the roster. */
batch_account *batch_find(const batch *b, const char *user);
void batch_move(batch *b, batch_account *a, batch_status to);
/* Takes over what the report tells of the account's hand-off. */
void batch_take(const batch *b, batch_account *a, const record *r);
/* The account is through for this run: notes it in the report, and says it where it failed. */
void batch_result(batch *b, batch_account *a, batch_status to, const char *message);
/* Notes it where its status says that there is nothing to do for it. */
void batch_through(batch *b, batch_account *a);
/* Nothing new is to be begun. The first reason counts. From any thread. */
void batch_cut(batch *b, const problem *why);
/* Draws the bar; with the pause that it is, and true, where the pace wants one. */
void batch_show(batch *b, const char *waiting);
bool batch_show_pause(batch *b, const pace *s);

#endif
