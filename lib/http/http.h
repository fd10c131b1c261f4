/* SPDX-License-Identifier: MIT
 *
 * All of libcurl: one exchange, and many at once. A request goes out, an answer comes back; what it means is not known
 * here.
 */
#ifndef OTSD_HTTP_H
#define OTSD_HTTP_H

#include "core/core.h"

/* exchange.c, multi.c */

typedef struct http_settings {
    char *base;                 /* no trailing slash */
    otsd_secret *authorization; /* the whole header line, NULL: anonymous */
    char *ca_file, *pinned_key, *proxy;
    char *ca_pem; /* certificates that count instead of those of ca_file */
    size_t ca_pem_len;
    long connect_timeout_ms, timeout_ms;
    long create_timeout_ms; /* of what makes a secret */
    bool many;              /* at once, in an http_multi: HTTP/2 where the server offers it in the TLS handshake */
} http_settings;

typedef struct http_answer {
    long status, intended, retry_after;
    char content_type[64];
    char location[272];
    bool is_thin;      /* the server's name */
    bool has_strategy; /* o-domain-strategy is there */
    bool sets_session; /* a cookie of the name onetime.session is set */
    wiped body;
} http_answer;

/* What is collected of a body at most. */
#define HTTP_COLLECT_MAX ((size_t)2 << 20)

/* Is shown the body piece by piece, together with the head of the answer. SINK_COLLECT: this piece and all others are
 * collected and not shown. SINK_STOP: that was enough; the exchange then ends well. */
typedef enum sink_verdict { SINK_TOOK, SINK_COLLECT, SINK_STOP } sink_verdict;
typedef struct http_sink {
    sink_verdict (*take)(void *arg, const http_answer *a, const char *data, size_t len);
    void *arg;
} http_sink;

typedef struct http_request {
    const char *api;   /* NULL: "/api/v1" */
    const char *path;  /* behind it; printable, needs no escaping */
    const wiped *form; /* NULL: GET. Must live, unchanged, until http_finish */
    bool creates;      /* a secret: has the longer timeout, and may be silent for as long */
    bool repeatable;   /* may libcurl send it again where a reused connection dies without an answer? */
    http_sink sink;    /* zeros: the body is collected */
    long timeout_ms;   /* 0: as in the settings */
} http_request;

/* One exchange at a time; where no http_multi drives it, with a connection that it keeps. */
typedef struct http_exchange http_exchange;

otsd_err http_exchange_new(http_exchange **out, const http_settings *s, otsd_error *e);
void http_exchange_free(http_exchange **x);
/* prepare, perform, finish. Where an http_multi drives the exchange it takes the place of the middle one. */
otsd_err http_prepare(http_exchange *x, const http_request *r, otsd_error *e);
int http_perform(http_exchange *x);
#define HTTP_GIVEN_UP (-1)
/* code: what perform or http_multi_ended said, or HTTP_GIVEN_UP for what was removed from its http_multi. The answer
 * belongs to x until the next prepare. Nothing that the request carried is referred to any more. */
otsd_err http_finish(http_exchange *x, int code, const http_answer **out, otsd_error *e);
/* The status of the answer that began to arrive, whole or not; 0 where none did. */
long http_status(const http_exchange *x);
/* Wipes the answer, and ends what was prepared and never finished. */
void http_forget(http_exchange *x);
/* libcurl's handle of the exchange that is prepared, for multi.c. */
void *http_easy(http_exchange *x);

/* Drives exchanges between prepare and finish, at most as many as connections, and over at most so many. */
typedef struct http_multi http_multi;

otsd_err http_multi_new(http_multi **out, size_t connections, otsd_error *e);
/* No exchange may be in it any more. */
void http_multi_free(http_multi **m);
otsd_err http_multi_add(http_multi *m, http_exchange *x, void *owner, otsd_error *e);
void http_multi_remove(http_multi *m, http_exchange *x);
/* Sends and receives what can be without waiting. */
otsd_err http_multi_perform(http_multi *m, otsd_error *e);
/* Until there is something to perform, a wake-up came, what is watched can be read, or the time is over. */
otsd_err http_multi_wait(http_multi *m, long wait_ms, otsd_error *e);
/* One descriptor, which stays the caller's and open; -1: none. */
void http_multi_watch(http_multi *m, int fd);
/* The owner of an exchange that ended, which is removed; NULL: there is none. */
void *http_multi_ended(http_multi *m, int *code);
/* From any thread. */
void http_multi_wakeup(http_multi *m);

#endif
