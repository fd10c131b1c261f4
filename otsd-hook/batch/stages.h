/* SPDX-License-Identifier: MIT
 *
 * What the threads of a pipeline share, and the entrance of each.
 */
#ifndef OTSD_HOOK_STAGES_H
#define OTSD_HOOK_STAGES_H

#include <pthread.h>

#include "batch/accounts.h"
#include "batch/queue.h"
#include "handoff/issue.h"
#include "ledger/slots.h"

/* How many intents are made and synced at once, and kept ready. */
#define INTENTS 512

struct work {
    issue i;
    batch_account *a;
    struct pipeline *p;
    work *next;
    width_call call;
    int64_t slot;
    int64_t ready_at; /* clock_ms; since when the password waits to be stored */
    direction back;
    batch_status back_to;
};

typedef struct pipeline {
    batch *b;
    size_t window;     /* hand-offs between intent and arming */
    size_t backlog;    /* of these asked for or generated, and not hashed */
    size_t group;      /* passwords that are stored at once */
    remote_many *many; /* the network thread's, as is b->pace */
    slots slots;       /* likewise */
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

/* The network thread may be waiting for what has just happened. The caller holds the lock. */
void stages_wake_network(pipeline *p);
/* From now on nothing new is begun; and: was that said? */
void stages_cut_short(pipeline *p, const problem *why);
bool stages_stopping(const pipeline *p);

/* Intents, storing, arming, and all ways back; ends the pipeline when nothing is left. arg: the pipeline. */
void *stages_disk(void *arg);
/* One of those that hash. */
void *stages_hash(void *arg);
/* Sends and receives until the disk thread has ended the pipeline. */
void stages_network(pipeline *p);
/* The callback of p->many. */
void stages_answered(void *arg, remote_answer *a);

#endif
