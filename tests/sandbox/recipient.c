/* SPDX-License-Identifier: MIT
 *
 * Some releases search the text for something like an address with a top-level domain of two to four letters; others
 * strip tags and case and then want the whole to be one. All show it masked, each in its own way.
 */
#include "recipient.h"

#include "bytes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(char c, const char *set) {
    return isalnum((unsigned char)c) || (c != '\0' && strchr(set, c));
}

/* The last part of a domain: 2 to 4 letters, at the end of it? */
static const char *top_level(const char *domain, size_t len, size_t min, size_t max) {
    size_t n = 0;

    while (n < len && isalpha((unsigned char)domain[len - n - 1]))
        n++;
    return n >= min && n <= max && n < len && domain[len - n - 1] == '.' ? domain + len - n - 1 : NULL;
}

static enum recipient_verdict search(const char *text, char **address) {
    for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
        const char *start = at, *end = at + 1;
        const char *top;

        while (start > text && is_one_of(start[-1], "._%+-"))
            start--;
        while (is_one_of(*end, ".-"))
            end++;
        while (end > at + 1 && !isalnum((unsigned char)end[-1]))
            end--;
        top = top_level(at + 1, (size_t)(end - at - 1), 2, 4);
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
        if (!is_one_of(*p, "._%+-'/=?^`{|}~!#$&*"))
            return false;
    }
    for (const char *p = at + 1; *p != '\0'; p++) {
        if (!is_one_of(*p, ".-") || (*p == '.' && (p == at + 1 || p[1] == '.' || p[1] == '\0')))
            return false;
    }
    return top_level(at + 1, strlen(at + 1), 2, 63);
}

static enum recipient_verdict read_whole(const char *text, size_t len, char **address) {
    struct bytes b = {must_alloc(1), 0};
    size_t start;

    for (const char *p = text; p < text + len; p++) {
        const char *close = *p == '<' ? memchr(p, '>', (size_t)(text + len - p)) : NULL;
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
    *address = must_copy(b.data + start);
    bytes_free(&b);
    return plausible(*address) ? RECIPIENT_GOOD : RECIPIENT_UNDELIVERABLE;
}

/* The first of those between commas that is an address. */
static enum recipient_verdict sift(const char *text, char **address) {
    for (const char *p = text;; p++) {
        size_t len = strcspn(p, ",");

        if (read_whole(p, len, address) == RECIPIENT_GOOD)
            return RECIPIENT_GOOD;
        free(*address);
        *address = NULL;
        p += len;
        if (*p == '\0')
            return RECIPIENT_NONE;
    }
}

enum recipient_verdict recipient_read(enum recipient_habit habit, const char *text, char **address) {
    *address = NULL;
    if (*text == '\0')
        return RECIPIENT_NONE;
    if (habit == RECIPIENT_SEARCHED)
        return search(text, address);
    if (habit == RECIPIENT_STRICT)
        return read_whole(text, strlen(text), address);
    return sift(text, address);
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
    shown = at - start < 2 ? (int)(at - start) : 2;
    return must_format("%.*s%.*s%s@%c%s%s", (int)(start - address), address, shown, start, stars, at[1], stars, top);
}
