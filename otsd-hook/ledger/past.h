/* SPDX-License-Identifier: MIT
 *
 * What became of each account's last hand-off, once that is over: so that nobody who has arrived is given a second
 * password by a batch that is run again, and nobody whose link was revoked a new one.
 *
 * done/USER.UID holds the name, the uid, the id, when it was issued and when and why it ended; no key, no hash, no
 * address. The audit log knows more, and rotates. It is written when a hand-off is claimed, before the record leaves
 * pending/, and so in the order in which hand-offs of one account follow each other, however long a burn is owed; no
 * record is removed before it is there. While a hand-off is open its record counts, and nobody asks for this.
 *
 * Where nothing is remembered (an older version closed it, the file was removed) the account itself has to show what it
 * can. Who is deleted and made anew with the same name and uid is remembered as the one before, until a sweep has seen
 * that the account is gone.
 */
#ifndef OTSD_HOOK_PAST_H
#define OTSD_HOOK_PAST_H

#include "ledger/ledger.h"

/* The more is to be heeded, the later it comes. */
typedef enum past {
    PAST_NONE,
    PAST_ENDED,   /* its password was made dead here: expired, or revoked */
    PAST_ARRIVED, /* the person has arrived, with a password that is not ours to replace */
} past;

typedef struct past_view {
    past was;
    reason reason;
    int64_t when; /* seconds since the epoch */
} past_view;

/* What a hand-off that ended so leaves behind. Pure. */
past past_of(reason r);
/* May a new hand-off begin? Again: where the last one was ended here; force: whatever it was. Pure. */
bool past_lets(past was, bool again, bool force);

/* PAST_NONE where nothing is remembered. EX_DATAERR, EX_IOERR: it cannot be read, and p names the file. */
int past_find(const ledger *l, const char *user, int64_t uid, past_view *out, problem *p);
/* past_find and past_lets: EX_OK, or EX_NOPERM with what happened and the way on. */
int past_check(const ledger *l, const char *user, int64_t uid, bool again, bool force, problem *p);

/* Remembers, durably, how this hand-off ended, in place of what was remembered of the account; or forgets that, where
 * the account is gone. Of some ends (aborted, reissued, another uid) there is nothing to remember. */
int past_note(const ledger *l, const record *r, problem *p);
/* The same before the record is removed, where past_note failed: what is remembered of this hand-off, or of a later
 * one, stays as it is. */
int past_keep(const ledger *l, const record *r, problem *p);

/* Calls fn for each that is remembered, with the file's name, until it returns non-zero, which is then the result. */
int past_each(const ledger *l, int (*fn)(const char *name, void *arg), void *arg, problem *p);
/* The name in USER.UID, and the uid; false: it is none. user: USER_MAX + 1 bytes. */
bool past_name(const char *name, char *user, int64_t *uid);
/* Of an account that is gone: forgets it, if it was in /etc/passwd once. */
int past_forget_local(const ledger *l, const char *name, problem *p);

#endif
