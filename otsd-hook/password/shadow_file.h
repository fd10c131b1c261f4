/* SPDX-License-Identifier: MIT
 *
 * Changing any number of accounts in /etc/shadow, in one transaction.
 *
 * A transaction holds the lock of the account files (shadow_lock.h), reads the file once, writes it anew beside itself
 * with owner, mode and extended attributes kept and every other line byte for byte as it was, fsyncs, and renames.
 * Conditions are checked inside the lock, so nothing changes between the look and the write.
 */
#ifndef OTSD_HOOK_SHADOW_FILE_H
#define OTSD_HOOK_SHADOW_FILE_H

#include <stddef.h>

#include "base/problem.h"
#include "password/shadow_line.h"

/* Each user at most once. Waits at most wait_ms for the lock; EX_TEMPFAIL, with the holder's name. Returns EX_OK also
 * where single changes were not possible: see their results. On a failure nothing was changed, unless the text says
 * that the file was written. Where at least one change was made, the file is on disk when this returns.
 *
 * Where hashes are to die and none stands in the file, nothing is waited for. */
int shadow_apply(shadow_change *changes, size_t n, long wait_ms, problem *p);
/* Does all that a change needs, but the change: takes the lock, makes and removes the new file. */
int shadow_try(long wait_ms, problem *p);
/* Removes what a crashed transaction left. Where the lock is held longer than wait_ms: EX_TEMPFAIL, except with 0, for
 * which the next time is early enough. */
int shadow_clean(long wait_ms, problem *p);

#endif
