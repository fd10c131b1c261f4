/* SPDX-License-Identifier: MIT
 *
 * Did standard output take all that was printed? Asked once, where a program ends, so that no command has to.
 */
#ifndef OTSD_HOOK_OUTPUT_H
#define OTSD_HOOK_OUTPUT_H

/* The last thing that is done with standard output: it is closed. rc is the exit code so far: a failure stays what it
 * is, for it was told on standard error. Otherwise (also where rc, below EX__BASE, only says what was found), and where
 * something was not taken: says so, and EX_IOERR. */
int output_end(int rc);

#endif
