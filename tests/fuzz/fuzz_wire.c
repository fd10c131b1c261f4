/* SPDX-License-Identifier: MIT
 *
 * What the child says, as the parent takes it, and what it is asked, as the child does. The input is a side, a call,
 * and changes to a good message: two bytes of place, one of content, over and over. What is taken is in its bounds, and
 * said again it is the same; what cannot be leaves nothing behind.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "net/wire.h"
#include "server/generation.h"

#define KEY "abc123"

static void change(void *message, size_t size, const uint8_t *data, size_t len) {
    for (; len >= 3; data += 3, len -= 3)
        ((uint8_t *)message)[(size_t)(data[0] << 8 | data[1]) % size] = data[2];
}

static void put_good(wire_answer *a, wire_kind kind) {
    static char address[] = "al***@e***.com";
    char *recipients[] = {address};
    otsd_receipt t = {.metadata_key = KEY,
                      .secret_key = kind == WIRE_LISTED ? "" : "def456",
                      .custid = "",
                      .share_domain = "links.example.com",
                      .state = OTSD_STATE_NEW,
                      .ttl = 3600,
                      .secret_ttl = -1,
                      .recipients_len = 1,
                      .recipients = recipients};

    if (kind == WIRE_END)
        HOLDS(otsd_secret_new(&t.value, "Generated-1", 11, NULL) == OTSD_OK);
    wire_put(a, 7, kind, &t, NULL);
    otsd_secret_free(&t.value);
}

static void receipt_holds(const otsd_receipt *t, const wire_asked *asked) {
    HOLDS(text_is_key(t->metadata_key) && (!t->secret_key[0] || text_is_key(t->secret_key)));
    HOLDS(!asked->metadata_key || strcmp(asked->metadata_key, t->metadata_key) == 0);
    HOLDS(t->ttl >= -1 && t->secret_ttl >= -1 && t->created >= 0 && t->received >= 0 && t->updated >= 0);
    HOLDS(t->state >= OTSD_STATE_UNKNOWN && t->state <= OTSD_STATE_ORPHANED);
    HOLDS(t->recipients_len <= 64 && strlen(t->share_domain) < WIRE_TEXT);
    for (size_t i = 0; i < t->recipients_len; i++)
        HOLDS(t->recipients[i][0] && strlen(t->recipients[i]) < WIRE_RECIPIENT);
    HOLDS(otsd_secret_len(t->value) <= WIRE_VALUE);
    HOLDS(asked->call != WIRE_GENERATE || (t->value && t->secret_key[0]));
    HOLDS(asked->call != WIRE_RECENT || (!t->value && !t->secret_key[0]));
}

/* Said again and taken again it is the same. */
static void comes_back(const otsd_receipt *t, const wire_asked *asked, uint32_t kind) {
    static wire_answer again;
    otsd_receipt *same = NULL;

    wire_put(&again, 1, (wire_kind)kind, t, NULL);
    HOLDS(wire_take(&again, asked, &same, NULL) == WIRE_ANSWERED && same);
    HOLDS(strcmp(same->metadata_key, t->metadata_key) == 0 && strcmp(same->secret_key, t->secret_key) == 0);
    HOLDS(strcmp(same->share_domain, t->share_domain) == 0 && same->recipients_len == t->recipients_len);
    HOLDS(same->ttl == t->ttl && same->secret_ttl == t->secret_ttl && same->metadata_ttl == t->metadata_ttl);
    HOLDS(same->created == t->created && same->updated == t->updated && same->received == t->received);
    HOLDS(same->burned == t->burned && same->state == t->state && same->passphrase_required == t->passphrase_required);
    HOLDS(otsd_secret_len(same->value) == otsd_secret_len(t->value));
    HOLDS(memcmp(otsd_secret_data(same->value), otsd_secret_data(t->value), otsd_secret_len(t->value)) == 0);
    otsd_receipt_free(&same);
}

static void parent_holds(unsigned call, const uint8_t *data, size_t len) {
    static wire_answer a;
    const wire_asked asked = {(wire_call)call, call == WIRE_FETCH || call == WIRE_BURN ? KEY : NULL};
    otsd_error e = OTSD_ERROR_INIT;
    otsd_receipt *t = NULL;

    put_good(&a, call == WIRE_RECENT ? WIRE_LISTED : WIRE_END);
    change(&a, sizeof a, data, len);
    switch (wire_take(&a, &asked, &t, &e)) {
    case WIRE_ANSWERED:
        HOLDS(a.generation <= GENERATION_ALL);
        if (t) {
            receipt_holds(t, &asked);
            comes_back(t, &asked, a.kind);
        }
        break;
    case WIRE_FAILED:
        HOLDS(!t && e.code > OTSD_OK && e.code <= OTSD_ERR_ANSWER && e.reach <= OTSD_REACH_ANSWERED);
        HOLDS(e.retry_after >= 0 && e.retry_after <= 86400 && e.http_status >= 0 && is_printable(e.message));
        break;
    case WIRE_LIE:
    case WIRE_MEMORY:
        HOLDS(!t && e.code == OTSD_OK);
    }
    otsd_receipt_free(&t);
}

static void ready_holds(const uint8_t *data, size_t len) {
    static const wire_ready good = {.version = WIRE_VERSION, .code = OTSD_ERR_CONFIG, .message = "no walls"};
    wire_ready r = good;
    otsd_error e = OTSD_ERROR_INIT;

    change(&r, sizeof r, data, len);
    if (wire_take_ready(&r, &e) == WIRE_FAILED)
        HOLDS(e.code > OTSD_OK && e.code <= OTSD_ERR_ANSWER && e.reach == OTSD_REACH_NO && is_printable(e.message));
}

static void line_holds(const char *field, size_t size) {
    HOLDS(memchr(field, '\0', size) && !text_has_control(field));
}

static void hello_holds(const uint8_t *data, size_t len) {
    static wire_hello h;

    memset(&h, 0, sizeof h);
    h.version = WIRE_VERSION;
    h.connect_timeout_ms = 5000;
    h.has_token = 1;
    HOLDS(wire_text(h.url, sizeof h.url, "https://example.com") && wire_text(h.token, sizeof h.token, "token"));
    HOLDS(wire_text(h.username, sizeof h.username, "ops@example.com"));
    HOLDS(wire_hello_is_good(&h));
    change(&h, sizeof h, data, len);
    if (!wire_hello_is_good(&h))
        return;
    line_holds(h.url, sizeof h.url);
    line_holds(h.proxy, sizeof h.proxy);
    line_holds(h.pinned_key, sizeof h.pinned_key);
    line_holds(h.username, sizeof h.username);
    line_holds(h.token, sizeof h.token);
    HOLDS(h.jobs <= OTSD_POOL_MAX && h.timeout_ms >= 0 && h.connect_timeout_ms > 0 && !h.username[0] == !h.token[0]);
}

static void request_holds(unsigned call, const uint8_t *data, size_t len) {
    static wire_request r;

    memset(&r, 0, sizeof r);
    r.seq = 1;
    r.call = call;
    r.has_passphrase = 1;
    HOLDS(wire_text(r.metadata_key, sizeof r.metadata_key, call == WIRE_FETCH || call == WIRE_BURN ? KEY : ""));
    HOLDS(wire_request_is_good(&r));
    change(&r, sizeof r, data, len);
    if (!wire_request_is_good(&r))
        return;
    line_holds(r.recipient, sizeof r.recipient);
    line_holds(r.share_domain, sizeof r.share_domain);
    line_holds(r.locale, sizeof r.locale);
    HOLDS(memchr(r.passphrase, '\0', sizeof r.passphrase) && r.seq != 0 && r.ttl >= 0 && r.timeout_ms >= 0);
    HOLDS(!r.metadata_key[0] || text_is_key(r.metadata_key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    unsigned call;

    if (len < 2)
        return 0;
    call = WIRE_AUTHCHECK + data[1] % (WIRE_CALLS - WIRE_AUTHCHECK);
    if (data[0] % 4 == 0)
        parent_holds(call, data + 2, len - 2);
    else if (data[0] % 4 == 1)
        ready_holds(data + 2, len - 2);
    else if (data[0] % 4 == 2)
        hello_holds(data + 2, len - 2);
    else
        request_holds(call, data + 2, len - 2);
    return 0;
}
