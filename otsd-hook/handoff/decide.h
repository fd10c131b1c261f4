/* SPDX-License-Identifier: MIT
 *
 * Is a hand-off over? The rule, as a function of what was seen; it looks at nothing itself.
 *
 * Unknown ends nothing: what could not be read or asked is neither yes nor no, and the only exit from it is to look
 * again. A deadline that has certainly passed is no unknown, whatever else is; what it ends is the generated password
 * alone, which is looked for by its hash. Where nobody can ever look, a lock would hit whoever has changed the password
 * elsewhere: such a hand-off stays open, and is told of, until somebody says how it ended.
 */
#ifndef OTSD_HOOK_DECIDE_H
#define OTSD_HOOK_DECIDE_H

#include "ledger/record.h"

typedef enum event {
    EVENT_AUTH,     /* somebody has given a password */
    EVENT_PASSWORD, /* a password change came by, and nobody knows yet how it ended */
    EVENT_CHANGED,  /* the program says that the password was changed */
    EVENT_SESSION,  /* a session was opened */
    EVENT_SWEEP,    /* nothing happened: a look at what is */
} event;

typedef enum method {
    METHOD_UNKNOWN,
    METHOD_PASSWORD, /* a password was asked for */
    METHOD_KEY,
} method;

typedef struct situation {
    event event;
    method method;
    bool login_service; /* the PAM service is one where a session is the person's own login */
    bool key_counts;    /* configuration: a key login ends the hand-off */
    reason noted;       /* why it was to end already; REASON_NONE */
    otsd_tri exists;    /* the account */
    bool missed;        /* where that is unknown: the name service answered that there is none, which proves nothing */
    bool same_uid;      /* where it exists */
    bool can_tell;      /* there is somebody who knows whether the password is in place, though perhaps not now */
    otsd_tri in_place;  /* is the generated password the account's? */
    bool dead;          /* where it is not: what stands there can be nobody's password, as after a lock of ours */
    otsd_tri must_change; /* does the account have to change it at its next login? */
    bool to_change;       /* where nobody can look: so it was to be, when it was set */
    otsd_tri over;        /* has the deadline passed? */
    bool lock_unseen;     /* configuration: where nobody can look, the deadline locks all the same */
} situation;

/* REASON_NONE: keep it. */
reason decide(const situation *s);
/* Is it kept although its time is over, because nobody can look whose password it is by now? */
bool decide_unseen(const situation *s);

/* A name service says "there is none" during an outage, too. An account that it alone knew is gone once so many sweeps
 * of the timer in a row have missed it, over so many seconds. */
#define GONE_SWEEPS 3
#define GONE_SECONDS (6 * 3600)
bool decide_gone(int64_t sweeps, int64_t seconds);

/* auth: the methods that succeeded, joined by commas, as sshd tells them; NULL or "" from everybody else. asked: the
 * authentication asked for a password. Neither alone is a password login where sshd speaks: keyboard-interactive may
 * have asked for something else, and a password may have been asked for in a try that failed. */
method method_of(const char *auth, bool asked);

#endif
