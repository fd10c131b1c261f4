/* SPDX-License-Identifier: MIT
 *
 * Rate limits: so many events of a kind in twenty minutes, for each address and account.
 */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum limit { LIMIT_STATUS, LIMIT_CREATE, LIMIT_BURN, LIMIT_PASSPHRASE, LIMIT_MAIL };

struct lh_table;
struct limits {
    struct lh_table *counts;
};

void limits_init(struct limits *l);
void limits_free(struct limits *l);
/* Counts one event; true where there have been too many. */
bool limits_exceeded(struct limits *l, enum limit what, const char *address, const char *account, int64_t now);

#endif
