/* SPDX-License-Identifier: MIT */
#include "handoff/orphans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLOCK_SLACK 300 /* s: how far the clocks may differ, where nothing says by how much they do */
#define CLOCK_JITTER 2
#define CLOCK_MEMORY 86400 /* s: older records say nothing about the clocks now */

struct stray {
    char *key;
    char *recipient; /* masked; NULL: none */
    int64_t ttl, created;
    bool known; /* in the ledger, or given already */
};

struct intent {
    char *user;
    char *recipient; /* "": none */
    int64_t ttl_asked, created;
    bool under_way; /* in another process */
};

static void free_wiped(char *s) {
    if (s)
        otsd_wipe(s, strlen(s));
    free(s);
}

void orphans_free(orphans *o) {
    for (size_t i = 0; i < o->len; i++) {
        free_wiped(o->strays[i].key);
        free(o->strays[i].recipient);
    }
    for (size_t i = 0; i < o->intents_len; i++) {
        free(o->intents[i].user);
        free(o->intents[i].recipient);
    }
    free(o->strays);
    free(o->intents);
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

/* A record's time is from before the request was sent. */
static void compare_clocks(orphans *o, const stray *s, const record *r) {
    int64_t ahead = s->created - r->created;

    if (r->created < time(NULL) - CLOCK_MEMORY)
        return;
    if (!o->clocks_known || ahead < o->earliest)
        o->earliest = ahead;
    if (!o->clocks_known || ahead > o->latest)
        o->latest = ahead;
    o->clocks_known = true;
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
            compare_clocks(g->o, found, &r);
        }
    } else if (g->state == LEDGER_ISSUING) {
        rc = add_intent(g->o, &r, strcmp(r.user, g->self) != 0 && under_way(g, name));
    }
    record_wipe(&r);
    return rc;
}

/* The ledger after the server, and the states in the order in which a record passes them: so a secret that was on the
 * list is either known by then, or its intent is seen. */
static int load(orphans *o, remote *r, ledger *l, const char *self, problem *p) {
    int64_t now = time(NULL);
    size_t kept = 0;
    int rc;

    orphans_free(o);
    rc = remote_recent(r, add_stray, o, p);
    if (o->len > 0)
        qsort(o->strays, o->len, sizeof *o->strays, by_key);
    for (ledger_state s = LEDGER_ISSUING; rc == EX_OK && s < LEDGER_STATES; s++) {
        reading g = {o, l, s, self};

        rc = ledger_each(l, s, read_record, &g, p);
        if (rc == EX_OSERR)
            problem_set(p, EX_OSERR, "out of memory for lost secrets");
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
    o->asked_at = now;
    return EX_OK;
}

/* Servers clamp in silence: floors of 60 and 300 seconds, ceilings of 7, 14 and 30 days. */
static bool ttl_of(const stray *s, int64_t ttl_asked) {
    static const int64_t ceilings[] = {604800, 1209600, 2592000};

    if (s->ttl == ttl_asked)
        return true;
    if (s->ttl > ttl_asked)
        return s->ttl == 60 || s->ttl == 300;
    for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++)
        if (s->ttl == ceilings[i])
            return true;
    return false;
}

/* settling: how long a request may take. Those that were compared may have taken as long, so this one may have been
 * faster by that. */
static bool matches(const orphans *o, const stray *s, const char *recipient, int64_t ttl_asked, int64_t asked,
                    int64_t settling) {
    bool to_us = recipient[0] ? s->recipient && otsd_recipient_matches(s->recipient, recipient) : !s->recipient;
    int64_t from = asked + (o->clocks_known ? o->earliest - settling - CLOCK_JITTER : -CLOCK_SLACK);
    int64_t to = asked + settling + INTENT_FRESH + (o->clocks_known ? o->latest + CLOCK_JITTER : CLOCK_SLACK);

    return ttl_of(s, ttl_asked) && to_us && s->created >= from && s->created <= to;
}

/* How many others may own this one; *under_way: one of them in another process. */
static size_t other_owners(const orphans *o, const stray *s, const char *self, int64_t settling, bool *under_way) {
    size_t n = 0;

    *under_way = false;
    for (size_t k = 0; k < o->intents_len; k++) {
        const intent *i = &o->intents[k];

        if (strcmp(i->user, self) == 0 || !matches(o, s, i->recipient, i->ttl_asked, i->created, settling))
            continue;
        n++;
        *under_way = *under_way || i->under_way;
    }
    return n;
}

int orphans_find(orphans *o, remote *r, ledger *l, const record *h, int64_t settles, orphan_search *out, problem *p) {
    int64_t now = time(NULL);
    stray *first = NULL;
    size_t count = 0, owners = 1;

    memset(out, 0, sizeof *out);
    /* A list from before an intent settled proves nothing once it has. */
    if (o->asked_at == 0 || o->asked_at > now || (o->asked_at < settles && now >= settles)) {
        int rc = load(o, r, l, h->user, p);

        if (rc != EX_OK)
            return rc;
    }
    for (size_t i = 0; i < o->len; i++) {
        stray *s = &o->strays[i];
        bool under_way;
        size_t n;

        if (s->known || !matches(o, s, h->recipient, h->ttl_asked, h->created, settles - h->created))
            continue;
        n = 1 + other_owners(o, s, h->user, settles - h->created, &under_way);
        out->unclear = out->unclear || under_way;
        if (!under_way && !first) {
            first = s;
            owners = n;
        }
        count++;
    }
    /* Before that, our own may still be to come: then only the exact mark counts. */
    if (first && now < settles && first->ttl != h->ttl_asked)
        out->unclear = true;
    if (first && !out->unclear && count > owners) {
        out->ambiguous = true;
    } else if (first && !out->unclear) {
        snprintf(out->key, sizeof out->key, "%s", first->key);
        first->known = true;
    }
    return EX_OK;
}
