/* SPDX-License-Identifier: MIT
 *
 * Each line of the file is looked up once, and a file of 100,000 lines meets thousands of names: open addressing, at
 * most half full.
 */
#include "password/shadow_index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t hash_of(const char *key, size_t len) {
    uint32_t h = 2166136261U;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)key[i]) * 16777619U;
    return h;
}

shadow_slot *shadow_index_find(const shadow_index *x, const char *key, size_t len) {
    size_t i = hash_of(key, len) & x->mask;

    while (x->slots[i].item && (x->slots[i].len != len || memcmp(x->slots[i].key, key, len) != 0))
        i = (i + 1) & x->mask;
    return &x->slots[i];
}

bool shadow_index_make(shadow_index *x, size_t n) {
    x->len = 0;
    x->mask = 1;
    while (x->mask < 2 * n)
        x->mask = 2 * x->mask + 1;
    x->slots = calloc(x->mask + 1, sizeof *x->slots);
    return x->slots;
}

void shadow_index_free(shadow_index *x) {
    free(x->slots);
    x->slots = NULL;
}

void shadow_index_add(shadow_index *x, const char *key, void *item) {
    size_t len = strlen(key);
    shadow_slot *slot = shadow_index_find(x, key, len);

    if (slot->item)
        return;
    *slot = (shadow_slot){.item = item, .key = key, .len = len};
    x->len++;
}
