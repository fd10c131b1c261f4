/* SPDX-License-Identifier: MIT */
#include "handoff/context.h"

int context_open(context *x, problem *p) {
    otsd_error e = {0};

    if (otsd_config_load(&x->config, x->config_path ? x->config_path : OTSD_CONFIG_PATH, &e) != OTSD_OK)
        return problem_set(p, EX_CONFIG, "%s", e.message);
    problem_use_syslog(x->config->audit.syslog);
    return ledger_open(&x->ledger, p);
}

int context_remote(context *x, problem *p) {
    if (x->remote)
        return EX_OK;
    if (otsd_global_init() != OTSD_OK)
        return problem_set(p, EX_OSERR, "the HTTP library cannot start");
    return remote_open(&x->remote, x->config, p);
}

void context_close(context *x) {
    orphans_free(&x->orphans);
    remote_close(&x->remote);
    ledger_close(&x->ledger);
    otsd_config_free(&x->config);
}
