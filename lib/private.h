/* SPDX-License-Identifier: MIT
 *
 * What the files of libotsd share with each other and with nobody else.
 */
#ifndef OTSD_PRIVATE_H
#define OTSD_PRIVATE_H

#include "otsd.h"

#include <stdio.h>

struct json_object;

/* ---- error.c: messages, and text that came from elsewhere -------------------------------------------------------- */

/* Fills e (NULL allowed) and returns code, so that a caller can write `return error_set(...)`. */
__attribute__((format(printf, 4, 5))) otsd_err error_set(otsd_error *e, otsd_err code, otsd_reach reach,
                                                         const char *format, ...);
/* For what fails before anything is sent. */
__attribute__((format(printf, 3, 4))) otsd_err error_local(otsd_error *e, otsd_err code, const char *format, ...);
/* Copies at most size - 1 bytes of foreign text: what is not printable UTF-8 becomes "?", no sequence is cut. */
void text_printable(char *out, size_t size, const char *text, size_t len);
/* Length of the well-formed UTF-8 sequence at p (1 to 4), 0 where there is none within len bytes. */
size_t utf8_sequence(const char *p, size_t len);
bool utf8_valid(const char *p, size_t len);

/* ---- text.c: the syntax of small strings ------------------------------------------------------------------------- */

/* 1 to 256 letters and digits: cannot leave its place in a path. */
bool text_is_key(const char *s);
bool text_is_host(const char *s);
bool text_is_locale(const char *s);
bool text_has_control(const char *s);
/* memory for base64 of len bytes, with its NUL */
size_t base64_size(size_t len);
void base64_write(char *out, const void *data, size_t len);

/* ---- file.c ------------------------------------------------------------------------------------------------------ */

/* The one place that opens a file that somebody else might have prepared: not through a link in the last component,
 * regular, owned by root or the effective user, no mode bit of forbidden. *fd is close-on-exec. OTSD_ERR_CONFIG. */
otsd_err file_open_checked(int *fd, const char *path, unsigned forbidden, otsd_error *e);

/* ---- secret.c ---------------------------------------------------------------------------------------------------- */

/* len bytes of zeros, to be filled through secret_memory. */
otsd_err secret_alloc(otsd_secret **out, size_t len);
char *secret_memory(otsd_secret *s);
/* memory that is wiped when it grows and when it is freed; the bytes are followed by a NUL that does not count */
struct wiped {
    char *data;
    size_t len, size;
};
bool wiped_append(struct wiped *w, const void *data, size_t len);
bool wiped_append_string(struct wiped *w, const char *s);
void wiped_free(struct wiped *w);

/* ---- json.c ------------------------------------------------------------------------------------------------------ */

/* Parses one document that is an object or an array; strict, valid UTF-8, bounded depth. NULL where it is none, and
 * where memory ran out (*no_memory). No copy of the text stays behind except in the tree. */
struct json_object *json_read(const char *text, size_t len, bool *no_memory);
/* Wipes all strings of the tree, then releases it. */
void json_wipe(struct json_object *root);

/* ---- array.c: the elements of a JSON array, cut out as it arrives ------------------------------------------------ */

struct array {
    enum { ARRAY_BEGIN, ARRAY_FIRST, ARRAY_INSIDE, ARRAY_BETWEEN, ARRAY_NEXT, ARRAY_CLOSED } at;
    unsigned depth;
    bool in_string, escaped;
    struct wiped element;
};

enum array_verdict {
    ARRAY_MORE,      /* all is read, nothing is complete */
    ARRAY_ELEMENT,   /* element is complete: take it, then feed the rest */
    ARRAY_MALFORMED, /* no array of objects, or text behind it */
    ARRAY_TOO_LARGE, /* an element of more than 64 KiB */
    ARRAY_NO_MEMORY,
};

/* Reads on from *data, which it moves to what it has not read. The inside of an element is json_read's to check: this
 * looks at strings and brackets only. */
enum array_verdict array_feed(struct array *a, const char **data, size_t *len);
/* To be asked when the text has ended. */
bool array_complete(const struct array *a);
void array_free(struct array *a);

/* ---- classify.c: what an answer means; no input but its arguments ------------------------------------------------ */

struct answer {
    long status;              /* of HTTP */
    long intended;            /* x-ots-intended-status, 0: none */
    long retry_after;         /* seconds, 0: none */
    const char *content_type; /* "" where none */
    const char *location;     /* host of a redirect, "" where none */
    const char *body;
    size_t len;
    struct json_object *json; /* the body, NULL where it is no JSON */
    bool about_key;           /* the call named a secret or receipt, so it can be gone */
};

/* OTSD_OK: the body is JSON and the call was carried out. Otherwise fills e; reach is OTSD_REACH_ANSWERED. */
otsd_err classify_answer(const struct answer *a, const char *server, otsd_error *e);

/* ---- receipt.c --------------------------------------------------------------------------------------------------- */

enum receipt_kind { RECEIPT_SHARE, RECEIPT_GENERATE, RECEIPT_FETCH, RECEIPT_BURN, RECEIPT_LISTED };

otsd_err receipt_from_json(struct json_object *json, enum receipt_kind kind, otsd_receipt **out, otsd_error *e);
/* The answer to a read: its value. */
otsd_err value_from_json(struct json_object *json, otsd_secret **out, otsd_error *e);
/* {"status":"nominal"} */
otsd_err status_from_json(struct json_object *json, otsd_error *e);

/* The body of an answer that says yes in *json, to be given to json_wipe; otherwise why not. */
struct http_answer;
otsd_err answer_read(const struct http_answer *h, const char *server, bool about_key, struct json_object **json,
                     otsd_error *e);

/* ---- http.c, http_multi.c: all of curl --------------------------------------------------------------------------- */

struct http_settings {
    char *base;                 /* no trailing slash */
    otsd_secret *authorization; /* the whole header line, NULL: anonymous */
    char *ca_file, *pinned_key, *proxy;
    long connect_timeout_ms, timeout_ms;
    bool many; /* at once, in an http_multi: HTTP/2 where the server offers it in the TLS handshake */
};

struct http_answer {
    long status, intended, retry_after;
    char content_type[64];
    char location[256];
    struct wiped body;
};

/* What is collected of a body at most. */
#define HTTP_COLLECT_MAX ((size_t)2 << 20)

/* Is shown the body piece by piece, the head of the answer with it. SINK_COLLECT: this piece and all others are
 * collected and not shown. SINK_STOP: that was enough; the exchange then ends well. */
enum sink_verdict { SINK_TOOK, SINK_COLLECT, SINK_STOP };
struct http_sink {
    enum sink_verdict (*take)(void *arg, const struct http_answer *a, const char *data, size_t len);
    void *arg;
};

struct http_request {
    const char *path;         /* after /api/v1; printable, needs no escaping */
    const struct wiped *form; /* NULL: GET. Must live, unchanged, until http_finish */
    bool repeatable;          /* may libcurl send it again where a reused connection dies without an answer? */
    struct http_sink sink;    /* zeros: the body is collected */
    long timeout_ms;          /* 0: as in the settings */
};

/* One exchange at a time, with a connection that it keeps. */
struct http_exchange;

otsd_err http_exchange_new(struct http_exchange **out, const struct http_settings *s, otsd_error *e);
void http_exchange_free(struct http_exchange **x);
/* prepare, perform, finish. Where an http_multi drives the exchange it takes the place of the middle one. */
otsd_err http_prepare(struct http_exchange *x, const struct http_request *r, otsd_error *e);
int http_perform(struct http_exchange *x);
#define HTTP_GIVEN_UP (-1)
/* code: what perform or http_multi_ended said, or HTTP_GIVEN_UP for what was removed from its http_multi. The answer
 * belongs to x until the next prepare. Nothing that the request carried is referred to any more. */
otsd_err http_finish(struct http_exchange *x, int code, const struct http_answer **out, otsd_error *e);
/* Wipes the answer. */
void http_forget(struct http_exchange *x);
/* libcurl's handle, for http_multi.c. */
void *http_easy(struct http_exchange *x);

/* Drives exchanges between prepare and finish, at most as many as connections, and over at most so many. */
struct http_multi;

otsd_err http_multi_new(struct http_multi **out, size_t connections, otsd_error *e);
/* No exchange may be in it any more. */
void http_multi_free(struct http_multi **m);
otsd_err http_multi_add(struct http_multi *m, struct http_exchange *x, void *owner, otsd_error *e);
void http_multi_remove(struct http_multi *m, struct http_exchange *x);
/* Sends and receives what can be without waiting. */
otsd_err http_multi_perform(struct http_multi *m, otsd_error *e);
/* Until there is something to perform, a wake-up came, or the time is over. */
otsd_err http_multi_wait(struct http_multi *m, long wait_ms, otsd_error *e);
/* The owner of an exchange that ended, which is removed; NULL: there is none. */
void *http_multi_ended(struct http_multi *m, int *code);
/* From any thread. */
void http_multi_wakeup(struct http_multi *m);

/* ---- settings.c, form.c ------------------------------------------------------------------------------------------ */

/* s is zero-initialised, and to be freed on failure, too. */
otsd_err settings_make(struct http_settings *s, const otsd_config *config, otsd_error *e);
void settings_free(struct http_settings *s);
/* Of share (value is not NULL) and generate. form is zero-initialised, and to be freed on failure, too. */
otsd_err form_create(struct wiped *form, const otsd_secret *value, const otsd_options *o, otsd_error *e);
/* Of read and burn; passphrase may be NULL. Likewise. */
otsd_err form_passphrase(struct wiped *form, const otsd_secret *passphrase, otsd_error *e);

/* ---- client.c ---------------------------------------------------------------------------------------------------- */

struct otsd_client {
    struct http_settings settings;
    struct http_exchange *exchange;
    long timeout_ms; /* 0: as configured */
};

/* One exchange under the timeout of the client. */
otsd_err client_exchange(otsd_client *c, const struct http_request *request, const struct http_answer **h,
                         otsd_error *e);

/* ---- url.c ------------------------------------------------------------------------------------------------------- */

/* Is it a base URL that this library takes? On failure why says what was expected instead. */
bool http_url_check(const char *url, bool allow_http, char *why, size_t size);
bool http_proxy_check(const char *url, char *why, size_t size);

#endif
