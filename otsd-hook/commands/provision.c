/* SPDX-License-Identifier: MIT
 *
 * otsd-hook provision and reissue: check all that can be checked before anything is changed, issue the hand-off, say
 * what was done. A batch is its own room's.
 */
#include <stdio.h>
#include <syslog.h>

#include "batch/batch.h"
#include "commands/commands.h"
#include "commands/provision_checks.h"
#include "commands/provision_print.h"
#include "handoff/issue.h"
#include "password/backend.h"

#define JOBS 16
#define PATIENCE 3600 /* seconds; longer than the 20 minutes that old servers' limits last */

/* What is no failure, and worth a line. */
static void tell(const config *c, const issue *i) {
    say(LOG_INFO, "%s: hand-off %s issued", i->user, i->id);
    issue_warn(i);
    if (c->handoff.must_change && !backend_of((int64_t)c->password.backend)->must_change)
        say(LOG_NOTICE, "%s: whether the password must be changed is up to password.command", i->user);
}

/* Before the intent: who is killed while he waits has asked nobody. While he waits the person may arrive, and
 * administrators may decide otherwise. */
static int begin_turn(context *x, const provision_request *q, provision_facts *f, turn *t, problem *p) {
    int rc = turn_begin(t, x, f->user, TURN_PATIENCE, p);

    if (rc == EX_OK && t->waited) {
        rc = provision_check_again(x, q, f, p);
        if (rc != EX_OK)
            turn_end(t);
    }
    if (rc != EX_OK)
        problem_add(p, "; nothing was changed");
    return rc;
}

static int issue_one(context *x, issue *i, turn *t, problem *p) {
    int rc = issue_run(x, i, t, p);

    if (rc == EX_OK)
        tell(x->config, i);
    else if ((i->stored || i->unsure) && i->link) /* the password is, or may be, in place: this is its only link */
        say_out("%s", i->link);
    return rc;
}

static issue issue_of(const context *x, const provision_request *q, const provision_facts *f) {
    return (issue){
        .user = f->user,
        .uid = f->uid,
        .ttl = q->ttl > 0 ? q->ttl : x->config->handoff.ttl,
        .recipient = f->recipient,
        .passphrase = f->passphrase ? otsd_secret_data(f->passphrase) : NULL,
        .locale = q->locale,
        .force = q->force,
        .again = true,
        .reissue = q->reissue,
        .replaces = q->reissue && f->old.hash[0] ? f->old.hash : NULL,
        .want_link = q->print_link,
        .changed_before = f->changed_before,
        .local = f->local,
    };
}

static int run_one(context *x, const provision_request *q, provision_facts *f, problem *p) {
    turn t;
    issue i;
    int rc = context_open(x, p);

    if (rc == EX_OK)
        rc = provision_check(x, q, f, p);
    if (rc != EX_OK) {
        problem_add(p, "; nothing was changed");
        return rc;
    }
    if (q->again && !q->dry_run)
        rc = provision_clear(x, f->user, p);
    if (rc == EX_OK && !q->dry_run)
        rc = begin_turn(x, q, f, &t, p);
    i = issue_of(x, q, f);
    if (rc == EX_OK && !q->dry_run)
        rc = issue_one(x, &i, &t, p);
    if (rc == EX_OK)
        rc = provision_print(q, &i, p);
    if (rc == EX_OK && i.no_link.code != EX_OK) {
        rc = problem_set(p, i.no_link.code, "%s: %s; the hand-off stands, and who was mailed has the link", i.user,
                         i.no_link.text);
    }
    if (i.unlogged.code != EX_OK && (rc == EX_OK || rc == i.no_link.code)) {
        if (rc != EX_OK)
            problem_say(p);
        *p = i.unlogged;
        rc = p->code;
    }
    issue_end(&i);
    return rc;
}

static int run_batch(context *x, const provision_request *q) {
    batch b = {.x = x,
               .path = q->batch,
               .report_path = q->report,
               .ttl = q->ttl,
               .locale = q->locale,
               .jobs = q->jobs ? (size_t)q->jobs : JOBS,
               .patience_ms = (int64_t)(q->patience ? q->patience : PATIENCE) * 1000,
               .no_recipient = q->no_recipient,
               .links = q->print_link,
               .allow_system = q->allow_system,
               .allow_root = q->allow_root,
               .again = q->again,
               .dry_run = q->dry_run,
               .json = q->json};

    return batch_run(&b);
}

static int run(context *x, provision_request *q, int argc, char **argv) {
    provision_facts f = {0};
    problem p;
    int rc = provision_read(q, argc, argv);

    if (rc != EX_OK)
        return rc;
    x->config_path = q->config;
    if (q->batch)
        return run_batch(x, q);
    rc = run_one(x, q, &f, &p);
    provision_facts_end(&f);
    return command_end(rc, &p);
}

static int provision_run(context *x, int argc, char **argv) {
    provision_request q = {.reissue = false};

    return run(x, &q, argc, argv);
}

static int reissue_run(context *x, int argc, char **argv) {
    provision_request q = {.reissue = true};

    return run(x, &q, argc, argv);
}

const command command_provision = {&provision_options, provision_run,
                                   "generate a user's first password, set it, have the link mailed"};
const command command_reissue = {&reissue_options, reissue_run,
                                 "the same again for a user whose hand-off is still open; the old link dies"};
