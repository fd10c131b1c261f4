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
