/* SPDX-License-Identifier: MIT
 *
 * The server accounts that have burns to do, each with its pace: limits are of an account, or of an address.
 */
#ifndef OTSD_HOOK_PAYERS_H
#define OTSD_HOOK_PAYERS_H

#include "handoff/debts.h"

typedef struct payer {
    char server[sizeof((record *)0)->server], account[sizeof((record *)0)->account];
    burn_pace pace; /* as it was kept when the payer was first met */
    bool refuses;   /* burns; the caller's; false at first */
    bool silent;    /* to questions; likewise */
} payer;

/* All zero at first. */
typedef struct payers {
    payer *all;
    size_t len, size;
} payers;

/* Sets *index to that of the one that burns r's secret. c: NULL where the configuration cannot be read. False: there is
 * no memory. */
bool payers_find(payers *p, const ledger *l, const config *c, const record *r, int64_t now, size_t *index);
/* debts_plan with the paces of p. False: there is no memory. */
bool payers_plan(const payers *p, debt *all, size_t len, int64_t now);
void payers_free(payers *p);

#endif
