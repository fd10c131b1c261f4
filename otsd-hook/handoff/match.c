/* SPDX-License-Identifier: MIT */
#include "handoff/match.h"

#include <string.h>

#include "ledger/record.h"

#define CLOCK_SLACK 300 /* s: how far the clocks may differ, where nothing says by how much they do */
#define CLOCK_JITTER 2

void clock_gap_note(clock_gap *g, int64_t ours, int64_t servers) {
    int64_t ahead = servers - ours;

    if (!g->known || ahead < g->earliest)
        g->earliest = ahead;
    if (!g->known || ahead > g->latest)
        g->latest = ahead;
    g->known = true;
}

/* Servers clamp in silence: floors of 60 and 300 seconds, ceilings of 7, 14 and 30 days. */
static bool ttl_fits(int64_t granted, int64_t asked) {
    static const int64_t ceilings[] = {604800, 1209600, 2592000};

    if (granted == asked)
        return true;
    if (granted > asked)
        return granted == 60 || granted == 300;
    for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++)
        if (granted == ceilings[i])
            return true;
    return false;
}

static bool recipient_fits(const char *masked, const char *asked) {
    return asked[0] ? masked && otsd_recipient_matches(masked, asked) : !masked;
}

/* Those that were compared for the gap may have taken as long as a request may, so this one may have been faster by
 * that. */
static bool fits(const clock_gap *gap, const stray *s, const intent *i, int64_t settling) {
    int64_t from = i->created + (gap->known ? gap->earliest - settling - CLOCK_JITTER : -CLOCK_SLACK);
    int64_t to = i->created + settling + INTENT_FRESH + (gap->known ? gap->latest + CLOCK_JITTER : CLOCK_SLACK);

    return ttl_fits(s->ttl, i->ttl_asked) && recipient_fits(s->recipient, i->recipient) && s->created >= from &&
           s->created <= to;
}

/* How many others may own this one; *under_way: one of them in another process. */
static size_t other_owners(const match_input *in, const stray *s, const intent *ours, int64_t settling,
                           bool *under_way) {
    size_t n = 0;

    *under_way = false;
    for (size_t k = 0; k < in->others_len; k++) {
        const intent *i = &in->others[k];

        if (strcmp(i->user, ours->user) == 0 || !fits(&in->gap, s, i, settling))
            continue;
        n++;
        *under_way = *under_way || i->under_way;
    }
    return n;
}

match_result match_find(const match_input *in, const intent *ours, int64_t settling, bool settled) {
    match_result out = {0};
    stray *first = NULL;
    size_t count = 0, owners = 1;

    for (size_t i = 0; i < in->strays_len; i++) {
        stray *s = &in->strays[i];
        bool under_way;
        size_t n;

        if (s->known || !fits(&in->gap, s, ours, settling))
            continue;
        n = 1 + other_owners(in, s, ours, settling, &under_way);
        out.unclear = out.unclear || under_way;
        if (!under_way && !first) {
            first = s;
            owners = n;
        }
        count++;
    }
    /* Before that, our own may still be to come: then only the exact mark counts. */
    if (first && !settled && first->ttl != ours->ttl_asked)
        out.unclear = true;
    if (first && !out.unclear && count > owners)
        out.ambiguous = true;
    else if (first && !out.unclear)
        out.found = first;
    return out;
}
