/* SPDX-License-Identifier: MIT
 *
 * The queue. The turn passes from one to the next without a moment in between, so nobody can come in first.
 */
#include "turn.h"

#include "bytes.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct turn {
    pthread_mutex_t lock;
    struct MHD_Connection **waiting;
    size_t len, room;
    bool taken, released;
};

struct turn *turn_new(void) {
    struct turn *t = must_alloc(sizeof *t);

    pthread_mutex_init(&t->lock, NULL);
    return t;
}

bool turn_take(struct turn *t, struct MHD_Connection *connection) {
    bool mine;

    pthread_mutex_lock(&t->lock);
    mine = !t->taken || t->released;
    t->taken = true;
    if (!mine) {
        if (t->len == t->room) {
            t->room = t->room == 0 ? 64 : t->room * 2;
            t->waiting = must_realloc(t->waiting, t->room * sizeof(struct MHD_Connection *));
        }
        MHD_suspend_connection(connection);
        t->waiting[t->len++] = connection;
    }
    pthread_mutex_unlock(&t->lock);
    return mine;
}

static void wake_first(struct turn *t) {
    struct MHD_Connection *next = t->waiting[0];

    memmove(t->waiting, t->waiting + 1, --t->len * sizeof(struct MHD_Connection *));
    MHD_resume_connection(next);
}

void turn_end(struct turn *t) {
    pthread_mutex_lock(&t->lock);
    if (t->len > 0)
        wake_first(t);
    else
        t->taken = false;
    pthread_mutex_unlock(&t->lock);
}

void turn_release(struct turn *t) {
    pthread_mutex_lock(&t->lock);
    t->released = true;
    while (t->len > 0)
        wake_first(t);
    pthread_mutex_unlock(&t->lock);
}

void turn_free(struct turn *t) {
    pthread_mutex_destroy(&t->lock);
    free(t->waiting);
    free(t);
}
