/* SPDX-License-Identifier: MIT
 *
 * The store. Nothing is ever removed, so that a test can ask afterwards what became of each secret.
 */
#include "store.h"

#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

static struct lh_table *table_new(void) {
    struct lh_table *t = lh_kchar_table_new(1024, NULL);

    if (!t) {
        fputs("otsd-sandbox: out of memory\n", stderr);
        exit(EX_OSERR);
    }
    return t;
}

void store_init(struct store *s) {
    *s = (struct store){.by_metadata_key = table_new(), .by_secret_key = table_new()};
}

void store_free(struct store *s) {
    lh_table_free(s->by_metadata_key);
    lh_table_free(s->by_secret_key);
    for (size_t i = 0; i < s->len; i++) {
        bytes_free(&s->all[i]->value);
        bytes_free(&s->all[i]->passphrase);
        free(s->all[i]->recipient);
        free(s->all[i]);
    }
    free(s->all);
    *s = (struct store){0};
}

void random_text(char *out, size_t len, const char *alphabet) {
    unsigned char pool[64];
    size_t have = 0, n = strlen(alphabet);

    for (size_t i = 0; i < len;) {
        unsigned char c;

        if (have == 0) {
            if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool) {
                perror("otsd-sandbox: getrandom");
                exit(EX_OSERR);
            }
            have = sizeof pool;
        }
        c = pool[--have];
        /* Values from the last, incomplete round of the alphabet would make its first letters more frequent. */
        if (c < 256 - 256 % n)
            out[i++] = alphabet[c % n];
    }
    out[len] = '\0';
}

static void insert(struct lh_table *t, const char *key, const struct secret *s) {
    if (lh_table_insert(t, key, s) != 0) {
        fputs("otsd-sandbox: out of memory\n", stderr);
        exit(EX_OSERR);
    }
}

struct secret *store_add(struct store *s, size_t key_len) {
    static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    struct secret *n = must_alloc(sizeof *n);

    random_text(n->metadata_key, key_len, base36);
    random_text(n->secret_key, key_len, base36);
    if (s->len == s->room) {
        s->room = s->room == 0 ? 1024 : s->room * 2;
        s->all = must_realloc(s->all, s->room * sizeof(struct secret *));
    }
    s->all[s->len++] = n;
    insert(s->by_metadata_key, n->metadata_key, n);
    insert(s->by_secret_key, n->secret_key, n);
    return n;
}

static struct secret *lookup(struct lh_table *t, const char *key) {
    void *found = NULL;

    return lh_table_lookup_ex(t, key, &found) ? found : NULL;
}

struct secret *store_by_metadata_key(const struct store *s, const char *key) {
    return lookup(s->by_metadata_key, key);
}

struct secret *store_by_secret_key(const struct store *s, const char *key) {
    return lookup(s->by_secret_key, key);
}

bool secret_alive(const struct secret *s, int64_t now) {
    return !s->gone && now < s->created + s->ttl;
}

bool receipt_alive(const struct secret *s, int64_t now) {
    return now < s->created + 2 * s->ttl;
}

enum state secret_true_state(const struct secret *s, int64_t now) {
    if (s->state != STATE_NEW && s->state != STATE_VIEWED)
        return s->state;
    if (s->gone)
        return STATE_ORPHANED;
    return secret_alive(s, now) ? s->state : STATE_EXPIRED;
}

void secret_end(struct secret *s, enum state state, int64_t now) {
    s->gone = true;
    s->state = state;
    s->updated = now;
    if (state == STATE_RECEIVED)
        s->received = now;
    if (state == STATE_BURNED)
        s->burned = now;
    if (s->value.len > 0)
        explicit_bzero(s->value.data, s->value.len);
    bytes_free(&s->value);
}

const char *state_name(enum state s) {
    static const char *const names[] = {"new", "viewed", "received", "burned", "expired", "orphaned"};

    return names[s];
}
