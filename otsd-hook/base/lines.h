/* SPDX-License-Identifier: MIT
 *
 * One pass over a text file such as /etc/passwd, made for 100,000 lines: read in large pieces, in memory that does not
 * grow with the file. The copy of what was read is wiped.
 */
#ifndef OTSD_HOOK_LINES_H
#define OTSD_HOOK_LINES_H

#include "base/problem.h"

/* Calls fn for each line, of any length that fits into memory, until it returns false. The line ends with NUL instead
 * of a newline, fn may write into it, and it is gone after the call. EX_NOINPUT, EX_IOERR, EX_OSERR. */
int lines_each(const char *path, bool (*fn)(char *line, void *arg), void *arg, problem *p);

#endif
