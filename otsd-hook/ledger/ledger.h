/* SPDX-License-Identifier: MIT
 *
 * The door to all state on disk. A record lies in one of the directories under OTSD_STATE_DIR, and which one is its
 * state; moving it is one renameat2(RENAME_NOREPLACE), so of any number of processes exactly one makes a transition.
 *
 * Whoever works on a record holds a flock on its file. The lock dies with the process, follows the file through a
 * rename, and tells sweep that somebody is at work. An open entry is locked, and was still in its place when the lock
 * had been taken.
 *
 * Everything under OTSD_STATE_DIR must belong to root and be closed to others; what does not is refused, never mended.
 *
 * How a record is kept is the store's (store.h): callers see the record of an entry, and nothing of the file. So
 * another store can stand behind the same door.
 */
#ifndef OTSD_HOOK_LEDGER_H
#define OTSD_HOOK_LEDGER_H

#include "base/holder.h"
#include "ledger/record.h"

typedef enum ledger_state { LEDGER_ISSUING, LEDGER_PENDING, LEDGER_CLAIMED, LEDGER_ASIDE, LEDGER_STATES } ledger_state;

typedef struct ledger ledger;
/* A record that is open and locked; of this process alone, until ledger_release. */
typedef struct entry entry;

/* What is answered beside EX_OK and real failures. */
enum {
    LEDGER_NONE = -1,           /* there is no such record */
    LEDGER_BUSY = -2,           /* another process holds it */
    LEDGER_TAKEN = EX_CANTCREAT /* the place where a record was to go is taken: an exit code, and the problem says so */
};

/* Opens the ledger, making what is missing. */
int ledger_open(ledger **out, problem *p);
/* Can records be made? Makes a file without a name, which goes as it is closed. EX_CANTCREAT. */
int ledger_ready(const ledger *l, problem *p);
/* Sets the caller's pointer to NULL; NULL is allowed. */
void ledger_close(ledger **l);

/* As the caller wants it to be: change it, then ledger_write. Valid until the entry is released. */
record *entry_record(entry *e);
/* As it is in the ledger. */
const record *entry_saved(const entry *e);
ledger_state entry_state(const entry *e);

/* Writes r as an intent and gives it locked; durable once it is synced. LEDGER_TAKEN where there is one already.
 * EX_DATAERR: no hand-off can have that name. */
int ledger_create(const ledger *l, const record *r, entry **out, problem *p);
/* Opens and locks a record. name: USER, in claimed/ USER.ID. LEDGER_NONE. LEDGER_BUSY: another process held it for all
 * of wait_ms. EX_DATAERR: unreadable (p says why). *out is NULL where it fails. */
int ledger_find(const ledger *l, ledger_state s, const char *name, long wait_ms, entry **out, problem *p);
/* Who holds the record, for a person; out: HOLDER_MAX bytes. */
const char *ledger_holder(const ledger *l, ledger_state s, const char *name, char *out);
/* Is there a record of this user? Asks the directory only; where that cannot say there may be one. */
bool ledger_has(const ledger *l, ledger_state s, const char *name);
/* Reads a record without locking it: it may change at any moment. The same answers, except LEDGER_BUSY. */
int ledger_peek(const ledger *l, ledger_state s, const char *name, record *out, problem *p);
/* Writes what was changed in the record: it survives the process, and a crash of the machine once it is synced. */
int ledger_write(entry *e, problem *p);
/* Makes durable what was created and written: any number of records of one state at once. */
int ledger_sync(const ledger *l, entry *const *e, size_t n, problem *p);
/* Writes and syncs one. */
int ledger_save(entry *e, problem *p);
/* In pending/, a file's modification time is its deadline, for the PAM module, or when its end was noted. Puts it
 * right. */
int ledger_mark(const entry *e, problem *p);
/* The name in claimed/ becomes USER.ID, elsewhere USER. LEDGER_TAKEN. */
int ledger_rename(const ledger *l, entry *e, ledger_state to, problem *p);
/* Makes any number of such renames durable. */
int ledger_sync_names(const ledger *l, ledger_state from, ledger_state to, problem *p);
/* Renames and syncs one. */
int ledger_move(const ledger *l, entry *e, ledger_state to, problem *p);
/* Files a pending record anew, under the name that the account has now. A crash between leaves it under one of both.
 * LEDGER_TAKEN: there is a record of that name. */
int ledger_refile(const ledger *l, entry *e, const char *user, problem *p);
/* Removes the record; ledger_remove durably. An intent that reappears after a crash is dropped by the next sweep. */
int ledger_unlink(const ledger *l, const entry *e, problem *p);
int ledger_remove(const ledger *l, const entry *e, problem *p);
/* Wipes, unlocks and frees; the record stays as it is. Sets the caller's pointer to NULL; NULL is allowed. */
void ledger_release(entry **e);
/* Moves a file that cannot be read out of the way, to aside/. LEDGER_NONE: there is no need any more. An intent that
 * was never written is removed instead, for nothing had begun. LEDGER_BUSY: somebody is at work on it. */
int ledger_set_aside(const ledger *l, ledger_state s, const char *name, problem *p);

/* Moves a record that is open to aside/, as it is. */
int ledger_entry_aside(const ledger *l, const entry *e, problem *p);

/* Notes that a sweep came to its end now; when the last one did (seconds since the epoch, 0: never). */
int ledger_stamp(const ledger *l, problem *p);
int64_t ledger_stamped(const ledger *l);
/* Notes that a login claimed something: a path unit watches that file, and starts a sweep. */
int ledger_nudge(const ledger *l, problem *p);

/* Calls fn for each name in a state until it returns non-zero, which is then the result. Memory does not grow with
 * the number of records; names that come or go meanwhile may be seen or not. */
int ledger_each(const ledger *l, ledger_state s, int (*fn)(const char *name, void *arg), void *arg, problem *p);
/* Is this name in claimed/, USER.ID, one of user's? */
bool ledger_is_claim(const char *name, const char *user);
/* "issuing", "pending", "claimed", "aside" */
const char *ledger_state_name(ledger_state s);

#endif
