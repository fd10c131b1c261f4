/* SPDX-License-Identifier: MIT
 *
 * Generated passwords in the shadow file: are they in place, and where else?
 */
#ifndef OTSD_HOOK_SHADOW_LOOK_H
#define OTSD_HOOK_SHADOW_LOOK_H

#include "password/backend.h"

/* One pass, for any number of views of different users. On any failure they are all unknown. */
int shadow_look(backend_view *const *views, size_t n, problem *p);

#endif
