/* SPDX-License-Identifier: MIT */
#include "arm.h"

#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "audit.h"
#include "closing.h"

/* How long an older hand-off may be in other hands. */
#define LOCK_WAIT_MS 5000

static int end_older(context *x, const char *user, problem *p) {
    problem later;
    entry old;
    int rc = ledger_find(&x->ledger, LEDGER_PENDING, user, LOCK_WAIT_MS, &old, p);

    if (rc == LEDGER_NONE)
        return EX_OK;
    if (rc == LEDGER_BUSY)
        return problem_set(p, EX_TEMPFAIL, "%s: the older hand-off is in other hands", user);
    if (rc != EX_OK) {
        problem_add(p, " (%s/pending/%s)", OTSD_STATE_DIR, user);
        return rc;
    }
    rc = closing_claim(&x->ledger, x->config, &old, REASON_REISSUED, p);
    if (rc == LEDGER_NONE)
        rc = p->code;
    if (rc == EX_OK && (context_remote(x, &later) != EX_OK ||
                        closing_finish(&x->ledger, x->config, x->remote, &old, &later) != EX_OK))
        say(LOG_WARNING, "%s", later.text);
    ledger_release(&old);
    return rc;
}

static void arm_one(context *x, arming *a) {
    entry *e = a->e;
    int rc = ledger_rename(&x->ledger, e, LEDGER_PENDING, a->why);

    if (rc == LEDGER_NONE) {
        rc = end_older(x, e->r.user, a->why);
        if (rc == EX_OK)
            rc = ledger_rename(&x->ledger, e, LEDGER_PENDING, a->why);
        if (rc == LEDGER_NONE)
            rc = a->why->code;
    }
    a->why->code = rc;
}

static void write_audit(context *x, const arming *a, size_t n) {
    const record **armed = calloc(n + 1, sizeof *armed);
    size_t count = 0;
    problem p;
    int rc;

    for (size_t i = 0; armed && i < n; i++)
        if (a[i].why->code == EX_OK)
            armed[count++] = &a[i].e->r;
    rc = !armed      ? problem_set(&p, EX_OSERR, "out of memory for the audit log")
         : count > 0 ? audit_write_all(x->config, "issued", armed, count, time(NULL), &p)
                     : EX_OK;
    for (size_t i = 0; rc != EX_OK && i < n; i++)
        if (a[i].why->code == EX_OK)
            say(LOG_WARNING, "%s: the hand-off is open, but %s", a[i].e->r.user, p.text);
    free(armed);
}

void arm(context *x, arming *a, size_t n) {
    problem p;

    for (size_t i = 0; i < n; i++)
        arm_one(x, &a[i]);
    if (n > 0 && ledger_sync_names(&x->ledger, LEDGER_ISSUING, LEDGER_PENDING, &p) != EX_OK)
        for (size_t i = 0; i < n; i++)
            if (a[i].why->code == EX_OK)
                *a[i].why = p;
    write_audit(x, a, n);
}
