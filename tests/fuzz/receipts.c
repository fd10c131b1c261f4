/* SPDX-License-Identifier: MIT */
#include "receipts.h"

#include <string.h>

#include "base/json.h"
#include "fuzz.h"

struct json_object *read_good(const char *text, size_t len) {
    bool no_memory;
    struct json_object *json = json_read(text, len, &no_memory);

    HOLDS(!no_memory); /* else the parser has refused what the grammar takes */
    HOLDS(!json == !json_is_good(text, len));
    return json;
}

void error_holds(const otsd_error *e, otsd_err rc) {
    HOLDS(rc != OTSD_OK && e->code == rc && rc <= OTSD_ERR_ANSWER);
    HOLDS(rc != OTSD_ERR_MEMORY);
    HOLDS(memchr(e->message, '\0', sizeof e->message) && e->message[0] != '\0' && is_printable(e->message));
    HOLDS(e->reach >= OTSD_REACH_NO && e->reach <= OTSD_REACH_ANSWERED);
    HOLDS(e->retry_after >= 0 && e->retry_after <= 86400);
    HOLDS(e->http_status >= 0 && e->http_status <= 999);
}

static void number_holds(int64_t n, int64_t absent) {
    HOLDS(n == absent || (n >= 0 && n <= (int64_t)1 << 50));
}

void receipt_holds(const otsd_receipt *t, receipt_kind kind) {
    bool fresh = kind == RECEIPT_SHARE || kind == RECEIPT_GENERATE;
    bool listed = kind == RECEIPT_LISTED || kind == RECEIPT_LISTED_V2;

    HOLDS(t && text_is_key(t->metadata_key));
    HOLDS(text_is_key(t->secret_key) || (!fresh && t->secret_key[0] == '\0'));
    HOLDS(!listed || (t->secret_key[0] == '\0' && !t->value));
    HOLDS(strlen(t->custid) <= 1024 && strlen(t->share_domain) <= 1024);
    HOLDS(t->state >= OTSD_STATE_UNKNOWN && t->state <= OTSD_STATE_ORPHANED);
    number_holds(t->ttl, -1);
    number_holds(t->metadata_ttl, -1);
    number_holds(t->secret_ttl, -1);
    number_holds(t->created, 0);
    number_holds(t->updated, 0);
    number_holds(t->received, 0);
    number_holds(t->burned, 0);
    HOLDS(t->passphrase_required >= OTSD_UNKNOWN && t->passphrase_required <= OTSD_YES);
    HOLDS(t->recipients_len <= 64);
    for (size_t i = 0; i < t->recipients_len; i++)
        HOLDS(t->recipients[i][0] != '\0' && strlen(t->recipients[i]) <= 1024);
    HOLDS(kind != RECEIPT_GENERATE || t->value);
    HOLDS(otsd_secret_len(t->value) <= OTSD_SECRET_MAX);
}

static bool same_value(const otsd_secret *a, const otsd_secret *b) {
    return !a == !b && otsd_secret_len(a) == otsd_secret_len(b) &&
           memcmp(otsd_secret_data(a), otsd_secret_data(b), otsd_secret_len(a)) == 0;
}

bool receipt_same(const otsd_receipt *a, const otsd_receipt *b) {
    if (strcmp(a->metadata_key, b->metadata_key) != 0 || strcmp(a->secret_key, b->secret_key) != 0 ||
        strcmp(a->custid, b->custid) != 0 || strcmp(a->share_domain, b->share_domain) != 0 || a->state != b->state ||
        a->ttl != b->ttl || a->metadata_ttl != b->metadata_ttl || a->secret_ttl != b->secret_ttl ||
        a->created != b->created || a->updated != b->updated || a->received != b->received || a->burned != b->burned ||
        a->passphrase_required != b->passphrase_required || a->recipients_len != b->recipients_len ||
        !same_value(a->value, b->value))
        return false;
    for (size_t i = 0; i < a->recipients_len; i++)
        if (strcmp(a->recipients[i], b->recipients[i]) != 0)
            return false;
    return true;
}

static void put_number(json_out *j, const char *name, int64_t n, int64_t absent) {
    if (n != absent)
        json_number(j, name, n);
}

static void put_receipt(json_out *j, const otsd_receipt *t, receipt_kind kind) {
    json_begin_object(j, NULL);
    json_text(j, kind == RECEIPT_LISTED_V2 ? "key" : "metadata_key", t->metadata_key);
    json_text(j, "custid", t->custid);
    json_text(j, "share_domain", t->share_domain);
    json_text(j, "state", otsd_state_name(t->state));
    put_number(j, kind == RECEIPT_LISTED_V2 ? "secret_ttl" : "ttl", t->ttl, -1);
    if (kind == RECEIPT_LISTED_V2) {
        put_number(j, "lifespan", t->ttl < 0 ? -1 : 2 * t->ttl, -1);
    } else {
        put_number(j, "metadata_ttl", t->metadata_ttl, -1);
        put_number(j, "secret_ttl", t->secret_ttl, -1);
        json_text(j, "secret_key", t->secret_key);
    }
    put_number(j, "created", t->created, 0);
    put_number(j, "updated", t->updated, 0);
    put_number(j, "received", t->received, 0);
    put_number(j, "burned", t->burned, 0);
    if (t->passphrase_required != OTSD_UNKNOWN)
        json_bool(j, "passphrase_required", t->passphrase_required == OTSD_YES);
    json_begin_array(j, "recipient");
    for (size_t i = 0; i < t->recipients_len; i++)
        json_text(j, NULL, t->recipients[i]);
    json_end(j);
    if (t->value)
        json_bytes(j, "value", otsd_secret_data(t->value), otsd_secret_len(t->value));
    json_end(j);
}

void receipt_comes_back(const otsd_receipt *t, receipt_kind kind) {
    json_out *j = json_new(JSON_LINE);
    struct json_object *json;
    otsd_receipt *again = NULL;
    const char *text;
    size_t len = 0;

    put_receipt(j, t, kind);
    text = json_text_of(j, &len);
    HOLDS(text);
    json = read_good(text, len);
    HOLDS(json);
    HOLDS(receipt_from_json(json, kind, &again, NULL) == OTSD_OK);
    HOLDS(receipt_same(t, again));
    otsd_receipt_free(&again);
    json_wipe(json);
    json_free(&j);
}
