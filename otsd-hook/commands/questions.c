/* SPDX-License-Identifier: MIT */
#include "commands/questions.h"

#include <stdlib.h>
#include <string.h>

int64_t question_interval(int64_t ttl) {
    int64_t share = ttl / QUESTION_SHARE;

    return share < QUESTION_LEAST ? QUESTION_LEAST : share > QUESTION_MOST_WAIT ? QUESTION_MOST_WAIT : share;
}

/* A question that lies in the future was asked by another clock: it counts as none. */
static int64_t since_of(const look_item *item, int64_t now) {
    return item->checked_at > 0 && item->checked_at <= now ? item->checked_at : item->created;
}

bool question_is_due(const look_item *item, int64_t now) {
    return item->opened_at == 0 && !item->settled && since_of(item, now) + question_interval(item->ttl) <= now;
}

void questions_add(questions *q, const look_item *item, int64_t now) {
    int64_t since = since_of(item, now);
    question *at = &q->all[0];

    if (q->len < QUESTIONS_MOST) {
        at = &q->all[q->len++];
    } else {
        for (size_t i = 1; i < q->len; i++)
            if (q->all[i].since > at->since)
                at = &q->all[i];
        if (at->since <= since)
            return;
    }
    memccpy(at->user, item->user, '\0', sizeof at->user);
    at->since = since;
}

static int by_since(const void *a, const void *b) {
    const question *x = a, *y = b;

    return x->since < y->since ? -1 : x->since > y->since;
}

void questions_order(questions *q) {
    qsort(q->all, q->len, sizeof q->all[0], by_since);
}
