/* SPDX-License-Identifier: MIT
 *
 * Mail addresses: what can be one recipient, and does a masked address ("al*****@e*****.com", "al***@e***.museum")
 * belong to an address? Old servers drop a recipient that they dislike without a word, so this comparison is what tells
 * that a mail was meant to go out.
 */
#include "core/core.h"

#include <string.h>
#include <strings.h>

/* Labels of letters, digits and inner hyphens, at least two, the last one no number. A name in other letters is to be
 * given in its "xn--" form, which means the same everywhere: servers look for ASCII here, and an old one that finds
 * none says yes and sends nothing. */
static bool is_mail_domain(const char *s) {
    const char *label = s, *end;

    if (!text_is_host(s))
        return false;
    for (;; label = end + 1) {
        end = strchrnul(label, '.');
        if (end == label || end - label > 63 || label[0] == '-' || end[-1] == '-')
            return false;
        if (*end == '\0')
            return label != s && strspn(label, "0123456789") != (size_t)(end - label);
    }
}

/* The local part: its characters are those that mean nothing to a form, a list of addresses or a mail header. Others
 * than ASCII are possible (RFC 6531), as long as each is seen: what is hidden, or turns the direction of the rest,
 * would let one address pass for another. */
bool otsd_address_ok(const char *address) {
    const char *at = address ? strchr(address, '@') : NULL;
    size_t local;

    if (!at || strlen(address) > 254 || !text_is_word(address) || strpbrk(address, ",;<>()[]\"\\:*"))
        return false;
    local = (size_t)(at - address);
    return local >= 1 && local <= 64 && address[0] != '.' && at[-1] != '.' && !memmem(address, local, "..", 2) &&
           is_mail_domain(at + 1);
}

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

    if (!masked || !address)
        return false;
    mask_at = strrchr(masked, '@');
    at = strrchr(address, '@');
    if (!mask_at || !at || at == address || at[1] == '\0')
        return false;
    /* A mask of asterisks alone on both sides would fit everybody, and so prove nothing. */
    if (masked[strspn(masked, "*@.")] == '\0')
        return false;
    return part_matches(masked, (size_t)(mask_at - masked), address, (size_t)(at - address)) &&
           part_matches(mask_at + 1, strlen(mask_at + 1), at + 1, strlen(at + 1));
}
