/* SPDX-License-Identifier: MIT
 *
 * The server accounts that have burns to do, each with its pace: limits are of an account, or of an address.
 */
#ifndef OTSD_HOOK_PAYERS_H
#define OTSD_HOOK_PAYERS_H

#include "handoff/debts.h"

#define PAYERS_MOST 16 /* more share the last place, which costs them nothing but waiting for each other */

typedef struct payer {
    char server[sizeof((record *)0)->server], account[sizeof((record *)0)->account];
    burn_pace pace; /* as it was kept when the payer was first met */
    bool refuses;   /* the caller's; false at first */
} payer;

typedef struct payers {
    payer all[PAYERS_MOST];
    size_t len;
} payers;

/* The index of the one that burns r's secret. c: NULL where the configuration cannot be read. */
size_t payers_of(payers *p, const ledger *l, const config *c, const record *r, int64_t now);
/* debts_plan with the paces of p. */
void payers_plan(const payers *p, debt *all, size_t len, int64_t now);

#endif
