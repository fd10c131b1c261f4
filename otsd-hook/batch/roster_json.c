/* SPDX-License-Identifier: MIT
 *
 * One line of JSON, an object of our keys. It is read here and not by json-c, which copies, and which takes the last of
 * two equal keys in silence.
 */
#include <stdint.h>
#include <string.h>

#include "batch/roster_split.h"

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
            split_refuse(c->why, "not JSON: a backslash in a string with something behind it that it may not have");
            return NULL;
        }
        if (split_is_control(u))
            goto control;
        to = put_utf8(to, u);
    }
    if (c->p == c->end) {
        split_refuse(c->why, "not JSON: a string does not end in its line");
        return NULL;
    }
    c->p++;
    *to = '\0';
    return text;
control:
    split_refuse(c->why, "has a control character in a string");
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
        return split_refuse(c->why, "the value of \"%s\" is not a string%s", column_name(key),
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
        return split_refuse(c->why, "not JSON: a key in quotes was expected");
    name = json_string(c);
    if (!name)
        return false;
    key = column_of(name);
    if (key == COLUMN_COUNT)
        return split_refuse(c->why, "unknown key \"%s\"; the keys are " COLUMN_LIST,
                            strlen(name) > 60 ? "(a long one)" : name);
    if (*keys & 1U << key)
        return split_refuse(c->why, "the key \"%s\" is there twice", name);
    *keys |= 1U << key;
    if (!skip(c, ':'))
        return split_refuse(c->why, "not JSON: a colon was expected behind \"%s\"", column_name(key));
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
        return split_refuse(why, "not a JSON object");
    if (!skip(&c, '}')) {
        do {
            if (!json_member(&c, values, keys))
                return false;
        } while (skip(&c, ','));
        if (!skip(&c, '}'))
            return split_refuse(
                why, "not JSON: a comma or a closing brace was expected; an object may not go over several lines");
    }
    skip_blanks(&c);
    if (c.p < c.end)
        return split_refuse(why, "text after the object");
    return true;
}
