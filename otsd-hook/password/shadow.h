/* SPDX-License-Identifier: MIT
 *
 * /etc/shadow: reading one account, and changing any number of them in one transaction.
 *
 * A transaction holds glibc's lckpwdf (as passwd, chpasswd, useradd and pam_unix do), reads the file once, writes it
 * anew beside itself with owner, mode and extended attributes kept and every other line byte for byte as it was,
 * fsyncs, and renames. Conditions are checked inside the lock, so nothing changes between the look and the write.
 */
#ifndef OTSD_HOOK_SHADOW_H
#define OTSD_HOOK_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

#define SHADOW_PATH "/etc/shadow"
#define SHADOW_HASH_MAX 385

typedef struct shadow_line {
    char hash[SHADOW_HASH_MAX]; /* second field */
    long changed;               /* days since the epoch; 0: must change at the next login; -1: not set */
} shadow_line;

typedef enum shadow_op {
    SHADOW_SET,     /* hash, and changed: today, or 0 where must_change */
    SHADOW_LOCK_IF, /* '!' in front of the hash, if it is this one and has none yet */
} shadow_op;

typedef enum shadow_result {
    SHADOW_UNTOUCHED = 0,
    SHADOW_DONE,
    SHADOW_ABSENT,  /* no such line */
    SHADOW_REFUSED, /* SHADOW_SET without force: there is another password */
    SHADOW_OTHER,   /* SHADOW_LOCK_IF: the hash is another, or locked already */
} shadow_result;

typedef struct shadow_change {
    const char *user;
    const char *hash;
    shadow_op op;
    bool must_change;
    bool force;
    const char *only_if;  /* SHADOW_SET without force: the hash to replace; NULL: one that was never set */
    shadow_result result; /* out */
} shadow_change;

/* Each user at most once. Returns EX_OK also where single changes were not possible: see their results. On a failure
 * nothing was changed, unless the text says that the file was written. At least one change done: the file is on disk
 * when this returns. */
int shadow_apply(shadow_change *changes, size_t n, problem *p);
/* EX_NOUSER: no such line. Names of other sources (LDAP …) are not looked at. */
int shadow_lookup(const char *user, shadow_line *out, problem *p);
/* Calls fn for each line that has a name and a password field, of any length (fgetspent_r never gets past one that is
 * longer than its buffer), until it returns false. The strings are gone after the call. */
int shadow_each(bool (*fn)(const char *user, const char *hash, long changed, void *arg), void *arg, problem *p);
/* Removes what a crashed transaction left. Does nothing while one is running. */
int shadow_clean(problem *p);

/* A hash that nobody ever had a password for: "!", "!!", "*", … */
bool shadow_never_set(const char *hash);
/* Is hash this generated one, locked or not? */
bool shadow_same(const char *in_shadow, const char *generated);

#endif
