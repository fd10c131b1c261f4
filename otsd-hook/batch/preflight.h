/* SPDX-License-Identifier: MIT
 *
 * Everything about a batch that can be known before anything is changed.
 */
#ifndef OTSD_HOOK_PREFLIGHT_H
#define OTSD_HOOK_PREFLIGHT_H

#include "batch/accounts.h"

/* Fills in each account's recipient, uid and status. Lines that cannot be provisioned are named by bad; the caller
 * counts them. One pass over each of the account files, whatever the number of accounts. Fails where nobody can say. */
int preflight(batch *b, roster_bad_fn *bad, void *arg, problem *p);

/* Sets the account's status by what the ledger has of it: nothing, an intent, an open hand-off, how the last one ended.
 * BATCH_LEFT where that cannot be read, which is returned. */
int preflight_place(batch *b, batch_account *a, problem *p);

#endif
