/* SPDX-License-Identifier: MIT */
#include "handoff/orphans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/core.h"
#include "ledger/ceiling.h"

#define CLOCK_MEMORY 86400 /* s: older records say nothing about the clocks now */

void orphans_free(orphans *o) {
    for (size_t i = 0; i < o->len; i++) {
        free_wiped(o->strays[i].key);
        free(o->strays[i].recipient);
    }
    for (size_t i = 0; i < o->intents_len; i++) {
        free((void *)o->intents[i].user); /* both are ours, from add_intent */
        free((void *)o->intents[i].recipient);
    }
    free(o->strays);
    free(o->intents);
    free(o->url);
    free(o->account);
    memset(o, 0, sizeof *o);
}

static int add_stray(const otsd_receipt *t, void *arg) {
    orphans *o = arg;
    stray s = {.ttl = t->ttl, .created = t->created};

    if ((t->state != OTSD_STATE_NEW && t->state != OTSD_STATE_VIEWED) || t->recipients_len > 1 ||
        strlen(t->metadata_key) > KEY_MAX)
        return 0;
    if (o->len == o->size) {
        size_t size = o->size ? o->size * 2 : 256;
        stray *larger = realloc(o->strays, size * sizeof *larger);

        if (!larger)
            return EX_OSERR;
        o->strays = larger;
        o->size = size;
    }
    s.key = strdup(t->metadata_key);
    s.recipient = t->recipients_len ? strdup(t->recipients[0]) : NULL;
    if (!s.key || (t->recipients_len && !s.recipient)) {
        free_wiped(s.key);
        free(s.recipient);
        return EX_OSERR;
    }
    o->strays[o->len++] = s;
    return 0;
}

typedef struct reading {
    orphans *o;
    ledger *l;
    ledger_state state;
    const char *self; /* whose intent is locked by us */
} reading;

static int by_key(const void *a, const void *b) {
    return strcmp(((const stray *)a)->key, ((const stray *)b)->key);
}

static int key_is(const void *key, const void *s) {
    return strcmp(key, ((const stray *)s)->key);
}

/* An intent whose process is gone owns nothing that another could not claim: only one that is locked is under way. */
static bool under_way(reading *g, const char *name) {
    problem ignored;
    entry *e;
    int rc = ledger_find(g->l, g->state, name, 0, &e, &ignored);

    if (rc == EX_OK)
        ledger_release(&e);
    return rc == LEDGER_BUSY;
}

static int add_intent(orphans *o, const record *r, bool locked) {
    intent *larger = realloc(o->intents, (o->intents_len + 1) * sizeof *larger);

    if (!larger)
        return EX_OSERR;
    o->intents = larger;
    larger[o->intents_len] = (intent){strdup(r->user), strdup(r->recipient), r->ttl_asked, r->created, locked};
    o->intents_len++;
    return larger[o->intents_len - 1].user && larger[o->intents_len - 1].recipient ? 0 : EX_OSERR;
}

static int read_record(const char *name, void *arg) {
    reading *g = arg;
    stray *found;
    problem ignored;
    record r;
    int rc = 0;

    if (ledger_peek(g->l, g->state, name, &r, &ignored) != EX_OK)
        return 0;
    if (r.metadata_key[0]) {
        found = g->o->len > 0 ? bsearch(r.metadata_key, g->o->strays, g->o->len, sizeof *found, key_is) : NULL;
        if (found) {
            found->known = true;
            if (r.created >= time(NULL) - CLOCK_MEMORY)
                clock_gap_note(&g->o->gap, r.created, found->created);
        }
    } else if (g->state == LEDGER_ISSUING) {
        rc = add_intent(g->o, &r, strcmp(r.user, g->self) != 0 && under_way(g, name));
    }
    record_wipe(&r);
    return rc;
}

/* The ledger after the server, and the states in the order in which a record passes them: so a secret that was on the
 * list is either known by then, or its intent is seen. */
static int load(orphans *o, remote *server, ledger *l, const record *r, problem *p) {
    int64_t now = clock_ms();
    size_t kept = 0;
    int rc;

    orphans_free(o);
    rc = remote_recent(server, r, add_stray, o, p);
    if (o->len > 0)
        qsort(o->strays, o->len, sizeof *o->strays, by_key);
    for (ledger_state s = LEDGER_ISSUING; rc == EX_OK && s < LEDGER_STATES; s++) {
        reading g = {o, l, s, r->user};

        rc = ledger_each(l, s, read_record, &g, p);
        if (rc == EX_OSERR)
            problem_set(p, EX_OSERR, "out of memory while looking for lost secrets");
    }
    if (rc != EX_OK) {
        orphans_free(o);
        return rc;
    }
    for (size_t i = 0; i < o->len; i++) {
        if (o->strays[i].known) {
            free_wiped(o->strays[i].key);
            free(o->strays[i].recipient);
        } else {
            o->strays[kept++] = o->strays[i];
        }
    }
    o->len = kept;
    o->asked_ms = now;
    o->url = strdup(remote_url(server, r));
    o->account = strdup(remote_account(server, r));
    if (!o->url || !o->account) {
        orphans_free(o);
        return problem_set(p, EX_OSERR, "out of memory while looking for lost secrets");
    }
    return problem_none(p);
}

int orphans_find(orphans *o, remote *server, ledger *l, const record *r, int64_t settling, int64_t settled_for,
                 orphan_search *out, problem *p) {
    match_input in;
    intent ours;
    match_result result;

    memset(out, 0, sizeof *out);
    /* A list from before an intent settled proves nothing once it has, and that of another account nothing at all. */
    if (o->asked_ms == 0 || (settled_for >= 0 && clock_ms() - o->asked_ms >= (settled_for + 1) * 1000) ||
        strcmp(o->url, remote_url(server, r)) != 0 || strcmp(o->account, remote_account(server, r)) != 0) {
        int rc = load(o, server, l, r, p);

        if (rc != EX_OK)
            return rc;
    }
    in = (match_input){.strays = o->strays,
                       .strays_len = o->len,
                       .others = o->intents,
                       .others_len = o->intents_len,
                       .gap = o->gap,
                       .ceiling = ceiling_known(l, o->url, o->account, time(NULL))};
    ours = (intent){r->user, r->recipient, r->ttl_asked, r->created, false};
    result = match_find(&in, &ours, settling);
    out->unclear = result.unclear;
    out->ambiguous = result.ambiguous;
    if (result.found) {
        snprintf(out->key, sizeof out->key, "%s", result.found->key);
        result.found->known = true;
    }
    return problem_none(p);
}
