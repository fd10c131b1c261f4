/* SPDX-License-Identifier: MIT
 *
 * Whoever talks to the network has nothing else: what becomes of a fork of root's before it is otsd-net.
 *
 * It MUST have no identity of root's and no group; nothing it executes may gain one; it has no descriptor but its end
 * of the channel, no environment, no terminal; it can write no file and leave no core; it dies with its parent. Where
 * one of these cannot be had it is not started, and nothing is sent. What the program gives up itself, once its
 * libraries are loaded, is in otsd-net/confine.c.
 */
#ifndef OTSD_HOOK_DROP_H
#define OTSD_HOOK_DROP_H

#include <sys/types.h>

#include "otsd.h"

#define DROP_USER "otsd-net"
#define DROP_CHANNEL 3 /* the descriptor of the channel in the child */

typedef struct drop_plan {
    uid_t uid;
    gid_t gid;
    int program; /* open for reading */
    int channel; /* the child's end */
    pid_t parent;
} drop_plan;

/* Who it is to be: DROP_USER of /etc/passwd itself, for no name service is asked before a password is handed over, and
 * none is asked as root. OTSD_ERR_CONFIG: there is none, or it is root. */
otsd_err drop_identity(drop_plan *plan, otsd_error *e);
/* In the fork: becomes the program, or ends with a status that drop_failure has a text for. Nothing but system calls,
 * for other threads of the parent may have held any lock. */
_Noreturn void drop_and_run(const drop_plan *plan);
/* What a status of the child says, "its groups cannot be dropped"; NULL: it is not one of drop_and_run's. */
const char *drop_failure(int status);

#endif
