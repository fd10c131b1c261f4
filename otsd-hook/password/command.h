/* SPDX-License-Identifier: MIT
 *
 * The backend that is an administrator's programs.
 */
#ifndef OTSD_HOOK_COMMAND_H
#define OTSD_HOOK_COMMAND_H

#include "password/backend.h"

extern const backend command_backend;

/* How many seconds a run of lock_command may take: it locks one account, whatever a group of command may take. */
int command_lock_time(const config *c);

#endif
