/* SPDX-License-Identifier: MIT
 *
 * Is a text one JSON document, from its first byte to its last? Asked before json-c sees it: what json-c calls strict
 * differs from release to release (0.18 refuses every byte beyond ASCII in a string, older ones stop at a zero byte and
 * say yes), and an answer that is refused may have been the only copy of a secret.
 *
 * So the grammar of RFC 8259 is held here, and json-c only builds the tree of what is known to be good. Stricter than
 * the RFC: valid UTF-8, bounded depth, and the names of an object are plain, different from each other and not too
 * many, so that no name can stand for another (json-c would let go of the first of two values unwiped). Looser: a
 * control character in a string need not be escaped, for to refuse it would only lose what it is in; a zero byte is
 * none, wherever it stands.
 */
#include "answer/answer.h"

#include <string.h>

#define NAMES_MAX 256 /* of one object; a receipt has fewer than 50 */

typedef struct scan {
    const char *p, *end;
    unsigned depth; /* that may still be entered */
} scan;

typedef struct name {
    const char *text;
    size_t len;
} name;

static bool value(scan *s);

static void skip_blanks(scan *s) {
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static bool next_is(const scan *s, char c) {
    return s->p < s->end && *s->p == c;
}

static bool skip(scan *s, char c) {
    if (!next_is(s, c))
        return false;
    s->p++;
    return true;
}

static bool word(scan *s, const char *expected) {
    size_t n = strlen(expected);

    if ((size_t)(s->end - s->p) < n || memcmp(s->p, expected, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool digits(scan *s) {
    const char *first = s->p;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > first;
}

static bool number(scan *s) {
    (void)skip(s, '-');
    if (!skip(s, '0') && !digits(s))
        return false;
    if (skip(s, '.') && !digits(s))
        return false;
    if (!next_is(s, 'e') && !next_is(s, 'E'))
        return true;
    s->p++;
    if (!skip(s, '+'))
        (void)skip(s, '-');
    return digits(s);
}

/* Behind the backslash. */
static bool escape(scan *s) {
    static const char hex[] = "0123456789abcdefABCDEF";
    char c = s->p < s->end ? *s->p++ : '\0';

    if (c != 'u')
        return c != '\0' && strchr("\"\\/bfnrt", c);
    for (int i = 0; i < 4; i++)
        if (s->p == s->end || !memchr(hex, *s->p++, sizeof hex - 1))
            return false;
    return true;
}

static bool string(scan *s) {
    if (!skip(s, '"'))
        return false;
    while (s->p < s->end && *s->p != '\0') {
        char c = *s->p++;

        if (c == '"')
            return true;
        if (c == '\\' && !escape(s))
            return false;
    }
    return false;
}

static bool is_new(const name *names, size_t n, const name *another) {
    for (size_t i = 0; i < n; i++)
        if (names[i].len == another->len && memcmp(names[i].text, another->text, another->len) == 0)
            return false;
    return true;
}

static bool members(scan *s) {
    name names[NAMES_MAX];
    size_t n = 0;

    do {
        skip_blanks(s);
        if (n == NAMES_MAX)
            return false;
        names[n].text = s->p;
        if (!string(s))
            return false;
        names[n].len = (size_t)(s->p - names[n].text);
        if (memchr(names[n].text, '\\', names[n].len) || !is_new(names, n, &names[n]))
            return false;
        n++;
        skip_blanks(s);
        if (!skip(s, ':') || !value(s))
            return false;
    } while (skip(s, ','));
    return skip(s, '}');
}

static bool elements(scan *s) {
    do {
        if (!value(s))
            return false;
    } while (skip(s, ','));
    return skip(s, ']');
}

/* Behind its first character. */
static bool level(scan *s, bool (*inside)(scan *s), char end) {
    bool good;

    if (s->depth == 0)
        return false;
    s->depth--;
    skip_blanks(s);
    good = skip(s, end) || inside(s);
    s->depth++;
    return good;
}

/* And the blanks around it. */
static bool value(scan *s) {
    bool good;

    skip_blanks(s);
    if (skip(s, '{'))
        good = level(s, members, '}');
    else if (skip(s, '['))
        good = level(s, elements, ']');
    else if (next_is(s, '"'))
        good = string(s);
    else
        good = word(s, "true") || word(s, "false") || word(s, "null") || number(s);
    skip_blanks(s);
    return good;
}

bool json_is_good(const char *text, size_t len) {
    scan s = {text, text + len, JSON_DEPTH_MAX};

    skip_blanks(&s);
    return (next_is(&s, '{') || next_is(&s, '[')) && value(&s) && s.p == s.end && utf8_valid(text, len);
}
