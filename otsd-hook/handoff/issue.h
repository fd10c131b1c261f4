/* SPDX-License-Identifier: MIT
 *
 * Issues hand-offs, step by step: intent, generate, check, hash, store, arm. After each step the ledger has what
 * recovery needs to take it forward or back; no account ever has a generated password without a record, no record loses
 * its metadata key.
 *
 * One hand-off and a hundred thousand take the same steps. Those that wait for the disk take any number at once, so a
 * group pays once for what is slow: two syncs of the ledger, one transaction of the shadow file, one write of the audit
 * log.
 */
#ifndef OTSD_HOOK_ISSUE_H
#define OTSD_HOOK_ISSUE_H

#include "handoff/context.h"
#include "handoff/turn.h"
#include "ledger/width.h"

typedef struct issue {
    /* in; the strings stay the caller's */
    const char *user;
    int64_t uid;
    int64_t ttl;            /* wanted, seconds */
    const char *recipient;  /* NULL: no mail */
    const char *passphrase; /* NULL: none; at most 128 bytes */
    const char *locale;     /* NULL: the configuration's */
    bool force;
    bool again;           /* where the last hand-off was ended here */
    bool reissue;         /* there is an open hand-off, which this one takes the place of */
    const char *replaces; /* the hash that the account has now, of an older hand-off; NULL: none */
    bool want_link;
    bool keep_link;         /* in the record as well */
    int64_t changed_before; /* as in the record */
    bool local;             /* the account is in /etc/passwd */
    /* out */
    char id[17];
    int64_t ttl_asked, ttl_granted, deadline;
    char *link;       /* malloced; NULL unless wanted */
    bool short_ttl;   /* less was granted than is wanted */
    bool long_ttl;    /* more was granted than was asked for; the deadline is what was asked for */
    bool stored;      /* the password is the account's */
    bool unsure;      /* after issue_store: it failed, and the password may be set all the same */
    problem no_link;  /* EX_OK unless a link was wanted and there is none to show */
    problem unlogged; /* issue_run: EX_IOERR where all succeeded but the audit line, and what lacks it */
    problem why;      /* of the last step; its code is EX_OK where that succeeded. It says what state things are in */
    /* between the steps */
    entry *entry; /* NULL: none */
    otsd_secret *value;
} issue;

/* Writes the intents, durably; where this fails nothing is left of one. */
void issue_begin(context *x, issue *const *i, size_t n);
/* What its request asks the server for (ledger/width.h). */
unsigned issue_kind(const issue *i);
/* To be called just before the request is sent: notes the time from which recovery judges an answer that was lost. */
int issue_asks(issue *i);
/* The same, durably: for intents that had to wait. */
void issue_renew(context *x, issue *const *i, size_t n);
/* The answer: notes what the server said, first of all the key, and checks it. */
int issue_answered(context *x, issue *i, otsd_receipt *t);
/* Where the password is stored as a hash: makes and notes it. This is what takes the time; it needs nothing but i, so
 * threads can share the work. */
int issue_hash(context *x, issue *i);
/* Makes the passwords the accounts'. */
void issue_store(context *x, issue *const *i, size_t n);
/* Opens the hand-offs. On a failure the password is set, and a sweep arms the hand-off. Returns as arm does: EX_IOERR
 * where unlogged says whose audit lines are missing. */
int issue_arm(context *x, issue *const *i, size_t n, problem *unlogged);

/* After a step that failed before the password was set: burns what the server made, removes the record, and adds to
 * i->why what became of it. */
void issue_undo(context *x, issue *i);
/* The same where the server surely made nothing. */
void issue_drop(context *x, issue *i);
/* Once it is provisioned: says where the server grants another lifetime than is wanted. */
void issue_warn(const issue *i);
/* Wipes, and lets go of the record. */
void issue_end(issue *i);

/* All steps, for one, in a turn that has begun; it is ended here. */
int issue_run(context *x, issue *i, turn *t, problem *p);

#endif
