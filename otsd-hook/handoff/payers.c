/* SPDX-License-Identifier: MIT */
#include "handoff/payers.h"

#include <stdlib.h>
#include <string.h>

#include "handoff/connection.h"

static payer *next_of(payers *p) {
    size_t size = p->size > 0 ? p->size * 2 : 8;
    payer *larger = p->all;

    if (p->len == p->size) {
        larger = realloc(p->all, size * sizeof *larger);
        if (!larger)
            return NULL;
        p->all = larger;
        p->size = size;
    }
    memset(&larger[p->len], 0, sizeof *larger);
    return &larger[p->len];
}

bool payers_find(payers *p, const ledger *l, const config *c, const record *r, int64_t now, size_t *index) {
    const char *server = connection_url(c, r), *account = connection_account(c, r);
    payer *next;
    size_t i = 0;

    while (i < p->len && (strcmp(p->all[i].server, server) != 0 || strcmp(p->all[i].account, account) != 0))
        i++;
    *index = i;
    if (i < p->len)
        return true;
    next = next_of(p);
    if (!next)
        return false;
    memccpy(next->server, server, '\0', sizeof next->server - 1);
    memccpy(next->account, account, '\0', sizeof next->account - 1);
    burns_known(l, server, account, now, &next->pace);
    p->len++;
    return true;
}

bool payers_plan(const payers *p, debt *all, size_t len, int64_t now) {
    burn_pace *paces = calloc(p->len + 1, sizeof *paces);

    if (!paces)
        return false;
    for (size_t i = 0; i < p->len; i++)
        paces[i] = p->all[i].pace;
    debts_plan(all, len, paces, p->len, now);
    free(paces);
    return true;
}

void payers_free(payers *p) {
    free(p->all);
    memset(p, 0, sizeof *p);
}
