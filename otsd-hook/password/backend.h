/* SPDX-License-Identifier: MIT
 *
 * Where passwords live: the shadow file, or an administrator's commands for anything else.
 */
#ifndef OTSD_HOOK_BACKEND_H
#define OTSD_HOOK_BACKEND_H

#include <stddef.h>

#include "ledger/record.h"

/* May a password be generated for this account? EX_NOPERM: it has a usable one (and force is not set). The command
 * backend cannot tell and says EX_OK. */
int backend_ready(const config *c, const char *user, bool force, problem *p);
/* One password to set: that of h, in place of the hash replaces (NULL: of none), or of any with force. */
typedef struct backend_change {
    const record *h;          /* h->hash is the value's hash, for the shadow file */
    const otsd_secret *value; /* for a command; may be NULL otherwise */
    const char *replaces;
    bool force;
    problem *why; /* out; its code is EX_OK where the password is set */
    bool unsure;  /* out: where not: may it be set all the same? Otherwise the account has its old password */
} backend_change;
/* Any number at once, of different users and one backend: one transaction of the shadow file, or one run of the
 * command. */
void backend_set(const config *c, backend_change *changes, size_t n);
/* May the generated password of this older record be replaced? EX_NOPERM: it is not the account's any more, or is
 * locked. */
int backend_replaceable(const config *c, const record *old, bool force, problem *p);
/* Locks the account's password if it is, or may be, the generated one. EX_OK also where there was nothing to do. */
int backend_lock(const config *c, const record *h, problem *p);
/* Is the generated password of h the account's, locked or not, and must it be changed? OTSD_UNKNOWN where nobody can
 * say. */
typedef struct backend_view {
    const record *h;
    otsd_tri in_place, must_change; /* out */
    bool seen;
} backend_view;
/* Any number in one pass over the shadow file. */
void backend_look(backend_view *views, size_t n);

#endif
