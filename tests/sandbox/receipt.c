/* SPDX-License-Identifier: MIT
 *
 * Receipts, members in the order in which the recorded servers give them.
 */
#include "receipt.h"

#include "members.h"
#include "recipient.h"

#include <stdlib.h>
#include <string.h>

static struct json_object *recipients(const struct world *w, const struct secret *s) {
    struct json_object *a = json_object_new_array();

    if (s->recipient) {
        char *masked = recipient_mask(w->opt->release->mask, s->recipient);

        if (json_object_array_add(a, json_object_new_string(masked)) != 0)
            abort();
        free(masked);
    }
    return a;
}

static void add_second_names(struct json_object *o, const struct world *w, const struct secret *s, bool with_secret,
                             const char *secret_key, bool with_passphrase, int64_t metadata_ttl, const char *url,
                             const struct bytes *value) {
    add_text(o, "identifier", s->metadata_key);
    if (with_secret)
        add_text(o, "secret_identifier", secret_key);
    if (with_passphrase)
        add_flag(o, "has_passphrase", s->passphrase.data);
    add_member(o, "recipients", recipients(w, s));
    add_number(o, "receipt_ttl", metadata_ttl);
    add_text(o, "receipt_url", url);
    if (value)
        add_member(o, "secret_value", json_object_new_string_len(value->data, (int)value->len));
}

struct json_object *receipt_json(const struct world *w, const struct secret *s, const struct account *caller,
                                 enum receipt_kind kind, enum state state, const struct bytes *value) {
    const struct release *r = w->opt->release;
    bool received = state == STATE_RECEIVED;
    bool over = kind == RECEIPT_BURNED || !secret_alive(s, world_now(w));
    bool with_passphrase;
    /* In a list nobody looks at the secret itself. */
    bool no_secret_ttl = over || kind == RECEIPT_LISTED;
    bool forgotten = kind == RECEIPT_LISTED
                         ? state == STATE_BURNED || state == STATE_EXPIRED || state == STATE_ORPHANED
                         : over && kind != RECEIPT_BURNED && (state == STATE_BURNED || r->forgets_key_of_dead);
    const struct account *custid = r->custid_is_caller ? caller : s->owner;
    const char *secret_key = forgotten ? "" : s->secret_key;
    int64_t metadata_ttl = s->created + 2 * s->ttl - world_now(w);
    /* Real servers lose the key of the URL when a receipt is fetched. */
    char *url = must_format("%s/receipt/%s", w->base, kind == RECEIPT_FETCHED ? "" : s->metadata_key);
    struct json_object *o = json_object_new_object();

    add_text(o, "custid", !custid ? "anon" : custid->email);
    add_text(o, "metadata_key", s->metadata_key);
    if (!received && kind != RECEIPT_LISTED)
        add_text(o, "secret_key", secret_key);
    add_number(o, "ttl", s->ttl);
    add_number(o, "metadata_ttl", metadata_ttl);
    if (!received && no_secret_ttl)
        add_member(o, "secret_ttl", NULL);
    else if (!received)
        add_number(o, "secret_ttl", s->created + s->ttl - world_now(w));
    if (r->named_twice)
        add_text(o, "metadata_url", url);
    add_text(o, "state", state_name(state));
    add_number(o, "updated", s->updated);
    add_number(o, "created", s->created);
    if (received)
        add_number(o, "received", s->received);
    add_member(o, "recipient", recipients(w, s));
    add_text(o, "share_domain", "");
    if (value)
        add_member(o, "value", json_object_new_string_len(value->data, (int)value->len));
    with_passphrase = !received && !no_secret_ttl;
    if (with_passphrase)
        add_flag(o, "passphrase_required", s->passphrase.data);
    if (r->named_twice)
        add_second_names(o, w, s, !received, secret_key, with_passphrase, metadata_ttl, url, value);
    free(url);
    return o;
}
