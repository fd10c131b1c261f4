/* SPDX-License-Identifier: MIT
 *
 * What the commands work with: configuration, ledger, server. Opened in that order, as far as a command needs it.
 */
#ifndef OTSD_HOOK_CONTEXT_H
#define OTSD_HOOK_CONTEXT_H

#include "ledger/ledger.h"
#include "handoff/orphans.h"
#include "handoff/remote.h"

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

/* A subcommand: argv[0] is its name. Returns a sysexits code, having said what there was to say. */
typedef int command_fn(context *x, int argc, char **argv);
command_fn cmd_provision, cmd_reissue, cmd_revoke, cmd_login, cmd_sweep, cmd_status, cmd_history;

/* Shared by the option tables: prints "otsd-hook COMMAND: …; see otsd-hook COMMAND --help" and returns EX_USAGE. */
int usage_error(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
