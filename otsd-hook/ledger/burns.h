/* SPDX-License-Identifier: MIT
 *
 * How many burns a server allows in a while, where it was seen to refuse more (handoff/burn_pace.h): kept for the
 * account of the server that refused, so that sweeps wait for it and status can say how long.
 *
 * An estimate, kept without a lock: of two processes that note something at the same moment one is forgotten, and all
 * that costs is a burn that is refused, or one that waits for the next sweep. What is older than a week is forgotten.
 */
#ifndef OTSD_HOOK_BURNS_H
#define OTSD_HOOK_BURNS_H

#include "ledger/ledger.h"

#define BURNS_MEMORY (7 * 86400)
#define BURNS_ACCOUNTS 8 /* of so many the pace is kept: of those whose limit was met last */

/* Times are seconds since the epoch, spans seconds. */
typedef struct burn_pace {
    int64_t most;   /* burns that the server takes in a window; 0: not known */
    int64_t window; /* its length */
    int64_t opened; /* when the running one began */
    int64_t burned; /* in that one */
    int64_t until;  /* burns are refused until then; 0: they are not */
    int64_t seen;   /* when one was refused last; 0: never, and all else is 0 */
} burn_pace;

void burns_known(const ledger *l, const char *server, const char *account, int64_t now, burn_pace *out);
/* Where that fails, the next sweep learns it by a burn that is refused. */
void burns_note(const ledger *l, const char *server, const char *account, const burn_pace *pace);

#endif
