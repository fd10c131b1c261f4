/* SPDX-License-Identifier: MIT
 *
 * Secrets on the server that no record knows: what a provision left that lost the server's answer.
 *
 * The server's list of receipts is asked for once and held against all metadata keys in the ledger. What is unknown and
 * looks like what an interrupted intent asked for (its ttl, its masked recipient, its time) is its orphan. Two things
 * are no orphans:
 *
 *  - what a provision that is under way in another process asked for in just the same way: its answer may be on its
 *    way;
 *  - what there is more of than intents that could own it: another host that uses the same account on the server made
 *    some of these. To burn one of that host's locks somebody out; to leave an orphan harms nobody, for no account has
 *    its password.
 *
 * Our clock and the server's differ. By how much is seen at the secrets that both list and ledger have, but for the
 * time that each of these requests took.
 */
#ifndef OTSD_HOOK_ORPHANS_H
#define OTSD_HOOK_ORPHANS_H

#include "ledger/ledger.h"
#include "handoff/remote.h"

typedef struct stray stray;
typedef struct intent intent;

typedef struct orphans {
    stray *strays; /* unread secrets of no record */
    size_t len, size;
    intent *intents; /* those that have no key yet */
    size_t intents_len;
    bool clocks_known;
    int64_t earliest, latest; /* seconds from our asking to the server's time of creation: between these, so far */
    int64_t asked_at;         /* 0: not asked yet */
} orphans;

typedef struct orphan_search {
    char key[KEY_MAX + 1]; /* "": there is none */
    bool unclear;          /* there is one that may belong to a provision under way */
    bool ambiguous;        /* there are some that may be another host's */
} orphan_search;

/* The list serves all records that settled (see recover_settles) before it was asked for. */
int orphans_find(orphans *o, remote *r, ledger *l, const record *h, int64_t settles, orphan_search *out, problem *p);
void orphans_free(orphans *o);

#endif
