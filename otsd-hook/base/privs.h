/* SPDX-License-Identifier: MIT
 *
 * What every run of otsd-hook does first: a full root identity, an environment of known names only, standard
 * descriptors that are open, no core, no tracer.
 */
#ifndef OTSD_HOOK_PRIVS_H
#define OTSD_HOOK_PRIVS_H

#include "base/problem.h"

/* EX_NOPERM without root's effective identity. */
int privs_start(problem *p);

#endif
