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

/* Which need a line: those of this run, and of those that a former process began the ones that have none yet. Where
 * nobody can say whether they have, none is written a second time; *unseen is of them then. */
static const record **without_line(context *x, arming *a, size_t n, size_t *count, problem *unseen) {
    const record **fresh = calloc(n + 1, sizeof(record *));
    audit_look *looks = calloc(n + 1, sizeof *looks);
    size_t asked = 0, unknown = 0;

    *count = 0;
    problem_clear(unseen);
    for (size_t i = 0; looks && i < n; i++)
        if (a[i].resumed)
            looks[asked++].id = entry_record(a[i].e)->id;
    if (asked > 0)
        (void)audit_find(x->config, "issued", looks, asked, unseen); /* each look says whether it was seen */
    for (size_t i = 0, k = 0; fresh && looks && i < n; i++) {
        otsd_tri found = a[i].resumed ? looks[k++].found : OTSD_NO;

        if (found == OTSD_NO && a[i].why->code == EX_OK)
            fresh[(*count)++] = entry_record(a[i].e);
        unknown += found == OTSD_UNKNOWN;
    }
    if (unknown == 0)
        problem_clear(unseen);
    if (!fresh || !looks) {
        problem_set(unseen, EX_OSERR, "out of memory for the audit log");
        free(fresh);
        fresh = NULL;
    }
    free(looks);
    return fresh;
}

/* Before the records move: what is in pending/ has its line, whatever happens. The passwords are in place, so it is
 * true. */
static int write_audit(context *x, arming *a, size_t n, problem *unlogged) {
    size_t count;
    problem p, unseen;
    const record **fresh = without_line(x, a, n, &count, &unseen);
    int rc = problem_none(unlogged);

    if (count > 0)
        rc = audit_write_all(x->config, "issued", fresh, count, time(NULL), &p);
    if (rc != EX_OK && count > 1)
        rc = problem_set(unlogged, EX_IOERR,
                         "%s and others (%zu): the passwords are set, but their audit lines are missing: %s",
                         fresh[0]->user, count, p.text);
    else if (rc != EX_OK)
        rc = problem_set(unlogged, EX_IOERR, "%s: the password is set, but its audit line is missing: %s",
                         fresh[0]->user, p.text);
    else if (unseen.code != EX_OK)
        rc = problem_set(unlogged, EX_IOERR, "%s%s: the password is set, but its audit line may be missing: %s",
                         entry_record(a[0].e)->user, n > 1 ? " and others" : "", unseen.text);
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
