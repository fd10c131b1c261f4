/* SPDX-License-Identifier: MIT
 *
 * One line of CSV as RFC 4180 has it, with "," only; a quoted field may not contain a line break.
 */
#include <string.h>

#include "batch/roster_split.h"

/* A quoted field that begins at p, to end; *next is where it is over. NULL: it is not in order. */
static char *csv_quoted(char *p, const char *end, char **next, char *why) {
    char *from = p + 1, *to = from, *field = from;

    for (; from < end; *to++ = *from++) {
        if (*from != '"')
            continue;
        if (from + 1 == end || from[1] == ',') {
            *next = from + 1;
            *to = '\0';
            return field;
        }
        if (from[1] != '"') {
            split_refuse(why, "text after a closing quote; a quote inside a quoted field is written twice");
            return NULL;
        }
        from++;
    }
    split_refuse(why, "a quoted field does not end in its line; a field may not contain a line break");
    return NULL;
}

bool csv_split(char *line, size_t len, char **fields, size_t max, size_t *count, char *why) {
    char *p = line, *end = line + len;

    for (*count = 0;; p++) {
        char *field = p, *next = memchr(p, ',', (size_t)(end - p));

        if (!next)
            next = end;
        if (p < end && *p == '"') {
            field = csv_quoted(p, end, &next, why);
            if (!field)
                return false;
        } else if (memchr(p, '"', (size_t)(next - p))) {
            return split_refuse(
                why, "a quote in a field that is not quoted; put the field in quotes and write the quote twice");
        }
        if (*count < max)
            fields[*count] = field;
        ++*count;
        p = next;
        if (p == end)
            break;
        *p = '\0';
    }
    *end = '\0';
    return true;
}
