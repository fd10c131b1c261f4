/* SPDX-License-Identifier: MIT */
#include "handoff/connection.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAILURES_ENOUGH 2

typedef struct former {
    otsd_server *server; /* NULL: its file cannot be read */
    net_client *client;  /* NULL until it is needed */
    int failures;        /* in a row, to reach it */
} former;

typedef struct connections {
    const config *config;
    net_client *current;
    long limit_ms; /* 0: none */
    former *formers;
    size_t len;
    bool were_read;
    problem unread; /* the first file that cannot be read */
} connections;

int connections_open(connections **out, const config *c, problem *p) {
    connections *n = calloc(1, sizeof *n);
    otsd_error e = {0};

    if (!n)
        return problem_set(p, EX_OSERR, "out of memory");
    if (net_client_new(&n->current, c->server, &e) != OTSD_OK) {
        free(n);
        return problem_from_otsd(p, &e, "the client cannot start");
    }
    n->config = c;
    *out = n;
    return problem_none(p);
}

void connections_close(connections **c) {
    connections *n = *c;

    if (!n)
        return;
    for (size_t i = 0; i < n->len; i++) {
        net_client_free(&n->formers[i].client);
        otsd_server_free(&n->formers[i].server);
    }
    free(n->formers);
    net_client_free(&n->current);
    free(n);
    *c = NULL;
}

void connections_limit(connections *c, long timeout_ms) {
    c->limit_ms = timeout_ms;
    net_client_set_timeout(c->current, timeout_ms);
    for (size_t i = 0; i < c->len; i++)
        if (c->formers[i].client)
            net_client_set_timeout(c->formers[i].client, timeout_ms);
}

net_client *connections_current(const connections *c) {
    return c->current;
}

const char *connection_url(const config *c, const record *r) {
    return r && r->server[0] ? r->server : c ? otsd_server_url(c->server) : "";
}

const char *connection_account(const config *c, const record *r) {
    return r && r->server[0] ? r->account : c ? otsd_server_username(c->server) : "";
}

const char *connections_url(const connections *c, const record *r) {
    return connection_url(c->config, r);
}

const char *connections_account(const connections *c, const record *r) {
    return connection_account(c->config, r);
}

static bool same_url(const otsd_server *s, const char *url) {
    return s && strcasecmp(otsd_server_url(s), url) == 0;
}

static bool same_account(const otsd_server *s, const char *url, const char *account) {
    return same_url(s, url) && strcmp(otsd_server_username(s), account) == 0;
}

/* Each file by itself: one that cannot be read keeps nobody from the others. */
static int read_formers(connections *c, problem *p) {
    char **files = c->config->handoff.former;
    size_t n = 0;

    while (files && files[n])
        n++;
    c->formers = calloc(n + 1, sizeof *c->formers);
    if (!c->formers)
        return problem_set(p, EX_OSERR, "out of memory");
    for (c->len = 0; c->len < n; c->len++) {
        otsd_error e = {0};

        if (otsd_server_load(&c->formers[c->len].server, files[c->len], &e) != OTSD_OK && c->unread.code == EX_OK)
            problem_set(&c->unread, EX_CONFIG, "%s", e.message);
    }
    c->were_read = true;
    return problem_none(p);
}

static int former_client(const former *f, net_client **out, problem *p) {
    otsd_error e = {0};

    if (net_client_new(out, f->server, &e) == OTSD_OK)
        return problem_none(p);
    problem_from_otsd(p, &e, "the former server %s cannot be used", otsd_server_url(f->server));
    p->remote = false;
    return p->code;
}

int connections_check(connections *c, problem *p) {
    int rc = c->were_read ? problem_none(p) : read_formers(c, p);

    for (size_t i = 0; rc == EX_OK && i < c->len; i++)
        if (c->formers[i].server && !c->formers[i].client)
            rc = former_client(&c->formers[i], &c->formers[i].client, p);
    if (rc == EX_OK && c->unread.code != EX_OK) {
        *p = c->unread;
        rc = p->code;
    }
    return rc;
}

static int use_former(connections *c, former *f, const record *r, net_client **out, problem *p) {
    problem why;

    if (f->failures >= FAILURES_ENOUGH)
        return problem_set(p, EX_UNAVAILABLE, "%s: the link's server, %s, was not reached a moment ago", r->user,
                           r->server);
    if (!f->client && former_client(f, &f->client, &why) != EX_OK)
        return problem_set(p, why.code, "%s: %s", r->user, why.text);
    net_client_set_timeout(f->client, c->limit_ms);
    *out = f->client;
    return problem_none(p);
}

static int no_server(const connections *c, const record *r, problem *p) {
    const char *sign = r->account[0] ? ", account " : "";

    if (c->unread.code != EX_OK)
        return problem_set(p, EX_CONFIG, "%s: the link belongs to %s%s%s, perhaps a former server, but %s", r->user,
                           r->server, sign, r->account, c->unread.text);
    return problem_set(p, CONNECTION_NONE,
                       "%s: the link belongs to %s%s%s, which is not in the configuration (see handoff.former in "
                       "otsd.conf(5))",
                       r->user, r->server, sign, r->account);
}

static int choose(connections *c, const record *r, bool any_account, net_client **out, problem *p) {
    const char *url = connections_url(c, r), *account = connections_account(c, r);
    int rc = problem_none(p);

    if (same_account(c->config->server, url, account)) {
        *out = c->current;
        return rc;
    }
    if (!c->were_read)
        rc = read_formers(c, p);
    for (size_t i = 0; rc == EX_OK && i < c->len; i++)
        if (same_account(c->formers[i].server, url, account))
            return use_former(c, &c->formers[i], r, out, p);
    if (rc == EX_OK && any_account && same_url(c->config->server, url)) {
        *out = c->current;
        return rc;
    }
    for (size_t i = 0; rc == EX_OK && any_account && i < c->len; i++)
        if (same_url(c->formers[i].server, url))
            return use_former(c, &c->formers[i], r, out, p);
    return rc == EX_OK ? no_server(c, r, p) : rc;
}

int connection_by_key(connections *c, const record *r, net_client **out, problem *p) {
    return choose(c, r, true, out, p);
}

int connection_by_account(connections *c, const record *r, net_client **out, problem *p) {
    return choose(c, r, false, out, p);
}

int connection_failed(connections *c, const net_client *client, problem *p) {
    for (size_t i = 0; i < c->len; i++) {
        if (c->formers[i].client != client)
            continue;
        p->remote = false;
        c->formers[i].failures = p->code == EX_UNAVAILABLE ? c->formers[i].failures + 1 : 0;
    }
    return p->code;
}
