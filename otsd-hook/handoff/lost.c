/* SPDX-License-Identifier: MIT */
#include "handoff/lost.h"

#include <stdio.h>

#include "base/words.h"
#include "handoff/closing.h"

#define CLOCKS_APART 300 /* s: between two boots the wall clock counts, and may have been put right */
#define FLOOR_MOST 300
#define TTL_SANE (366 * 86400)

bool lost_is(const record *r) {
    return r->metadata_key[0] == '\0';
}

/* Servers clamp in silence. What is too much becomes less, so only a floor can grant more than was asked for: 300
 * seconds at 0.20, and at 0.18 for less than a minute, 60 at all others. What makes 0.18 grant its plan's maximum is a
 * ttl that is no number, nothing or 0, and one that is missing gets days; we always send digits, and no zero. A record
 * that says otherwise was not written by us: the longest that any server grants. */
int64_t lost_longest(int64_t ttl_asked) {
    if (ttl_asked <= 0)
        return TTL_MOST;
    if (ttl_asked < FLOOR_MOST)
        return FLOOR_MOST;
    return ttl_asked < TTL_SANE ? ttl_asked : TTL_SANE;
}

int64_t lost_settling(const config *c) {
    return (otsd_server_create_timeout_ms(c->server) + 999) / 1000 + 1;
}

/* From the moment that the record has: it may be older than the request, and the server slower than we waited. */
static int64_t lasts(const config *c, const record *r) {
    return INTENT_FRESH + lost_settling(c) + lost_longest(r->ttl_asked) + CLOCKS_APART;
}

otsd_tri lost_over(const config *c, const record *r, const clock_moment *now) {
    int64_t age = record_age(r, now);

    if (age < 0)
        return OTSD_UNKNOWN;
    return age >= lasts(c, r) ? OTSD_YES : OTSD_NO;
}

int64_t lost_until(const config *c, const record *r) {
    return r->created + lasts(c, r);
}

int lost_end(context *x, entry *e, problem *p) {
    int rc = closing_claim(x->ledger, x->config, e, REASON_ABORTED, 0, p);

    return rc == EX_OK ? closing_finish(x->ledger, x->config, NULL, e, p) : rc;
}

int lost_end_by_order(context *x, entry *e, const problem *why, char *told, problem *p) {
    const record *r = entry_record(e);
    char when[WORDS_MAX];
    int rc = lost_end(x, e, p);

    snprintf(told, LOST_TOLD_MAX,
             "%s: the provision whose answer was lost is ended. If the server made a secret then, %s until %s, and "
             "opens to a password that nobody has%s%s%s",
             r->user, r->recipient[0] ? "the link that was mailed lives" : "it lives",
             words_time(lost_until(x->config, r), when), why ? " (" : "", why ? why->text : "", why ? ")" : "");
    return rc;
}
