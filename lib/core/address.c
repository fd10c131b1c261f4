/* SPDX-License-Identifier: MIT
 *
 * Mail addresses: what can be one recipient, and does a masked address ("al*****@e*****.com", "al***@e***.museum")
 * belong to an address? Old servers drop a recipient that they dislike without a word, so this comparison is what tells
 * that a mail was meant to go out.
 */
#include "core/core.h"

#include <ctype.h>
#include <string.h>

/* Characters that some programs take for a dot or an at sign: the host would be another one than is seen. */
static bool has_double(const char *s) {
    static const char *const doubles[] = {"\u3002", "\uff0e", "\uff61", "\ufe52", "\uff20", "\ufe6b"};

    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
        if (strstr(s, doubles[i]))
            return true;
    return false;
}

/* Labels of letters, digits and inner hyphens, at least two, the last one no number. Whether a name in other letters
 * than ASCII is taken is the server's to say: one that drops it shows that in its receipt. */
static bool is_mail_domain(const char *s) {
    const char *label = s, *end;

    for (const char *c = s; *c; c++)
        if ((unsigned char)*c < 0x80 && !isalnum((unsigned char)*c) && *c != '-' && *c != '.')
            return false;
    if (has_double(s))
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

/* Servers lower the letters of all alphabets that have two cases; these are the ones that addresses are written in. */
static uint32_t lowered(uint32_t c) {
    static const struct {
        uint32_t first, last, step, by; /* each step-th from first to last is lowered by adding */
    } rows[] = {
        {'A', 'Z', 1, 32},      {0xC0, 0xD6, 1, 32},   {0xD8, 0xDE, 1, 32},   {0x100, 0x12E, 2, 1},
        {0x132, 0x136, 2, 1},   {0x139, 0x147, 2, 1},  {0x14A, 0x176, 2, 1},  {0x179, 0x17D, 2, 1},
        {0x386, 0x386, 1, 38},  {0x388, 0x38A, 1, 37}, {0x38C, 0x38C, 1, 64}, {0x38E, 0x38F, 1, 63},
        {0x391, 0x3A1, 1, 32},  {0x3A3, 0x3AB, 1, 32}, {0x400, 0x40F, 1, 80}, {0x410, 0x42F, 1, 32},
        {0x460, 0x480, 2, 1},   {0x48A, 0x4BE, 2, 1},  {0x531, 0x556, 1, 48}, {0x1E00, 0x1E94, 2, 1},
        {0x1EA0, 0x1EFE, 2, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (c >= rows[i].first && c <= rows[i].last && (c - rows[i].first) % rows[i].step == 0)
            return c + rows[i].by;
    return c == 0x178 ? 0xFF : c;
}

/* The next character, lowered, and its length; of what is no UTF-8 a byte, which is like no character. */
static uint32_t next_char(const char *s, size_t len, size_t *n) {
    uint32_t c = 0;

    *n = utf8_decode(s, len, &c);
    if (*n > 0)
        return lowered(c);
    *n = 1;
    return 0x110000U + (unsigned char)*s;
}

/* Runs of asterisks stand for any number of characters, also none; all else must be there, in order. */
static bool part_matches(const char *mask, size_t mask_len, const char *text, size_t len) {
    size_t m = 0, t = 0, star = SIZE_MAX, resume = 0, mask_n, n;

    while (t < len) {
        uint32_t c = next_char(text + t, len - t, &n);

        if (m < mask_len && mask[m] == '*') {
            star = m++;
            resume = t;
        } else if (m < mask_len && next_char(mask + m, mask_len - m, &mask_n) == c) {
            m += mask_n;
            t += n;
        } else if (star != SIZE_MAX) { /* let the last run swallow one more */
            m = star + 1;
            (void)next_char(text + resume, len - resume, &n);
            t = resume += n;
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
