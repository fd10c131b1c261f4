/* SPDX-License-Identifier: MIT */
#include "batch/resume.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/clock.h"
#include "batch/pace.h"
#include "batch/preflight.h"
#include "base/stop.h"
#include "handoff/arm.h"
#include "handoff/closing.h"
#include "handoff/recover.h"
#include "password/backend.h"

#define GROUP 512         /* records held open at once */
#define FAILURES_ENOUGH 2 /* so often in a row: the rest of the burns is left to a sweep */

typedef struct resumption {
    batch *b;
    pace pace;       /* of questions to the server */
    size_t failures; /* calls in a row */
    int64_t settles; /* clock_ms: when the last young intent can be judged; 0: there is none */
} resumption;

static bool wait_for_server(resumption *s) {
    int64_t now = clock_ms();

    while (pace_allows(&s->pace, now) == 0) {
        if (pace_exhausted(&s->pace, now))
            return false;
        (void)batch_show_pause(s->b, &s->pace);
        if (!stop_sleep(200))
            return false;
        now = clock_ms();
    }
    return !stop_wanted();
}

static void answered(resumption *s, pace_event how, int64_t asked) {
    pace_answer a = {.event = how, .call = {.in_flight = 1, .sent_at = asked}};

    pace_note(&s->pace, &a, 0, clock_ms());
}

/* The intent is gone: what is there now? */
static void taken_back(batch *b, batch_account *a) {
    problem p;

    if (preflight_place(b, a, &p) == EX_OK)
        batch_through(b, a);
    else
        batch_result(b, a, BATCH_LEFT, p.text);
}

static void taken_forward(batch *b, batch_account *a, const record *r) {
    batch_take(b, a, r);
    if (a->unsure)
        batch_unsure(b, a, BATCH_PROVISIONED);
    else
        batch_result(b, a, BATCH_PROVISIONED, "begun by an earlier run");
}

/* Opens the account's intent. False: it is not ours to recover, and the account's status says so. */
static bool take(batch *b, batch_account *a, entry **out) {
    const char *user = batch_user(a);
    problem p;
    int rc = ledger_find(b->x->ledger, LEDGER_ISSUING, user, 0, out, &p);

    if (rc == EX_OK)
        return true;
    /* An intent that was never written is removed. */
    if (rc == EX_DATAERR)
        rc = ledger_set_aside(b->x->ledger, LEDGER_ISSUING, user, &p);
    if (rc == LEDGER_NONE)
        taken_back(b, a);
    else if (rc == LEDGER_BUSY)
        batch_result(b, a, BATCH_LEFT, "another otsd-hook is at work on it");
    else
        batch_result(b, a, BATCH_LEFT,
                     rc == EX_OK ? "its record could not be read; it is kept in " OTSD_STATE_DIR "/aside" : p.text);
    return false;
}

typedef struct holding {
    batch_account *a;
    entry *e;
} holding;

static void arm_group(batch *b, holding *held, backend_view *views, size_t n) {
    arming *armings = calloc(n + 1, sizeof *armings);
    problem *why = calloc(n + 1, sizeof *why), ignored, unlogged;
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        views[i] = backend_view_of(entry_record(held[i].e));
    (void)backend_look(views, n, &ignored); /* they are unknown then */
    for (size_t i = 0; armings && why && i < n; i++) {
        otsd_tri in_place = backend_view_stands(&views[i]);

        if (recover_choose(entry_record(held[i].e), in_place) != CHOICE_FORWARD)
            continue;
        recover_mark(held[i].e, in_place);
        armings[count++] = (arming){.e = held[i].e, .resumed = true};
    }
    for (size_t i = 0; i < n; i++)
        backend_view_end(&views[i]);
    for (size_t k = 0; k < count; k++)
        armings[k].why = &why[k];
    if (count > 0 && arm(b->x, armings, count, &unlogged) != EX_OK)
        batch_unlogged(b, &unlogged);
    for (size_t i = 0, k = 0; armings && why && i < n; i++) {
        if (k < count && armings[k].e == held[i].e) {
            if (why[k].code == EX_OK)
                taken_forward(b, held[i].a, entry_record(held[i].e));
            else
                batch_result(b, held[i].a, BATCH_LEFT, why[k].text);
            k++;
        }
    }
    free(armings);
    free(why);
}

/* Arms them in groups; those whose password is not in place stay as they are, for the other pass. */
static void forward(batch *b) {
    holding *held = calloc(GROUP, sizeof *held);
    backend_view *views = calloc(GROUP, sizeof *views);
    size_t n = 0;

    for (size_t i = 0; held && views && i < b->len && !stop_wanted(); i++) {
        batch_account *a = &b->accounts[i];

        if (a->status == BATCH_INTERRUPTED && take(b, a, &held[n].e)) {
            held[n].a = a;
            if (recover_has_password(entry_record(held[n].e)))
                n++;
            else
                ledger_release(&held[n].e);
        }
        if (n == GROUP || (n > 0 && i + 1 == b->len)) {
            arm_group(b, held, views, n);
            while (n > 0)
                ledger_release(&held[--n].e);
        }
    }
    while (held && n > 0)
        ledger_release(&held[--n].e);
    free(held);
    free(views);
}

/* Its answer was lost, and the server does not tell what it made: with --again it is ended all the same. A server that
 * is not reached is waited for, for the account cannot be begun anew without it either. */
static bool ended_by_order(const batch *b, entry *e, int rc, recovery what, problem *p) {
    bool settled = recover_settled_for(b->x->config, entry_record(e)) >= 0;
    char told[LOST_TOLD_MAX];
    problem why = *p;

    if (!b->again || entry_state(e) != LEDGER_ISSUING || !lost_is(entry_record(e)) || !settled)
        return false;
    if (rc == EX_OK ? what != RECOVERED_LATER : !p->lasting)
        return false;
    if (lost_end_by_order(b->x, e, rc == EX_OK ? NULL : &why, told, p) != EX_OK)
        return false;
    say(LOG_WARNING, "%s", told);
    return true;
}

/* True: the account is dealt with, for now at least. */
static bool back_once(resumption *s, batch_account *a) {
    int64_t asked = clock_ms();
    otsd_tri in_place;
    recovery what = RECOVERED_LATER;
    problem p;
    entry *e;
    int rc;

    if (!take(s->b, a, &e))
        return true;
    (void)recover_look(entry_record(e), &in_place, &p); /* it is unknown then */
    if (s->failures >= FAILURES_ENOUGH && entry_record(e)->metadata_key[0] && in_place == OTSD_NO) {
        /* Burns do not work for now: it is enough that they are owed. */
        what = RECOVERED_BACK;
        rc = closing_claim(s->b->x->ledger, s->b->x->config, e, REASON_ABORTED, 0, &p);
    } else {
        rc = recover_issuing(s->b->x, e, in_place, &what, &p);
        s->failures = rc == EX_OK || !p.remote ? 0 : s->failures + 1;
        if (ended_by_order(s->b, e, rc, what, &p)) {
            what = RECOVERED_OVER;
            rc = EX_OK;
        }
    }
    if (rc == EX_OK && what == RECOVERED_LATER) {
        int64_t settles = clock_ms() - recover_settled_for(s->b->x->config, entry_record(e)) * 1000;

        if (settles > s->settles)
            s->settles = settles;
    } else if (rc == EX_OK && what == RECOVERED_FORWARD) {
        taken_forward(s->b, a, entry_record(e));
    } else if (rc == EX_OK || entry_state(e) == LEDGER_CLAIMED) {
        /* Where only the burn is owed, a sweep sees to it. */
        if (rc != EX_OK)
            say(LOG_WARNING, "%s", p.text);
        taken_back(s->b, a);
    } else if (p.remote && (rc == EX_UNAVAILABLE || rc == EX_TEMPFAIL)) {
        answered(s, rc == EX_TEMPFAIL ? PACE_LIMITED : PACE_TROUBLE, asked);
        ledger_release(&e);
        return false;
    } else {
        batch_result(s->b, a, BATCH_LEFT, p.text);
    }
    if (rc == EX_OK)
        answered(s, PACE_GOOD, asked);
    ledger_release(&e);
    return true;
}

static void back(resumption *s) {
    for (size_t i = 0; i < s->b->len; i++) {
        batch_account *a = &s->b->accounts[i];

        while (a->status == BATCH_INTERRUPTED && wait_for_server(s) && !back_once(s, a))
            continue;
        batch_show(s->b, "undoing what was interrupted");
    }
}

static void wait_until(const resumption *s) {
    int64_t left = (s->settles - clock_ms() + 999) / 1000;

    if (left > 300)
        left = 300;
    for (; left > 0; left--) {
        batch_show(s->b, "the server may still be at work on what was interrupted");
        if (!stop_sleep(1000))
            return;
    }
}

void resume(batch *b) {
    resumption s = {.b = b};

    if (b->counts[BATCH_INTERRUPTED] == 0)
        return;
    pace_init(&s.pace, 1, b->patience_ms, otsd_server_timeout_ms(b->x->config->server));
    forward(b);
    back(&s);
    if (b->counts[BATCH_INTERRUPTED] > 0 && s.settles > 0 && !stop_wanted()) {
        wait_until(&s);
        back(&s);
    }
    for (size_t i = 0; i < b->len; i++)
        if (b->accounts[i].status == BATCH_INTERRUPTED)
            batch_result(b, &b->accounts[i], BATCH_LEFT,
                         "an interrupted provision waits for otsd-hook sweep, or for this batch again");
}

typedef struct owed {
    batch *b;
    size_t failures;
} owed;

static int burn_owed(const char *name, void *arg) {
    owed *o = arg;
    char user[USER_MAX + 1];
    const char *dot = strrchr(name, '.');
    problem p;
    entry *e;

    if (!dot || (size_t)(dot - name) >= sizeof user || o->failures >= FAILURES_ENOUGH || stop_wanted())
        return 0;
    memcpy(user, name, (size_t)(dot - name));
    user[dot - name] = '\0';
    if (!batch_find(o->b, user) || ledger_find(o->b->x->ledger, LEDGER_CLAIMED, name, 0, &e, &p) != EX_OK)
        return 0;
    batch_show(o->b, "burning what was interrupted");
    if (entry_record(e)->reason == REASON_ABORTED &&
        (context_remote(o->b->x, &p) != EX_OK ||
         closing_finish(o->b->x->ledger, o->b->x->config, o->b->x->remote, e, &p) != EX_OK)) {
        say(LOG_WARNING, "%s", p.text);
        o->failures++;
    }
    ledger_release(&e);
    return 0;
}

void resume_burns(batch *b) {
    owed o = {.b = b};
    problem p;

    if (ledger_each(b->x->ledger, LEDGER_CLAIMED, burn_owed, &o, &p) != EX_OK)
        say(LOG_WARNING, "%s", p.text);
}
