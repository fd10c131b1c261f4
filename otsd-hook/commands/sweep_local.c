/* SPDX-License-Identifier: MIT
 *
 * What a sweep does alone: arms what was interrupted after its password was set, drops intents of which nothing can be
 * alive any more, looks at what is pending, makes passwords dead, files anew what was renamed, claims what is over.
 *
 * The account files are waited for once, for all passwords that are to be made dead in a group; where they stay locked,
 * each record notes that it is over, so that the PAM module takes it for that, and its link is burned all the same.
 */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "commands/sweep.h"
#include "handoff/closing.h"
#include "handoff/recover.h"
#include "ledger/told.h"
#include "password/backend.h"

#define LOCK_WAIT_MS 15000 /* as long as other programs wait for the account files */

/* A hand-off that cannot be armed has a deadline all the same. */
static void lock_unarmed(sweep *w, const record *r) {
    clock_moment now;
    problem p;
    bool locked;

    clock_read(&now);
    if (!recover_has_password(r) || record_over(r, &now) != OTSD_YES ||
        !closing_locks(w->x->config, r, REASON_DEADLINE))
        return;
    if (backend_lock(w->x->config, r, w->lock_refused ? 0 : LOCK_WAIT_MS, &locked, &p) != EX_OK) {
        w->lock_refused = true;
        sweep_trouble(w, &p);
    }
}

void sweep_issuing_alone(sweep *w, const char *name) {
    recovery what = RECOVERED_LATER;
    problem p;
    record r;
    entry *e;

    if (!sweep_take(w, LEDGER_ISSUING, name, &e)) {
        if (ledger_peek(w->x->ledger, LEDGER_ISSUING, name, &r, &p) == EX_OK) {
            lock_unarmed(w, &r);
            record_wipe(&r);
        }
        return;
    }
    if (w->x->config && recover_alone(w->x, e, &what, &p) != EX_OK)
        sweep_trouble(w, &p);
    else if (what == RECOVERED_FORWARD)
        sweep_armed(w, entry_record(e));
    else if (what == RECOVERED_OVER)
        sweep_done(w, entry_record(e)->user, "an interrupted provision is over");
    if (entry_state(e) == LEDGER_ISSUING)
        lock_unarmed(w, entry_record(e));
    sweep_drop(w, &e);
}

static int issuing(const char *name, void *arg) {
    sweep_issuing_alone(arg, name);
    return 0;
}

static void over(sweep *w, entry *e, reason why) {
    problem p;

    /* It was waited for already. */
    if (closing_claim(w->x->ledger, w->x->config, e, why, 0, &p) != EX_OK) {
        if (reason_locks(why))
            w->unlocked = true;
        sweep_trouble(w, &p);
        return;
    }
    why = (reason)entry_record(e)->reason;
    say(LOG_INFO, "%s: the hand-off is over: %s", entry_record(e)->user, reason_told(why));
    sweep_done(w, entry_record(e)->user, reason_told(why));
}

/* The name service misses the account: how often, for how long? With --now it does not count: a person may call that
 * ten times during one outage. */
static void count_missed(const sweep *w, record *r, situation *s) {
    clock_moment now;
    int64_t age;

    clock_read(&now);
    age = record_age(r, &now);
    if (w->now || age < 0)
        return;
    if (r->gone_seen == 0 || r->gone_since > age)
        r->gone_since = age;
    r->gone_seen++;
    if (decide_gone(r->gone_seen, age - r->gone_since))
        s->exists = OTSD_NO;
}

/* Told once; status goes on flagging it. Whoever got the link may still open it, where the server grants more time than
 * was asked for: that ends. */
static void stays_unseen(sweep *w, record *r) {
    if (r->unseen == 0)
        say(LOG_WARNING,
            "%s: the deadline has passed, and nobody can look whether the password is still the generated one: it is "
            "not locked. otsd-hook revoke locks it; where the person has arrived, otsd-hook revoke --arrived closes "
            "the hand-off",
            r->user);
    if (r->unseen == 0)
        r->unseen = time(NULL);
    if (r->outcome == OUTCOME_NONE)
        w->unlocked = true;
}

/* The hand-off goes on: what was noted and no longer holds is taken back. */
static void goes_on(sweep *w, entry *e, const situation *s) {
    record *r = entry_record(e);
    problem p;

    closing_take_back(r, s);
    if (decide_unseen(s))
        stays_unseen(w, r);
    if (s->exists == OTSD_YES)
        r->gone_seen = r->gone_since = 0;
    if (ledger_save(e, &p) != EX_OK)
        sweep_trouble(w, &p);
}

static void look(sweep *w, entry *e, situation *s, char **renamed) {
    problem p;

    if (look_at(entry_record(e), EVENT_SWEEP, s, renamed, &p) != EX_OK)
        sweep_trouble(w, &p);
    s->lock_unseen = w->group.lock_unseen;
}

/* So that the module finds it at the account's logins. Where that name is taken it stays, and its deadline ends it. */
static void refile(sweep *w, entry *e, const char *renamed, situation *s) {
    char *old = strdup(entry_record(e)->user), *again = NULL;
    problem p;

    if (ledger_refile(w->x->ledger, e, renamed, &p) != EX_OK) {
        sweep_trouble(w, &p);
    } else {
        say(LOG_INFO, "%s: the account is called %s now, and its hand-off goes on under that name", old ? old : "?",
            renamed);
        sweep_done(w, entry_record(e)->user, "the account was renamed; its hand-off goes on");
        look(w, e, s, &again);
    }
    free(again);
    free(old);
}

/* Its record is in other hands, or cannot be written: the password can die by its hash. */
static void lock_only(sweep *w, const char *user) {
    char *renamed = NULL;
    situation s;
    problem p;
    record r;
    bool locked;

    if (ledger_peek(w->x->ledger, LEDGER_PENDING, user, &r, &p) != EX_OK)
        return;
    (void)look_at(&r, EVENT_SWEEP, &s, &renamed, &p); /* unknown locks nothing */
    s.lock_unseen = w->group.lock_unseen;
    if (closing_locks(w->x->config, &r, decide(&s)) && backend_lock(w->x->config, &r, 0, &locked, &p) != EX_OK)
        sweep_trouble(w, &p);
    free(renamed);
    record_wipe(&r);
}

void sweep_pending(sweep *w, const char *user) {
    char *renamed;
    situation s;
    reason why;
    entry *e;

    if (!sweep_take(w, LEDGER_PENDING, user, &e)) {
        lock_only(w, user);
        return;
    }
    look(w, e, &s, &renamed);
    if (renamed)
        refile(w, e, renamed, &s);
    if (s.missed)
        count_missed(w, entry_record(e), &s);
    why = decide(&s);
    if (why != REASON_NONE)
        over(w, e, why);
    else
        goes_on(w, e, &s);
    free(renamed);
    sweep_drop(w, &e);
}

static bool needs_a_look(const look_item *item) {
    return decide(&item->s) != REASON_NONE || item->s.noted != REASON_NONE || item->renamed || item->s.missed ||
           (item->gone_seen > 0 && item->s.exists == OTSD_YES) || (decide_unseen(&item->s) && !item->settled);
}

static void flush_group(sweep *w) {
    int64_t now = time(NULL);
    problem p;

    if (w->group.len == 0)
        return;
    if (look_group_files(&w->group, &p) != EX_OK)
        sweep_trouble(w, &p);
    if (look_group_lock(&w->group, w->lock_refused ? 0 : LOCK_WAIT_MS, &p) != EX_OK) {
        w->lock_refused = true;
        sweep_trouble(w, &p);
    }
    look_group_others(&w->group);
    for (size_t i = 0; i < w->group.len; i++) {
        if (needs_a_look(&w->group.items[i]))
            sweep_pending(w, w->group.items[i].user);
        else if (question_is_due(&w->group.items[i], now))
            questions_add(&w->questions, &w->group.items[i], now);
    }
    look_group_empty(&w->group);
}

static int pending(const char *name, void *arg) {
    sweep *w = arg;
    problem p;
    int rc = look_group_add(&w->group, w->x->ledger, name, &p);

    if (rc == EX_DATAERR) {
        entry *e;

        /* Once more under the lock: it may have been in the middle of a write. */
        if (sweep_take(w, LEDGER_PENDING, name, &e))
            sweep_drop(w, &e);
    } else if (rc > 0) {
        sweep_trouble(w, &p);
    }
    if (look_group_full(&w->group))
        flush_group(w);
    return 0;
}

void sweep_local(sweep *w) {
    problem p;

    if (backend_clean(0, &p) != EX_OK)
        sweep_trouble(w, &p);
    sweep_each(w, LEDGER_ISSUING, issuing);
    sweep_each(w, LEDGER_PENDING, pending);
    flush_group(w);
}
