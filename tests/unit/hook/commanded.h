/* SPDX-License-Identifier: MIT
 *
 * A whole subcommand in the world of handoff_world.h, as main runs it: its exit code and all that it said.
 */
#ifndef TESTS_UNIT_COMMANDED_H
#define TESTS_UNIT_COMMANDED_H

#include "commands/commands.h"

/* Runs it with up to nine arguments and a NULL. *told: what went to standard output and standard error,
 * in that order; to be freed. */
int commanded(const command *c, const char *const *arguments, char **told);
/* The same, held against an exit code; the text lives until the next call. */
const char *commanded_as(const command *c, const char *const *arguments, int expected);
/* Without arguments or with one. */
const char *commanded_with(const command *c, const char *argument, int expected);
/* Is this in it, is it not? */
void assert_told(const char *text, const char *part);
void assert_untold(const char *text, const char *part);

#endif
