/* SPDX-License-Identifier: MIT
 *
 * The list of the account's receipts, which has no pages and can have a hundred thousand entries: it is taken apart as
 * it arrives. Only of an answer that says yes (200, JSON, an array) is anything delivered; all others are collected and
 * judged like those of other calls, and one that turns out to be a list after all is delivered then.
 *
 * Some releases (0.21 to 0.23) have a list in v1 that always fails, and one in v2 that works, with the same credentials
 * and another shape. So where v1's fails in a way that will not pass, v2's is asked; which of them works is remembered
 * by the client.
 */
#include "client/client.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define TOTAL_MAX ((size_t)1 << 30)
#define LIST_MAX ((size_t)200000)

/* Where the list is, and how it looks there. */
typedef struct place {
    const char *api;
    const char *member; /* the list's, in an object; NULL: it is all there is */
    char first;         /* of the body */
    receipt_kind kind;
} place;

static const place places[] = {
    {"/api/v1", NULL, '[', RECEIPT_LISTED},
    {"/api/v2", "records", '{', RECEIPT_LISTED_V2},
};

typedef struct delivery {
    const place *place;
    bool (*fn)(otsd_receipt **t, void *arg); /* false: no more. May keep the receipt, and sets *t to NULL then */
    void *arg;
    array array;
    bool streaming; /* the answer is being taken apart */
    bool ended;     /* fn wants no more */
    size_t total;
    otsd_err rc; /* why the rest is not wanted */
    otsd_error *e;
} delivery;

static otsd_err no_list(delivery *d, const char *what) {
    return error_set(d->e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED, "malformed answer: %s", what);
}

static otsd_err no_memory(delivery *d) {
    return error_set(d->e, OTSD_ERR_MEMORY, OTSD_REACH_ANSWERED, "out of memory for the answer");
}

static otsd_err deliver(delivery *d, const wiped *element) {
    struct json_object *json;
    otsd_receipt *t = NULL;
    bool memory = false;
    otsd_err rc;

    json = json_read(element->data, element->len, &memory);
    if (memory)
        return no_memory(d);
    if (!json)
        return no_list(d, "an entry of the list is no JSON");
    rc = receipt_from_json(json, d->place->kind, &t, d->e);
    json_wipe(json);
    if (rc == OTSD_OK)
        d->ended = !d->fn(&t, d->arg);
    otsd_receipt_free(&t);
    return rc;
}

/* Delivers what is complete with these bytes, until there is a reason to stop. */
static otsd_err take_apart(delivery *d, const char *data, size_t len) {
    otsd_err rc = OTSD_OK;

    if (len > TOTAL_MAX - d->total)
        return no_list(d, "the list is longer than 1 GiB");
    d->total += len;
    while (rc == OTSD_OK && !d->ended) {
        switch (array_feed(&d->array, &data, &len)) {
        case ARRAY_ELEMENT:
            rc = deliver(d, &d->array.element);
            break;
        case ARRAY_MORE:
            return OTSD_OK;
        case ARRAY_MALFORMED:
            return no_list(d, "no list of receipts");
        case ARRAY_TOO_LARGE:
            return no_list(d, "an entry of the list is too long");
        case ARRAY_NO_MEMORY:
            return no_memory(d);
        }
    }
    return rc;
}

static sink_verdict take(void *arg, const http_answer *a, const char *data, size_t len) {
    delivery *d = arg;
    size_t blank = 0;

    if (!d->streaming) {
        if (a->status != 200 || strncasecmp(a->content_type, "application/json", 16) != 0)
            return SINK_COLLECT;
        while (blank < len && isspace((unsigned char)data[blank]))
            blank++;
        if (blank < len && data[blank] != d->place->first)
            return SINK_COLLECT;
        d->streaming = blank < len;
    }
    d->rc = take_apart(d, data, len);
    return d->rc == OTSD_OK && !d->ended ? SINK_TOOK : SINK_STOP;
}

/* For an answer that was collected: says why it is no list, or delivers the list in it. */
static otsd_err collected(delivery *d, const http_answer *h, const char *server) {
    struct json_object *json = NULL;
    otsd_err rc = answer_read(h, server, false, &json, d->e);

    json_wipe(json);
    return rc == OTSD_OK ? take_apart(d, h->body.data, h->body.len) : rc;
}

static otsd_err ask(otsd_client *c, delivery *d) {
    const http_request r = {.api = d->place->api, .path = "/private/recent", .repeatable = true, .sink = {take, d}};
    const http_answer *h = NULL;
    otsd_err rc;

    d->array.member = d->place->member;
    rc = client_exchange(c, &r, &h, d->e);
    if (rc == OTSD_OK) {
        generation_learn(&c->generation, h, NULL);
        rc = d->streaming ? d->rc : collected(d, h, c->settings.base);
    }
    if (rc == OTSD_OK && !d->ended && !array_complete(&d->array))
        rc = no_list(d, "the list is not complete");
    http_forget(c->exchange);
    array_free(&d->array);
    return rc;
}

/* Will it be the same next time? A server in trouble says so with 5xx, save for the oldest, which have one list only.
 * What comes from a list that had begun is that list's. */
static bool will_stay(const otsd_error *e) {
    return e->http_status == 404 && (e->code == OTSD_ERR_SERVER || e->code == OTSD_ERR_NOT_V1);
}

static otsd_err recent(otsd_client *c, bool (*fn)(otsd_receipt **t, void *arg), void *arg, otsd_error *e) {
    otsd_error why[2] = {OTSD_ERROR_INIT, OTSD_ERROR_INIT};
    bool first = c->recent_v2, second = !first;
    delivery d = {.place = &places[first], .fn = fn, .arg = arg, .e = &why[first]};
    otsd_err rc = ask(c, &d);

    if (rc != OTSD_OK && will_stay(&why[first])) {
        d = (delivery){.place = &places[second], .fn = fn, .arg = arg, .e = &why[second]};
        rc = ask(c, &d);
        if (rc == OTSD_OK)
            c->recent_v2 = second;
    }
    if (rc == OTSD_OK) {
        generation_learn_list(&c->generation, !c->recent_v2);
        return rc;
    }
    /* A server without v2 has said all there is to say in v1. */
    d.e = d.place == &places[1] && why[1].code == OTSD_ERR_NOT_V1 ? &why[0] : d.e;
    error_copy(e, d.e);
    return d.e->code;
}

typedef struct reader {
    int (*fn)(const otsd_receipt *t, void *arg);
    void *arg;
} reader;

static bool show(otsd_receipt **t, void *arg) {
    const reader *to = arg;

    return to->fn(*t, to->arg) == 0;
}

otsd_err otsd_recent_each(otsd_client *c, int (*fn)(const otsd_receipt *t, void *arg), void *arg, otsd_error *e) {
    reader to = {fn, arg};

    if (!c || !fn)
        return error_null(e, c ? "fn" : "the client");
    return recent(c, show, &to, e);
}

typedef struct collection {
    otsd_receipts *list;
    size_t size;
    bool no_memory, too_many;
} collection;

static bool keep(otsd_receipt **t, void *arg) {
    collection *k = arg;
    otsd_receipts *list = k->list;

    if (list->len == k->size) {
        size_t size = k->size > 0 ? 2 * k->size : 64;
        otsd_receipt **larger = NULL;

        k->too_many = list->len >= LIST_MAX;
        if (!k->too_many)
            larger = reallocarray(list->items, size, sizeof(otsd_receipt *));
        if (!larger) {
            k->no_memory = !k->too_many;
            return false;
        }
        list->items = larger;
        k->size = size < LIST_MAX ? size : LIST_MAX;
    }
    list->items[list->len++] = *t;
    *t = NULL;
    return true;
}

otsd_err otsd_recent(otsd_client *c, otsd_receipts **out, otsd_error *e) {
    collection k = {0};
    otsd_err rc;

    if (!c || !out)
        return error_null(e, c ? "out" : "the client");
    k.list = calloc(1, sizeof *k.list);
    if (!k.list)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    rc = recent(c, keep, &k, e);
    if (rc == OTSD_OK && k.too_many)
        rc = error_set(e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED, "malformed answer: more than %zu receipts", LIST_MAX);
    if (rc == OTSD_OK && k.no_memory)
        rc = error_set(e, OTSD_ERR_MEMORY, OTSD_REACH_ANSWERED, "out of memory for the answer");
    if (rc == OTSD_OK)
        *out = k.list;
    else
        otsd_receipts_free(&k.list);
    return rc;
}
