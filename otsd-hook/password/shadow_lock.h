/* SPDX-License-Identifier: MIT
 *
 * The lock of the account files, /etc/.pwd.lock, with a wait of the caller's choice.
 */
#ifndef OTSD_HOOK_SHADOW_LOCK_H
#define OTSD_HOOK_SHADOW_LOCK_H

#include "base/problem.h"

#define SHADOW_LOCK_PATH "/etc/.pwd.lock"

/* Waits for at most wait_ms milliseconds; 0 is one try. *lock is what shadow_lock_release wants.
 * EX_TEMPFAIL: another program, which the text names, holds it. EX_CANTCREAT: there is no file to lock. EX_OSERR. */
int shadow_lock_take(long wait_ms, int *lock, problem *p);
/* Of a lock that was taken, once. */
void shadow_lock_release(int lock);

#endif
