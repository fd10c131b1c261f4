/* SPDX-License-Identifier: MIT
 *
 * Which releases a server may be: sets of them. 0: nothing was answered yet.
 */
#ifndef OTSD_SERVER_GENERATION_H
#define OTSD_SERVER_GENERATION_H

#include "otsd.h"

enum {
    GENERATION_18 = 1,
    GENERATION_20 = 2,
    GENERATION_21 = 4,
    GENERATION_22_23 = 8,
    GENERATION_24_25 = 16,
    GENERATION_26 = 32, /* and what comes after it */

    GENERATION_UP_TO_20 = GENERATION_18 | GENERATION_20,
    GENERATION_UP_TO_23 = GENERATION_UP_TO_20 | GENERATION_21 | GENERATION_22_23,
    GENERATION_UP_TO_25 = GENERATION_UP_TO_23 | GENERATION_24_25,
    GENERATION_FROM_24 = GENERATION_24_25 | GENERATION_26,
    GENERATION_FROM_22 = GENERATION_22_23 | GENERATION_FROM_24,
    GENERATION_ALL = GENERATION_UP_TO_23 | GENERATION_FROM_24,
};

typedef struct generation {
    unsigned known; /* by what was assumed and by answers */
    unsigned seen;  /* by answers alone */
} generation;

/* "v0.21-v0.23"; "unknown". Static. */
const char *generation_text(unsigned known);
/* The set that generation_text says so; 0: it says this of none. */
unsigned generation_of_text(const char *text);
/* By what others have learnt, as generation_text said it; anything else is nothing. */
void generation_assume(generation *g, const char *text);
/* Would a server of these refuse this passphrase? */
bool generation_refuses(unsigned known, const otsd_secret *passphrase);
size_t generation_characters(const otsd_secret *text);

#endif
