/* SPDX-License-Identifier: MIT
 *
 * Mail addresses as the two flavours see them.
 */
#ifndef SANDBOX_RECIPIENT_H
#define SANDBOX_RECIPIENT_H

#include "options.h"

enum recipient_verdict {
    RECIPIENT_NONE, /* nothing asked for, or (old) nothing that looks like an address: dropped in silence */
    RECIPIENT_GOOD,
    RECIPIENT_UNDELIVERABLE /* new only */
};

/* *address is malloced: the address, or the words that the refusal quotes; NULL with RECIPIENT_NONE. */
enum recipient_verdict recipient_read(enum flavour flavour, const char *text, char **address);
/* "al*****@e*****.com" or "al***@e***.com"; malloced. */
char *recipient_mask(enum flavour flavour, const char *address);

#endif
