/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

static const char border[] = "=====\n";

_Noreturn void fuzz_broken(const char *what, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

bool piece_next(piece *rest, piece *out) {
    const char *end;

    *out = *rest;
    if (!rest->text)
        return false;
    for (const char *at = rest->text; (end = memmem(at, rest->len - (size_t)(at - rest->text), border, 6));
         at = end + 1)
        if (end == rest->text || end[-1] == '\n') {
            out->len = (size_t)(end - rest->text);
            rest->len -= out->len + 6;
            rest->text = end + 6;
            return true;
        }
    *rest = (piece){NULL, 0};
    return true;
}

piece piece_line(piece *rest) {
    const char *end = rest->len > 0 ? memchr(rest->text, '\n', rest->len) : NULL;
    piece line = {rest->text, end ? (size_t)(end - rest->text) : rest->len};

    rest->text = end ? end + 1 : rest->text + rest->len;
    rest->len -= line.len + (end ? 1 : 0);
    return line;
}

char *piece_string(piece p) {
    size_t n = p.len > 0 ? strnlen(p.text, p.len) : 0;
    char *copy = malloc(n + 1);

    HOLDS(copy);
    if (n > 0)
        memcpy(copy, p.text, n);
    copy[n] = '\0';
    return copy;
}

bool is_printable(const char *text) {
    size_t n;

    for (; *text; text += n)
        if (text_next(text, strlen(text), &n) == TEXT_HIDDEN)
            return false;
    return true;
}
