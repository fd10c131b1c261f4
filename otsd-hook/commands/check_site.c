/* SPDX-License-Identifier: MIT
 *
 * Can this machine do its part? What is looked at is what the other commands use, opened by the same functions, so a
 * check cannot pass where they would fail.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "commands/checks.h"
#include "ledger/audit.h"
#include "password/backend.h"

#define SHADOW_WAIT_MS 2000              /* for another program's change of a password, which takes moments */
#define LOCKED_BYTES ((size_t)256 << 10) /* a provision needs some pages less */

static void failed(check *c, const problem *p) {
    findings_error(&c->f, p->code, NULL, "%s", p->text);
}

static bool has_config(check *c) {
    if (!c->x->config)
        findings_warning(&c->f, NULL, "not looked at, because the configuration cannot be read");
    return c->x->config;
}

void check_configuration(check *c) {
    const char *path = c->x->config_path ? c->x->config_path : OTSD_CONFIG_PATH;
    problem p;

    if (config_load(&c->x->config, path, &p) == EX_OK)
        findings_ok(&c->f, "%s is good", path);
    else
        failed(c, &p);
}

typedef struct counting {
    check *c;
    ledger_state state;
} counting;

static int count_one(const char *name, void *arg) {
    counting *n = arg;
    problem ignored;
    record r;
    int rc = n->state == LEDGER_ASIDE ? LEDGER_NONE : ledger_peek(n->c->x->ledger, n->state, name, &r, &ignored);

    n->c->records[n->state]++;
    if (rc == EX_OK) {
        if (r.created > n->c->newest)
            n->c->newest = r.created;
        record_wipe(&r);
    } else if (rc != LEDGER_NONE) {
        n->c->unreadable++;
    }
    return 0;
}

static int count(check *c, problem *p) {
    counting n = {.c = c};
    int rc = problem_none(p);

    for (; rc == EX_OK && n.state < LEDGER_STATES; n.state++)
        rc = ledger_each(c->x->ledger, n.state, count_one, &n, p);
    return rc;
}

void check_ledger(check *c) {
    problem p;
    int rc = ledger_open(&c->x->ledger, &p);

    if (rc == EX_OK)
        rc = ledger_ready(c->x->ledger, &p);
    if (rc == EX_OK)
        rc = count(c, &p);
    if (rc != EX_OK)
        failed(c, &p);
    if (c->unreadable > 0)
        findings_warning(&c->f, "otsd-hook sweep sets them aside", "records that cannot be read: %zu", c->unreadable);
    if (c->records[LEDGER_ASIDE] > 0)
        findings_warning(&c->f, "look at them, then remove them", "unreadable records lie in %s/aside: %zu",
                         OTSD_STATE_DIR, c->records[LEDGER_ASIDE]);
    if (rc == EX_OK && c->unreadable + c->records[LEDGER_ASIDE] == 0)
        findings_ok(&c->f, "%s: open hand-offs: %zu, provisions under way: %zu, burns owed: %zu", OTSD_STATE_DIR,
                    c->records[LEDGER_PENDING], c->records[LEDGER_ISSUING], c->records[LEDGER_CLAIMED]);
}

void check_audit(check *c) {
    problem p;

    if (!has_config(c))
        return;
    if (audit_ready(c->x->config, &p) == EX_OK)
        findings_ok(&c->f, "%s can be written", c->x->config->audit.file);
    else
        failed(c, &p);
}

void check_password(check *c) {
    problem p;
    int rc;

    if (!has_config(c))
        return;
    rc = backend_writable(c->x->config, SHADOW_WAIT_MS, &p);
    if (rc == EX_OK)
        rc = backend_survey(c->x->config, NULL, 0, &p);
    if (rc == EX_OK)
        findings_ok(&c->f, "passwords can be set");
    else if (rc == EX_TEMPFAIL) /* the text says by whom the files are locked */
        findings_warning(&c->f, NULL, "%s", p.text);
    else
        failed(c, &p);
}

/* What cannot be locked can be used all the same: the site says memory.lock = "try". */
static bool need_not_be_locked(void) {
    char *zeros = calloc(1, LOCKED_BYTES);
    otsd_secret *s = NULL;
    bool made = zeros && otsd_secret_new(&s, zeros, LOCKED_BYTES, NULL) == OTSD_OK;

    otsd_secret_free(&s);
    free(zeros);
    return made;
}

/* By trying: whether the limit counts depends on privileges and on the container around us. */
void check_memory(check *c) {
    void *map = mmap(NULL, LOCKED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct rlimit limit = {0};

    if (map != MAP_FAILED && mlock(map, LOCKED_BYTES) == 0) {
        findings_ok(&c->f, "%zu KiB could be locked", LOCKED_BYTES >> 10);
    } else {
        int error = errno;

        (void)getrlimit(RLIMIT_MEMLOCK, &limit); /* of itself: cannot fail */
        if (need_not_be_locked())
            findings_warning(
                &c->f, "let the container lock memory",
                "%zu KiB cannot be locked: %s; memory.lock allows it, and secrets can reach the swap device",
                LOCKED_BYTES >> 10, strerror(error));
        else
            findings_error(&c->f, EX_OSERR,
                           "raise the limit (ulimit -l, LimitMEMLOCK=), or let the container lock memory",
                           "%zu KiB cannot be locked: %s (the limit is %llu KiB)", LOCKED_BYTES >> 10, strerror(error),
                           (unsigned long long)limit.rlim_cur >> 10);
    }
    if (map != MAP_FAILED)
        (void)munmap(map, LOCKED_BYTES); /* of a mapping of our own: cannot fail */
}

void check_server(check *c) {
    unsigned landlock = 0;
    problem p;
    int rc;

    if (!has_config(c))
        return;
    rc = context_remote(c->x, &p);
    if (rc == EX_OK)
        rc = remote_ready(c->x->remote, &landlock, &p);
    if (rc == EX_OK && landlock == 0)
        findings_warning(&c->f, "start a kernel that has it (lsm=landlock,… on its command line, 5.13 or later)",
                         "this kernel has no Landlock: otsd-net is kept from files by their modes, and from ports by "
                         "nothing");
    if (rc == EX_OK && remote_former(c->x->remote, &p) != EX_OK)
        failed(c, &p);
    if (rc == EX_OK && !c->offline)
        rc = remote_check(c->x->remote, &p);
    if (rc != EX_OK)
        failed(c, &p);
    else if (c->offline)
        findings_ok(&c->f, "not asked (--offline); its release, by answers of the last day: %s",
                    remote_generation(c->x->remote));
    else
        findings_ok(&c->f, "it answers, and takes the credentials; its release, by its answers of the last day: %s",
                    remote_generation(c->x->remote));
}
