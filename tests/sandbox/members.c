/* SPDX-License-Identifier: MIT
 *
 * Without memory there is no answer, and no test that it could be part of.
 */
#include "members.h"

#include <stdlib.h>

void add_member(struct json_object *o, const char *name, struct json_object *v) {
    if (json_object_object_add_ex(o, name, v, JSON_C_OBJECT_ADD_CONSTANT_KEY | JSON_C_OBJECT_ADD_KEY_IS_NEW) != 0)
        abort();
}

void add_text(struct json_object *o, const char *name, const char *text) {
    add_member(o, name, json_object_new_string(text));
}

void add_number(struct json_object *o, const char *name, int64_t n) {
    add_member(o, name, json_object_new_int64(n));
}

void add_flag(struct json_object *o, const char *name, bool on) {
    add_member(o, name, json_object_new_boolean(on ? 1 : 0));
}
