/* SPDX-License-Identifier: MIT
 *
 * The world begins empty and keeps its own time.
 */
#include "world.h"

#include <time.h>
#include <unistd.h>

void world_init(struct world *w, const struct options *opt) {
    *w = (struct world){.opt = opt, .mail_dir = -1};
    pthread_mutex_init(&w->lock, NULL);
    store_init(&w->store);
    limits_init(&w->limits);
    in_flight_reset(&w->counters);
}

void world_free(struct world *w) {
    store_free(&w->store);
    limits_free(&w->limits);
    faults_clear(&w->faults);
    pthread_mutex_destroy(&w->lock);
    if (w->mail_dir >= 0)
        close(w->mail_dir);
}

int64_t world_now(const struct world *w) {
    return (int64_t)time(NULL) + w->clock_offset;
}

static int64_t monotonic_us(void) {
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void in_flight_add(struct counters *c, int by) {
    int64_t now = monotonic_us();

    c->in_flight_us += (int64_t)c->in_flight * (now - c->in_flight_at);
    c->in_flight_at = now;
    c->in_flight += (unsigned long)by;
    if (c->in_flight > c->max_in_flight)
        c->max_in_flight = c->in_flight;
    if (c->in_flight < c->min_in_flight)
        c->min_in_flight = c->in_flight;
}

void in_flight_reset(struct counters *c) {
    c->min_in_flight = c->max_in_flight = c->in_flight;
    c->in_flight_us = 0;
    c->in_flight_at = monotonic_us();
}
