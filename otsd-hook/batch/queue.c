/* SPDX-License-Identifier: MIT */
#include "batch/queue.h"

#include <string.h>

#include "batch/stages.h"

void queue_put(queue *q, work *w) {
    w->next = NULL;
    if (q->last)
        q->last->next = w;
    else
        q->first = w;
    q->last = w;
    q->len++;
}

void queue_put_first(queue *q, work *w) {
    w->next = q->first;
    q->first = w;
    if (!q->last)
        q->last = w;
    q->len++;
}

work *queue_take(queue *q) {
    work *w = q->first;

    if (w) {
        q->first = w->next;
        if (!q->first)
            q->last = NULL;
        q->len--;
    }
    return w;
}

work *queue_take_all(queue *q) {
    work *first = q->first;

    memset(q, 0, sizeof *q);
    return first;
}
