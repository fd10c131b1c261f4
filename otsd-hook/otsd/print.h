/* SPDX-License-Identifier: MIT
 *
 * What otsd says: errors on standard error, receipts on standard output, for people or as JSON.
 */
#ifndef OTSD_PRINT_H
#define OTSD_PRINT_H

#include "otsd.h"

#include <json-c/json.h>

/* "otsd: ..." on standard error; returns code. */
__attribute__((format(printf, 2, 3))) int complain(int code, const char *format, ...);
/* The exit code of an error. */
int code_of(otsd_err err);
/* complain, with what the library says. */
int failed(otsd_err err, const otsd_error *e);

/* Adds the member "value"; false: out of memory. */
bool add_value(json_object *o, const otsd_secret *value);
/* NULL: out of memory. */
json_object *receipt_json(const otsd_client *c, const otsd_receipt *t, bool with_value);
/* Takes o over; NULL is the caller's out of memory. */
int print_json(json_object *o);
int print_receipt(const otsd_client *c, bool json, const otsd_receipt *t, bool with_value);

#endif
