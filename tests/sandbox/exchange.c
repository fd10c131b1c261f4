/* SPDX-License-Identifier: MIT
 *
 * A request is received, waits for its turn where there is one at a time, is processed, waits as long as it has to, and
 * is answered. Waiting is suspension: it holds no thread and cannot hold up another. What was received is processed
 * even where its sender has gone meanwhile, as real servers do.
 */
#include "exchange.h"

#include "answer.h"
#include "api.h"
#include "control.h"
#include "hostile.h"
#include "incoming.h"
#include "listen.h"
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)2 << 20)

enum phase {
    PHASE_HEADERS,
    PHASE_BODY,
    PHASE_QUEUED, /* received, it waits for its turn */
    PHASE_READY,  /* processed, not yet answered */
    PHASE_HUNG
};

struct exchange {
    struct server *server;
    char *target;
    char method[8];
    enum phase phase;
    bool turn; /* has it, or waits for it */
    struct bytes body;
    bool too_large;
    bool counted;
    struct route route;
    struct reply reply;
    enum fault_kind fault;
    long least; /* of FAULT_GATHER; 0: the last one, which lets all go */
};

void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *connection) {
    struct exchange *x = must_alloc(sizeof *x);

    (void)connection;
    x->server = cls;
    x->target = must_copy(uri);
    return x;
}

static void count_call(struct exchange *x, struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct world *w = x->server->world;
    struct counters *n = &w->counters;
    bool *seen = !info ? NULL : info->socket_context;

    pthread_mutex_lock(&w->lock);
    n->calls[x->route.call]++;
    n->total++;
    x->counted = true;
    in_flight_add(n, 1);
    if (seen && !*seen) {
        *seen = true;
        n->api_connections++;
    }
    pthread_mutex_unlock(&w->lock);
}

static bool happens_before(enum fault_kind k) {
    return k == FAULT_HANG || k == FAULT_RESET_BEFORE || k == FAULT_CLOSE_BEFORE;
}

/* Answers into x->reply. Returns how many milliseconds the answer has to wait. */
static long answer_call(struct exchange *x, const struct request *given, bool authorized, enum form_err form_err) {
    struct world *w = x->server->world;
    struct request rq = *given;
    struct fault f = {.kind = FAULT_NONE};

    pthread_mutex_lock(&w->lock);
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
        reply_not_authorized(&x->reply, x->route.version);
    } else {
        api_answer(w, &rq, x->route.version, &x->reply);
    }
    hostile_change(w, &rq, &f, &x->reply);
    pthread_mutex_unlock(&w->lock);
    fault_free(&f);
    return w->opt->latency_ms + x->reply.mail_ms + (f.kind == FAULT_DELAY ? f.ms : 0);
}

static void answer_page(struct exchange *x, const struct request *rq, bool post) {
    struct world *w = x->server->world;

    switch (x->route.kind) {
    case ROUTE_HOME:
        page_home(w, &x->reply);
        break;
    case ROUTE_MISSING_PAGE:
        page_missing(&x->reply);
        break;
    case ROUTE_LINK:
        pthread_mutex_lock(&w->lock);
        page_link(w, rq, post, &x->reply);
        pthread_mutex_unlock(&w->lock);
        break;
    case ROUTE_MALFORMED:
        reply_malformed_path(w, &x->reply);
        break;
    default:
        reply_no_such_path(&x->reply);
    }
}

static long process(struct exchange *x, struct MHD_Connection *c) {
    struct world *w = x->server->world;
    struct form form = {NULL, 0}, query = {NULL, 0};
    char address[64] = "";
    bool post = strcmp(x->method, "POST") == 0, authorized;
    struct request rq = {.call = x->route.call,
                         .create = x->route.create,
                         .untidy = x->route.untidy,
                         .key = !x->route.key.data ? "" : x->route.key.data,
                         .address = address,
                         .form = &form,
                         .query = &query};
    enum form_err form_err = incoming_read(w->opt->release, c, &x->body, x->route.query, &form, &query);
    long wait = 0;

    if (incoming_peer(c))
        address_text(incoming_peer(c), address, sizeof address);
    if (x->route.kind == ROUTE_API) {
        authorized = incoming_authenticate(w->opt, c, &rq.account);
        wait = answer_call(x, &rq, authorized, form_err);
    } else if (x->route.kind == ROUTE_CONTROL && form_err == FORM_OK && incoming_may_control(w->opt, c, &form)) {
        control_answer(w, rq.key, post, &form, &x->reply);
    } else {
        answer_page(x, &rq, post);
    }
    if (w->opt->verbose)
        fprintf(stderr, "otsd-sandbox: %s %s %s %u\n", address, x->method, call_name(rq.call), x->reply.status);
    form_free(&form);
    form_free(&query);
    x->phase = PHASE_READY;
    return wait;
}

static void leave_turn(struct exchange *x) {
    if (x->turn)
        turn_end(x->server->turn);
    x->turn = false;
}

static enum MHD_Result answer(struct exchange *x, struct MHD_Connection *c) {
    leave_turn(x);
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

static enum MHD_Result process_and_answer(struct exchange *x, struct MHD_Connection *c) {
    long wait = process(x, c);

    if (x->fault == FAULT_GATHER) {
        leave_turn(x);
        if (timer_gather(x->server->timer, c, x->least))
            return MHD_YES;
    } else if (wait > 0 && timer_suspend(x->server->timer, c, wait)) {
        return MHD_YES;
    }
    return answer(x, c);
}

/* All of it is here. */
static enum MHD_Result receive(struct exchange *x, struct MHD_Connection *c, const char *method) {
    struct server *s = x->server;

    if (x->too_large) {
        x->reply = (struct reply){.status = 413, .body = bytes_copy("", 0), .bare = true, .close = true};
        return answer(x, c);
    }
    snprintf(x->method, sizeof x->method, "%s", method);
    route_parse(s->world->opt->release, method, x->target, &x->route);
    if (x->route.kind == ROUTE_API)
        count_call(x, c);
    if (s->turn && x->route.kind != ROUTE_CONTROL) {
        x->turn = true;
        x->phase = PHASE_QUEUED;
        if (!turn_take(s->turn, c))
            return MHD_YES;
    }
    return process_and_answer(x, c);
}

enum MHD_Result exchange_handle(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_size, void **con_cls) {
    struct exchange *x = *con_cls;

    (void)cls;
    (void)url;
    (void)version;
    switch (x->phase) {
    case PHASE_HEADERS:
        x->phase = PHASE_BODY;
        return MHD_YES;
    case PHASE_BODY:
        break;
    case PHASE_QUEUED:
        return process_and_answer(x, c);
    case PHASE_READY:
        return answer(x, c);
    case PHASE_HUNG:
        return MHD_NO;
    }
    if (*upload_size == 0)
        return receive(x, c, method);
    x->too_large = x->too_large || x->body.len + *upload_size > BODY_MAX;
    if (!x->too_large)
        bytes_append(&x->body, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
}

static void end_turn_later(void *turn) {
    turn_end(turn);
}

void exchange_end(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode code) {
    struct exchange *x = *con_cls;

    (void)cls;
    (void)code;
    if (!x)
        return;
    /* Its sender went while it waited for its turn: the time that it takes passes all the same. */
    if (x->phase == PHASE_QUEUED) {
        long wait = process(x, connection);

        if (x->turn && wait > 0) {
            timer_call(x->server->timer, wait, end_turn_later, x->server->turn);
            x->turn = false;
        }
    }
    leave_turn(x);
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
