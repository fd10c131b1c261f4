/* SPDX-License-Identifier: MIT */
#include "otsd-net/serve.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "server/generation.h"

typedef struct server {
    int channel;
    otsd_client *client;
    wire_request *asked;
    wire_answer *answer;
} server;

bool serve_receive(int channel, void *message, size_t len) {
    ssize_t n;

    do {
        n = recv(channel, message, len, MSG_TRUNC);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

static const char *none_if_empty(const char *text) {
    return text[0] ? text : NULL;
}

otsd_err serve_options(const wire_request *r, otsd_options *o, otsd_secret **passphrase, otsd_error *e) {
    otsd_err rc = OTSD_OK;

    *passphrase = NULL;
    if (r->has_passphrase)
        rc = otsd_secret_new(passphrase, r->passphrase, strlen(r->passphrase), e);
    *o = (otsd_options)OTSD_OPTIONS_INIT;
    o->ttl = (long)r->ttl;
    o->passphrase = *passphrase;
    o->recipient = none_if_empty(r->recipient);
    o->share_domain = none_if_empty(r->share_domain);
    o->locale = none_if_empty(r->locale);
    return rc;
}

static bool say(server *s, wire_kind kind, const otsd_receipt *t, const otsd_error *e) {
    bool sent;

    wire_put(s->answer, s->asked->seq, kind, t, e);
    s->answer->generation = generation_of_text(otsd_client_generation(s->client));
    sent = wire_send(s->channel, s->answer, sizeof *s->answer, 0);
    otsd_wipe(s->answer, sizeof *s->answer);
    return sent;
}

static int one_more(const otsd_receipt *t, void *arg) {
    return say(arg, WIRE_LISTED, t, NULL) ? 0 : 1;
}

static otsd_err carry_out(server *s, otsd_receipt **t, otsd_error *e) {
    const wire_request *r = s->asked;
    otsd_secret *passphrase = NULL;
    otsd_options o;
    otsd_err rc = serve_options(r, &o, &passphrase, e);

    if (rc == OTSD_OK)
        switch ((wire_call)r->call) {
        case WIRE_AUTHCHECK:
            rc = otsd_authcheck(s->client, e);
            break;
        case WIRE_GENERATE:
            rc = otsd_generate(s->client, &o, t, e);
            break;
        case WIRE_FETCH:
            rc = otsd_fetch(s->client, r->metadata_key, t, e);
            break;
        case WIRE_BURN:
            rc = otsd_burn(s->client, r->metadata_key, passphrase, t, e);
            break;
        case WIRE_RECENT:
            rc = otsd_recent_each(s->client, one_more, s, e);
            break;
        case WIRE_TAKES:
            rc = otsd_client_takes_passphrase(s->client, passphrase, e);
            break;
        case WIRE_CALLS:
            break;
        }
    otsd_secret_free(&passphrase);
    return rc;
}

static bool answer(server *s) {
    const wire_request *r = s->asked;
    otsd_receipt *t = NULL;
    otsd_error e = OTSD_ERROR_INIT;
    bool sent;

    otsd_client_assume_generation(s->client, generation_text(r->assume));
    otsd_client_set_timeout(s->client, (long)r->timeout_ms);
    sent = carry_out(s, &t, &e) == OTSD_OK ? say(s, WIRE_END, t, NULL) : say(s, WIRE_END, NULL, &e);
    otsd_receipt_free(&t);
    return sent;
}

int serve_calls(int channel, otsd_client *client) {
    server s = {.channel = channel, .client = client};
    otsd_secret *in = NULL, *out = NULL;
    int rc = EX_OSERR;

    if (secret_alloc(&in, sizeof *s.asked) == OTSD_OK && secret_alloc(&out, sizeof *s.answer) == OTSD_OK) {
        s.asked = (wire_request *)(void *)secret_memory(in);
        s.answer = (wire_answer *)(void *)secret_memory(out);
        rc = EX_OK;
        while (rc == EX_OK && serve_receive(channel, s.asked, sizeof *s.asked)) {
            if (!wire_request_is_good(s.asked))
                rc = EX_PROTOCOL;
            else if (!answer(&s))
                rc = EX_IOERR;
            otsd_wipe(s.asked, sizeof *s.asked);
        }
    }
    otsd_secret_free(&in);
    otsd_secret_free(&out);
    return rc;
}
