/* SPDX-License-Identifier: MIT
 *
 * Only what is over is told of. So where nothing is noted (a full disk kept the reason from the record, another version
 * wrote the line), it is not known, and never "open" or "owed".
 *
 * No clause claims more than an answer proved: a server that no longer knows a link has not said that it is dead.
 */
#include "ledger/told.h"

static const char *const reasons[REASON_COUNT] = {
    [REASON_NONE] = "the reason is not known",
    [REASON_CHANGED] = "the password was changed",
    [REASON_LOGIN] = "the password was used to log in",
    [REASON_KEY_LOGIN] = "a key was used to log in",
    [REASON_DEADLINE] = "the deadline has passed",
    [REASON_REVOKED] = "it was revoked",
    [REASON_REISSUED] = "it was issued anew",
    [REASON_GONE] = "the account is gone",
    [REASON_UID] = "the name belongs to another account",
    [REASON_ABORTED] = "the provision did not finish",
    [REASON_ARRIVED] = "the person has arrived, as the administrator says",
};

static const char *const outcomes[OUTCOME_COUNT] = {
    [OUTCOME_NONE] = "what became of the link is not known",
    [OUTCOME_BURNED] = "the link was never opened, and is burned",
    [OUTCOME_OPENED] = "the link was opened",
    [OUTCOME_EXPIRED] = "the link expired unopened",
    [OUTCOME_UNKNOWN] = "nobody can say any more what became of the link",
};

const char *reason_told(reason r) {
    return (unsigned)r < REASON_COUNT ? reasons[r] : reasons[REASON_NONE];
}

const char *outcome_told(outcome o) {
    return (unsigned)o < OUTCOME_COUNT ? outcomes[o] : outcomes[OUTCOME_NONE];
}
