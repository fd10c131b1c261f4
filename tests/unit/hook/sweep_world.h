/* SPDX-License-Identifier: MIT
 *
 * For tests of whole sweeps: alice, bob and carol with generated passwords and hand-offs of all kinds.
 */
#ifndef TESTS_UNIT_SWEEP_WORLD_H
#define TESTS_UNIT_SWEEP_WORLD_H

#include "handoff_world.h"

#define HASH "$5$a$generated"
#define BURN "POST /api/v1/private/" WORLD_KEY "/burn"
#define FETCH "GET /api/v1/private/" WORLD_KEY " "

extern world w;

/* As world_open, with the generated passwords in the shadow file. */
void open_world(const char *more, const struct step *steps, size_t n);
/* A sweep with this option, or none, held against its exit code: what it said. */
const char *sweep_with(const char *option, int expected);

/* The record of alice, bob or carol by number: made so many seconds ago, with an hour to live, its link longer. */
record of(unsigned who, int64_t age);
void put(ledger_state s, const record *r);
void put_pending(unsigned who, int64_t age);
/* Its burn is owed. The longer its link has to live the sooner it is paid. */
void put_owed(unsigned who, int64_t granted);
void put_shadow(void);

record on_disk(ledger_state s, const char *name);
bool is_there(ledger_state s, const char *name);
void assert_shadow(const char *beginning);
/* Holds that so many lines of the audit log have this in them. */
void assert_audit(const char *part, unsigned lines);

#endif
