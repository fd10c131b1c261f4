/* SPDX-License-Identifier: MIT
 *
 * Where passwords live: the shadow file, or an administrator's commands for anything else.
 */
#ifndef OTSD_HOOK_BACKEND_H
#define OTSD_HOOK_BACKEND_H

#include "record.h"

/* May a password be generated for this account? EX_NOPERM: it has a usable one (and force is not set). The command
 * backend cannot tell and says EX_OK. */
int backend_ready(const otsd_config *c, const char *user, bool force, problem *p);
/* Sets the generated password of h (h->hash is its hash) in place of the hash replaces (NULL: of none), or of any with force. On failure the account has its old password, unless *unsure. */
int backend_set(const otsd_config *c, const record *h, const otsd_secret *value, const char *replaces, bool force, bool *unsure,
                problem *p);
/* May the generated password of this older record be replaced? EX_NOPERM: it is not the account's any more, or is locked. */
int backend_replaceable(const otsd_config *c, const record *old, bool force, problem *p);
/* Locks the account's password if it is, or may be, the generated one. EX_OK also where there was nothing to do. */
int backend_lock(const otsd_config *c, const record *h, problem *p);
/* Is the generated password the account's, locked or not, and must it be changed? OTSD_UNKNOWN where nobody can say. */
void backend_look(const record *h, otsd_tri *in_place, otsd_tri *must_change);

#endif
