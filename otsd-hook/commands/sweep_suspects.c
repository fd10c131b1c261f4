/* SPDX-License-Identifier: MIT
 *
 * The end of a sweep: the records over which sweeps before it died, each of which may be the last thing that it does.
 *
 * After one death a record is handled as ever, only last. After two in a row nothing is done with it any more that can
 * be left: what this machine can do alone is done for a hand-off whose password may live, so its deadline holds, but
 * the server is not asked about it; a burn that is owed, or an intent whose password is not in place, is moved to
 * aside/. All are named. A sweep beside another one leaves them to that.
 */
#include <stdlib.h>
#include <string.h>

#include "commands/sweep.h"
#include "handoff/recover.h"

static bool password_may_live(const suspect *s, const record *r) {
    otsd_tri in_place = OTSD_UNKNOWN;
    problem ignored;

    if (s->state == LEDGER_CLAIMED || (s->state == LEDGER_ISSUING && !recover_has_password(r)))
        return false;
    if (s->state == LEDGER_ISSUING && recover_look(r, &in_place, &ignored) == EX_OK)
        return in_place != OTSD_NO;
    return true;
}

/* Named in each sweep, for as long as it is so. */
static void name_it(sweep *w, const suspect *s, const char *what) {
    problem p;

    problem_set(&p, EX_SOFTWARE, "%u sweeps in a row died over the record %s/%s/%s%s", s->deaths, OTSD_STATE_DIR,
                ledger_state_name(s->state), s->name, what);
    sweep_trouble(w, &p);
}

/* Out of the way, unless its password may live. True: it is. */
static bool put_aside(sweep *w, const suspect *s) {
    problem p;
    entry *e;
    int rc;

    if (!sweep_take(w, s->state, s->name, &e))
        return true; /* gone, or in other hands */
    if (password_may_live(s, entry_record(e))) {
        sweep_drop(w, &e);
        return false;
    }
    rc = ledger_entry_aside(w->x->ledger, e, &p);
    sweep_drop(w, &e);
    if (rc != EX_OK)
        sweep_trouble(w, &p);
    else
        name_it(w, s,
                s->state == LEDGER_CLAIMED
                    ? "; it is kept in aside/, and its link is not burned: look at it, then remove it"
                    : "; it is kept in aside/, and no account has its password: look at it, then remove it");
    return true;
}

/* What was claimed of the open hand-off in hand, now or by the one that died. */
static int claimed_of(const char *name, void *arg) {
    sweep *w = arg;

    if (ledger_is_claim(name, w->suspect) && suspects_deaths(&w->suspects, LEDGER_CLAIMED, name) == 0)
        sweep_claimed(w, name);
    return 0;
}

static void ask(sweep *w, const suspect *s) {
    if (s->state == LEDGER_ISSUING) {
        sweep_issuing_asked(w, s->name);
    } else if (s->state == LEDGER_CLAIMED) {
        sweep_claimed(w, s->name);
    } else {
        for (size_t i = 0; i < w->questions.len; i++)
            if (strcmp(w->questions.all[i].user, s->name) == 0)
                sweep_check(w, s->name);
        w->suspect = s->name;
        sweep_each(w, LEDGER_CLAIMED, claimed_of);
    }
}

static void handle(sweep *w, const suspect *s) {
    bool enough = s->deaths >= SUSPECTS_ENOUGH;

    w->talked = false;
    if (!enough || !put_aside(w, s)) {
        if (enough)
            name_it(w, s, "; the server is not asked about it any more, and its deadline holds");
        if (s->state == LEDGER_ISSUING)
            sweep_issuing_alone(w, s->name);
        else if (s->state == LEDGER_PENDING)
            sweep_pending(w, s->name);
        if (w->x->config && !enough)
            ask(w, s);
    }
    if (w->talked || !ledger_has(w->x->ledger, s->state, s->name))
        suspects_clear(&w->suspects, s->state, s->name);
}

void sweep_suspects(sweep *w) {
    suspects now = w->suspects; /* those handled leave the list */

    if (!w->suspects.ours)
        return;
    w->on_suspects = true;
    /* The least suspected first. */
    for (unsigned deaths = 1, most = 1; deaths <= most; deaths++)
        for (size_t i = 0; i < now.len; i++) {
            most = now.all[i].deaths > most ? now.all[i].deaths : most;
            if (now.all[i].deaths == deaths)
                handle(w, &now.all[i]);
        }
    w->on_suspects = false;
}
