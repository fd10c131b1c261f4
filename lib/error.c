/* SPDX-License-Identifier: MIT
 *
 * Errors, and the cleaning of text that came from a server or a file before it gets into one: a message is one line of
 * valid, printable UTF-8, whatever the other side sent.
 */
#include "private.h"

#include <stdarg.h>
#include <string.h>

const char *otsd_strerror(otsd_err code) {
    switch (code) {
    case OTSD_OK:
        return "no error";
    case OTSD_ERR_ARGUMENT:
        return "invalid argument";
    case OTSD_ERR_CONFIG:
        return "configuration error";
    case OTSD_ERR_MEMORY:
        return "out of memory, or of lockable memory";
    case OTSD_ERR_CREDENTIALS:
        return "credentials not accepted";
    case OTSD_ERR_GONE:
        return "gone";
    case OTSD_ERR_REFUSED:
        return "refused by the server";
    case OTSD_ERR_RATE_LIMITED:
        return "rate limited";
    case OTSD_ERR_SERVER:
        return "server trouble";
    case OTSD_ERR_NOT_V1:
        return "not a Onetime Secret v1 server";
    case OTSD_ERR_TIMEOUT:
        return "timeout";
    case OTSD_ERR_TLS:
        return "TLS failure";
    case OTSD_ERR_CONNECTION:
        return "connection failure";
    case OTSD_ERR_ANSWER:
        return "malformed answer";
    }
    return "unknown error";
}

size_t utf8_sequence(const char *text, size_t len) {
    const unsigned char *p = (const unsigned char *)text;
    size_t n, i;
    unsigned long c;

    if (len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        n = 2;
    else if ((p[0] & 0xF0) == 0xE0)
        n = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        n = 4;
    else
        return 0;
    if (n > len)
        return 0;
    c = p[0] & (0xFFU >> (n + 1));
    for (i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3FU);
    }
    /* overlong, surrogate, beyond Unicode */
    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
        return 0;
    return n;
}

bool utf8_valid(const char *p, size_t len) {
    while (len > 0) {
        size_t n = utf8_sequence(p, len);

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
        size_t n = utf8_sequence(text, len);
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

__attribute__((format(printf, 4, 0))) static void fill(otsd_error *e, otsd_err code, otsd_reach reach,
                                                       const char *format, va_list args) {
    char raw[2 * sizeof e->message];

    if (vsnprintf(raw, sizeof raw, format, args) < 0)
        raw[0] = '\0';
    e->code = code;
    e->reach = reach;
    e->http_status = 0;
    e->retry_after = 0;
    text_printable(e->message, sizeof e->message, raw, strlen(raw));
}

otsd_err error_set(otsd_error *e, otsd_err code, otsd_reach reach, const char *format, ...) {
    va_list args;

    if (e != NULL) {
        va_start(args, format);
        fill(e, code, reach, format, args);
        va_end(args);
    }
    return code;
}

otsd_err error_local(otsd_error *e, otsd_err code, const char *format, ...) {
    va_list args;

    if (e != NULL) {
        va_start(args, format);
        fill(e, code, OTSD_REACH_NO, format, args);
        va_end(args);
    }
    return code;
}
