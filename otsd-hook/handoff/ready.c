/* SPDX-License-Identifier: MIT
 *
 * Each look is made by trying, not by reading modes: a read-only mount, an immutable file or a link shows in no mode.
 * The server comes last, so that a machine that cannot do its part asks nobody.
 */
#include "handoff/ready.h"

#include <string.h>
#include <syslog.h>

#include "core/core.h"
#include "ledger/audit.h"
#include "password/backend.h"

/* Of well-formed text. */
static size_t characters(const char *text, size_t len) {
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xC0U) != 0x80U;
    return n;
}

const char *ready_passphrase(const char *text, size_t len) {
    if (len == 0 || memchr(text, '\0', len))
        return "the passphrase is empty or has a NUL in it";
    if (!utf8_valid(text, len))
        return "the passphrase is not valid UTF-8";
    if (characters(text, len) < PASSPHRASE_LEAST)
        return "the passphrase is shorter than 4 characters, which servers refuse";
    return NULL;
}

int ready_living(const config *c, const char *user, bool expired, problem *p) {
    if (expired && c->handoff.must_change)
        return problem_set(p, EX_NOPERM,
                           "%s has expired, and could not log in to change the password: chage -E gives a later date",
                           user);
    if (expired)
        say(LOG_WARNING, "%s: warning: the account has expired and lets nobody in: chage -E gives a later date", user);
    return problem_none(p);
}

int ready_to_set(const config *c, bool batch, problem *p) {
    int rc = backend_writable(c, batch ? 0 : BACKEND_SET_WAIT_MS, p);

    return batch && rc == EX_TEMPFAIL ? problem_none(p) : rc;
}

int ready_run(context *x, bool batch, bool ask_server, problem *p) {
    int rc = ledger_ready(x->ledger, p);

    if (rc == EX_OK)
        rc = audit_ready(x->config, p);
    if (rc == EX_OK)
        rc = ready_to_set(x->config, batch, p);
    if (rc == EX_OK && ask_server)
        rc = context_remote(x, p);
    if (rc == EX_OK && ask_server)
        rc = remote_check(x->remote, p);
    return rc;
}
