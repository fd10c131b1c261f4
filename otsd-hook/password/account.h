/* SPDX-License-Identifier: MIT
 *
 * Who is this user? What the name service and login.defs say.
 */
#ifndef OTSD_HOOK_ACCOUNT_H
#define OTSD_HOOK_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/problem.h"
#include "config/config.h"
#include "ledger/record.h"

/* EX_NOUSER: there is none; EX_OSERR: nobody can say (a directory server is down). */
int account_uid(const char *user, int64_t *uid, problem *p);
/* The same, and the name that the name service itself has for the account, into out of USER_MAX + 1 bytes: one that
 * ignores case, or knows an account by several names, knows it as one by this. EX_DATAERR, too: no hand-off can have
 * that name, or it is not this account's. */
int account_canonical(const char *user, char *out, int64_t *uid, problem *p);
/* The name with ASCII's capitals lowered, into out of USER_MAX + 1 bytes. False: it has none, or is too long. */
bool account_lowered(const char *user, char *out);
/* Are both names the same account, by uid and by canonical name? Not by the uid alone: two accounts may share one.
 * Another account, or none: *same is false. EX_OSERR: nobody can say. */
int account_same(const char *one, const char *other, bool *same, problem *p);
/* Is it in /etc/passwd, with this uid? False also where that cannot be read: then that file is believed in nothing. */
bool account_is_local(const char *user, int64_t uid);

/* Does it still exist? */
typedef struct account_view {
    otsd_tri exists; /* "no" only where that is certain */
    bool missed; /* where it is unknown: the name service says that there is none, which it also says in an outage */
    bool local;  /* it is in /etc/passwd */
    int64_t uid; /* where it exists */
} account_view;
/* was_local: it once was in /etc/passwd; then that file, read in full, can say that it is gone. lacks: it was just read
 * and lacks the name. EX_OSERR, EX_IOERR …: something could not be read; *out then says unknown. */
int account_look(const char *user, bool was_local, bool lacks, account_view *out, problem *p);
/* Calls fn for each line of /etc/passwd with a name and a number, until it returns false. Where a name comes twice only
 * its first line counts: fn has to see to that. Accounts of other sources (LDAP …) are not in it: account_uid. */
int account_each(bool (*fn)(const char *user, int64_t uid, void *arg), void *arg, problem *p);

/* Whose uid is a person's: as configured, or by UID_MIN and UID_MAX of login.defs; and who else may be provisioned. */
typedef struct account_limits {
    int64_t uid_min, uid_max;
    bool allow_system, allow_root;
} account_limits;
/* To be read once where many accounts are looked at. */
void account_limits_read(const config *c, account_limits *out);
/* May an account with this uid be provisioned? Root is nobody else's matter: one option for him, and only for him, and
 * one for all others outside the limits (nobody, daemons). EX_NOPERM. */
int account_allowed(const account_limits *limits, const char *user, int64_t uid, problem *p);

#endif
