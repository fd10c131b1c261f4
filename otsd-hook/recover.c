/* SPDX-License-Identifier: MIT */
#include "recover.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "audit.h"
#include "backend.h"
#include "closing.h"

int64_t recover_settles(const otsd_config *c, const record *r) {
    return r->created + (c->server.timeout_ms + 999) / 1000 + 1;
}

/* How long an older hand-off may be in other hands. */
#define LOCK_WAIT_MS 5000

static int end_older(context *x, const char *user, problem *p) {
    problem later;
    entry old;
    int rc = ledger_find(&x->ledger, LEDGER_PENDING, user, LOCK_WAIT_MS, &old, p);

    if (rc == LEDGER_NONE)
        return EX_OK;
    if (rc == LEDGER_BUSY)
        return problem_set(p, EX_TEMPFAIL, "%s: the older hand-off is in other hands", user);
    if (rc != EX_OK) {
        problem_add(p, " (%s/pending/%s)", OTSD_STATE_DIR, user);
        return rc;
    }
    rc = closing_claim(&x->ledger, x->config, &old, REASON_REISSUED, p);
    if (rc == LEDGER_NONE)
        rc = p->code;
    if (rc == EX_OK && (context_remote(x, &later) != EX_OK ||
                        closing_finish(&x->ledger, x->config, x->remote, &old, &later) != EX_OK))
        say(LOG_WARNING, "%s", later.text);
    ledger_release(&old);
    return rc;
}

int recover_arm(context *x, entry *e, problem *p) {
    problem ignored;
    int rc = ledger_move(&x->ledger, e, LEDGER_PENDING, p);

    if (rc == LEDGER_NONE) {
        rc = end_older(x, e->r.user, p);
        if (rc == EX_OK)
            rc = ledger_move(&x->ledger, e, LEDGER_PENDING, p);
        if (rc == LEDGER_NONE)
            rc = p->code;
    }
    if (rc == EX_OK && audit_write(x->config, "issued", &e->r, time(NULL), &ignored) != EX_OK)
        say(LOG_WARNING, "%s: the hand-off is open, but %s", e->r.user, ignored.text);
    return rc;
}

static int back(context *x, entry *e, problem *p) {
    int rc = closing_claim(&x->ledger, x->config, e, REASON_ABORTED, p);

    return rc == EX_OK ? closing_finish(&x->ledger, x->config, x->remote, e, p) : rc;
}

/* No key is known: the answer to generate was lost, or it was never sent. */
static int orphan(context *x, entry *e, recovery *out, problem *p) {
    char key[KEY_MAX + 1];
    bool more;
    int rc;

    for (;;) {
        remote_end end;
        record found;

        rc = remote_orphan(x->remote, &e->r, &x->ledger, recover_settles(x->config, &e->r), key, &more, p);
        if (rc != EX_OK)
            return rc;
        if (!more)
            break;
        found = e->r;
        (void)snprintf(found.metadata_key, sizeof found.metadata_key, "%s", key);
        rc = remote_burn(x->remote, &found, time(NULL), &end, p);
        record_wipe(&found);
        otsd_wipe(key, sizeof key);
        if (rc != EX_OK)
            return rc;
    }
    if (key[0] == '\0') {
        *out = time(NULL) < recover_settles(x->config, &e->r) ? RECOVERED_LATER : RECOVERED_BACK;
        return *out == RECOVERED_BACK ? ledger_remove(&x->ledger, e, p) : EX_OK;
    }
    (void)snprintf(e->r.metadata_key, sizeof e->r.metadata_key, "%s", key);
    otsd_wipe(key, sizeof key);
    e->r.deadline = e->r.created + e->r.ttl_asked;
    rc = ledger_save(e, p);
    *out = RECOVERED_BACK;
    return rc == EX_OK ? back(x, e, p) : rc;
}

int recover_issuing(context *x, entry *e, recovery *out, problem *p) {
    otsd_tri in_place, must_change;
    int rc;

    if (e->r.metadata_key[0] == '\0') {
        rc = context_remote(x, p);
        return rc == EX_OK ? orphan(x, e, out, p) : rc;
    }
    if (e->r.hash[0] || e->r.storing) {
        backend_look(&e->r, &in_place, &must_change);
        if (in_place == OTSD_UNKNOWN && e->r.backend == OTSD_BACKEND_SHADOW)
            return problem_set(p, EX_IOERR, "%s: the shadow file cannot be read; the provision stays as it is", e->r.user);
        /* Where nobody can say, a command that was started may have set the password: the hand-off is kept, and its deadline
         * closes it. */
        if (in_place == OTSD_YES || (in_place == OTSD_UNKNOWN && e->r.storing)) {
            *out = RECOVERED_FORWARD;
            return recover_arm(x, e, p);
        }
    }
    *out = RECOVERED_BACK;
    rc = context_remote(x, p);
    return rc == EX_OK ? back(x, e, p) : rc;
}
