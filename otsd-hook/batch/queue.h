/* SPDX-License-Identifier: MIT
 *
 * Queues of work between the threads of a pipeline. They have no lock of their own: the caller holds the pipeline's.
 *
 * A piece of work is in one queue or with one thread at any time; who has it needs no lock for it.
 */
#ifndef OTSD_HOOK_QUEUE_H
#define OTSD_HOOK_QUEUE_H

#include <stddef.h>

typedef struct work work;

typedef struct queue {
    work *first, *last;
    size_t len;
} queue;

void queue_put(queue *q, work *w);
void queue_put_first(queue *q, work *w);
/* NULL: it is empty. */
work *queue_take(queue *q);
/* The whole queue, linked by next. */
work *queue_take_all(queue *q);

#endif
