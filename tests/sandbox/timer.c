/* SPDX-License-Identifier: MIT
 *
 * Suspended connections and the thread that wakes them: a binary heap by time, a list of those that wait for ever, and
 * one of those that wait for others, in their order. libmicrohttpd does not look at suspended connections, so this
 * thread also notices when the peer of one without a time is gone.
 */
#include "timer.h"

#include "bytes.h"

#include <limits.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS 200

struct entry {
    int64_t due; /* milliseconds on the monotonic clock */
    struct MHD_Connection *connection;
};

struct call {
    int64_t due;
    void (*fn)(void *);
    void *arg;
};

struct timer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct entry *heap;
    size_t heap_len, heap_room;
    struct entry *hung, *gathered;
    size_t hung_len, hung_room, gathered_len, gathered_room;
    struct call *calls; /* the next first */
    size_t calls_len;
    bool released, ended;
};

static int64_t now_ms(void) {
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void push(struct entry **list, size_t *len, size_t *room, struct entry e) {
    if (*len == *room) {
        *room = *room == 0 ? 64 : *room * 2;
        *list = must_realloc(*list, *room * sizeof **list);
    }
    (*list)[(*len)++] = e;
}

static void swap(struct entry *a, struct entry *b) {
    struct entry e = *a;

    *a = *b;
    *b = e;
}

static void heap_push(struct timer *t, struct entry e) {
    push(&t->heap, &t->heap_len, &t->heap_room, e);
    for (size_t i = t->heap_len - 1; i > 0 && t->heap[i].due < t->heap[(i - 1) / 2].due; i = (i - 1) / 2)
        swap(&t->heap[i], &t->heap[(i - 1) / 2]);
}

static struct MHD_Connection *heap_pop(struct timer *t) {
    struct MHD_Connection *top = t->heap[0].connection;

    t->heap[0] = t->heap[--t->heap_len];
    for (size_t i = 0;;) {
        size_t least = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < t->heap_len; child++) {
            if (t->heap[child].due < t->heap[least].due)
                least = child;
        }
        if (least == i)
            return top;
        swap(&t->heap[i], &t->heap[least]);
        i = least;
    }
}

static bool peer_gone(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd p = {.fd = !info ? -1 : info->connect_fd, .events = POLLRDHUP};

    return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Takes one out; the others stay in their order. */
static void wake(struct entry *list, size_t *len, size_t i) {
    struct MHD_Connection *c = list[i].connection;

    memmove(&list[i], &list[i + 1], (--*len - i) * sizeof *list);
    MHD_resume_connection(c);
}

/* Of those without a time. */
static void wake_gone(const struct timer *t, struct entry *list, size_t *len) {
    for (size_t i = 0; i < *len;) {
        if (t->released || peer_gone(list[i].connection))
            wake(list, len, i);
        else
            i++;
    }
}

static void wake_due(struct timer *t) {
    while (t->heap_len > 0 && (t->released || t->heap[0].due <= now_ms()))
        MHD_resume_connection(heap_pop(t));
    wake_gone(t, t->hung, &t->hung_len);
    wake_gone(t, t->gathered, &t->gathered_len);
}

/* Without the lock: what is called may take others. */
static void make_calls(struct timer *t) {
    while (t->calls_len > 0 && t->calls[0].due <= now_ms()) {
        struct call c = t->calls[0];

        memmove(t->calls, t->calls + 1, --t->calls_len * sizeof *t->calls);
        pthread_mutex_unlock(&t->lock);
        c.fn(c.arg);
        pthread_mutex_lock(&t->lock);
    }
}

static void *run(void *arg) {
    struct timer *t = arg;

    pthread_mutex_lock(&t->lock);
    while (!t->ended) {
        int64_t next;

        wake_due(t);
        make_calls(t);
        next = t->heap_len > 0 ? t->heap[0].due : INT64_MAX;
        if (t->calls_len > 0 && t->calls[0].due < next)
            next = t->calls[0].due;
        if (t->hung_len + t->gathered_len > 0 && next > now_ms() + LOOK_MS)
            next = now_ms() + LOOK_MS;
        if (next == INT64_MAX) {
            pthread_cond_wait(&t->changed, &t->lock);
        } else {
            struct timespec ts = {.tv_sec = (time_t)(next / 1000), .tv_nsec = (long)(next % 1000) * 1000000};

            pthread_cond_timedwait(&t->changed, &t->lock, &ts);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

struct timer *timer_new(void) {
    struct timer *t = must_alloc(sizeof *t);
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&t->lock, NULL);
    if (pthread_create(&t->thread, NULL, run, t) != 0) {
        pthread_mutex_destroy(&t->lock);
        pthread_cond_destroy(&t->changed);
        free(t);
        return NULL;
    }
    return t;
}

bool timer_suspend(struct timer *t, struct MHD_Connection *connection, long ms) {
    bool asleep = false;

    pthread_mutex_lock(&t->lock);
    if (!t->released) {
        struct entry e = {ms < 0 ? INT64_MAX : now_ms() + ms, connection};

        MHD_suspend_connection(connection);
        if (ms < 0)
            push(&t->hung, &t->hung_len, &t->hung_room, e);
        else
            heap_push(t, e);
        pthread_cond_signal(&t->changed);
        asleep = true;
    }
    pthread_mutex_unlock(&t->lock);
    return asleep;
}

bool timer_gather(struct timer *t, struct MHD_Connection *connection, long least) {
    const struct entry e = {INT64_MAX, connection};
    bool asleep = false;

    pthread_mutex_lock(&t->lock);
    if (!t->released && least > 0) {
        MHD_suspend_connection(connection);
        push(&t->gathered, &t->gathered_len, &t->gathered_room, e);
        if (t->gathered_len >= (size_t)least)
            wake(t->gathered, &t->gathered_len, 0);
        pthread_cond_signal(&t->changed);
        asleep = true;
    }
    while (least == 0 && t->gathered_len > 0)
        wake(t->gathered, &t->gathered_len, 0);
    pthread_mutex_unlock(&t->lock);
    return asleep;
}

void timer_call(struct timer *t, long ms, void (*fn)(void *), void *arg) {
    const struct call c = {now_ms() + ms, fn, arg};
    size_t at;

    pthread_mutex_lock(&t->lock);
    t->calls = must_realloc(t->calls, (t->calls_len + 1) * sizeof *t->calls);
    for (at = t->calls_len++; at > 0 && t->calls[at - 1].due > c.due; at--)
        t->calls[at] = t->calls[at - 1];
    t->calls[at] = c;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

void timer_release(struct timer *t) {
    pthread_mutex_lock(&t->lock);
    t->released = true;
    wake_due(t);
    pthread_mutex_unlock(&t->lock);
}

bool timer_released(struct timer *t) {
    bool released;

    pthread_mutex_lock(&t->lock);
    released = t->released;
    pthread_mutex_unlock(&t->lock);
    return released;
}

void timer_free(struct timer *t) {
    pthread_mutex_lock(&t->lock);
    t->ended = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    for (size_t i = 0; i < t->calls_len; i++)
        t->calls[i].fn(t->calls[i].arg);
    free(t->calls);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->changed);
    free(t->heap);
    free(t->hung);
    free(t->gathered);
    free(t);
}
