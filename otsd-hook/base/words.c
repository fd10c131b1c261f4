/* SPDX-License-Identifier: MIT */
#include "base/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/core.h"

const char *words_time(int64_t when, char *out) {
    time_t t = (time_t)when;
    struct tm tm;

    if (when <= 0 || !localtime_r(&t, &tm) || strftime(out, WORDS_MAX, "%Y-%m-%d %H:%M %Z", &tm) == 0)
        out[0] = '\0';
    return out;
}

const char *words_span(int64_t seconds, char *out) {
    static const struct {
        int64_t size;
        char name;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};

    for (size_t i = 0; i < 4; i++) {
        int64_t rest = i < 3 ? seconds % units[i].size / units[i + 1].size : 0;

        if (seconds < units[i].size)
            continue;
        if (rest > 0 && i < 2)
            snprintf(out, WORDS_MAX, "%" PRId64 "%c %" PRId64 "%c", seconds / units[i].size, units[i].name, rest,
                     units[i + 1].name);
        else
            snprintf(out, WORDS_MAX, "%" PRId64 "%c", seconds / units[i].size, units[i].name);
        return out;
    }
    snprintf(out, WORDS_MAX, "now");
    return out;
}

const char *words_masked(const char *address, char *out, size_t size) {
    const char *at = strrchr(address, '@'), *dot = at ? strrchr(at, '.') : NULL;

    size_t shown = at && at - address > 2 ? 2 : 1;

    /* No character is cut. */
    while (at && at > address && ((unsigned char)address[shown] & 0xc0) == 0x80)
        shown++;
    if (!at || at == address)
        snprintf(out, size, "%s", address[0] ? "***" : "");
    else
        snprintf(out, size, "%.*s***@%.*s***%s", (int)shown, address, (unsigned char)at[1] < 0x80 ? 1 : 0, at + 1,
                 dot ? dot : "");
    return out;
}

void words_print(const char *text, size_t len, FILE *f) {
    for (size_t n; len > 0; text += n, len -= n) {
        if (text_next(text, len, &n) == TEXT_HIDDEN)
            fputc('?', f);
        else
            fwrite(text, 1, n, f);
    }
}

const char *words_printable(const char *text, char *out, size_t size) {
    text_printable(out, size, text, strlen(text));
    return out;
}

size_t words_controls(const char *text, size_t len) {
    size_t found = 0;

    while (len > 0) {
        uint32_t c = 0;
        size_t n = utf8_decode(text, len, &c);

        if (n == 0)
            n = 1; /* no character */
        else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7F && c <= 0x9F))
            found++;
        text += n;
        len -= n;
    }
    return found;
}
