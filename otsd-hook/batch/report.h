/* SPDX-License-Identifier: MIT
 *
 * The report of a batch: a CSV file (RFC 4180, lines end with LF) with one line for each account.
 *
 *   user,status,deadline,id,message[,link]
 *   alice,provisioned,2026-11-24T14:00:00Z,0123456789abcdef,
 *
 * People open such files with spreadsheet programs, which take a field that begins with = + - or @ for a formula and
 * compute it; a message may have a server's words in it. So a "'" is put before such a field, which spreadsheets take
 * for the mark of a text, and control characters become blanks. (A user name can begin with = + or @; then it has the
 * mark, too.)
 *
 * A NULL report is allowed in all calls and does nothing. One thread at a time.
 */
#ifndef OTSD_HOOK_REPORT_H
#define OTSD_HOOK_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/problem.h"

typedef struct report report;

/* path NULL: no report, *out is NULL. The file is made with mode 0600. One that exists is begun anew only where it is
 * empty or begins with a report's header (a typo must not destroy the input), is a regular file of root's or the
 * effective user's, closed to group and others, not reached through a link in its last component, and no other batch is
 * writing it. The header is written and on the disk on return. EX_CANTCREAT, EX_NOPERM, EX_DATAERR (the file is
 * something else), EX_IOERR, EX_OSERR. */
int report_open(report **out, const char *path, bool with_links, problem *p);
/* deadline: seconds since the epoch, 0: none. id, message: "" where there is none. link: NULL where there is none; left
 * out without with_links. Lines are collected until report_flush or until 32 KiB are full. EX_IOERR: what could not be
 * written stays collected and the next call tries again; a line that finds no room then is not taken. EX_SOFTWARE:
 * longer than 32 KiB. */
int report_line(report *r, const char *user, const char *status, int64_t deadline, const char *id, const char *message,
                const char *link, problem *p);
/* Writes what was collected, wipes it, and has it on the disk. */
int report_flush(report *r, problem *p);
/* report_flush, then closes; *r is NULL afterwards, whatever happened. */
int report_close(report **r, problem *p);

#endif
