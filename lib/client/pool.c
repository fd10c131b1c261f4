/* SPDX-License-Identifier: MIT
 *
 * Many generates at once in one thread. A pool has places; each has an exchange of its own and, while one is in flight,
 * its form and the function that waits for the outcome. Every generate that was started is told of exactly once.
 *
 * A place is free again before its function is called, so that the function can start the next one: a caller that does
 * so keeps the pool full without a round of its own.
 */
#include "client/client.h"

#include <stdlib.h>

typedef struct place {
    http_exchange *exchange; /* made when first needed, then kept */
    wiped form;
    otsd_pool_fn *fn; /* NULL: free */
    void *arg;
} place;

struct otsd_pool {
    http_settings settings;
    http_multi *multi;
    size_t jobs, in_flight;
    bool closing;
    generation generation;
    place *places;
    place **vacant; /* a stack, so that few places do the work where few are needed */
    size_t vacant_len;
};

otsd_err otsd_pool_new(otsd_pool **out, const otsd_server *server, size_t jobs, otsd_error *e) {
    otsd_pool *p;
    otsd_err rc;

    if (!out)
        return error_null(e, "out");
    if (jobs < 1 || jobs > OTSD_POOL_MAX)
        return error_local(e, OTSD_ERR_ARGUMENT, "1 to %d at once were expected", OTSD_POOL_MAX);
    p = calloc(1, sizeof *p);
    if (!p)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    p->places = calloc(jobs, sizeof *p->places);
    p->vacant = calloc(jobs, sizeof(place *));
    if (!p->places || !p->vacant)
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    else
        rc = settings_make(&p->settings, server, e);
    p->settings.many = true;
    if (rc == OTSD_OK)
        rc = http_multi_new(&p->multi, jobs, e);
    if (rc != OTSD_OK) {
        otsd_pool_free(&p);
        return rc;
    }
    for (p->jobs = jobs; p->vacant_len < jobs; p->vacant_len++)
        p->vacant[p->vacant_len] = &p->places[jobs - 1 - p->vacant_len];
    *out = p;
    return OTSD_OK;
}

static void vacate(otsd_pool *p, place *s) {
    wiped_free(&s->form);
    s->fn = NULL;
    p->vacant[p->vacant_len++] = s;
    p->in_flight--;
}

/* The exchange is over, code says how: tells the function that waits for it. */
static void tell(otsd_pool *p, place *s, int code) {
    const http_answer *h = NULL;
    struct json_object *json = NULL;
    otsd_receipt *receipt = NULL;
    otsd_pool_fn *fn = s->fn;
    void *arg = s->arg;
    otsd_error e = {.size = sizeof e}; /* as far as a callee of another release may read */
    otsd_err rc = http_finish(s->exchange, code, &h, &e);

    if (rc == OTSD_OK)
        rc = answer_read(h, p->settings.base, false, &json, &e);
    if (h)
        generation_learn(&p->generation, h, rc == OTSD_OK ? json : NULL);
    if (rc == OTSD_OK)
        rc = receipt_from_json(json, RECEIPT_GENERATE, &receipt, &e);
    if (rc == OTSD_OK)
        generation_learn_value(&p->generation, receipt->value);
    json_wipe(json);
    http_forget(s->exchange);
    vacate(p, s);
    fn(arg, receipt, rc == OTSD_OK ? NULL : &e);
}

static size_t tell_ended(otsd_pool *p) {
    place *s;
    size_t n = 0;
    int code = 0;

    while ((s = http_multi_ended(p->multi, &code))) {
        tell(p, s, code);
        n++;
    }
    return n;
}

void otsd_pool_free(otsd_pool **out) {
    otsd_pool *p;

    if (!out || !*out)
        return;
    p = *out;
    *out = NULL;
    p->closing = true;
    if (p->multi)
        (void)tell_ended(p); /* what has been answered is not given up */
    for (size_t i = 0; i < p->jobs; i++) {
        if (p->places[i].fn) {
            http_multi_remove(p->multi, p->places[i].exchange);
            tell(p, &p->places[i], HTTP_GIVEN_UP);
        }
        http_exchange_free(&p->places[i].exchange);
    }
    http_multi_free(&p->multi);
    settings_free(&p->settings);
    free(p->places);
    free(p->vacant);
    free(p);
}

otsd_err otsd_pool_generate(otsd_pool *p, const otsd_options *o, otsd_pool_fn *fn, void *arg, otsd_error *e) {
    http_request r = {.path = "/generate", .creates = true};
    place *s;
    otsd_err rc;

    if (!p)
        return error_null(e, "the pool");
    if (!fn || p->closing || p->vacant_len == 0)
        return error_local(e, OTSD_ERR_ARGUMENT, "%s",
                           !fn          ? "there is no function to call"
                           : p->closing ? "the pool is being freed"
                                        : "as many generates are in flight as the pool takes");
    s = p->vacant[p->vacant_len - 1];
    rc = generation_check(&p->generation, o ? o->passphrase : NULL, e);
    if (rc == OTSD_OK)
        rc = form_create(&s->form, NULL, o, e);
    if (rc == OTSD_OK && !s->exchange)
        rc = http_exchange_new(&s->exchange, &p->settings, e);
    r.form = &s->form;
    if (rc == OTSD_OK)
        rc = http_prepare(s->exchange, &r, e);
    if (rc == OTSD_OK)
        rc = http_multi_add(p->multi, s->exchange, s, e);
    if (rc != OTSD_OK) {
        if (s->exchange)
            http_forget(s->exchange);
        wiped_free(&s->form);
        return rc;
    }
    s->fn = fn;
    s->arg = arg;
    p->vacant_len--;
    p->in_flight++;
    return OTSD_OK;
}

const char *otsd_pool_generation(const otsd_pool *p) {
    return generation_text(p ? p->generation.known : 0);
}

size_t otsd_pool_in_flight(const otsd_pool *p) {
    return p ? p->in_flight : 0;
}

otsd_err otsd_pool_run(otsd_pool *p, long wait_ms, otsd_error *e) {
    otsd_err rc;
    size_t ended;

    if (!p)
        return error_null(e, "the pool");
    rc = http_multi_perform(p->multi, e);
    ended = tell_ended(p);
    if (rc == OTSD_OK && ended == 0) {
        rc = http_multi_wait(p->multi, wait_ms, e);
        if (rc == OTSD_OK)
            rc = http_multi_perform(p->multi, e);
        ended = tell_ended(p);
    }
    /* What the functions started leaves at once, not with the next run. */
    if (rc == OTSD_OK && ended > 0)
        rc = http_multi_perform(p->multi, e);
    return rc;
}

void otsd_pool_wakeup(otsd_pool *p) {
    if (p)
        http_multi_wakeup(p->multi);
}

void pool_watch(otsd_pool *p, int fd) {
    http_multi_watch(p->multi, fd);
}
