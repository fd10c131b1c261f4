/* SPDX-License-Identifier: MIT
 *
 * All state on disk. A record lies in one of the directories under OTSD_STATE_DIR, and which one is its state; moving
 * it is one renameat2(RENAME_NOREPLACE), so of any number of processes exactly one makes a transition.
 *
 * Whoever works on a record holds a flock on its file. The lock dies with the process, follows the file through a
 * rename, and tells sweep that somebody is at work. An entry that was opened is locked, and was still in its place
 * after the lock was had.
 *
 * Everything under OTSD_STATE_DIR must belong to root and be closed to others; what does not is refused, never mended.
 */
#ifndef OTSD_HOOK_LEDGER_H
#define OTSD_HOOK_LEDGER_H

#include "ledger/record.h"

typedef enum ledger_state { LEDGER_ISSUING, LEDGER_PENDING, LEDGER_CLAIMED, LEDGER_ASIDE, LEDGER_STATES } ledger_state;

typedef struct ledger {
    int root;
    int dirs[LEDGER_STATES];
} ledger;

typedef struct entry {
    ledger_state state;
    int fd;
    char name[USER_MAX + 18]; /* the file's name: USER, or USER.ID in claimed/ */
    size_t end;               /* where the next line goes */
    record saved;             /* as on disk */
    record r;                 /* as the caller wants it: ledger_save writes the difference */
} entry;

/* What ledger_find answers beside EX_OK and real failures. */
enum { LEDGER_NONE = -1, LEDGER_BUSY = -2 };

/* Opens the ledger, making what is missing. */
int ledger_open(ledger *l, problem *p);
void ledger_close(ledger *l);

/* Writes r as issuing/USER and gives the locked entry; durable once it is synced. EX_CANTCREAT where there is one
 * already. */
int ledger_create(ledger *l, const record *r, entry *out, problem *p);
/* Opens and locks a record. LEDGER_NONE: there is none. LEDGER_BUSY: another process held it for wait_ms.
 * EX_DATAERR: unreadable (p says why). */
int ledger_find(ledger *l, ledger_state s, const char *name, long wait_ms, entry *out, problem *p);
/* Is there a record of this user? Asks the directory only. */
bool ledger_has(ledger *l, ledger_state s, const char *name);
/* Reads a record without locking it: what it says may be past. The same answers, but for LEDGER_BUSY. */
int ledger_peek(ledger *l, ledger_state s, const char *name, record *out, problem *p);
/* Writes the changes in e->r: they survive the process, and a crash of the machine once they are synced. */
int ledger_write(entry *e, problem *p);
/* Makes durable what was created and written: any number of records of one state at once. */
int ledger_sync(ledger *l, entry *const *e, size_t n, problem *p);
/* Writes and syncs one. */
int ledger_save(entry *e, problem *p);
/* In pending/, a file's modification time is its deadline, for the PAM module. Puts it right. */
int ledger_mark(entry *e, problem *p);
/* LEDGER_NONE: something of that name is there already. The name in claimed/ becomes USER.ID, elsewhere USER. */
int ledger_rename(ledger *l, entry *e, ledger_state to, problem *p);
/* Makes any number of such renames durable. */
int ledger_sync_names(ledger *l, ledger_state from, ledger_state to, problem *p);
/* Renames and syncs one. */
int ledger_move(ledger *l, entry *e, ledger_state to, problem *p);
/* Removes the record; ledger_remove durably. An intent that reappears after a crash is dropped by the next sweep. */
int ledger_unlink(ledger *l, entry *e, problem *p);
int ledger_remove(ledger *l, entry *e, problem *p);
/* Wipes and unlocks; the record stays as it is. */
void ledger_release(entry *e);
/* Moves a file that cannot be read out of the way, to aside/. LEDGER_NONE: it need not be any more; an intent that was
 * never written is removed instead, for nothing had begun. LEDGER_BUSY: somebody is at work on it. */
int ledger_set_aside(ledger *l, ledger_state s, const char *name, problem *p);

/* Notes that a sweep came to its end now; when the last one did (0: never). */
int ledger_stamp(ledger *l, problem *p);
int64_t ledger_stamped(ledger *l);
/* Notes that a login claimed something: a path unit watches that file, and starts a sweep. */
int ledger_nudge(ledger *l, problem *p);

/* Calls fn for each name in a state until it returns non-zero, which is then the result. Memory does not grow with
 * the number of records; names that come or go meanwhile may be seen or not. */
int ledger_each(ledger *l, ledger_state s, int (*fn)(const char *name, void *arg), void *arg, problem *p);
/* "issuing", "pending", "claimed", "aside" */
const char *ledger_state_name(ledger_state s);

#endif
