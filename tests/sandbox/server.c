/* SPDX-License-Identifier: MIT
 *
 * From HTTP requests to calls and back. A few threads of libmicrohttpd share the connections; a request that has to
 * wait is suspended, so that nothing it does can hold up another.
 */
#include "server.h"

#include "answer.h"
#include "api.h"
#include "control.h"
#include "hostile.h"
#include "listen.h"
#include "page.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define THREADS 4
#define CONNECTIONS_MAX 8192
#define BODY_MAX ((size_t)2 << 20)
#define FILE_MAX 1048576
#define SESSION_MIN 20

struct server {
    struct world *world;
    struct timer *timer;
    struct MHD_Daemon *daemon;
};

enum phase { PHASE_HEADERS, PHASE_BODY, PHASE_READY, PHASE_HUNG };

/* One request on its way. */
struct exchange {
    struct server *server;
    char *target;
    enum phase phase;
    struct bytes body;
    bool too_large;
    bool counted;
    struct route route;
    struct reply reply;
    enum fault_kind fault;
    long least; /* of FAULT_GATHER; 0: the last one, which lets all go */
};

static void *begin_exchange(void *cls, const char *uri, struct MHD_Connection *connection) {
    struct exchange *x = must_alloc(sizeof *x);

    (void)connection;
    x->server = cls;
    x->target = must_copy(uri);
    return x;
}

static void end_exchange(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code) {
    struct exchange *x = *con_cls;

    (void)cls;
    (void)connection;
    (void)code;
    if (!x)
        return;
    if (x->counted) {
        pthread_mutex_lock(&x->server->world->lock);
        in_flight_add(&x->server->world->counters, -1);
        pthread_mutex_unlock(&x->server->world->lock);
    }
    route_free(&x->route);
    bytes_free(&x->reply.body);
    free(x->reply.location);
    bytes_free(&x->body);
    free(x->target);
    free(x);
    *con_cls = NULL;
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode code) {
    struct server *s = cls;

    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*socket_context);
        *socket_context = NULL;
        return;
    }
    /* Did it bring a call of the API yet? */
    *socket_context = must_alloc(sizeof(bool));
    pthread_mutex_lock(&s->world->lock);
    s->world->counters.connections++;
    pthread_mutex_unlock(&s->world->lock);
}

static const char *request_header(struct MHD_Connection *c, const char *name) {
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static const struct sockaddr *peer(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return !info ? NULL : info->client_addr;
}

/* False: bad credentials. */
static bool authenticate(const struct options *o, struct MHD_Connection *c, const struct account **account) {
    char *token = NULL, *email = NULL;
    bool good = false;
    const char *cookie = request_header(c, "Cookie"), *session = !cookie ? NULL : strstr(cookie, "sess=");
    bool credentials = request_header(c, "Authorization");

    *account = NULL;
    /* Old servers take a session cookie for a log-in of the web pages and look no further. */
    if (o->flavour == FLAVOUR_OLD && session && (!credentials || strcspn(session + 5, "; ") >= SESSION_MIN))
        return false;
    if (!credentials)
        return true;
    email = MHD_basic_auth_get_username_password(c, &token);
    for (size_t i = 0; email && token && i < o->accounts_len && !good; i++) {
        good = strcmp(o->accounts[i].email, email) == 0 && strcmp(o->accounts[i].token, token) == 0;
        if (good)
            *account = &o->accounts[i];
    }
    MHD_free(email);
    MHD_free(token);
    return good;
}

static bool control_allowed(const struct options *o, struct MHD_Connection *c, const struct form *form) {
    const char *token = request_header(c, "X-Sandbox-Token");
    const struct sockaddr *a = peer(c);

    if (!o->control || !a || !is_loopback(a))
        return false;
    if (!token)
        token = form_text(form, "token");
    return !o->control_token || strcmp(token, o->control_token) == 0;
}

static enum form_err read_form(const struct exchange *x, struct MHD_Connection *c, struct form *form,
                               struct form *query) {
    const char *type = request_header(c, "Content-Type");
    bool old = x->server->world->opt->flavour == FLAVOUR_OLD;
    bool json = type && strncasecmp(type, "application/json", 16) == 0;
    bool plain_form = !type || strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
    const char *q = x->route.query;

    if (form_add_urlencoded(query, q, strcspn(q, "#")) != FORM_OK ||
        form_add_urlencoded(form, q, strcspn(q, "#")) != FORM_OK)
        return FORM_MALFORMED;
    if (x->body.len == 0)
        return FORM_OK;
    if (json && !old)
        return form_add_json(form, x->body.data, x->body.len);
    if (plain_form || (!old && strncasecmp(type, "multipart/", 10) != 0))
        return form_add_urlencoded(form, x->body.data, x->body.len);
    return FORM_OK;
}

static void count_call(struct exchange *x, struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct counters *n = &x->server->world->counters;
    bool *seen = !info ? NULL : info->socket_context;

    n->calls[x->route.call]++;
    n->total++;
    x->counted = true;
    in_flight_add(n, 1);
    if (seen && !*seen) {
        *seen = true;
        n->api_connections++;
    }
}

static bool happens_before(enum fault_kind k) {
    return k == FAULT_HANG || k == FAULT_RESET_BEFORE || k == FAULT_CLOSE_BEFORE;
}

/* Answers into x->reply. Returns how many milliseconds the answer has to wait. */
static long answer_call(struct exchange *x, struct MHD_Connection *c, const struct request *given, bool authorized,
                        enum form_err form_err) {
    struct world *w = x->server->world;
    struct request rq = *given;
    struct fault f = {.kind = FAULT_NONE};

    pthread_mutex_lock(&w->lock);
    count_call(x, c);
    f = faults_take(&w->faults, rq.call);
    x->fault = f.kind;
    x->least = f.count == 1 ? 0 : f.least;
    rq.drop_passphrase = f.kind == FAULT_DROP_PASSPHRASE;
    rq.ttl_cap = f.kind == FAULT_SHORT_TTL ? (f.ms + 999) / 1000 : 0;
    rq.ttl_least = f.kind == FAULT_LONG_TTL ? f.s : 0;
    if (happens_before(f.kind) || f.kind == FAULT_REDIRECT || answer_replace(w, &f, &x->reply)) {
        /* The server proper never saw it. */
    } else if (form_err == FORM_MALFORMED) {
        reply_malformed_form(w, &x->reply);
    } else if (form_err == FORM_NOT_AN_OBJECT) {
        reply_json_not_an_object(&x->reply);
    } else if (!authorized) {
        reply_not_authorized(&x->reply);
    } else {
        api_answer(w, &rq, x->route.version, &x->reply);
    }
    hostile_change(w, &rq, &f, &x->reply);
    pthread_mutex_unlock(&w->lock);
    fault_free(&f);
    return w->opt->latency_ms + (f.kind == FAULT_DELAY ? f.ms : 0);
}

static long dispatch(struct exchange *x, struct MHD_Connection *c, const char *method) {
    struct world *w = x->server->world;
    struct form form = {NULL, 0}, query = {NULL, 0};
    char address[64] = "";
    bool post = strcmp(method, "POST") == 0, authorized = true;
    struct request rq = {.call = CALL_NONE, .key = "", .address = address, .form = &form, .query = &query};
    enum form_err form_err;
    long wait = 0;

    route_parse(w->opt->flavour, method, x->target, &x->route);
    form_err = read_form(x, c, &form, &query);
    if (peer(c))
        address_text(peer(c), address, sizeof address);
    rq.call = x->route.call;
    rq.create = x->route.create;
    rq.untidy = x->route.untidy;
    if (x->route.key.data)
        rq.key = x->route.key.data;

    switch (x->route.kind) {
    case ROUTE_API:
        authorized = authenticate(w->opt, c, &rq.account);
        wait = answer_call(x, c, &rq, authorized, form_err);
        break;
    case ROUTE_CONTROL:
        if (form_err == FORM_OK && control_allowed(w->opt, c, &form))
            control_answer(w, !x->route.key.data ? "" : x->route.key.data, post, &form, &x->reply);
        else
            reply_no_such_path(&x->reply);
        break;
    case ROUTE_HOME:
        page_home(w, &x->reply);
        break;
    case ROUTE_LINK:
        pthread_mutex_lock(&w->lock);
        page_link(w, &rq, post, &x->reply);
        pthread_mutex_unlock(&w->lock);
        break;
    case ROUTE_MALFORMED:
        reply_malformed_path(w, &x->reply);
        break;
    case ROUTE_NOT_FOUND:
        reply_no_such_path(&x->reply);
        break;
    }
    if (w->opt->verbose)
        fprintf(stderr, "otsd-sandbox: %s %s %s %u\n", address, method, call_name(rq.call), x->reply.status);
    form_free(&form);
    form_free(&query);
    return wait;
}

static enum MHD_Result finish(struct exchange *x, struct MHD_Connection *c) {
    switch (x->fault) {
    case FAULT_HANG:
    case FAULT_HANG_AFTER:
        x->phase = PHASE_HUNG;
        return timer_suspend(x->server->timer, c, -1) ? MHD_YES : MHD_NO;
    case FAULT_RESET_BEFORE:
    case FAULT_RESET_AFTER:
        answer_reset(c);
        return MHD_NO;
    case FAULT_CLOSE_BEFORE:
    case FAULT_CLOSE_AFTER:
        return MHD_NO;
    case FAULT_FOLDED:
        answer_folded(c, &x->reply);
        return MHD_NO;
    default:
        return answer_send(x->server->world, x->server->timer, c, &x->reply, x->fault);
    }
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **con_cls) {
    struct exchange *x = *con_cls;
    long wait;

    (void)cls;
    (void)url;
    (void)version;
    switch (x->phase) {
    case PHASE_HEADERS:
        x->phase = PHASE_BODY;
        return MHD_YES;
    case PHASE_BODY:
        break;
    case PHASE_READY:
        return finish(x, c);
    case PHASE_HUNG:
        return MHD_NO;
    }
    if (*upload_size > 0) {
        x->too_large = x->too_large || x->body.len + *upload_size > BODY_MAX;
        if (!x->too_large)
            bytes_append(&x->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (x->too_large) {
        x->reply = (struct reply){.status = 413, .body = bytes_copy("", 0), .bare = true, .close = true};
        return finish(x, c);
    }
    wait = dispatch(x, c, method);
    x->phase = PHASE_READY;
    if (x->fault == FAULT_GATHER ? timer_gather(x->server->timer, c, x->least)
                                 : wait > 0 && timer_suspend(x->server->timer, c, wait))
        return MHD_YES;
    return finish(x, c);
}

static char *read_file(const char *path) {
    struct bytes b = {NULL, 0};
    char buf[4096];
    FILE *f = fopen(path, "re");
    size_t n = 0;

    while (f && b.len < FILE_MAX && (n = fread(buf, 1, sizeof buf, f)) > 0)
        bytes_append(&b, buf, n);
    if (!f || ferror(f) || b.len == 0) {
        fprintf(stderr, "otsd-sandbox: %s: cannot read a certificate or key from it\n", path);
        bytes_free(&b);
    }
    if (f && fclose(f) != 0)
        bytes_free(&b);
    return b.data;
}

static void set_base(struct world *w, unsigned port) {
    const struct options *o = w->opt;
    bool six = strchr(o->host, ':');

    if (o->base)
        snprintf(w->base, sizeof w->base, "%s", o->base);
    else
        snprintf(w->base, sizeof w->base, "%s://%s%.200s%s:%u", !o->tls_cert ? "http" : "https", six ? "[" : "",
                 o->host, six ? "]" : "", port);
}

static struct MHD_Daemon *start_daemon(struct server *s, unsigned flags, int fd, char *cert, char *key) {
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, cert}, {MHD_OPTION_HTTPS_MEM_KEY, 0, key}, {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned timeout = s->world->opt->flavour == FLAVOUR_OLD ? 30 : 65;

    return MHD_start_daemon(flags, 0, NULL, NULL, handle, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
                            (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, timeout, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, s,
                            MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL, MHD_OPTION_NOTIFY_CONNECTION,
                            connection_changed, s, MHD_OPTION_ARRAY, cert ? tls : none, MHD_OPTION_END);
}

struct server *server_start(struct world *w, unsigned *port, int *status) {
    const struct options *o = w->opt;
    struct server *s = NULL;
    char *cert = NULL, *key = NULL;
    int fd = -1;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;

    if (o->tls_cert) {
        cert = read_file(o->tls_cert);
        key = !cert ? NULL : read_file(o->tls_key);
        *status = EX_NOINPUT;
        if (!cert || !key)
            goto out;
        flags |= MHD_USE_TLS;
    }
    fd = listen_open(o, port, status);
    if (fd < 0)
        goto out;
    set_base(w, *port);
    s = must_alloc(sizeof *s);
    s->world = w;
    s->timer = timer_new();
    if (s->timer)
        s->daemon = start_daemon(s, flags, fd, cert, key);
    if (!s->daemon) {
        fputs("otsd-sandbox: the HTTP server could not be started (is the certificate good?)\n", stderr);
        *status = cert ? EX_DATAERR : EX_OSERR;
        if (s->timer)
            timer_free(s->timer);
        free(s);
        s = NULL;
        close(fd);
    }
out:
    if (key)
        explicit_bzero(key, strlen(key));
    free(cert);
    free(key);
    return s;
}

void server_stop(struct server *s) {
    timer_release(s->timer);
    MHD_stop_daemon(s->daemon);
    timer_free(s->timer);
    free(s);
}
