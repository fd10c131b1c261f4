/* SPDX-License-Identifier: MIT */
#include "handoff/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct remote {
    const config *config;
    otsd_client *client;
} remote;

int remote_open(remote **out, const config *c, problem *p) {
    remote *server = calloc(1, sizeof *server);
    otsd_error e = {0};

    if (!server)
        return problem_set(p, EX_OSERR, "out of memory");
    if (otsd_client_new(&server->client, c->server, &e) != OTSD_OK) {
        free(server);
        return problem_from_otsd(p, &e, "the client cannot start");
    }
    server->config = c;
    *out = server;
    return problem_none(p);
}

void remote_close(remote **server) {
    if (!*server)
        return;
    otsd_client_free(&(*server)->client);
    free(*server);
    *server = NULL;
}

const char *remote_url(const remote *server) {
    return otsd_server_url(server->config->server);
}

const char *remote_account(const remote *server) {
    return otsd_server_username(server->config->server);
}

void remote_limit(remote *server, long timeout_ms) {
    otsd_client_set_timeout(server->client, timeout_ms);
}

int remote_check(remote *server, problem *p) {
    otsd_error e = {0};

    if (otsd_authcheck(server->client, &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "the server cannot be used");
    return problem_none(p);
}

static int passphrase_of(const record *r, otsd_secret **out, problem *p) {
    *out = NULL;
    if (r->passphrase[0] && otsd_secret_new(out, r->passphrase, strlen(r->passphrase), NULL) != OTSD_OK)
        return problem_set(p, EX_OSERR, "out of lockable memory");
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
    if (otsd_generate(server->client, &o, &a->receipt, &e) != OTSD_OK)
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
    otsd_pool *pool;
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
    if (otsd_pool_new(&m->pool, c->server, jobs, &e) != OTSD_OK) {
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
    otsd_pool_free(&(*m)->pool);
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
    if (!c || otsd_pool_generate(m->pool, &o, answered, c, &e) != OTSD_OK) {
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

    return otsd_pool_run(m->pool, wait_ms, &e) == OTSD_OK ? problem_none(p)
                                                          : problem_from_otsd(p, &e, "the client cannot go on");
}

void remote_many_wake(remote_many *m) {
    otsd_pool_wakeup(m->pool);
}

int remote_link(remote *server, const otsd_receipt *receipt, char **out, problem *p) {
    if (otsd_link(server->client, receipt, out, NULL) != OTSD_OK)
        return problem_set(p, EX_PROTOCOL, "the server's answer has no link");
    return problem_none(p);
}

/* "Unknown secret" also means read, expired or burned before: the receipt tells which. True: *end says; otherwise *e
 * is why it is not burned, or why nobody can say. */
static bool learn_end(remote *server, const record *r, int64_t now, remote_end *end, otsd_error *e) {
    otsd_receipt *t = NULL;
    otsd_error fetch = {0};
    otsd_err got = otsd_fetch(server->client, r->metadata_key, &t, &fetch);

    if (got == OTSD_ERR_GONE) {
        /* What the receipt said while it lived is all there is. */
        end->outcome = r->opened_at > 0 ? OUTCOME_OPENED : OUTCOME_UNKNOWN;
        end->opened_at = r->opened_at;
    } else if (got == OTSD_OK) {
        end->outcome = proof_outcome(t, r, now);
        end->opened_at = proof_opened_at(t);
    } else {
        *e = fetch;
    }
    otsd_receipt_free(&t);
    return end->outcome != OUTCOME_NONE;
}

int remote_burn(remote *server, const record *r, int64_t now, remote_end *end, problem *p) {
    otsd_secret *passphrase = NULL;
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err;
    int rc = passphrase_of(r, &passphrase, p);

    memset(end, 0, sizeof *end);
    if (rc != EX_OK)
        return rc;
    err = otsd_burn(server->client, r->metadata_key, passphrase, &t, &e);
    otsd_secret_free(&passphrase);
    otsd_receipt_free(&t);
    if (err == OTSD_OK) {
        end->outcome = OUTCOME_BURNED;
        return problem_none(p);
    }
    /* Some servers refuse the passphrase of a secret that is gone, too. */
    if ((err == OTSD_ERR_GONE || err == OTSD_ERR_REFUSED) && learn_end(server, r, now, end, &e))
        return problem_none(p);
    end->retry_after = e.retry_after;
    return problem_from_otsd(p, &e, "%s: the secret is not burned yet", r->user);
}

int remote_opened(remote *server, const record *r, int64_t *opened_at, problem *p) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_fetch(server->client, r->metadata_key, &t, &e);

    *opened_at = 0;
    if (err == OTSD_ERR_GONE)
        return problem_none(p);
    if (err != OTSD_OK)
        return problem_from_otsd(p, &e, "%s: the receipt cannot be read", r->user);
    *opened_at = proof_opened_at(t);
    otsd_receipt_free(&t);
    return problem_none(p);
}

typedef struct delivery {
    int (*fn)(const otsd_receipt *t, void *arg);
    void *arg;
    int rc;
} delivery;

static int deliver(const otsd_receipt *t, void *arg) {
    delivery *d = arg;

    d->rc = d->fn(t, d->arg);
    return d->rc;
}

int remote_recent(remote *server, int (*fn)(const otsd_receipt *t, void *arg), void *arg, problem *p) {
    delivery d = {fn, arg, EX_OK};
    otsd_error e = {0};

    if (otsd_recent_each(server->client, deliver, &d, &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "the server cannot be asked for lost secrets");
    return d.rc == EX_OK ? problem_none(p) : problem_set(p, d.rc, "out of memory while looking for lost secrets");
}
