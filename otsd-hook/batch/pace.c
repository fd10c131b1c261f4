/* SPDX-License-Identifier: MIT */
#include "batch/pace.h"

#include <string.h>

#define STEP_FIRST 1000
#define STEP_MAX 60000
#define RETRY_AFTER_MAX 3600 /* seconds */

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t window(const pace *s) {
    return s->width.window < (int64_t)s->jobs ? s->width.window : (int64_t)s->jobs;
}

void pace_init(pace *s, size_t jobs, int64_t patience_ms, int64_t timeout_ms) {
    memset(s, 0, sizeof *s);
    width_init(&s->width);
    s->jobs = jobs > 0 ? jobs : 1;
    s->step_ms = STEP_FIRST;
    s->patience_ms = patience_ms;
    s->timeout_ms = timeout_ms;
    s->paused_at = s->last_good = s->since = -1;
}

/* When a pause of this length ends; the random part is up to a quarter of it. */
static int64_t end_of(int64_t ms, unsigned random, int64_t now) {
    return now + ms + ms / 4 * (int64_t)(random % 1024) / 1023;
}

static int64_t retry_after_ms(long seconds) {
    return 1000 * (int64_t)(seconds < 0 ? 0 : seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : seconds);
}

static void begin_pause(pace *s, const pace_answer *a, unsigned random, int64_t now) {
    /* A pause that follows a failed probe is twice the one before; the first after good answers is as good_answer left
     * it. */
    if (s->probing && s->step_ms < STEP_MAX)
        s->step_ms = s->step_ms * 2 < STEP_MAX ? s->step_ms * 2 : STEP_MAX;
    s->until = end_of(larger(s->step_ms, retry_after_ms(a->retry_after_s)), random, now);
    s->open = larger(s->open, window(s));
    s->reason = a->event;
    s->probing = true;
    s->bad_row = 0;
    s->paused_at = now;
    width_restart(&s->width, now);
}

static void bad_answer(pace *s, const pace_answer *a, unsigned random, int64_t now) {
    size_t row = window(s) / 4 > 3 ? (size_t)window(s) / 4 : 3;

    /* While a pause lasts nothing is sent: what was sent in the millisecond in which it began was sent before. */
    if (a->call.sent_at <= s->paused_at) {
        if (s->probing && a->retry_after_s > 0)
            s->until = larger(s->until, end_of(retry_after_ms(a->retry_after_s), random, now));
        return;
    }
    s->bad_row++;
    if (a->event == PACE_LIMITED || s->probing || a->retry_after_s > 0 || s->bad_row >= row)
        begin_pause(s, a, random, now);
    else if (a->event == PACE_LATE)
        width_late(&s->width, &a->call, now);
    else
        width_halve(&s->width, &a->call, (int64_t)s->jobs, now);
}

static void good_answer(pace *s, const pace_answer *a, int64_t now) {
    s->last_good = now;
    s->since = -1;
    s->bad_row = 0;
    if (a->call.sent_at <= s->paused_at)
        return;
    if (s->probing) {
        s->probing = false;
        s->step_ms = larger(STEP_FIRST, s->step_ms / 2);
    }
    if (a->event == PACE_GOOD)
        width_answered(&s->width, &a->call, (int64_t)s->jobs, s->timeout_ms, now);
    if (s->open > 0 && window(s) >= s->open) {
        s->open = 0;
        s->step_ms = STEP_FIRST;
    }
}

void pace_note(pace *s, const pace_answer *a, unsigned random, int64_t now) {
    if (a->event == PACE_GOOD || a->event == PACE_REFUSED) {
        good_answer(s, a, now);
        return;
    }
    if (s->since < 0)
        s->since = larger(a->call.sent_at, s->last_good);
    bad_answer(s, a, random, now);
}

size_t pace_allows(const pace *s, int64_t now) {
    if (s->probing)
        return now < s->until ? 0 : 1;
    return (size_t)window(s);
}

int64_t pace_next(const pace *s, int64_t now) {
    return s->probing && now < s->until ? s->until - now : 0;
}

bool pace_exhausted(const pace *s, int64_t now) {
    return s->since >= 0 && now - s->since >= s->patience_ms;
}

const char *pace_why(const pace *s) {
    if (!s->probing)
        return NULL;
    return s->reason == PACE_LIMITED ? "the server limits us" : "the server is in trouble";
}

void pace_resume(pace *s) {
    s->since = -1;
}
