/* SPDX-License-Identifier: MIT
 *
 * All talk with the server. Nothing else in otsd-hook calls libotsd's client.
 */
#ifndef OTSD_HOOK_REMOTE_H
#define OTSD_HOOK_REMOTE_H

#include "ledger.h"

typedef struct remote remote;

/* Sends nothing yet. */
int remote_open(remote **out, const otsd_config *c, problem *p);
void remote_close(remote **r);
/* No call takes longer than this. */
void remote_limit(remote *r, long timeout_ms);

/* Are server and credentials good? */
int remote_check(remote *r, problem *p);

/* Generates for record h. On failure *certain says whether the server surely made no secret. */
int remote_generate(remote *r, const record *h, const char *locale, const char *share_domain, otsd_receipt **out,
                    bool *certain, problem *p);
/* The link in the mail; malloced, to be wiped. */
int remote_link(remote *r, const otsd_receipt *receipt, char **out, problem *p);

typedef struct remote_end {
    outcome outcome;
    int64_t opened_at;
    long retry_after; /* on EX_TEMPFAIL: seconds, 0 where the server did not say */
} remote_end;

/* Burns h's secret, or learns what became of it. Idempotent. EX_OK: *end says. Otherwise the burn is still owed. */
int remote_burn(remote *r, const record *h, int64_t now, remote_end *end, problem *p);
/* What the receipt says, without changing anything: *opened_at is 0 where the link was not opened. */
int remote_opened(remote *r, const record *h, int64_t *opened_at, problem *p);

/* Looks for what an interrupted provision may have left on the server: receipts of h's ttl and masked recipient, created since,
 * not read, and of no record in the ledger. The first such metadata key goes to key ("" where there is none); *more says
 * that there are others; each is given once. The list of receipts is asked for once and serves all records that settled
 * (see recover_settles) before. */
int remote_orphan(remote *r, const record *h, ledger *l, int64_t settles, char key[KEY_MAX + 1], bool *more, problem *p);

#endif
