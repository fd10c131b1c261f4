/* SPDX-License-Identifier: MIT
 *
 * otsd-hook revoke: make the generated password dead, burn the link, close, now.
 *
 * First the record says that it is over, so that the PAM module refuses the password from that moment on; then the
 * password is made dead, then the network is touched. Nothing of that waits for what it does not need: with the account
 * files locked by somebody the link is burned, with the server away or the configuration broken the password dies and
 * the burn is owed, with a record that cannot be written the password dies by its hash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/holder.h"
#include "base/words.h"
#include "commands/commands.h"
#include "handoff/closing.h"
#include "handoff/look.h"
#include "handoff/recover.h"
#include "handoff/who.h"
#include "ledger/told.h"
#include "password/account.h"
#include "password/backend.h"
#include "password/shadow_read.h"

#define LOCK_WAIT_MS 10000

typedef struct request {
    const char *config;
    bool arrived;
} request;

static const option_row rows[] = {
    {.name = "arrived",
     .kind = OPTION_FLAG,
     .at = offsetof(request, arrived),
     .help =
         "USER has arrived: the password is left alone, the link is burned. For passwords that nobody here can look "
         "at"},
    OPTION_CONFIG(request),
};

static const option_table options = {
    .program = "otsd-hook",
    .command = "revoke",
    .forms = {"[OPTION...] USER"},
    .about =
        "Ends USER's hand-off: the generated password is made dead if it is still the account's, the link is burned.",
    OPTION_ROWS(rows),
    .least = 1,
    .most = 1,
    .arguments = "one user name is needed",
};

static void report(const record *r) {
    char when[WORDS_MAX];

    if (r->reason != REASON_REVOKED)
        say_out("%s: %s; %s", r->user, reason_told((reason)r->reason), outcome_told((outcome)r->outcome));
    else if (r->outcome == OUTCOME_OPENED && r->opened_at > 0)
        say_out("%s: revoked; the link had been opened on %s", r->user, words_time(r->opened_at, when));
    else
        say_out("%s: revoked; %s", r->user, outcome_told((outcome)r->outcome));
}

static int finish(context *x, entry *e, problem *p) {
    int rc = context_remote(x, p);

    if (rc == EX_OK)
        rc = closing_finish(x->ledger, x->config, x->remote, e, p);
    else
        problem_add(p, "; the burn is owed, and otsd-hook sweep does it");
    if (rc == EX_OK)
        report(entry_record(e));
    return rc;
}

/* Without the configuration nothing can be undone; a password that was set can be made dead. */
static int lock_issuing(context *x, entry *e, problem *p) {
    record *r = entry_record(e);
    bool locked;

    if (recover_has_password(r) && backend_lock(NULL, r, LOCK_WAIT_MS, &locked, p) != EX_OK)
        return p->code;
    *p = x->broken;
    problem_add(p, "; %s's interrupted provision waits for it, and has no password that works", r->user);
    return p->code;
}

typedef enum settled { SETTLED_NOTHING, SETTLED_UNDONE, SETTLED_TOLD, SETTLED_ARMED } settled;

/* An interrupted provision is taken to its end, one way or the other. */
static int settle_issuing(context *x, const char *user, settled *out, problem *p) {
    char told[LOST_TOLD_MAX];
    recovery what;
    entry *e;
    int rc = ledger_find(x->ledger, LEDGER_ISSUING, user, 0, &e, p);

    *out = SETTLED_NOTHING;
    if (rc == LEDGER_NONE)
        return problem_none(p);
    if (rc == LEDGER_BUSY)
        return problem_set(p, EX_TEMPFAIL, "%s is being provisioned at this moment; that goes on: revoke again", user);
    if (rc == EX_OK && !x->config) {
        rc = lock_issuing(x, e, p);
        ledger_release(&e);
    } else if (rc == EX_OK) {
        rc = recover_by_order(x, e, false, &what, told, p);
        if (rc == EX_OK && told[0])
            say_out("%s", told);
        if (rc == EX_OK)
            *out = what == RECOVERED_FORWARD ? SETTLED_ARMED : told[0] ? SETTLED_TOLD : SETTLED_UNDONE;
        ledger_release(&e);
    } else {
        problem_add(p, " (%s/issuing/%s): otsd-hook sweep deals with it", OTSD_STATE_DIR, user);
    }
    return rc;
}

/* Burns that are owed for one user from before. */
typedef struct owed {
    context *x;
    const char *user;
    int found;
    problem why; /* of the last one that failed; its code is EX_OK where none did */
} owed;

static int owed_one(const char *name, void *arg) {
    owed *o = arg;
    entry *e;
    problem p;
    int rc;

    if (!ledger_is_claim(name, o->user))
        return 0;
    rc = ledger_find(o->x->ledger, LEDGER_CLAIMED, name, LOCK_WAIT_MS, &e, &p);
    if (rc == LEDGER_NONE)
        return 0;
    o->found++;
    if (rc == LEDGER_BUSY) {
        rc = problem_set(&p, EX_TEMPFAIL, "%s: another process is burning the secret", o->user);
    } else if (rc != EX_OK) {
        problem_add(&p, " (%s/claimed/%s)", OTSD_STATE_DIR, name);
    } else {
        rc = finish(o->x, e, &p);
        ledger_release(&e);
    }
    if (rc != EX_OK)
        o->why = p;
    return 0;
}

/* A name that changed hands is not the account that is revoked; what is made dead is the hash, wherever it stands. */
static reason why_of(const record *r, reason order) {
    situation s;
    problem ignored;
    char *renamed;
    reason why = look_at(r, EVENT_SWEEP, &s, &renamed, &ignored) == EX_OK ? decide(&s) : REASON_NONE;

    free(renamed);
    return why == REASON_GONE || why == REASON_UID ? why : order;
}

/* The record cannot be had; what it says can be read all the same, and the password made dead by its hash. name: of the
 * record. */
static void lock_only(context *x, const char *user, const char *name, problem *p) {
    problem why;
    bool locked;
    record r;
    int rc = ledger_peek(x->ledger, LEDGER_PENDING, name, &r, &why);

    if (rc == EX_OK)
        rc = backend_lock(x->config, &r, LOCK_WAIT_MS, &locked, &why);
    if (rc == EX_OK)
        problem_add(p,
                    "; the generated password is dead, but the hand-off is not closed and its link not burned: revoke "
                    "again");
    else
        problem_add(p, "; nothing was changed: revoke again, or lock %s by hand", user);
    record_wipe(&r);
}

/* The account files stay locked, or cannot be read. The record says that it is over, so the module refuses the password
 * on its way in; the link needs no lock. */
static int burn_only(context *x, entry *e, problem *p) {
    problem why;
    int rc = context_remote(x, &why);

    if (rc == EX_OK)
        rc = closing_settle(x->ledger, x->remote, e, &why);
    if (rc == EX_OK)
        problem_add(p, "; %s", outcome_told((outcome)entry_record(e)->outcome));
    else
        problem_add(p, "; the link is not burned: %s", why.text);
    return p->code;
}

static int revoke_entry(context *x, reason order, entry *e, problem *p) {
    const char *user = entry_record(e)->user;
    int rc;

    if (order == REASON_ARRIVED && backend_of(entry_record(e)->backend)->can_tell)
        return problem_set(p, EX_USAGE,
                           "%s: whether the password was changed is looked at here, and otsd-hook sweep ends the "
                           "hand-off when it was; nothing was changed",
                           user);
    /* Before anybody is waited for, a name service among them. */
    closing_note(e, order);
    rc = closing_claim(x->ledger, x->config, e, why_of(entry_record(e), order), LOCK_WAIT_MS, p);
    if (rc != EX_OK)
        return entry_state(e) == LEDGER_PENDING ? burn_only(x, e, p) : rc;
    rc = finish(x, e, p);
    if (rc != EX_OK && order == REASON_REVOKED && entry_record(e)->outcome == OUTCOME_NONE)
        problem_add(p, "; %s's generated password is dead", user);
    return rc;
}

/* The account has been renamed, and no sweep has filed the record anew. */
typedef struct renaming {
    context *x;
    const char *user;
    shadow_line line; /* of the account as it is called now */
    char *old;        /* out: malloced; the name that its record has */
} renaming;

static int is_old_name(const char *name, void *arg) {
    renaming *n = arg;
    char *renamed = NULL;
    problem ignored;
    situation s;
    record r;

    if (ledger_peek(n->x->ledger, LEDGER_PENDING, name, &r, &ignored) != EX_OK)
        return 0;
    if (shadow_same(n->line.hash, r.hash))
        (void)look_at(&r, EVENT_SWEEP, &s, &renamed, &ignored);
    if (renamed && strcmp(renamed, n->user) == 0)
        n->old = strdup(name);
    free(renamed);
    record_wipe(&r);
    return n->old ? 1 : 0;
}

/* The record of the account that is called user now; name: what the record is called, of USER_MAX + 1 bytes. */
static int find_pending(context *x, const char *user, entry **e, char *name, problem *p) {
    renaming n = {.x = x, .user = user};
    problem unknown;
    int rc = ledger_find(x->ledger, LEDGER_PENDING, user, LOCK_WAIT_MS, e, p);

    snprintf(name, USER_MAX + 1, "%s", user);
    if (rc != LEDGER_NONE || shadow_lookup(user, &n.line, &unknown) != EX_OK)
        return rc;
    if (ledger_each(x->ledger, LEDGER_PENDING, is_old_name, &n, &unknown) == 1) {
        snprintf(name, USER_MAX + 1, "%s", n.old);
        rc = ledger_find(x->ledger, LEDGER_PENDING, n.old, LOCK_WAIT_MS, e, p);
        if (rc == EX_OK && ledger_refile(x->ledger, *e, user, &unknown) != EX_OK)
            say(LOG_WARNING, "%s; it is revoked all the same", unknown.text);
    }
    otsd_wipe(&n.line, sizeof n.line);
    free(n.old);
    return rc;
}

static int revoke_pending(context *x, const char *user, reason order, bool *found, problem *p) {
    char holder[HOLDER_MAX], name[USER_MAX + 1];
    entry *e;
    int rc = find_pending(x, user, &e, name, p);

    *found = rc != LEDGER_NONE;
    if (rc == LEDGER_NONE)
        return problem_none(p);
    if (rc == LEDGER_BUSY)
        problem_set(p, EX_TEMPFAIL, "%s: %s holds the record", user,
                    ledger_holder(x->ledger, LEDGER_PENDING, name, holder));
    if (rc == EX_DATAERR)
        problem_add(p, " (%s/pending/%s); nothing was changed: lock %s by hand", OTSD_STATE_DIR, name, user);
    else if (rc != EX_OK && order == REASON_REVOKED)
        lock_only(x, user, name, p);
    if (rc != EX_OK)
        return p->code;
    rc = revoke_entry(x, order, e, p);
    ledger_release(&e);
    return rc;
}

static int revoke_user(context *x, const char *user, reason order, problem *p) {
    owed burns = {.x = x, .user = user};
    problem other;
    settled what;
    bool found;
    int rc = revoke_pending(x, user, order, &found, p), rc_issuing;

    /* What can let somebody in comes first; an interrupted provision may have to wait for the server. A reissue that
     * was interrupted has both: its password is the account's by now. */
    rc_issuing = settle_issuing(x, user, &what, &other);
    if (rc_issuing == EX_OK && what == SETTLED_ARMED)
        rc_issuing = revoke_pending(x, user, order, &found, &other);
    if (rc == EX_OK && rc_issuing != EX_OK) {
        *p = other;
        return rc_issuing;
    }
    if (rc != EX_OK || found)
        return rc;
    rc = ledger_each(x->ledger, LEDGER_CLAIMED, owed_one, &burns, p);
    if (rc != EX_OK)
        return rc;
    if (burns.why.code != EX_OK) {
        *p = burns.why;
        return p->code;
    }
    if (what == SETTLED_UNDONE)
        say_out("%s: an interrupted provision is undone; the account has its old password", user);
    else if (burns.found == 0 && what != SETTLED_TOLD)
        return problem_set(p, EX_DATAERR, "%s has no open hand-off; nothing was changed", user);
    return problem_none(p);
}

/* Whoever revokes MUST NOT take for the account what is said of a name. */
static int revoke_named(context *x, const char *typed, reason order, problem *p) {
    char user[USER_MAX + 1], lowered[USER_MAX + 1];
    problem unknown;
    int rc_who = who_ends(x, typed, user, &unknown);
    int rc = revoke_user(x, user, order, p);

    if (rc == EX_OK && rc_who == EX_OSERR) {
        *p = unknown;
        problem_add(p, "; the burns that were owed are done, but under another name %s may have an open hand-off",
                    typed);
        return p->code;
    }
    if (rc != EX_DATAERR || strcmp(user, typed) != 0 || ledger_has(x->ledger, LEDGER_PENDING, user))
        return rc;
    if (account_lowered(typed, lowered) && ledger_has(x->ledger, LEDGER_PENDING, lowered))
        problem_add(p, "; %s has one, and the name service does not say that it is the same account", lowered);
    if (rc_who != EX_OSERR)
        return rc;
    problem_add(p, "; %s", unknown.text);
    return p->code = rc_who;
}

static int revoke_run(context *x, int argc, char **argv) {
    request q = {0};
    size_t count;
    problem p;
    int rc = command_begin(&options, argc, argv, &q, &count);

    if (rc == EX_OK)
        rc = command_check_user(&options, argv[1]);
    if (rc != EX_OK)
        return rc;
    x->config_path = q.config;
    rc = context_open_anyway(x, &p);
    if (rc == EX_OK)
        rc = revoke_named(x, argv[1], q.arrived ? REASON_ARRIVED : REASON_REVOKED, &p);
    return command_end(rc, &p);
}

const command command_revoke = {&options, revoke_run, "end the generated password, burn the link, now"};
