/* SPDX-License-Identifier: MIT
 *
 * Mail addresses as the releases see them.
 */
#ifndef SANDBOX_RECIPIENT_H
#define SANDBOX_RECIPIENT_H

#include "release.h"

enum recipient_verdict {
    RECIPIENT_NONE, /* nothing asked for, or dropped in silence */
    RECIPIENT_GOOD,
    RECIPIENT_UNDELIVERABLE
};

/* *address is malloced: the address, or the words that the refusal quotes; NULL with RECIPIENT_NONE. */
enum recipient_verdict recipient_read(enum recipient_habit habit, const char *text, char **address);
/* "al*****@e*****.com" or "al***@e***.com"; malloced. */
char *recipient_mask(enum mask_habit habit, const char *address);

#endif
