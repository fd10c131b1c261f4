/* SPDX-License-Identifier: MIT
 *
 * Memory for what is too large or too short-lived to be locked: request and answer bodies. It is wiped when it moves
 * and when it is freed, so that no copy stays in the heap.
 */
#include "core/core.h"

#include <stdlib.h>
#include <string.h>

void otsd_wipe(void *p, size_t len) {
    if (p && len > 0)
        explicit_bzero(p, len);
}

bool wiped_append(wiped *w, const void *data, size_t len) {
    if (len >= w->size - w->len || !w->data) {
        size_t size = w->size < 2048 ? 2048 : w->size;
        char *larger;

        while (size - w->len <= len) {
            if (size > SIZE_MAX / 4)
                return false;
            size *= 2;
        }
        larger = malloc(size);
        if (!larger)
            return false;
        if (w->data)
            memcpy(larger, w->data, w->len);
        otsd_wipe(w->data, w->size);
        free(w->data);
        w->data = larger;
        w->size = size;
    }
    if (len > 0)
        memcpy(w->data + w->len, data, len);
    w->len += len;
    w->data[w->len] = '\0';
    return true;
}

bool wiped_append_string(wiped *w, const char *s) {
    return wiped_append(w, s, strlen(s));
}

void wiped_free(wiped *w) {
    otsd_wipe(w->data, w->size);
    free(w->data);
    memset(w, 0, sizeof *w);
}

void free_wiped(char *s) {
    if (s)
        otsd_wipe(s, strlen(s));
    free(s);
}
