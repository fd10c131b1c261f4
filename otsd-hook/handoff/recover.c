/* SPDX-License-Identifier: MIT */
#include "handoff/recover.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "handoff/arm.h"
#include "handoff/closing.h"
#include "password/backend.h"

int64_t recover_settled_for(const config *c, const record *r) {
    clock_moment now;
    int64_t age;

    clock_read(&now);
    age = record_age(r, &now);
    /* A clock that stands before it: as if it had been asked this moment. */
    return (age < 0 ? 0 : age) - lost_settling(c);
}

static int back(context *x, entry *e, problem *p) {
    int rc = closing_claim(x->ledger, x->config, e, REASON_ABORTED, 0, p);

    return rc == EX_OK ? closing_finish(x->ledger, x->config, x->remote, e, p) : rc;
}

/* Its server is not in the configuration any more. What that may have made harms nobody, and its intent would keep the
 * user from being provisioned. */
static int nobody_to_ask(context *x, entry *e, bool settled, recovery *out, problem *p) {
    *out = settled ? RECOVERED_LEFT : RECOVERED_LATER;
    if (settled)
        say(LOG_WARNING,
            "%s; what may have been made there by a provision that was interrupted is nobody's password, and expires",
            p->text);
    return settled ? lost_end(x, e, p) : problem_none(p);
}

/* Nothing can be alive any more: whatever a server would say of it. */
static bool is_over(const context *x, const record *r) {
    clock_moment now;

    clock_read(&now);
    return x->config && lost_is(r) && lost_over(x->config, r, &now) == OTSD_YES;
}

static int over(context *x, entry *e, recovery *out, problem *p) {
    *out = RECOVERED_OVER;
    say(LOG_WARNING,
        "%s: the answer to a provision was lost, and nobody could say what the server had made; nothing of it can be "
        "alive any more, and the provision is over",
        entry_record(e)->user);
    return lost_end(x, e, p);
}

/* The list is too long to be looked through. It may be another one next time. */
static recovery flooded(const record *r, int64_t settled_for) {
    if (settled_for < 0)
        return RECOVERED_LATER;
    say(LOG_WARNING,
        "%s: the server's list has more than %d unread secrets that may be those of interrupted provisions: nothing is "
        "decided by it, and it is asked for again",
        r->user, ORPHANS_MOST);
    return RECOVERED_LATER;
}

/* No key is known: the answer to generate was lost, or it was never sent. */
static int orphan(context *x, entry *e, recovery *out, problem *p) {
    record *r = entry_record(e);
    int64_t settled_for = recover_settled_for(x->config, r);
    orphan_search found;
    int rc;

    rc = orphans_find(&x->orphans, x->remote, x->ledger, r, lost_settling(x->config), settled_for, &found, p);
    if (rc == CONNECTION_NONE)
        return nobody_to_ask(x, e, settled_for >= 0, out, p);
    if (rc != EX_OK)
        goto out;
    if (found.key[0] == '\0') {
        *out = found.too_many                     ? flooded(r, settled_for)
               : found.unclear || settled_for < 0 ? RECOVERED_LATER
               : found.ambiguous                  ? RECOVERED_LEFT
                                                  : RECOVERED_EMPTY;
        if (*out == RECOVERED_LEFT)
            say(LOG_WARNING,
                "%s: the server may have made a secret whose answer was lost, but it cannot be told from those of "
                "other hosts that use the same account there: none is burned. It is nobody's password, and expires",
                r->user);
        rc = *out == RECOVERED_LATER  ? problem_none(p)
             : *out == RECOVERED_LEFT ? lost_end(x, e, p)
                                      : ledger_remove(x->ledger, e, p);
        goto out;
    }
    snprintf(r->metadata_key, sizeof r->metadata_key, "%s", found.key);
    r->granted = r->ttl_asked;
    r->deadline = r->created + r->ttl_asked;
    rc = ledger_save(e, p);
    *out = RECOVERED_BACK;
    if (rc == EX_OK)
        rc = back(x, e, p);
    else
        orphans_free(&x->orphans); /* what was given there is to be found again */
out:
    otsd_wipe(&found, sizeof found);
    return rc;
}

bool recover_has_password(const record *r) {
    return r->metadata_key[0] && (r->hash[0] || r->storing);
}

recovery_choice recover_choose(const record *r, otsd_tri in_place) {
    if (lost_is(r))
        return CHOICE_SEARCH;
    if (!recover_has_password(r) || in_place == OTSD_NO)
        return CHOICE_BACK;
    if (in_place == OTSD_YES)
        return CHOICE_FORWARD;
    /* Nobody can say. A backend that can tell is asked another time; a command that was started may have set the
     * password: the hand-off is kept then, and its deadline closes it. */
    if (backend_of(r->backend)->can_tell)
        return CHOICE_WAIT;
    return r->storing ? CHOICE_FORWARD : CHOICE_BACK;
}

/* A mark that cannot be written keeps nothing from being armed: in issuing/ no login would see it, nor the person find
 * out that the password works. */
void recover_mark(entry *e, otsd_tri in_place) {
    record *r = entry_record(e);
    problem p;

    if (in_place == OTSD_YES)
        return;
    r->unsure = 1;
    if (ledger_save(e, &p) != EX_OK)
        say(LOG_WARNING, "%s: the hand-off is unsure, which cannot be noted in its record: %s", r->user, p.text);
}

int recover_issuing(context *x, entry *e, otsd_tri in_place, recovery *out, problem *p) {
    record *r = entry_record(e);
    recovery_choice choice = recover_choose(r, in_place);
    arming a = {.e = e, .resumed = true, .why = p};
    problem unlogged;
    int rc;

    if (choice == CHOICE_WAIT)
        return problem_set(p, EX_IOERR,
                           "%s: it cannot be seen now whether the password is set; the provision stays as it is",
                           r->user);
    if (choice == CHOICE_FORWARD) {
        *out = RECOVERED_FORWARD;
        recover_mark(e, in_place);
        if (arm(x, &a, 1, &unlogged) != EX_OK)
            say(LOG_WARNING, "%s", unlogged.text);
        return p->code;
    }
    if (is_over(x, r))
        return over(x, e, out, p);
    *out = RECOVERED_BACK;
    rc = context_remote(x, p);
    if (rc != EX_OK)
        return rc;
    return choice == CHOICE_BACK ? back(x, e, p) : orphan(x, e, out, p);
}

int recover_look(const record *r, otsd_tri *in_place, problem *p) {
    backend_view view = backend_view_of(r);
    int rc = problem_none(p);

    *in_place = OTSD_NO;
    if (!recover_has_password(r))
        return rc;
    rc = backend_look(&view, 1, p);
    *in_place = backend_view_stands(&view);
    backend_view_end(&view);
    return rc;
}

int recover_alone(context *x, entry *e, recovery *out, problem *p) {
    otsd_tri in_place;
    int rc = recover_look(entry_record(e), &in_place, p);

    *out = RECOVERED_LATER;
    if (rc == EX_OK && (recover_choose(entry_record(e), in_place) == CHOICE_FORWARD || is_over(x, entry_record(e))))
        rc = recover_issuing(x, e, in_place, out, p);
    return rc;
}

int recover_one(context *x, entry *e, recovery *out, problem *p) {
    otsd_tri in_place;
    problem ignored;

    (void)recover_look(entry_record(e), &in_place, &ignored); /* it is unknown then */
    return recover_issuing(x, e, in_place, out, p);
}

int recover_by_order(context *x, entry *e, bool begins_anew, recovery *out, char *told, problem *p) {
    record *r = entry_record(e);
    problem why;
    int rc = recover_one(x, e, out, &why);

    told[0] = '\0';
    *p = why;
    if (entry_state(e) != LEDGER_ISSUING || !lost_is(r) || rc == EX_OSERR)
        return rc;
    if (rc == EX_OK ? *out != RECOVERED_LATER : *out == RECOVERED_EMPTY || *out == RECOVERED_LEFT)
        return rc;
    if (rc != EX_OK && begins_anew && !why.lasting)
        return rc;
    if (recover_settled_for(x->config, r) < 0)
        return problem_set(p, EX_TEMPFAIL,
                           "%s: a provision was interrupted moments ago and the server may still be at it: otsd-hook "
                           "sweep waits and undoes it",
                           r->user);
    *out = RECOVERED_OVER;
    return lost_end_by_order(x, e, rc == EX_OK ? NULL : &why, told, p);
}
