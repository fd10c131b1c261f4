/* SPDX-License-Identifier: MIT */
#include "commands/burn_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

typedef struct reading {
    burn_queue *q;
    const ledger *l;
    const config *c;
    const clock_moment *now;
} reading;

static debt *next_of(burn_queue *q) {
    debt *larger = q->all;

    if (q->len == q->size) {
        size_t size = q->size > 0 ? q->size * 2 : 64;

        larger = realloc(q->all, size * sizeof *larger);
        if (!larger)
            return NULL;
        q->all = larger;
        q->size = size;
    }
    memset(&larger[q->len], 0, sizeof *larger);
    return &larger[q->len];
}

/* What cannot be read is told by who lists the records. */
static int note(const char *name, void *arg) {
    reading *g = arg;
    problem unread;
    record r;
    bool whole;
    debt *d;

    if (ledger_peek(g->l, LEDGER_CLAIMED, name, &r, &unread) != EX_OK)
        return 0;
    d = next_of(g->q);
    whole = d && payers_find(&g->q->payers, g->l, g->c, &r, g->now->wall, &d->payer);
    if (whole) {
        d->state = LEDGER_CLAIMED;
        debt_of(d, &r, g->now);
        d->name = strdup(name);
        whole = d->name;
    }
    record_wipe(&r);
    if (!whole)
        return EX_OSERR;
    g->q->len++;
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const debt *)a)->name, ((const debt *)b)->name);
}

int burn_queue_read(burn_queue *q, const ledger *l, const config *c, const clock_moment *now, problem *p) {
    reading g = {q, l, c, now};
    int rc = ledger_each(l, LEDGER_CLAIMED, note, &g, p);

    debts_order(q->all, q->len);
    if ((rc == EX_OSERR && p->code == EX_OK) || !payers_plan(&q->payers, q->all, q->len, now->wall))
        return problem_set(p, EX_OSERR, "out of memory");
    if (q->len > 0)
        qsort(q->all, q->len, sizeof *q->all, by_name);
    return rc;
}

void burn_queue_free(burn_queue *q) {
    for (size_t i = 0; i < q->len; i++)
        free(q->all[i].name);
    free(q->all);
    payers_free(&q->payers);
    memset(q, 0, sizeof *q);
}

const debt *burn_queue_find(const burn_queue *q, const char *name) {
    for (size_t low = 0, high = q->len; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, q->all[middle].name);

        if (order == 0)
            return &q->all[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static void tell_payer(const burn_queue *q, size_t k, int64_t now) {
    const payer *by = &q->payers.all[k];
    char who[600] = "", window[WORDS_MAX], end[WORDS_MAX], expiring[80] = "";
    size_t burns = 0, expires = 0;
    int64_t last = 0;

    for (size_t i = 0; i < q->len; i++) {
        const debt *d = &q->all[i];

        if (d->payer != k)
            continue;
        burns += d->place > 0;
        expires += d->expires;
        if (d->place > 0 && d->in > last)
            last = d->in;
    }
    if (burns + expires == 0)
        return;
    if (q->payers.len > 1)
        snprintf(who, sizeof who, " to %s%s%s", by->server, by->account[0] ? ", account " : "", by->account);
    if (expires > 0)
        snprintf(expiring, sizeof expiring, "; more that expire before their turn: %zu", expires);
    if (by->pace.most <= 0 && !burn_pace_may(&by->pace, now))
        say_out("Burns owed%s: %zu; the server takes none until %s%s", who, burns, words_time(by->pace.until, end),
                expiring);
    else if (by->pace.most <= 0)
        say_out("Burns owed%s: %zu", who, burns);
    else
        say_out("Burns owed%s: %zu; the server takes %lld in %s: until %s at that pace%s", who, burns,
                (long long)by->pace.most, words_span(by->pace.window, window), words_time(now + last, end), expiring);
}

void burn_queue_tell(const burn_queue *q, int64_t now) {
    for (size_t k = 0; k < q->payers.len; k++)
        tell_payer(q, k, now);
}
