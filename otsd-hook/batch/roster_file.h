/* SPDX-License-Identifier: MIT
 *
 * Brings a roster's whole input into memory: opened once, judged by its descriptor, read into one mapping that is kept
 * from dumps, children and, where the kernel allows it, swap.
 */
#ifndef OTSD_HOOK_ROSTER_FILE_H
#define OTSD_HOOK_ROSTER_FILE_H

#include "batch/roster.h"

typedef struct source {
    const char *name;  /* for messages */
    size_t used;       /* bytes; one more can be written */
    int lock_errno;    /* why the mapping is not locked; 0: it is */
    char open_to[160]; /* why it may not have passphrases ("has mode 0644 …"); "": it may */
} source;

/* Sets text and size of r, on failure too, for roster_free. Codes as of roster_read. */
int roster_file_read(roster *r, source *s, const char *path, problem *p);

#endif
