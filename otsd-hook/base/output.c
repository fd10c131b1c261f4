/* SPDX-License-Identifier: MIT */
#include "base/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/problem.h"

int output_end(int rc) {
    bool lost = ferror(stdout) != 0; /* and nobody knows any more why */
    int error = fclose(stdout) != 0 ? errno : 0;
    problem p;

    if (rc >= EX__BASE || (!lost && error == 0))
        return rc;
    problem_set(&p, EX_IOERR, "standard output cannot be written%s%s", error != 0 ? ": " : "",
                error != 0 ? strerror(error) : "");
    problem_say(&p);
    return p.code;
}
