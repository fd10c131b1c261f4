/* SPDX-License-Identifier: MIT */
#include "handoff/closing.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "ledger/audit.h"
#include "password/backend.h"
#include "base/clock.h"

#define BACKOFF_FIRST 60
#define BACKOFF_MOST (6 * 3600)

int64_t closing_backoff(int64_t attempts, long retry_after, unsigned random) {
    int64_t wait = BACKOFF_FIRST;

    for (int64_t i = 1; i < attempts && wait < BACKOFF_MOST; i++)
        wait *= 2;
    if (wait > BACKOFF_MOST)
        wait = BACKOFF_MOST;
    if (wait < retry_after)
        wait = retry_after;
    /* Many hosts lose one server at the same moment; up to a quarter more keeps them from coming back at once. */
    return wait + (int64_t)(random % (unsigned)(wait / 4 + 1));
}

int closing_claim(ledger *l, const config *c, entry *e, reason why, problem *p) {
    problem unsaved;
    int rc;

    e->r.reason = why;
    e->r.claimed_at = time(NULL);
    /* A full disk must not keep the hand-off open: the reason is worth having, the claim is what counts. */
    rc = ledger_save(e, &unsaved);
    if (rc != EX_OK)
        say(LOG_WARNING, "%s: the reason (%s) could not be noted: %s", e->r.user, reason_text(why), unsaved.text);
    if (why == REASON_DEADLINE || why == REASON_REVOKED) {
        rc = backend_lock(c, &e->r, p);
        if (rc != EX_OK) {
            problem_add(p,
                        "; %s can still log in with the generated password, and the link is alive: otsd-hook sweep "
                        "tries again, or "
                        "lock the account by hand",
                        e->r.user);
            return rc;
        }
    }
    return ledger_move(l, e, LEDGER_CLAIMED, p);
}

/* Burns and writes down what became of the secret; nothing to do where a former try came that far. */
static int settle(remote *r, entry *e, problem *p) {
    remote_end end = {0};
    problem ignored;
    int rc;

    if (e->r.outcome != OUTCOME_NONE)
        return EX_OK;
    if (e->r.metadata_key[0] == '\0') {
        e->r.outcome = OUTCOME_UNKNOWN;
        return ledger_save(e, p);
    }
    rc = remote_burn(r, &e->r, time(NULL), &end, p);
    if (rc == EX_OK) {
        e->r.outcome = end.outcome;
        if (end.opened_at > 0)
            e->r.opened_at = end.opened_at;
        return ledger_save(e, p);
    }
    e->r.attempts++;
    e->r.next_try = time(NULL) + closing_backoff(e->r.attempts, end.retry_after, clock_scatter());
    problem_add(p, "; the record waits in claimed/ and otsd-hook sweep tries again");
    (void)ledger_save(e, &ignored);
    return rc;
}

int closing_finish(ledger *l, const config *c, remote *r, entry *e, problem *p) {
    audit_look look = {.id = e->r.id};
    int rc;

    /* A former try may have written the audit line. */
    if (e->r.outcome != OUTCOME_NONE)
        audit_find(c, "closed", &look, 1);
    rc = settle(r, e, p);
    if (rc == EX_OK && !look.found)
        rc = audit_write(c, "closed", &e->r, time(NULL), p);
    else if (rc != EX_OK)
        return rc;
    if (rc == EX_OK)
        rc = ledger_remove(l, e, p);
    if (rc != EX_OK)
        problem_add(p, "; %s's hand-off is over and its link dead, otsd-hook sweep writes that down", e->r.user);
    return rc;
}
