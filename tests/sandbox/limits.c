/* SPDX-License-Identifier: MIT
 *
 * Rate limits, in fixed windows that begin with the first event.
 */
#include "limits.h"

#include "bytes.h"

#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define WINDOW 1200

struct count {
    char *key;
    int64_t since;
    unsigned n;
};

static void free_entry(struct lh_entry *e) {
    struct count *c = lh_entry_v(e);

    free(c->key);
    free(c);
}

void limits_init(struct limits *l) {
    l->counts = lh_kchar_table_new(64, free_entry);
    if (!l->counts) {
        fputs("otsd-sandbox: out of memory\n", stderr);
        exit(EX_OSERR);
    }
}

void limits_free(struct limits *l) {
    lh_table_free(l->counts);
}

bool limits_exceeded(struct limits *l, enum limit what, unsigned allowed, const char *address, const char *account,
                     int64_t now) {
    char *key = must_format("%d %s %s", (int)what, address, account);
    void *found = NULL;
    struct count *c;

    if (lh_table_lookup_ex(l->counts, key, &found)) {
        c = found;
        free(key);
    } else {
        c = must_alloc(sizeof *c);
        *c = (struct count){key, now, 0};
        if (lh_table_insert(l->counts, key, c) != 0) {
            fputs("otsd-sandbox: out of memory\n", stderr);
            exit(EX_OSERR);
        }
    }
    if (now - c->since >= WINDOW)
        *c = (struct count){c->key, now, 0};
    if (c->n < allowed) {
        c->n++;
        return false;
    }
    return true;
}
