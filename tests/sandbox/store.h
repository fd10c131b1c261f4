/* SPDX-License-Identifier: MIT
 *
 * All secrets that the server ever had, found by either key in constant time. No locks here: the caller holds the
 * world's.
 */
#ifndef SANDBOX_STORE_H
#define SANDBOX_STORE_H

#include "bytes.h"
#include "options.h"

#include <stdint.h>

enum state { STATE_NEW, STATE_VIEWED, STATE_RECEIVED, STATE_BURNED, STATE_EXPIRED, STATE_ORPHANED };

#define KEY_MAX 62

struct secret {
    char metadata_key[KEY_MAX + 1];
    char secret_key[KEY_MAX + 1];
    const struct account *owner; /* NULL: anonymous */
    struct bytes value;          /* wiped of its content once it is gone */
    struct bytes passphrase;     /* data NULL: none */
    char *recipient;             /* NULL: none */
    bool generated;
    bool gone;        /* no value any more: read, burned, or dropped without a word */
    bool fetched;     /* the receipt was fetched */
    enum state state; /* as recorded; an expiry is noticed only when the receipt is fetched, as on real servers */
    int64_t ttl, created, updated, received, burned;
    unsigned wrong_passphrases;
    int64_t locked_until;
    unsigned times_read, times_burned;
};

struct lh_table;
struct store {
    struct secret **all; /* in the order of creation */
    size_t len, room;
    struct lh_table *by_metadata_key, *by_secret_key;
};

void store_init(struct store *s);
void store_free(struct store *s);
/* A new entry with keys of that length; the caller fills in the rest. */
struct secret *store_add(struct store *s, size_t key_len);
/* NULL where the key is unknown. Expired and finished ones are found: what they mean is for the caller to say. */
struct secret *store_by_metadata_key(const struct store *s, const char *key);
struct secret *store_by_secret_key(const struct store *s, const char *key);

/* Can it still be read or burned? */
bool secret_alive(const struct secret *s, int64_t now);
/* The receipt lives twice as long as the secret. */
bool receipt_alive(const struct secret *s, int64_t now);
/* What really happened, expiry included. */
enum state secret_true_state(const struct secret *s, int64_t now);
/* Ends it and forgets the value. */
void secret_end(struct secret *s, enum state state, int64_t now);
const char *state_name(enum state s);

/* len random characters of alphabet, and a NUL. */
void random_text(char *out, size_t len, const char *alphabet);

#endif
