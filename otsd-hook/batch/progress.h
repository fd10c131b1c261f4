/* SPDX-License-Identifier: MIT
 *
 * A bar on standard error that shows how far a batch is. Only where that is a terminal, and one that can wipe a line
 * (TERM is set and not "dumb"): otherwise nothing is written at all. While it is shown, messages of problem.h begin
 * with the sequence that wipes it. A terminal that is stopped is not waited for.
 *
 *   [=======>      ] 3,412/10,000  2 failed  212/s  0:31 left
 *   [=======>      ] 3,412/10,000  2 failed  waiting: the server limits us; next try in 42 s
 *
 * One thread draws; messages may come from all.
 */
#ifndef OTSD_HOOK_PROGRESS_H
#define OTSD_HOOK_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_SAMPLES 20

/* The rate over the last ten seconds or so of time that was not spent waiting. */
typedef struct progress_rate {
    int64_t last;   /* milliseconds; when done was last told */
    int64_t active; /* milliseconds that were not spent waiting, until then */
    bool waiting;
    size_t done;      /* as last told */
    size_t len, next; /* of the ring: how many are in it, where the next one goes */
    struct {
        int64_t active;
        size_t done;
    } ring[PROGRESS_SAMPLES];
} progress_rate;

typedef struct progress {
    bool shown;
    size_t total;
    int64_t drawn; /* milliseconds; the last time */
    progress_rate rate;
} progress;

void progress_start(progress *b, size_t total);
/* done: how many are finished, the failed ones included. waiting: why nothing goes on, NULL while it does. Cheap: it
 * draws at most five times a second. */
void progress_update(progress *b, size_t done, size_t failed, const char *waiting);
/* Wipes the bar away: what there is to say comes after it. */
void progress_end(progress *b);

/* The parts that decide, for their tests. */

/* The line for a terminal of width columns, in out: always less than width, so that no terminal wraps it. rate is per
 * second, 0 or less: not known yet. What does not fit is left out: first the bar, then from the right; what it waits
 * for is cut. Failures and times are shown where there are any. Returns out. */
const char *progress_text(char *out, size_t size, size_t done, size_t failed, size_t total, double rate,
                          const char *waiting, size_t width);
/* At now (milliseconds), done were finished; waiting from now on, or not. */
void progress_rate_note(progress_rate *r, int64_t now, size_t done, bool waiting);
/* Per second; 0 while it is not known: nothing finished, or less than a second observed. */
double progress_rate_value(const progress_rate *r);

#endif
