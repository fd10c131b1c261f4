/* SPDX-License-Identifier: MIT
 *
 * The longest ttl that a server grants, where it was seen to grant less than was asked for.
 *
 * The ttl that is asked for is the mark by which a secret is found whose answer was lost (handoff/match.h). A server
 * that grants everybody its ceiling wipes the mark off; so what was granted is kept here, for the account of the server
 * that granted it, and from then on less than that is asked for.
 *
 * A server may lie, and its ceiling may be raised: what it said once is forgotten after a week, then seen anew; and
 * what is shorter than an hour is no ceiling to live under.
 */
#ifndef OTSD_HOOK_CEILING_H
#define OTSD_HOOK_CEILING_H

#include "ledger/ledger.h"

#define CEILING_LEAST 3600
#define CEILING_MEMORY (7 * 86400)

/* Seconds; 0: not known. */
int64_t ceiling_known(const ledger *l, const char *server, const char *account, int64_t now);
/* Keeps it in place of any other. Where that fails, the next secret has no mark either, and nothing else is lost. */
void ceiling_note(const ledger *l, const char *server, const char *account, int64_t ttl, int64_t now);

#endif
