/* SPDX-License-Identifier: MIT
 *
 * All talk with the server, which is otsd-net's: nothing else in otsd-hook has it talk.
 */
#ifndef OTSD_HOOK_REMOTE_H
#define OTSD_HOOK_REMOTE_H

#include "handoff/connection.h"
#include "handoff/proof.h"
#include "ledger/ledger.h"

typedef struct remote remote;

/* Sends nothing yet. */
int remote_open(remote **out, const config *c, problem *p);
void remote_close(remote **server);
/* Which server made this record's secret, or is to, and which account there; "": calls are anonymous. */
const char *remote_url(const remote *server, const record *r);
const char *remote_account(const remote *server, const record *r);
/* No call takes longer than this. */
void remote_limit(remote *server, long timeout_ms);

/* Can the server be talked to from here? Starts who does that, and sends nothing. *landlock: the version of the
 * kernel's Landlock, which keeps him from files and ports; 0: there is none. */
int remote_ready(remote *server, unsigned *landlock, problem *p);
/* Are server and credentials good? */
int remote_check(remote *server, problem *p);

/* Which releases its answers so far look like: see otsd_client_generation. */
const char *remote_generation(const remote *server);
/* Others have learnt that. */
void remote_assume(remote *server, const char *generation);
/* Would it refuse this passphrase, as far as is known? It is asked where only others know it. EX_DATAERR: it would. */
int remote_takes(remote *server, const char *passphrase, problem *p);

/* Can the files and tokens of all former servers be read? Asks none of them. */
int remote_former(remote *server, problem *p);

/* What came of a generate. */
typedef struct remote_answer {
    otsd_receipt *receipt; /* the callee's to free; NULL: it failed, and the rest says how */
    bool certain;          /* the server surely made no secret */
    remote_trouble trouble;
    long retry_after; /* seconds; 0: the server did not say */
    problem why;
} remote_answer;

/* Generates for record r; locale NULL: the configuration's. */
void remote_generate(remote *server, const record *r, const char *locale, remote_answer *a);

/* Many at once, over connections of their own; apart from remote_many_wake all in one thread. fn is called from
 * remote_many_run, and from remote_many_close for what is still in flight; it may start the next. */
typedef struct remote_many remote_many;
typedef void remote_answer_fn(void *arg, remote_answer *a);
int remote_many_open(remote_many **out, const config *c, size_t jobs, remote_answer_fn *fn, problem *p);
void remote_many_close(remote_many **m);
/* r has to stay where it is until fn was called with arg. Fails where all jobs are taken, and where nothing could be
 * sent. */
int remote_many_generate(remote_many *m, const record *r, const char *locale, void *arg, problem *p);
int remote_many_run(remote_many *m, long wait_ms, problem *p);
/* As remote_generation, by the answers to these. */
const char *remote_many_generation(const remote_many *m);
void remote_many_wake(remote_many *m);

/* The link of the answer, on a host that the configuration names; malloced, to be wiped. */
int remote_link(remote *server, const otsd_receipt *receipt, char **out, problem *p);

typedef struct remote_end {
    outcome outcome;
    int64_t opened_at;
    bool limited;     /* the server refused the burn, for there were too many */
    long retry_after; /* on EX_TEMPFAIL: seconds, 0 where the server did not say */
} remote_end;

/* Burns r's secret on the server that made it, or learns what became of it. Idempotent. EX_OK: *end says. Otherwise the
 * burn is still owed; CONNECTION_NONE: that server is not in the configuration, and the secret may live there. */
int remote_burn(remote *server, const record *r, remote_end *end, problem *p);
/* Learns what became of it without a burn. EX_OK: *end says; its outcome is OUTCOME_NONE where the secret may live.
 * Otherwise as above. */
int remote_ended(remote *server, const record *r, remote_end *end, problem *p);
/* What the receipt says, without changing anything: *opened_at is 0 where the link is not known to be opened. */
int remote_opened(remote *server, const record *r, int64_t *opened_at, problem *p);

/* Hands the receipts of the last 30 days of r's account on its server to fn, one by one, until it returns a sysexits
 * code other than EX_OK. Fails where fn did, and where the list broke off: then fn was not given all of it. */
typedef int remote_receipt_fn(const otsd_receipt *t, void *arg);
int remote_recent(remote *server, const record *r, remote_receipt_fn *fn, void *arg, problem *p);

#endif
