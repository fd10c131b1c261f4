/* SPDX-License-Identifier: MIT
 *
 * Byte strings and the few text questions that the sandbox asks: secrets may hold NUL and malformed UTF-8.
 * The allocation helpers never return NULL: where memory ends, a test server ends, with a line and EX_OSERR.
 */
#ifndef SANDBOX_BYTES_H
#define SANDBOX_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* data is malloced and NUL follows it; data NULL means "not there". */
struct bytes {
    char *data;
    size_t len;
};

void *must_alloc(size_t size);
void *must_realloc(void *p, size_t size);
char *must_copy(const char *s);
char *must_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct bytes bytes_copy(const char *data, size_t len);
void bytes_append(struct bytes *b, const char *data, size_t len);
/* Takes printf's arguments. */
void bytes_format(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_free(struct bytes *b);
bool bytes_equal(const struct bytes *a, const struct bytes *b);

/* Decodes %XX, and "+" as a space where plus is set. False, and nothing to free, where a percent sign is not followed
 * by two hexadecimal digits. */
bool percent_decode(const char *s, size_t len, bool plus, struct bytes *out);
/* Takes NUL out, and puts U+FFFD in the place of each byte that is no UTF-8. */
void utf8_clean(struct bytes *b);
bool utf8_valid(const char *s, size_t len);
/* The offset after at most max characters. Malformed bytes count as one each. */
size_t utf8_prefix(const char *s, size_t len, size_t max);
void html_append(struct bytes *b, const char *s, size_t len);

/* A whole number in decimal, nothing else, min to max. */
bool parse_number(const char *s, long min, long max, long *out);

#endif
