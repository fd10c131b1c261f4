/* SPDX-License-Identifier: MIT
 *
 * One line of a roster, taken apart in its own place: strings are unescaped where they stand (they only ever get
 * shorter), so that no copy of a passphrase is left anywhere.
 */
#ifndef OTSD_HOOK_ROSTER_SPLIT_H
#define OTSD_HOOK_ROSTER_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum column {
    COLUMN_USER,
    COLUMN_RECIPIENT,
    COLUMN_TTL,
    COLUMN_LOCALE,
    COLUMN_PASSPHRASE,
    COLUMN_COUNT
} column;
#define COLUMN_LIST "user, recipient, ttl, locale, passphrase"

#define WHY_MAX 400 /* bytes of a reason, which has no field's value in it */

/* COLUMN_COUNT: it is none. */
column column_of(const char *name);
const char *column_name(column c);

/* Text that may be taken apart: short enough, valid UTF-8, no control characters (a tab only where tab says so). */
bool line_check(const char *line, size_t len, bool tab, char *why);

/* For the two that take apart: why is written, and the answer is false. */
bool split_refuse(char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* C0, DEL and C1: some terminals obey the last as they do ESC. */
bool split_is_control(uint32_t c);

/* The functions below write a NUL behind each string, so line[len] must be writable; the strings lie within line. */

/* The fields of a CSV line. *count may be more than max; then only max were stored. */
bool csv_split(char *line, size_t len, char **fields, size_t max, size_t *count, char *why);
/* The members of an object that holds nothing but our keys. NULL: not there, or null. Bit 1 << column of *keys: the key
 * is there. */
bool json_split(char *line, size_t len, char *values[COLUMN_COUNT], unsigned *keys, char *why);

#endif
