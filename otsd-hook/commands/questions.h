/* SPDX-License-Identifier: MIT
 *
 * Of which pending hand-offs is the receipt asked for in this sweep, to remember when a link was opened? Decisions
 * only.
 *
 * The server forgets at twice the ttl, and a short hand-off is over before an hour has passed: so the time between two
 * questions is a share of the ttl, within limits. Where more are due than one sweep asks, those whose last question (or
 * creation) is the oldest come first: so each has its turn.
 */
#ifndef OTSD_HOOK_QUESTIONS_H
#define OTSD_HOOK_QUESTIONS_H

#include "handoff/look.h"

#define QUESTIONS_MOST 20       /* no more receipts than this are asked for at a time */
#define QUESTION_SHARE 8        /* so many in the life of a hand-off */
#define QUESTION_LEAST 120      /* s: a fresh receipt may carry the password, for a minute */
#define QUESTION_MOST_WAIT 3600 /* s */

typedef struct question {
    char user[USER_MAX + 1]; /* as its record is filed */
    int64_t since;           /* of the last question, or of its creation */
} question;

typedef struct questions {
    question all[QUESTIONS_MOST];
    size_t len;
} questions;

/* Seconds between two questions about a hand-off of that ttl, and before the first one. */
int64_t question_interval(int64_t ttl);
bool question_is_due(const look_item *item, int64_t now);
/* Takes it where there is room, or in place of a younger one. */
void questions_add(questions *q, const look_item *item, int64_t now);
/* The oldest first. */
void questions_order(questions *q);

#endif
