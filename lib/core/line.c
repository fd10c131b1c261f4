/* SPDX-License-Identifier: MIT
 *
 * Lines for people. What stands in a message is partly ours and partly a server's, a directory's, a file's: after it is
 * formatted nobody can tell which is which. So all of it is cleaned, here and by no caller; and because a foreign text
 * can be as long as it likes, a line that is too long loses its middle and neither its beginning nor its end.
 */
#include "core/core.h"

#include <stdlib.h>
#include <string.h>

static const char gap[] = " [...] ";

/* The first byte of a character that begins at or behind text + at. */
static size_t border(const char *text, size_t at) {
    while (((unsigned char)text[at] & 0xC0U) == 0x80)
        at++;
    return at;
}

/* text is printable by now. */
static void fit(char *out, size_t size, const char *text) {
    size_t len = strlen(text), head, tail, room = (size - sizeof gap) / 2;

    if (len < size) {
        memcpy(out, text, len + 1);
        return;
    }
    for (head = room; ((unsigned char)text[head] & 0xC0U) == 0x80;)
        head--;
    tail = border(text, len - room);
    memcpy(out, text, head);
    memcpy(out + head, gap, sizeof gap - 1);
    memcpy(out + head + sizeof gap - 1, text + tail, len - tail + 1);
}

void text_line(char *out, size_t size, const char *format, va_list args) {
    char small[2048], *text = small;
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(small, sizeof small, format, args);
    if (len < 0)
        small[0] = '\0';
    if (len >= (int)sizeof small) {
        text = malloc((size_t)len + 1);
        if (text)
            vsnprintf(text, (size_t)len + 1, format, again);
        else
            text = small; /* then its end is lost */
    }
    va_end(again);
    /* In place: it never grows. */
    text_printable(text, strlen(text) + 1, text, strlen(text));
    fit(out, size, text);
    otsd_wipe(text, strlen(text)); /* a link may have been in it */
    if (text != small)
        free(text);
    otsd_wipe(small, sizeof small);
}
