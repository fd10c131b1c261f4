/* SPDX-License-Identifier: MIT
 *
 * An interrupted provision, taken forward or back: what the record and the shadow file say decides.
 */
#ifndef OTSD_HOOK_RECOVER_H
#define OTSD_HOOK_RECOVER_H

#include "handoff/lost.h"

/* All but the first and the last: the provision is undone. */
typedef enum recovery {
    RECOVERED_FORWARD, /* the password is in place: the hand-off is armed */
    RECOVERED_BACK,    /* account untouched; the record says what became of the secret, and is gone */
    RECOVERED_EMPTY,   /* account untouched, the server has nothing of it, the intent is gone */
    RECOVERED_LEFT,    /* the same, but the server may have made a secret that cannot be told from others: it expires */
    RECOVERED_OVER,    /* the same, and nothing of it can be alive any more; or an order ended it, see lost.h */
    RECOVERED_LATER, /* nothing is done: it is too early to say that the server made nothing, see recover_settled_for */
} recovery;

/* What there is to do about it: a function of the record and of what is known about the account's password. */
typedef enum recovery_choice {
    CHOICE_FORWARD, /* arm it */
    CHOICE_BACK,    /* burn what the server made, by its key */
    CHOICE_SEARCH,  /* no key: look for what the server may have made */
    CHOICE_WAIT,    /* nobody can say now, and somebody can another time */
} recovery_choice;

recovery_choice recover_choose(const record *r, otsd_tri in_place);

/* Does what becomes of this record depend on the account's password? Where it does not, in_place is ignored below. */
bool recover_has_password(const record *r);
/* Is it the account's, under whatever name that has now? "No" where it does not matter. */
int recover_look(const record *r, otsd_tri *in_place, problem *p);
/* e lies in issuing/ and is locked; in_place is what recover_look says of it. On a failure the record stays for the
 * next try; it may lie in claimed/ then, and only its burn is owed. */
int recover_issuing(context *x, entry *e, otsd_tri in_place, recovery *out, problem *p);
/* Before it is armed: where it goes forward though nobody knows whether the password was set, the record says so, and
 * a warning where that cannot be written. */
void recover_mark(entry *e, otsd_tri in_place);
/* The part that needs no server: arms it where the password is in place, drops it where its answer was lost and nothing
 * can be alive any more. Otherwise RECOVERED_LATER. */
int recover_alone(context *x, entry *e, recovery *out, problem *p);
/* Looks, and recovers. */
int recover_one(context *x, entry *e, recovery *out, problem *p);
/* The same by an administrator's order: where the answer was lost, and the server does not tell what it made, the
 * intent is ended all the same. Where that is for a new one only if the server would not tell another time either: who
 * is not reached, or asks for patience, could not be asked for the new one. RECOVERED_OVER: told, of LOST_TOLD_MAX
 * bytes, says what may be alive; "" where nothing is. EX_TEMPFAIL: it is too early, the server may still be at it. */
int recover_by_order(context *x, entry *e, bool begins_anew, recovery *out, char *told, problem *p);
/* For how many seconds has it been so that a secret that is not found counts as never made? Negative: so long still to
 * go. A server has as long to carry out a request as we would have waited for its answer. */
int64_t recover_settled_for(const config *c, const record *r);

#endif
