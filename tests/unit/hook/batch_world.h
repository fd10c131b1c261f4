/* SPDX-License-Identifier: MIT
 *
 * A batch of some users in the world of handoff_world.h, for the tests of its parts.
 */
#ifndef TESTS_UNIT_BATCH_WORLD_H
#define TESTS_UNIT_BATCH_WORLD_H

#include "batch/accounts.h"
#include "handoff_world.h"

#define BATCH_LINES_MAX 16 /* users */
#define BATCH_REPORT "/var/lib/report.csv"

/* Of these users, without mail, with a report, one request at a time. One batch at a time; its lines
 * stand from 2 on. */
void batch_begin(batch *b, world *w, const char *const *users, size_t n);
/* The line of a user, to be changed. */
roster_line *batch_line(size_t i);
void batch_end(batch *b);
/* Holds that the report has this in it. */
void batch_end_with_report(batch *b, const char *part);
/* What a former run left of the user in issuing/. */
void batch_put_intent(world *w, const char *user, char digit, bool key, const char *hash, int64_t age);

#endif
