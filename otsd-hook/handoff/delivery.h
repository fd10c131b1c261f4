/* SPDX-License-Identifier: MIT
 *
 * What the server answered to a generate, held against what was asked of it: the value, who is mailed, the passphrase.
 * An answer that does not fit is not handed over, for the account would get a password that its owner cannot learn, or
 * that somebody else can.
 */
#ifndef OTSD_HOOK_DELIVERY_H
#define OTSD_HOOK_DELIVERY_H

#include "base/problem.h"

typedef struct delivery_terms {
    const char *user;      /* for the message */
    const char *recipient; /* NULL: nobody is to be mailed */
    bool passphrase;       /* one was asked for */
    long min_length;       /* characters of the value */
} delivery_terms;

/* EX_OK: it fits. EX_DATAERR: the server will not mail this address. EX_PROTOCOL: anything else that was not asked for.
 * Looks at nothing but its arguments. */
int delivery_check(const delivery_terms *asked, const otsd_receipt *t, problem *p);

#endif
