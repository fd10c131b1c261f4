/* SPDX-License-Identifier: MIT
 *
 * Times, durations, addresses and foreign text as people read them.
 */
#ifndef OTSD_HOOK_WORDS_H
#define OTSD_HOOK_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WORDS_MAX 64

/* "2026-11-21 08:30 UTC", in the local zone; "" where it is no time. Returns out, of WORDS_MAX bytes. */
const char *words_time(int64_t when, char *out);
/* "3d 4h", "12m", "now"; the two largest units. */
const char *words_span(int64_t seconds, char *out);
/* "al***@e***.com": enough to recognise an address by, for a table that others may see. size at least 257. */
const char *words_masked(const char *address, char *out, size_t size);
/* text as it can be shown: what is not printable UTF-8 becomes "?"; cut at size. Returns out. */
const char *words_printable(const char *text, char *out, size_t size);
/* The same for len bytes of any kind and number, printed. */
void words_print(const char *text, size_t len, FILE *f);

/* How many control characters are in it (U+0000 to U+001F, U+007F to U+009F), other than tab, line feed and carriage
 * return. */
size_t words_controls(const char *text, size_t len);

#endif
