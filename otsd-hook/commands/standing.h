/* SPDX-License-Identifier: MIT
 *
 * Where a hand-off stands: what an administrator should look at, and what happens next. A function of the record, its
 * state and the time; it looks at nothing itself.
 */
#ifndef OTSD_HOOK_STANDING_H
#define OTSD_HOOK_STANDING_H

#include "handoff/debts.h"

/* Seconds after which something is no longer as it should be. */
#define STANDING_ISSUING 300       /* a provision that takes longer was interrupted */
#define STANDING_OPENED (4 * 3600) /* opened, and no login since */
#define STANDING_OWED (24 * 3600)  /* a burn that is owed */
#define STANDING_SWEEP 3600        /* no sweep came to its end */

typedef enum standing_flag {
    FLAG_NONE,
    FLAG_INTERRUPTED,     /* a provision did not finish */
    FLAG_OVERDUE,         /* past its deadline, or revoked, and still open */
    FLAG_CLOCK,           /* made after the time that the clock shows: nobody can say whether it is over */
    FLAG_OPENED_NO_LOGIN, /* the link was opened and nobody arrived */
    FLAG_BURN_OWED,       /* for too long */
    FLAG_UNSEEN,          /* past its deadline, and nobody can look whether the person has arrived */
    FLAG_UNSURE,          /* nobody knows whether the password was set */
    FLAG_KILLS_SWEEP,     /* sweeps died over it: not of record and time, see status.c */
    FLAG_COUNT
} standing_flag;

typedef enum standing_next {
    NEXT_SETTLE,     /* a sweep finishes or undoes the provision */
    NEXT_LOGIN,      /* the person arrives */
    NEXT_REISSUE,    /* the person arrives, or an administrator reissues it */
    NEXT_LOCK,       /* a sweep locks the password and burns the link */
    NEXT_ORDER,      /* an administrator says whether the person has arrived */
    NEXT_AUDIT,      /* a sweep writes the audit line */
    NEXT_BURN,       /* the next sweep burns */
    NEXT_BURN_LATER, /* a sweep burns after `wait` seconds */
    NEXT_ASK,        /* the next sweep asks the server what became of the link, and burns it where it lives */
    NEXT_EXPIRE      /* the server will have expired it after `wait` seconds, before its turn to be burned */
} standing_next;

typedef struct standing {
    standing_flag flag;
    standing_next next;
    int64_t wait;
} standing;

/* lock_unseen: as configured. */
standing standing_of(ledger_state s, const record *r, bool lock_unseen, const clock_moment *now);
/* The same of a claimed record that has its place among other debts. */
standing standing_in_queue(standing s, const debt *d);
/* A short stable word; NULL where all is well. */
const char *standing_flag_name(standing_flag f);
/* Should a sweep have come to its end by now? stamped: when the last one did (0: never); oldest: when the oldest record
 * that is open was made, so that a new installation is no alarm. */
bool standing_sweep_is_missing(int64_t stamped, int64_t oldest, int64_t now);

#endif
