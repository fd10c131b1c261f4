/* SPDX-License-Identifier: MIT
 *
 * A line of the audit log, as far as a person is shown of it.
 */
#ifndef OTSD_HOOK_HAPPENING_H
#define OTSD_HOOK_HAPPENING_H

#include <stdbool.h>
#include <stdio.h>

#define HAPPENING_TEXT 300 /* bytes; an address has 254 at most */

/* Texts are bounded, and have nothing in them that a terminal would obey; "" where one is missing. */
typedef struct happening {
    char time[HAPPENING_TEXT], user[HAPPENING_TEXT], event[HAPPENING_TEXT], recipient[HAPPENING_TEXT],
        deadline[HAPPENING_TEXT], reason[HAPPENING_TEXT], outcome[HAPPENING_TEXT], opened_at[HAPPENING_TEXT];
} happening;

/* False: the line is damaged. */
bool happening_read(const char *line, happening *h);
/* user: as given by hand, in bytes that may not be text. Names that look the same count as the same. */
bool happening_is_of(const happening *h, const char *user);
void happening_print(const happening *h, FILE *f);

#endif
