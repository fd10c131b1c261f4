/* SPDX-License-Identifier: MIT
 *
 * How wide is the server: how many requests does it carry out at the same time? Found out from how long its answers
 * take, never assumed. Decisions only, without a clock or an effect of their own; times are milliseconds of any clock
 * that does not go back.
 *
 * What is sent beyond the width makes nothing faster: it waits in the server, and when that takes longer than our
 * time-out the server goes on with what nobody waits for any more, and mails it. So:
 *
 *  - The window begins with one request, or with what is remembered, and doubles as long as answers take no longer than
 *    they did: at most half as long again, and what is nothing beside the time-out (a 400th of it). Beyond a width that
 *    was once found it grows by an eighth. It grows only where it is used.
 *  - Machines are busy, so no single answer counts. Of as many as fit into the window one in four has to come in time;
 *    only where two windows full do not have it the window goes back to what was good last, at most to its half.
 *  - A call takes as long as it takes: a passphrase costs the server a fifth of a second, a mail inside the request
 *    more. Each kind is compared with its own like. And where narrowing makes no answer faster, it is the call itself
 *    that takes longer than before: that is the new measure then, and the window is as before.
 *  - All that is in flight could wait for one another, and that may never come near the time-out: no window is taken
 *    with which it would be more than half of it. An answer that took more than half of it narrows at once, and so does
 *    one that took longer than its like, where all could take as long.
 *  - A time-out that may have reached the server is followed by one single request.
 *
 * Only requests that were sent since the window last changed say something of it, and of these only those that went out
 * when three quarters of it were in flight.
 */
#ifndef OTSD_HOOK_WIDTH_H
#define OTSD_HOOK_WIDTH_H

#include <stdint.h>

#define WIDTH_MOST 256

/* What a call asks the server for, as bits: each combination takes its own time. */
#define WIDTH_MAIL 1U
#define WIDTH_PASSPHRASE 2U
#define WIDTH_KINDS 4

/* What is known of a server; numbers only, so that it can be kept. */
typedef struct width {
    int64_t window; /* requests in flight at once, 1 to WIDTH_MOST */
    int64_t
        base[WIDTH_KINDS]; /* how long a call of the kind takes where nothing waits, as far as was seen; 0: unknown */
    int64_t doubles_to;    /* from here on it grows by an eighth */
    int64_t good;          /* the window that was good last */
    int64_t pauses;        /* windows full of good answers before it grows again, and how many there were */
    int64_t paused;
    int64_t narrowed_from;  /* 0, or: the window was narrowed from this one, and it is to be seen whether that helps */
    int64_t narrowed_ratio; /* how long answers took there, as lowest */
    int64_t changed_at;     /* -1: never */
    /* since then */
    int64_t seen, in_time;
    int64_t lowest;  /* 1000ths of base */
    int64_t slowest; /* microseconds for each that was in flight */
} width;

/* A request. */
typedef struct width_call {
    unsigned kind;
    int64_t in_flight; /* when it was sent, itself included; at least 1 */
    int64_t sent_at;
} width_call;

void width_init(width *w);
/* Nothing that is not possible, whoever wrote it; now: of this boot's clock. */
void width_sanitize(width *w, int64_t now);
/* It was answered. most: the window is not widened beyond this. */
void width_answered(width *w, const width_call *c, int64_t most, int64_t timeout_ms, int64_t now);
/* It was not, within the time-out, and the server may be at work on it. */
void width_late(width *w, const width_call *c, int64_t now);
/* It was lost otherwise, or the server was in trouble: half, once for all that were sent before. */
void width_halve(width *w, const width_call *c, int64_t most, int64_t now);
/* Nothing was asked for a while: one, and then as fast as before to what was found. */
void width_restart(width *w, int64_t now);

#endif
