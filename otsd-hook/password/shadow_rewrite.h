/* SPDX-License-Identifier: MIT
 *
 * The shadow file written anew, under the lock that the caller holds.
 */
#ifndef OTSD_HOOK_SHADOW_REWRITE_H
#define OTSD_HOOK_SHADOW_REWRITE_H

#include <stddef.h>

#include "password/shadow_line.h"
#include "password/shadow_place.h"

/* Makes the changes, as shadow_apply promises it; where there are none the file is not touched. */
int shadow_rewrite_apply(const shadow_place *place, shadow_change *changes, size_t n, problem *p);
/* Does all of it but the rename, and removes the new file. */
int shadow_rewrite_try(const shadow_place *place, problem *p);

#endif
