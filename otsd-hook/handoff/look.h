/* SPDX-License-Identifier: MIT
 *
 * Holds records against the accounts as they are: one, or a group of them in one pass over the account files.
 */
#ifndef OTSD_HOOK_LOOK_H
#define OTSD_HOOK_LOOK_H

#include "handoff/decide.h"
#include "ledger/ledger.h"

/* Fills s, except for what only a login knows. Fails where nobody can say whether the account exists. */
int look_at(const record *r, event ev, situation *s, problem *p);

/* Pending records, up to a fixed amount of memory, to be met by one pass over each account file. */
#define LOOK_ITEMS 65536
#define LOOK_TEXT ((size_t)12 << 20) /* bytes for names and hashes */

/* What the quick look needs of a record. */
typedef struct look_item {
    const char *user, *hash;
    int64_t uid, created, opened_at, checked_at, backend, reason;
    situation s;
    bool found; /* in /etc/passwd */
} look_item;

typedef struct look_group {
    look_item *items;
    size_t len;
    char *text;
    size_t text_len;
} look_group;

int look_group_init(look_group *g, problem *p);
void look_group_free(look_group *g);
/* Reads pending/NAME into the group, without locking it. LEDGER_NONE: it is gone. */
int look_group_add(look_group *g, ledger *l, const char *name, problem *p);
bool look_group_full(const look_group *g);
/* Fills in the situation of each item; those of which nobody can say leave the group. */
int look_group_look(look_group *g, problem *p);
/* Locks those whose deadline has passed, where there are several, as far as a backend can do that at once. */
int look_group_lock_overdue(look_group *g, problem *p);
void look_group_empty(look_group *g);

#endif
