/* SPDX-License-Identifier: MIT
 *
 * Cuts a JSON array of objects into its elements while it arrives, in pieces of any size, so that a list of any length
 * is read in the memory of one element. What is between the elements is checked here, strictly; an element is whatever
 * stands between a brace and its counterpart outside of strings, and the parser that gets it says whether it is JSON.
 */
#include "answer/answer.h"

#include <string.h>

#define ELEMENT_MAX ((size_t)64 << 10)

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Between elements: true where c may stand here. */
static bool step_outside(array *a, char c) {
    switch (a->at) {
    case ARRAY_BEGIN:
        a->at = ARRAY_FIRST;
        return c == '[';
    case ARRAY_BETWEEN:
        a->at = c == ',' ? ARRAY_NEXT : ARRAY_CLOSED;
        return c == ',' || c == ']';
    case ARRAY_FIRST:
    case ARRAY_NEXT:
        if (c == ']' && a->at == ARRAY_FIRST) {
            a->at = ARRAY_CLOSED;
            return true;
        }
        a->at = ARRAY_INSIDE;
        return c == '{';
    default:
        return false;
    }
}

/* Length of what belongs to the element; a->at tells whether it ends there. */
static size_t span_inside(array *a, const char *p, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (a->escaped) {
            a->escaped = false;
        } else if (a->in_string) {
            a->escaped = p[i] == '\\';
            a->in_string = p[i] != '"';
        } else if (p[i] == '"') {
            a->in_string = true;
        } else if (p[i] == '{' || p[i] == '[') {
            a->depth++;
        } else if ((p[i] == '}' || p[i] == ']') && --a->depth == 0) {
            a->at = ARRAY_BETWEEN;
            return i + 1;
        }
    }
    return len;
}

array_verdict array_feed(array *a, const char **data, size_t *len) {
    size_t n;

    if (a->at == ARRAY_BETWEEN) /* the element that was handed out */
        a->element.len = 0;
    while (*len > 0) {
        if (a->at != ARRAY_INSIDE) {
            if (!is_blank(**data) && !step_outside(a, **data))
                return ARRAY_MALFORMED;
            if (a->at != ARRAY_INSIDE) {
                ++*data, --*len;
                continue;
            }
        }
        n = span_inside(a, *data, *len);
        if (n > ELEMENT_MAX - a->element.len)
            return ARRAY_TOO_LARGE;
        if (!wiped_append(&a->element, *data, n))
            return ARRAY_NO_MEMORY;
        *data += n;
        *len -= n;
        if (a->at == ARRAY_BETWEEN)
            return ARRAY_ELEMENT;
    }
    return ARRAY_MORE;
}

bool array_complete(const array *a) {
    return a->at == ARRAY_CLOSED;
}

void array_free(array *a) {
    wiped_free(&a->element);
    memset(a, 0, sizeof *a);
}
