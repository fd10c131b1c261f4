/* SPDX-License-Identifier: MIT */
#include "commands/provision_checks.h"

#include <string.h>
#include <syslog.h>

#include "base/words.h"
#include "handoff/ready.h"
#include "handoff/recover.h"
#include "handoff/who.h"
#include "ledger/past.h"
#include "password/account.h"
#include "password/backend.h"

/* A reissue goes to whom the hand-off went before. */
static int old_recipient(const provision_request *q, provision_facts *f, problem *p) {
    if (f->old.recipient[0])
        f->recipient = f->old.recipient;
    else if (!q->print_link)
        return problem_set(p, EX_USAGE, "%s: the old link was mailed to nobody: give --recipient or --print-link",
                           q->user);
    return problem_none(p);
}

static int find_recipient(const provision_request *q, const config *c, provision_facts *f, problem *p) {
    problem why;
    int rc;

    if (q->no_recipient)
        return problem_none(p);
    if (!q->recipient && q->reissue) {
        rc = old_recipient(q, f, p);
        if (rc != EX_OK || !f->recipient)
            return rc;
    }
    if (q->recipient)
        f->recipient = q->recipient;
    if (f->recipient ? !f->recipient[0] : !c->handoff.recipient)
        return problem_set(
            p, EX_USAGE,
            "%s: nobody to mail: give --recipient, set handoff.recipient, or say --no-recipient --print-link", q->user);
    if (f->recipient) {
        rc = address_check(f->recipient, &why);
    } else {
        rc = address_of(c->handoff.recipient, q->user, f->made, &why);
        f->recipient = f->made;
    }
    return rc == EX_OK ? problem_none(p) : problem_set(p, rc, "%s: %s", q->user, why.text);
}

static otsd_err read_passphrase(const provision_request *q, provision_facts *f, otsd_error *e) {
    if (q->passphrase_file)
        return otsd_secret_from_file(&f->passphrase, q->passphrase_file, PASSPHRASE_MAX, e);
    if (q->passphrase_fd >= 0)
        return otsd_secret_from_fd(&f->passphrase, q->passphrase_fd, PASSPHRASE_MAX, e);
    if (q->reissue && f->old.passphrase[0])
        return otsd_secret_new(&f->passphrase, f->old.passphrase, strlen(f->old.passphrase), e);
    return OTSD_OK;
}

static int find_passphrase(const provision_request *q, provision_facts *f, problem *p) {
    otsd_error e = {0};
    otsd_err err = read_passphrase(q, f, &e);
    const char *wrong = NULL;

    if (err != OTSD_OK)
        return problem_from_otsd(p, &e, "%s: the passphrase cannot be read", q->user);
    /* The one of an older hand-off was taken by the server already. */
    if (q->passphrase_file || q->passphrase_fd >= 0)
        wrong = ready_passphrase(otsd_secret_data(f->passphrase), otsd_secret_len(f->passphrase));
    return wrong ? problem_set(p, EX_DATAERR, "%s: %s", q->user, wrong) : problem_none(p);
}

/* Each of them may need an option or a command of its own: who is told of one has to be told of all. */
static void gather(problem *all, const problem *one) {
    if (one->code == EX_OK || (all->code != EX_OK && all->code != EX_NOPERM))
        return;
    if (all->code == EX_OK || one->code != EX_NOPERM)
        *all = *one;
    else
        problem_add(all, "; and %s", one->text);
}

static int check_living(context *x, const provision_request *q, problem *p) {
    backend_account a = {.user = q->user};
    int rc = backend_survey(x->config, &a, 1, p);

    return rc == EX_OK ? ready_living(x->config, q->user, a.expired, p) : rc;
}

static int check_past(context *x, const provision_request *q, const provision_facts *f, problem *p) {
    char name[USER_MAX + 1];
    past_view ignored;
    int rc;

    if (q->force)
        return problem_none(p);
    rc = who_past(x->ledger, q->user, f->canonical, f->local, f->uid, name, &ignored, p);
    return rc == EX_OK ? past_check(x->ledger, name, f->uid, true, false, p) : rc;
}

/* May a hand-off begin where none is open? */
static int may_begin(context *x, const provision_request *q, provision_facts *f, problem *p) {
    account_limits limits;
    problem one;

    account_limits_read(x->config, &limits);
    limits.allow_system = q->allow_system;
    limits.allow_root = q->allow_root;
    p->code = account_allowed(&limits, q->user, f->uid, p);
    one.code = backend_ready(x->config, q->user, q->force, &f->changed_before, &one);
    gather(p, &one);
    /* What can be seen of the account says the same, where there is something to see. */
    if (one.code == EX_OK) {
        one.code = check_past(x, q, f, &one);
        gather(p, &one);
    }
    one.code = check_living(x, q, &one);
    gather(p, &one);
    return p->code;
}

/* Says what provision would say, so that nobody is sent there in vain. */
static int nothing_open(context *x, const provision_request *q, provision_facts *f, problem *p) {
    problem why;

    if (may_begin(x, q, f, &why) == EX_OK)
        return problem_set(p, EX_DATAERR, "%s has no open hand-off: otsd-hook provision starts one", q->user);
    return problem_set(p, EX_DATAERR, "%s has no open hand-off for a reissue, and no new one may begin: %s", q->user,
                       why.text);
}

/* A reissue replaces the generated password and no other, unless forced. What was allowed for the older one is allowed.
 */
static int check_old(context *x, const provision_request *q, provision_facts *f, problem *p) {
    problem one;
    int rc = ledger_peek(x->ledger, LEDGER_PENDING, q->user, &f->old, p);

    if (rc == LEDGER_NONE)
        return nothing_open(x, q, f, p);
    if (rc != EX_OK) {
        problem_add(p, " (%s/pending/%s): otsd-hook sweep sets it aside", OTSD_STATE_DIR, q->user);
        return rc;
    }
    if (f->old.uid != f->uid)
        return problem_set(p, EX_NOPERM,
                           "%s is another account than the one that was provisioned (uid %lld, then %lld); otsd-hook "
                           "sweep ends the old hand-off",
                           q->user, (long long)f->uid, (long long)f->old.uid);
    f->changed_before = f->old.changed_before;
    p->code = backend_replaceable(x->config, &f->old, q->force, p);
    one.code = check_living(x, q, &one);
    gather(p, &one);
    return p->code;
}

/* The way on is the one that will be let through. */
static int is_open(context *x, const provision_request *q, provision_facts *f, problem *p) {
    provision_request next = *q;

    next.force = false;
    if (check_old(x, &next, f, p) == EX_OK)
        return problem_set(p, EX_CANTCREAT, "%s has an open hand-off already: otsd-hook reissue or revoke it", q->user);
    if (p->code == EX_NOPERM) {
        problem_add(p, "; %s has an open hand-off already, which otsd-hook revoke ends", q->user);
        p->code = EX_CANTCREAT;
    }
    return p->code;
}

/* Who is told that it is in the way is told what ends it, and when. EX_OK: it is to be ended first. */
static int is_begun(context *x, const provision_request *q, problem *p) {
    char when[WORDS_MAX];
    entry *e;
    int rc = ledger_find(x->ledger, LEDGER_ISSUING, q->user, 0, &e, p);

    if (rc != EX_OK || !lost_is(entry_record(e)))
        problem_set(p, EX_CANTCREAT, "%s: a provision is under way, or was interrupted and waits for otsd-hook sweep",
                    q->user);
    else if (!q->again)
        problem_set(p, EX_CANTCREAT,
                    "%s: the server's answer to an earlier provision was lost, and otsd-hook sweep looks for what it "
                    "made; otsd-hook %s --again ends that now, and by itself it ends on %s",
                    q->user, q->reissue ? "reissue" : "provision",
                    words_time(lost_until(x->config, entry_record(e)), when));
    if (rc == EX_OK)
        ledger_release(&e);
    return p->code;
}

int provision_clear(context *x, const char *user, problem *p) {
    char told[LOST_TOLD_MAX] = "";
    recovery what;
    entry *e;
    int rc = ledger_find(x->ledger, LEDGER_ISSUING, user, 0, &e, p);

    if (rc != EX_OK)
        return problem_none(p); /* whoever makes the intent finds out */
    rc = context_remote(x, p);
    if (rc == EX_OK && lost_is(entry_record(e)))
        rc = recover_by_order(x, e, true, &what, told, p);
    if (rc == EX_OK && told[0])
        say(LOG_WARNING, "%s", told);
    ledger_release(&e);
    return rc;
}

static int check_account(context *x, const provision_request *q, provision_facts *f, problem *p) {
    if (ledger_has(x->ledger, LEDGER_ISSUING, q->user) && is_begun(x, q, p) != EX_OK)
        return p->code;
    if (q->reissue)
        return check_old(x, q, f, p);
    return ledger_has(x->ledger, LEDGER_PENDING, q->user) ? is_open(x, q, f, p) : may_begin(x, q, f, p);
}

static int find_account(const context *x, const char *typed, provision_facts *f, problem *p) {
    who w;
    int rc = who_is(x, typed, false, &w, p);

    if (rc != EX_OK)
        return rc;
    memcpy(f->user, w.user, sizeof f->user);
    memcpy(f->canonical, w.canonical, sizeof f->canonical);
    f->uid = w.uid;
    f->local = w.local;
    return rc;
}

int provision_check_again(context *x, const provision_request *q, provision_facts *f, problem *p) {
    provision_request named = *q;
    int rc = find_account(x, q->user, f, p);

    named.user = f->user;
    return rc == EX_OK ? check_account(x, &named, f, p) : rc;
}

/* Nothing is known of the server where no process has asked it for a day. The passphrase of an older hand-off was
 * taken. */
static int ask_passphrase(context *x, const provision_request *q, const provision_facts *f, problem *p) {
    problem why;
    int rc;

    if (!q->passphrase_file && q->passphrase_fd < 0)
        return problem_none(p);
    rc = context_remote(x, p);
    if (rc == EX_OK && remote_takes(x->remote, otsd_secret_data(f->passphrase), &why) != EX_OK)
        rc = problem_set(p, why.code, "%s: %s", q->user, why.text);
    return rc;
}

int provision_check(context *x, const provision_request *q, provision_facts *f, problem *p) {
    provision_request named = *q;
    int rc = provision_check_again(x, q, f, p);

    named.user = f->user;
    if (rc == EX_OK)
        rc = find_recipient(&named, x->config, f, p);
    if (rc == EX_OK)
        rc = find_passphrase(&named, f, p);
    /* In a dry run nothing else would show that the server can be reached. */
    if (rc == EX_OK)
        rc = ready_run(x, false, q->dry_run, p);
    return rc == EX_OK ? ask_passphrase(x, &named, f, p) : rc;
}

void provision_facts_end(provision_facts *f) {
    record_wipe(&f->old);
    otsd_secret_free(&f->passphrase);
}
