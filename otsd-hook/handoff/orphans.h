/* SPDX-License-Identifier: MIT
 *
 * Secrets on the server that no record knows: what a provision left that lost the server's answer.
 *
 * The server's list of receipts is asked for once and held against all metadata keys in the ledger. What is unknown and
 * looks like what an interrupted intent asked for is its orphan: match.h says when.
 *
 * How long the list is is the server's choice, so of its entries only those are kept that no record knows and that may
 * be an intent's: as many as ORPHANS_MOST. A list with more proves nothing, and nothing is done by it. What is kept of
 * the ledger is a few bytes for each record.
 */
#ifndef OTSD_HOOK_ORPHANS_H
#define OTSD_HOOK_ORPHANS_H

#include "handoff/match.h"
#include "handoff/remote.h"
#include "ledger/ledger.h"

#define ORPHANS_MOST 8192 /* an interrupted batch leaves some two thousand */

/* A key that a record has: its hash, salted. */
typedef struct known_key {
    uint64_t hash;
    int64_t created; /* the record's */
} known_key;

typedef struct orphans {
    stray *strays; /* unread secrets of no record that may be an intent's */
    size_t len, size;
    bool too_many; /* more than are kept */
    known_key *keys;
    size_t keys_len, keys_size;
    uint64_t salt;
    int64_t ceiling;
    intent *intents; /* those that have no key yet */
    size_t intents_len;
    clock_gap gap;
    int64_t asked_ms;    /* clock_ms; 0: not asked yet */
    char *url, *account; /* of whom */
} orphans;

typedef struct orphan_search {
    char key[KEY_MAX + 1]; /* "": there is none */
    bool unclear;          /* there is one that may belong to a provision under way, or whose ttl is not told */
    bool ambiguous;        /* there are some that may be ours, and another host's as well */
    bool too_many;         /* there are more that may be somebody's than are kept: nobody knows */
} orphan_search;

/* settling: seconds that a request may take; settled_for: see recover_settled_for. The list serves all records that had
 * settled before it was asked for. */
int orphans_find(orphans *o, remote *server, ledger *l, const record *r, int64_t settling, int64_t settled_for,
                 orphan_search *out, problem *p);
void orphans_free(orphans *o);

#endif
