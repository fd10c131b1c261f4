/* SPDX-License-Identifier: MIT
 *
 * What must hold of every receipt and of every error that an answer can become.
 */
#ifndef FUZZ_RECEIPTS_H
#define FUZZ_RECEIPTS_H

#include "answer/answer.h"

/* In the ranges that otsd.h promises. */
void receipt_holds(const otsd_receipt *t, receipt_kind kind);
/* Says the same as the code, for a person, in a line that can be shown. */
void error_holds(const otsd_error *e, otsd_err rc);
/* Written as JSON and read again it is the same. */
void receipt_comes_back(const otsd_receipt *t, receipt_kind kind);
/* Are all members equal? */
bool receipt_same(const otsd_receipt *a, const otsd_receipt *b);
/* As text: json_read, and json_is_good of it; HOLDS that the parser takes what the grammar takes. */
struct json_object *read_good(const char *text, size_t len);

#endif
