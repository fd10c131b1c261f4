/* SPDX-License-Identifier: MIT
 *
 * The account's receipts. Version 1 gives a bare array, or nothing but trouble (v0.21 to v0.23); version 2 of those
 * releases an object whose records have members of their own: what is stored as text, what is computed as a boolean,
 * and secret_ttl as granted, never what is left of it.
 */
#include "api.h"

#include "members.h"
#include "receipt.h"
#include "recipient.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECENT_SECONDS (30 * 86400)

static bool is_listed(const struct world *w, const struct request *rq, const struct secret *s) {
    int64_t now = world_now(w);

    return s->owner == rq->account && receipt_alive(s, now) && s->created > now - RECENT_SECONDS;
}

/* "" where it never happened. */
static void add_number_text(struct json_object *o, const char *name, int64_t n) {
    char *text = n == 0 ? must_copy("") : must_format("%lld", (long long)n);

    add_text(o, name, text);
    free(text);
}

static void add_first(struct json_object *o, const char *name, const char *key, size_t len) {
    add_member(o, name, json_object_new_string_len(key, (int)(strlen(key) < len ? strlen(key) : len)));
}

static bool is_over(const struct secret *s) {
    return s->state != STATE_NEW && s->state != STATE_VIEWED;
}

static struct json_object *record(const struct world *w, const struct secret *s) {
    const struct release *r = w->opt->release;
    char *masked = s->recipient ? recipient_mask(r->mask, s->recipient) : must_copy("");
    struct json_object *o = json_object_new_object();

    add_text(o, "identifier", s->metadata_key);
    add_text(o, "key", s->metadata_key);
    add_text(o, "custid", s->owner->email);
    add_text(o, "state", state_name(s->state));
    add_first(o, "secret_shortkey", s->secret_key, r->shortkey);
    add_number_text(o, "secret_ttl", s->ttl);
    add_number_text(o, "metadata_ttl", 2 * s->ttl);
    add_number_text(o, "lifespan", 2 * s->ttl);
    add_text(o, "share_domain", "");
    add_number_text(o, "created", s->created);
    add_number_text(o, "updated", s->updated);
    add_text(o, "shared", "");
    add_number_text(o, "received", s->received);
    add_number_text(o, "burned", s->burned);
    add_number_text(o, "viewed", s->state == STATE_VIEWED ? s->updated : 0);
    add_text(o, "recipients", masked);
    if (r->v2_memo)
        add_text(o, "memo", "");
    add_first(o, "shortkey", s->metadata_key, 8);
    add_flag(o, "show_recipients", *masked != '\0');
    add_flag(o, "is_viewed", s->state == STATE_VIEWED);
    add_flag(o, "is_received", s->state == STATE_RECEIVED);
    add_flag(o, "is_burned", s->state == STATE_BURNED);
    add_flag(o, "is_expired", s->state == STATE_EXPIRED);
    add_flag(o, "is_orphaned", s->state == STATE_ORPHANED);
    add_flag(o, "is_destroyed", is_over(s));
    add_flag(o, "is_truncated", false);
    add_flag(o, "has_passphrase", s->passphrase.data);
    free(masked);
    return o;
}

static int later_updated_first(const void *a, const void *b) {
    const struct secret *x = *(const struct secret *const *)a, *y = *(const struct secret *const *)b;

    return x->updated < y->updated ? 1 : x->updated > y->updated ? -1 : 0;
}

static void list_v2(const struct world *w, const struct request *rq, struct reply *out) {
    const struct secret **found = must_alloc((w->store.len + 1) * sizeof(struct secret *));
    struct json_object *o = json_object_new_object(), *details = json_object_new_object();
    struct json_object *records = json_object_new_array(), *over = json_object_new_array(),
                       *others = json_object_new_array();
    time_t now = (time_t)world_now(w);
    char now_text[64] = "";
    struct tm tm;
    size_t n = 0;

    for (size_t i = 0; i < w->store.len; i++) {
        if (is_listed(w, rq, w->store.all[i]))
            found[n++] = w->store.all[i];
    }
    qsort(found, n, sizeof(struct secret *), later_updated_first);
    for (size_t i = 0; i < n; i++) {
        struct json_object *r = record(w, found[i]);

        json_object_array_add(records, r);
        json_object_array_add(is_over(found[i]) ? over : others, json_object_get(r));
    }
    if (gmtime_r(&now, &tm))
        (void)strftime(now_text, sizeof now_text, "%Y-%m-%d %H:%M:%S +0000", &tm);
    add_flag(o, "success", true);
    add_text(o, "custid", rq->account->email);
    add_number(o, "count", (int64_t)n);
    add_member(o, "records", records);
    add_text(details, "type", "list");
    add_number(details, "since", now - RECENT_SECONDS);
    add_text(details, "now", now_text);
    add_flag(details, "has_items", n > 0);
    add_member(details, "received", over);
    add_member(details, "notreceived", others);
    add_member(o, "details", details);
    reply_json(out, o);
    free(found);
}

void api_list(struct world *w, const struct request *rq, int version, struct reply *out) {
    enum list_habit habit = w->opt->release->list;

    if (!rq->account) {
        reply_not_authorized(out, version);
        return;
    }
    if (version == 2) {
        list_v2(w, rq, out);
        return;
    }
    if (habit == LIST_BROKEN) {
        reply_unexpected(w, out);
        return;
    }
    reply_json_list(out);
    for (size_t i = 0; i < w->store.len; i++) {
        const struct secret *s = w->store.all[habit == LIST_NEWEST_FIRST ? w->store.len - 1 - i : i];

        if (is_listed(w, rq, s))
            reply_json_item(out, receipt_json(w, s, rq->account, RECEIPT_LISTED, s->state, NULL));
    }
}
