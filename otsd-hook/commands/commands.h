/* SPDX-License-Identifier: MIT
 *
 * The subcommands, one file each: read the command line, do it, print what came of it.
 */
#ifndef OTSD_HOOK_COMMANDS_H
#define OTSD_HOOK_COMMANDS_H

#include "base/options.h"
#include "handoff/context.h"

typedef struct command {
    const option_table *options; /* its name is the command's */
    /* argv[0] is the command's name. Returns an exit code, having said what there was to say; or COMMAND_HELPED. */
    int (*run)(context *x, int argc, char **argv);
    const char *summary;
} command;

extern const command command_provision, command_reissue, command_revoke, command_status, command_history, command_sweep,
    command_login, command_check;

#define COMMAND_HELPED (-1) /* help was asked for and given */

/* Reads the command line (options_read), then takes root's identity: help and mistakes are for everybody. EX_OK: go on;
 * otherwise return what it returns. */
int command_begin(const option_table *o, int argc, char **argv, void *into, size_t *count);
/* Is word a user name? Otherwise says that it is none: EX_USAGE. */
int command_check_user(const option_table *o, const char *word);
/* Says p where rc is a failure; returns rc. */
int command_end(int rc, const problem *p);

/* The option that all have; the struct has `const char *config`. */
#define OPTION_CONFIG(type)                                                                                            \
    {                                                                                                                  \
        .name = "config", .kind = OPTION_TEXT, .at = offsetof(type, config), .argument = "FILE",                       \
        .help = "default " OTSD_CONFIG_PATH                                                                            \
    }

#endif
