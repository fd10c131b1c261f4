/* SPDX-License-Identifier: MIT
 *
 * The fixed answers: refusals and errors, word for word as recorded.
 */
#include "api.h"

#include <string.h>

static const char type_json[] = "application/json; charset=utf-8";
static const char type_plain_json[] = "application/json";

static void finish(struct reply *out, unsigned status, unsigned intended, struct json_object *o) {
    const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

    *out = (struct reply){.status = status,
                          .intended = intended,
                          .type = type_json,
                          .body = bytes_copy(text, strlen(text)),
                          .from_application = true};
    json_object_put(o);
}

static struct json_object *member(struct json_object *o, const char *name, const char *text) {
    if (!o)
        o = json_object_new_object();
    json_object_object_add(o, name, json_object_new_string(text));
    return o;
}

static void fixed(struct reply *out, unsigned status, const char *type, const char *body) {
    *out = (struct reply){.status = status, .type = type, .body = bytes_copy(body, strlen(body))};
}

void reply_json(struct reply *out, struct json_object *o) {
    finish(out, 200, 0, o);
}

void reply_json_list(struct reply *out) {
    finish(out, 200, 0, json_object_new_array());
}

void reply_json_item(struct reply *out, struct json_object *item) {
    const char *text = json_object_to_json_string_ext(item, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    bool first = out->body.len == strlen("[]");

    /* In the place of the bracket that closes the list. */
    out->body.len--;
    if (!first)
        bytes_append(&out->body, ",", 1);
    bytes_append(&out->body, text, strlen(text));
    bytes_append(&out->body, "]", 1);
    json_object_put(item);
}

static void refuse(struct reply *out, unsigned intended, bool with_shrimp, const char *message) {
    struct json_object *o = NULL;

    if (with_shrimp) {
        char shrimp[51];

        random_text(shrimp, sizeof shrimp - 1, "0123456789abcdefghijklmnopqrstuvwxyz");
        o = member(o, "shrimp", shrimp);
    }
    finish(out, 404, intended, member(o, "message", message));
}

void reply_refused(const struct world *w, struct reply *out, unsigned intended, const char *message) {
    refuse(out, intended, w->opt->release->shrimp, message);
}

void reply_unexpected_message(const struct world *w, struct reply *out, const char *message) {
    refuse(out, 400, w->opt->release->shrimp_at_unexpected, message);
}

void reply_unexpected(const struct world *w, struct reply *out) {
    reply_unexpected_message(w, out, "An unexpected error occurred :[");
}

void reply_rate_limited(const struct world *w, struct reply *out) {
    finish(out, 404, 400, member(NULL, "message", w->opt->release->limited));
}

void reply_not_authorized(struct reply *out, int version) {
    finish(out, version == 2 ? 403 : 404, 401, member(NULL, "message", "Not authorized"));
}

void reply_no_such_path(struct reply *out) {
    fixed(out, 404, type_plain_json, "{\"error\":\"Not Found\"}");
}

/* Cut off like this on the real server, whose Content-Length is that of another answer. */
static void internal_error(struct reply *out) {
    fixed(out, 500, type_plain_json, "{\"error\":\"Internal Se");
}

void reply_malformed_path(const struct world *w, struct reply *out) {
    if (w->opt->release->malformed_path_is_error) {
        internal_error(out);
        return;
    }
    fixed(out, 400, "text/plain", "Bad Request");
    out->close = true;
}

void reply_malformed_form(const struct world *w, struct reply *out) {
    fixed(out, w->opt->release->malformed_form, NULL, "");
    out->bare = true;
}

void reply_json_not_an_object(struct reply *out) {
    internal_error(out);
}

void reply_page(struct reply *out, unsigned status, struct bytes html) {
    *out = (struct reply){
        .status = status, .type = "text/html; charset=utf-8", .body = html, .from_application = true, .no_csrf = true};
}
