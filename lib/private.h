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
/* One address as a form field takes it: one "@", no blanks, commas, quotes, brackets or control characters. */
bool text_is_address(const char *s);
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
otsd_err receipts_from_json(struct json_object *json, otsd_receipts **out, otsd_error *e);
/* The answer to a read: its value. */
otsd_err value_from_json(struct json_object *json, otsd_secret **out, otsd_error *e);
/* {"status":"nominal"} */
otsd_err status_from_json(struct json_object *json, otsd_error *e);

/* ---- http.c: all of curl ----------------------------------------------------------------------------------------- */

struct http_settings {
    char *base;                 /* no trailing slash */
    otsd_secret *authorization; /* the whole header line, NULL: anonymous */
    char *ca_file, *pinned_key, *proxy;
    long connect_timeout_ms, timeout_ms;
};

struct http_request {
    const char *path;         /* after /api/v1; printable, needs no escaping */
    const struct wiped *form; /* NULL: GET. Must live until http_finish */
    bool repeatable;          /* may libcurl send it again where a reused connection dies without an answer? */
    size_t answer_max;
    long timeout_ms; /* 0: as in the settings */
};

struct http_answer {
    long status, intended, retry_after;
    char content_type[64];
    char location[256];
    struct wiped body;
};

/* One exchange at a time, with a connection that it keeps. */
struct http_exchange;

otsd_err http_exchange_new(struct http_exchange **out, const struct http_settings *s, otsd_error *e);
void http_exchange_free(struct http_exchange **x);
/* prepare, perform, finish: a multi-handle driver can replace the middle one. */
otsd_err http_prepare(struct http_exchange *x, const struct http_request *r, otsd_error *e);
int http_perform(struct http_exchange *x);
/* code: the CURLcode of the transfer. The answer belongs to x until the next prepare. Nothing that the request
 * carried is referred to any more. */
otsd_err http_finish(struct http_exchange *x, int code, const struct http_answer **out, otsd_error *e);
/* Wipes the answer. */
void http_forget(struct http_exchange *x);
/* Appends name=value, percent-escaped. */
bool http_form_add(struct http_exchange *x, struct wiped *form, const char *name, const char *value, size_t len);

/* Is it a base URL that this library takes? On failure why says what was expected instead. */
bool http_url_check(const char *url, bool allow_http, char *why, size_t size);
bool http_proxy_check(const char *url, char *why, size_t size);

#endif
