/* SPDX-License-Identifier: MIT */
#include "commands/standing.h"

#include "base/names.h"
#include "handoff/closing.h"
#include "password/backend.h"

static const char *const flag_texts[FLAG_COUNT] = {
    [FLAG_INTERRUPTED] = "interrupted",
    [FLAG_OVERDUE] = "overdue",
    [FLAG_CLOCK] = "clock",
    [FLAG_OPENED_NO_LOGIN] = "opened-no-login",
    [FLAG_BURN_OWED] = "burn-owed",
    [FLAG_UNSEEN] = "unseen",
    [FLAG_UNSURE] = "unsure",
    [FLAG_KILLS_SWEEP] = "kills-sweep",
};
static const name_table flags = NAMES_OF(flag_texts);

const char *standing_flag_name(standing_flag f) {
    return names_text(&flags, f);
}

static standing issuing(const record *r, int64_t now) {
    return (standing){.flag = now - r->created > STANDING_ISSUING ? FLAG_INTERRUPTED : FLAG_NONE, .next = NEXT_SETTLE};
}

static standing pending(const record *r, bool lock_unseen, const clock_moment *now) {
    otsd_tri over = record_over(r, now);
    bool is_noted = r->reason != REASON_NONE;
    int64_t past = is_noted ? now->wall - r->claimed_at : record_age(r, now) - (r->deadline - r->created);
    standing s = {.next = is_noted || over == OTSD_YES ? NEXT_LOCK : NEXT_LOGIN};

    if (s.next == NEXT_LOCK && !is_noted && !lock_unseen && !backend_of(r->backend)->can_tell)
        return (standing){.flag = FLAG_UNSEEN, .next = NEXT_ORDER};
    if (s.next == NEXT_LOGIN && r->unsure)
        s.next = NEXT_REISSUE;
    if (s.next == NEXT_LOCK && past > STANDING_SWEEP)
        s.flag = FLAG_OVERDUE;
    else if (over == OTSD_UNKNOWN)
        s.flag = FLAG_CLOCK;
    else if (s.next == NEXT_REISSUE)
        s.flag = FLAG_UNSURE;
    else if (r->opened_at > 0 && now->wall - r->opened_at > STANDING_OPENED)
        s.flag = FLAG_OPENED_NO_LOGIN;
    return s;
}

static standing claimed(const record *r, int64_t now) {
    int64_t since = r->claimed_at > 0 ? r->claimed_at : r->created;
    standing s = {.flag = now - since > STANDING_OWED ? FLAG_BURN_OWED : FLAG_NONE, .next = NEXT_BURN};

    if (r->outcome != OUTCOME_NONE) {
        s.next = NEXT_AUDIT;
    } else if (!closing_due(r->next_try, now)) {
        s.next = NEXT_BURN_LATER;
        s.wait = r->next_try - now;
    }
    return s;
}

standing standing_of(ledger_state s, const record *r, bool lock_unseen, const clock_moment *now) {
    if (s == LEDGER_ISSUING)
        return issuing(r, now->wall);
    return s == LEDGER_PENDING ? pending(r, lock_unseen, now) : claimed(r, now->wall);
}

standing standing_in_queue(standing s, const debt *d) {
    if (s.next != NEXT_BURN && s.next != NEXT_BURN_LATER)
        return s;
    if (d->expires)
        return (standing){.flag = s.flag, .next = NEXT_EXPIRE, .wait = d->in};
    if (d->in > s.wait)
        return (standing){.flag = s.flag, .next = NEXT_BURN_LATER, .wait = d->in};
    if (d->asks && s.next == NEXT_BURN)
        s.next = NEXT_ASK;
    return s;
}

bool standing_sweep_is_missing(int64_t stamped, int64_t oldest, int64_t now) {
    return now - stamped > STANDING_SWEEP && now - oldest > STANDING_SWEEP;
}
