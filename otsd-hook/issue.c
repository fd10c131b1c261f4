/* SPDX-License-Identifier: MIT */
#include "issue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "audit.h"
#include "backend.h"
#include "closing.h"
#include "hash.h"
#include "recover.h"

#define MARK_MOST 899 /* seconds by which the ttl asked for may differ from the wanted one */
#define VALUE_MAX 512

static int begin(context *x, issue *i, entry *e, problem *p) {
    struct {
        uint64_t id;
        uint32_t mark;
    } random;
    record r = {0};
    int64_t span = i->ttl / 8 < MARK_MOST ? i->ttl / 8 : MARK_MOST;

    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return problem_set(p, EX_OSERR, "no random numbers: %s", strerror(errno));
    (void)snprintf(r.id, sizeof r.id, "%016llx", (unsigned long long)random.id);
    (void)snprintf(r.user, sizeof r.user, "%s", i->user);
    r.uid = i->uid;
    r.created = time(NULL);
    r.ttl_asked = i->ttl - (int64_t)(random.mark % (uint64_t)(span + 1));
    if (i->recipient)
        (void)snprintf(r.recipient, sizeof r.recipient, "%s", i->recipient);
    if (i->passphrase)
        (void)snprintf(r.passphrase, sizeof r.passphrase, "%s", otsd_secret_data(i->passphrase));
    r.backend = (int64_t)x->config->password.backend;
    r.must_change = x->config->handoff.must_change;
    memcpy(i->id, r.id, sizeof i->id);
    i->ttl_asked = r.ttl_asked;
    {
        int rc = ledger_create(&x->ledger, &r, e, p);

        record_wipe(&r);
        return rc;
    }
}

/* What the server answered, held against what was asked. */
static int check(const context *x, const issue *i, const otsd_receipt *t, problem *p) {
    const char *value = t->value ? otsd_secret_data(t->value) : "";
    size_t len = t->value ? otsd_secret_len(t->value) : 0;

    if (len < (size_t)x->config->handoff.min_length)
        return problem_set(p, EX_PROTOCOL, "%s: the server generated %zu characters, handoff.min_length wants %ld", i->user, len,
                           x->config->handoff.min_length);
    if (len > VALUE_MAX)
        return problem_set(p, EX_PROTOCOL, "%s: the server generated %zu characters, which is too long", i->user, len);
    for (size_t k = 0; k < len; k++)
        if ((unsigned char)value[k] < ' ' || value[k] == 0x7f)
            return problem_set(p, EX_PROTOCOL, "%s: the server generated a value with a control character", i->user);
    if (i->recipient && t->recipients_len == 0)
        return problem_set(p, EX_DATAERR, "%s: the server took the address %s without a word and mails nobody", i->user,
                           i->recipient);
    if (i->recipient && (t->recipients_len != 1 || !otsd_recipient_matches(t->recipients[0], i->recipient)))
        return problem_set(p, EX_PROTOCOL, "%s: the server mails another address (%s) than %s", i->user, t->recipients[0],
                           i->recipient);
    if (!i->recipient && t->recipients_len > 0)
        return problem_set(p, EX_PROTOCOL, "%s: the server mails %s, which was not asked for", i->user, t->recipients[0]);
    if (i->passphrase && t->passphrase_required != OTSD_YES)
        return problem_set(p, EX_PROTOCOL, "%s: the server did not take the passphrase over", i->user);
    if (!i->passphrase && t->passphrase_required == OTSD_YES)
        return problem_set(p, EX_PROTOCOL, "%s: the server asks for a passphrase that nobody set", i->user);
    return EX_OK;
}

/* Notes what the server said, first of all the key: from here on the secret can be burned, whatever happens. */
static int note(issue *i, entry *e, const otsd_receipt *t, int64_t asked_at, problem *p) {
    int64_t left = t->secret_ttl > 0 ? t->secret_ttl : t->ttl;

    if (strlen(t->metadata_key) > KEY_MAX || left <= 0 || left > 366 * 86400)
        return problem_set(p, EX_PROTOCOL, "%s: the server's answer has no usable metadata key or lifetime", i->user);
    (void)snprintf(e->r.metadata_key, sizeof e->r.metadata_key, "%s", t->metadata_key);
    e->r.deadline = asked_at + left;
    i->deadline = e->r.deadline;
    i->ttl_granted = left;
    /* A second or two is the way there. */
    i->short_ttl = left < i->ttl_asked - 5;
    return ledger_save(e, p);
}

static int store(context *x, const issue *i, entry *e, const otsd_secret *value, bool *unsure, problem *p) {
    int rc = EX_OK;

    *unsure = false;
    if (e->r.backend == OTSD_BACKEND_SHADOW)
        rc = hash_password(x->config, value, e->r.hash, sizeof e->r.hash, p);
    e->r.storing = 1;
    if (rc == EX_OK)
        rc = ledger_save(e, p);
    if (rc == EX_OK)
        rc = backend_set(x->config, &e->r, value, i->replaces, i->force, unsure, p);
    return rc;
}

/* The answer to generate was lost: looks at once whether the server made something. */
static void lost(context *x, entry *e, problem *p) {
    recovery what;
    problem again;

    if (recover_issuing(x, e, &what, &again) == EX_OK && what == RECOVERED_BACK)
        problem_add(p, "; the account is untouched, and what the server had made is burned");
    else
        problem_add(p, "; the account is untouched, and otsd-hook sweep will burn what the server may have made");
}

/* The metadata key is in memory only, the disk did not take it. Where this fails the intent stays, for its mark can still find
 * the secret. */
static int undo_unsaved(context *x, entry *e) {
    remote_end end;
    problem again;
    int rc = remote_burn(x->remote, &e->r, time(NULL), &end, &again);

    if (rc == EX_OK) {
        e->r.reason = REASON_ABORTED;
        e->r.outcome = end.outcome;
        e->r.opened_at = end.opened_at;
        rc = audit_write(x->config, "closed", &e->r, time(NULL), &again);
    }
    return rc == EX_OK ? ledger_remove(&x->ledger, e, &again) : rc;
}

static void undo(context *x, entry *e, problem *p) {
    problem again;
    int rc;

    if (e->saved.metadata_key[0] == '\0') {
        rc = e->r.metadata_key[0] ? undo_unsaved(x, e) : EX_PROTOCOL;
        e->r = e->saved;
        if (rc == EX_OK)
            problem_add(p, "; the secret is burned and nothing was changed");
        else
            lost(x, e, p);
        return;
    }
    rc = closing_claim(&x->ledger, x->config, e, REASON_ABORTED, &again);

    if (rc == EX_OK)
        rc = closing_finish(&x->ledger, x->config, x->remote, e, &again);
    if (rc == EX_OK)
        problem_add(p, "; the secret is burned and nothing was changed");
    else
        problem_add(p, "; the account is untouched, but the secret still lives (%s)", again.text);
}

int issue_run(context *x, issue *i, problem *p) {
    otsd_receipt *t = NULL;
    problem ignored;
    bool certain = true, unsure = false;
    int64_t asked_at;
    entry e = {.fd = -1};
    int rc = context_remote(x, p);

    if (rc == EX_OK)
        rc = begin(x, i, &e, p);
    if (rc != EX_OK) {
        problem_add(p, "; nothing was changed");
        return rc;
    }
    asked_at = time(NULL);
    rc = remote_generate(x->remote, &e.r, i->locale, x->config->handoff.share_domain, &t, &certain, p);
    if (rc != EX_OK && !certain) {
        lost(x, &e, p);
        goto out;
    }
    if (rc != EX_OK) {
        (void)ledger_remove(&x->ledger, &e, &ignored);
        problem_add(p, "; nothing was changed");
        goto out;
    }
    rc = note(i, &e, t, asked_at, p);
    if (rc == EX_OK)
        rc = check(x, i, t, p);
    if (rc == EX_OK && i->want_link)
        rc = remote_link(x->remote, t, &i->link, p);
    if (rc == EX_OK)
        rc = store(x, i, &e, t->value, &unsure, p);
    if (rc != EX_OK && unsure) {
        problem_add(p, "; the password may be set: the record stays in issuing/, and otsd-hook sweep decides");
        goto out;
    }
    if (rc != EX_OK) {
        undo(x, &e, p);
        goto out;
    }
    rc = recover_arm(x, &e, p);
    if (rc != EX_OK)
        problem_add(p, "; the password is set and the mail sent: otsd-hook sweep arms the hand-off");
out:
    otsd_receipt_free(&t);
    ledger_release(&e);
    return rc;
}

void issue_wipe(issue *i) {
    if (i->link)
        otsd_wipe(i->link, strlen(i->link));
    free(i->link);
    i->link = NULL;
}
