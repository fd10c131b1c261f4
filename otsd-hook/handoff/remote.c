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
    remote *r = calloc(1, sizeof *r);
    otsd_error e = {0};

    if (!r)
        return problem_set(p, EX_OSERR, "out of memory");
    if (otsd_client_new(&r->client, c, &e) != OTSD_OK) {
        free(r);
        return problem_from_otsd(p, &e, "the client cannot start");
    }
    r->config = c;
    *out = r;
    return EX_OK;
}

void remote_close(remote **r) {
    if (!*r)
        return;
    otsd_client_free(&(*r)->client);
    free(*r);
    *r = NULL;
}

void remote_limit(remote *r, long timeout_ms) {
    otsd_client_set_timeout(r->client, timeout_ms);
}

int remote_check(remote *r, problem *p) {
    otsd_error e = {0};

    if (otsd_authcheck(r->client, &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "the server does not take us");
    return EX_OK;
}

static int passphrase_of(const record *h, otsd_secret **out, problem *p) {
    *out = NULL;
    if (h->passphrase[0] && otsd_secret_new(out, h->passphrase, strlen(h->passphrase)) != OTSD_OK)
        return problem_set(p, EX_OSERR, "out of lockable memory");
    return EX_OK;
}

/* A refusal in the API's own words proves that nothing was made. Anything else that answered may be a proxy that lost
 * the real answer. */
static bool surely_nothing(const otsd_error *e) {
    return e->reach == OTSD_REACH_NO || e->code == OTSD_ERR_CREDENTIALS || e->code == OTSD_ERR_REFUSED ||
           e->code == OTSD_ERR_RATE_LIMITED || e->code == OTSD_ERR_NOT_V1 || e->code == OTSD_ERR_GONE ||
           e->code == OTSD_ERR_ARGUMENT;
}

static remote_trouble trouble_of(const otsd_error *e) {
    switch (e->code) {
    case OTSD_ERR_RATE_LIMITED:
        return REMOTE_LIMITED;
    case OTSD_ERR_REFUSED:
    case OTSD_ERR_GONE:
    case OTSD_ERR_ARGUMENT:
        return REMOTE_REFUSED;
    case OTSD_ERR_CREDENTIALS:
    case OTSD_ERR_CONFIG:
    case OTSD_ERR_TLS:
    case OTSD_ERR_MEMORY:
        return REMOTE_HOPELESS;
    default:
        return REMOTE_AWAY;
    }
}

static void failed_answer(remote_answer *a, const char *user, const otsd_error *e) {
    a->certain = surely_nothing(e);
    a->trouble = trouble_of(e);
    a->retry_after = e->retry_after;
    problem_from_otsd(&a->why, e,
                      e->code == OTSD_ERR_REFUSED ? "%s: the server refused" : "%s: no password from the server", user);
}

/* What generate is asked for on behalf of h. The passphrase has to be freed. */
static int options_of(const config *c, const record *h, const char *locale, otsd_options *o, otsd_secret **passphrase,
                      problem *p) {
    int rc = passphrase_of(h, passphrase, p);

    *o = (otsd_options){.ttl = (long)h->ttl_asked,
                        .passphrase = *passphrase,
                        .recipient = h->recipient[0] ? h->recipient : NULL,
                        .locale = locale ? locale : c->handoff.locale,
                        .share_domain = c->handoff.share_domain};
    return rc;
}

void remote_generate(remote *r, const record *h, const char *locale, remote_answer *a) {
    otsd_secret *passphrase = NULL;
    otsd_error e = {0};
    otsd_options o;

    memset(a, 0, sizeof *a);
    a->certain = true;
    a->trouble = REMOTE_HOPELESS;
    if (options_of(r->config, h, locale, &o, &passphrase, &a->why) != EX_OK)
        return;
    if (otsd_generate(r->client, &o, &a->receipt, &e) != OTSD_OK)
        failed_answer(a, h->user, &e);
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
    if (otsd_pool_new(&m->pool, c, jobs, &e) != OTSD_OK) {
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
    return EX_OK;
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

int remote_many_generate(remote_many *m, const record *h, const char *locale, void *arg, problem *p) {
    otsd_secret *passphrase = NULL;
    call *c = m->free;
    otsd_error e = {0};
    otsd_options o;
    int rc = options_of(m->config, h, locale, &o, &passphrase, p);

    if (rc != EX_OK)
        return rc;
    if (c) {
        m->free = c->next;
        c->user = h->user;
        c->arg = arg;
    }
    if (!c || otsd_pool_generate(m->pool, &o, answered, c, &e) != OTSD_OK) {
        rc = c ? problem_from_otsd(p, &e, "%s: no password from the server", h->user)
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

    return otsd_pool_run(m->pool, wait_ms, &e) == OTSD_OK ? EX_OK : problem_from_otsd(p, &e, "the client cannot go on");
}

void remote_many_wake(remote_many *m) {
    otsd_pool_wakeup(m->pool);
}

int remote_link(remote *r, const otsd_receipt *receipt, char **out, problem *p) {
    if (otsd_link(r->client, receipt, out) != OTSD_OK)
        return problem_set(p, EX_PROTOCOL, "the server's answer has no link");
    return EX_OK;
}

/* A receipt that cannot change any more, as an outcome; OUTCOME_NONE: the secret may still live. */
static outcome outcome_of(const otsd_receipt *t, const record *h, int64_t now) {
    switch (t->state) {
    case OTSD_STATE_RECEIVED:
        return OUTCOME_OPENED;
    case OTSD_STATE_BURNED:
        return OUTCOME_BURNED;
    case OTSD_STATE_EXPIRED:
        return OUTCOME_EXPIRED;
    case OTSD_STATE_ORPHANED:
        return OUTCOME_UNKNOWN;
    case OTSD_STATE_NEW:
    case OTSD_STATE_VIEWED:
    case OTSD_STATE_UNKNOWN:
        break;
    }
    /* An old server shows what is gone for no known reason as "viewed" without a secret key. */
    if (t->secret_key[0] == '\0' || t->secret_ttl <= 0)
        return now >= h->deadline ? OUTCOME_EXPIRED : OUTCOME_UNKNOWN;
    return OUTCOME_NONE;
}

int remote_burn(remote *r, const record *h, int64_t now, remote_end *end, problem *p) {
    otsd_secret *passphrase = NULL;
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err;
    int rc = passphrase_of(h, &passphrase, p);

    memset(end, 0, sizeof *end);
    if (rc != EX_OK)
        return rc;
    err = otsd_burn(r->client, h->metadata_key, passphrase, NULL, &e);
    if (err == OTSD_OK) {
        end->outcome = OUTCOME_BURNED;
        goto out;
    }
    /* "Unknown secret" also means read, expired or burned before: the receipt tells which. So it does where the
     * passphrase is refused, as some servers do for a secret that is gone. */
    if (err == OTSD_ERR_GONE || err == OTSD_ERR_REFUSED) {
        otsd_error fetch = {0};
        otsd_err got = otsd_fetch(r->client, h->metadata_key, &t, &fetch);

        if (got == OTSD_ERR_GONE) {
            /* What the receipt said while it lived is all there is. */
            end->outcome = h->opened_at > 0 ? OUTCOME_OPENED : OUTCOME_UNKNOWN;
            end->opened_at = h->opened_at;
            goto out;
        }
        if (got == OTSD_OK)
            end->outcome = outcome_of(t, h, now);
        if (got == OTSD_OK && end->outcome != OUTCOME_NONE) {
            end->opened_at = end->outcome == OUTCOME_OPENED ? (t->received > 0 ? t->received : t->updated) : 0;
            goto out;
        }
        if (got != OTSD_OK)
            e = fetch;
    }
    end->retry_after = e.retry_after;
    rc = problem_from_otsd(p, &e, "%s: the secret is not burned yet", h->user);
out:
    otsd_receipt_free(&t);
    otsd_secret_free(&passphrase);
    return rc;
}

int remote_opened(remote *r, const record *h, int64_t *opened_at, problem *p) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_fetch(r->client, h->metadata_key, &t, &e);

    *opened_at = 0;
    if (err == OTSD_ERR_GONE)
        return EX_OK;
    if (err != OTSD_OK)
        return problem_from_otsd(p, &e, "%s: the receipt cannot be read", h->user);
    *opened_at = t->state != OTSD_STATE_RECEIVED ? 0 : t->received > 0 ? t->received : t->updated;
    otsd_receipt_free(&t);
    return EX_OK;
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

int remote_recent(remote *r, int (*fn)(const otsd_receipt *t, void *arg), void *arg, problem *p) {
    delivery d = {fn, arg, EX_OK};
    otsd_error e = {0};

    if (otsd_recent_each(r->client, deliver, &d, &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "the server cannot be asked for lost secrets");
    return d.rc == EX_OK ? EX_OK : problem_set(p, d.rc, "out of memory for lost secrets");
}
