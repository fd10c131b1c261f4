/* SPDX-License-Identifier: MIT
 *
 * What a server's answer says: from bytes to JSON, from JSON to a typed receipt or to the reason why there is none.
 */
#ifndef OTSD_ANSWER_H
#define OTSD_ANSWER_H

#include "http/http.h"
#include "server/generation.h"

struct json_object;

/* syntax.c */

#define JSON_DEPTH_MAX 15

/* Is all of the text one JSON document, an object or an array? */
bool json_is_good(const char *text, size_t len);

/* json.c */

/* The tree of a text that json_is_good; NULL where it is not, and where memory ran out (*no_memory). No copy of the
 * text stays behind except in the tree. */
struct json_object *json_read(const char *text, size_t len, bool *no_memory);
/* Wipes all strings of the tree, then releases it. */
void json_wipe(struct json_object *root);

/* array.c: the elements of a JSON array, cut out as it arrives. */

typedef struct array {
    const char *member; /* of an object; NULL: the array is all of the text. The caller's, the rest begins as zeros */
    enum { ARRAY_BEGIN, ARRAY_FIRST, ARRAY_INSIDE, ARRAY_BETWEEN, ARRAY_NEXT, ARRAY_CLOSED } at;
    enum {
        AROUND_BEGIN,
        AROUND_FIRST,
        AROUND_NAME,
        AROUND_IN_NAME,
        AROUND_COLON,
        AROUND_BEFORE,
        AROUND_VALUE,
        AROUND_LIST,
        AROUND_CLOSED
    } around;
    size_t matched; /* characters of the name; one more than it has: it is another */
    bool is_list;   /* the name was that of the member */
    unsigned depth;
    bool in_string, escaped;
    wiped element;
} array;

typedef enum array_verdict {
    ARRAY_MORE,      /* all is read, nothing is complete */
    ARRAY_ELEMENT,   /* element is complete: take it, then feed the rest */
    ARRAY_MALFORMED, /* no array of objects there, or text behind it */
    ARRAY_TOO_LARGE, /* an element of more than 64 KiB */
    ARRAY_NO_MEMORY,
} array_verdict;

/* Reads on from *data, which it moves to what it has not read. The inside of an element is json_read's to check: this
 * looks at strings and brackets only. */
array_verdict array_feed(array *a, const char **data, size_t *len);
/* To be asked when the text has ended. */
bool array_complete(const array *a);
void array_free(array *a);

/* classify.c: what an answer means; no input but its arguments. */

typedef struct reply {
    long status;              /* of HTTP */
    long intended;            /* x-ots-intended-status, 0: none */
    long retry_after;         /* seconds, 0: none */
    const char *content_type; /* "" where none */
    const char *location;     /* host of a redirect, "" where none */
    const char *body;
    size_t len;
    struct json_object *json; /* the body, NULL where it is no JSON */
    bool about_key;           /* the call named a secret or receipt, so it can be gone */
} reply;

/* OTSD_OK: the body is JSON and the call was carried out. Otherwise fills e; reach is OTSD_REACH_ANSWERED. */
otsd_err classify_answer(const reply *a, const char *server, otsd_error *e);

/* generation.c: which releases a server may be, as its answers show. */

/* By one more answer; json: its body, NULL where it is none or was not read. */
void generation_learn(generation *g, const http_answer *h, struct json_object *json);
/* By which of the two lists of receipts works. */
void generation_learn_list(generation *g, bool v1_works);
/* By what the server has generated; NULL: it is not there. */
void generation_learn_value(generation *g, const otsd_secret *value);

/* OTSD_ERR_ARGUMENT: this one would, as far as its own answers do not speak against it. passphrase: NULL allowed. */
otsd_err generation_check(const generation *g, const otsd_secret *passphrase, otsd_error *e);

/* receipt.c */

typedef enum receipt_kind {
    RECEIPT_SHARE,
    RECEIPT_GENERATE,
    RECEIPT_FETCH,
    RECEIPT_BURN,
    RECEIPT_LISTED,
    RECEIPT_LISTED_V2, /* in v2's list */
} receipt_kind;

otsd_err receipt_from_json(struct json_object *json, receipt_kind kind, otsd_receipt **out, otsd_error *e);
/* The answer to a read: its value. */
otsd_err value_from_json(struct json_object *json, otsd_secret **out, otsd_error *e);
/* {"status":"nominal"} */
otsd_err status_from_json(struct json_object *json, otsd_error *e);

/* The body of an answer that says yes in *json, to be given to json_wipe; otherwise why not. */
otsd_err answer_read(const http_answer *h, const char *server, bool about_key, struct json_object **json,
                     otsd_error *e);

#endif
