/* SPDX-License-Identifier: MIT
 *
 * A receipt as JSON.
 */
#ifndef SANDBOX_RECEIPT_H
#define SANDBOX_RECEIPT_H

#include "world.h"

#include <json-c/json.h>

enum receipt_kind { RECEIPT_CREATED, RECEIPT_FETCHED, RECEIPT_BURNED, RECEIPT_LISTED };

/* state is what the answer says (a burn says what was before it). value: NULL, or the plaintext to show. */
struct json_object *receipt_json(const struct world *w, const struct secret *s, const struct account *caller,
                                 enum receipt_kind kind, enum state state, const struct bytes *value);

#endif
