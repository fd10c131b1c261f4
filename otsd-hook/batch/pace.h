/* SPDX-License-Identifier: MIT
 *
 * How many requests may be in flight, and when to try again where the server does not want more: decisions only,
 * without a clock or an effect of their own. Times are milliseconds of any clock that does not go back.
 *
 *  - As many are in flight as the server is wide (ledger/width.h), at most as many as there are jobs.
 *  - LIMITED is a pause for all: 1 s, doubled for each probe that fails, at most 60 s. A Retry-After wins where it is
 *    larger (bounded by 3600 s). Up to a quarter is added at random, so that many hosts do not come back together.
 *  - TROUBLE among good answers may be one lost connection: it halves the window, once for all requests that were sent
 *    before that. LATE, a time-out that may have reached the server, leaves one. Either begins a pause as soon as none
 *    of the last N answers was good, N = max(3, window / 4), or if the answer names a Retry-After, or if it is the
 *    answer to a probe.
 *  - After a pause one single request goes out, the probe. A good answer opens up: 2, 4, 8, ... to the width.
 *  - Answers to requests that were sent before a pause began say nothing new: they neither double it nor end it, nor do
 *    they begin another one. Only a Retry-After beyond its end moves the end.
 *  - A good probe halves the length that the next pause begins with (not under 1 s); a window that is as it was before
 *    the pause, or wholly open, sets it back to 1 s. So a server that lets through one request in ten seconds is asked
 *    about that often.
 */
#ifndef OTSD_HOOK_PACE_H
#define OTSD_HOOK_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/width.h"

typedef enum pace_event {
    PACE_GOOD,    /* the server did */
    PACE_REFUSED, /* for a reason that is this request's alone: as good, but how fast it said so says nothing */
    PACE_LIMITED, /* too many requests */
    PACE_TROUBLE, /* 5xx, connection lost or refused */
    PACE_LATE,    /* not answered in time, and the server may be at work on it */
} pace_event;

typedef struct pace {
    size_t jobs;
    width width;       /* shared with other processes: the caller brings it up to date before each answer */
    int64_t open;      /* the window before the last pause, while it has not come back to it; 0: it has */
    size_t bad_row;    /* answers since the last good one */
    bool probing;      /* a pause began and no probe was good since */
    pace_event reason; /* of the pause */
    int64_t paused_at; /* when the last pause began, -1: never. Requests that were sent until then say nothing new */
    int64_t until;     /* end of the pause */
    int64_t step_ms;   /* length of the next pause, before the random part */
    int64_t patience_ms, timeout_ms;
    int64_t last_good; /* -1: never */
    int64_t since;     /* where the patience is measured from; -1: there was no failure since the last good answer */
} pace;

typedef struct pace_answer {
    pace_event event;
    width_call call;    /* the request */
    long retry_after_s; /* 0 where the server did not say */
} pace_answer;

/* jobs: at least 1 (0 counts as 1). patience_ms: see pace_exhausted. timeout_ms: of a call. */
void pace_init(pace *s, size_t jobs, int64_t patience_ms, int64_t timeout_ms);
/* An answer came, or none. random: any number. */
void pace_note(pace *s, const pace_answer *a, unsigned random, int64_t now);
/* How many requests may be in flight now, including those that are; 0: wait. */
size_t pace_allows(const pace *s, int64_t now);
/* Milliseconds until the next try, 0: no need to wait. */
int64_t pace_next(const pace *s, int64_t now);
/* There was no good answer for patience_ms although it was tried: measured from the last good answer or, where that is
 * later (or never was), from when the first request that failed since was sent. */
bool pace_exhausted(const pace *s, int64_t now);
/* Nothing was tried for a while: the patience is measured anew. All else holds. */
void pace_resume(pace *s);
/* "the server limits us", "the server is in trouble": from the beginning of a pause until a good probe; otherwise
 * NULL. */
const char *pace_why(const pace *s);

#endif
