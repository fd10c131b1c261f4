/* SPDX-License-Identifier: MIT
 *
 * The audit log: one JSON object a line, appended and synced, root's alone. No line holds a secret.
 */
#ifndef OTSD_HOOK_AUDIT_H
#define OTSD_HOOK_AUDIT_H

#include <stddef.h>

#include "record.h"

/* "issued": a hand-off is armed. "closed": it is over, with reason and outcome. */
int audit_write(const otsd_config *c, const char *event, const record *r, int64_t now, problem *p);
/* The same for any number at once: all of the lines, or none of them. */
int audit_write_all(const otsd_config *c, const char *event, const record *const *r, size_t n, int64_t now, problem *p);
/* Has a closing line of this hand-off been written (also to the log before the last rotation, FILE.1)? For recovery. */
bool audit_has_closed(const otsd_config *c, const char *id);

#endif
