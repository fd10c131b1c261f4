/* SPDX-License-Identifier: MIT
 *
 * otsd-hook: the life of a hand-off, one subcommand for each thing that can happen to it.
 */
#include <stdio.h>
#include <string.h>

#include "base/output.h"
#include "commands/commands.h"

static const command *const commands[] = {&command_provision, &command_reissue, &command_revoke, &command_status,
                                          &command_history,   &command_sweep,   &command_check,  &command_login};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(void) {
    puts("usage: otsd-hook COMMAND [OPTION...] [USER]\n"
         "\n"
         "Hands a first password over through a Onetime Secret server. Commands, each with --help:\n");
    /* printable: the table is ours */
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i]->options->command, commands[i]->summary);
    puts("\nConfiguration: " OTSD_CONFIG_PATH ", see otsd.conf(5). State: " OTSD_STATE_DIR ". Exit codes: sysexits.h.");
}

static int run(const command *c, int argc, char **argv) {
    context x = {0};
    int rc = c->run(&x, argc, argv);

    context_close(&x);
    return rc == COMMAND_HELPED ? EX_OK : rc;
}

static int dispatch(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i]->options->command) == 0)
            return run(commands[i], argc - 1, argv + 1);
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return EX_OK;
    }
    if (strcmp(name, "--version") == 0) {
        puts("otsd-hook " OTSD_VERSION);
        return EX_OK;
    }
    if (argc > 1)
        say_here("there is no command \"%s\"; see otsd-hook --help", name);
    else
        say_here("a command is needed; see otsd-hook --help");
    return EX_USAGE;
}

int main(int argc, char **argv) {
    problem_program("otsd-hook");
    return output_end(dispatch(argc, argv));
}
