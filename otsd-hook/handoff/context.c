/* SPDX-License-Identifier: MIT */
#include "handoff/context.h"

int context_open(context *x, problem *p) {
    int rc = config_load(&x->config, x->config_path ? x->config_path : OTSD_CONFIG_PATH, p);

    if (rc != EX_OK)
        return rc;
    problem_use_syslog(x->config->audit.syslog);
    return ledger_open(&x->ledger, p);
}

int context_remote(context *x, problem *p) {
    otsd_error e = {0};

    if (x->remote)
        return problem_none(p);
    if (otsd_global_init(&e) != OTSD_OK)
        return problem_set(p, EX_OSERR, "%s", e.message);
    return remote_open(&x->remote, x->config, p);
}

void context_close(context *x) {
    orphans_free(&x->orphans);
    remote_close(&x->remote);
    ledger_close(&x->ledger);
    config_free(&x->config);
}
