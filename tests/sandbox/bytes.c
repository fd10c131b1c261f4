/* SPDX-License-Identifier: MIT
 *
 * Byte strings: allocation that ends the process where it fails, percent decoding, UTF-8.
 */
#include "bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void *checked(void *p) {
    if (!p) {
        fputs("otsd-sandbox: out of memory\n", stderr);
        exit(EX_OSERR);
    }
    return p;
}

void *must_alloc(size_t size) {
    return checked(calloc(1, size == 0 ? 1 : size));
}

void *must_realloc(void *p, size_t size) {
    return checked(realloc(p, size == 0 ? 1 : size));
}

char *must_copy(const char *s) {
    return checked(strdup(s));
}

char *must_format(const char *format, ...) {
    char *s = NULL;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vasprintf(&s, format, ap);
    va_end(ap);
    return checked(n < 0 ? NULL : s);
}

struct bytes bytes_copy(const char *data, size_t len) {
    struct bytes b = {must_alloc(len + 1), len};

    if (len > 0)
        memcpy(b.data, data, len);
    return b;
}

void bytes_append(struct bytes *b, const char *data, size_t len) {
    b->data = must_realloc(b->data, b->len + len + 1);
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void bytes_format(struct bytes *b, const char *format, ...) {
    char *s = NULL;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vasprintf(&s, format, ap);
    va_end(ap);
    checked(n < 0 ? NULL : s);
    bytes_append(b, s, (size_t)n);
    free(s);
}

void bytes_free(struct bytes *b) {
    free(b->data);
    *b = (struct bytes){NULL, 0};
}

bool bytes_equal(const struct bytes *a, const struct bytes *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool percent_decode(const char *s, size_t len, bool plus, struct bytes *out) {
    struct bytes b = {must_alloc(len + 1), 0};

    for (size_t i = 0; i < len; i++) {
        char c = s[i];

        if (c == '%') {
            int high = len - i > 2 ? hex(s[i + 1]) : -1;
            int low = len - i > 2 ? hex(s[i + 2]) : -1;

            if (high < 0 || low < 0) {
                bytes_free(&b);
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        b.data[b.len++] = c;
    }
    *out = b;
    return true;
}

/* The length of the well-formed character at s, 0 where there is none. */
static size_t utf8_char(const unsigned char *s, size_t len) {
    uint32_t point, least;
    size_t n;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        n = 2, point = s[0] & 0x1fU, least = 0x80;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        n = 3, point = s[0] & 0x0fU, least = 0x800;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        n = 4, point = s[0] & 0x07U, least = 0x10000;
    } else {
        return 0;
    }
    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (s[i] & 0x3fU);
    }
    return point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? 0 : n;
}

bool utf8_valid(const char *s, size_t len) {
    for (size_t i = 0; i < len;) {
        size_t n = utf8_char((const unsigned char *)s + i, len - i);

        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

void utf8_clean(struct bytes *b) {
    struct bytes clean = bytes_copy("", 0);

    for (size_t i = 0; i < b->len;) {
        size_t n = utf8_char((const unsigned char *)b->data + i, b->len - i);

        if (n == 0)
            bytes_append(&clean, "\xef\xbf\xbd", 3);
        else if (b->data[i] != '\0')
            bytes_append(&clean, b->data + i, n);
        i += n == 0 ? 1 : n;
    }
    bytes_free(b);
    *b = clean;
}

size_t utf8_prefix(const char *s, size_t len, size_t max) {
    size_t i = 0;

    for (size_t count = 0; i < len && count < max; count++) {
        size_t n = utf8_char((const unsigned char *)s + i, len - i);

        i += n == 0 ? 1 : n;
    }
    return i;
}

void html_append(struct bytes *b, const char *s, size_t len) {
    for (size_t i = 0; i < len; i++) {
        switch (s[i]) {
        case '&':
            bytes_append(b, "&amp;", 5);
            break;
        case '<':
            bytes_append(b, "&lt;", 4);
            break;
        case '>':
            bytes_append(b, "&gt;", 4);
            break;
        case '"':
            bytes_append(b, "&quot;", 6);
            break;
        default:
            bytes_append(b, s + i, 1);
        }
    }
}

bool parse_number(const char *s, long min, long max, long *out) {
    char *end = NULL;
    long n;

    if (!((*s >= '0' && *s <= '9') || (*s == '-' && s[1] >= '0' && s[1] <= '9')))
        return false;
    errno = 0;
    n = strtol(s, &end, 10);
    if (errno != 0 || *end != '\0' || n < min || n > max)
        return false;
    *out = n;
    return true;
}
