/* SPDX-License-Identifier: MIT
 *
 * What people are told of the ends of hand-offs: whole clauses, each in one place, which can be translated. What
 * programs read are the words of record.h, which cannot.
 */
#ifndef OTSD_HOOK_TOLD_H
#define OTSD_HOOK_TOLD_H

#include "ledger/record.h"

/* "the password was changed"; REASON_NONE: "it is open". */
const char *reason_told(reason r);
/* "the link was never opened, and is burned"; claims no more than was proved. OUTCOME_NONE: "the burn is owed". */
const char *outcome_told(outcome o);

#endif
