/* SPDX-License-Identifier: MIT */
#include "handoff/debts.h"

#include <stdlib.h>

#include "handoff/proof.h"

#define TRIES_ENOUGH 2 /* more failures than that may be the record's own doing */

/* Whose generated password nothing has made dead, and nothing has taken the place of. */
static bool may_stand(const record *r) {
    switch ((reason)r->reason) {
    case REASON_LOGIN:
    case REASON_KEY_LOGIN:
    case REASON_ARRIVED:
        return true;
    default:
        return false;
    }
}

void debt_of(debt *d, const record *r, const clock_moment *now) {
    d->alone = r->outcome != OUTCOME_NONE || r->metadata_key[0] == '\0';
    d->asks = proof_asks_first(r, now);
    d->stands = d->state == LEDGER_PENDING || may_stand(r);
    d->left = proof_left(r, now);
    d->tries = r->attempts;
    d->since = r->next_try > 0 ? r->next_try : r->claimed_at;
}

static int later(int64_t x, int64_t y) {
    return x < y ? -1 : x > y;
}

static bool failed_often(const debt *d) {
    return !d->alone && d->tries > TRIES_ENOUGH;
}

/* Those that need no server; the others by what they can do; those that failed often by how long they have waited. */
static int by_danger(const void *a, const void *b) {
    const debt *x = a, *y = b;

    if (failed_often(x) != failed_often(y))
        return failed_often(x) ? 1 : -1;
    if (failed_often(x))
        return later(x->since, y->since);
    if (x->alone != y->alone)
        return x->alone ? -1 : 1;
    if (x->asks != y->asks)
        return x->asks ? 1 : -1;
    if (x->stands != y->stands)
        return x->stands ? -1 : 1;
    return x->left != y->left ? later(y->left, x->left) : later(x->since, y->since);
}

static int by_rank(const void *a, const void *b) {
    const debt *x = a, *y = b;

    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

void debts_order(debt *all, size_t len) {
    size_t good = 0;

    if (len == 0)
        return;
    qsort(all, len, sizeof *all, by_danger);
    while (good < len && !failed_often(&all[good]))
        good++;
    for (size_t i = 0; i < len; i++)
        all[i].rank = i < good ? 2 * i : 2 * (i - good) + 1;
    qsort(all, len, sizeof *all, by_rank);
}

void debts_plan(debt *all, size_t len, const burn_pace *paces, size_t payers, int64_t now) {
    for (size_t k = 0; k < payers; k++) {
        size_t burns = 0;

        for (size_t i = 0; i < len; i++) {
            debt *d = &all[i];

            if (d->payer != k)
                continue;
            d->place = 0;
            d->expires = false;
            d->in = 0;
            if (d->alone || d->asks)
                continue;
            d->in = burn_pace_turn(&paces[k], burns, now);
            d->expires = d->in > 0 && d->left <= d->in;
            if (d->expires)
                d->in = d->left;
            else
                d->place = ++burns;
        }
    }
}
