/* SPDX-License-Identifier: MIT */
#include "handoff/recover.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "handoff/arm.h"
#include "password/backend.h"
#include "handoff/closing.h"

int64_t recover_settles(const config *c, const record *r) {
    return r->created + (c->server.timeout_ms + 999) / 1000 + 1;
}

static int back(context *x, entry *e, problem *p) {
    int rc = closing_claim(&x->ledger, x->config, e, REASON_ABORTED, p);

    return rc == EX_OK ? closing_finish(&x->ledger, x->config, x->remote, e, p) : rc;
}

/* No key is known: the answer to generate was lost, or it was never sent. */
static int orphan(context *x, entry *e, recovery *out, problem *p) {
    int64_t settles = recover_settles(x->config, &e->r);
    orphan_search found;
    int rc;

    rc = orphans_find(&x->orphans, x->remote, &x->ledger, &e->r, settles, &found, p);
    if (rc != EX_OK)
        goto out;
    if (found.ambiguous && time(NULL) >= settles)
        say(LOG_WARNING,
            "%s: the server may have made a secret whose answer was lost, but other hosts' on the same account of the "
            "server look "
            "alike: none is burned. It has nobody's password, and expires",
            e->r.user);
    if (found.key[0] == '\0') {
        *out = found.unclear || time(NULL) < settles ? RECOVERED_LATER : RECOVERED_BACK;
        rc = *out == RECOVERED_BACK ? ledger_remove(&x->ledger, e, p) : EX_OK;
        goto out;
    }
    snprintf(e->r.metadata_key, sizeof e->r.metadata_key, "%s", found.key);
    e->r.deadline = e->r.created + e->r.ttl_asked;
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

int recover_issuing(context *x, entry *e, otsd_tri in_place, recovery *out, problem *p) {
    int rc;

    if (recover_has_password(&e->r)) {
        if (in_place == OTSD_UNKNOWN && e->r.backend == BACKEND_SHADOW)
            return problem_set(p, EX_IOERR, "%s: the shadow file cannot be read; the provision stays as it is",
                               e->r.user);
        /* Where nobody can say, a command that was started may have set the password: the hand-off is kept, and its
         * deadline closes it. */
        if (in_place == OTSD_YES || (in_place == OTSD_UNKNOWN && e->r.storing)) {
            arming a = {.e = e, .again = true, .why = p};

            *out = RECOVERED_FORWARD;
            arm(x, &a, 1);
            return p->code;
        }
    }
    *out = RECOVERED_BACK;
    rc = context_remote(x, p);
    if (rc != EX_OK)
        return rc;
    return e->r.metadata_key[0] ? back(x, e, p) : orphan(x, e, out, p);
}

int recover_one(context *x, entry *e, recovery *out, problem *p) {
    backend_view view = {.h = &e->r, .in_place = OTSD_UNKNOWN};

    if (recover_has_password(&e->r))
        backend_look(&view, 1);
    return recover_issuing(x, e, view.in_place, out, p);
}
