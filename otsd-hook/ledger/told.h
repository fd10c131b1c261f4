/* SPDX-License-Identifier: MIT
 *
 * What people are told of the ends of hand-offs: whole clauses, each in one place, which can be translated. What
 * programs read are the words of record.h, which cannot.
 */
#ifndef OTSD_HOOK_TOLD_H
#define OTSD_HOOK_TOLD_H

#include "ledger/record.h"

/* "the password was changed"; "the reason is not known" for REASON_NONE and what is out of range. */
const char *reason_told(reason r);
/* "the link was never opened, and is burned". OUTCOME_NONE and what is out of range: "what became of the link is not
 * known". */
const char *outcome_told(outcome o);

#endif
