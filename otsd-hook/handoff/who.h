/* SPDX-License-Identifier: MIT
 *
 * Which account is meant by a name that somebody typed, and under which name its hand-off is filed.
 */
#ifndef OTSD_HOOK_WHO_H
#define OTSD_HOOK_WHO_H

#include "handoff/context.h"
#include "ledger/past.h"

typedef struct who {
    char user[USER_MAX + 1];      /* as the hand-off is filed, or is to be */
    char canonical[USER_MAX + 1]; /* as the name service has the account */
    int64_t uid;
    bool local; /* it is in /etc/passwd */
} who;

/* For one who begins, reissues or looks: needs the ledger opened. lacks: /etc/passwd was just read, and does not have
 * typed. EX_NOUSER, EX_OSERR, EX_DATAERR as of account_canonical. */
int who_is(const context *x, const char *typed, bool lacks, who *out, problem *p);
/* What is remembered of the account, by the name user or by its other one: the canonical one where that is not user,
 * else, where user is a name in full, the short one. Of two that of who has arrived counts. name, of USER_MAX + 1
 * bytes, is the one it is remembered by. EX_DATAERR, EX_IOERR as of past_find. */
int who_past(const ledger *l, const char *user, const char *canonical, bool local, int64_t uid, char *name,
             past_view *out, problem *p);
/* For one who ends: out gets typed itself where an open hand-off lies under it, or a burn is owed and nothing of that
 * uid is open; or where nobody can say more, which the problem tells. Asks the name service only where neither is. */
int who_ends(const context *x, const char *typed, char out[USER_MAX + 1], problem *p);
/* Where the PAM module found a record: under the name as typed, or under its lowered form where that is the same
 * account. LEDGER_NONE; EX_OSERR: nobody can say. */
int who_logs_in(const ledger *l, const char *typed, char out[USER_MAX + 1], problem *p);
/* Is the account that typed names the one of this record, which has another name? EX_OSERR: nobody can say. */
int who_same(const char *typed, const record *r, bool *same, problem *p);

#endif
