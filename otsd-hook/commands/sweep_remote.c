/* SPDX-License-Identifier: MIT
 *
 * What a sweep does with the server: pays the burns that are owed (sweep_burns.c), undoes interrupted provisions, asks
 * what became of links.
 *
 * A server that hangs, is slow, or answers with garbage must not keep a sweep from its end: every answer of no use
 * counts, a few in a row are enough, and all talk together has its time, well below that of the unit that runs this.
 */
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands/sweep.h"
#include "handoff/recover.h"

#define REMOTE_MS (10 * 60 * 1000) /* TimeoutStartSec= in otsd-sweep.service is half as much again */

/* What needs the server of interrupted provisions. */
void sweep_issuing_asked(sweep *w, const char *name) {
    recovery what;
    problem p;
    entry *e;

    if (!sweep_may_talk(w) || !sweep_take(w, LEDGER_ISSUING, name, &e))
        return;
    if (recover_one(w->x, e, &what, &p) != EX_OK) {
        sweep_trouble(w, &p);
    } else if (what == RECOVERED_LATER) {
        int64_t wait = -recover_settled_for(w->x->config, entry_record(e));

        if (wait > w->settles_in)
            w->settles_in = wait;
    } else if (what == RECOVERED_FORWARD) {
        sweep_armed(w, entry_record(e));
    } else {
        sweep_done(w, entry_record(e)->user, "an interrupted provision is undone");
    }
    sweep_drop(w, &e);
}

static int issuing(const char *name, void *arg) {
    sweep_issuing_asked(arg, name);
    return 0;
}

/* Remembers when the link was opened: the server forgets at twice the ttl, and people ask. The question is asked
 * without the lock, for a login must not wait for it; that it was asked is noted first, so that one bad receipt is not
 * asked for by every sweep. */
void sweep_check(sweep *w, const char *user) {
    int64_t opened_at = 0;
    record asked;
    problem p;
    entry *e;
    int rc;

    if (!sweep_may_talk(w) || !sweep_take(w, LEDGER_PENDING, user, &e))
        return;
    entry_record(e)->checked_at = time(NULL);
    rc = ledger_save(e, &p);
    asked = *entry_record(e);
    ledger_release(&e); /* it stays in hand */
    if (rc == EX_OK)
        rc = remote_opened(w->x->remote, &asked, &opened_at, &p);
    if (rc != EX_OK)
        sweep_trouble(w, &p);
    else
        w->failures = 0;
    suspects_drop(&w->suspects);
    if (rc == EX_OK && opened_at > 0 && sweep_take(w, LEDGER_PENDING, user, &e)) {
        if (strcmp(entry_record(e)->id, asked.id) == 0) {
            entry_record(e)->opened_at = opened_at;
            if (ledger_save(e, &p) != EX_OK)
                sweep_trouble(w, &p);
        }
        sweep_drop(w, &e);
    }
    record_wipe(&asked);
}

void sweep_remote(sweep *w) {
    w->stop_at = clock_ms() + REMOTE_MS;
    sweep_burns(w);
    sweep_each(w, LEDGER_ISSUING, issuing);
    questions_order(&w->questions);
    for (size_t i = 0; i < w->questions.len; i++)
        sweep_check(w, w->questions.all[i].user);
    /* The server may still be carrying out what an interrupted provision asked for. */
    if (w->settles_in > 0) {
        (void)sleep((unsigned)(w->settles_in < 300 ? w->settles_in : 300));
        sweep_each(w, LEDGER_ISSUING, issuing);
    }
}
