/* SPDX-License-Identifier: MIT
 *
 * Many generates at once. It always takes what it is asked, and never waits until it is heard: what it has to say waits
 * in its place until the channel takes it. So a parent that sends while it does not listen comes to its end.
 */
#include "otsd-net/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "client/client.h"
#include "server/generation.h"

#define WAIT_MS 10000

typedef struct crowd crowd;

/* A generate, from the request to the answer that the channel took. */
typedef struct place {
    crowd *of;
    uint64_t seq; /* 0: free */
    bool over;
    otsd_receipt *receipt;
    otsd_error why;
} place;

struct crowd {
    int channel, watch; /* an epoll: readable where the channel can be read, or written to while something waits */
    otsd_pool *pool;
    wire_request *asked;
    wire_answer *answer;
    place places[WIRE_AT_ONCE];
    size_t waiting; /* for the channel */
    bool writing;   /* the epoll looks for that */
};

static void over(void *arg, otsd_receipt *receipt, const otsd_error *e) {
    place *at = arg;

    at->over = true;
    at->receipt = receipt;
    if (!receipt)
        at->why = *e;
    at->of->waiting++;
}

static place *vacant(crowd *c) {
    for (size_t i = 0; i < WIRE_AT_ONCE; i++)
        if (c->places[i].seq == 0)
            return &c->places[i];
    return NULL;
}

/* False: it asks what cannot be. */
static bool begin(crowd *c) {
    place *at = vacant(c);
    otsd_secret *passphrase = NULL;
    otsd_error e = OTSD_ERROR_INIT;
    otsd_options o;

    if (!at || !wire_request_is_good(c->asked) || c->asked->call != WIRE_GENERATE)
        return false;
    *at = (place){.of = c, .seq = c->asked->seq};
    if (serve_options(c->asked, &o, &passphrase, &e) != OTSD_OK ||
        otsd_pool_generate(c->pool, &o, over, at, &e) != OTSD_OK)
        over(at, NULL, &e);
    otsd_secret_free(&passphrase);
    return true;
}

/* Takes all requests that are there. False: the parent is gone, or as good as gone. */
static bool take_requests(crowd *c, int *rc) {
    for (;;) {
        ssize_t n = recv(c->channel, c->asked, sizeof *c->asked, MSG_TRUNC | MSG_DONTWAIT);
        bool good;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n == 0)
            return false;
        good = n == (ssize_t)sizeof *c->asked && begin(c);
        otsd_wipe(c->asked, sizeof *c->asked);
        if (!good) {
            *rc = EX_PROTOCOL;
            return false;
        }
    }
}

/* False: it has to wait, or cannot be sent at all (errno). */
static bool say(crowd *c, const place *at) {
    bool sent;

    wire_put(c->answer, at->seq, WIRE_END, at->receipt, at->receipt ? NULL : &at->why);
    c->answer->generation = generation_of_text(otsd_pool_generation(c->pool));
    sent = wire_send(c->channel, c->answer, sizeof *c->answer, MSG_DONTWAIT);
    otsd_wipe(c->answer, sizeof *c->answer); /* leaves errno alone */
    return sent;
}

static bool say_all(crowd *c) {
    for (size_t i = 0; c->waiting > 0 && i < WIRE_AT_ONCE; i++) {
        place *at = &c->places[i];

        if (at->seq == 0 || !at->over)
            continue;
        if (!say(c, at))
            return errno == EAGAIN;
        otsd_receipt_free(&at->receipt);
        *at = (place){0};
        c->waiting--;
    }
    return true;
}

/* While something waits to be said, it is to be noticed that the channel takes it. */
static bool watch_writing(crowd *c) {
    bool wanted = c->waiting > 0;
    struct epoll_event look = {.events = EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0)};

    if (wanted == c->writing)
        return true;
    c->writing = wanted;
    return epoll_ctl(c->watch, EPOLL_CTL_MOD, c->channel, &look) == 0;
}

static int serve(crowd *c) {
    int rc = EX_OK;

    while (take_requests(c, &rc)) {
        if (otsd_pool_run(c->pool, c->waiting > 0 ? 0 : WAIT_MS, NULL) != OTSD_OK)
            return EX_OSERR;
        if (!say_all(c) || !watch_writing(c))
            return EX_IOERR;
        if (c->waiting > 0 && otsd_pool_run(c->pool, WAIT_MS, NULL) != OTSD_OK)
            return EX_OSERR;
    }
    return rc;
}

int serve_many(int channel, otsd_pool *pool) {
    struct epoll_event look = {.events = EPOLLIN};
    otsd_secret *in = NULL, *out = NULL;
    crowd *c = calloc(1, sizeof *c);
    int rc = EX_OSERR;

    if (!c)
        return rc;
    c->channel = channel;
    c->pool = pool;
    c->watch = epoll_create1(EPOLL_CLOEXEC);
    if (c->watch >= 0 && epoll_ctl(c->watch, EPOLL_CTL_ADD, channel, &look) == 0 &&
        secret_alloc(&in, sizeof *c->asked) == OTSD_OK && secret_alloc(&out, sizeof *c->answer) == OTSD_OK) {
        c->asked = (wire_request *)(void *)secret_memory(in);
        c->answer = (wire_answer *)(void *)secret_memory(out);
        pool_watch(pool, c->watch);
        rc = serve(c);
    }
    otsd_pool_free(&pool);
    for (size_t i = 0; i < WIRE_AT_ONCE; i++)
        otsd_receipt_free(&c->places[i].receipt);
    if (c->watch >= 0)
        (void)close(c->watch); /* nothing is lost */
    otsd_secret_free(&in);
    otsd_secret_free(&out);
    free(c);
    return rc;
}
