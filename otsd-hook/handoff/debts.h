/* SPDX-License-Identifier: MIT
 *
 * In which order are burns done that are owed, where a server takes only a few in a while? Decisions only.
 *
 * First what can hurt: links that were not seen to be opened, and of these the ones whose password may be somebody's
 * still, then the ones that the server would keep for longest. So what it will have expired by itself before its turn
 * is never reached by a burn; once its time is over the receipt is asked for what became of it, which costs no burn, as
 * it is for a link that was seen to be opened.
 *
 * One bad record MUST never stop the others. A debt that failed more than twice goes by another order, the one that has
 * waited for longest first, and of the two orders one is taken in turn: so whatever a bad record does, a debt that has
 * not failed comes before it in each sweep, and another one behind it.
 */
#ifndef OTSD_HOOK_DEBTS_H
#define OTSD_HOOK_DEBTS_H

#include "handoff/burn_pace.h"

typedef struct debt {
    char *name; /* of its record; the caller's */
    ledger_state state;
    size_t payer;  /* the server account that burns it, as the caller numbers them */
    bool alone;    /* nothing of it needs the server, as far as can be seen */
    bool asks;     /* the receipt is asked first: its time is over, or it was opened */
    bool stands;   /* the password in it may be somebody's still */
    int64_t left;  /* seconds for which the server keeps the secret */
    int64_t tries; /* that failed */
    int64_t since; /* of the last of them, or of the claim */
    size_t rank;   /* debts_order's */
    /* What debts_plan expects. */
    size_t place; /* among the burns of its server account, from 1; 0: it needs none */
    int64_t in;   /* seconds until its turn, or until it has expired */
    bool expires; /* the server will have expired it before its turn: no burn is spent on it */
} debt;

/* All of it but name, state, payer, and what the functions below fill in. */
void debt_of(debt *d, const record *r, const clock_moment *now);
/* Puts them in the order in which they are to be paid. */
void debts_order(debt *all, size_t len);
/* When will each be paid? all: in that order; paces: of each payer. */
void debts_plan(debt *all, size_t len, const burn_pace *paces, size_t payers, int64_t now);

#endif
