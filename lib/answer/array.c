/* SPDX-License-Identifier: MIT
 *
 * Cuts a JSON array of objects into its elements while it arrives, in pieces of any size, so that a list of any length
 * is read in the memory of one element. What is between the elements is checked here, strictly; an element is whatever
 * stands between a brace and its counterpart outside of strings, and the parser that gets it says whether it is JSON.
 *
 * Where the array is a member of an object, that object's other members are passed over, however long: they are looked
 * at as far as it takes to know where they end. There MUST be one member of that name, and nothing behind the object.
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

/* Inside of an object or an array: true where c is the bracket at its end. */
static bool step_inside(array *a, char c) {
    if (a->escaped) {
        a->escaped = false;
    } else if (a->in_string) {
        a->escaped = c == '\\';
        a->in_string = c != '"';
    } else if (c == '"') {
        a->in_string = true;
    } else if (c == '{' || c == '[') {
        a->depth++;
    } else if (c == '}' || c == ']') {
        return --a->depth == 0;
    }
    return false;
}

/* Length of what belongs to the element; a->at tells whether it ends there. */
static size_t span_inside(array *a, const char *p, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (step_inside(a, p[i])) {
            a->at = ARRAY_BETWEEN;
            return i + 1;
        }
    }
    return len;
}

/* In a member's name, behind its first quote. An escape is none that is looked for. */
static void step_name(array *a, char c) {
    size_t wanted = strlen(a->member);

    if (a->escaped || c == '\\') {
        a->escaped = !a->escaped;
        a->matched = wanted + 1;
    } else if (c == '"') {
        a->around = AROUND_COLON;
        a->is_list = a->matched == wanted;
    } else {
        a->matched = a->matched < wanted && c == a->member[a->matched] ? a->matched + 1 : wanted + 1;
    }
}

/* The first character of a member's value. */
static bool begin_value(array *a, char c) {
    if (a->is_list) {
        a->around = AROUND_LIST;
        return a->at == ARRAY_BEGIN && step_outside(a, c);
    }
    a->around = AROUND_VALUE;
    (void)step_inside(a, c); /* no bracket ends here */
    return !strchr(",:}]", c);
}

/* Behind a member, or its last character where no bracket and no quote ends it. */
static bool end_member(array *a, char c) {
    a->around = c == ',' ? AROUND_NAME : AROUND_CLOSED;
    a->matched = 0;
    return c == ',' || c == '}';
}

/* Around the list: true where c may stand here. */
static bool step_around(array *a, char c) {
    switch (a->around) {
    case AROUND_BEGIN:
        if (c == '{')
            a->around = AROUND_FIRST;
        return c == '{' || is_blank(c);
    case AROUND_FIRST:
    case AROUND_NAME:
        if (c == '}' && a->around == AROUND_FIRST)
            a->around = AROUND_CLOSED;
        else if (c == '"')
            a->around = AROUND_IN_NAME;
        return c == '}' ? a->around == AROUND_CLOSED : c == '"' || is_blank(c);
    case AROUND_IN_NAME:
        step_name(a, c);
        return true;
    case AROUND_COLON:
        if (c == ':')
            a->around = AROUND_BEFORE;
        return c == ':' || is_blank(c);
    case AROUND_BEFORE:
        return is_blank(c) || begin_value(a, c);
    case AROUND_VALUE:
        if (a->depth == 0 && !a->in_string && (c == ',' || c == '}'))
            return end_member(a, c);
        if (a->depth == 0 && !a->in_string && strchr(":]{[", c))
            return false;
        (void)step_inside(a, c); /* what ends there is the value, and a comma or a brace follows */
        return true;
    case AROUND_LIST:
        return is_blank(c) || end_member(a, c);
    default:
        return is_blank(c);
    }
}

/* Where the characters of the list stand: all of them do where it is no member. */
static bool is_around(const array *a) {
    return a->member && (a->around != AROUND_LIST || a->at == ARRAY_CLOSED);
}

array_verdict array_feed(array *a, const char **data, size_t *len) {
    size_t n;

    if (a->at == ARRAY_BETWEEN) /* the element that was handed out */
        a->element.len = 0;
    while (*len > 0) {
        if (is_around(a)) {
            if (!step_around(a, **data))
                return ARRAY_MALFORMED;
            ++*data, --*len;
            continue;
        }
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
    return a->at == ARRAY_CLOSED && (!a->member || a->around == AROUND_CLOSED);
}

void array_free(array *a) {
    wiped_free(&a->element);
    memset(a, 0, sizeof *a);
}
