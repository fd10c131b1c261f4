/* SPDX-License-Identifier: MIT
 *
 * Reading JSON that may contain secrets with json-c, which was not made for it: it collects each string in a buffer
 * that it grows by realloc, and keeps the strings in its tree. So the buffer is grown to its final size on dummy data
 * before the text comes near it and overwritten the same way afterwards; the strings are wiped in the tree. What the
 * text may be is decided in syntax.c, and no flag of json-c's is used, for what they mean changes with its releases.
 */
#include "answer/answer.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Makes the tokener collect one string of len bytes. */
static bool overwrite_buffer(struct json_tokener *tok, size_t len) {
    char *dummy = malloc(len + 2);
    struct json_object *o;

    if (!dummy)
        return false;
    memset(dummy, 'x', len + 2);
    dummy[0] = dummy[len + 1] = '"';
    json_tokener_reset(tok);
    o = json_tokener_parse_ex(tok, dummy, (int)(len + 2));
    free(dummy);
    json_object_put(o);
    return o;
}

struct json_object *json_read(const char *text, size_t len, bool *no_memory) {
    struct json_tokener *tok;
    struct json_object *root = NULL;

    *no_memory = false;
    if (len > INT_MAX / 2 || !json_is_good(text, len))
        return NULL;
    tok = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (!tok || !overwrite_buffer(tok, len)) {
        *no_memory = true;
        goto out;
    }
    json_tokener_reset(tok);
    root = json_tokener_parse_ex(tok, text, (int)len);
    if (!overwrite_buffer(tok, len) || !root) { /* the text is good, so it can have failed for one reason only */
        *no_memory = true;
        json_wipe(root);
        root = NULL;
    }
out:
    if (tok)
        json_tokener_free(tok);
    return root;
}

static void wipe_strings(struct json_object *o) {
    size_t n;

    switch (json_object_get_type(o)) {
    case json_type_string:
        otsd_wipe((char *)json_object_get_string(o), (size_t)json_object_get_string_len(o));
        break;
    case json_type_array:
        n = json_object_array_length(o);
        for (size_t i = 0; i < n; i++)
            wipe_strings(json_object_array_get_idx(o, i));
        break;
    case json_type_object: {
        json_object_object_foreach(o, key, member) {
            (void)key;
            wipe_strings(member);
        }
        break;
    }
    default:
        break;
    }
}

void json_wipe(struct json_object *root) {
    wipe_strings(root);
    json_object_put(root);
}
