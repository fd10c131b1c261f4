/* SPDX-License-Identifier: MIT
 *
 * Which records killed a sweep.
 *
 * A sweep writes down which record it has in hand, and takes that back when it lays the record down. What stands there
 * when the next one begins is what the one before died over, by whatever: a fault in this program or a library, a time
 * limit, a power cut. So it is only suspected: handled again, but after all others. Dead again over the same, before it
 * was once handled to the end, is enough (SUSPECTS_ENOUGH) to believe it.
 *
 * One sweep at a time writes; those beside it only read. A file that cannot be had or written stops nobody: there are
 * no suspects then.
 */
#ifndef OTSD_HOOK_SUSPECTS_H
#define OTSD_HOOK_SUSPECTS_H

#include "ledger/ledger.h"

#define SUSPECTS_MOST 16
#define SUSPECTS_ENOUGH 2

typedef struct suspect {
    ledger_state state;
    char name[USER_MAX + 18]; /* of the record there */
    unsigned deaths;          /* of sweeps, since it was last handled to the end */
} suspect;

typedef struct suspects {
    int fd; /* -1: no file */
    bool ours;
    suspect all[SUSPECTS_MOST];
    size_t len;
} suspects;

/* Reads, and counts the death of the one before where there was one. */
void suspects_open(suspects *s, const ledger *l);
/* As it stands, without taking part; nothing is open afterwards. */
void suspects_peek(suspects *s, const ledger *l);
void suspects_close(suspects *s);
/* How many sweeps died over that record; 0: it is none. */
unsigned suspects_deaths(const suspects *s, ledger_state state, const char *name);
/* It is in hand from now on; it is not any more. */
void suspects_take(const suspects *s, ledger_state state, const char *name);
void suspects_drop(const suspects *s);
/* It was handled to the end, or is gone. */
void suspects_clear(suspects *s, ledger_state state, const char *name);

#endif
