/* SPDX-License-Identifier: MIT
 *
 * How fast a server lets us burn. Decisions only: functions of what is known and of the time.
 *
 * Old servers (0.20 to 0.23) take 10 burns in 20 minutes from an account, or an address, and refuse the next; they do
 * not say when that ends. So those two numbers stand where nothing better is known, and each window that was seen from
 * its first burn to its refusal replaces the one, a Retry-After the other. Who says when to come back is no such
 * server: how many it takes is not known then, before a window of its was seen. Where no burn was ever refused no limit
 * is known, and nothing waits.
 */
#ifndef OTSD_HOOK_BURN_PACE_H
#define OTSD_HOOK_BURN_PACE_H

#include "ledger/burns.h"

#define BURN_PACE_MOST 10
#define BURN_PACE_WINDOW 1200

/* Is there any use in a burn now? Also where that lies further away than is ever put: then a clock was stepped. */
bool burn_pace_may(const burn_pace *p, int64_t now);
/* A burn was carried out; nothing to do where none was ever refused. */
void burn_pace_burned(burn_pace *p, int64_t now);
/* One was refused; retry_after: what the server said, 0 where it did not: then a refusal that was to be expected moves
 * nothing, for logins burn without asking whether they may. */
void burn_pace_limited(burn_pace *p, int64_t retry_after, int64_t now);
/* In how many seconds will the nth burn from now (0 is the first) be taken? */
int64_t burn_pace_turn(const burn_pace *p, size_t nth, int64_t now);

#endif
