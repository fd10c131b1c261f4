/* SPDX-License-Identifier: MIT
 *
 * One call after the other. A call is one request and one answer, in a time that this process watches: the child keeps
 * its own, but may be anybody's.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "net/line.h"
#include "net/net.h"

typedef struct net_client {
    line line;
    long timeout_ms; /* 0: as configured */
} net_client;

/* Of the receipts of a list. */
typedef struct listener {
    int (*fn)(const otsd_receipt *t, void *arg);
    void *arg;
} listener;

otsd_err net_client_new(net_client **out, const otsd_server *server, otsd_error *e) {
    net_client *c = calloc(1, sizeof *c);
    otsd_err rc;

    if (!c)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    rc = line_open(&c->line, server, 0, e);
    if (rc == OTSD_OK)
        *out = c;
    else
        net_client_free(&c);
    return rc;
}

void net_client_free(net_client **c) {
    if (!*c)
        return;
    line_close(&(*c)->line);
    free(*c);
    *c = NULL;
}

void net_client_set_timeout(net_client *c, long timeout_ms) {
    c->timeout_ms = timeout_ms < 0 ? 1 : timeout_ms;
}

const char *net_client_generation(const net_client *c) {
    return generation_text(c->line.generation.known);
}

void net_client_assume_generation(net_client *c, const char *text) {
    line_assume(&c->line, text);
}

/* What the library may take for it: some calls are two exchanges. */
static int64_t allowed(const net_client *c, wire_call call) {
    const otsd_server *s = c->line.server;
    long each = call == WIRE_GENERATE ? otsd_server_create_timeout_ms(s) : otsd_server_timeout_ms(s);
    int exchanges = call == WIRE_BURN || call == WIRE_RECENT ? 2 : 1;

    if (c->timeout_ms > 0 && c->timeout_ms < each)
        each = c->timeout_ms;
    return (int64_t)each * exchanges + LINE_GRACE;
}

/* Hears the child out: what precedes the answer to the call, and that answer. */
static otsd_err hear(net_client *c, const wire_asked *asked, const listener *to, otsd_receipt **out, otsd_error *e) {
    int64_t until = clock_ms() + allowed(c, asked->call);
    wire_answer *a = line_answer(&c->line);
    otsd_error why = OTSD_ERROR_INIT;
    otsd_receipt *t = NULL;

    for (bool last = false, left = false; !last;) {
        switch (child_receive(&c->line.child, a, sizeof *a, until)) {
        case CHILD_SAID:
            break;
        case CHILD_SILENT:
            return line_lost(&c->line, asked->call, true, "was silent for too long", e);
        case CHILD_DEAD:
            return line_lost(&c->line, asked->call, true, "ended without an answer", e);
        }
        if (a->seq != c->line.seq)
            return line_lost(&c->line, asked->call, true, "answered what nobody had asked", e);
        last = a->kind == WIRE_END || !to;
        if (line_take(&c->line, asked, &t, &why) != WIRE_ANSWERED) {
            error_copy(e, &why);
            return why.code;
        }
        if (last)
            break;
        left = to->fn(t, to->arg) != 0;
        otsd_receipt_free(&t);
        if (left) {
            child_end(&c->line.child); /* what else it would say is of no use */
            return OTSD_OK;
        }
        if (clock_ms() >= until) /* who always has one more to say is never silent */
            return line_lost(&c->line, asked->call, true, "did not come to an end", e);
    }
    if (out)
        *out = t;
    else
        otsd_receipt_free(&t);
    return OTSD_OK;
}

static otsd_err call(net_client *c, const wire_asked *asked, const otsd_options *o, const listener *to,
                     otsd_receipt **out, otsd_error *e) {
    wire_request *r = line_request(&c->line);
    otsd_err rc = line_ready(&c->line, e);

    if (rc == OTSD_OK)
        rc = line_ask(&c->line, asked->call, o, e);
    if (rc != OTSD_OK)
        return rc;
    r->timeout_ms = c->timeout_ms;
    (void)wire_text(r->metadata_key, sizeof r->metadata_key, asked->metadata_key); /* it fits: it is a key, or none */
    if (!line_send(&c->line)) {                                                    /* it died while nobody looked */
        rc = line_renew(&c->line, e);
        if (rc != OTSD_OK)
            return rc;
        if (!line_send(&c->line))
            return line_lost(&c->line, asked->call, false, "ended before it was asked", e);
    }
    return hear(c, asked, to, out, e);
}

otsd_err net_client_takes_passphrase(net_client *c, const otsd_secret *passphrase, otsd_error *e) {
    const wire_asked asked = {.call = WIRE_TAKES};
    const otsd_options o = {.passphrase = passphrase};

    if (!generation_refuses(c->line.generation.known, passphrase))
        return OTSD_OK;
    return call(c, &asked, &o, NULL, NULL, e);
}

otsd_err net_client_start(net_client *c, unsigned *landlock, otsd_error *e) {
    otsd_err rc = line_ready(&c->line, e);

    if (rc == OTSD_OK)
        *landlock = c->line.child.landlock;
    return rc;
}

otsd_err net_authcheck(net_client *c, otsd_error *e) {
    const wire_asked asked = {.call = WIRE_AUTHCHECK};

    if (!c->line.token)
        return error_local(e, OTSD_ERR_CREDENTIALS, "no user name and token are configured");
    return call(c, &asked, NULL, NULL, NULL, e);
}

otsd_err net_generate(net_client *c, const otsd_options *o, otsd_receipt **out, otsd_error *e) {
    const wire_asked asked = {.call = WIRE_GENERATE};

    return call(c, &asked, o, NULL, out, e);
}

static otsd_err about_key(net_client *c, const wire_asked *asked, const otsd_secret *passphrase, otsd_receipt **out,
                          otsd_error *e) {
    const otsd_options o = {.passphrase = passphrase};

    if (!text_is_key(asked->metadata_key))
        return error_local(e, OTSD_ERR_ARGUMENT, "a key has 1 to 256 letters and digits, nothing else");
    return call(c, asked, &o, NULL, out, e);
}

otsd_err net_fetch(net_client *c, const char *metadata_key, otsd_receipt **out, otsd_error *e) {
    const wire_asked asked = {WIRE_FETCH, metadata_key};

    return about_key(c, &asked, NULL, out, e);
}

otsd_err net_burn(net_client *c, const char *metadata_key, const otsd_secret *passphrase, otsd_error *e) {
    const wire_asked asked = {WIRE_BURN, metadata_key};

    return about_key(c, &asked, passphrase, NULL, e);
}

otsd_err net_recent_each(net_client *c, int (*fn)(const otsd_receipt *t, void *arg), void *arg, otsd_error *e) {
    const wire_asked asked = {.call = WIRE_RECENT};
    const listener to = {fn, arg};

    return call(c, &asked, NULL, &to, NULL, e);
}
