/* SPDX-License-Identifier: MIT */
#include "batch/preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handoff/address.h"
#include "handoff/ready.h"
#include "handoff/who.h"
#include "password/account.h"
#include "password/backend.h"
#include "password/survey.h"

static void in_passwd(void *item, int64_t uid) {
    batch_account *a = item;

    a->uid = uid;
    a->local = true;
}

/* NULL: it is the same. */
static int take_name(const char *name, const char *line, char **out, problem *p) {
    *out = strcmp(name, line) != 0 ? strdup(name) : NULL;
    return *out || strcmp(name, line) == 0 ? problem_none(p) : problem_set(p, EX_OSERR, "out of memory");
}

/* Those that the file does not have may be known elsewhere, and by other names. */
static int look_elsewhere(const batch *b, batch_account *a, problem *p) {
    who w;
    int rc = who_is(b->x, a->line->user, true, &w, p);

    a->unnamed = rc == EX_DATAERR;
    if (rc == EX_NOUSER || rc == EX_DATAERR)
        return problem_none(p);
    if (rc != EX_OK)
        return rc;
    a->uid = w.uid;
    a->local = w.local;
    rc = take_name(w.user, a->line->user, &a->filed, p);
    return rc == EX_OK ? take_name(w.canonical, a->line->user, &a->known, p) : rc;
}

static int look_up_uids(batch *b, problem *p) {
    survey s;
    int rc = survey_init(&s, b->len, p);

    for (size_t i = 0; rc == EX_OK && i < b->len; i++)
        survey_add(&s, b->accounts[i].line->user, &b->accounts[i]);
    if (rc == EX_OK)
        rc = survey_passwd(&s, in_passwd, p);
    survey_free(&s);
    for (size_t i = 0; rc == EX_OK && i < b->len; i++) {
        if (b->accounts[i].uid < 0)
            rc = look_elsewhere(b, &b->accounts[i], p);
    }
    batch_sort(b);
    return rc;
}

static int look_up_passwords(batch *b, problem *p) {
    backend_account *found = calloc(b->len + 1, sizeof *found);
    int rc;

    if (!found)
        return problem_set(p, EX_OSERR, "out of memory");
    for (size_t i = 0; i < b->len; i++)
        found[i].user = batch_user(&b->accounts[i]);
    rc = backend_survey(b->x->config, found, b->len, p);
    for (size_t i = 0; rc == EX_OK && i < b->len; i++)
        b->accounts[i].found = found[i];
    free(found);
    return rc;
}

static int recipient_of(batch *b, batch_account *a, problem *p) {
    const char *pattern = b->x->config->handoff.recipient;
    char made[ADDRESS_MAX];
    int rc;

    if (b->no_recipient)
        return a->line->recipient ? problem_set(p, EX_DATAERR, "there is a recipient, although --no-recipient was said")
                                  : problem_none(p);
    a->recipient = a->line->recipient;
    if (a->recipient)
        return address_check(a->recipient, p);
    if (!pattern)
        return problem_set(
            p, EX_DATAERR,
            "nobody to mail: give it a recipient, set handoff.recipient, or say --no-recipient --print-link");
    rc = address_of(pattern, batch_user(a), made, p);
    if (rc != EX_OK && a->filed)
        rc = address_of(pattern, a->line->user, made, p); /* it is open by a name in full */
    if (rc == EX_OK) {
        a->recipient = a->made = strdup(made);
        if (!a->made)
            rc = problem_set(p, EX_OSERR, "out of memory");
    }
    return rc;
}

static int check_one(batch *b, batch_account *a, const account_limits *limits, problem *p) {
    const char *user = batch_user(a), *word = a->line->passphrase;
    const char *wrong = word ? ready_passphrase(word, strlen(word)) : NULL;

    if (a->twin)
        return problem_set(p, EX_DATAERR, "the user %s is the same account as %s in line %lu", a->line->user,
                           a->twin->user, a->twin->number);
    if (a->unnamed)
        return problem_set(
            p, EX_DATAERR,
            "the name service has %s under a name that no hand-off can have, or that is another account's", user);
    if (a->uid < 0)
        return problem_set(p, EX_NOUSER, "there is no user %s", user);
    if (account_allowed(limits, user, a->uid, p) != EX_OK)
        return p->code;
    if (backend_fit(b->x->config, &a->found, p) != EX_OK)
        return p->code;
    if (wrong)
        return problem_set(p, EX_DATAERR, "%s", wrong);
    return recipient_of(b, a, p);
}

/* What a former run, or anybody else, has done already. */
int preflight_place(batch *b, batch_account *a, problem *p) {
    const char *user = batch_user(a);
    verdict_place found = {.pending = LEDGER_NONE, .has_password = a->found.has_password, .again = b->again};
    problem unread;
    record r = {0};
    char name[USER_MAX + 1];
    int rc = who_past(b->x->ledger, user, batch_known(a), a->local, a->uid, name, &a->past, p);

    if (rc != EX_OK) {
        batch_move(b, a, BATCH_LEFT);
        return rc;
    }
    found.was = a->past.was;

    found.intent = ledger_has(b->x->ledger, LEDGER_ISSUING, user);
    if (!found.intent)
        found.pending = ledger_peek(b->x->ledger, LEDGER_PENDING, user, &r, &unread);
    found.same_uid = found.pending == EX_OK && r.uid == a->uid;
    batch_move(b, a, verdict_found(&found));
    if (a->status == BATCH_OPEN)
        batch_take(b, a, &r);
    record_wipe(&r);
    return rc;
}

/* Which ones it would refuse is known of the server, if at all, once it has answered. */
static int check_passphrases(batch *b, roster_bad_fn *bad, void *arg, problem *p) {
    int rc = problem_none(p);

    for (size_t i = 0; rc == EX_OK && i < b->len; i++) {
        const batch_account *a = &b->accounts[i];
        problem why;

        if (!a->line->passphrase || a->status != BATCH_TODO)
            continue;
        switch (remote_takes(b->x->remote, a->line->passphrase, &why)) {
        case EX_OK:
            break;
        case EX_DATAERR:
            bad(arg, a->line->number, why.text);
            break;
        default:
            rc = problem_set(p, why.code, "%s", why.text);
        }
    }
    return rc;
}

int preflight(batch *b, roster_bad_fn *bad, void *arg, problem *p) {
    account_limits limits;
    size_t wrong = 0;
    int rc = look_up_uids(b, p);

    if (rc == EX_OK)
        rc = look_up_passwords(b, p);
    account_limits_read(b->x->config, &limits);
    limits.allow_system = b->allow_system;
    limits.allow_root = b->allow_root;
    for (size_t i = 0; rc == EX_OK && i < b->len; i++) {
        batch_account *a = &b->accounts[i];
        problem why;

        if (check_one(b, a, &limits, &why) == EX_OK)
            (void)preflight_place(b, a, &why);
        /* Of those that a former run has done nothing is asked any more. */
        if (why.code == EX_OK && a->status == BATCH_TODO)
            (void)ready_living(b->x->config, batch_user(a), a->found.expired, &why);
        if (why.code == EX_OK)
            continue;
        if (why.code == EX_OSERR)
            rc = problem_set(p, EX_OSERR, "%s", why.text);
        else
            bad(arg, a->line->number, why.text);
        wrong++;
    }
    /* Nobody is asked for a batch that will not begin. */
    if (rc != EX_OK || wrong > 0 || b->counts[BATCH_TODO] + b->counts[BATCH_INTERRUPTED] == 0)
        return rc;
    rc = ready_run(b->x, true, true, p);
    return rc == EX_OK ? check_passphrases(b, bad, arg, p) : rc;
}
