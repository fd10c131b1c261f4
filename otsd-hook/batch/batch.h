/* SPDX-License-Identifier: MIT
 *
 * Provisions all accounts of a roster: preflight, what an earlier run left, the pipeline, and what became of each.
 *
 * A batch may end at any point, by a signal, kill -9 or a power cut: the same command again finishes the rest and
 * touches nobody twice. Nothing but the ledger and the shadow file is needed for that.
 */
#ifndef OTSD_HOOK_BATCH_H
#define OTSD_HOOK_BATCH_H

#include "batch/accounts.h"

/* Returns an exit code: EX_OK; BATCH_SOME where all was worked through and some failed for good, are unsure, or lack
 * their link in the report; EX_TEMPFAIL where some are left and the same command goes on; EX_IOERR where only standard
 * output or the audit log failed; others where nothing was changed. It has said what there was to say. */
#define BATCH_SOME 1
int batch_run(batch *b);

#endif
