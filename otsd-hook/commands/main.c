/* SPDX-License-Identifier: MIT
 *
 * otsd-hook: the life of a hand-off, one subcommand for each thing that can happen to it.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "handoff/context.h"
#include "base/privs.h"

typedef struct command {
    const char *name;
    command_fn *fn;
    const char *summary;
} command;

static const command commands[] = {
    {"provision", cmd_provision, "generate a user's first password, set it, have the link mailed"},
    {"reissue", cmd_reissue, "the same again for a user whose hand-off is still open; the old link dies"},
    {"revoke", cmd_revoke, "lock the generated password, burn the link, now"},
    {"status", cmd_status, "what is open, and what happens next"},
    {"history", cmd_history, "what became of the hand-offs that are over"},
    {"sweep", cmd_sweep, "bring every hand-off to where it should be; for a timer"},
    {"login", cmd_login, "what pam_ots.so runs"},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(void) {
    printf("usage: otsd-hook COMMAND [OPTION...] [USER]\n"
           "\n"
           "Hands a first password over through a Onetime Secret server. Commands, each with --help:\n"
           "\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n"
           "Configuration: " OTSD_CONFIG_PATH ", see otsd.conf(5). State: " OTSD_STATE_DIR
           ". Exit codes: sysexits.h.\n");
}

int main(int argc, char **argv) {
    context x = {0};
    problem p;
    int rc;

    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        print_help();
        return EX_OK;
    }
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        puts("otsd-hook " OTSD_VERSION);
        return EX_OK;
    }
    opterr = 0; /* one line for each mistake, and it is ours */
    for (size_t i = 0; argc >= 2 && i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        /* Help is for everybody. */
        if (!(argc == 3 && strcmp(argv[2], "--help") == 0) && privs_start(&p) != EX_OK) {
            problem_say(&p);
            return p.code;
        }
        rc = commands[i].fn(&x, argc - 1, argv + 1);
        context_close(&x);
        if (fflush(stdout) != 0 && rc == EX_OK)
            rc = EX_IOERR;
        return rc;
    }
    fprintf(stderr, "otsd-hook: %s%s%s; see otsd-hook --help\n",
            argc >= 2 ? "there is no command \"" : "a command is needed", argc >= 2 ? argv[1] : "",
            argc >= 2 ? "\"" : "");
    return EX_USAGE;
}
