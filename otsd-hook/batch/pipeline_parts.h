/* SPDX-License-Identifier: MIT
 *
 * What the threads of a pipeline share.
 *
 * A piece of work is in one queue or with one thread at any time; who has it needs no lock for it.
 */
#ifndef OTSD_HOOK_PIPELINE_PARTS_H
#define OTSD_HOOK_PIPELINE_PARTS_H

#include <pthread.h>

#include "batch/batch.h"
#include "handoff/issue.h"
#include "batch/pace.h"

#define INTENTS 512 /* made and synced at once; so many are kept ready */
#define BACKLOG                                                                                                        \
    2048 /* asked for or generated, and not hashed: each is a locked page, and a secret to burn if we are killed */

/* How a piece of work goes back. */
typedef enum direction {
    UNDO, /* the server made a secret: burn it */
    DROP, /* it surely made none */
    LOSE, /* nobody knows: found out when all else is done */
} direction;

typedef struct work {
    issue i;
    batch_account *a;
    struct pipeline *p;
    struct work *next;
    int64_t sent_at;  /* clock_ms */
    int64_t ready_at; /* clock_ms; since when the password waits to be stored */
    direction back;
    batch_status back_to;
} work;

typedef struct queue {
    work *first, *last;
    size_t len;
} queue;

typedef struct pipeline {
    batch *b;
    size_t window, group, backlog;
    remote_many *many; /* the network thread's, as is b->pace */
    size_t odd_row;    /* answers in a row that were not what was asked for; likewise */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t for_disk, for_hash;
    queue begun, stale, generated, hashed, back;
    size_t active; /* in a queue or with a thread */
    size_t next;   /* account to begin with */
    size_t in_flight;
    bool net_waits; /* for a queue to change */
    bool finished;
    int64_t stored_in; /* ms that the last transaction took */
    work *unused;
} pipeline;

void put(queue *q, work *w);
void put_first(queue *q, work *w);
work *get(queue *q);
/* The network thread may be waiting for what has just happened. */
void wake_network(pipeline *p);
/* Nothing new is to be begun; and is it so? */
void cut_short(pipeline *p, const problem *why);
bool is_stopping(const pipeline *p);
/* Trouble of this machine's own: it would meet the next hand-off as well. */
bool is_local(const problem *why);

/* Intents, storing, arming, and all ways back; ends the pipeline when nothing is left. arg: the pipeline. */
void *disk_thread(void *arg);

/* Sends and receives until the disk thread has ended the pipeline. */
void network(pipeline *p);
/* The callback of p->many. */
void on_answer(void *arg, remote_answer *a);

#endif
