/* SPDX-License-Identifier: MIT */
#include "batch/verdict.h"

#include "ledger/ledger.h"

#define GROUP_WAIT 1000 /* ms that a hashed password waits for others, at least */
#define GROUP_SHARE 10  /* and as many times as long as the last transaction took: so it takes a tenth of the time */
#define GROUP_WAIT_MOST 10000
/* Where so many of a group failed and none succeeded, the accounts are not the reason. */
#define NONE_ENOUGH 10

bool verdict_is_local(const problem *why) {
    return !why->remote && (why->code == EX_IOERR || why->code == EX_OSERR || why->code == EX_CONFIG);
}

batch_status verdict_found(const verdict_place *f) {
    if (f->intent)
        return BATCH_INTERRUPTED;
    if (f->pending == LEDGER_NONE && (f->has_password || f->was == PAST_ARRIVED))
        return BATCH_KEPT;
    if (f->pending == LEDGER_NONE)
        return past_lets(f->was, f->again, false) ? BATCH_TODO : BATCH_ENDED;
    return f->pending == EX_OK && f->same_uid ? BATCH_OPEN : BATCH_LEFT;
}

batch_status verdict_faster(batch_status found) {
    return found == BATCH_OPEN || found == BATCH_KEPT || found == BATCH_ENDED ? found : BATCH_LEFT;
}

verdict_way verdict_refused(bool certain, remote_trouble trouble) {
    return (verdict_way){.retry = certain && trouble != REMOTE_REFUSED,
                         .back = certain ? BACK_DROP : BACK_LOSE,
                         .end = trouble == REMOTE_REFUSED ? BATCH_FAILED : BATCH_LEFT};
}

pace_event verdict_pace(bool answered, remote_trouble trouble) {
    if (answered)
        return PACE_GOOD;
    if (trouble == REMOTE_REFUSED)
        return PACE_REFUSED;
    if (trouble == REMOTE_LIMITED)
        return PACE_LIMITED;
    return trouble == REMOTE_LATE ? PACE_LATE : PACE_TROUBLE;
}

batch_status verdict_unfit(const problem *why) {
    return verdict_is_local(why) ? BATCH_LEFT : BATCH_FAILED;
}

batch_status verdict_stored(bool stored, bool unsure, const problem *why) {
    if (stored && why->code == EX_OK)
        return BATCH_PROVISIONED;
    if (why->code == EX_NOPERM)
        return BATCH_KEPT;
    if (stored || unsure || why->code == EX_TEMPFAIL || verdict_is_local(why))
        return BATCH_LEFT;
    return BATCH_FAILED;
}

static int64_t group_wait(int64_t stored_in) {
    int64_t wait = stored_in * GROUP_SHARE;

    if (wait < GROUP_WAIT)
        return GROUP_WAIT;
    return wait < GROUP_WAIT_MOST ? wait : GROUP_WAIT_MOST;
}

bool verdict_group_due(size_t len, size_t most, size_t active, int64_t waited, int64_t stored_in) {
    return len > 0 && (len >= most || len == active || waited >= group_wait(stored_in));
}

bool verdict_group_hopeless(size_t stored, size_t len, const problem *any) {
    return stored == 0 && (len >= NONE_ENOUGH || any->code == EX_TEMPFAIL);
}
