/* SPDX-License-Identifier: MIT
 *
 * Control: faults, the clock, and the truth about each secret. Only where the command line allows it, and only for
 * callers on the same machine: server.c sees to that.
 */
#include "control.h"

#include "api.h"

#include <stdlib.h>
#include <string.h>

static void refuse(struct reply *out, const char *why) {
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "error", json_object_new_string(why));
    reply_json(out, o);
    out->status = 400;
}

static void done(struct reply *out) {
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "ok", json_object_new_boolean(1));
    reply_json(out, o);
}

static void add_fault(struct world *w, const struct form *form, struct reply *out) {
    struct fault f = {.match = (enum call)CALL_COUNT, .count = 1};
    const char *wrong = NULL;

    for (size_t i = 0; i < form->len && !wrong; i++) {
        if (strcmp(form->params[i].name, "token") != 0)
            wrong = fault_set(&f, form->params[i].name, form->params[i].value.data);
    }
    if (!wrong)
        wrong = fault_check(&f);
    if (wrong) {
        fault_free(&f);
        refuse(out, wrong);
        return;
    }
    faults_add(&w->faults, f);
    done(out);
}

static void set_clock(struct world *w, const struct form *form, struct reply *out) {
    const long limit = 20L * 366 * 86400;
    const struct param *advance = form_find(form, "advance"), *offset = form_find(form, "offset");
    long n = 0;
    struct json_object *o;

    if (advance && parse_number(advance->value.data, -limit, limit, &n)) {
        w->clock_offset += n;
    } else if (offset && parse_number(offset->value.data, -limit, limit, &n)) {
        w->clock_offset = n;
    } else if (advance || offset) {
        refuse(out, "advance and offset are whole seconds");
        return;
    }
    o = json_object_new_object();
    json_object_object_add(o, "offset", json_object_new_int64(w->clock_offset));
    json_object_object_add(o, "now", json_object_new_int64(world_now(w)));
    reply_json(out, o);
}

static struct json_object *truth(const struct world *w, const struct secret *s) {
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "metadata_key", json_object_new_string(s->metadata_key));
    json_object_object_add(o, "secret_key", json_object_new_string(s->secret_key));
    json_object_object_add(o, "state", json_object_new_string(state_name(secret_true_state(s, world_now(w)))));
    json_object_object_add(o, "owner", json_object_new_string(!s->owner ? "anon" : s->owner->email));
    json_object_object_add(o, "generated", json_object_new_boolean(s->generated));
    json_object_object_add(o, "ttl", json_object_new_int64(s->ttl));
    json_object_object_add(o, "created", json_object_new_int64(s->created));
    json_object_object_add(o, "recipient", !s->recipient ? NULL : json_object_new_string(s->recipient));
    json_object_object_add(o, "passphrase", json_object_new_boolean(s->passphrase.data ? 1 : 0));
    json_object_object_add(o, "read_at", json_object_new_int64(s->received));
    json_object_object_add(o, "burned_at", json_object_new_int64(s->burned));
    json_object_object_add(o, "times_read", json_object_new_int64(s->times_read));
    json_object_object_add(o, "times_burned", json_object_new_int64(s->times_burned));
    return o;
}

static void list_secrets(const struct world *w, struct reply *out) {
    reply_json_list(out);
    for (size_t i = 0; i < w->store.len; i++)
        reply_json_item(out, truth(w, w->store.all[i]));
}

static void add_count(struct json_object *o, const char *name, unsigned long n) {
    json_object_object_add(o, name, json_object_new_int64((int64_t)n));
}

static void list_requests(struct world *w, struct reply *out) {
    struct json_object *o = json_object_new_object();
    struct counters *c = &w->counters;

    in_flight_add(c, 0);
    for (int i = CALL_NONE; i < CALL_COUNT; i++)
        add_count(o, call_name((enum call)i), c->calls[i]);
    add_count(o, "total", c->total);
    add_count(o, "burned", c->burned);
    add_count(o, "in_flight", c->in_flight);
    add_count(o, "min_in_flight", c->min_in_flight);
    add_count(o, "max_in_flight", c->max_in_flight);
    json_object_object_add(o, "in_flight_ms", json_object_new_int64(c->in_flight_us / 1000));
    add_count(o, "connections", c->connections);
    add_count(o, "api_connections", c->api_connections);
    add_count(o, "mails", c->mails);
    reply_json(out, o);
}

/* The value vanishes without a word, as when a real server's database loses it: the receipt is orphaned. */
static void drop_secret(struct world *w, const struct form *form, struct reply *out) {
    struct secret *s = store_by_metadata_key(&w->store, form_text(form, "metadata_key"));

    if (!s) {
        refuse(out, "no such metadata_key");
        return;
    }
    if (!s->gone)
        secret_end(s, s->state, world_now(w));
    done(out);
}

static void reset(struct world *w) {
    faults_clear(&w->faults);
    limits_free(&w->limits);
    limits_init(&w->limits);
    store_free(&w->store);
    store_init(&w->store);
    w->counters = (struct counters){.in_flight = w->counters.in_flight};
    in_flight_reset(&w->counters);
    w->clock_offset = 0;
}

void control_answer(struct world *w, const char *what, bool post, const struct form *form, struct reply *out) {
    pthread_mutex_lock(&w->lock);
    if (post && strcmp(what, "fault") == 0) {
        add_fault(w, form, out);
    } else if (post && strcmp(what, "fault/clear") == 0) {
        faults_clear(&w->faults);
        done(out);
    } else if (strcmp(what, "clock") == 0) {
        set_clock(w, form, out);
    } else if (!post && strcmp(what, "secrets") == 0) {
        list_secrets(w, out);
    } else if (!post && strcmp(what, "requests") == 0) {
        list_requests(w, out);
    } else if (post && strcmp(what, "in_flight/reset") == 0) {
        in_flight_reset(&w->counters);
        done(out);
    } else if (post && strcmp(what, "drop") == 0) {
        drop_secret(w, form, out);
    } else if (post && strcmp(what, "reset") == 0) {
        reset(w);
        done(out);
    } else {
        reply_no_such_path(out);
    }
    pthread_mutex_unlock(&w->lock);
}
