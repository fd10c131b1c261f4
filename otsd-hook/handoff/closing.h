/* SPDX-License-Identifier: MIT
 *
 * The one way in which a hand-off ends: claim, burn, outcome, audit line, gone. Each step is durable before the next,
 * and each can be repeated, so whoever finds a record in claimed/ goes on from where it stands.
 */
#ifndef OTSD_HOOK_CLOSING_H
#define OTSD_HOOK_CLOSING_H

#include "handoff/remote.h"
#include "ledger/ledger.h"

/* Claims e (from issuing/ or pending/) for the reason. Where that reason also ends the password (deadline, revoked), it
 * is locked first: a crash between leaves an account that nobody can enter and a record that says why, never the
 * reverse. EX_OK: e lies in claimed/. No network is touched. */
int closing_claim(ledger *l, const config *c, entry *e, reason why, problem *p);

/* Finishes a claimed entry: burns, writes the audit line, removes the record (e keeps what it said). Otherwise the
 * attempt is counted, the time of the next one noted, and the record stays. */
int closing_finish(ledger *l, const config *c, remote *server, entry *e, problem *p);

/* When to try again after so many failed attempts: doubling from a minute up to six hours, with jitter; a rate limit's
 * own word counts where it is longer. Seconds from now. */
int64_t closing_backoff(int64_t attempts, long retry_after, unsigned random);

#endif
