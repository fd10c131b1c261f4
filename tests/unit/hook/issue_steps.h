/* SPDX-License-Identifier: MIT
 *
 * The steps of a hand-off as their tests take them: for alice, by an answer that fits.
 */
#ifndef TESTS_UNIT_ISSUE_STEPS_H
#define TESTS_UNIT_ISSUE_STEPS_H

#include "handoff/issue.h"
#include "handoff_world.h"

#define VALUE "Generated-1"
#define MASKED "al***@e***.com"

/* For an hour, mailed to alice@example.com. */
issue issue_of_alice(void);
/* The intent is written. */
void issue_begun(world *w, issue *i);
/* What the server answers; one at a time. Its value is to be freed, unless it is taken over. */
otsd_receipt *issue_receipt(int64_t ttl, int64_t secret_ttl, const char *value);
/* And answered. */
void issue_was_answered(world *w, issue *i);
record issue_on_disk(world *w, ledger_state s, const char *name);

#endif
