/* SPDX-License-Identifier: MIT */
#include "handoff/closing.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/clock.h"
#include "handoff/burn_pace.h"
#include "handoff/look.h"
#include "ledger/audit.h"
#include "ledger/past.h"
#include "ledger/told.h"
#include "password/backend.h"

#define BACKOFF_FIRST 60
#define BACKOFF_MOST (6 * 3600)
#define PATIENCE_MOST 86400 /* whatever the server says */

int64_t closing_backoff(int64_t attempts, long retry_after, unsigned random) {
    int64_t wait = BACKOFF_FIRST;

    for (int64_t i = 1; i < attempts && wait < BACKOFF_MOST; i++)
        wait *= 2;
    if (wait > BACKOFF_MOST)
        wait = BACKOFF_MOST;
    if (wait < retry_after)
        wait = retry_after < PATIENCE_MOST ? retry_after : PATIENCE_MOST;
    /* Many hosts lose one server at the same moment; up to a quarter more keeps them from coming back at once. */
    return wait + (int64_t)(random % (unsigned)(wait / 4 + 1));
}

bool closing_due(int64_t next_try, int64_t now) {
    return next_try <= now || next_try > now + PATIENCE_MOST + PATIENCE_MOST / 4;
}

void closing_note(entry *e, reason why) {
    record *r = entry_record(e);
    problem unsaved;

    if (r->reason == (int64_t)why)
        return;
    r->reason = why;
    r->claimed_at = time(NULL);
    /* A full disk must not keep the hand-off open: the reason is worth having, the claim is what counts. */
    if (ledger_save(e, &unsaved) != EX_OK)
        say(LOG_WARNING, "%s: it could not be noted why the hand-off is over (%s): %s", r->user, reason_told(why),
            unsaved.text);
}

void closing_take_back(record *r, const situation *s) {
    bool may_hold = (r->reason == REASON_GONE || r->reason == REASON_UID) && s->exists != OTSD_YES;

    if (may_hold)
        return;
    r->reason = REASON_NONE;
    r->claimed_at = 0;
}

/* There was nothing to lock: by us, a moment ago, or because the person was faster? */
static void note_anew(entry *e) {
    problem unknown; /* then the reason stays */
    char *renamed;
    situation s;
    int rc = look_at(entry_record(e), EVENT_SWEEP, &s, &renamed, &unknown);

    free(renamed);
    if (rc == EX_OK && s.can_tell && decide(&s) == REASON_CHANGED)
        closing_note(e, REASON_CHANGED);
}

bool closing_locks(const config *c, const record *r, reason why) {
    bool may = backend_of(r->backend)->can_tell || why == REASON_REVOKED || (c && c->password.lock_unseen);

    return may && reason_locks(why);
}

int closing_claim(ledger *l, const config *c, entry *e, reason why, long wait_ms, problem *p) {
    record *r = entry_record(e);
    problem forgotten;
    bool locked;

    closing_note(e, why);
    if (reason_locks(why) && !closing_locks(c, r, why))
        say(LOG_WARNING, "%s: %s, and nobody can look whether the generated password still opens it: nothing is locked",
            r->user, reason_told(why));
    /* Where it is changed, nothing of it is there, unless another account has the hash: by usermod -l, by a copy. */
    if (closing_locks(c, r, why) || (why == REASON_CHANGED && backend_of(r->backend)->can_tell)) {
        int rc = backend_lock(c, r, wait_ms, &locked, p);

        if (rc != EX_OK) {
            problem_add(p,
                        "; %s's generated password still stands there: otsd-hook sweep tries again, or lock the "
                        "account by hand",
                        r->user);
            return rc;
        }
        if (why == REASON_DEADLINE && !locked)
            note_anew(e);
    }
    /* Nothing waits for it: closing_finish does not remove a record before it is there. */
    if (past_note(l, r, &forgotten) != EX_OK)
        say(LOG_WARNING, "%s: %s", r->user, forgotten.text);
    return ledger_move(l, e, LEDGER_CLAIMED, p);
}

/* What the server allows, as this burn has shown. */
static void note_pace(const ledger *l, const char *url, const char *account, burn_pace *pace, const remote_end *end) {
    int64_t now = time(NULL);

    if (end->limited)
        burn_pace_limited(pace, end->retry_after, now);
    else
        burn_pace_burned(pace, now);
    if (pace->seen > 0)
        burns_note(l, url, account, pace);
}

/* Unknown ends nothing: what the receipt cannot tell, a burn does, while the secret may live. */
static int ask_or_burn(const ledger *l, remote *server, const record *r, remote_end *end, problem *p) {
    const char *url = remote_url(server, r), *account = remote_account(server, r);
    clock_moment now;
    burn_pace pace;
    int rc;

    clock_read(&now);
    burns_known(l, url, account, now.wall, &pace);
    if (pace.seen > 0 || proof_asks_first(r, &now)) {
        rc = remote_ended(server, r, end, p);
        if (rc != EX_OK && (rc == EX_UNAVAILABLE || rc == CONNECTION_NONE || p->limited || proof_left(r, &now) <= 0))
            return rc;
        if (rc == EX_OK && ((end->outcome != OUTCOME_NONE && end->outcome != OUTCOME_UNKNOWN) ||
                            (end->outcome == OUTCOME_UNKNOWN && proof_left(r, &now) <= 0)))
            return rc;
    }
    rc = remote_burn(server, r, end, p);
    if (rc == EX_OK || end->limited)
        note_pace(l, url, account, &pace, end);
    return rc;
}

int closing_settle(const ledger *l, remote *server, entry *e, problem *p) {
    record *r = entry_record(e);
    remote_end end = {0};
    problem ignored;
    int rc;

    if (r->outcome != OUTCOME_NONE)
        return problem_none(p);
    if (r->metadata_key[0] == '\0') {
        r->outcome = OUTCOME_UNKNOWN;
        return ledger_save(e, p);
    }
    rc = ask_or_burn(l, server, r, &end, p);
    if (rc == EX_OK) {
        r->outcome = end.outcome;
        if (end.opened_at > 0)
            r->opened_at = end.opened_at;
        /* What was opened once has been read, whatever the server says of it later. */
        if (r->opened_at > 0)
            r->outcome = OUTCOME_OPENED;
        return ledger_save(e, p);
    }
    r->attempts++;
    r->next_try = time(NULL) + closing_backoff(r->attempts, end.retry_after, clock_scatter());
    problem_add(p, end.limited ? "; the burn is owed, and done as soon as the server takes more"
                               : "; the burn is owed: sweeps try again, otsd-hook sweep --now does at once");
    (void)ledger_save(e, &ignored); /* without it the next try comes sooner */
    return rc;
}

int closing_finish(ledger *l, const config *c, remote *server, entry *e, problem *p) {
    record *r = entry_record(e);
    audit_look look = {.id = r->id, .found = OTSD_NO};
    bool tried = r->outcome != OUTCOME_NONE;
    int rc = closing_settle(l, server, e, p);

    if (rc != EX_OK)
        return rc;
    /* A former try may have written the audit line. Where nobody can say, the record waits for somebody who can. */
    if (tried)
        rc = audit_find(c, "closed", &look, 1, p);
    if (look.found == OTSD_NO)
        rc = audit_write(c, "closed", r, time(NULL), p);
    else if (look.found == OTSD_YES)
        rc = EX_OK;
    if (rc == EX_OK)
        rc = past_keep(l, r, p);
    if (rc == EX_OK)
        rc = ledger_remove(l, e, p);
    if (rc != EX_OK)
        problem_add(p, "; %s's hand-off is over (%s), and otsd-hook sweep writes that down", r->user,
                    outcome_told((outcome)r->outcome));
    return rc;
}
