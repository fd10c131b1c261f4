/* SPDX-License-Identifier: MIT
 *
 * Receipts, wherever they come from: the names of their states, and their end.
 */
#include "core/core.h"

#include <stdlib.h>

static const char *const state_names[] = {"unknown", "new", "viewed", "received", "burned", "expired", "orphaned"};

const char *otsd_state_name(otsd_state s) {
    return s >= OTSD_STATE_NEW && s <= OTSD_STATE_ORPHANED ? state_names[s] : state_names[0];
}

void otsd_receipt_free(otsd_receipt **p) {
    otsd_receipt *t;

    if (!p || !*p)
        return;
    t = *p;
    *p = NULL;
    free_wiped(t->metadata_key);
    free_wiped(t->secret_key);
    free_wiped(t->custid);
    free_wiped(t->share_domain);
    for (size_t i = 0; i < t->recipients_len; i++)
        free_wiped(t->recipients[i]);
    free(t->recipients);
    otsd_secret_free(&t->value);
    free(t);
}

void otsd_receipts_free(otsd_receipts **p) {
    otsd_receipts *list;

    if (!p || !*p)
        return;
    list = *p;
    *p = NULL;
    for (size_t i = 0; i < list->len; i++)
        otsd_receipt_free(&list->items[i]);
    free(list->items);
    free(list);
}
