/* SPDX-License-Identifier: MIT
 *
 * The syntax of the small strings that go into requests. Each check is a list of what is allowed, so that no string can
 * mean more to a server, a path or a mail header than it does here.
 */
#include "core/core.h"

#include <string.h>
#include <strings.h>

static const char alphanumeric[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool text_is_key(const char *s) {
    size_t n = strspn(s, alphanumeric);

    return n >= 1 && n <= 256 && s[n] == '\0';
}

bool text_is_host(const char *s) {
    size_t n = strlen(s);

    if (n < 1 || n > 253 || s[0] == '-' || s[0] == '.' || s[n - 1] == '-' || strstr(s, ".."))
        return false;
    for (; *s != '\0'; s++)
        if (*s != '-' && *s != '.' && !strchr(alphanumeric, *s))
            return false;
    return true;
}

bool text_is_plain_host(const char *s) {
    size_t label = 0, run = 0;

    if (!text_is_host(s))
        return false;
    for (; *s != '\0'; s++) {
        label = *s == '.' ? 0 : label + 1;
        run = *s == '.' || *s == '-' ? 0 : run + 1;
        if (label > 63 || run >= 20)
            return false;
    }
    return true;
}

bool text_same_host(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);

    n -= n > 0 && a[n - 1] == '.';
    m -= m > 0 && b[m - 1] == '.';
    return n == m && strncasecmp(a, b, n) == 0;
}

bool text_is_locale(const char *s) {
    size_t n = strlen(s);

    if (n < 2 || n > 35 || strspn(s, alphanumeric) < 2)
        return false;
    for (; *s != '\0'; s++)
        if (*s != '-' && *s != '_' && !strchr(alphanumeric, *s))
            return false;
    return true;
}

bool text_has_control(const char *s) {
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            return true;
    return false;
}

size_t base64_size(size_t len) {
    return (len + 2) / 3 * 4 + 1;
}

void base64_write(char *out, const void *data, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = data;

    for (; len > 0; in += 3) {
        unsigned b1 = len > 1 ? in[1] : 0, b2 = len > 2 ? in[2] : 0;

        *out++ = digits[in[0] >> 2];
        *out++ = digits[(in[0] & 3U) << 4 | b1 >> 4];
        *out++ = '=';
        *out++ = '=';
        if (len > 1)
            out[-2] = digits[(b1 & 15U) << 2 | b2 >> 6];
        if (len > 2)
            out[-1] = digits[b2 & 63U];
        len -= len < 3 ? len : 3;
    }
    *out = '\0';
}
