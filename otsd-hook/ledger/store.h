/* SPDX-License-Identifier: MIT
 *
 * The store in files, for the files of this room only: what is behind the door of ledger.h.
 */
#ifndef OTSD_HOOK_STORE_H
#define OTSD_HOOK_STORE_H

#include "ledger/ledger.h"

struct ledger {
    int root; /* descriptors of the directories */
    int dirs[LEDGER_STATES];
    int done; /* what became of those that are over (past.h) */
};

struct entry {
    ledger_state state;
    int fd;
    char name[USER_MAX + 18]; /* the file's name: USER, or USER.ID in claimed/ */
    size_t end;               /* where the next line goes */
    record saved;             /* as on disk */
    record wanted;            /* as the caller wants it */
};

/* "WHAT STATE_DIR/STATE/NAME: errno's text". EX_IOERR. */
int entry_failed(problem *p, const char *what, const entry *e);
/* Opens the file of e->name in e->state, which must be a record's: regular, root's, closed to others, not too large.
 * LEDGER_NONE, EX_DATAERR, EX_IOERR. A descriptor in e is for entry_reset, on failure too. */
int entry_open(const ledger *l, entry *e, int flags, problem *p);
/* The same, locked, and still in its place. LEDGER_BUSY: somebody has the lock. */
int entry_open_locked(const ledger *l, entry *e, problem *p);
/* Reads the open file into both records. EX_DATAERR: it is no record, or does not belong to its name. */
int entry_load(entry *e, problem *p);
/* A zeroed one of that name, without a file. */
void entry_init(entry *e, ledger_state s, const char *name);
/* Closes and wipes. */
void entry_reset(entry *e);
/* As ledger_each, of the directory behind fd, which is called name. */
int ledger_each_in(int fd, const char *name, int (*fn)(const char *name, void *arg), void *arg, problem *p);

#endif
