/* SPDX-License-Identifier: MIT
 *
 * What otsd says on standard output, for people or as JSON. All return EX_OK, or fill p: EX_OSERR where memory ran out,
 * EX_IOERR. That standard output took it all is asked once, at the end of main.
 */
#ifndef OTSD_PRINT_H
#define OTSD_PRINT_H

#include "base/problem.h"

/* release: which the server looks like; NULL: not wanted. */
int print_nominal(bool json, const char *text, const char *release, problem *p);
int print_burned(bool json, problem *p);
/* The secret as it is; a newline behind it only on a terminal. */
int print_value(bool json, const otsd_secret *value, problem *p);
int print_receipt(const otsd_client *c, bool json, const otsd_receipt *t, bool with_value, problem *p);
int print_receipts(const otsd_client *c, bool json, const otsd_receipts *list, problem *p);

#endif
