/* SPDX-License-Identifier: MIT */
#include "base/names.h"

#include <stdio.h>
#include <string.h>

const char *names_text(const name_table *n, long i) {
    return i >= 0 && (size_t)i < n->len ? n->texts[i] : NULL;
}

bool names_find(const name_table *n, const char *text, int *i) {
    for (size_t k = 0; text[0] && k < n->len; k++)
        if (n->texts[k] && strcmp(n->texts[k], text) == 0) {
            *i = (int)k;
            return true;
        }
    return false;
}

const char *names_list(const name_table *n, char *out, size_t size) {
    size_t used = 0;

    out[0] = '\0';
    for (size_t k = 0; k < n->len && used < size; k++)
        if (n->texts[k] && n->texts[k][0])
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", n->texts[k]);
    return out;
}
