/* SPDX-License-Identifier: MIT
 *
 * All that can be known of a provision before anything is asked of the server or changed.
 */
#ifndef OTSD_HOOK_PROVISION_CHECKS_H
#define OTSD_HOOK_PROVISION_CHECKS_H

#include "commands/provision_request.h"
#include "handoff/address.h"
#include "handoff/context.h"

/* What the checks found: what a hand-off is made of. */
typedef struct provision_facts {
    char user[USER_MAX + 1];      /* as the hand-off is filed, however the name was typed */
    char canonical[USER_MAX + 1]; /* as the name service has the account */
    int64_t uid;
    record old;             /* reissue: the open hand-off */
    int64_t changed_before; /* as in the record; of a reissue: as in the older one */
    bool local;             /* the account is in /etc/passwd */
    const char *recipient;  /* as given, as before, or made from the pattern; NULL: none */
    char made[ADDRESS_MAX];
    otsd_secret *passphrase; /* NULL: none */
} provision_facts;

/* Fills f; needs the context opened. On a failure nothing was changed. */
int provision_check(context *x, const provision_request *q, provision_facts *f, problem *p);
/* The same for what others may have changed meanwhile: the account and its hand-offs. */
int provision_check_again(context *x, const provision_request *q, provision_facts *f, problem *p);
/* Ends an earlier provision of user (as filed) whose answer was lost, and says what of it may be alive: the last thing
 * before a new one begins, when all else has been looked at. */
int provision_clear(context *x, const char *user, problem *p);
/* Wipes and frees. */
void provision_facts_end(provision_facts *f);

#endif
