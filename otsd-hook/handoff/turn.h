/* SPDX-License-Identifier: MIT
 *
 * The turn of a single provision: with others that were started at the same moment, or beside a batch, it waits until
 * the server can be asked for one more (ledger/slots.h), and what its answer shows of the server is known to all.
 *
 * Only generate waits. What ends a hand-off does not, and what a login runs has a deadline.
 */
#ifndef OTSD_HOOK_TURN_H
#define OTSD_HOOK_TURN_H

#include "handoff/context.h"
#include "ledger/slots.h"

typedef struct turn {
    slots slots;
    int64_t number;
    bool waited; /* what was looked at before may be otherwise now */
    int64_t timeout_ms;
    width_call call;
} turn;

/* How long a provision waits, in ms: many others may be before it. */
#define TURN_PATIENCE (600 * 1000)

/* Waits, and says so where it takes long. EX_TEMPFAIL: longer than patience_ms; there is no turn to end then. */
int turn_begin(turn *t, const context *x, const char *user, int64_t patience_ms, problem *p);
/* To be called just before the request is sent. */
void turn_asks(turn *t, unsigned kind);
/* The answer is there. */
void turn_answered(turn *t, const remote_answer *a);
/* Others may go on; after turn_answered, or where nothing was asked. */
void turn_end(turn *t);

#endif
