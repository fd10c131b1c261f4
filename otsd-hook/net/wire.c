/* SPDX-License-Identifier: MIT */
#include "net/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "server/generation.h"

#define TIME_MOST ((int64_t)1 << 50)
#define TIMEOUT_MOST 600000 /* ms */
#define TTL_MOST ((int64_t)1 << 32)
#define RECIPIENTS_MOST 64
#define RETRY_MOST 86400

bool wire_text(char *field, size_t size, const char *text) {
    size_t len = text ? strlen(text) : 0;

    memset(field, 0, size);
    if (len >= size)
        return false;
    if (text)
        memcpy(field, text, len + 1);
    return true;
}

bool wire_send(int channel, const void *message, size_t len, int flags) {
    ssize_t n;

    do {
        n = send(channel, message, len, flags | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

static bool ends(const char *field, size_t size) {
    return memchr(field, '\0', size);
}

static bool is_flag(uint8_t b) {
    return b <= 1;
}

static bool within(int64_t n, int64_t least, int64_t most) {
    return n >= least && n <= most;
}

/* A text of one line, or none. */
static bool is_plain(const char *field, size_t size) {
    return ends(field, size) && !text_has_control(field);
}

static bool is_key_or_none(const char *field, size_t size) {
    return ends(field, size) && (field[0] == '\0' || text_is_key(field));
}

bool wire_hello_is_good(const wire_hello *h) {
    return h->version == WIRE_VERSION && h->jobs <= WIRE_AT_ONCE && within(h->connect_timeout_ms, 1, TIMEOUT_MOST) &&
           within(h->timeout_ms, 0, TIMEOUT_MOST) && is_flag(h->allow_http) && is_flag(h->lock_optional) &&
           is_flag(h->has_ca) && is_flag(h->has_token) && is_plain(h->url, sizeof h->url) && h->url[0] != '\0' &&
           is_plain(h->proxy, sizeof h->proxy) && is_plain(h->pinned_key, sizeof h->pinned_key) &&
           is_plain(h->username, sizeof h->username) && is_plain(h->token, sizeof h->token) &&
           (h->token[0] != '\0') == (h->has_token != 0) && (h->username[0] != '\0') == (h->has_token != 0);
}

bool wire_request_is_good(const wire_request *r) {
    bool about_key = r->call == WIRE_FETCH || r->call == WIRE_BURN;

    return r->seq != 0 && r->call >= WIRE_AUTHCHECK && r->call < WIRE_CALLS && within(r->timeout_ms, 0, TIMEOUT_MOST) &&
           within(r->ttl, 0, TTL_MOST) && is_flag(r->has_passphrase) && ends(r->passphrase, sizeof r->passphrase) &&
           is_plain(r->recipient, sizeof r->recipient) && is_plain(r->share_domain, sizeof r->share_domain) &&
           is_plain(r->locale, sizeof r->locale) && is_key_or_none(r->metadata_key, sizeof r->metadata_key) &&
           (r->metadata_key[0] != '\0') == about_key && (r->call != WIRE_TAKES || r->has_passphrase);
}

static void put_value(wire_receipt *w, const otsd_secret *value) {
    size_t len = otsd_secret_len(value);

    w->has_value = value ? 1 : 0;
    w->value_len = (uint32_t)len;
    memcpy(w->value, otsd_secret_data(value), len < sizeof w->value ? len : sizeof w->value);
}

/* What is too long for its field is cut there: it is nothing that was asked for, and the parent finds that out. */
static void put_cut(char *field, size_t size, const char *text) {
    size_t len = strlen(text);

    memcpy(field, text, len < size ? len : size - 1);
}

static void put_receipt(wire_receipt *w, const otsd_receipt *t) {
    w->ttl = t->ttl;
    w->metadata_ttl = t->metadata_ttl;
    w->secret_ttl = t->secret_ttl;
    w->created = t->created;
    w->updated = t->updated;
    w->received = t->received;
    w->burned = t->burned;
    w->state = (int32_t)t->state;
    w->passphrase_required = (int32_t)t->passphrase_required;
    w->recipients = (uint32_t)t->recipients_len;
    if (t->recipients_len > 0)
        put_cut(w->recipient, sizeof w->recipient, t->recipients[0]);
    put_cut(w->metadata_key, sizeof w->metadata_key, t->metadata_key);
    put_cut(w->secret_key, sizeof w->secret_key, t->secret_key);
    put_cut(w->share_domain, sizeof w->share_domain, t->share_domain);
    put_value(w, t->value);
}

void wire_put(wire_answer *a, uint64_t seq, wire_kind kind, const otsd_receipt *t, const otsd_error *e) {
    otsd_wipe(a, sizeof *a);
    a->seq = seq;
    a->kind = (uint32_t)kind;
    if (t) {
        a->has_receipt = 1;
        put_receipt(&a->receipt, t);
    }
    if (!e || e->code == OTSD_OK)
        return;
    a->code = (uint32_t)e->code;
    a->reach = (uint32_t)e->reach;
    a->http_status = e->http_status;
    a->retry_after = e->retry_after;
    put_cut(a->message, sizeof a->message, e->message);
}

/* Which calls are answered with a receipt? */
static bool wants_receipt(wire_call call, uint32_t kind) {
    return kind == WIRE_LISTED || call == WIRE_GENERATE || call == WIRE_FETCH || call == WIRE_BURN;
}

static bool receipt_is_good(const wire_receipt *w, const wire_asked *asked) {
    bool fresh = asked->call == WIRE_GENERATE, listed = asked->call == WIRE_RECENT;

    return within(w->ttl, -1, TIME_MOST) && within(w->metadata_ttl, -1, TIME_MOST) &&
           within(w->secret_ttl, -1, TIME_MOST) && within(w->created, 0, TIME_MOST) &&
           within(w->updated, 0, TIME_MOST) && within(w->received, 0, TIME_MOST) && within(w->burned, 0, TIME_MOST) &&
           within(w->state, OTSD_STATE_UNKNOWN, OTSD_STATE_ORPHANED) &&
           within(w->passphrase_required, OTSD_UNKNOWN, OTSD_YES) && w->recipients <= RECIPIENTS_MOST &&
           is_flag(w->has_value) && w->value_len <= OTSD_SECRET_MAX && (w->has_value || w->value_len == 0) &&
           (w->has_value || !fresh) && (!w->has_value || !listed) && ends(w->metadata_key, sizeof w->metadata_key) &&
           text_is_key(w->metadata_key) && is_key_or_none(w->secret_key, sizeof w->secret_key) &&
           (w->secret_key[0] != '\0' || !fresh) && (w->secret_key[0] == '\0' || !listed) &&
           ends(w->share_domain, sizeof w->share_domain) && ends(w->recipient, sizeof w->recipient) &&
           (w->recipient[0] != '\0') == (w->recipients > 0) &&
           (!asked->metadata_key || strcmp(w->metadata_key, asked->metadata_key) == 0);
}

static bool is_error_code(uint32_t code) {
    return code > OTSD_OK && code <= OTSD_ERR_ANSWER;
}

static bool answer_is_good(const wire_answer *a, const wire_asked *asked) {
    bool failed = a->code != OTSD_OK;

    if ((a->kind != WIRE_END && (a->kind != WIRE_LISTED || asked->call != WIRE_RECENT)) || !is_flag(a->has_receipt) ||
        a->generation > GENERATION_ALL)
        return false;
    if (failed)
        return a->kind == WIRE_END && is_error_code(a->code) && a->reach <= OTSD_REACH_ANSWERED &&
               within(a->http_status, 0, 999) && within(a->retry_after, 0, RETRY_MOST) &&
               ends(a->message, sizeof a->message) && !a->has_receipt;
    if (!wants_receipt(asked->call, a->kind))
        return !a->has_receipt;
    return a->has_receipt && receipt_is_good(&a->receipt, asked);
}

/* One "recipient" of several stands for all: that there is more than one is what counts. */
static bool take_recipients(otsd_receipt *t, const wire_receipt *w) {
    t->recipients = calloc(w->recipients + 1, sizeof *t->recipients);
    while (t->recipients && t->recipients_len < w->recipients) {
        t->recipients[t->recipients_len] = strdup(w->recipient);
        if (!t->recipients[t->recipients_len])
            return false;
        t->recipients_len++;
    }
    return t->recipients;
}

static bool take_value(otsd_receipt *t, const wire_receipt *w) {
    size_t len = w->value_len < sizeof w->value ? w->value_len : sizeof w->value;

    return !w->has_value || otsd_secret_new(&t->value, w->value, len, NULL) == OTSD_OK;
}

static otsd_receipt *take_receipt(const wire_receipt *w) {
    otsd_receipt *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->ttl = w->ttl;
    t->metadata_ttl = w->metadata_ttl;
    t->secret_ttl = w->secret_ttl;
    t->created = w->created;
    t->updated = w->updated;
    t->received = w->received;
    t->burned = w->burned;
    t->state = (otsd_state)w->state;
    t->passphrase_required = (otsd_tri)w->passphrase_required;
    t->metadata_key = strdup(w->metadata_key);
    t->secret_key = strdup(w->secret_key);
    t->share_domain = strdup(w->share_domain);
    t->custid = strdup("");
    if (!t->metadata_key || !t->secret_key || !t->share_domain || !t->custid || !take_recipients(t, w) ||
        !take_value(t, w))
        otsd_receipt_free(&t);
    return t;
}

wire_verdict wire_take(const wire_answer *a, const wire_asked *asked, otsd_receipt **receipt, otsd_error *e) {
    *receipt = NULL;
    if (!answer_is_good(a, asked))
        return WIRE_LIE;
    if (a->code != OTSD_OK) {
        error_set(e, (otsd_err)a->code, (otsd_reach)a->reach, "%s", a->message);
        error_add_http(e, (long)a->http_status, (long)a->retry_after);
        return WIRE_FAILED;
    }
    if (!a->has_receipt)
        return WIRE_ANSWERED;
    *receipt = take_receipt(&a->receipt);
    return *receipt ? WIRE_ANSWERED : WIRE_MEMORY;
}

wire_verdict wire_take_ready(const wire_ready *r, otsd_error *e) {
    if (r->version != WIRE_VERSION || r->landlock > 1000 || !ends(r->message, sizeof r->message) ||
        (r->code != OTSD_OK && !is_error_code(r->code)))
        return WIRE_LIE;
    if (r->code == OTSD_OK)
        return WIRE_ANSWERED;
    error_local(e, (otsd_err)r->code, "%s", r->message);
    return WIRE_FAILED;
}
