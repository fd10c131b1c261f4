/* SPDX-License-Identifier: MIT
 *
 * Is a hand-off over? The rule, as a function of what was seen; it looks at nothing itself.
 */
#ifndef OTSD_HOOK_DECIDE_H
#define OTSD_HOOK_DECIDE_H

#include "ledger/record.h"

typedef enum event {
    EVENT_AUTH,     /* somebody is about to give a password */
    EVENT_PASSWORD, /* the password was changed just now */
    EVENT_SESSION,  /* a session was opened */
    EVENT_SWEEP,    /* nothing happened: a look at what is */
} event;

typedef enum method {
    METHOD_UNKNOWN,
    METHOD_PASSWORD, /* password or keyboard-interactive was part of it */
    METHOD_KEY,
} method;

typedef struct situation {
    event event;
    method method;
    bool login_service; /* the PAM service is one where a session is the person's own login */
    bool key_counts;    /* configuration: a key login ends the hand-off */
    bool exists;        /* the account; false only where that is certain */
    bool same_uid;
    otsd_tri in_place;    /* is the generated password the account's? */
    otsd_tri must_change; /* does the account have to change it at its next login? */
    int64_t deadline, now;
} situation;

/* REASON_NONE: keep it. */
reason decide(const situation *s);
/* service and auth as the PAM module passes them: "sshd" and the methods that succeeded, joined by commas; either may
 * be NULL. A service that says nothing of methods is one with a password prompt, but for sshd, which always says. */
method method_of(const char *service, const char *auth);

#endif
