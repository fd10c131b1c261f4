/* SPDX-License-Identifier: MIT
 *
 * Runs an administrator's program with secret input: the one place of otsd-hook that starts a process.
 */
#ifndef OTSD_HOOK_RUN_H
#define OTSD_HOOK_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

/* Can path be run: is it there, root's, writable by nobody else, and a program or a script whose interpreter is there?
 * Nothing is run. EX_CONFIG. */
int run_check(const char *path, problem *p);
/* Feeds input, lines of "name" or "name:secret", to path's standard input; its output goes to /dev/null, its
 * environment is a fixed PATH, it inherits no other descriptor. path must be root's and writable by nobody else. Killed
 * after timeout_s. EX_OK: exit status 0. EX_CONFIG: it was not run. EX_UNAVAILABLE: it ended with another status.
 * Anything but these two first: nobody knows how far it came. Where it failed the first of what it wrote to its
 * standard error is in the problem, without the lines that repeat something of a secret. */
int run_with_input(const char *path, const char *input, size_t len, int timeout_s, problem *p);

#endif
