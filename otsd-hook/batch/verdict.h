/* SPDX-License-Identifier: MIT
 *
 * What becomes of an account of a batch: decisions only. Each is a function of what was found or of how a step ended;
 * what is done about it is the callers'.
 *
 * Nobody counts as failed whom another run could help, and nobody is begun anew while something of an earlier attempt
 * may be left.
 */
#ifndef OTSD_HOOK_VERDICT_H
#define OTSD_HOOK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/pace.h"
#include "handoff/proof.h"
#include "ledger/past.h"

typedef enum batch_status {
    BATCH_TODO,
    BATCH_INTERRUPTED, /* a record lies in issuing/: recovery comes first */
    BATCH_PROVISIONED,
    BATCH_OPEN,   /* had an open hand-off when we came */
    BATCH_KEPT,   /* has a password, or a locked one, that is not ours to replace; or the person has arrived */
    BATCH_ENDED,  /* its hand-off was ended here, and nobody said to begin again */
    BATCH_FAILED, /* and would fail again */
    BATCH_LEFT,   /* not done, or not for certain: another run goes on with it */
    BATCH_STATUSES
} batch_status;

/* How a piece of work that got stuck goes back. */
typedef enum direction {
    BACK_UNDO, /* the server made a secret: burn it */
    BACK_DROP, /* it surely made none */
    BACK_LOSE, /* nobody knows: found out when all else is done */
} direction;

/* Trouble of this machine's own: it would meet the next hand-off as well. */
bool verdict_is_local(const problem *why);

/* What was done for an account before this run came. */
typedef struct verdict_place {
    bool intent;       /* a record lies in issuing/ */
    int pending;       /* of ledger_peek in pending/ */
    bool same_uid;     /* of that record, where it can be read */
    bool has_password; /* one that is not ours to replace, or a locked one */
    past was;          /* what became of its last hand-off */
    bool again;        /* those that were ended here are to be taken up */
} verdict_place;
batch_status verdict_found(const verdict_place *f);
/* Another process was faster, and then the account was looked at anew: what is it, where no intent could be made? */
batch_status verdict_faster(batch_status found);

/* generate failed. */
typedef struct verdict_way {
    bool retry;       /* it is simply tried another time, unless the batch stops; otherwise: */
    direction back;   /* how it goes back, */
    batch_status end; /* and what the account is then */
} verdict_way;
verdict_way verdict_refused(bool certain, remote_trouble trouble);
/* What an answer says about how much the server takes; answered: with a receipt. */
pace_event verdict_pace(bool answered, remote_trouble trouble);
/* The answer came and does not fit, or could not be noted. */
batch_status verdict_unfit(const problem *why);
/* The password was to be stored and the hand-off to be armed; why is that of the last step. */
batch_status verdict_stored(bool stored, bool unsure, const problem *why);

/* Some passwords wait to be stored: is it time? len: how many wait; most: as many as one transaction takes; active: the
 * hand-offs under way, these included; waited: how long the first one has; stored_in: what the last transaction took;
 * both in ms. */
bool verdict_group_due(size_t len, size_t most, size_t active, int64_t waited, int64_t stored_in);
/* None of a group's passwords could be set: does that end the batch? False: the accounts are the reason. any: of one
 * that failed. */
bool verdict_group_hopeless(size_t stored, size_t len, const problem *any);

#endif
