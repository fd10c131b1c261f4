/* SPDX-License-Identifier: MIT */
#include "handoff/proof.h"

/* A refusal in the API's own words proves that nothing was made. Anything else that answered may be a proxy that lost
 * the real answer. */
bool proof_nothing_made(const otsd_error *e) {
    return e->reach == OTSD_REACH_NO || e->code == OTSD_ERR_CREDENTIALS || e->code == OTSD_ERR_REFUSED ||
           e->code == OTSD_ERR_RATE_LIMITED || e->code == OTSD_ERR_NOT_V1 || e->code == OTSD_ERR_GONE ||
           e->code == OTSD_ERR_ARGUMENT;
}

#define GATEWAY_TIMEOUT 504 /* a proxy in front gave up, and what is behind it did not */

remote_trouble proof_trouble(const otsd_error *e) {
    switch (e->code) {
    case OTSD_ERR_TIMEOUT:
        return e->reach == OTSD_REACH_NO ? REMOTE_AWAY : REMOTE_LATE;
    case OTSD_ERR_RATE_LIMITED:
        return REMOTE_LIMITED;
    case OTSD_ERR_REFUSED:
    case OTSD_ERR_GONE:
    case OTSD_ERR_ARGUMENT:
        return REMOTE_REFUSED;
    case OTSD_ERR_CREDENTIALS:
    case OTSD_ERR_CONFIG:
    case OTSD_ERR_TLS:
    case OTSD_ERR_MEMORY:
        return REMOTE_HOPELESS;
    default:
        return e->http_status == GATEWAY_TIMEOUT ? REMOTE_LATE : REMOTE_AWAY;
    }
}

/* For how long the server has granted r's secret, in seconds from its creation: longer than the password lives, where
 * it granted more than was asked for. */
static int64_t lifetime(const record *r) {
    return r->granted > 0 ? r->granted : r->deadline - r->created;
}

int64_t proof_left(const record *r, const clock_moment *now) {
    int64_t age = record_age(r, now);

    return lifetime(r) - (age > 0 ? age : 0);
}

bool proof_asks_first(const record *r, const clock_moment *now) {
    return r->opened_at > 0 || proof_left(r, now) <= 0;
}

outcome proof_outcome(const otsd_receipt *t) {
    switch (t->state) {
    case OTSD_STATE_RECEIVED:
        return OUTCOME_OPENED;
    case OTSD_STATE_BURNED:
        return OUTCOME_BURNED;
    case OTSD_STATE_EXPIRED:
        return OUTCOME_EXPIRED;
    case OTSD_STATE_ORPHANED:
        return OUTCOME_UNKNOWN;
    case OTSD_STATE_NEW:
    case OTSD_STATE_VIEWED:
    case OTSD_STATE_UNKNOWN:
        break;
    }
    /* Old servers show what is gone for no known reason like this, the oldest also what has expired. Nobody can tell
     * one from the other, nor that it was never opened. */
    if (t->secret_key[0] == '\0' || t->secret_ttl <= 0)
        return OUTCOME_UNKNOWN;
    return OUTCOME_NONE;
}

int64_t proof_opened_at(const otsd_receipt *t) {
    if (t->state != OTSD_STATE_RECEIVED)
        return 0;
    return t->received > 0 ? t->received : t->updated;
}
