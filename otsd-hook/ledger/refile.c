/* SPDX-License-Identifier: MIT
 *
 * An account was renamed, and its record goes with it. The name is in the record and is the file's, and both cannot
 * change at once: so the record first says what it is going to be called, and whoever reads it between these steps
 * knows it by either name (entry_load).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/store.h"

int ledger_refile(const ledger *l, entry *e, const char *user, problem *p) {
    record *r = entry_record(e);
    int rc;

    if (user_name_fault(user))
        return problem_set(p, EX_DATAERR, "%s: the account has a name now that no record can have", r->user);
    if (ledger_has(l, e->state, user))
        return problem_set(p, LEDGER_TAKEN, "%s: the account is called %s now, and that name has a hand-off already",
                           r->user, user);
    /* entry_load knows the record by either name. */
    snprintf(r->renamed, sizeof r->renamed, "%s", user);
    rc = ledger_save(e, p);
    if (rc != EX_OK)
        return rc;
    if (renameat2(l->dirs[e->state], e->name, l->dirs[e->state], user, RENAME_NOREPLACE) != 0) {
        rc = errno == EEXIST ? LEDGER_TAKEN : EX_IOERR;
        r->renamed[0] = '\0';
        return problem_set(p, rc, "cannot file %s/%s/%s under %s: %s", OTSD_STATE_DIR, ledger_state_name(e->state),
                           e->name, user, strerror(errno));
    }
    snprintf(e->name, sizeof e->name, "%s", user);
    snprintf(r->user, sizeof r->user, "%s", user);
    r->renamed[0] = '\0';
    rc = ledger_save(e, p);
    return rc == EX_OK && file_fsync(l->dirs[e->state]) != 0 ? entry_failed(p, "cannot write the directory of", e) : rc;
}
