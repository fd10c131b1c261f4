/* SPDX-License-Identifier: MIT
 *
 * Some releases search the text for something like an address in ASCII, with a top-level domain of two to four letters;
 * one strips tags and case before, and takes longer ones; others want the whole that is left to be an address, in any
 * script. All show it masked, each in its own way.
 */
#include "recipient.h"

#include "bytes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(char c, const char *set) {
    return isalnum((unsigned char)c) || (c != '\0' && strchr(set, c));
}

static bool is_foreign(char c) {
    return (unsigned char)c >= 0x80;
}

static bool is_word(char c) {
    return is_one_of(c, "_") || is_foreign(c);
}

/* The last part of a domain: min to max letters, at the end of it? */
static const char *top_level(const char *domain, size_t len, size_t min, size_t max) {
    size_t n = 0;

    while (n < len && (isalpha((unsigned char)domain[len - n - 1]) || is_foreign(domain[len - n - 1])))
        n++;
    return n >= min && n <= max && n < len && domain[len - n - 1] == '.' ? domain + len - n - 1 : NULL;
}

/* Where a name that ends at the sign may begin: where a word does, or ends. */
static const char *name_start(const char *text, const char *at) {
    const char *start = at;

    while (start > text && is_one_of(start[-1], "._%+-"))
        start--;
    while (start < at && is_word(*start) == (start > text && is_word(start[-1])))
        start++;
    return start;
}

static enum recipient_verdict search(const char *text, size_t longest_top, char **address) {
    for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
        const char *start = name_start(text, at), *end = at + 1;
        const char *top;

        while (is_one_of(*end, ".-"))
            end++;
        while (end > at + 1 && !isalnum((unsigned char)end[-1]))
            end--;
        top = top_level(at + 1, (size_t)(end - at - 1), 2, longest_top);
        if (start < at && top && top > at + 1) {
            *address = must_format("%.*s", (int)(end - start), start);
            return RECIPIENT_GOOD;
        }
    }
    return RECIPIENT_NONE;
}

static bool plausible(const char *s) {
    const char *at = strchr(s, '@');

    if (!at || at == s || strchr(at + 1, '@') || strlen(s) > 254)
        return false;
    for (const char *p = s; p < at; p++) {
        if (!is_one_of(*p, "._%+-'/=?^`{|}~!#$&*") && !is_foreign(*p))
            return false;
    }
    for (const char *p = at + 1; *p != '\0'; p++) {
        if ((!is_one_of(*p, ".-") && !is_foreign(*p)) || (*p == '.' && (p == at + 1 || p[1] == '.' || p[1] == '\0')))
            return false;
    }
    return top_level(at + 1, strlen(at + 1), 2, 63);
}

/* Malloced: without tags, blanks around it, and capitals. */
static char *sanitized(const char *text) {
    struct bytes b = {must_alloc(1), 0};
    size_t start;
    char *clean;

    for (const char *p = text; *p != '\0'; p++) {
        const char *close = *p == '<' ? strchr(p, '>') : NULL;
        char lower;

        if (close) {
            p = close;
            continue;
        }
        lower = (char)tolower((unsigned char)*p);
        bytes_append(&b, &lower, 1);
    }
    start = strspn(b.data, " \t\r\n");
    while (b.len > start && isspace((unsigned char)b.data[b.len - 1]))
        b.data[--b.len] = '\0';
    clean = must_copy(b.data + start);
    bytes_free(&b);
    return clean;
}

enum recipient_verdict recipient_read(enum recipient_habit habit, const char *text, char **address) {
    enum recipient_verdict verdict;
    char *clean;

    *address = NULL;
    if (*text == '\0')
        return RECIPIENT_NONE;
    if (habit == RECIPIENT_SEARCHED)
        return search(text, 4, address);
    clean = sanitized(text);
    if (habit == RECIPIENT_STRICT) {
        *address = clean;
        return plausible(clean) ? RECIPIENT_GOOD : RECIPIENT_UNDELIVERABLE;
    }
    verdict = search(clean, 63, address);
    free(clean);
    return verdict;
}

static bool is_ascii(const char *s) {
    while (*s != '\0' && !is_foreign(*s))
        s++;
    return *s == '\0';
}

char *recipient_mask(enum mask_habit habit, const char *address) {
    const char *stars = habit == MASK_FIVE ? "*****" : "***";
    const char *at = strchr(address, '@');
    const char *top = strrchr(at, '.');
    const char *start = address;
    int shown;

    if (habit == MASK_FIVE) {
        /* The pattern does not know "+": what stands before the last one stays in the clear. */
        for (const char *p = address; p < at; p++) {
            if (*p == '+')
                start = p + 1;
        }
    }
    if (habit == MASK_THREE_ASCII && !is_ascii(address))
        return must_copy(address);
    shown = (int)utf8_prefix(start, (size_t)(at - start), 2);
    return must_format("%.*s%.*s%s@%.*s%s%s", (int)(start - address), address, shown, start, stars,
                       (int)utf8_prefix(at + 1, strlen(at + 1), 1), at + 1, stars, top);
}
