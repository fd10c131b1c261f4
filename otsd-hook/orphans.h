/* SPDX-License-Identifier: MIT
 *
 * Secrets on the server that no record knows: what a provision left that lost the server's answer.
 *
 * The server's list of receipts is asked for once and held against all metadata keys in the ledger. What is unknown and looks like
 * what an interrupted intent asked for (its ttl, its masked recipient, its time) is its orphan, unless a provision that is under way in
 * another process asked for just the same: that one's answer may be on its way.
 */
#ifndef OTSD_HOOK_ORPHANS_H
#define OTSD_HOOK_ORPHANS_H

#include "ledger.h"
#include "remote.h"

typedef struct orphans {
    struct stray *strays;   /* unread secrets of no record */
    size_t len, size;
    struct intent *intents; /* being worked on in other processes, without a key yet */
    size_t intents_len;
    int64_t asked_at;       /* 0: not asked yet */
} orphans;

typedef struct orphan_search {
    char key[KEY_MAX + 1]; /* "": there is none */
    bool more;             /* there are others; each is given once */
    bool unclear;          /* there is one that may belong to a provision under way */
} orphan_search;

/* The list serves all records that settled (see recover_settles) before it was asked for. */
int orphans_find(orphans *o, remote *r, ledger *l, const record *h, int64_t settles, orphan_search *out, problem *p);
void orphans_free(orphans *o);

#endif
