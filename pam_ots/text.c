/* SPDX-License-Identifier: MIT
 *
 * See text.h. Nothing here asks the locale: the same bytes give the same result in every host.
 */
#include "text.h"

#include <string.h>

static bool is_control(unsigned char c) {
    return c < 0x20 || c == 0x7f;
}

size_t user_name_length(const char *user) {
    size_t n = 0;

    if (!user || user[0] == '-' || user[0] == '.')
        return 0;
    for (; user[n] != '\0'; n++)
        if (n == USER_MAX || user[n] == '/' || user[n] == ':' || is_control((unsigned char)user[n]))
            return 0;
    return n;
}

bool user_name_lower(char *out, const char *user) {
    bool differs = false;
    size_t n = 0;

    for (; n < USER_MAX && user[n] != '\0'; n++) {
        bool capital = user[n] >= 'A' && user[n] <= 'Z';

        out[n] = (char)(capital ? user[n] - 'A' + 'a' : user[n]);
        differs = differs || capital;
    }
    out[n] = '\0';
    return differs;
}

size_t bounded_length(const char *text, size_t most) {
    size_t n = 0;

    while (n <= most && text[n] != '\0')
        n++;
    return n;
}

void user_name_copy(char *out, const char *user) {
    size_t n = 0;

    for (; n < USER_MAX && user[n] != '\0'; n++)
        out[n] = user[n];
    out[n] = '\0';
}

bool option_text(char *out, size_t size, const char *name, const char *value) {
    size_t n = 0;

    if (!value || value[0] == '\0')
        return false;
    for (; name[n] != '\0' && n + 1 < size; n++)
        out[n] = name[n];
    for (size_t i = 0; i < VALUE_MAX && value[i] != '\0' && n + 1 < size; i++)
        out[n++] = value[i] > ' ' && value[i] < 0x7f ? value[i] : '?';
    out[n] = '\0';
    return true;
}

void auth_methods(char *out, const char *info) {
    size_t used = 0;

    while (info && *info != '\0') {
        size_t word = strcspn(info, " \t\n");
        size_t comma = used > 0 ? 1 : 0;

        /* Half a word could be another method's name. */
        if (used + comma + word > VALUE_MAX)
            break;
        if (word > 0) {
            if (comma)
                out[used++] = ',';
            memcpy(out + used, info, word);
            used += word;
        }
        info += strcspn(info, "\n");
        info += *info == '\n';
    }
    out[used] = '\0';
}

const char *decimal(char *out, int number) {
    unsigned left = number < 0 ? 0U - (unsigned)number : (unsigned)number;
    char *p = out + (DECIMAL_MAX - 1);

    *p = '\0';
    do
        *--p = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        *--p = '-';
    return p;
}

/* Length of the UTF-8 character at p (RFC 3629: shortest form, no surrogates, up to U+10FFFF), 0 where there is none,
 * and left + 1 where it is well-formed so far but longer than the left bytes. */
static size_t utf8_length(const unsigned char *p, size_t left) {
    unsigned char c = p[0], low, high;
    size_t len;

    if (c < 0x80)
        return 1;
    len = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    if (len == 0)
        return 0;
    low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i < len; i++) {
        if (i == left)
            return left + 1;
        if (p[i] < (i == 1 ? low : 0x80) || p[i] > (i == 1 ? high : 0xbf))
            return 0;
    }
    return len;
}

size_t message_text(char *text, size_t len) {
    unsigned char *p = (unsigned char *)text;
    size_t from = 0, to = 0;

    while (from < len) {
        size_t n = utf8_length(p + from, len - from);
        bool control;

        if (n > len - from)
            break;
        /* C1 controls (U+0080 to U+009F) steer a terminal as escape sequences do. */
        control = (is_control(p[from]) && p[from] != '\n') || (n == 2 && p[from] == 0xc2 && p[from + 1] < 0xa0);
        if (n == 0 || control) {
            p[to++] = '?';
            from += n == 0 ? 1 : n;
            continue;
        }
        while (n-- > 0)
            p[to++] = p[from++];
    }
    while (to > 0 && (p[to - 1] == '\n' || p[to - 1] == ' '))
        to--;
    text[to] = '\0';
    return to;
}
