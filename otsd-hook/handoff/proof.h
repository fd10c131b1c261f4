/* SPDX-License-Identifier: MIT
 *
 * What an answer of the server proves, and what it does not. Decisions only: functions of the answer and the record.
 *
 * Unknown ends nothing: a secret counts as not made, as opened or as dead only where the server's own words say so.
 */
#ifndef OTSD_HOOK_PROOF_H
#define OTSD_HOOK_PROOF_H

#include "ledger/record.h"

typedef enum remote_trouble {
    REMOTE_REFUSED,  /* this one, for good */
    REMOTE_LIMITED,  /* too many calls: later */
    REMOTE_AWAY,     /* server or network in trouble: later, perhaps */
    REMOTE_LATE,     /* no answer in time, and it may be at work on it: later, and not so many at once */
    REMOTE_HOPELESS, /* nothing will work until somebody mends it: credentials, certificate, configuration, memory */
} remote_trouble;

/* After a generate that failed: what kind of trouble is it? */
remote_trouble proof_trouble(const otsd_error *e);
/* And did the server surely make no secret? */
bool proof_nothing_made(const otsd_error *e);

/* For how many seconds will the server keep r's secret still, as it granted it? Negative: so long ago that ended. Where
 * nobody can say how old it is, all of its life is left. */
int64_t proof_left(const record *r, const clock_moment *now);
/* Is the receipt to be asked before a burn is spent on it? Its time is over, or it was seen to be opened. */
bool proof_asks_first(const record *r, const clock_moment *now);
/* A receipt that cannot change any more, as an outcome; OUTCOME_NONE: the secret may still live. Expired is what the
 * server calls expired, never what is gone and would be by now. */
outcome proof_outcome(const otsd_receipt *t);
/* When the link was opened, in seconds since the epoch; 0 where the receipt does not prove that it was. */
int64_t proof_opened_at(const otsd_receipt *t);

#endif
