/* SPDX-License-Identifier: MIT
 *
 * Takes up what an interrupted run left of a batch's accounts: forward where the password is in place, back where not.
 */
#ifndef OTSD_HOOK_RESUME_H
#define OTSD_HOOK_RESUME_H

#include "batch/accounts.h"

/* Afterwards no account is BATCH_INTERRUPTED: those taken back are BATCH_TODO again. Waits for what a server may still
 * be carrying out, and, up to the patience, for a server that is away. */
void resume(batch *b);

/* Burns what an interrupted run had claimed and not burned yet: its hand-offs are over, its secrets may live. */
void resume_burns(batch *b);

#endif
