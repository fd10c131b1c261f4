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

/* For how long the server has granted r's secret, in seconds from its creation: longer than the password lives, where
 * it granted more than was asked for. */
int64_t proof_lifetime(const record *r);
/* A receipt that cannot change any more, as an outcome; OUTCOME_NONE: the secret may still live. */
outcome proof_outcome(const otsd_receipt *t, const record *r, int64_t now);
/* When the link was opened, in seconds since the epoch; 0 where the receipt does not prove that it was. */
int64_t proof_opened_at(const otsd_receipt *t);

#endif
