/* SPDX-License-Identifier: MIT
 *
 * One pass over a text file such as /etc/passwd, made for 100,000 lines: read in large pieces, in memory that does not
 * grow with the file. The copy of what was read is wiped.
 */
#ifndef OTSD_HOOK_LINES_H
#define OTSD_HOOK_LINES_H

#include "base/problem.h"

/* Calls fn for each line, of any length that fits into memory, until it returns false. The line ends with NUL instead
 * of a newline, fn may write into it, and it is gone after the call.
 *
 * EX_OK says that the file was read in whole, or until fn had enough: then what was not shown is not there. So an empty
 * file is EX_DATAERR, and one whose last line was cut, with no newline and fewer than `colons` colons; one that changed
 * meanwhile is EX_TEMPFAIL. EX_NOINPUT, EX_IOERR, EX_OSERR. */
int lines_each(const char *path, unsigned colons, bool (*fn)(char *line, void *arg), void *arg, problem *p);

#endif
