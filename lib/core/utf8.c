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

/* What would move the cursor, break the line, turn the direction of what follows, or stand there unseen: controls, line
 * and paragraph separators, what Unicode calls default ignorable, and what is no character. */
static bool shows(uint32_t c) {
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},
        {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
        {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
    };

    if ((c & 0xFFFEU) == 0xFFFE)
        return false;
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0] && hidden[i].first <= c; i++)
        if (c <= hidden[i].last)
            return false;
    return true;
}

static bool is_blank(uint32_t c) {
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F ||
           c == 0x2800 || c == 0x3000;
}

text_kind text_next(const char *text, size_t len, size_t *n) {
    uint32_t c = 0;

    *n = utf8_decode(text, len, &c);
    if (*n == 0) {
        *n = 1;
        return TEXT_HIDDEN;
    }
    return !shows(c) ? TEXT_HIDDEN : is_blank(c) ? TEXT_BLANK : TEXT_SHOWN;
}

bool text_is_word(const char *s) {
    size_t n;

    for (; *s; s += n)
        if (text_next(s, strlen(s), &n) != TEXT_SHOWN)
            return false;
    return true;
}

void text_printable(char *out, size_t size, const char *text, size_t len) {
    size_t used = 0, n;

    for (; len > 0; text += n, len -= n) {
        bool keep = text_next(text, len, &n) != TEXT_HIDDEN;

        if (used + (keep ? n : 1) + 1 > size)
            break;
        if (keep)
            memmove(out + used, text, n); /* out may be text itself */
        else
            out[used] = '?';
        used += keep ? n : 1;
    }
    out[used] = '\0';
}
