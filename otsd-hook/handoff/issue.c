/* SPDX-License-Identifier: MIT */
#include "handoff/issue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>

#include "handoff/arm.h"
#include "handoff/closing.h"
#include "handoff/delivery.h"
#include "handoff/match.h"
#include "handoff/recover.h"
#include "ledger/audit.h"
#include "ledger/ceiling.h"
#include "ledger/past.h"
#include "ledger/told.h"
#include "password/backend.h"
#include "password/hash.h"

#define SECONDS_ON_THE_WAY 5

/* What does not fit is not cut: a record without a server is taken for one of the configuration's. */
static void note_server(const config *c, record *r) {
    const char *url = otsd_server_url(c->server), *account = otsd_server_username(c->server);

    if (strlen(url) >= sizeof r->server || strlen(account) >= sizeof r->account)
        return;
    snprintf(r->server, sizeof r->server, "%s", url);
    snprintf(r->account, sizeof r->account, "%s", account);
}

static int intend(context *x, issue *i, int64_t ceiling) {
    struct {
        uint64_t id;
        uint32_t mark;
    } random;
    record r = {0};
    clock_moment now;
    int rc;

    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return problem_set(&i->why, EX_OSERR, "no random numbers: %s", strerror(errno));
    snprintf(r.id, sizeof r.id, "%016llx", (unsigned long long)random.id);
    snprintf(r.user, sizeof r.user, "%s", i->user);
    r.uid = i->uid;
    clock_read(&now);
    record_created(&r, &now);
    r.local = i->local;
    r.changed_before = i->changed_before;
    note_server(x->config, &r);
    r.ttl_asked = match_ttl(i->ttl, ceiling, random.mark);
    if (i->recipient)
        snprintf(r.recipient, sizeof r.recipient, "%s", i->recipient);
    if (i->passphrase)
        snprintf(r.passphrase, sizeof r.passphrase, "%s", i->passphrase);
    r.backend = (int64_t)x->config->password.backend;
    r.must_change = x->config->handoff.must_change;
    memcpy(i->id, r.id, sizeof i->id);
    i->ttl_asked = r.ttl_asked;
    i->short_ttl = ceiling > 0 && ceiling < i->ttl;
    rc = ledger_create(x->ledger, &r, &i->entry, &i->why);
    record_wipe(&r);
    /* Another may have provisioned this user since somebody looked; now that the intent is ours nobody can. */
    if (rc == EX_OK && !i->reissue && ledger_has(x->ledger, LEDGER_PENDING, i->user))
        rc = problem_set(&i->why, LEDGER_TAKEN, "%s has an open hand-off by now", i->user);
    if (rc == EX_OK && !i->reissue)
        rc = past_check(x->ledger, i->user, i->uid, i->again, i->force, &i->why);
    return rc;
}

/* Those whose last step succeeded, as entries. NULL: out of memory. */
static entry **good_entries(issue *const *i, size_t n, size_t *count) {
    entry **e = calloc(n + 1, sizeof(entry *));

    *count = 0;
    for (size_t k = 0; e && k < n; k++)
        if (i[k]->why.code == EX_OK)
            e[(*count)++] = i[k]->entry;
    return e;
}

/* Syncs those that are good; where that fails they are not. */
static void sync_good(context *x, issue *const *i, size_t n) {
    size_t count;
    entry **e = good_entries(i, n, &count);
    problem p;

    if (!e)
        problem_set(&p, EX_OSERR, "out of memory");
    else
        p.code = ledger_sync(x->ledger, e, count, &p);
    free(e);
    for (size_t k = 0; p.code != EX_OK && k < n; k++)
        if (i[k]->why.code == EX_OK)
            i[k]->why = p;
}

void issue_begin(context *x, issue *const *i, size_t n) {
    int64_t ceiling = ceiling_known(x->ledger, otsd_server_url(x->config->server),
                                    otsd_server_username(x->config->server), time(NULL));
    problem ignored;

    for (size_t k = 0; k < n; k++)
        i[k]->why.code = intend(x, i[k], ceiling);
    sync_good(x, i, n);
    for (size_t k = 0; k < n; k++) {
        if (i[k]->why.code == EX_OK)
            continue;
        /* Where it stays, the next sweep drops it: it asked nobody. */
        if (i[k]->entry)
            (void)ledger_unlink(x->ledger, i[k]->entry, &ignored);
        ledger_release(&i[k]->entry);
        problem_add(&i[k]->why, "; nothing was changed");
    }
}

unsigned issue_kind(const issue *i) {
    return (i->recipient ? WIDTH_MAIL : 0) | (i->passphrase ? WIDTH_PASSPHRASE : 0);
}

int issue_asks(issue *i) {
    clock_moment now;

    clock_read(&now);
    record_created(entry_record(i->entry), &now);
    return ledger_write(i->entry, &i->why);
}

void issue_renew(context *x, issue *const *i, size_t n) {
    for (size_t k = 0; k < n; k++)
        i[k]->why.code = issue_asks(i[k]);
    sync_good(x, i, n);
}

/* What the server grants at most, where it showed that. */
static void note_ceiling(const context *x, const issue *i, const otsd_receipt *t) {
    const char *server = otsd_server_url(x->config->server), *account = otsd_server_username(x->config->server);

    if (t->ttl > 0 && t->ttl < i->ttl_asked && ceiling_known(x->ledger, server, account, time(NULL)) != t->ttl)
        ceiling_note(x->ledger, server, account, t->ttl, time(NULL));
}

/* Notes what the server said, first of all the key: from here on the secret can be burned, whatever happens. The server
 * may end the password sooner than was asked for, and never later. */
static int note(issue *i, const otsd_receipt *t, problem *p) {
    int64_t left = t->secret_ttl > 0 ? t->secret_ttl : t->ttl;
    record *r = entry_record(i->entry);

    if (strlen(t->metadata_key) > KEY_MAX || left <= 0 || left > 366 * 86400)
        return problem_set(p, EX_PROTOCOL, "%s: the server's answer has no usable metadata key or lifetime", i->user);
    snprintf(r->metadata_key, sizeof r->metadata_key, "%s", t->metadata_key);
    r->granted = left;
    r->deadline = r->created + (left < i->ttl_asked ? left : i->ttl_asked);
    if (i->link && i->keep_link && strlen(i->link) <= HANDOFF_LINK_MAX)
        snprintf(r->link, sizeof r->link, "%s", i->link);
    i->deadline = r->deadline;
    i->ttl_granted = left;
    /* A second or two is the way there. */
    i->short_ttl = i->short_ttl || left < i->ttl_asked - SECONDS_ON_THE_WAY;
    i->long_ttl = left > i->ttl_asked + SECONDS_ON_THE_WAY;
    return ledger_write(i->entry, p);
}

int issue_answered(context *x, issue *i, otsd_receipt *t) {
    const delivery_terms asked = {.user = i->user,
                                  .recipient = i->recipient,
                                  .passphrase = i->passphrase,
                                  .min_length = x->config->handoff.min_length};
    problem *p = &i->why;

    if (i->want_link)
        (void)remote_link(x->remote, t, &i->link, &i->no_link);
    p->code = note(i, t, p);
    note_ceiling(x, i, t);
    if (p->code == EX_OK)
        p->code = delivery_check(&asked, t, p);
    /* Where nobody is mailed it is the only way to the person. */
    if (p->code == EX_OK && i->no_link.code != EX_OK && !i->recipient)
        problem_set(p, i->no_link.code, "%s: %s", i->user, i->no_link.text);
    if (p->code == EX_OK) {
        i->value = t->value;
        t->value = NULL;
    }
    return p->code;
}

int issue_hash(context *x, issue *i) {
    record *r = entry_record(i->entry);
    problem *p = &i->why;

    problem_clear(p);
    if (backend_of(r->backend)->wants_hash) {
        p->code = hash_password(x->config, i->value, r->hash, sizeof r->hash, p);
        otsd_secret_free(&i->value);
    }
    if (p->code == EX_OK)
        p->code = ledger_write(i->entry, p);
    return p->code;
}

static void store_good(context *x, issue *const *i, size_t n) {
    backend_change *changes = calloc(n + 1, sizeof *changes);
    size_t count = 0;

    for (size_t k = 0; k < n; k++) {
        if (!changes && i[k]->why.code == EX_OK)
            problem_set(&i[k]->why, EX_OSERR, "out of memory");
        else if (i[k]->why.code == EX_OK)
            changes[count++] = (backend_change){.record = entry_record(i[k]->entry),
                                                .value = i[k]->value,
                                                .replaces = i[k]->replaces,
                                                .force = i[k]->force,
                                                .why = &i[k]->why};
    }
    if (count > 0)
        backend_set(x->config, changes, count);
    for (size_t k = 0, c = 0; k < n && c < count; k++) {
        if (changes[c].record == entry_record(i[k]->entry))
            i[k]->unsure = changes[c++].unsure;
    }
    free(changes);
}

/* What comes next where the password may be set. */
static const char *fate_of(const issue *i) {
    if (backend_of(entry_record(i->entry)->backend)->can_tell)
        return "decides";
    if (i->reissue)
        return "keeps the hand-off open, as unsure, and burns the older link; if the password does not work then, "
               "otsd-hook reissue";
    return "keeps the hand-off open, as unsure; if the password does not work then, otsd-hook reissue";
}

void issue_store(context *x, issue *const *i, size_t n) {
    for (size_t k = 0; k < n; k++) {
        record *r = entry_record(i[k]->entry);

        i[k]->unsure = false;
        problem_clear(&i[k]->why);
        if (!backend_of(r->backend)->can_tell) {
            /* Nobody can say later whether it was done: from here on it may have been. */
            r->storing = 1;
            i[k]->why.code = ledger_write(i[k]->entry, &i[k]->why);
        }
    }
    /* Keys and hashes are on the disk before any password is. */
    sync_good(x, i, n);
    store_good(x, i, n);
    for (size_t k = 0; k < n; k++) {
        otsd_secret_free(&i[k]->value);
        i[k]->stored = i[k]->why.code == EX_OK;
        if (i[k]->unsure)
            problem_add(&i[k]->why, "; the password may be set: the record stays in issuing/, and otsd-hook sweep %s",
                        fate_of(i[k]));
    }
}

int issue_arm(context *x, issue *const *i, size_t n, problem *unlogged) {
    arming *a = calloc(n + 1, sizeof *a);
    int rc = problem_none(unlogged);

    for (size_t k = 0; k < n; k++) {
        if (a)
            a[k] = (arming){.e = i[k]->entry, .why = &i[k]->why};
        else
            problem_set(&i[k]->why, EX_OSERR, "%s: out of memory", i[k]->user);
    }
    if (a)
        rc = arm(x, a, n, unlogged);
    for (size_t k = 0; k < n; k++)
        if (i[k]->why.code != EX_OK)
            problem_add(&i[k]->why, "; the password is set: otsd-hook sweep arms the hand-off");
    free(a);
    return rc;
}

/* The answer to generate was lost: looks at once whether the server made something. */
static void lost(context *x, entry *e, problem *p) {
    recovery what;
    problem why;

    if (recover_one(x, e, &what, &why) != EX_OK || what == RECOVERED_LATER)
        problem_add(p, "; the account is untouched, and otsd-hook sweep looks for what the server may have made");
    else if (what == RECOVERED_EMPTY)
        problem_add(p, "; the account is untouched, and the server's list has no secret of it");
    else if (what == RECOVERED_LEFT)
        problem_add(p, "; the account is untouched, and what the server may have made is left to expire");
    else
        problem_add(p, "; the account is untouched; %s", outcome_told((outcome)entry_record(e)->outcome));
}

/* The secret has come to its end, and the record says to which. */
static void add_undone(problem *p, const record *r) {
    if (r->outcome == OUTCOME_BURNED)
        problem_add(p, "; the secret is burned and nothing was changed");
    else
        problem_add(p, "; nothing was changed; %s", outcome_told((outcome)r->outcome));
}

/* The metadata key is in memory only, the disk did not take it. Where this fails the intent stays, for its mark can
 * still find the secret. */
static int undo_unsaved(context *x, entry *e) {
    record *r = entry_record(e);
    remote_end end;
    problem ignored; /* the problem that led here is the one to tell */
    int rc = remote_burn(x->remote, r, &end, &ignored);

    if (rc == EX_OK) {
        r->reason = REASON_ABORTED;
        r->outcome = end.outcome;
        r->opened_at = end.opened_at;
        rc = audit_write(x->config, "closed", r, time(NULL), &ignored);
    }
    return rc == EX_OK ? ledger_remove(x->ledger, e, &ignored) : rc;
}

void issue_undo(context *x, issue *i) {
    problem why, *p = &i->why;
    entry *e = i->entry;
    record *r = entry_record(e);
    int rc;

    if (entry_saved(e)->metadata_key[0] == '\0') {
        rc = r->metadata_key[0] ? undo_unsaved(x, e) : EX_PROTOCOL;
        if (rc == EX_OK)
            add_undone(p, r);
        *r = *entry_saved(e);
        if (rc != EX_OK)
            lost(x, e, p);
        return;
    }
    rc = closing_claim(x->ledger, x->config, e, REASON_ABORTED, 0, &why);
    if (rc == EX_OK)
        rc = closing_finish(x->ledger, x->config, x->remote, e, &why);
    if (rc == EX_OK)
        add_undone(p, r);
    else
        problem_add(p, "; the account is untouched, but the secret is not known to be dead (%s)", why.text);
}

void issue_drop(context *x, issue *i) {
    problem ignored;

    (void)ledger_unlink(x->ledger, i->entry, &ignored); /* the next sweep drops an intent that asked nobody */
    problem_add(&i->why, "; nothing was changed");
}

void issue_warn(const issue *i) {
    if (i->short_ttl)
        say(LOG_WARNING, "%s: warning: the server grants %lld seconds instead of %lld; link and password end then",
            i->user, (long long)i->ttl_granted, (long long)i->ttl);
    if (i->long_ttl)
        say(LOG_WARNING,
            "%s: warning: the server grants %lld seconds instead of %lld; the password ends after %lld, and the link "
            "is burned then",
            i->user, (long long)i->ttl_granted, (long long)i->ttl_asked, (long long)i->ttl_asked);
}

void issue_end(issue *i) {
    otsd_secret_free(&i->value);
    if (i->link)
        otsd_wipe(i->link, strlen(i->link));
    free(i->link);
    i->link = NULL;
    ledger_release(&i->entry);
}

static void ask(context *x, issue *i, turn *t, remote_answer *a) {
    turn_asks(t, issue_kind(i));
    (void)issue_asks(i);
    remote_generate(x->remote, entry_record(i->entry), i->locale, a);
    turn_answered(t, a);
    turn_end(t);
}

static void all_steps(context *x, issue *i, turn *t) {
    remote_answer a;

    issue_begin(x, &i, 1);
    if (i->why.code != EX_OK) {
        turn_end(t);
        return;
    }
    ask(x, i, t, &a);
    if (!a.receipt) {
        i->why = a.why;
        if (a.certain)
            issue_drop(x, i);
        else
            lost(x, i->entry, &i->why);
        return;
    }
    if (issue_answered(x, i, a.receipt) == EX_OK && issue_hash(x, i) == EX_OK)
        issue_store(x, &i, 1);
    otsd_receipt_free(&a.receipt);
    if (i->why.code == EX_OK)
        (void)issue_arm(x, &i, 1, &i->unlogged);
    else if (!i->unsure)
        issue_undo(x, i);
}

int issue_run(context *x, issue *i, turn *t, problem *p) {
    int rc = context_remote(x, p);

    if (rc != EX_OK) {
        turn_end(t);
        problem_add(p, "; nothing was changed");
        return rc;
    }
    all_steps(x, i, t);
    if (i->why.code != EX_OK)
        *p = i->why;
    return i->why.code;
}
