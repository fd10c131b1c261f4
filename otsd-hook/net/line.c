/* SPDX-License-Identifier: MIT */
#include "net/line.h"

#include <string.h>

typedef struct room {
    wire_hello hello;
    wire_request request;
    wire_answer answer;
} room;

static room *room_of(const line *l) {
    return (room *)(void *)secret_memory(l->room);
}

wire_request *line_request(const line *l) {
    return &room_of(l)->request;
}

wire_answer *line_answer(const line *l) {
    return &room_of(l)->answer;
}

otsd_err line_open(line *l, const otsd_server *server, size_t jobs, otsd_error *e) {
    otsd_err rc = server_token(server, &l->token, e);

    l->child = CHILD_NONE;
    l->server = server;
    l->jobs = jobs;
    if (rc == OTSD_OK && secret_alloc(&l->room, sizeof(room)) != OTSD_OK)
        rc = secret_refused(e, "answers of the server");
    return rc;
}

void line_close(line *l) {
    child_end(&l->child);
    otsd_secret_free(&l->room);
    otsd_secret_free(&l->token);
}

static bool fill_hello(const line *l, wire_hello *h) {
    const otsd_server *s = l->server;

    otsd_wipe(h, sizeof *h);
    h->version = WIRE_VERSION;
    h->jobs = (uint32_t)l->jobs;
    h->connect_timeout_ms = s->connect_timeout_ms;
    h->timeout_ms = s->timeout_ms;
    h->allow_http = s->allow_http;
    h->lock_optional = secret_lock_is_optional();
    h->has_ca = s->ca_file ? 1 : 0;
    h->has_token = l->token ? 1 : 0;
    return wire_text(h->url, sizeof h->url, s->url) && wire_text(h->proxy, sizeof h->proxy, s->proxy) &&
           wire_text(h->pinned_key, sizeof h->pinned_key, s->pinned_key) &&
           wire_text(h->username, sizeof h->username, s->username) &&
           wire_text(h->token, sizeof h->token, otsd_secret_data(l->token));
}

otsd_err line_ready(line *l, otsd_error *e) {
    wire_hello *h = &room_of(l)->hello;
    otsd_err rc;

    if (l->child.channel >= 0)
        return OTSD_OK;
    if (fill_hello(l, h))
        rc = child_start(&l->child, h, l->server->ca_file, e);
    else
        rc = error_local(e, OTSD_ERR_CONFIG, "%.80s: a setting of this server is too long", otsd_server_url(l->server));
    otsd_wipe(h, sizeof *h);
    l->assume = l->generation.known; /* a new child knows nothing */
    return rc;
}

otsd_err line_renew(line *l, otsd_error *e) {
    otsd_err rc;

    child_end(&l->child);
    rc = line_ready(l, e);
    line_request(l)->assume = l->assume;
    return rc;
}

static bool fill_options(wire_request *r, const otsd_options *o) {
    r->ttl = o->ttl;
    r->has_passphrase = o->passphrase ? 1 : 0;
    return o->ttl >= 0 && wire_text(r->passphrase, sizeof r->passphrase, otsd_secret_data(o->passphrase)) &&
           wire_text(r->recipient, sizeof r->recipient, o->recipient) &&
           wire_text(r->share_domain, sizeof r->share_domain, o->share_domain) &&
           wire_text(r->locale, sizeof r->locale, o->locale);
}

otsd_err line_ask(line *l, wire_call call, const otsd_options *o, otsd_error *e) {
    wire_request *r = line_request(l);

    otsd_wipe(r, sizeof *r);
    r->seq = ++l->seq;
    r->call = (uint32_t)call;
    r->assume = l->assume;
    if (!o || fill_options(r, o))
        return OTSD_OK;
    otsd_wipe(r, sizeof *r);
    return error_local(e, OTSD_ERR_ARGUMENT, "a lifetime below zero, or a text that is too long, cannot be asked for");
}

bool line_send(line *l) {
    wire_request *r = line_request(l);

    if (!wire_send(l->child.channel, r, sizeof *r, 0))
        return false;
    otsd_wipe(r, sizeof *r);
    l->assume = 0;
    return true;
}

otsd_err line_failed(const line *l, otsd_reach reach, const char *how, otsd_error *e) {
    return error_set(e, OTSD_ERR_CONNECTION, reach, "%s: %s (otsd-net %s)", otsd_server_url(l->server),
                     otsd_strerror(OTSD_ERR_CONNECTION), how);
}

otsd_err line_lost(line *l, wire_call call, bool sent, const char *how, otsd_error *e) {
    child_end(&l->child);
    return line_failed(l, sent && call == WIRE_GENERATE ? OTSD_REACH_MAYBE : OTSD_REACH_NO, how, e);
}

wire_verdict line_take(line *l, const wire_asked *asked, otsd_receipt **receipt, otsd_error *e) {
    wire_answer *a = line_answer(l);
    wire_verdict v = wire_take(a, asked, receipt, e);

    if (v != WIRE_LIE && a->generation != 0)
        l->generation.known = l->generation.seen = a->generation;
    otsd_wipe(a, sizeof *a);
    if (v == WIRE_LIE)
        (void)line_lost(l, asked->call, true, "gave an answer that cannot be", e);
    if (v == WIRE_MEMORY)
        (void)error_set(e, OTSD_ERR_MEMORY, OTSD_REACH_ANSWERED, "%s: %s", otsd_server_url(l->server),
                        "out of memory, or of lockable memory, for the answer");
    return v;
}

void line_assume(line *l, const char *text) {
    generation_assume(&l->generation, text);
    l->assume = l->generation.known;
}
