/* SPDX-License-Identifier: MIT
 *
 * The burns that are owed, for otsd-hook status: how many, and until when at the pace that the server allows. Looks at
 * records without their locks, and at the paces that were kept; asks nobody.
 */
#ifndef OTSD_HOOK_BURN_QUEUE_H
#define OTSD_HOOK_BURN_QUEUE_H

#include "handoff/payers.h"

typedef struct burn_queue {
    debt *all; /* by name */
    size_t len, size;
    payers payers;
} burn_queue;

/* c: NULL where the configuration cannot be read. EX_OSERR; what ledger_each fails with. */
int burn_queue_read(burn_queue *q, const ledger *l, const config *c, const clock_moment *now, problem *p);
void burn_queue_free(burn_queue *q);
/* The debt of a record in claimed/; NULL: there was none. */
const debt *burn_queue_find(const burn_queue *q, const char *name);
/* One line for each server account that owes burns. */
void burn_queue_tell(const burn_queue *q, int64_t now);

#endif
