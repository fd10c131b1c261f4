/* SPDX-License-Identifier: MIT
 *
 * One sweep, in two parts: what this machine can do alone, then what needs the server. Behind both come the records
 * over which a sweep before it died.
 */
#ifndef OTSD_HOOK_SWEEP_H
#define OTSD_HOOK_SWEEP_H

#include "commands/questions.h"
#include "handoff/context.h"
#include "handoff/look.h"
#include "ledger/suspects.h"

#define SWEEP_BUSY 64        /* so many records in other hands are looked at again */
#define SWEEP_HELPER_MS 5000 /* longer than a login's helper may live; waited for once */

/* A record, by its name there. */
typedef struct sweep_name {
    ledger_state state;
    char name[USER_MAX + 18];
} sweep_name;

typedef struct sweep {
    context *x;
    bool now, verbose;
    int worst;         /* exit code: of the worst thing that happened */
    bool lock_refused; /* the account files stayed locked: they are waited for once */
    bool waited;       /* for a record in other hands: likewise */
    look_group group;  /* pending records gathered so far */
    sweep_name busy[SWEEP_BUSY];
    size_t busy_len;
    questions questions; /* whose receipts are to be asked for */
    bool unlocked;       /* a password that is over could not, or must not, be made dead: its link can */
    int64_t settles_in;  /* seconds after which intents that are too young can be judged; 0: there are none */
    int failures;        /* calls in a row that brought no answer of use */
    bool limited;        /* the server asked for patience */
    int64_t stop_at;     /* clock_ms: no talk with the server after this */
    bool talked;         /* with the server */
    suspects suspects;
    bool on_suspects;    /* their turn has come */
    const char *suspect; /* the open hand-off whose turn it is */
} sweep;

/* Locks, claims, and what recovery can do alone. Needs no configuration. */
void sweep_local(sweep *w);
/* Forgets what became of accounts that are gone. */
void sweep_past(sweep *w);
/* Burns that are owed, the rest of recovery, what became of links: as far as the server answers, for ten minutes. */
void sweep_remote(sweep *w);
/* What is left for those that killed a sweep. */
void sweep_suspects(sweep *w);

/* The first of these: the burns that are owed. */
void sweep_burns(sweep *w);
/* Is there any use in talking to the server in this sweep? Then no call takes longer than what is left. */
bool sweep_may_talk(sweep *w);

/* The parts, for one record. */
void sweep_issuing_alone(sweep *w, const char *name);
void sweep_issuing_asked(sweep *w, const char *name);
void sweep_claimed(sweep *w, const char *name);
void sweep_check(sweep *w, const char *user);

void sweep_done(const sweep *w, const char *user, const char *what);
/* An interrupted provision has gone forward. */
void sweep_armed(const sweep *w, const record *r);
void sweep_trouble(sweep *w, const problem *p);
/* The same for what says nothing of other calls. */
void sweep_told(sweep *w, const problem *p);
/* Opens and locks a record, which is in hand until sweep_drop; false where there is nothing to do (gone, in other
 * hands, a suspect whose turn has not come) or it was dealt with. */
bool sweep_take(sweep *w, ledger_state s, const char *name, entry **out);
void sweep_drop(const sweep *w, entry **e);
/* Calls fn for each name in that state. */
void sweep_each(sweep *w, ledger_state s, int (*fn)(const char *name, void *w));
/* Looks at one pending record under its lock, and ends its hand-off where that is over. */
void sweep_pending(sweep *w, const char *user);

#endif
