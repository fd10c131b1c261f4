/* SPDX-License-Identifier: MIT */
#include "handoff/burn_pace.h"

#define WINDOW_LEAST 60
#define WINDOW_MOST 86400 /* whatever the server says */

bool burn_pace_may(const burn_pace *p, int64_t now) {
    return p->until <= now || p->until > now + WINDOW_MOST;
}

void burn_pace_burned(burn_pace *p, int64_t now) {
    if (p->seen <= 0)
        return;
    /* A refusal ends a window; so does its time. */
    if (p->until > 0 || now < p->opened || now >= p->opened + p->window) {
        p->opened = now;
        p->burned = 0;
        p->until = 0;
    }
    p->burned++;
    if (p->most > 0 && p->burned > p->most)
        p->most = p->burned;
}

static int64_t bounded(int64_t span) {
    return span < WINDOW_LEAST ? WINDOW_LEAST : span > WINDOW_MOST ? WINDOW_MOST : span;
}

void burn_pace_limited(burn_pace *p, int64_t retry_after, int64_t now) {
    bool seen_whole = p->opened > 0 && p->opened <= now && p->burned > 0;
    bool expected = !burn_pace_may(p, now);
    int64_t left = seen_whole ? p->opened + BURN_PACE_WINDOW - now : BURN_PACE_WINDOW;

    p->seen = now;
    if (retry_after <= 0 && expected)
        return;
    if (seen_whole && p->until == 0)
        p->most = p->burned;
    else if (p->most <= 0 && retry_after <= 0)
        p->most = BURN_PACE_MOST;
    if (retry_after > 0)
        left = retry_after < WINDOW_MOST ? retry_after : WINDOW_MOST;
    else if (left <= 0)
        left = BURN_PACE_WINDOW; /* it lasts longer than it is known to: once more */
    p->until = now + left;
    if (seen_whole)
        p->window = bounded(p->until - p->opened);
    else
        p->window = left > BURN_PACE_WINDOW ? left : BURN_PACE_WINDOW;
}

int64_t burn_pace_turn(const burn_pace *p, size_t nth, int64_t now) {
    bool refused = !burn_pace_may(p, now);
    bool running = p->until == 0 && now >= p->opened && now < p->opened + p->window;
    int64_t n = (int64_t)nth, used = running ? p->burned : 0, first;

    first = refused ? p->until - now : running ? p->opened + p->window - now : p->window;
    if (p->most <= 0)
        return refused ? first : 0;
    if (!refused && n < p->most - used)
        return 0;
    if (!refused)
        n -= p->most > used ? p->most - used : 0;
    return first + n / p->most * p->window;
}
