/* SPDX-License-Identifier: MIT
 *
 * The calls of the API. The caller holds the world's lock.
 */
#ifndef SANDBOX_API_H
#define SANDBOX_API_H

#include "world.h"

#include <json-c/json.h>

/* Answers a call of version 1 (of the others, status). */
void api_answer(struct world *w, const struct request *rq, int version, struct reply *out);
/* The account's receipts, in the shape of that version. */
void api_list(struct world *w, const struct request *rq, int version, struct reply *out);
/* share and generate */
void api_create(struct world *w, const struct request *rq, struct reply *out);

/* Answers. Both messages and status follow the release. */
void reply_json(struct reply *out, struct json_object *o); /* 200; takes over o */
/* A list, empty at first: the JSON values of 100,000 receipts together would take a gigabyte. */
void reply_json_list(struct reply *out);                           /* 200 */
void reply_json_item(struct reply *out, struct json_object *item); /* takes over item */
void reply_refused(const struct world *w, struct reply *out, unsigned intended, const char *message);
void reply_unexpected(const struct world *w, struct reply *out);
/* Another message, in the same dress. */
void reply_unexpected_message(const struct world *w, struct reply *out, const char *message);
void reply_rate_limited(const struct world *w, struct reply *out);
void reply_not_authorized(struct reply *out, int version);
void reply_no_such_path(struct reply *out);
void reply_malformed_path(const struct world *w, struct reply *out);
void reply_malformed_form(const struct world *w, struct reply *out);
void reply_json_not_an_object(struct reply *out);
void reply_page(struct reply *out, unsigned status, struct bytes html); /* takes over html */

/* Counts one event of the caller; true where there have been too many, by the release's limits. */
bool api_limited(struct world *w, const struct request *rq, enum limit what);
/* Reads, for the API and for the page. */
enum read_result { READ_OK, READ_UNKNOWN, READ_UNEXPECTED, READ_LIMITED };
enum read_result api_read(struct world *w, const struct request *rq, const char *key, struct bytes *value);

#endif
