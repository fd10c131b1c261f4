/* SPDX-License-Identifier: MIT
 *
 * The calls that look at a secret, end it, or list. What is odd here was recorded from real servers: states that mean
 * little, plaintext in the first receipt, 404 for everything.
 */
#include "api.h"

#include "receipt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MIN_NEW 20
#define BCRYPT_BYTES 72
#define WRONG_PASSPHRASES_MAX 20
#define LOCK_SECONDS 1800
#define SHOW_SECONDS 60
#define RECENT_SECONDS (30 * 86400)

static bool is_old(const struct world *w) {
    return w->opt->flavour == FLAVOUR_OLD;
}

static const char *who(const struct request *rq) {
    return !rq->account ? "" : rq->account->email;
}

/* Old servers limit these for everybody, new ones not at all. */
static bool limited(struct world *w, const struct request *rq, enum limit what) {
    return is_old(w) && !w->opt->no_limits && limits_exceeded(&w->limits, what, rq->address, who(rq), world_now(w));
}

static void reply_unknown(const struct request *rq, struct reply *out) {
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "secret_key", json_object_new_string(rq->key));
    json_object_object_add(o, "message", json_object_new_string("Unknown secret"));
    reply_json(out, o);
    out->status = 404;
}

/* New servers do not even look up short keys. */
static bool too_short(const struct world *w, const struct request *rq, struct reply *out) {
    if (is_old(w) || strlen(rq->key) >= KEY_MIN_NEW)
        return false;
    reply_refused(w, out, 0, "Not Found");
    return true;
}

enum passphrase_result { PASSPHRASE_RIGHT, PASSPHRASE_WRONG, PASSPHRASE_LOCKED, PASSPHRASE_LIMITED };

static enum passphrase_result check_passphrase(struct world *w, const struct request *rq, struct secret *s) {
    const struct param *p = rq->drop_passphrase ? NULL : form_find(rq->form, "passphrase");
    struct bytes given = !p ? (struct bytes){NULL, 0} : p->value;

    if (!s->passphrase.data)
        return PASSPHRASE_RIGHT;
    if (is_old(w)) {
        struct bytes a = s->passphrase;

        a.len = a.len > BCRYPT_BYTES ? BCRYPT_BYTES : a.len;
        given.len = given.len > BCRYPT_BYTES ? BCRYPT_BYTES : given.len;
        if (bytes_equal(&a, &given))
            return PASSPHRASE_RIGHT;
        return limited(w, rq, LIMIT_PASSPHRASE) ? PASSPHRASE_LIMITED : PASSPHRASE_WRONG;
    }
    if (world_now(w) < s->locked_until)
        return PASSPHRASE_LOCKED;
    if (bytes_equal(&s->passphrase, &given))
        return PASSPHRASE_RIGHT;
    if (given.len > 0 && ++s->wrong_passphrases >= WRONG_PASSPHRASES_MAX) {
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
    /* An old server compares 72 bytes but decrypts with the whole passphrase: that fails, and the secret stays. */
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
    struct bytes value = {NULL, 0};
    char *key;

    if (too_short(w, rq, out))
        return;
    key = must_copy(is_old(w) || !override ? rq->key : override->value.data);
    for (size_t n = strlen(key); !is_old(w) && n > 0 && isspace((unsigned char)key[n - 1]); n--)
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
    if (!s->gone)
        secret_end(s, STATE_EXPIRED, world_now(w));
    else if (!is_old(w))
        secret_end(s, STATE_ORPHANED, world_now(w));
}

static void answer_receipt(struct world *w, const struct request *rq, struct reply *out) {
    struct secret *s = store_by_metadata_key(&w->store, rq->key);
    bool show;

    if (too_short(w, rq, out))
        return;
    if (!s || !receipt_alive(s, world_now(w))) {
        reply_unknown(rq, out);
        return;
    }
    notice_end(w, s);
    show = !s->gone && !s->fetched && !s->passphrase.data &&
           (is_old(w) ? !s->generated && s->state == STATE_NEW
                      : s->generated && world_now(w) <= s->created + SHOW_SECONDS);
    if (is_old(w) && s->state == STATE_NEW)
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

    if (limited(w, rq, LIMIT_BURN)) {
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
    shortkey = must_format("%.*s", is_old(w) ? 6 : 8, s->secret_key);
    json_object_object_add(o, "state", receipt_json(w, s, rq->account, RECEIPT_BURNED, s->state, NULL));
    json_object_object_add(o, "secret_shortkey", json_object_new_string(shortkey));
    free(shortkey);
    s->times_burned++;
    w->counters.burned++;
    secret_end(s, STATE_BURNED, world_now(w));
    reply_json(out, o);
}

static void answer_recent(struct world *w, const struct request *rq, struct reply *out) {
    int64_t now = world_now(w);

    if (!rq->account) {
        reply_not_authorized(out);
        return;
    }
    reply_json_list(out);
    for (size_t i = 0; i < w->store.len; i++) {
        const struct secret *s = w->store.all[is_old(w) ? w->store.len - 1 - i : i];

        if (s->owner == rq->account && receipt_alive(s, now) && s->created > now - RECENT_SECONDS)
            reply_json_item(out, receipt_json(w, s, rq->account, RECEIPT_LISTED, s->state, NULL));
    }
}

static void answer_status(struct world *w, const struct request *rq, int version, struct reply *out) {
    struct json_object *o;

    if (rq->call == CALL_AUTHCHECK && !rq->account) {
        reply_not_authorized(out);
        return;
    }
    if (limited(w, rq, LIMIT_STATUS)) {
        reply_rate_limited(w, out);
        return;
    }
    o = json_object_new_object();
    if (version == 2 && !is_old(w))
        json_object_object_add(o, "success", json_object_new_boolean(1));
    json_object_object_add(o, "status", json_object_new_string("nominal"));
    json_object_object_add(o, "locale", json_object_new_string("en"));
    reply_json(out, o);
    out->no_csrf = rq->call == CALL_STATUS && !rq->untidy;
    out->cookie = version == 2 && is_old(w);
    if (version > 1 && !is_old(w))
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
        answer_recent(w, rq, out);
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
