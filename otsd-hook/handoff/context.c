/* SPDX-License-Identifier: MIT */
#include "handoff/context.h"

#include <string.h>
#include <syslog.h>
#include <time.h>

static int load(context *x, problem *p) {
    int rc = config_load(&x->config, x->config_path ? x->config_path : OTSD_CONFIG_PATH, p);

    if (rc == EX_OK)
        problem_use_syslog(x->config->audit.syslog);
    return rc;
}

int context_open(context *x, problem *p) {
    int rc = load(x, p);

    return rc == EX_OK ? ledger_open(&x->ledger, p) : rc;
}

int context_open_anyway(context *x, problem *p) {
    if (load(x, &x->broken) != EX_OK)
        problem_use_syslog(true);
    return ledger_open(&x->ledger, p);
}

/* What other processes have learnt of the server. */
static void recall(context *x) {
    if (!x->ledger)
        return;
    seen_release(x->ledger, otsd_server_url(x->config->server), time(NULL), x->recalled);
    remote_assume(x->remote, x->recalled);
}

/* What this one has learnt beyond that, and beyond what others have meanwhile. */
static void keep(context *x) {
    if (!x->remote || !x->ledger || strcmp(remote_generation(x->remote), x->recalled) == 0)
        return;
    recall(x);
    seen_note(x->ledger, otsd_server_url(x->config->server), remote_generation(x->remote), time(NULL));
}

int context_remote(context *x, problem *p) {
    int rc, refused;

    if (x->remote)
        return problem_none(p);
    if (!x->config) {
        *p = x->broken;
        return p->code;
    }
    refused = otsd_memory_refused();
    rc = remote_open(&x->remote, x->config, p);
    if (rc == EX_OK)
        recall(x);
    if (rc == EX_OK && refused != 0)
        say(LOG_WARNING,
            "warning: memory cannot be locked (%s), so secrets can reach the swap device; memory.lock "
            "allows it",
            strerror(refused));
    return rc;
}

void context_close(context *x) {
    keep(x);
    orphans_free(&x->orphans);
    remote_close(&x->remote);
    ledger_close(&x->ledger);
    config_free(&x->config);
}
