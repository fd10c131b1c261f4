/* SPDX-License-Identifier: MIT
 *
 * What every run of otsd-hook does first: a full root identity, an environment of known names only, standard
 * descriptors that are open, no core, no tracer.
 */
#ifndef OTSD_HOOK_PRIVS_H
#define OTSD_HOOK_PRIVS_H

#include "base/problem.h"

/* EX_NOPERM without root's effective identity; EX_OSERR where a part of it is missing and cannot be taken on. Where a
 * process that is root's already may not change its groups they stay as they are. */
int privs_start(problem *p);
/* Has this process that capability, one of linux/capability.h, in force? False where nobody can say. */
bool privs_has(unsigned capability);

#endif
