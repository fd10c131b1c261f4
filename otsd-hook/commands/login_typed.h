/* SPDX-License-Identifier: MIT
 *
 * The one question whose answer can refuse a login. See login_typed.c.
 */
#ifndef OTSD_HOOK_LOGIN_TYPED_H
#define OTSD_HOOK_LOGIN_TYPED_H

#include "base/problem.h"

/* Is the text on standard input the generated password of user's open hand-off, and is that over? OTSD_EXIT_OVERDUE:
 * both are certain. EX_OK: no. Anything else: nobody knows, and p says why. */
int login_typed(const char *user, problem *p);

#endif
