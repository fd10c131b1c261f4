/* SPDX-License-Identifier: MIT */
#include "handoff/arm.h"

#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "handoff/closing.h"
#include "ledger/audit.h"

/* How long another process may hold the record of an older hand-off. */
#define LOCK_WAIT_MS 5000

/* What was begun by another process is finished without the server: a sweep burns what is owed in its own time. */
static int end_older(context *x, const char *user, bool claim_only, problem *p) {
    problem later;
    entry *old;
    int rc = ledger_find(x->ledger, LEDGER_PENDING, user, LOCK_WAIT_MS, &old, p);

    if (rc == LEDGER_NONE)
        return problem_none(p);
    if (rc == LEDGER_BUSY)
        return problem_set(p, EX_TEMPFAIL, "%s: another process holds the record of the older hand-off", user);
    if (rc != EX_OK) {
        problem_add(p, " (%s/pending/%s)", OTSD_STATE_DIR, user);
        return rc;
    }
    rc = closing_claim(x->ledger, x->config, old, REASON_REISSUED, 0, p);
    if (rc == EX_OK && claim_only)
        (void)ledger_nudge(x->ledger, &later); /* the timer comes anyway */
    else if (rc == EX_OK && (context_remote(x, &later) != EX_OK ||
                             closing_finish(x->ledger, x->config, x->remote, old, &later) != EX_OK))
        say(LOG_WARNING, "%s", later.text);
    ledger_release(&old);
    return rc;
}

/* Of those that were begun by another process: who has a line already? */
static void find_lines(context *x, arming *a, size_t n) {
    audit_look *looks = calloc(n + 1, sizeof *looks);
    size_t count = 0;

    for (size_t i = 0; looks && i < n; i++)
        if (a[i].resumed)
            looks[count++].id = entry_record(a[i].e)->id;
    if (count > 0)
        audit_find(x->config, "issued", looks, count);
    /* Where nobody can say, a line too many is better than one too few. */
    for (size_t i = 0, k = 0; i < n; i++)
        if (a[i].resumed)
            a[i].resumed = looks && looks[k++].found;
    free(looks);
}

/* Before the records move: what is in pending/ has its line, whatever happens. The passwords are in place, so it is
 * true. */
static int write_audit(context *x, arming *a, size_t n, problem *unlogged) {
    const record **fresh = calloc(n + 1, sizeof(record *));
    int rc = problem_none(unlogged);
    size_t count = 0;
    problem p;

    find_lines(x, a, n);
    for (size_t i = 0; fresh && i < n; i++)
        if (!a[i].resumed && a[i].why->code == EX_OK)
            fresh[count++] = entry_record(a[i].e);
    if (!fresh)
        rc = problem_set(&p, EX_OSERR, "out of memory for the audit log");
    else if (count > 0)
        rc = audit_write_all(x->config, "issued", fresh, count, time(NULL), &p);
    if (rc != EX_OK && count > 1)
        rc = problem_set(unlogged, EX_IOERR,
                         "%s and others (%zu): the passwords are set, but their audit lines are missing: %s",
                         fresh[0]->user, count, p.text);
    else if (rc != EX_OK)
        rc = problem_set(unlogged, EX_IOERR, "%s: the password is set, but its audit line is missing: %s",
                         count > 0 ? fresh[0]->user : entry_record(a[0].e)->user, p.text);
    free(fresh);
    return rc;
}

int arm(context *x, arming *a, size_t n, problem *unlogged) {
    problem p;
    int rc;

    if (n == 0)
        return problem_none(unlogged);
    for (size_t i = 0; i < n; i++)
        a[i].why->code = end_older(x, entry_record(a[i].e)->user, a[i].resumed, a[i].why);
    rc = write_audit(x, a, n, unlogged);
    for (size_t i = 0; i < n; i++)
        if (a[i].why->code == EX_OK)
            a[i].why->code = ledger_rename(x->ledger, a[i].e, LEDGER_PENDING, a[i].why);
    if (ledger_sync_names(x->ledger, LEDGER_ISSUING, LEDGER_PENDING, &p) != EX_OK)
        for (size_t i = 0; i < n; i++)
            if (a[i].why->code == EX_OK)
                *a[i].why = p;
    return rc;
}
