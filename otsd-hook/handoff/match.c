/* SPDX-License-Identifier: MIT */
#include "handoff/match.h"

#include <string.h>

#include "ledger/record.h"

#define CLOCK_SLACK 300 /* s: how far the clocks may differ, where nothing says by how much they do */
#define CLOCK_JITTER 2
#define MARK_MOST 899 /* s */

void clock_gap_note(clock_gap *g, int64_t ours, int64_t servers) {
    int64_t ahead = servers - ours;

    if (!g->known || ahead < g->earliest)
        g->earliest = ahead;
    if (!g->known || ahead > g->latest)
        g->latest = ahead;
    g->known = true;
}

/* Floors of 60 and 300 seconds, ceilings of 7, 14 and 30 days; a site's own are learned (ledger/ceiling.h). */
static bool is_clamp(int64_t ttl, int64_t ceiling) {
    static const int64_t known[] = {60, 300, 604800, 1209600, 2592000};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (ttl == known[i])
            return true;
    return ceiling > 0 && ttl == ceiling;
}

/* What everybody gets who asks for too little or too much tells nobody apart. */
static bool marked(int64_t granted, int64_t asked, int64_t ceiling) {
    return granted == asked && !is_clamp(asked, ceiling);
}

/* Might it be ours all the same? */
static bool unmarked(int64_t granted, int64_t asked, int64_t ceiling) {
    static const int64_t floor_most = 300;

    if (!is_clamp(granted, ceiling))
        return false;
    return granted <= floor_most ? granted >= asked : granted <= asked;
}

int64_t match_ttl(int64_t wanted, int64_t ceiling, uint32_t random) {
    int64_t most = ceiling > 0 && ceiling < wanted ? ceiling : wanted;
    int64_t span = most / 8 < MARK_MOST ? most / 8 : MARK_MOST;
    int64_t less = (int64_t)(random % (uint64_t)(span + 1));

    if (span > 0 && is_clamp(most - less, ceiling))
        less += less < span ? 1 : -1;
    return most - less;
}

static bool recipient_fits(const char *masked, const char *asked) {
    return asked[0] ? masked && otsd_recipient_matches(masked, asked) : !masked;
}

bool match_may_be(const stray *s, const intent *i, int64_t ceiling) {
    return (s->ttl < 0 || marked(s->ttl, i->ttl_asked, ceiling) || unmarked(s->ttl, i->ttl_asked, ceiling)) &&
           recipient_fits(s->recipient, i->recipient);
}

/* Those that were compared for the gap may have taken as long as a request may, so this one may have been faster by
 * that. */
static bool place_fits(const clock_gap *gap, const stray *s, const intent *i, int64_t settling) {
    int64_t from = i->created + (gap->known ? gap->earliest - settling - CLOCK_JITTER : -CLOCK_SLACK);
    int64_t to = i->created + settling + INTENT_FRESH + (gap->known ? gap->latest + CLOCK_JITTER : CLOCK_SLACK);

    return recipient_fits(s->recipient, i->recipient) && s->created >= from && s->created <= to;
}

static bool fits(const match_input *in, const stray *s, const intent *i, int64_t settling) {
    return marked(s->ttl, i->ttl_asked, in->ceiling) && place_fits(&in->gap, s, i, settling);
}

/* How many others may own this one; *under_way: one of them in another process. */
static size_t other_owners(const match_input *in, const stray *s, const intent *ours, int64_t settling,
                           bool *under_way) {
    size_t n = 0;

    *under_way = false;
    for (size_t k = 0; k < in->others_len; k++) {
        const intent *i = &in->others[k];

        if (strcmp(i->user, ours->user) == 0 || !fits(in, s, i, settling))
            continue;
        n++;
        *under_way = *under_way || i->under_way;
    }
    return n;
}

match_result match_find(const match_input *in, const intent *ours, int64_t settling) {
    match_result out = {0};
    stray *first = NULL;
    size_t count = 0, owners = 1;
    bool untold = false;

    for (size_t i = 0; i < in->strays_len; i++) {
        stray *s = &in->strays[i];
        bool under_way;
        size_t n;

        if (s->known || !place_fits(&in->gap, s, ours, settling))
            continue;
        untold = untold || s->ttl < 0;
        out.ambiguous = out.ambiguous || unmarked(s->ttl, ours->ttl_asked, in->ceiling);
        if (!fits(in, s, ours, settling))
            continue;
        n = 1 + other_owners(in, s, ours, settling, &under_way);
        out.unclear = out.unclear || under_way;
        if (!under_way && !first) {
            first = s;
            owners = n;
        }
        count++;
    }
    if (first && !out.unclear && count > owners)
        out.ambiguous = true;
    else if (first && !out.unclear)
        out.found = first;
    out.unclear = out.unclear || (untold && !out.found);
    /* With its mark in hand, or one that may still be, what has none is another's. */
    if (out.found || out.unclear)
        out.ambiguous = false;
    return out;
}
