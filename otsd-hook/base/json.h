/* SPDX-License-Identifier: MIT
 *
 * The one printer of JSON: written member by member into memory that is wiped, so that a secret may pass through, and
 * printed only when it is whole.
 *
 * A failure sticks. NULL stands for a text that has failed already, and every function accepts it: so a caller builds
 * to the end without asking, and learns of a failure from json_print or json_text_of.
 */
#ifndef OTSD_HOOK_JSON_H
#define OTSD_HOOK_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "base/problem.h"

typedef struct json_out json_out;

typedef enum json_style { JSON_LINE, JSON_PRETTY } json_style;

/* NULL: out of memory. */
json_out *json_new(json_style style);
/* Wipes, frees, and nulls the caller's pointer. */
void json_free(json_out **j);

/* name is the member's, NULL inside an array and at the outermost level. Text is UTF-8. What is printed is ASCII alone:
 * valid whatever came in, the same in every locale, and without anything that a terminal could obey. A byte that is no
 * UTF-8 becomes U+FFFD. */
void json_begin_object(json_out *j, const char *name);
void json_begin_array(json_out *j, const char *name);
/* Of the innermost object or array. One end too many is a failure. */
void json_end(json_out *j);
/* NULL becomes null. */
void json_text(json_out *j, const char *name, const char *text);
/* May have NUL bytes in it. */
void json_bytes(json_out *j, const char *name, const char *bytes, size_t len);
void json_number(json_out *j, const char *name, int64_t n);
void json_bool(json_out *j, const char *name, bool yes);
void json_null(json_out *j, const char *name);
/* "2026-11-21T08:30:00Z"; a time before 1970 or at its first second is none: null. */
void json_time(json_out *j, const char *name, int64_t when);

/* The whole text, which lives as long as j; NULL where something failed or is not ended. */
const char *json_text_of(const json_out *j, size_t *len);
/* Prints the text and a newline, and frees it in any case. EX_OSERR: there was no memory, nothing is printed.
 * EX_IOERR: f did not take it. */
int json_print(json_out **j, FILE *f, problem *p);

#endif
