/* SPDX-License-Identifier: MIT
 *
 * Who is this user? What the name service and login.defs say.
 */
#ifndef OTSD_HOOK_ACCOUNT_H
#define OTSD_HOOK_ACCOUNT_H

#include <stdint.h>

#include "problem.h"

/* EX_NOUSER: there is none; EX_OSERR: nobody can say (a directory server is down). */
int account_uid(const char *user, int64_t *uid, problem *p);
/* Root, and whatever lies outside UID_MIN to UID_MAX of login.defs (nobody, daemons). */
bool account_is_system(int64_t uid);

#endif
