/* SPDX-License-Identifier: MIT
 *
 * The whole of otsd.conf(5), every default filled in.
 */
#ifndef OTSD_HOOK_CONFIG_H
#define OTSD_HOOK_CONFIG_H

#include "otsd.h"

typedef otsd_config config;
typedef otsd_backend backend_kind;
#define BACKEND_SHADOW OTSD_BACKEND_SHADOW
#define BACKEND_COMMAND OTSD_BACKEND_COMMAND

#endif
