/* SPDX-License-Identifier: MIT
 *
 * The backend that is an administrator's programs.
 */
#ifndef OTSD_HOOK_COMMAND_H
#define OTSD_HOOK_COMMAND_H

#include "password/backend.h"

extern const backend command_backend;

#endif
