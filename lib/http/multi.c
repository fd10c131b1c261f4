/* SPDX-License-Identifier: MIT
 *
 * Many exchanges at once, driven by libcurl's multi interface. That nothing is sent twice is seen to in exchange.c: the
 * pre-request callback of each exchange is called for every attempt of libcurl's, also for those that follow a dead
 * connection or a stream that an HTTP/2 server refused.
 *
 * That makes a refused stream an error, although the server did nothing, for libcurl does not tell it from a lost one.
 * Servers refuse streams when they close a connection that others still write to, and nginx closes each after its
 * 1000th request. So an HTTP/2 connection is retired before: a lane is a multi handle, with the connections that it
 * keeps; when its share of requests is used up the next lane begins, and it ends with the last of its exchanges.
 */
#include "http/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* One in use; there are more retired ones than the rest only where answers take very long. */
#define LANES 4
#define LANE_REQUESTS 900
/* The poll is on the sockets of the lane in use: the retired ones are looked at so often. */
#define RETIRED_TICK_MS 5

typedef struct lane {
    CURLM *multi; /* NULL: none */
    size_t begun, in_flight;
    bool http2;
} lane;

typedef struct http_multi {
    lane lanes[LANES];
    lane *now;
    size_t connections;
    int bell;    /* an eventfd, because wake-ups from other threads must not meet a lane that is going */
    int watched; /* -1: none */
} http_multi;

/* libcurl's out-of-memory is ours; of everything else only the text is of use. */
static otsd_err curl_fault(CURLMcode code, otsd_error *e) {
    if (code == CURLM_OUT_OF_MEMORY)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    return error_local(e, OTSD_ERR_CONNECTION, "libcurl: %s", curl_multi_strerror(code));
}

static CURLMcode lane_open(lane *l, size_t connections) {
    CURLMcode code;

    memset(l, 0, sizeof *l);
    l->multi = curl_multi_init();
    if (!l->multi)
        return CURLM_OUT_OF_MEMORY;
    code = curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    if (code == CURLM_OK)
        code = curl_multi_setopt(l->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
    if (code == CURLM_OK)
        code = curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    if (code == CURLM_OK)
        code = curl_multi_setopt(l->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)connections);
    return code;
}

static void lane_close(lane *l) {
    (void)curl_multi_cleanup(l->multi); /* fails on what is no handle only */
    memset(l, 0, sizeof *l);
}

otsd_err http_multi_new(http_multi **out, size_t connections, otsd_error *e) {
    http_multi *m = calloc(1, sizeof *m);
    CURLMcode code;

    if (!m)
        return curl_fault(CURLM_OUT_OF_MEMORY, e);
    m->connections = connections;
    m->now = &m->lanes[0];
    m->watched = -1;
    m->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    code = m->bell >= 0 ? lane_open(m->now, connections) : CURLM_OUT_OF_MEMORY;
    if (code != CURLM_OK) {
        http_multi_free(&m);
        return curl_fault(code, e);
    }
    *out = m;
    return OTSD_OK;
}

void http_multi_free(http_multi **p) {
    http_multi *m;

    if (!p || !*p)
        return;
    m = *p;
    *p = NULL;
    for (size_t i = 0; i < LANES; i++)
        lane_close(&m->lanes[i]);
    if (m->bell >= 0)
        (void)close(m->bell); /* nothing is lost */
    free(m);
}

/* The next lane, where the one in use has had its share. Where none can be had that one goes on. */
static void change_lane(http_multi *m) {
    lane *old = m->now;

    if (!old->http2 || old->begun < LANE_REQUESTS)
        return;
    for (size_t i = 0; i < LANES; i++)
        if (!m->lanes[i].multi) {
            if (lane_open(&m->lanes[i], m->connections) == CURLM_OK)
                m->now = &m->lanes[i];
            else
                lane_close(&m->lanes[i]);
            break;
        }
    if (m->now != old && old->in_flight == 0)
        lane_close(old);
}

otsd_err http_multi_add(http_multi *m, http_exchange *x, void *owner, otsd_error *e) {
    CURLMcode code = CURLM_OUT_OF_MEMORY;

    change_lane(m);
    if (curl_easy_setopt(http_easy(x), CURLOPT_PRIVATE, owner) == CURLE_OK)
        code = curl_multi_add_handle(m->now->multi, http_easy(x));
    if (code != CURLM_OK)
        return curl_fault(code, e);
    m->now->begun++;
    m->now->in_flight++;
    return OTSD_OK;
}

static bool lane_remove(http_multi *m, lane *l, CURL *easy) {
    if (!l->multi || curl_multi_remove_handle(l->multi, easy) != CURLM_OK)
        return false; /* it is in another one */
    l->in_flight--;
    if (l->in_flight == 0 && l != m->now)
        lane_close(l);
    return true;
}

void http_multi_remove(http_multi *m, http_exchange *x) {
    for (size_t i = 0; i < LANES; i++)
        if (lane_remove(m, &m->lanes[i], http_easy(x)))
            return;
}

otsd_err http_multi_perform(http_multi *m, otsd_error *e) {
    CURLMcode code = CURLM_OK;
    int running;

    for (size_t i = 0; i < LANES && code == CURLM_OK; i++)
        if (m->lanes[i].multi)
            code = curl_multi_perform(m->lanes[i].multi, &running);
    return code == CURLM_OK ? OTSD_OK : curl_fault(code, e);
}

otsd_err http_multi_wait(http_multi *m, long wait_ms, otsd_error *e) {
    struct curl_waitfd waiting[] = {{.fd = m->bell, .events = CURL_WAIT_POLLIN},
                                    {.fd = m->watched, .events = CURL_WAIT_POLLIN}};
    int ms = wait_ms < 0 ? 0 : wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
    CURLMcode code;
    eventfd_t rings;

    for (size_t i = 0; i < LANES; i++)
        if (m->lanes[i].multi && &m->lanes[i] != m->now && ms > RETIRED_TICK_MS)
            ms = RETIRED_TICK_MS;
    code = curl_multi_poll(m->now->multi, waiting, m->watched >= 0 ? 2 : 1, ms, NULL);
    (void)eventfd_read(m->bell, &rings); /* EAGAIN where nobody rang */
    return code == CURLM_OK ? OTSD_OK : curl_fault(code, e);
}

void http_multi_watch(http_multi *m, int fd) {
    m->watched = fd;
}

static void *lane_ended(http_multi *m, lane *l, int *code) {
    CURLMsg *message;
    long version = 0;
    void *owner = NULL;
    CURL *easy;
    int left;

    do {
        message = curl_multi_info_read(l->multi, &left);
    } while (message && message->msg != CURLMSG_DONE);
    if (!message)
        return NULL;
    easy = message->easy_handle;
    *code = (int)message->data.result;                       /* the message does not outlive the removal */
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner); /* was set by http_multi_add */
    if (curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK && version == CURL_HTTP_VERSION_2_0)
        l->http2 = true;
    (void)lane_remove(m, l, easy); /* it is in this one */
    return owner;
}

void *http_multi_ended(http_multi *m, int *code) {
    void *owner = NULL;

    for (size_t i = 0; i < LANES && !owner; i++)
        if (m->lanes[i].multi)
            owner = lane_ended(m, &m->lanes[i], code);
    return owner;
}

void http_multi_wakeup(http_multi *m) {
    (void)eventfd_write(m->bell, 1); /* EAGAIN where it has rung for ever */
}
