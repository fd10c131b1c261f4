/* SPDX-License-Identifier: MIT
 *
 * Takes a batch's accounts through the steps of issue.h, as many at once as server, cores and disk allow.
 *
 *   disk thread          network (this) thread      hash threads, one a core     disk thread
 *   intents, 512 and     generate, up to --jobs     one hash each                store and arm, up to 3,072
 *   one sync          ─▶ in flight               ─▶                           ─▶ and one transaction
 *
 * Every hand-off is in one queue or with one thread at any time, so it needs no lock of its own. What waits is bounded:
 * WINDOW hand-offs are between intent and arming, and of these BACKLOG are generated and not hashed yet, for such a
 * secret has to be burned if the program is killed.
 */
#ifndef OTSD_HOOK_PIPELINE_H
#define OTSD_HOOK_PIPELINE_H

#include "batch/accounts.h"

/* Afterwards no account is BATCH_TODO, unless the batch was cut short. Those whose answer was lost on the way are
 * BATCH_INTERRUPTED. */
void pipeline_run(batch *b);

#endif
