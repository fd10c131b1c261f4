/* SPDX-License-Identifier: MIT
 *
 * Issues one hand-off: intent, generate, check, hash, store, arm. After each step the ledger has what recovery needs to take
 * it forward or back; no account ever has a generated password without a record, no record loses its metadata key.
 */
#ifndef OTSD_HOOK_ISSUE_H
#define OTSD_HOOK_ISSUE_H

#include "context.h"

typedef struct issue {
    /* in */
    const char *user;
    int64_t uid;
    int64_t ttl;                   /* wanted, seconds */
    const char *recipient;         /* NULL: no mail */
    const otsd_secret *passphrase; /* NULL: none; at most 128 bytes */
    const char *locale;
    bool force;
    const char *replaces;          /* the hash that the account has now, of an older hand-off; NULL: none */
    bool want_link;
    /* out */
    char id[17];
    int64_t ttl_asked, ttl_granted, deadline;
    char *link; /* malloced, to be wiped; NULL unless wanted */
    bool short_ttl;
} issue;

/* On failure p says what state things are in. */
int issue_run(context *x, issue *i, problem *p);
void issue_wipe(issue *i);

#endif
