/* SPDX-License-Identifier: MIT
 *
 * Rate limits: so many events of a kind in twenty minutes, for each address and account. How many is the release's.
 */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum limit {
    LIMIT_STATUS,
    LIMIT_CREATE, /* anonymous */
    LIMIT_CREATE_ACCOUNT,
    LIMIT_BURN,
    LIMIT_PASSPHRASE, /* wrong ones */
    LIMIT_MAIL,
    LIMIT_COUNT
};

struct lh_table;
struct limits {
    struct lh_table *counts;
};

void limits_init(struct limits *l);
void limits_free(struct limits *l);
/* Counts one event; true where there have been more than allowed. */
bool limits_exceeded(struct limits *l, enum limit what, unsigned allowed, const char *address, const char *account,
                     int64_t now);

#endif
