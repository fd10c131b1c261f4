/* SPDX-License-Identifier: MIT
 *
 * What the commands work with: configuration, ledger, server. Opened in that order, as far as a command needs it.
 */
#ifndef OTSD_HOOK_CONTEXT_H
#define OTSD_HOOK_CONTEXT_H

#include "handoff/orphans.h"
#include "handoff/remote.h"
#include "ledger/ledger.h"
#include "ledger/seen.h"

typedef struct context {
    const char *config_path;
    config *config; /* NULL where it cannot be read */
    problem broken; /* why */
    ledger *ledger;
    remote *remote;          /* NULL until context_remote */
    char recalled[SEEN_MAX]; /* what was known of the server's release then */
    orphans orphans;
} context;

/* Configuration and ledger; from here on messages go to syslog too, if configured. */
int context_open(context *x, problem *p);
/* The ledger alone, where the configuration cannot be read: what needs none is done without. Returns what opening the
 * ledger returns. */
int context_open_anyway(context *x, problem *p);
/* The connection, made at the first call. Without a configuration: what is wrong with it. */
int context_remote(context *x, problem *p);
/* Also keeps for other processes what was learnt of the server. */
void context_close(context *x);

#endif
