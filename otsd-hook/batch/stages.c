/* SPDX-License-Identifier: MIT */
#include "batch/stages.h"

void stages_wake_network(pipeline *p) {
    if (p->net_waits && p->many) {
        p->net_waits = false;
        remote_many_wake(p->many);
    }
}

void stages_cut_short(pipeline *p, const problem *why) {
    batch_cut(p->b, why);
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->for_disk);
    pthread_mutex_unlock(&p->lock);
}

bool stages_stopping(const pipeline *p) {
    return p->b->is_cut;
}
