/* SPDX-License-Identifier: MIT
 *
 * Where the shadow file is, and whether a new one can take its place.
 */
#ifndef OTSD_HOOK_SHADOW_PLACE_H
#define OTSD_HOOK_SHADOW_PLACE_H

#include <limits.h>

#include "base/problem.h"

typedef struct shadow_place {
    int dir;                  /* its folder, open */
    char path[PATH_MAX];      /* the file's, for people */
    char name[NAME_MAX + 1];  /* in that folder */
    char fresh[NAME_MAX + 8]; /* the new file's: of our own, so that what is left over is never another tool's work */
} shadow_place;

/* EX_NOINPUT: there is no such file. EX_NOPERM: it is a link that somebody else than root could turn elsewhere. */
int shadow_place_open(shadow_place *place, problem *p);
void shadow_place_close(shadow_place *place);
/* Is it a file that a rename can replace? EX_CANTCREAT, with what stands in the way. */
int shadow_place_check(const shadow_place *place, problem *p);

#endif
