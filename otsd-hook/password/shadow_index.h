/* SPDX-License-Identifier: MIT
 *
 * What a line of the shadow file is looked up by: a user's name, or a hash.
 */
#ifndef OTSD_HOOK_SHADOW_INDEX_H
#define OTSD_HOOK_SHADOW_INDEX_H

#include <stdbool.h>
#include <stddef.h>

typedef struct shadow_slot {
    void *item; /* NULL: nothing has this key */
    const char *key;
    size_t len;
    bool met; /* the caller's: of several lines of a name only the first one counts */
} shadow_slot;

typedef struct shadow_index {
    shadow_slot *slots;
    size_t mask, len;
} shadow_index;

/* Room for n. False: out of memory. */
bool shadow_index_make(shadow_index *x, size_t n);
void shadow_index_free(shadow_index *x);
/* Key and item are the caller's and have to stay. Of two with the same key the first one stays. */
void shadow_index_add(shadow_index *x, const char *key, void *item);
/* Its slot, or one without an item. */
shadow_slot *shadow_index_find(const shadow_index *x, const char *key, size_t len);

#endif
