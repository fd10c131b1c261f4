/* SPDX-License-Identifier: MIT
 *
 * All talk with the server. Nothing else in otsd-hook calls libotsd's client.
 */
#ifndef OTSD_HOOK_REMOTE_H
#define OTSD_HOOK_REMOTE_H

#include "ledger/ledger.h"

typedef struct remote remote;

/* Sends nothing yet. */
int remote_open(remote **out, const config *c, problem *p);
void remote_close(remote **r);
/* No call takes longer than this. */
void remote_limit(remote *r, long timeout_ms);

/* Are server and credentials good? */
int remote_check(remote *r, problem *p);

typedef enum remote_trouble {
    REMOTE_REFUSED,  /* this one, for good */
    REMOTE_LIMITED,  /* too many calls: later */
    REMOTE_AWAY,     /* server or network in trouble: later, perhaps */
    REMOTE_HOPELESS, /* nothing will work until somebody mends it: credentials, certificate, configuration, memory */
} remote_trouble;

/* What came of a generate. */
typedef struct remote_answer {
    otsd_receipt *receipt; /* the callee's to free; NULL: it failed, and the rest says how */
    bool certain;          /* the server surely made no secret */
    remote_trouble trouble;
    long retry_after; /* seconds; 0: the server did not say */
    problem why;
} remote_answer;

/* Generates for record h; locale NULL: the configuration's. */
void remote_generate(remote *r, const record *h, const char *locale, remote_answer *a);

/* Many at once, over connections of their own; apart from remote_many_wake all in one thread. fn is called from
 * remote_many_run (what is in flight, also from remote_many_close), and may start the next. */
typedef struct remote_many remote_many;
typedef void remote_answer_fn(void *arg, remote_answer *a);
int remote_many_open(remote_many **out, const config *c, size_t jobs, remote_answer_fn *fn, problem *p);
void remote_many_close(remote_many **m);
/* h has to stay where it is until fn was called with arg. Fails where all jobs are taken, and where nothing could be
 * sent. */
int remote_many_generate(remote_many *m, const record *h, const char *locale, void *arg, problem *p);
int remote_many_run(remote_many *m, long wait_ms, problem *p);
void remote_many_wake(remote_many *m);

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

/* Hands the account's receipts of the last 30 days to fn, one by one, until it returns a sysexits code other than
 * EX_OK. Fails also where it did, and where the list broke off: what fn was given is then not all. */
int remote_recent(remote *r, int (*fn)(const otsd_receipt *t, void *arg), void *arg, problem *p);

#endif
