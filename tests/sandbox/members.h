/* SPDX-License-Identifier: MIT
 *
 * Members of the JSON objects that an answer has by the thousand: each name is a constant, and new in its object.
 */
#ifndef SANDBOX_MEMBERS_H
#define SANDBOX_MEMBERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

void add_member(struct json_object *o, const char *name, struct json_object *v); /* takes over v */
void add_text(struct json_object *o, const char *name, const char *text);
void add_number(struct json_object *o, const char *name, int64_t n);
void add_flag(struct json_object *o, const char *name, bool on);

#endif
