/* SPDX-License-Identifier: MIT
 *
 * One account has one hand-off, whatever it is called by. A name service that ignores case knows an account by many
 * names, and has one name for it, the canonical one: a hand-off is filed under that. Two things bend the rule:
 *
 *  - People log in as they like to type their name. The PAM module asks no name service; it looks for the name as
 *    typed, and for its lowered form. So a canonical name with capitals is filed under its lowered form, where the name
 *    service has shown that it takes that for the same account. Not for passwords in /etc/shadow, where case matters.
 *  - A hand-off that is open stays where it is: one that was filed under another name of the account is found there.
 *
 * A name that looks alike may be another account's, where case matters: MUST be the same by uid and by canonical name.
 * Accounts of /etc/passwd are what they are called.
 */
#include "handoff/who.h"

#include <stdio.h>
#include <string.h>

#include "password/account.h"
#include "password/backend.h"

static bool is_filed_in(const ledger *l, ledger_state s, const char *user, int64_t uid) {
    problem unread;
    bool is_it;
    record r;

    if (ledger_peek(l, s, user, &r, &unread) != EX_OK)
        return false;
    is_it = r.uid == uid;
    record_wipe(&r);
    return is_it;
}

static bool is_filed(const ledger *l, const char *user, int64_t uid) {
    return is_filed_in(l, LEDGER_PENDING, user, uid) || is_filed_in(l, LEDGER_ISSUING, user, uid);
}

/* Where names are looked up in a file, the lowered one is nobody's. */
static bool is_lowered_when_new(const context *x) {
    return !x->config || x->config->password.backend != BACKEND_SHADOW;
}

/* Of a name that the name service, not the file, has: under which is it filed? */
static int lower(const context *x, who *out, problem *p) {
    char lowered[USER_MAX + 1];
    bool same;
    int rc;

    if (!account_lowered(out->user, lowered))
        return problem_none(p);
    rc = account_same(lowered, out->user, &same, p);
    if (rc == EX_OK && same && (is_lowered_when_new(x) || is_filed(x->ledger, lowered, out->uid)))
        memcpy(out->user, lowered, sizeof lowered);
    return rc;
}

int who_is(const context *x, const char *typed, bool lacks, who *out, problem *p) {
    char canonical[USER_MAX + 1];
    int rc = account_canonical(typed, canonical, &out->uid, p);

    if (rc != EX_OK)
        return rc;
    memcpy(out->user, canonical, sizeof canonical);
    lacks = lacks && strcmp(typed, canonical) == 0;
    out->local = !lacks && account_is_local(canonical, out->uid);
    if (!out->local)
        rc = lower(x, out, p);
    if (rc != EX_OK || is_filed(x->ledger, out->user, out->uid))
        return rc;
    if (is_filed(x->ledger, canonical, out->uid))
        memcpy(out->user, canonical, sizeof canonical);
    else if (is_filed(x->ledger, typed, out->uid))
        snprintf(out->user, sizeof out->user, "%s", typed);
    return rc;
}

typedef struct looking {
    const char *user;
    size_t len;
} looking;

/* Is it USER.ID? */
static int is_of(const char *name, void *arg) {
    const looking *g = arg;

    return strncmp(name, g->user, g->len) == 0 && name[g->len] == '.' && strlen(name) == g->len + 17;
}

static bool is_open(const ledger *l, const char *user) {
    return ledger_has(l, LEDGER_PENDING, user) || ledger_has(l, LEDGER_ISSUING, user);
}

int who_ends(const context *x, const char *typed, char out[USER_MAX + 1], problem *p) {
    looking g = {.user = typed, .len = strlen(typed)};
    bool owed;
    int rc;
    who w;

    snprintf(out, USER_MAX + 1, "%s", typed);
    if (is_open(x->ledger, typed))
        return problem_none(p);
    owed = ledger_each(x->ledger, LEDGER_CLAIMED, is_of, &g, p) != EX_OK;
    rc = who_is(x, typed, false, &w, p);
    if (rc == EX_OK && (!owed || is_open(x->ledger, w.user)))
        memcpy(out, w.user, sizeof w.user);
    return owed ? problem_none(p) : rc;
}

int who_same(const char *typed, const record *r, bool *same, problem *p) {
    int64_t uid;
    int rc = account_same(typed, r->user, same, p);

    if (rc == EX_OK && *same)
        rc = account_uid(typed, &uid, p);
    if (rc != EX_OK)
        return rc;
    *same = *same && uid == r->uid;
    return rc;
}

int who_logs_in(const ledger *l, const char *typed, char out[USER_MAX + 1], problem *p) {
    char lowered[USER_MAX + 1];
    bool same;
    record r;
    int rc;

    snprintf(out, USER_MAX + 1, "%s", typed);
    if (ledger_has(l, LEDGER_PENDING, typed) || !account_lowered(typed, lowered))
        return problem_none(p);
    rc = ledger_peek(l, LEDGER_PENDING, lowered, &r, p);
    if (rc == EX_OK) {
        rc = who_same(typed, &r, &same, p);
        record_wipe(&r);
    }
    if (rc == EX_OK && !same)
        return LEDGER_NONE;
    if (rc == EX_OK || rc == EX_DATAERR)
        memcpy(out, lowered, sizeof lowered);
    return rc;
}
