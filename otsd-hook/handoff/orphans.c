/* SPDX-License-Identifier: MIT */
#include "handoff/orphans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/core.h"
#include "ledger/ceiling.h"

#define RECIPIENT_MAX 400
#define CLOCK_MEMORY 86400 /* s: older records say nothing about the clocks now */

static void free_intents(orphans *o) {
    for (size_t i = 0; i < o->intents_len; i++) {
        free((void *)o->intents[i].user); /* both are ours, from add_intent */
        free((void *)o->intents[i].recipient);
    }
    o->intents_len = 0;
}

static void free_stray(stray *s) {
    free_wiped(s->key);
    free(s->recipient);
}

void orphans_free(orphans *o) {
    for (size_t i = 0; i < o->len; i++)
        free_stray(&o->strays[i]);
    free_intents(o);
    free(o->strays);
    free(o->keys);
    free(o->intents);
    free(o->url);
    free(o->account);
    memset(o, 0, sizeof *o);
}

/* Room for one more in a list that doubles. */
static void *room(void *list, size_t len, size_t *size, size_t item) {
    size_t larger = *size > 0 ? *size * 2 : 256;
    void *grown;

    if (len < *size)
        return list;
    grown = reallocarray(list, larger, item);
    if (grown)
        *size = larger;
    return grown;
}

/* FNV-1a from a start that the server does not know. It chooses keys, and could only hide its own secrets by it. */
static uint64_t key_hash(const orphans *o, const char *key) {
    uint64_t h = o->salt;

    for (; *key != '\0'; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3U;
    return h;
}

static int by_hash(const void *a, const void *b) {
    const known_key *x = a, *y = b;

    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static bool may_be_somebodys(const orphans *o, const stray *s) {
    for (size_t i = 0; i < o->intents_len; i++)
        if (match_may_be(s, &o->intents[i], o->ceiling))
            return true;
    return false;
}

static int keep(orphans *o, const stray *s) {
    stray *larger = room(o->strays, o->len, &o->size, sizeof *larger), copy = *s;

    if (!larger)
        return EX_OSERR;
    o->strays = larger;
    copy.key = strdup(s->key);
    copy.recipient = s->recipient ? strdup(s->recipient) : NULL;
    if (!copy.key || (s->recipient && !copy.recipient)) {
        free_stray(&copy);
        return EX_OSERR;
    }
    o->strays[o->len++] = copy;
    return EX_OK;
}

/* Of a state that nobody here has heard of, too: what is not known to be over may be burned. */
static bool may_live(otsd_state s) {
    return s == OTSD_STATE_NEW || s == OTSD_STATE_VIEWED || s == OTSD_STATE_UNKNOWN;
}

/* One of the server's list; kept where it may be alive, has one recipient or none, and may be an intent's. */
static int take(const otsd_receipt *t, void *arg) {
    orphans *o = arg;
    known_key *known, wanted = {0};
    stray s = {.key = t->metadata_key, .ttl = t->ttl, .created = t->created};

    if (!may_live(t->state) || t->recipients_len > 1 || strlen(t->metadata_key) > KEY_MAX)
        return EX_OK;
    s.recipient = t->recipients_len ? t->recipients[0] : NULL;
    wanted.hash = key_hash(o, s.key);
    known = o->keys_len > 0 ? bsearch(&wanted, o->keys, o->keys_len, sizeof wanted, by_hash) : NULL;
    if (known) {
        if (known->created >= time(NULL) - CLOCK_MEMORY)
            clock_gap_note(&o->gap, known->created, t->created);
        return EX_OK;
    }
    if ((s.recipient && strlen(s.recipient) > RECIPIENT_MAX) || !may_be_somebodys(o, &s))
        return EX_OK;
    o->too_many = o->len == ORPHANS_MOST;
    return o->too_many ? EX_DATAERR : keep(o, &s);
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

/* Before the list is asked for: which keys are known, and what is looked for. */
static int note_record(const char *name, void *arg) {
    reading *g = arg;
    orphans *o = g->o;
    known_key *larger;
    problem ignored;
    record r;
    int rc = EX_OK;

    if (ledger_peek(g->l, g->state, name, &r, &ignored) != EX_OK)
        return EX_OK;
    if (r.metadata_key[0]) {
        larger = room(o->keys, o->keys_len, &o->keys_size, sizeof *larger);
        if (larger) {
            o->keys = larger;
            larger[o->keys_len++] = (known_key){key_hash(o, r.metadata_key), r.created};
        }
        rc = larger ? EX_OK : EX_OSERR;
    } else if (g->state == LEDGER_ISSUING) {
        rc = add_intent(o, &r, false);
    }
    record_wipe(&r);
    return rc;
}

/* After it: which are known by now, and whose are under way. */
static int read_record(const char *name, void *arg) {
    reading *g = arg;
    stray *found;
    problem ignored;
    record r;
    int rc = EX_OK;

    if (ledger_peek(g->l, g->state, name, &r, &ignored) != EX_OK)
        return EX_OK;
    if (r.metadata_key[0]) {
        found = bsearch(r.metadata_key, g->o->strays, g->o->len, sizeof *found, key_is);
        if (found)
            found->known = true;
    } else if (g->state == LEDGER_ISSUING) {
        rc = add_intent(g->o, &r, strcmp(r.user, g->self) != 0 && under_way(g, name));
    }
    record_wipe(&r);
    return rc;
}

/* The states in the order in which a record passes them: so it is seen in one of them. */
static int each_record(orphans *o, ledger *l, const char *self, int (*fn)(const char *name, void *arg), problem *p) {
    int rc = problem_none(p);

    for (ledger_state s = LEDGER_ISSUING; rc == EX_OK && s < LEDGER_STATES; s++) {
        reading g = {o, l, s, self};

        rc = ledger_each(l, s, fn, &g, p);
        if (rc == EX_OSERR)
            problem_set(p, EX_OSERR, "out of memory while looking for lost secrets");
    }
    return rc;
}

static int begin(orphans *o, remote *server, ledger *l, const record *r, problem *p) {
    int rc;

    orphans_free(o);
    o->salt = (uint64_t)clock_scatter() << 32 | clock_scatter();
    o->url = strdup(remote_url(server, r));
    o->account = strdup(remote_account(server, r));
    if (!o->url || !o->account || add_intent(o, r, false) != EX_OK)
        return problem_set(p, EX_OSERR, "out of memory while looking for lost secrets");
    o->ceiling = ceiling_known(l, o->url, o->account, time(NULL));
    rc = each_record(o, l, r->user, note_record, p);
    if (o->keys_len > 0)
        qsort(o->keys, o->keys_len, sizeof *o->keys, by_hash);
    return rc;
}

/* The ledger once more after the server: so a secret that was on the list is either known by then, or its intent is
 * seen. */
static int check(orphans *o, ledger *l, const record *r, problem *p) {
    size_t kept = 0;
    int rc;

    if (o->len == 0)
        return problem_none(p);
    qsort(o->strays, o->len, sizeof *o->strays, by_key);
    free_intents(o);
    rc = each_record(o, l, r->user, read_record, p);
    for (size_t i = 0; i < o->len; i++)
        if (o->strays[i].known)
            free_stray(&o->strays[i]);
        else
            o->strays[kept++] = o->strays[i];
    o->len = kept;
    return rc;
}

static int load(orphans *o, remote *server, ledger *l, const record *r, problem *p) {
    int64_t now = clock_ms();
    int rc = begin(o, server, l, r, p);

    if (rc == EX_OK)
        rc = remote_recent(server, r, take, o, p);
    if (o->too_many)
        rc = problem_none(p);
    if (rc == EX_OK)
        rc = check(o, l, r, p);
    if (rc == EX_OK)
        o->asked_ms = now;
    else
        orphans_free(o);
    free(o->keys);
    o->keys = NULL;
    o->keys_len = o->keys_size = 0;
    return rc;
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
    out->too_many = o->too_many;
    if (o->too_many)
        return problem_none(p);
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
