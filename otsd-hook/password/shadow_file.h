/* SPDX-License-Identifier: MIT
 *
 * /etc/shadow: reading one account, and changing any number of them in one transaction.
 *
 * A transaction holds the lock of the account files (shadow_lock.h), reads the file once, writes it anew beside itself
 * with owner, mode and extended attributes kept and every other line byte for byte as it was, fsyncs, and renames.
 * Conditions are checked inside the lock, so nothing changes between the look and the write.
 */
#ifndef OTSD_HOOK_SHADOW_FILE_H
#define OTSD_HOOK_SHADOW_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "password/shadow_line.h"

#define SHADOW_PATH "/etc/shadow"

/* Each user at most once. Returns EX_OK also where single changes were not possible: see their results. On a failure
 * nothing was changed, unless the text says that the file was written. Where at least one change was made, the file is
 * on disk when this returns. */
int shadow_apply(shadow_change *changes, size_t n, problem *p);
/* EX_NOUSER: no such line. Names of other sources (LDAP …) are not looked at. */
int shadow_lookup(const char *user, shadow_line *out, problem *p);
/* Calls fn for each line that has a name and a password field, of any length (fgetspent_r never gets past one that is
 * longer than its buffer), until it returns false. The strings are gone after the call. */
int shadow_each(bool (*fn)(const char *user, const char *hash, long changed, void *arg), void *arg, problem *p);
/* Removes what a crashed transaction left. Does nothing while one is running. */
int shadow_clean(long wait_ms, problem *p);

#endif
