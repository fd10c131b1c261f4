/* SPDX-License-Identifier: MIT
 *
 * Holds records against the accounts as they are: one, or a group of them in one pass over the account files.
 */
#ifndef OTSD_HOOK_LOOK_H
#define OTSD_HOOK_LOOK_H

#include "handoff/decide.h"
#include "ledger/ledger.h"

/* Fills s, except for what only a login or the configuration knows. Where something cannot be read or asked it is
 * unknown in s, which can be decided upon all the same, and the failure is returned to be told. *renamed: the account's
 * new name, where the generated password stands under it and it has the record's uid (malloced; NULL where it does
 * not): the hand-off goes on under that name. */
int look_at(const record *r, event ev, situation *s, char **renamed, problem *p);

/* Pending records, up to a fixed amount of memory, to be met by one pass over each account file. */
#define LOOK_ITEMS 8192
#define LOOK_TEXT ((size_t)12 << 20) /* bytes for names and hashes */

/* What the quick look needs of a record. */
typedef struct look_item {
    const char *user, *hash;
    int64_t uid, created, ttl, opened_at, checked_at, backend, changed_before, gone_seen;
    situation s;
    bool local;   /* the account was in /etc/passwd */
    bool renamed; /* the password stands under another name */
    bool settled; /* that it is unseen was told, and nothing is owed to the server */
} look_item;

typedef struct look_group {
    look_item *items;
    size_t len;
    char *text;
    size_t text_len;
    clock_moment now; /* when the group was begun */
    bool lacks;       /* the account file was read in full */
    bool lock_unseen; /* the caller's, as in each situation */
} look_group;

int look_group_init(look_group *g, problem *p);
void look_group_free(look_group *g);
/* Reads pending/NAME into the group, without locking it. LEDGER_NONE: it is gone. */
int look_group_add(look_group *g, ledger *l, const char *name, problem *p);
bool look_group_full(const look_group *g);
/* To be called in this order. Fills in what the account files say of each item, with what cannot be read as unknown;
 * the first failure is returned. */
int look_group_files(look_group *g, problem *p);
/* Makes the passwords of all dead that are over or revoked, in one transaction, as far as a backend can do that. Waits
 * so long for other programs, once. */
int look_group_lock(look_group *g, long wait_ms, problem *p);
/* Asks the name service about accounts that are not in the file: it may hang, and is not asked for ever. */
void look_group_others(look_group *g);
void look_group_empty(look_group *g);

#endif
