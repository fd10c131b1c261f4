/* SPDX-License-Identifier: MIT
 *
 * Numbers that have names: an enum and the words that stand for it in files, options and output, in one table that is
 * read in both directions and never beyond its end.
 */
#ifndef OTSD_HOOK_NAMES_H
#define OTSD_HOOK_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* texts[i] is the name of i; NULL where i has none. */
typedef struct name_table {
    const char *const *texts;
    size_t len;
} name_table;

/* static const name_table colours = NAMES_OF(colour_texts); */
#define NAMES_OF(array)                                                                                                \
    { (array), sizeof(array) / sizeof((array)[0]) }

/* NULL: i has no name. */
const char *names_text(const name_table *n, long i);
/* False where no number has this name; *i is set only on success. An empty name counts as none. */
bool names_find(const name_table *n, const char *text, int *i);
/* "auth, password, session": what could be said instead. Cut where size is too small. Returns out. */
const char *names_list(const name_table *n, char *out, size_t size);

#endif
