/* SPDX-License-Identifier: MIT
 *
 * The calls that look at a secret or end it. What is odd here was recorded from real servers: states that mean little,
 * plaintext in the first receipt, 404 for everything.
 */
#include "api.h"

#include "receipt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WRONG_PASSPHRASES_MAX 20
#define LOCK_SECONDS 1800
#define SHOW_SECONDS 60

static const struct release *release_of(const struct world *w) {
    return w->opt->release;
}

static const char *who(const struct request *rq) {
    return !rq->account ? "" : rq->account->email;
}

bool api_limited(struct world *w, const struct request *rq, enum limit what) {
    unsigned allowed = release_of(w)->allowed[what];

    return allowed > 0 && !w->opt->no_limits &&
           limits_exceeded(&w->limits, what, allowed, rq->address, who(rq), world_now(w));
}

static void reply_unknown(const struct request *rq, struct reply *out) {
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "secret_key", json_object_new_string(rq->key));
    json_object_object_add(o, "message", json_object_new_string("Unknown secret"));
    reply_json(out, o);
    out->status = 404;
}

/* Some do not even look up short keys. */
static bool too_short(const struct world *w, const struct request *rq, struct reply *out) {
    if (strlen(rq->key) >= release_of(w)->shortest_key)
        return false;
    reply_refused(w, out, 0, "Not Found");
    return true;
}

enum passphrase_result { PASSPHRASE_RIGHT, PASSPHRASE_WRONG, PASSPHRASE_LOCKED, PASSPHRASE_LIMITED };

static enum passphrase_result check_passphrase(struct world *w, const struct request *rq, struct secret *s) {
    const struct param *p = rq->drop_passphrase ? NULL : form_find(rq->form, "passphrase");
    struct bytes given = !p ? (struct bytes){NULL, 0} : p->value, right = s->passphrase;
    size_t compared = release_of(w)->passphrase_compared;

    if (!right.data)
        return PASSPHRASE_RIGHT;
    if (world_now(w) < s->locked_until)
        return PASSPHRASE_LOCKED;
    if (compared > 0) {
        right.len = right.len > compared ? compared : right.len;
        given.len = given.len > compared ? compared : given.len;
    }
    if (bytes_equal(&right, &given))
        return PASSPHRASE_RIGHT;
    if (rq->call == CALL_BURN && release_of(w)->wrong_burn_is_unexpected)
        return PASSPHRASE_LOCKED;
    if (api_limited(w, rq, LIMIT_PASSPHRASE))
        return PASSPHRASE_LIMITED;
    if (release_of(w)->passphrase_locks && given.len > 0 && ++s->wrong_passphrases >= WRONG_PASSPHRASES_MAX) {
        s->wrong_passphrases = 0;
        s->locked_until = world_now(w) + LOCK_SECONDS;
    }
    return PASSPHRASE_WRONG;
}

enum read_result api_read(struct world *w, const struct request *rq, const char *key, struct bytes *value) {
    struct secret *s = store_by_secret_key(&w->store, key);

    if (!s || !secret_alive(s, world_now(w)))
        return READ_UNKNOWN;
    switch (check_passphrase(w, rq, s)) {
    case PASSPHRASE_RIGHT:
        break;
    case PASSPHRASE_WRONG:
        return READ_UNKNOWN;
    case PASSPHRASE_LOCKED:
        return READ_UNEXPECTED;
    case PASSPHRASE_LIMITED:
        return READ_LIMITED;
    }
    /* Some compare 72 bytes but decrypt with the whole passphrase: that fails, and the secret stays. */
    if (s->passphrase.data && !bytes_equal(&s->passphrase, &form_find(rq->form, "passphrase")->value))
        return READ_UNEXPECTED;
    *value = bytes_copy(s->value.data, s->value.len);
    s->times_read++;
    secret_end(s, STATE_RECEIVED, world_now(w));
    if (utf8_valid(value->data, value->len))
        return READ_OK;
    bytes_free(value);
    return READ_UNEXPECTED;
}

static void answer_read(struct world *w, const struct request *rq, struct reply *out) {
    const struct param *override = form_find(rq->query, "key");
    bool forgives = release_of(w)->forgives_keys;
    struct bytes value = {NULL, 0};
    char *key;

    if (too_short(w, rq, out))
        return;
    key = must_copy(!forgives || !override ? rq->key : override->value.data);
    for (size_t n = strlen(key); forgives && n > 0 && isspace((unsigned char)key[n - 1]); n--)
        key[n - 1] = '\0';
    switch (api_read(w, rq, key, &value)) {
    case READ_OK: {
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "value", json_object_new_string_len(value.data, (int)value.len));
        json_object_object_add(o, "secret_key", json_object_new_string(rq->key));
        json_object_object_add(o, "share_domain", json_object_new_string(w->base));
        reply_json(out, o);
        break;
    }
    case READ_UNKNOWN:
        reply_unknown(rq, out);
        break;
    case READ_UNEXPECTED:
        reply_unexpected(w, out);
        break;
    case READ_LIMITED:
        reply_rate_limited(w, out);
        break;
    }
    bytes_free(&value);
    free(key);
}

static void notice_end(struct world *w, struct secret *s) {
    if ((s->state != STATE_NEW && s->state != STATE_VIEWED) || secret_alive(s, world_now(w)))
        return;
    if (!s->gone && release_of(w)->notices_expiry)
        secret_end(s, STATE_EXPIRED, world_now(w));
    else if (s->gone && release_of(w)->orphaned_by_name)
        secret_end(s, STATE_ORPHANED, world_now(w));
}

static void answer_receipt(struct world *w, const struct request *rq, struct reply *out) {
    const struct release *r = release_of(w);
    struct secret *s = store_by_metadata_key(&w->store, rq->key);
    bool show;

    if (too_short(w, rq, out))
        return;
    if (!s || !receipt_alive(s, world_now(w))) {
        reply_unknown(rq, out);
        return;
    }
    notice_end(w, s);
    show = secret_alive(s, world_now(w)) && !s->fetched && !s->passphrase.data &&
           (r->shows_shared ? !s->generated && s->state == STATE_NEW
                            : s->generated && world_now(w) <= s->created + SHOW_SECONDS);
    if (r->looks_are_views && s->state == STATE_NEW)
        s->state = STATE_VIEWED;
    s->fetched = true;
    if (show && !utf8_valid(s->value.data, s->value.len))
        reply_unexpected(w, out);
    else
        reply_json(out, receipt_json(w, s, rq->account, RECEIPT_FETCHED, s->state, show ? &s->value : NULL));
}

static void answer_burn(struct world *w, const struct request *rq, struct reply *out) {
    struct secret *s = store_by_metadata_key(&w->store, rq->key);
    struct json_object *o;
    char *shortkey;

    if (api_limited(w, rq, LIMIT_BURN)) {
        reply_rate_limited(w, out);
        return;
    }
    if (too_short(w, rq, out))
        return;
    if (!s || !secret_alive(s, world_now(w))) {
        reply_unknown(rq, out);
        return;
    }
    switch (check_passphrase(w, rq, s)) {
    case PASSPHRASE_RIGHT:
        break;
    case PASSPHRASE_WRONG:
        reply_refused(w, out, 400, "Double check that passphrase");
        return;
    case PASSPHRASE_LOCKED:
        reply_unexpected(w, out);
        return;
    case PASSPHRASE_LIMITED:
        reply_rate_limited(w, out);
        return;
    }
    o = json_object_new_object();
    shortkey = must_format("%.*s", (int)release_of(w)->shortkey, s->secret_key);
    json_object_object_add(o, "state", receipt_json(w, s, rq->account, RECEIPT_BURNED, s->state, NULL));
    json_object_object_add(o, "secret_shortkey", json_object_new_string(shortkey));
    free(shortkey);
    s->times_burned++;
    w->counters.burned++;
    secret_end(s, STATE_BURNED, world_now(w));
    reply_json(out, o);
}

static void answer_status(struct world *w, const struct request *rq, int version, struct reply *out) {
    struct json_object *o;

    if (rq->call == CALL_AUTHCHECK && !rq->account) {
        reply_not_authorized(out, version);
        return;
    }
    if (api_limited(w, rq, LIMIT_STATUS)) {
        reply_rate_limited(w, out);
        return;
    }
    o = json_object_new_object();
    if (version == 2 && release_of(w)->v2_success)
        json_object_object_add(o, "success", json_object_new_boolean(1));
    json_object_object_add(o, "status", json_object_new_string("nominal"));
    json_object_object_add(o, "locale", json_object_new_string("en"));
    reply_json(out, o);
    out->no_csrf = rq->call == CALL_STATUS && !rq->untidy;
    out->cookie = version == 2 && release_of(w)->cookies == COOKIE_AT_V2_STATUS;
    if (version > 1 && !release_of(w)->thin)
        out->type = "application/json";
}

void api_answer(struct world *w, const struct request *rq, int version, struct reply *out) {
    switch (rq->call) {
    case CALL_GENERATE:
    case CALL_SHARE:
        api_create(w, rq, out);
        break;
    case CALL_READ:
        answer_read(w, rq, out);
        break;
    case CALL_RECEIPT:
        answer_receipt(w, rq, out);
        break;
    case CALL_BURN:
        answer_burn(w, rq, out);
        break;
    case CALL_RECENT:
        api_list(w, rq, version, out);
        break;
    case CALL_STATUS:
    case CALL_AUTHCHECK:
        answer_status(w, rq, version, out);
        break;
    case CALL_NONE:
    case CALL_COUNT:
        reply_no_such_path(out);
        break;
    }
}
