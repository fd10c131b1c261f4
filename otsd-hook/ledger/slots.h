/* SPDX-License-Identifier: MIT
 *
 * How many requests of this machine are with the server, over all processes: a batch, two of them, and fifty single
 * provisions that a configuration management starts at once are one crowd to a server that does one thing at a time.
 *
 * All is in one file, "width" in the state directory:
 *
 *  - What it holds is what is known of the server (width.h), of one account there. It is read, changed and written
 *    under a lock, so that each process learns from the answers of all. It is forgotten after a day.
 *  - Its bytes are the slots: whoever sends has the lock of one of the first `window`. So never more are in flight
 *    than the window that was asked for, and a process that dies gives back what it had.
 *  - Before the slots is a door, one more lock: who finds no free slot stands in it and has the next one. Others wait
 *    behind, so that a batch that takes each slot anew keeps nobody out for good.
 *
 * Nothing of this may keep a provision from going on. Where the file cannot be had that is said once, and each process
 * counts for itself.
 */
#ifndef OTSD_HOOK_SLOTS_H
#define OTSD_HOOK_SLOTS_H

#include "ledger/ledger.h"
#include "ledger/width.h"

#define SLOTS_MEMORY 86400

typedef struct slots {
    int fd;                       /* -1: alone */
    const char *server, *account; /* the caller's */
    bool mine[WIDTH_MOST + 1];    /* by number, from 1 */
    int64_t count;                /* of mine */
    bool in_door;
    bool book_open; /* between slots_learn and slots_learnt */
} slots;

/* For generates on server as account; says a warning where it will count for itself only. */
void slots_open(slots *s, const ledger *l, const char *server, const char *account);
/* Gives all back. */
void slots_close(slots *s);

/* Takes one of the first `window` slots: its number, 1 to window. 0: none is free, or others come first. With wait the
 * caller stands in the door from then on, until it has one or leaves. */
int64_t slots_take(slots *s, int64_t window, bool wait);
void slots_leave(slots *s);
void slots_give(slots *s, int64_t number);

/* Brings w up to date with what all processes know; where they know nothing it stays as it is. */
void slots_look(slots *s, width *w);
/* The same, to be followed at once, whatever happens, by slots_learnt with what there is to know now. */
void slots_learn(slots *s, width *w);
void slots_learnt(slots *s, const width *w);

#endif
