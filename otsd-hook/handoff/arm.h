/* SPDX-License-Identifier: MIT
 *
 * The last step: the password is in place, the hand-off opens. From issuing/ to pending/, with its audit line.
 */
#ifndef OTSD_HOOK_ARM_H
#define OTSD_HOOK_ARM_H

#include "handoff/context.h"

typedef struct arming {
    entry *e;     /* in issuing/, locked */
    bool resumed; /* begun by a former process, which may have come as far as the audit line */
    problem *why; /* out; its code is EX_OK where the hand-off is open, and durably so */
} arming;

/* Any number at once. Where an older hand-off of the user is open it ends here, for its password is gone: that is what
 * makes a reissue one step.
 * An audit log that cannot be written keeps no hand-off from opening, for the password is set: EX_IOERR then, and
 * unlogged says whose lines are missing, or may be; EX_OK where all are written. Nothing of it is said here. */
int arm(context *x, arming *a, size_t n, problem *unlogged);

#endif
