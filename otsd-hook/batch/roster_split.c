/* SPDX-License-Identifier: MIT */
#include "batch/roster_split.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "batch/roster.h"
#include "core/core.h"

static const char *const column_texts[COLUMN_COUNT] = {
    [COLUMN_USER] = "user",     [COLUMN_RECIPIENT] = "recipient",   [COLUMN_TTL] = "ttl",
    [COLUMN_LOCALE] = "locale", [COLUMN_PASSPHRASE] = "passphrase",
};
static const name_table columns = NAMES_OF(column_texts);

column column_of(const char *name) {
    int c = COLUMN_COUNT;

    (void)names_find(&columns, name, &c); /* where there is none it stays COLUMN_COUNT */
    return (column)c;
}

const char *column_name(column c) {
    return names_text(&columns, (int)c);
}

bool split_refuse(char *why, const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, WHY_MAX, fmt, ap);
    va_end(ap);
    return false;
}

bool split_is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

bool line_check(const char *line, size_t len, bool tab, char *why) {
    if (len > ROSTER_LINE_MAX)
        return split_refuse(why, "longer than %zu bytes", ROSTER_LINE_MAX);
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = utf8_decode(line + i, len - i, &c);

        if (n == 0)
            return split_refuse(why, "not valid UTF-8 (byte %zu)", i + 1);
        if (split_is_control(c) && !(tab && c == '\t'))
            return split_refuse(why, "has a control character (byte %zu: 0x%02x)", i + 1, (unsigned)c);
        i += n;
    }
    return true;
}
