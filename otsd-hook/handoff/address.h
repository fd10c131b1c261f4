/* SPDX-License-Identifier: MIT
 *
 * Whom to mail: handoff.recipient, a pattern, made into an address.
 */
#ifndef OTSD_HOOK_ADDRESS_H
#define OTSD_HOOK_ADDRESS_H

#include "base/problem.h"

#define ADDRESS_MAX 255 /* bytes, with the NUL */

/* %u is the user name, %% a percent sign; the configuration has checked the pattern. EX_DATAERR: too long, or no
 * address. */
int address_of(const char *pattern, const char *user, char out[ADDRESS_MAX], problem *p);
/* otsd_address_ok in this program's words. */
int address_check(const char *address, problem *p);

#endif
