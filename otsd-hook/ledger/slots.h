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
 *  - A process that is stopped (Ctrl-Z) holds on to what it has. Each slot that is taken and each answer touch the
 *    file; where none did for longer than any call takes, the first of those who wait puts a copy in the file's place,
 *    of which nobody has a lock, and all go over to that one: the others, and the stopped one if it ever goes on.
 *
 * Nothing of this may keep a provision from going on. Where the file cannot be had that is said once, and each process
 * counts for itself.
 */
#ifndef OTSD_HOOK_SLOTS_H
#define OTSD_HOOK_SLOTS_H

#include <time.h>

#include "ledger/ledger.h"
#include "ledger/width.h"

#define SLOTS_MEMORY 86400
#define SLOTS_STUCK 2 /* so many times what a call may take: then nothing moves any more */

typedef struct slots {
    const ledger *ledger;
    int fd;                       /* -1: alone */
    struct timespec moved;        /* when something was written, as the waiting one has seen */
    int64_t waits_since;          /* that nothing moved; 0: it does not wait */
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
/* For who got none and waits, each time: where nothing has moved for bound_ms, and for two minutes, those who hold the
 * slots are passed by; says so. */
void slots_pass_by(slots *s, int64_t bound_ms);
void slots_leave(slots *s);
void slots_give(slots *s, int64_t number);

/* Brings w up to date with what all processes know; where they know nothing it stays as it is. */
void slots_look(slots *s, width *w);
/* The same, to be followed at once, whatever happens, by slots_learnt with what there is to know now. */
void slots_learn(slots *s, width *w);
void slots_learnt(slots *s, const width *w);

#endif
