/* SPDX-License-Identifier: MIT
 *
 * One account has one hand-off, whatever it is called by. A name service that ignores case knows an account by many
 * names, and has one name for it, the canonical one: a hand-off is filed under that. Three things bend the rule:
 *
 *  - A canonical name that differs in more than ASCII's case is not what people log in by (sssd has alice as
 *    alice@ad.example.com where it adds a domain), nor what an address is made of: the name is as it was typed.
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

/* One that cannot be read may be the account's: whoever goes on with that name finds it so, and says why. */
static bool is_filed_in(const ledger *l, ledger_state s, const char *user, int64_t uid) {
    problem unread;
    bool is_it;
    record r;
    int rc = ledger_peek(l, s, user, &r, &unread);

    if (rc != EX_OK)
        return rc != LEDGER_NONE;
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

static bool is_alike(const char *one, const char *other) {
    char a[USER_MAX + 1], b[USER_MAX + 1];

    (void)account_lowered(one, a);
    (void)account_lowered(other, b);
    return strcmp(a, b) == 0;
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

/* NAME of NAME@DOMAIN and of DOMAIN\NAME, as directories write one in full. */
static bool shorten(const char *full, char out[USER_MAX + 1]) {
    const char *at = strrchr(full, '@'), *slash = strchr(full, '\\');

    if (slash)
        snprintf(out, USER_MAX + 1, "%s", slash + 1);
    else
        snprintf(out, USER_MAX + 1, "%.*s", at ? (int)(at - full) : 0, full);
    return out[0] != '\0';
}

static bool other_name(const char *user, const char *canonical, char *out) {
    if (strcmp(user, canonical) == 0)
        return shorten(user, out);
    snprintf(out, USER_MAX + 1, "%s", canonical);
    return true;
}

int who_past(const ledger *l, const char *user, const char *canonical, bool local, int64_t uid, char *name,
             past_view *out, problem *p) {
    char other[USER_MAX + 1];
    past_view more;
    int rc = past_find(l, user, uid, out, p);

    snprintf(name, USER_MAX + 1, "%s", user);
    if (rc != EX_OK || local || out->was == PAST_ARRIVED || !other_name(user, canonical, other))
        return rc;
    rc = past_find(l, other, uid, &more, p);
    if (rc == EX_OK && more.was > out->was) {
        *out = more;
        memcpy(name, other, sizeof other);
    }
    return rc;
}

/* Where it is open already, there it stays. */
static int find_filed(const context *x, const char *typed, who *out, problem *p) {
    char name[USER_MAX + 1];
    bool same;
    int rc;

    if (is_filed(x->ledger, out->user, out->uid))
        return problem_none(p);
    if (is_filed(x->ledger, out->canonical, out->uid)) {
        memcpy(out->user, out->canonical, sizeof out->user);
        return problem_none(p);
    }
    if (is_filed(x->ledger, typed, out->uid)) {
        snprintf(out->user, sizeof out->user, "%s", typed);
        return problem_none(p);
    }
    if (!shorten(out->user, name) || !is_filed(x->ledger, name, out->uid))
        return problem_none(p);
    rc = account_same(name, out->canonical, &same, p);
    if (rc == EX_OK && same)
        memcpy(out->user, name, sizeof out->user);
    return rc;
}

int who_is(const context *x, const char *typed, bool lacks, who *out, problem *p) {
    int rc = account_canonical(typed, out->canonical, &out->uid, p);

    if (rc != EX_OK)
        return rc;
    snprintf(out->user, sizeof out->user, "%s", is_alike(typed, out->canonical) ? out->canonical : typed);
    lacks = lacks && strcmp(typed, out->user) == 0;
    out->local = !lacks && account_is_local(out->user, out->uid);
    if (!out->local)
        rc = lower(x, out, p);
    return rc == EX_OK ? find_filed(x, typed, out, p) : rc;
}

typedef struct looking {
    const ledger *l;
    ledger_state s;
    const char *user;
    size_t owed; /* burns */
    int64_t uid; /* of each of them; -1: unknown */
} looking;

static int is_owed(const char *name, void *arg) {
    looking *g = arg;
    int64_t uid = -1;
    problem unread;
    record r;

    if (!ledger_is_claim(name, g->user))
        return 0;
    if (ledger_peek(g->l, LEDGER_CLAIMED, name, &r, &unread) == EX_OK) {
        uid = r.uid;
        record_wipe(&r);
    }
    g->uid = g->owed == 0 || g->uid == uid ? uid : -1;
    g->owed++;
    return 0;
}

static int may_be_its(const char *name, void *arg) {
    const looking *g = arg;

    return is_filed_in(g->l, g->s, name, g->uid) ? 1 : 0;
}

/* Is something of the account open, by whatever name? False only where that is certain. */
static bool may_be_open(looking *g) {
    problem unread;

    for (g->s = LEDGER_ISSUING; g->s <= LEDGER_PENDING; g->s++) {
        if (g->uid < 0 || ledger_each(g->l, g->s, may_be_its, g, &unread) != EX_OK)
            return true;
    }
    return false;
}

static bool is_open(const ledger *l, const char *user) {
    return ledger_has(l, LEDGER_PENDING, user) || ledger_has(l, LEDGER_ISSUING, user);
}

int who_ends(const context *x, const char *typed, char out[USER_MAX + 1], problem *p) {
    looking g = {.l = x->ledger, .user = typed};
    int rc;
    who w;

    snprintf(out, USER_MAX + 1, "%s", typed);
    if (is_open(x->ledger, typed))
        return problem_none(p);
    rc = ledger_each(x->ledger, LEDGER_CLAIMED, is_owed, &g, p);
    if (rc == EX_OK && g.owed > 0 && !may_be_open(&g))
        return problem_none(p);
    rc = who_is(x, typed, false, &w, p);
    if (rc == EX_OK && (g.owed == 0 || is_open(x->ledger, w.user)))
        memcpy(out, w.user, sizeof w.user);
    return rc;
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
