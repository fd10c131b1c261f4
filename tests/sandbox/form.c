/* SPDX-License-Identifier: MIT
 *
 * Parameters. Own code, not MHD's post processor: what malformed percent signs, "a[]" and "a[b]" do is part of what
 * the recorded servers answer.
 */
#include "form.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 256

static void put(struct form *f, const char *name, size_t name_len, enum param_shape shape, struct bytes value) {
    for (size_t i = 0; i < f->len; i++) {
        struct param *p = &f->params[i];

        if (strlen(p->name) != name_len || memcmp(p->name, name, name_len) != 0)
            continue;
        if (shape == PARAM_LIST && p->shape == PARAM_LIST) {
            bytes_free(&value);
            return;
        }
        bytes_free(&p->value);
        p->value = value;
        p->shape = shape;
        return;
    }
    if (f->len == PARAMS_MAX) {
        bytes_free(&value);
        return;
    }
    f->params = must_realloc(f->params, (f->len + 1) * sizeof *f->params);
    f->params[f->len++] = (struct param){bytes_copy(name, name_len).data, shape, value};
}

static bool add_pair(struct form *f, const char *s, size_t len) {
    const char *equals = memchr(s, '=', len);
    size_t name_len = !equals ? len : (size_t)(equals - s);
    struct bytes name = {NULL, 0}, value = {NULL, 0};
    enum param_shape shape = PARAM_TEXT;
    size_t base;

    if (!percent_decode(s, name_len, true, &name))
        return false;
    if (!equals) {
        value = bytes_copy("", 0);
    } else if (!percent_decode(equals + 1, len - name_len - 1, true, &value)) {
        bytes_free(&name);
        return false;
    }
    base = strcspn(name.data, "[");
    if (base > 0 && base < name.len) {
        shape = name.data[base + 1] == ']' ? PARAM_LIST : PARAM_NESTED;
        put(f, name.data, base, shape, value);
    } else {
        put(f, name.data, strlen(name.data), shape, value);
    }
    bytes_free(&name);
    return true;
}

enum form_err form_add_urlencoded(struct form *f, const char *s, size_t len) {
    for (size_t i = 0; i < len;) {
        const char *end = memchr(s + i, '&', len - i);
        size_t n = !end ? len - i : (size_t)(end - (s + i));

        if (n > 0 && !add_pair(f, s + i, n))
            return FORM_MALFORMED;
        i += n + 1;
    }
    return FORM_OK;
}

static void add_member(struct form *f, const char *name, struct json_object *v) {
    enum param_shape shape = PARAM_TEXT;
    const char *text;

    if (json_object_is_type(v, json_type_array)) {
        shape = PARAM_LIST;
        v = json_object_array_length(v) > 0 ? json_object_array_get_idx(v, 0) : NULL;
    } else if (json_object_is_type(v, json_type_object)) {
        shape = PARAM_NESTED;
    } else if (json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double)) {
        shape = PARAM_NUMBER;
    }
    if (!v && shape == PARAM_TEXT)
        return;
    if (json_object_is_type(v, json_type_string)) {
        put(f, name, strlen(name), shape, bytes_copy(json_object_get_string(v), (size_t)json_object_get_string_len(v)));
        return;
    }
    text = !v ? "" : json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN);
    put(f, name, strlen(name), shape, bytes_copy(text, strlen(text)));
}

static void add_members(struct form *f, struct json_object *o) {
    json_object_object_foreach(o, name, v) {
        add_member(f, name, v);
    }
}

static bool is_ascii(const char *s, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] >= 0x80)
            return false;
    return true;
}

enum form_err form_add_json(struct form *f, const char *s, size_t len) {
    enum form_err err = FORM_MALFORMED;
    struct json_object *root = NULL;
    struct json_tokener *tok = NULL;

    if (len == 0)
        return FORM_OK;
    tok = json_tokener_new();
    if (!tok)
        return FORM_MALFORMED;
    /* json-c 0.18 takes no byte beyond ASCII where it is strict. */
    if (is_ascii(s, len))
        json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    /* The NUL that follows the body ends a bare number. */
    root = json_tokener_parse_ex(tok, s, (int)len + 1);
    if (json_tokener_get_error(tok) != json_tokener_success)
        goto out;
    err = FORM_NOT_AN_OBJECT;
    if (!json_object_is_type(root, json_type_object))
        goto out;
    add_members(f, root);
    err = FORM_OK;
out:
    json_object_put(root);
    json_tokener_free(tok);
    return err;
}

const struct param *form_find(const struct form *f, const char *name) {
    for (size_t i = 0; i < f->len; i++) {
        if (strcmp(f->params[i].name, name) == 0)
            return &f->params[i];
    }
    return NULL;
}

const char *form_text(const struct form *f, const char *name) {
    const struct param *p = form_find(f, name);

    return !p ? "" : p->value.data;
}

void form_free(struct form *f) {
    for (size_t i = 0; i < f->len; i++) {
        free(f->params[i].name);
        bytes_free(&f->params[i].value);
    }
    free(f->params);
    *f = (struct form){NULL, 0};
}
