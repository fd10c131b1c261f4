/* SPDX-License-Identifier: MIT
 *
 * The module refuses a login on OTSD_EXIT_OVERDUE alone, so that status MUST mean what it says: the text that was typed
 * is, as the record's salted hash proves, the generated password, and the record says that its time is over: by its
 * deadline, or because it was revoked or the account found to have another uid.
 *
 * It has to be said while everything else is broken: so this reads the record, without its lock, and nothing else. No
 * configuration, no shadow file (the hash may have been locked there a moment ago, or be about to be), no server, no
 * wait for anybody. What it cannot find out is no reason to refuse. Only where the record lies under the lowered form
 * of the name, and all else says yes, is the name service asked whether that is the same account: it may be another's.
 */
#include "commands/login_typed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "handoff/who.h"
#include "ledger/ledger.h"
#include "password/account.h"
#include "password/hash.h"

#define TYPED_MAX 512 /* what PAM's conversation takes */

static int read_typed(otsd_secret **out, problem *p) {
    char text[TYPED_MAX + 1];
    size_t used = 0;
    ssize_t n = 1;
    int rc = problem_none(p);

    while (used < sizeof text && (n = file_read(STDIN_FILENO, text + used, sizeof text - used)) > 0)
        used += (size_t)n;
    if (n < 0)
        rc = problem_set(p, EX_IOERR, "what was typed cannot be read: %s", strerror(errno));
    else if (used > TYPED_MAX)
        rc = problem_set(p, EX_DATAERR, "what was typed is longer than %d bytes", TYPED_MAX);
    else if (otsd_secret_new(out, text, used, NULL) != OTSD_OK)
        rc = problem_set(p, EX_OSERR, "there is no memory for what was typed");
    otsd_wipe(text, sizeof text);
    return rc;
}

/* What a sweep has noted is here because it could not be carried out, for want of the shadow lock. */
static bool is_over(const record *r) {
    clock_moment now;

    clock_read(&now);
    return r->reason == REASON_REVOKED || r->reason == REASON_UID || record_over(r, &now) == OTSD_YES;
}

/* The record under the name, or else under its lowered form. */
static int find_record(const ledger *l, const char *user, record *r, problem *p) {
    char lowered[USER_MAX + 1];
    int rc = ledger_peek(l, LEDGER_PENDING, user, r, p);

    if (rc == LEDGER_NONE && account_lowered(user, lowered))
        rc = ledger_peek(l, LEDGER_PENDING, lowered, r, p);
    return rc;
}

static int compare(const char *user, const record *r, const otsd_secret *typed, problem *p) {
    bool same = true;
    int rc = problem_none(p);

    if (!is_over(r) || !password_is(r->hash, typed))
        return rc;
    if (strcmp(user, r->user) != 0)
        rc = who_same(user, r, &same, p);
    return rc == EX_OK && same ? OTSD_EXIT_OVERDUE : rc;
}

int login_typed(const char *user, problem *p) {
    otsd_secret *typed = NULL;
    ledger *l = NULL;
    record r;
    int rc;

    /* A container may refuse it; the program that asked for the text has it in memory like any other. */
    otsd_memory_lock(OTSD_LOCK_TRY);
    rc = read_typed(&typed, p);
    if (rc == EX_OK)
        rc = ledger_open(&l, p);
    if (rc == EX_OK)
        rc = find_record(l, user, &r, p);
    if (rc == EX_OK) {
        rc = compare(user, &r, typed, p);
        record_wipe(&r);
    }
    ledger_close(&l);
    otsd_secret_free(&typed);
    return rc == LEDGER_NONE ? problem_none(p) : rc;
}
