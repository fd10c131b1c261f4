/* SPDX-License-Identifier: MIT
 *
 * What otsd-hook check found: each finding is one line, or one object of an array, as soon as it is known.
 */
#ifndef OTSD_HOOK_FINDINGS_H
#define OTSD_HOOK_FINDINGS_H

#include "base/json.h"

#define FINDINGS_WARNED 1 /* the exit status where there were warnings and no errors */

typedef enum finding_level { FINDING_OK, FINDING_WARNING, FINDING_ERROR, FINDING_LEVELS } finding_level;

typedef struct findings {
    const char *check; /* whose turn it is */
    json_out *list;    /* an open array; NULL: lines on standard output */
    size_t counts[FINDING_LEVELS];
    int code; /* of the first error */
} findings;

/* The sentence has no full stop. remedy: what to do; NULL: the sentence says it. code: a sysexits code. */
void findings_ok(findings *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void findings_warning(findings *f, const char *remedy, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void findings_error(findings *f, int code, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* EX_OK, FINDINGS_WARNED, or the code of the first error. */
int findings_exit(const findings *f);

#endif
