/* SPDX-License-Identifier: MIT
 *
 * The threads that hash: one a core, and nothing else that takes time.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "batch/stages.h"

#define NICE 3 /* below the rest of the program */

void *stages_hash(void *arg) {
    pipeline *p = arg;

    /* They take every core for as long as it lasts: logins, and this program's own other threads, go first. On Linux
     * the priority is the thread's. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), getpriority(PRIO_PROCESS, 0) + NICE);
    pthread_mutex_lock(&p->lock);
    while (!p->finished) {
        work *w = queue_take(&p->generated);
        bool good;

        if (!w) {
            pthread_cond_wait(&p->for_hash, &p->lock);
            continue;
        }
        stages_wake_network(p);
        pthread_mutex_unlock(&p->lock);
        good = issue_hash(p->b->x, &w->i) == EX_OK;
        w->ready_at = clock_ms();
        w->back = BACK_UNDO;
        w->back_to = BATCH_LEFT;
        pthread_mutex_lock(&p->lock);
        queue_put(good ? &p->hashed : &p->back, w);
        if (!good || p->hashed.len >= p->group || p->hashed.len == p->active)
            pthread_cond_signal(&p->for_disk);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}
