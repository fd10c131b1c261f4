/* SPDX-License-Identifier: MIT
 *
 * The backend that is the shadow file.
 */
#ifndef OTSD_HOOK_SHADOW_H
#define OTSD_HOOK_SHADOW_H

#include "password/backend.h"
#include "password/shadow_line.h"

extern const backend shadow_backend;

/* What the line of an account says to these two questions of the backend. */
int shadow_line_ready(const shadow_line *line, const char *user, bool force, problem *p);
int shadow_line_replaceable(const shadow_line *line, const record *old, bool force, problem *p);

#endif
