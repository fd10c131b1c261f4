/* SPDX-License-Identifier: MIT
 *
 * The sets of releases: their names, as they are shown and kept, and what follows from them without an answer.
 */
#include "server/generation.h"

#include <string.h>

static const struct {
    unsigned known;
    const char *text;
} texts[] = {
    {GENERATION_18, "v0.18"},
    {GENERATION_21, "v0.21"},
    {GENERATION_22_23, "v0.22-v0.23"},
    {GENERATION_24_25, "v0.24-v0.25"},
    {GENERATION_26, "v0.26 or later"},
    {GENERATION_UP_TO_20, "v0.18-v0.20"},
    {GENERATION_21 | GENERATION_22_23, "v0.21-v0.23"},
    {GENERATION_UP_TO_23, "v0.18-v0.23"},
    {GENERATION_UP_TO_25, "v0.18-v0.25"},
    {GENERATION_FROM_24, "v0.24 or later"},
    {GENERATION_FROM_22, "v0.22 or later"},
};

const char *generation_text(unsigned known) {
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].known == known)
            return texts[i].text;
    return "unknown";
}

unsigned generation_of_text(const char *text) {
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].text, text) == 0)
            return texts[i].known;
    return 0;
}

void generation_assume(generation *g, const char *text) {
    unsigned may = generation_of_text(text);

    if (g->seen != 0)
        may &= g->seen;
    if (may != 0)
        g->known = g->known & may ? g->known & may : may;
}

size_t generation_characters(const otsd_secret *text) {
    size_t n = 0;

    for (size_t i = 0; i < otsd_secret_len(text); i++)
        n += ((unsigned char)otsd_secret_data(text)[i] & 0xc0U) != 0x80U;
    return n;
}

bool generation_refuses(unsigned known, const otsd_secret *passphrase) {
    size_t n = generation_characters(passphrase);

    return known == GENERATION_22_23 && (n < 8 || n > 128);
}
