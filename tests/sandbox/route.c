/* SPDX-License-Identifier: MIT
 *
 * Paths to calls. Most releases are strict (no double slash, no slash after a key).
 */
#include "route.h"

#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX 8

static const char *const names[CALL_COUNT] = {"other", "generate", "share",  "read",     "receipt",
                                              "burn",  "recent",   "status", "authcheck"};

const char *call_name(enum call c) {
    return names[c];
}

enum call call_from_name(const char *name) {
    for (int c = CALL_NONE + 1; c < CALL_COUNT; c++) {
        if (strcmp(name, names[c]) == 0)
            return (enum call)c;
    }
    return CALL_NONE;
}

static bool is_receipt_word(const struct release *release, const char *s) {
    return strcmp(s, "private") == 0 || strcmp(s, "metadata") == 0 ||
           (release->receipt_word && strcmp(s, "receipt") == 0);
}

static enum call fixed_call(bool get, bool post, const char *word, bool *create) {
    if (get && strcmp(word, "status") == 0)
        return CALL_STATUS;
    if (get && strcmp(word, "authcheck") == 0)
        return CALL_AUTHCHECK;
    if (post && strcmp(word, "generate") == 0)
        return CALL_GENERATE;
    if (post && (strcmp(word, "share") == 0 || strcmp(word, "create") == 0)) {
        *create = *word == 'c';
        return CALL_SHARE;
    }
    return CALL_NONE;
}

/* Is there such a call in that version? */
static bool version_has(const struct release *release, const struct route *r) {
    if (r->version == 1)
        return true;
    if (r->call == CALL_STATUS)
        return r->version == 2 || release->v3 == V3_STATUS;
    return r->version == 2 && r->call == CALL_RECENT && release->v2_list;
}

static void api_route(const struct release *release, const char *method, char *const seg[], size_t n, bool trailing,
                      struct route *r) {
    bool post = strcmp(method, "POST") == 0;
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    const char *key = NULL;

    r->version = strcmp(seg[1], "v1") == 0 ? 1 : strcmp(seg[1], "v2") == 0 ? 2 : strcmp(seg[1], "v3") == 0 ? 3 : 0;
    if (n == 3) {
        r->call = fixed_call(get, post, seg[2], &r->create);
    } else if (n == 4 && strcmp(seg[2], "secret") == 0 && post) {
        r->call = CALL_READ;
        key = seg[3];
    } else if (n == 4 && is_receipt_word(release, seg[2]) && get && strcmp(seg[3], "recent") == 0) {
        r->call = CALL_RECENT;
    } else if (n == 4 && is_receipt_word(release, seg[2]) && (get || post)) {
        r->call = CALL_RECEIPT;
        key = seg[3];
    } else if (n == 5 && post && strcmp(seg[4], "burn") == 0 && is_receipt_word(release, seg[2]) &&
               (release->receipt_word || strcmp(seg[2], "private") == 0)) {
        r->call = CALL_BURN;
        key = seg[3];
    }
    if (r->version == 3 && release->v3 != V3_STATUS)
        r->kind = release->v3 == V3_HOME ? ROUTE_HOME : ROUTE_MISSING_PAGE;
    if (r->call == CALL_NONE || r->version == 0 || (key && *key == '\0') ||
        (key && trailing && !release->forgives_slashes) || !version_has(release, r)) {
        r->call = CALL_NONE;
        return;
    }
    r->kind = ROUTE_API;
    if (key)
        r->key = bytes_copy(key, strlen(key));
}

void route_parse(const struct release *release, const char *method, const char *target, struct route *r) {
    struct bytes path = {NULL, 0};
    char *seg[SEGMENTS_MAX];
    size_t n = 0, path_len = strcspn(target, "?#");
    bool trailing;

    *r = (struct route){.kind = ROUTE_NOT_FOUND, .query = ""};
    if (target[path_len] == '?')
        r->query = target + path_len + 1;
    if (!percent_decode(target, path_len, false, &path)) {
        r->kind = ROUTE_MALFORMED;
        return;
    }
    if (path.len == 0 || path.data[0] != '/' || memchr(path.data, '\0', path.len))
        goto out;
    trailing = path.len > 1 && path.data[path.len - 1] == '/';
    if (trailing)
        path.data[path.len - 1] = '\0';
    for (char *rest = path.data + 1, *s; (s = strsep(&rest, "/"));) {
        if (*s == '\0' && release->forgives_slashes) {
            r->untidy = true;
            continue;
        }
        if (n == SEGMENTS_MAX)
            goto out;
        seg[n++] = s;
    }
    if (n == 0 || (n == 1 && *seg[0] == '\0')) {
        r->kind = ROUTE_HOME;
    } else if (strcmp(seg[0], "api") == 0) {
        if (n >= 3)
            api_route(release, method, seg, n, trailing, r);
    } else if (strcmp(seg[0], "sandbox") == 0 && n >= 2) {
        r->kind = ROUTE_CONTROL;
        r->key = n == 2 ? bytes_copy(seg[1], strlen(seg[1])) : (struct bytes){NULL, 0};
        if (n == 3)
            bytes_format(&r->key, "%s/%s", seg[1], seg[2]);
    } else if (strcmp(seg[0], "secret") == 0 && n == 2) {
        r->kind = ROUTE_LINK;
        r->key = bytes_copy(seg[1], strlen(seg[1]));
    }
out:
    bytes_free(&path);
}

void route_free(struct route *r) {
    bytes_free(&r->key);
}
