/* SPDX-License-Identifier: MIT
 *
 * The hostile answers. All but the redirect come from a request that was carried out, as a server with bad intentions
 * would have it: what the client must not lose is really there.
 */
#include "hostile.h"

#include "api.h"
#include "receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the number of an entry stands in its key. */
#define NUMBER_DIGITS 10

struct flood {
    struct bytes entry;
    size_t number_at; /* in the entry */
    long entries, next;
    size_t sent; /* of the entry in hand */
    struct bytes now;
};

static const struct secret *newest(const struct world *w) {
    return w->store.len > 0 ? w->store.all[w->store.len - 1] : NULL;
}

static void redirect(const struct world *w, const struct request *rq, struct reply *out) {
    const struct secret *s = *rq->key == '\0' ? newest(w) : NULL;
    const char *key = s ? s->metadata_key : *rq->key != '\0' ? rq->key : "nokeythere";

    bytes_free(&out->body);
    *out = (struct reply){.status = 302, .type = "text/html", .body = bytes_copy("", 0), .bare = true};
    out->location = must_format("https://%s:443/%s?%s", key, key, key);
}

/* Puts the value under the name wherever that stands. Was there one? */
static bool put_everywhere(struct json_object *o, const char *name, struct json_object *value) {
    struct json_object_iterator at, end;
    bool found = false;

    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            found = put_everywhere(json_object_array_get_idx(o, i), name, value) || found;
    if (!json_object_is_type(o, json_type_object))
        return found;
    if (json_object_object_get_ex(o, name, NULL)) {
        json_object_object_add(o, name, json_object_get(value));
        found = true;
    }
    end = json_object_iter_end(o);
    for (at = json_object_iter_begin(o); !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (strcmp(json_object_iter_peek_name(&at), name) != 0)
            found = put_everywhere(json_object_iter_peek_value(&at), name, value) || found;
    return found;
}

static void put_member(const struct fault *f, struct reply *out) {
    struct json_object *o = out->body.data ? json_tokener_parse(out->body.data) : NULL;
    struct json_object *value = json_tokener_parse(f->body);
    const char *text;

    if (o && !put_everywhere(o, f->name, value) && json_object_is_type(o, json_type_object))
        json_object_object_add(o, f->name, json_object_get(value));
    if (o) {
        text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        bytes_free(&out->body);
        out->body = bytes_copy(text, strlen(text));
    }
    json_object_put(value);
    json_object_put(o);
}

static void flood(const struct world *w, const struct request *rq, const struct fault *f, struct reply *out) {
    static const struct secret none = {.metadata_key = "nothingwasevercreatedhere", .ttl = 3600, .state = STATE_NEW};
    const struct secret *s = newest(w);
    struct json_object *o = receipt_json(w, s ? s : &none, rq->account, RECEIPT_LISTED, STATE_NEW, NULL);

    bytes_free(&out->body);
    reply_json(out, o);
    out->entries = f->entries;
}

void hostile_change(const struct world *w, const struct request *rq, const struct fault *f, struct reply *out) {
    switch (f->kind) {
    case FAULT_NUL:
        bytes_append(&out->body, "", 1);
        bytes_append(&out->body, f->body ? f->body : "{\"more\":1}", strlen(f->body ? f->body : "{\"more\":1}"));
        break;
    case FAULT_REDIRECT:
        redirect(w, rq, out);
        break;
    case FAULT_MEMBER:
        put_member(f, out);
        break;
    case FAULT_FLOOD:
        flood(w, rq, f, out);
        break;
    default:
        break;
    }
}

void *flood_new(struct bytes entry, long entries) {
    static const char name[] = "\"metadata_key\":\"";
    struct flood *x = must_alloc(sizeof *x);
    const char *key;

    *x = (struct flood){.entry = bytes_copy(entry.data, entry.len), .entries = entries};
    key = strstr(x->entry.data, name);
    x->number_at = key ? (size_t)(key - x->entry.data) + strlen(name) : 0;
    return x;
}

/* The next entry with its number in the key, or the bracket that ends the list. */
static void next_entry(struct flood *x) {
    char number[32];

    bytes_free(&x->now);
    x->sent = 0;
    if (x->next == x->entries) {
        x->now = bytes_copy("]", 1);
    } else {
        x->now = bytes_copy(x->next == 0 ? "[" : ",", 1);
        bytes_append(&x->now, x->entry.data, x->entry.len);
        snprintf(number, sizeof number, "%0*ld", NUMBER_DIGITS, x->next);
        if (x->number_at > 0)
            memcpy(x->now.data + 1 + x->number_at, number, NUMBER_DIGITS);
    }
    x->next++;
}

ssize_t flood_read(void *flood, uint64_t pos, char *buf, size_t max) {
    struct flood *x = flood;
    size_t n = 0, part;

    (void)pos; /* it is read from the start to the end, once */
    while (n < max) {
        if (x->sent == x->now.len) {
            if (x->next > x->entries)
                break;
            next_entry(x);
        }
        part = x->now.len - x->sent < max - n ? x->now.len - x->sent : max - n;
        memcpy(buf + n, x->now.data + x->sent, part);
        x->sent += part;
        n += part;
    }
    return n > 0 ? (ssize_t)n : -1; /* MHD_CONTENT_READER_END_OF_STREAM */
}

void flood_free(void *flood) {
    struct flood *x = flood;

    bytes_free(&x->entry);
    bytes_free(&x->now);
    free(x);
}
