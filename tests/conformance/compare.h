/* SPDX-License-Identifier: MIT
 *
 * For replay.c: is an answer like the recorded one? What cannot be equal is compared by shape.
 */
#ifndef CONFORMANCE_COMPARE_H
#define CONFORMANCE_COMPARE_H

#include "peer.h"

#include <time.h>

#define TOLERANCE 10 /* seconds */

static bool is_one_of(const char *name, const char *const *list) {
    for (; *list; list++) {
        if (strcmp(name, *list) == 0)
            return true;
    }
    return false;
}

static bool same_key(const char *name, const char *want, const char *got) {
    size_t a = strlen(want), b = strlen(got);
    /* Real keys differ by a character in length. */
    size_t slack = a > 20 ? 1 : 0;

    if (strcmp(want, got) != 0 &&
        (a == 0 || b + slack < a || b > a + slack || strspn(got, "0123456789abcdefghijklmnopqrstuvwxyz") != b))
        return differs("%s: like %s, got %s", name, want, got);
    return true;
}

static bool same_value(const char *name, struct json_object *want, struct json_object *got, bool generated,
                       bool travelled) {
    static const char *const keys[] = {"metadata_key",      "secret_key",      "identifier",
                                       "secret_identifier", "secret_shortkey", NULL};
    static const char *const urls[] = {"metadata_url", "receipt_url", NULL};
    static const char *const times[] = {"updated", "created", "received", NULL};
    static const char *const lives[] = {"metadata_ttl", "secret_ttl", "receipt_ttl", NULL};
    const char *w, *g;

    if (json_object_get_type(want) != json_object_get_type(got))
        return differs("%s: type %s, got %s", name, json_type_to_name(json_object_get_type(want)),
                       json_type_to_name(json_object_get_type(got)));
    if (!want)
        return true;
    w = json_object_get_string(want);
    g = json_object_get_string(got);
    if (is_one_of(name, keys))
        return same_key(name, w, g);
    if (is_one_of(name, urls)) {
        size_t prefix = (size_t)(strrchr(w, '/') - w) + 1;

        return strncmp(w, g, prefix) == 0 ? same_key(name, w + prefix, g + prefix)
                                          : differs("%s: %s, got %s", name, w, g);
    }
    if (is_one_of(name, times)) {
        int64_t t = json_object_get_int64(got);

        return t >= time(NULL) - TOLERANCE || travelled || differs("%s: not about now: %s", name, g);
    }
    if (is_one_of(name, lives)) {
        int64_t off = json_object_get_int64(want) - json_object_get_int64(got);

        return llabs(off) <= TOLERANCE || travelled || differs("%s: %s, got %s", name, w, g);
    }
    if (strcmp(name, "shrimp") == 0)
        return strlen(g) >= 40 || differs("shrimp: got %s", g);
    if (generated && (strcmp(name, "value") == 0 || strcmp(name, "secret_value") == 0)) {
        for (const char *p = g; *p != '\0'; p++) {
            if (!isgraph((unsigned char)*p))
                return differs("%s: not printable", name);
        }
        return strlen(w) == strlen(g) || differs("%s: like %s, got %s", name, w, g);
    }
    return json_object_equal(want, got) || differs("%s: %s, got %s", name, w, g);
}

static bool same_object(struct json_object *want, struct json_object *got, bool generated, bool travelled) {
    struct json_object_iterator i = json_object_iter_begin(got), end = json_object_iter_end(got);

    json_object_object_foreach(want, name, value) {
        struct json_object *other;

        if (json_object_iter_equal(&i, &end))
            return differs("no member %s", name);
        if (strcmp(name, json_object_iter_peek_name(&i)) != 0)
            return differs("member %s, got %s", name, json_object_iter_peek_name(&i));
        other = json_object_iter_peek_value(&i);
        if (json_object_is_type(value, json_type_object) && json_object_is_type(other, json_type_object)) {
            if (!same_object(value, other, generated, travelled))
                return false;
        } else if (!same_value(name, value, other, generated, travelled)) {
            return false;
        }
        json_object_iter_next(&i);
    }
    return json_object_iter_equal(&i, &end) || differs("a member too many: %s", json_object_iter_peek_name(&i));
}

/* Another secret in the same state: the same members, in the same order, of the same types. */
static bool same_kind(struct json_object *want, struct json_object *got) {
    struct json_object_iterator i = json_object_iter_begin(got), end = json_object_iter_end(got);

    json_object_object_foreach(want, name, value) {
        struct json_object *other;

        if (json_object_iter_equal(&i, &end) || strcmp(name, json_object_iter_peek_name(&i)) != 0)
            return false;
        other = json_object_iter_peek_value(&i);
        if (json_object_get_type(value) != json_object_get_type(other) ||
            (strcmp(name, "state") == 0 && !json_object_equal(value, other)))
            return false;
        json_object_iter_next(&i);
    }
    return json_object_iter_equal(&i, &end);
}

/* Each recorded entry has its like. */
static bool same_list(struct json_object *want, struct json_object *got) {
    for (size_t i = 0; i < json_object_array_length(want); i++) {
        struct json_object *entry = json_object_array_get_idx(want, i);
        bool found = false;

        for (size_t j = 0; j < json_object_array_length(got) && !found; j++)
            found = same_kind(entry, json_object_array_get_idx(got, j));
        if (!found)
            return differs("nothing in the list is like %s", json_object_to_json_string(entry));
    }
    return true;
}

static bool is_page(const char *body) {
    return strncasecmp(body, "<!doctype html>", 15) == 0;
}

static const char *const by_transport[] = {"connection", "content-length", "date", "keep-alive", NULL};

static bool no_more_headers(struct json_object *got, size_t n) {
    json_object_object_foreach(got, name, unused) {
        (void)unused;
        if (!is_one_of(name, by_transport) && n-- == 0)
            return differs("a header too many, perhaps %s", name);
    }
    return true;
}

/* Names; and values of those that tell a client something. */
static bool same_headers(struct json_object *want, struct json_object *got) {
    static const char *const by_value[] = {"content-type", "x-ots-intended-status", "server", "x-content-type-options",
                                           NULL};
    size_t n = 0;

    json_object_object_foreach(want, recorded_name, value) {
        char name[128];
        size_t i = 0;
        const char *other;

        for (; i < sizeof name - 1 && recorded_name[i] != '\0'; i++)
            name[i] = (char)tolower((unsigned char)recorded_name[i]);
        name[i] = '\0';
        if (is_one_of(name, by_transport))
            continue;
        other = text(got, name);
        if (!other)
            return differs("no header %s", name);
        if (is_one_of(name, by_value) && strcmp(other, json_object_get_string(value)) != 0)
            return differs("header %s: %s, got %s", name, json_object_get_string(value), other);
        n++;
    }
    return no_more_headers(got, n);
}

static bool same_answer(struct json_object *response, const char *body, const struct answer *a, bool generated,
                        bool travelled) {
    struct json_object *status = NULL, *headers = NULL, *want, *got;
    bool same = false;

    json_object_object_get_ex(response, "status", &status);
    json_object_object_get_ex(response, "headers", &headers);
    if (json_object_get_int64(status) != a->status)
        return differs("status %s, got %ld (%s)", json_object_get_string(status), a->status, a->body);
    if (!same_headers(headers, a->headers))
        return false;
    want = json_tokener_parse(body);
    got = json_tokener_parse(a->body);
    if (json_object_is_type(want, json_type_array) && json_object_is_type(got, json_type_array))
        same = same_list(want, got);
    else if (!json_object_is_type(want, json_type_object))
        same = (is_page(body) && is_page(a->body)) || strcmp(body, a->body) == 0 ||
               differs("body %s, got %s", body, a->body);
    else if (!json_object_is_type(got, json_type_object))
        same = differs("no JSON object: %s", a->body);
    else
        same = same_object(want, got, generated, travelled);
    json_object_put(want);
    json_object_put(got);
    return same;
}

#endif
