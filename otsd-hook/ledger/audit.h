/* SPDX-License-Identifier: MIT
 *
 * The audit log: one JSON object a line, appended and synced, root's alone. No line holds a secret.
 */
#ifndef OTSD_HOOK_AUDIT_H
#define OTSD_HOOK_AUDIT_H

#include <stddef.h>

#include "ledger/record.h"

/* "issued": a hand-off is armed. "closed": it is over, with reason and outcome. EX_OK: the line is in the log, whole
 * and durable. Otherwise nothing of it is: EX_OSERR (out of memory), EX_CANTCREAT, EX_CONFIG, EX_IOERR. */
int audit_write(const config *c, const char *event, const record *r, int64_t now, problem *p);
/* The same for any number at once: all of the lines, or none of them. */
int audit_write_all(const config *c, const char *event, const record *const *r, size_t n, int64_t now, problem *p);

/* Can it be written? Makes folder and log where they are missing, and writes nothing. EX_CANTCREAT, EX_CONFIG. */
int audit_ready(const config *c, problem *p);

/* For recovery: which of these hand-offs have a line of that event, also in the log before the last rotation, FILE.1?
 * Any number in one pass. */
typedef struct audit_look {
    const char *id;
    otsd_tri found; /* out; "no" only where the log was read to its end */
} audit_look;
/* EX_IOERR: it could not be read to its end, and what was not found is unknown. */
int audit_find(const config *c, const char *event, audit_look *looks, size_t n, problem *p);

#endif
