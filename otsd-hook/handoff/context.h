/* SPDX-License-Identifier: MIT
 *
 * What the commands work with: configuration, ledger, server. Opened in that order, as far as a command needs it.
 */
#ifndef OTSD_HOOK_CONTEXT_H
#define OTSD_HOOK_CONTEXT_H

#include "handoff/orphans.h"
#include "handoff/remote.h"
#include "ledger/ledger.h"

typedef struct context {
    const char *config_path;
    config *config;
    ledger *ledger;
    remote *remote; /* NULL until context_remote */
    orphans orphans;
} context;

/* Configuration and ledger; from here on messages go to syslog too, if configured. */
int context_open(context *x, problem *p);
/* The connection, made at the first call. */
int context_remote(context *x, problem *p);
void context_close(context *x);

#endif
