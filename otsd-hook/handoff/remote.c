/* SPDX-License-Identifier: MIT */
#include "handoff/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define CLOCKS_APART 300 /* s: how far ours and a server's may differ */

typedef struct remote {
    const config *config;
    connections *connections;
} remote;

int remote_open(remote **out, const config *c, problem *p) {
    remote *server = calloc(1, sizeof *server);

    if (!server)
        return problem_set(p, EX_OSERR, "out of memory");
    if (connections_open(&server->connections, c, p) != EX_OK) {
        free(server);
        return p->code;
    }
    server->config = c;
    *out = server;
    return problem_none(p);
}

void remote_close(remote **server) {
    if (!*server)
        return;
    connections_close(&(*server)->connections);
    free(*server);
    *server = NULL;
}

const char *remote_url(const remote *server, const record *r) {
    return connections_url(server->connections, r);
}

const char *remote_account(const remote *server, const record *r) {
    return connections_account(server->connections, r);
}

void remote_limit(remote *server, long timeout_ms) {
    connections_limit(server->connections, timeout_ms);
}

int remote_ready(remote *server, unsigned *landlock, problem *p) {
    otsd_error e = {0};

    if (net_client_start(connections_current(server->connections), landlock, &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "the server cannot be used");
    return problem_none(p);
}

int remote_check(remote *server, problem *p) {
    otsd_error e = {0};

    if (net_authcheck(connections_current(server->connections), &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "the server cannot be used");
    return problem_none(p);
}

const char *remote_generation(const remote *server) {
    return net_client_generation(connections_current(server->connections));
}

void remote_assume(remote *server, const char *generation) {
    net_client_assume_generation(connections_current(server->connections), generation);
}

int remote_takes(remote *server, const char *passphrase, problem *p) {
    otsd_secret *s = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_secret_new(&s, passphrase, strlen(passphrase), &e);

    if (err == OTSD_OK)
        err = net_client_takes_passphrase(connections_current(server->connections), s, &e);
    otsd_secret_free(&s);
    if (err == OTSD_OK)
        return problem_none(p);
    return problem_set(p, err == OTSD_ERR_MEMORY ? EX_OSERR : EX_DATAERR, "%s", e.message);
}

int remote_former(remote *server, problem *p) {
    return connections_check(server->connections, p);
}

static int passphrase_of(const record *r, otsd_secret **out, problem *p) {
    otsd_error e = {0};

    *out = NULL;
    if (r->passphrase[0] && otsd_secret_new(out, r->passphrase, strlen(r->passphrase), &e) != OTSD_OK)
        return problem_set(p, EX_OSERR, "%s: %s", r->user, e.message);
    return problem_none(p);
}

static void failed_answer(remote_answer *a, const char *user, const otsd_error *e) {
    a->certain = proof_nothing_made(e);
    a->trouble = proof_trouble(e);
    a->retry_after = e->retry_after;
    problem_from_otsd(&a->why, e,
                      e->code == OTSD_ERR_REFUSED ? "%s: the server refused" : "%s: no password from the server", user);
}

/* What generate is asked for on behalf of r. The passphrase has to be freed. */
static int options_of(const config *c, const record *r, const char *locale, otsd_options *o, otsd_secret **passphrase,
                      problem *p) {
    int rc = passphrase_of(r, passphrase, p);

    *o = (otsd_options){.ttl = (long)r->ttl_asked,
                        .passphrase = *passphrase,
                        .recipient = r->recipient[0] ? r->recipient : NULL,
                        .locale = locale ? locale : c->handoff.locale,
                        .share_domain = c->handoff.share_domain};
    return rc;
}

void remote_generate(remote *server, const record *r, const char *locale, remote_answer *a) {
    otsd_secret *passphrase = NULL;
    otsd_error e = {0};
    otsd_options o;

    memset(a, 0, sizeof *a);
    a->certain = true;
    a->trouble = REMOTE_HOPELESS;
    if (options_of(server->config, r, locale, &o, &passphrase, &a->why) != EX_OK)
        return;
    if (net_generate(connections_current(server->connections), &o, &a->receipt, &e) != OTSD_OK)
        failed_answer(a, r->user, &e);
    otsd_secret_free(&passphrase);
}

typedef struct call {
    remote_many *many;
    const char *user;
    void *arg;
    struct call *next; /* while it is free */
} call;

typedef struct remote_many {
    const config *config;
    net_pool *pool;
    remote_answer_fn *fn;
    call *calls, *free;
} remote_many;

int remote_many_open(remote_many **out, const config *c, size_t jobs, remote_answer_fn *fn, problem *p) {
    remote_many *m = calloc(1, sizeof *m);
    otsd_error e = {0};

    if (m)
        m->calls = calloc(jobs, sizeof *m->calls);
    if (!m || !m->calls) {
        free(m);
        return problem_set(p, EX_OSERR, "out of memory");
    }
    if (net_pool_new(&m->pool, c->server, jobs, &e) != OTSD_OK) {
        free(m->calls);
        free(m);
        return problem_from_otsd(p, &e, "the client cannot start");
    }
    for (size_t i = 0; i < jobs; i++) {
        m->calls[i].many = m;
        m->calls[i].next = m->free;
        m->free = &m->calls[i];
    }
    m->config = c;
    m->fn = fn;
    *out = m;
    return problem_none(p);
}

void remote_many_close(remote_many **m) {
    if (!*m)
        return;
    net_pool_free(&(*m)->pool);
    free((*m)->calls);
    free(*m);
    *m = NULL;
}

static void answered(void *arg, otsd_receipt *receipt, const otsd_error *e) {
    call *c = arg;
    remote_many *m = c->many;
    remote_answer a = {.receipt = receipt, .certain = true};

    if (!receipt)
        failed_answer(&a, c->user, e);
    c->next = m->free;
    m->free = c;
    m->fn(c->arg, &a);
}

int remote_many_generate(remote_many *m, const record *r, const char *locale, void *arg, problem *p) {
    otsd_secret *passphrase = NULL;
    call *c = m->free;
    otsd_error e = {0};
    otsd_options o;
    int rc = options_of(m->config, r, locale, &o, &passphrase, p);

    if (rc != EX_OK)
        return rc;
    if (c) {
        m->free = c->next;
        c->user = r->user;
        c->arg = arg;
    }
    if (!c || net_pool_generate(m->pool, &o, answered, c, &e) != OTSD_OK) {
        rc = c ? problem_from_otsd(p, &e, "%s: no password from the server", r->user)
               : problem_set(p, EX_SOFTWARE, "too many calls at once");
        if (c) {
            c->next = m->free;
            m->free = c;
        }
    }
    otsd_secret_free(&passphrase);
    return rc;
}

int remote_many_run(remote_many *m, long wait_ms, problem *p) {
    otsd_error e = {0};

    return net_pool_run(m->pool, wait_ms, &e) == OTSD_OK ? problem_none(p)
                                                         : problem_from_otsd(p, &e, "the client cannot go on");
}

const char *remote_many_generation(const remote_many *m) {
    return net_pool_generation(m->pool);
}

void remote_many_wake(remote_many *m) {
    net_pool_wakeup(m->pool);
}

int remote_link(remote *server, const otsd_receipt *receipt, char **out, problem *p) {
    otsd_error e = {0};

    switch (server_link(server->config->server->url, server->config->server->link_hosts, receipt, out, &e)) {
    case OTSD_OK:
        return problem_none(p);
    case OTSD_ERR_ARGUMENT:
        return problem_set(p, EX_PROTOCOL, "the server's answer has no link");
    default:
        return problem_set(p, problem_code_of(e.code), "%s", e.message);
    }
}

/* "Unknown secret" also means read, expired or burned before: the receipt tells which. True: *end says; otherwise *e
 * is why it is not burned, or why nobody can say. */
static bool learn_end(net_client *client, const record *r, remote_end *end, otsd_error *e) {
    otsd_receipt *t = NULL;
    otsd_error fetch = {0};
    otsd_err got = net_fetch(client, r->metadata_key, &t, &fetch);

    if (got == OTSD_ERR_GONE) {
        /* What the receipt said while it lived is all there is. */
        end->outcome = r->opened_at > 0 ? OUTCOME_OPENED : OUTCOME_UNKNOWN;
        end->opened_at = r->opened_at;
    } else if (got == OTSD_OK) {
        end->outcome = proof_outcome(t);
        end->opened_at = proof_opened_at(t);
    } else {
        *e = fetch;
    }
    otsd_receipt_free(&t);
    return end->outcome != OUTCOME_NONE;
}

/* The server granted it so long, and nobody will answer for it any more. */
static bool has_run_out(const record *r) {
    clock_moment now;

    clock_read(&now);
    return proof_left(r, &now) <= -CLOCKS_APART;
}

/* Nobody can be asked what became of it. */
static int no_connection(const record *r, remote_end *end, problem *p) {
    if (p->code == CONNECTION_NONE && has_run_out(r)) {
        end->outcome = r->opened_at > 0 ? OUTCOME_OPENED : OUTCOME_UNKNOWN;
        end->opened_at = r->opened_at;
        return problem_none(p);
    }
    return p->code;
}

int remote_ended(remote *server, const record *r, remote_end *end, problem *p) {
    net_client *client = NULL;
    otsd_error e = {0};

    memset(end, 0, sizeof *end);
    if (connection_by_key(server->connections, r, &client, p) != EX_OK)
        return no_connection(r, end, p);
    if (learn_end(client, r, end, &e) || e.code == OTSD_OK)
        return problem_none(p);
    end->retry_after = e.retry_after;
    problem_from_otsd(p, &e, "%s: the receipt cannot be read, and the secret is not burned yet", r->user);
    return connection_failed(server->connections, client, p);
}

int remote_burn(remote *server, const record *r, remote_end *end, problem *p) {
    otsd_secret *passphrase = NULL;
    net_client *client = NULL;
    otsd_error e = {0};
    otsd_err err;

    memset(end, 0, sizeof *end);
    if (connection_by_key(server->connections, r, &client, p) != EX_OK)
        return no_connection(r, end, p);
    if (passphrase_of(r, &passphrase, p) != EX_OK)
        return p->code;
    err = net_burn(client, r->metadata_key, passphrase, &e);
    otsd_secret_free(&passphrase);
    if (err == OTSD_OK) {
        end->outcome = OUTCOME_BURNED;
        return problem_none(p);
    }
    /* Some servers refuse the passphrase of a secret that is gone, too. */
    if ((err == OTSD_ERR_GONE || err == OTSD_ERR_REFUSED) && learn_end(client, r, end, &e))
        return problem_none(p);
    end->limited = err == OTSD_ERR_RATE_LIMITED;
    end->retry_after = e.retry_after;
    problem_from_otsd(p, &e, "%s: the secret is not burned yet", r->user);
    return connection_failed(server->connections, client, p);
}

int remote_opened(remote *server, const record *r, int64_t *opened_at, problem *p) {
    net_client *client = NULL;
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err;

    *opened_at = 0;
    if (connection_by_key(server->connections, r, &client, p) != EX_OK)
        return p->code == CONNECTION_NONE ? problem_none(p) : p->code;
    err = net_fetch(client, r->metadata_key, &t, &e);
    if (err == OTSD_ERR_GONE)
        return problem_none(p);
    if (err != OTSD_OK) {
        problem_from_otsd(p, &e, "%s: the receipt cannot be read", r->user);
        return connection_failed(server->connections, client, p);
    }
    *opened_at = proof_opened_at(t);
    otsd_receipt_free(&t);
    return problem_none(p);
}

typedef struct delivery {
    remote_receipt_fn *fn;
    void *arg;
    int rc;
} delivery;

static int deliver(const otsd_receipt *t, void *arg) {
    delivery *d = arg;

    d->rc = d->fn(t, d->arg);
    return d->rc;
}

int remote_recent(remote *server, const record *r, remote_receipt_fn *fn, void *arg, problem *p) {
    delivery d = {fn, arg, EX_OK};
    net_client *client = NULL;
    otsd_error e = {0};

    if (connection_by_account(server->connections, r, &client, p) != EX_OK)
        return p->code;
    if (net_recent_each(client, deliver, &d, &e) != OTSD_OK) {
        problem_from_otsd(p, &e, "the server cannot be asked for lost secrets");
        /* As 0.21 to 0.23 do, always; a server in trouble says so with 5xx. */
        p->lasting = e.http_status == 404 && (e.code == OTSD_ERR_SERVER || e.code == OTSD_ERR_NOT_V1);
        return connection_failed(server->connections, client, p);
    }
    return d.rc == EX_OK ? problem_none(p) : problem_set(p, d.rc, "out of memory while looking for lost secrets");
}
