/* SPDX-License-Identifier: MIT */
#include "ledger/width.h"

#include <stdbool.h>
#include <string.h>

/* An answer may come later on a machine that has something else to do: by what is nothing beside the time-out. */
#define JITTER_LEAST 10  /* ms */
#define JITTER_SHARE 400 /* of the time-out */
#define LEAST_SEEN 3     /* answers, before anything is decided; one where only one is in flight */
#define PAUSES_MOST 31   /* windows full of good answers, between two attempts at a wider one */

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

void width_init(width *w) {
    memset(w, 0, sizeof *w);
    w->window = w->good = 1;
    w->doubles_to = WIDTH_MOST;
    w->changed_at = -1;
}

static void look_anew(width *w) {
    w->seen = w->in_time = w->lowest = w->slowest = 0;
}

static void change(width *w, int64_t window, int64_t now) {
    w->window = larger(1, window);
    w->changed_at = now;
    look_anew(w);
}

static int64_t within(int64_t n, int64_t least, int64_t most) {
    return larger(least, smaller(n, most));
}

void width_sanitize(width *w, int64_t now) {
    const int64_t hour = 3600 * 1000;

    w->window = within(w->window, 1, WIDTH_MOST);
    w->doubles_to = within(w->doubles_to, 1, WIDTH_MOST);
    w->good = within(w->good, 1, WIDTH_MOST);
    w->pauses = within(w->pauses, 0, PAUSES_MOST);
    w->paused = within(w->paused, 0, PAUSES_MOST);
    w->narrowed_from = within(w->narrowed_from, 0, WIDTH_MOST);
    w->narrowed_ratio = within(w->narrowed_ratio, 0, hour);
    w->seen = within(w->seen, 0, 2 * WIDTH_MOST);
    w->in_time = within(w->in_time, 0, w->seen);
    w->lowest = within(w->lowest, 0, hour);
    w->slowest = within(w->slowest, 0, 1000 * hour);
    for (size_t k = 0; k < WIDTH_KINDS; k++)
        w->base[k] = within(w->base[k], 0, hour);
    /* Of a boot before this one. */
    if (w->changed_at > now || w->changed_at < -1)
        change(w, w->window, -1);
}

static bool is_news(const width *w, const width_call *c) {
    return c->sent_at > w->changed_at;
}

/* With so many in flight, how many does the window have? Less than it could where the caller has a bound of its own. */
static int64_t used(const width *w, int64_t most) {
    return smaller(w->window, larger(1, most));
}

static void widen(width *w, int64_t most, int64_t timeout_ms, int64_t now) {
    int64_t left = w->doubles_to - w->window;
    int64_t step = left > 0 ? smaller(w->window, left) : larger(1, w->window / 8);
    int64_t bearable = w->slowest > 0 ? timeout_ms * 1000 / 2 / w->slowest : WIDTH_MOST;
    int64_t to = smaller(smaller(w->window + step, most), smaller(bearable, WIDTH_MOST));

    if (to > w->window)
        change(w, to, now);
    else
        look_anew(w);
}

static void came_in_time(width *w, int64_t most, int64_t timeout_ms, int64_t now) {
    if (w->window > w->good)
        w->pauses = 0;
    w->good = w->window;
    w->narrowed_from = 0;
    if (w->paused >= w->pauses) {
        widen(w, most, timeout_ms, now);
    } else {
        w->paused++;
        look_anew(w);
    }
}

static void rest(width *w) {
    w->pauses = smaller(2 * w->pauses + 1, PAUSES_MOST);
    w->paused = 0;
}

/* It is the calls that take longer, not that they wait for one another. */
static void take_as_measure(width *w, int64_t most, int64_t now) {
    for (size_t k = 0; k < WIDTH_KINDS; k++)
        w->base[k] = w->base[k] * w->lowest / 1000;
    w->good = used(w, most);
    change(w, larger(w->window, w->narrowed_from), now);
    w->narrowed_from = 0;
}

static void came_late(width *w, int64_t most, int64_t now) {
    int64_t at = used(w, most), to = w->good < at ? larger(w->good, at / 2) : at / 2;

    if (at == 1 || (w->narrowed_from > at && 4 * w->lowest > 3 * w->narrowed_ratio)) {
        take_as_measure(w, most, now);
        return;
    }
    /* What is not much narrower can show nothing. */
    w->narrowed_from = 3 * to <= 2 * at ? at : 0;
    w->narrowed_ratio = w->lowest;
    w->good = w->doubles_to = to;
    rest(w);
    change(w, to, now);
}

static bool is_in_time(int64_t took, int64_t base, int64_t timeout_ms) {
    return took <= base + base / 2 + larger(JITTER_LEAST, timeout_ms / JITTER_SHARE);
}

/* Were all to wait for one another as this one may have, it would be too long. True: the window was narrowed. */
static bool is_unbearable(width *w, const width_call *c, int64_t took, int64_t timeout_ms, int64_t now) {
    int64_t base = w->base[c->kind % WIDTH_KINDS], to = larger(1, c->in_flight * (timeout_ms / 4) / took);
    bool itself = took > timeout_ms / 2 && c->in_flight > 1;

    if (to >= w->window ||
        !(itself || (took * w->window / c->in_flight > timeout_ms / 2 && !is_in_time(took, base, timeout_ms))))
        return false;
    if (base == 0 || took < base)
        w->base[c->kind % WIDTH_KINDS] = took;
    if (itself) {
        w->doubles_to = to;
        rest(w);
    }
    w->narrowed_from = 0;
    w->good = to;
    change(w, to, now);
    return true;
}

void width_answered(width *w, const width_call *c, int64_t most, int64_t timeout_ms, int64_t now) {
    int64_t took = larger(1, now - c->sent_at), *base = &w->base[c->kind % WIDTH_KINDS], at = used(w, most), ratio;
    int64_t enough = at > 1 ? larger(at, LEAST_SEEN) : 1;

    if (!is_news(w, c) || is_unbearable(w, c, took, timeout_ms, now))
        return;
    if (*base == 0 || took < *base)
        *base = took;
    if (4 * c->in_flight < 3 * at)
        return;
    ratio = took * 1000 / *base;
    w->lowest = w->lowest == 0 ? ratio : smaller(w->lowest, ratio);
    w->slowest = larger(w->slowest, took * 1000 / c->in_flight);
    w->seen++;
    w->in_time += is_in_time(took, *base, timeout_ms);
    if (w->seen >= enough && 4 * w->in_time >= w->seen)
        came_in_time(w, most, timeout_ms, now);
    else if (w->seen >= 2 * enough)
        came_late(w, most, now);
}

void width_late(width *w, const width_call *c, int64_t now) {
    if (!is_news(w, c))
        return;
    w->doubles_to = larger(1, smaller(c->in_flight, w->window) / 4);
    w->good = 1;
    w->narrowed_from = 0;
    rest(w);
    change(w, 1, now);
}

void width_halve(width *w, const width_call *c, int64_t most, int64_t now) {
    if (!is_news(w, c))
        return;
    w->narrowed_from = 0;
    w->good = larger(1, used(w, most) / 2);
    change(w, w->good, now);
}

void width_restart(width *w, int64_t now) {
    w->narrowed_from = 0;
    w->good = 1;
    change(w, 1, now);
}
