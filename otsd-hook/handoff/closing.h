/* SPDX-License-Identifier: MIT
 *
 * The one way in which a hand-off ends: claim, burn, outcome, audit line, gone. Each step is durable before the next,
 * and each can be repeated, so whoever finds a record in claimed/ goes on from where it stands.
 */
#ifndef OTSD_HOOK_CLOSING_H
#define OTSD_HOOK_CLOSING_H

#include "handoff/decide.h"
#include "handoff/remote.h"
#include "ledger/ledger.h"

/* Notes the reason and claims e (from issuing/ or pending/). Where the reason also ends the password (closing_locks),
 * or it may stand under the name of another account, it is made dead first: a crash between leaves an account that
 * nobody can enter and a record that says why, never the reverse. Another program that has the shadow file locked is
 * waited for so long. Whether a deadline still ends a password is seen once the lock was got: the person may have
 * changed it while we waited, and that is noted then. Last of all the end is remembered (ledger/past.h). c: NULL where
 * the configuration cannot be read. EX_OK: e lies in claimed/. No network is touched. */
int closing_claim(ledger *l, const config *c, entry *e, reason why, long wait_ms, problem *p);

/* Does it end the password, too? As reason_locks, but what nobody can look at may be the person's own by now, or that
 * of another person: it is locked by order, and otherwise only where the configuration says so. */
bool closing_locks(const config *c, const record *r, reason why);

/* Notes the reason alone: from that moment on the PAM module takes a pending record for overdue. Where it cannot be
 * written that is said, and nothing else waits for it. */
void closing_note(entry *e, reason why);
/* The hand-off goes on: takes back a noted reason that does not hold, as far as s knows it. */
void closing_take_back(record *r, const situation *s);

/* Burns, and notes what became of the secret; nothing to do where a former try came that far. For a password that
 * cannot be made dead now: its link can. Where a question may save a burn (its time is over, it was opened, the server
 * limits burns) the receipt is asked first; and where the server refuses more burns, that is kept (ledger/burns.h). */
int closing_settle(const ledger *l, remote *server, entry *e, problem *p);

/* Finishes a claimed entry: burns, writes the audit line, removes the record (e keeps what it said). Otherwise the
 * attempt is counted, the time of the next one noted, and the record stays. */
int closing_finish(ledger *l, const config *c, remote *server, entry *e, problem *p);

/* When to try again after so many failed attempts: doubling from a minute up to six hours, with jitter; a rate limit's
 * own word counts where it is longer. Seconds from now. */
int64_t closing_backoff(int64_t attempts, long retry_after, unsigned random);
/* Is it time for the next try? Also where that lies further away than we ever put it: then a clock was stepped. */
bool closing_due(int64_t next_try, int64_t now);

#endif
