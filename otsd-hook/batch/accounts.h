/* SPDX-License-Identifier: MIT
 *
 * The accounts of a batch and what has become of each: what the parts of a batch share, and the one place that notes a
 * result in counts, report and log.
 */
#ifndef OTSD_HOOK_ACCOUNTS_H
#define OTSD_HOOK_ACCOUNTS_H

#include <stdatomic.h>

#include "batch/pace.h"
#include "batch/progress.h"
#include "batch/report.h"
#include "batch/roster.h"
#include "batch/verdict.h"
#include "handoff/context.h"
#include "password/backend.h"

typedef struct batch_account {
    const roster_line *line;
    char *filed;             /* the name that its hand-off is filed under; NULL: the line's (batch_user) */
    char *known;             /* the name that the name service has for it; NULL: the line's */
    const roster_line *twin; /* the first line that is the same account by another name; NULL: there is none */
    const char *recipient;   /* NULL: none */
    char *made;              /* the recipient, where it was made from the pattern */
    int64_t uid;             /* -1: not known yet */
    batch_status status;
    bool local;            /* it is in /etc/passwd */
    bool unnamed;          /* the name that the name service has for it is none for a hand-off */
    backend_account found; /* what the backend has of it */
    past_view past;        /* and the ledger, of its last hand-off */
    unsigned losses;       /* of the server's answer */
    char id[17];
    int64_t deadline;
    bool unsure; /* its hand-off is open, and nobody knows whether the password was set */
    char *link;  /* only where links are reported */
} batch_account;

typedef struct batch {
    context *x;
    const char *path;        /* of the roster; "-": standard input */
    const char *report_path; /* NULL: none */
    long ttl;                /* where the line has none; 0: the configuration's */
    const char *locale;      /* likewise; NULL */
    size_t jobs;
    int64_t patience_ms;
    bool no_recipient, links, allow_system, allow_root, again, dry_run, json;

    roster roster;
    batch_account *accounts, **by_user;
    size_t len;
    atomic_size_t counts[BATCH_STATUSES];
    report *report;
    progress bar;
    pace pace; /* of generates: what a round learned of the server holds for the next */
    atomic_bool is_cut, is_unlogged;
    atomic_bool is_linkless; /* a link that was to be reported is not: the report says why */
    problem cut;             /* why it was cut short, once is_cut */
} batch;

/* One account for each line of the roster, all to be done. EX_OSERR. */
int batch_make_accounts(batch *b, problem *p);
void batch_free_accounts(batch *b);
/* As its hand-off is filed, which is not always as the roster has it. */
const char *batch_user(const batch_account *a);
/* As the name service has the account. */
const char *batch_known(const batch_account *a);
/* Once these names are known: orders the accounts by them, for batch_find, and finds the twins. */
void batch_sort(batch *b);
/* "FILE", or "standard input" */
const char *batch_file_name(const batch *b);
/* "todo", "provisioned", … as in the report */
const char *batch_status_name(batch_status s);

/* The rest is for one thread at a time, batch_cut apart. */

/* NULL: not in the roster. */
batch_account *batch_find(const batch *b, const char *user);
void batch_move(batch *b, batch_account *a, batch_status to);
/* Takes over what the report tells of the account's hand-off. */
void batch_take(const batch *b, batch_account *a, const record *r);
/* The account is through for this run: notes it in the report, and says it where it failed. */
void batch_result(batch *b, batch_account *a, batch_status to, const char *message);
/* Notes the result of an account whose status says that there is nothing to do. */
void batch_through(batch *b, batch_account *a);
/* The same of one whose hand-off is open and unsure, with what is to be done about it. */
void batch_unsure(batch *b, batch_account *a, batch_status to);
/* Those of the roster: they have their hand-offs, and may not be able to log in. */
size_t batch_count_unsure(const batch *b);
/* What cannot be written any more cuts the batch short. */
void batch_close_report(batch *b);
/* From now on nothing new is begun. The first reason counts. From any thread. */
void batch_cut(batch *b, const problem *why);
/* The audit log does not take the lines of hand-offs that are open: cuts the batch, for all others would lack theirs,
 * too. */
void batch_unlogged(batch *b, const problem *why);
/* Draws the bar; the second one, where the pace wants a pause: with that pause, and returns true. */
void batch_show(batch *b, const char *waiting);
bool batch_show_pause(batch *b, const pace *s);

#endif
