/* SPDX-License-Identifier: MIT */
#include "batch_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "private_world.h"

static roster_line lines[BATCH_LINES_MAX];

void batch_begin(batch *b, world *w, const char *const *users, size_t n) {
    problem p;

    assert_true(n <= BATCH_LINES_MAX);
    memset(b, 0, sizeof *b);
    memset(lines, 0, sizeof lines);
    b->x = &w->x;
    b->path = "-";
    b->jobs = 1;
    b->patience_ms = 60000;
    b->no_recipient = true;
    b->ttl = 3600;
    for (size_t i = 0; i < n; i++)
        lines[i] = (roster_line){.number = i + 2, .user = users[i]};
    b->roster = (roster){.lines = lines, .len = n};
    if (batch_make_accounts(b, &p) != EX_OK || report_open(&b->report, BATCH_REPORT, false, &p) != EX_OK)
        fail_msg("%s", p.text);
    for (size_t i = 0; i < n; i++)
        b->accounts[i].uid = 1001 + (int64_t)i; /* as the preflight finds it */
    pace_init(&b->pace, b->jobs, b->patience_ms, 20000);
}

roster_line *batch_line(size_t i) {
    return &lines[i];
}

void batch_end(batch *b) {
    batch_close_report(b);
    batch_free_accounts(b);
}

void batch_end_with_report(batch *b, const char *part) {
    char *text;

    batch_end(b);
    text = get_file(BATCH_REPORT);
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
    free(text);
}

void batch_put_intent(world *w, const char *user, char digit, bool key, const char *hash, int64_t age) {
    record r = world_record();
    entry *e;

    snprintf(r.user, sizeof r.user, "%s", user);
    memset(r.id, digit, 16);
    snprintf(r.hash, sizeof r.hash, "%s", hash);
    if (!key)
        r.metadata_key[0] = '\0';
    r.recipient[0] = '\0';
    r.created -= age;
    e = world_put(w, LEDGER_ISSUING, &r);
    ledger_release(&e);
}
