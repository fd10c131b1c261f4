/* SPDX-License-Identifier: MIT
 *
 * UTF-8: is it well-formed, and may it be shown? Text that came from a server, a directory or a file is cleaned here
 * before anybody sees it, so that it can do no more than be read.
 */
#include "core/core.h"

#include <string.h>

size_t utf8_decode(const char *text, size_t len, uint32_t *c) {
    const unsigned char *p = (const unsigned char *)text;
    size_t n;

    if (len == 0)
        return 0;
    n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    *c = n == 1 ? p[0] : p[0] & (0x7FU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0U) != 0x80)
            return 0;
        *c = *c << 6 | (p[i] & 0x3FU);
    }
    /* overlong, surrogate, beyond Unicode */
    if ((n == 3 && *c < 0x800) || (n == 4 && *c < 0x10000) || (*c >= 0xD800 && *c <= 0xDFFF) || *c > 0x10FFFF)
        return 0;
    return n;
}

bool utf8_valid(const char *p, size_t len) {
    while (len > 0) {
        uint32_t c;
        size_t n = utf8_decode(p, len, &c);

        if (n == 0)
            return false;
        p += n;
        len -= n;
    }
    return true;
}

/* Characters that would move the cursor, break the line or turn the direction of what follows. */
static bool printable(const char *text, size_t n) {
    const unsigned char *p = (const unsigned char *)text;

    if (n == 1)
        return p[0] >= 0x20 && p[0] != 0x7F;
    if (n == 2)
        return !(p[0] == 0xC2 && p[1] < 0xA0) && !(p[0] == 0xD8 && p[1] == 0x9C);
    if (n == 3 && p[0] == 0xE2 && p[1] == 0x80)
        return !(p[2] >= 0x8B && p[2] <= 0x8F) && !(p[2] >= 0xA8 && p[2] <= 0xAE);
    if (n == 3 && p[0] == 0xE2 && p[1] == 0x81)
        return !(p[2] >= 0xA0 && p[2] <= 0xAF);
    if (n == 3 && p[0] == 0xEF)
        return !(p[1] == 0xBB && p[2] == 0xBF) && !(p[1] == 0xBF && p[2] >= 0xB9);
    return true;
}

void text_printable(char *out, size_t size, const char *text, size_t len) {
    size_t used = 0;

    while (len > 0) {
        uint32_t c;
        size_t n = utf8_decode(text, len, &c);
        bool keep = n > 0 && printable(text, n);

        if (used + (keep ? n : 1) + 1 > size)
            break;
        if (keep) {
            memcpy(out + used, text, n);
            used += n;
        } else {
            out[used++] = '?';
        }
        text += n > 0 ? n : 1;
        len -= n > 0 ? n : 1;
    }
    out[used] = '\0';
}
