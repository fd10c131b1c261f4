/* SPDX-License-Identifier: MIT
 *
 * /etc/shadow as everybody's logins read it, without a lock: it is replaced as a whole, so what is read is whole, too.
 */
#ifndef OTSD_HOOK_SHADOW_READ_H
#define OTSD_HOOK_SHADOW_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problem.h"
#include "password/shadow_line.h"

#define SHADOW_PATH "/etc/shadow"

/* EX_NOUSER: no such line. Names of other sources (LDAP …) are not looked at. */
int shadow_lookup(const char *user, shadow_line *out, problem *p);
/* A line as it stands there; the strings are gone after the call that showed it. */
typedef struct shadow_seen {
    const char *user, *hash;
    long changed, expires; /* days since the epoch, or SHADOW_DATE_… */
    const char *wrong;     /* shadow_line_wrong's: this stays; NULL: nothing */
} shadow_seen;
/* Calls fn for each line that has a name and a password field, of any length (fgetspent_r never gets past one that is
 * longer than its buffer), until it returns false. EX_OK: what was not shown is not there (lines.h). */
int shadow_each(bool (*fn)(const shadow_seen *line, void *arg), void *arg, problem *p);

#endif
