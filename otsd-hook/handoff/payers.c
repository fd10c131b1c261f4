/* SPDX-License-Identifier: MIT */
#include "handoff/payers.h"

#include <string.h>

#include "handoff/connection.h"

size_t payers_of(payers *p, const ledger *l, const config *c, const record *r, int64_t now) {
    const char *server = connection_url(c, r), *account = connection_account(c, r);
    payer *next = &p->all[p->len];
    size_t i = 0;

    while (i < p->len && (strcmp(p->all[i].server, server) != 0 || strcmp(p->all[i].account, account) != 0))
        i++;
    if (i < p->len)
        return i;
    if (i == PAYERS_MOST)
        return PAYERS_MOST - 1;
    memset(next, 0, sizeof *next);
    memccpy(next->server, server, '\0', sizeof next->server - 1);
    memccpy(next->account, account, '\0', sizeof next->account - 1);
    burns_known(l, server, account, now, &next->pace);
    return p->len++;
}

void payers_plan(const payers *p, debt *all, size_t len, int64_t now) {
    burn_pace paces[PAYERS_MOST];

    for (size_t i = 0; i < p->len; i++)
        paces[i] = p->all[i].pace;
    debts_plan(all, len, paces, p->len, now);
}
