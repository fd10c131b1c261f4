/* SPDX-License-Identifier: MIT
 *
 * For unit tests of what lies in the ledger's directory: an empty one for each test, in a private_world().
 */
#ifndef TESTS_UNIT_LEDGER_WORLD_H
#define TESTS_UNIT_LEDGER_WORLD_H

#include "ledger/ledger.h"

extern ledger *l;

/* Setup and teardown of a test. */
int open_ledger(void **state);
int close_ledger(void **state);

#endif
