/* SPDX-License-Identifier: MIT */
#include "batch/roster_split.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "batch/roster.h"

static const char *const names[COLUMN_COUNT] = {"user", "recipient", "ttl", "locale", "passphrase"};

column column_of(const char *name) {
    column c = COLUMN_USER;

    while (c < COLUMN_COUNT && strcmp(names[c], name) != 0)
        c++;
    return c;
}

__attribute__((format(printf, 2, 3))) static bool refuse(char *why, const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, WHY_MAX, fmt, ap);
    va_end(ap);
    return false;
}

/* The character at p of left bytes and its length; 0: it is not UTF-8 (too short, overlong, a surrogate, over
 * U+10FFFF). */
static size_t character(const unsigned char *p, size_t left, uint32_t *c) {
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

    if (n == 0 || n > left)
        return 0;
    *c = n == 1 ? p[0] : p[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0U) != 0x80)
            return 0;
        *c = *c << 6 | (p[i] & 0x3fU);
    }
    if ((n == 3 && (*c < 0x800 || (*c >= 0xd800 && *c < 0xe000))) || (n == 4 && (*c < 0x10000 || *c > 0x10ffff)))
        return 0;
    return n;
}

/* C0, DEL and C1: some terminals obey the last as they do ESC. */
static bool is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

bool line_check(const char *line, size_t len, bool tab, char *why) {
    if (len > ROSTER_LINE_MAX)
        return refuse(why, "longer than %zu bytes", ROSTER_LINE_MAX);
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = character((const unsigned char *)line + i, len - i, &c);

        if (n == 0)
            return refuse(why, "not valid UTF-8 (byte %zu)", i + 1);
        if (is_control(c) && !(tab && c == '\t'))
            return refuse(why, "has a control character (byte %zu: 0x%02x)", i + 1, (unsigned)c);
        i += n;
    }
    return true;
}

/* A quoted field that begins at p, to end; *next is where it is over. NULL: it is not in order. */
static char *csv_quoted(char *p, const char *end, char **next, char *why) {
    char *from = p + 1, *to = from, *field = from;

    for (; from < end; *to++ = *from++) {
        if (*from != '"')
            continue;
        if (from + 1 == end || from[1] == ',') {
            *next = from + 1;
            *to = '\0';
            return field;
        }
        if (from[1] != '"') {
            refuse(why, "text after a closing quote; a quote inside a quoted field is written twice");
            return NULL;
        }
        from++;
    }
    refuse(why, "a quoted field does not end in its line; a field may not contain a line break");
    return NULL;
}

bool csv_split(char *line, size_t len, char **fields, size_t max, size_t *count, char *why) {
    char *p = line, *end = line + len;

    for (*count = 0;; p++) {
        char *field = p, *next = memchr(p, ',', (size_t)(end - p));

        if (!next)
            next = end;
        if (p < end && *p == '"') {
            field = csv_quoted(p, end, &next, why);
            if (!field)
                return false;
        } else if (memchr(p, '"', (size_t)(next - p))) {
            return refuse(why,
                          "a quote in a field that is not quoted; put the field in quotes and write the quote twice");
        }
        if (*count < max)
            fields[*count] = field;
        ++*count;
        p = next;
        if (p == end)
            break;
        *p = '\0';
    }
    *end = '\0';
    return true;
}

typedef struct cursor {
    char *p;
    const char *end;
    char *why;
} cursor;

static void skip_blanks(cursor *c) {
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
        c->p++;
}

static bool skip(cursor *c, char expected) {
    skip_blanks(c);
    if (c->p == c->end || *c->p != expected)
        return false;
    c->p++;
    return true;
}

/* Four hex digits; UINT32_MAX where they are none. */
static uint32_t hex4(cursor *c) {
    uint32_t n = 0;

    if (c->end - c->p < 4)
        return UINT32_MAX;
    for (size_t i = 0; i < 4; i++, c->p++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *d = memchr(digits, *c->p, sizeof digits - 1);

        if (!d)
            return UINT32_MAX;
        n = n << 4 | ((uint32_t)(d - digits) & 15U);
    }
    return n;
}

/* What follows a backslash; UINT32_MAX: nothing that it may be. */
static uint32_t escaped(cursor *c) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *known = c->p < c->end ? memchr(from, *c->p, sizeof from - 1) : NULL;
    uint32_t high, low;

    if (known) {
        c->p++;
        return (unsigned char)to[known - from];
    }
    if (c->p == c->end || *c->p++ != 'u')
        return UINT32_MAX;
    high = hex4(c);
    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || c->end - c->p < 2 || c->p[0] != '\\' || c->p[1] != 'u')
        return UINT32_MAX;
    c->p += 2;
    low = hex4(c);
    return low < 0xdc00 || low > 0xdfff ? UINT32_MAX : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        } else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* Behind its opening quote. */
static char *json_string(cursor *c) {
    char *text = c->p, *to = text;

    while (c->p < c->end && *c->p != '"') {
        uint32_t u;

        if (*c->p != '\\') {
            if (*c->p == '\t')
                goto control;
            *to++ = *c->p++;
            continue;
        }
        c->p++;
        u = escaped(c);
        if (u == UINT32_MAX) {
            refuse(c->why, "not JSON: a backslash in a string with something behind it that it may not have");
            return NULL;
        }
        if (is_control(u))
            goto control;
        to = put_utf8(to, u);
    }
    if (c->p == c->end) {
        refuse(c->why, "not JSON: a string does not end in its line");
        return NULL;
    }
    c->p++;
    *to = '\0';
    return text;
control:
    refuse(c->why, "has a control character in a string");
    return NULL;
}

/* The value of a key: a string, null, and for a ttl whole seconds, too. */
static bool json_value(cursor *c, column key, char **value) {
    size_t len;

    skip_blanks(c);
    if (c->p < c->end && *c->p == '"') {
        c->p++;
        *value = json_string(c);
        return *value;
    }
    if (c->end - c->p >= 4 && memcmp(c->p, "null", 4) == 0) {
        c->p += 4;
        *value = NULL;
        return true;
    }
    for (len = 0; c->p + len < c->end && c->p[len] >= '0' && c->p[len] <= '9';)
        len++;
    if (key != COLUMN_TTL || len == 0 || (len > 1 && *c->p == '0'))
        return refuse(c->why, "the value of \"%s\" is not a string%s", names[key],
                      key == COLUMN_TTL ? " or a number of seconds" : "");
    /* One to the left, over the colon or a blank, to make room for the NUL. */
    *value = memmove(c->p - 1, c->p, len);
    (*value)[len] = '\0';
    c->p += len;
    return true;
}

static bool json_member(cursor *c, char *values[COLUMN_COUNT], unsigned *keys) {
    char *name;
    column key;

    if (!skip(c, '"'))
        return refuse(c->why, "not JSON: a key in quotes was expected");
    name = json_string(c);
    if (!name)
        return false;
    key = column_of(name);
    if (key == COLUMN_COUNT)
        return refuse(c->why, "unknown key \"%s\"; the keys are " COLUMN_LIST,
                      strlen(name) > 60 ? "(a long one)" : name);
    if (*keys & 1U << key)
        return refuse(c->why, "the key \"%s\" is there twice", name);
    *keys |= 1U << key;
    if (!skip(c, ':'))
        return refuse(c->why, "not JSON: a colon was expected behind \"%s\"", names[key]);
    return json_value(c, key, &values[key]);
}

bool json_split(char *line, size_t len, char *values[COLUMN_COUNT], unsigned *keys, char *why) {
    cursor c;

    c.p = line;
    c.end = line + len;
    c.why = why;
    memset(values, 0, COLUMN_COUNT * sizeof *values);
    *keys = 0;
    if (!skip(&c, '{'))
        return refuse(why, "not a JSON object");
    if (!skip(&c, '}')) {
        do {
            if (!json_member(&c, values, keys))
                return false;
        } while (skip(&c, ','));
        if (!skip(&c, '}'))
            return refuse(why,
                          "not JSON: a comma or a closing brace was expected; an object may not go over several lines");
    }
    skip_blanks(&c);
    if (c.p < c.end)
        return refuse(why, "text after the object");
    return true;
}
