/* SPDX-License-Identifier: MIT
 *
 * Where passwords live: the shadow file, or an administrator's commands for anything else. The rest of the hook knows a
 * backend by the facts below, never by its name. A backend is a file with one `backend` in it, and a row in the table
 * of backend.c.
 */
#ifndef OTSD_HOOK_BACKEND_H
#define OTSD_HOOK_BACKEND_H

#include <stddef.h>

#include "ledger/record.h"

#define BACKEND_SET_WAIT_MS 15000 /* for whoever changes accounts; a provision has time, and its link is out already */

/* An account before anything is set. */
typedef struct backend_account {
    const char *user;
    bool absent;       /* out: the backend has no such account */
    const char *wrong; /* out: why what it has of it takes no password, as "has …"; NULL: nothing is wrong */
    bool has_password; /* out: one of its own, or a locked one, that is not ours to replace */
    bool expired;      /* out: nobody is let in any more (chage -E) */
    int64_t changed;   /* out: its last change, as record.changed_before has it */
} backend_account;

/* One password to set, that of `record`: where the account has the hash `replaces` (NULL: never had a password), or any
 * with force. */
typedef struct backend_change {
    const record *record;     /* its hash is the value's, where the backend wants one */
    const otsd_secret *value; /* where it wants the value itself; may be NULL otherwise */
    const char *replaces;
    problem *why; /* out; its code is EX_OK where the password is set */
    bool force;
    bool unsure; /* out, where it failed: may it be set all the same? If not, the account has its old password */
} backend_change;

/* A generated password: is it the account's, locked or not, and must it be changed? */
typedef struct backend_view {
    const char *user, *hash;
    int64_t kind; /* backend_kind, of the record */
    int64_t created, changed_before;
    otsd_tri in_place, must_change; /* out; OTSD_UNKNOWN where nobody can say */
    bool dead;                      /* out: what stands under that name can be nobody's password: "!*", "*", … */
    char *elsewhere;                /* out: the name under which it stands instead; malloced; NULL: nowhere */
    bool locked;                    /* out, of a lock: it was found, and is dead now */
} backend_view;

typedef int backend_look_many(backend_view *const *views, size_t n, problem *p);
typedef int backend_lock_fn(backend_view *const *views, size_t n, long wait_ms, problem *p);

typedef struct backend {
    bool can_tell;    /* can anybody look whether the generated password is in place? */
    bool wants_hash;  /* it stores the hash in the record, and set needs no value */
    bool must_change; /* it sees to it that the password is changed at the first login; otherwise nobody knows */

    size_t (*group_most)(const config *c);     /* so many changes at once; NULL: any number */
    int (*writable)(long wait_ms, problem *p); /* NULL: only a try shows whether a password can be set */
    int (*survey)(const config *c, backend_account *accounts, size_t n, problem *p);
    int (*unfit)(const backend_account *a, problem *p); /* NULL: it never says that an account is absent or wrong */
    int (*ready)(const config *c, const char *user, bool force, int64_t *changed_before, problem *p);
    int (*replaceable)(const config *c, const record *old, bool force, problem *p);
    void (*set)(const config *c, backend_change *changes, size_t n);
    int (*lock)(const config *c, const record *r, long wait_ms, bool *locked, problem *p);
    backend_lock_fn *lock_many;             /* NULL: a lock is for one account */
    backend_look_many *look;                /* NULL: nobody can tell */
    int (*clean)(long wait_ms, problem *p); /* NULL: it leaves nothing behind */
} backend;

/* kind: a backend_kind, from the configuration or from a record. */
const backend *backend_of(int64_t kind);

/* Before a batch: can the backend work, which of these accounts does it have, which have a password? One pass, however
 * many there are. A backend that cannot tell finds them all without a password. */
int backend_survey(const config *c, backend_account *accounts, size_t n, problem *p);
/* Before a mail is out: could a password be set now? Tries all that it takes but the change, and leaves nothing behind.
 * EX_TEMPFAIL: another program, which is named, kept the files locked for wait_ms milliseconds; that passes. Anything
 * else does not. */
int backend_writable(const config *c, long wait_ms, problem *p);
/* What the survey found: EX_NOUSER where the account is absent, EX_DATAERR where what the backend has of it cannot be
 * read by everybody, so that a password would be set and let nobody in. */
int backend_fit(const config *c, const backend_account *a, problem *p);
/* May a password be generated for this account? EX_NOUSER, EX_DATAERR: it is not fit. EX_NOPERM: it has a usable
 * password (and force is not set). One that cannot tell says EX_OK. */
int backend_ready(const config *c, const char *user, bool force, int64_t *changed_before, problem *p);
/* May the generated password of this older record be replaced? EX_NOPERM: it is not the account's any more, or is
 * locked. EX_NOUSER, EX_DATAERR. */
int backend_replaceable(const config *c, const record *old, bool force, problem *p);
/* So many changes are set at once, with this configuration; 0: any number. */
size_t backend_group_most(const config *c);
/* Any number at once, of different users and one backend: one transaction of the shadow file, or one run of the
 * command. */
void backend_set(const config *c, backend_change *changes, size_t n);
/* Makes the generated password dead, under whatever name it stands. EX_OK also where there was nothing to do, which
 * needs no waiting. EX_TEMPFAIL: another program, which is named, kept the files locked for wait_ms milliseconds. c may
 * be NULL, where the configuration cannot be read: EX_CONFIG from a backend that needs it. *locked: it was there, or
 * may have been. */
int backend_lock(const config *c, const record *r, long wait_ms, bool *locked, problem *p);
/* The same for many, where a backend can do that in one transaction; the views of others are left as they are. */
int backend_lock_many(backend_view *views, size_t n, long wait_ms, problem *p);

backend_view backend_view_of(const record *r);
void backend_view_end(backend_view *view);
/* Is it in place, or under another name? */
otsd_tri backend_view_stands(const backend_view *view);
/* Fills in any number, of any backends, in one pass over each backend's files. On a failure (the first one is told)
 * that backend's are OTSD_UNKNOWN. */
int backend_look(backend_view *views, size_t n, problem *p);
/* Removes what crashes left behind; with 0, only where nobody has to be waited for. */
int backend_clean(long wait_ms, problem *p);

#endif
