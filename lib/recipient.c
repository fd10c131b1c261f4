/* SPDX-License-Identifier: MIT
 *
 * Does a masked address ("al*****@e*****.com", "al***@e***.museum") belong to an address? Old servers drop a recipient
 * that they dislike without a word, so this comparison is what tells that a mail was meant to go out.
 */
#include "private.h"

#include <string.h>
#include <strings.h>

/* Runs of asterisks stand for any number of characters, also none; all else must be there, in order. */
static bool part_matches(const char *mask, size_t mask_len, const char *text, size_t len) {
    size_t m = 0, t = 0, star = SIZE_MAX, resume = 0;

    while (t < len) {
        if (m < mask_len && mask[m] == '*') {
            star = m++;
            resume = t;
        } else if (m < mask_len && strncasecmp(mask + m, text + t, 1) == 0) {
            m++;
            t++;
        } else if (star != SIZE_MAX) { /* let the last run swallow one more */
            m = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (m < mask_len && mask[m] == '*')
        m++;
    return m == mask_len;
}

bool otsd_recipient_matches(const char *masked, const char *address) {
    const char *mask_at, *at;

    if (masked == NULL || address == NULL)
        return false;
    mask_at = strrchr(masked, '@');
    at = strrchr(address, '@');
    if (mask_at == NULL || at == NULL || at == address || at[1] == '\0')
        return false;
    /* A mask of asterisks alone on both sides would fit everybody, and so prove nothing. */
    if (masked[strspn(masked, "*@.")] == '\0')
        return false;
    return part_matches(masked, (size_t)(mask_at - masked), address, (size_t)(at - address)) &&
           part_matches(mask_at + 1, strlen(mask_at + 1), at + 1, strlen(at + 1));
}
