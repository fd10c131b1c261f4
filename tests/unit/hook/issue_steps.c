/* SPDX-License-Identifier: MIT */
#include "issue_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

issue issue_of_alice(void) {
    return (issue){.user = "alice", .uid = 1001, .ttl = 3600, .recipient = "alice@example.com"};
}

void issue_begun(world *w, issue *i) {
    issue_begin(&w->x, &i, 1);
    if (i->why.code != EX_OK)
        fail_msg("%s", i->why.text);
}

record issue_on_disk(world *w, ledger_state s, const char *name) {
    record r;
    problem p;

    if (ledger_peek(w->x.ledger, s, name, &r, &p) != EX_OK)
        fail_msg("%s/%s: %s", ledger_state_name(s), name, p.text);
    return r;
}

/* What the server answered, as issue_answered is given it. */
otsd_receipt *issue_receipt(int64_t ttl, int64_t secret_ttl, const char *value) {
    static char key[] = WORLD_KEY, secret[] = "secretkey", domain[] = "", masked[] = MASKED;
    static char *recipients[] = {masked};
    static otsd_receipt t;

    t = (otsd_receipt){.metadata_key = key,
                       .secret_key = secret,
                       .share_domain = domain,
                       .state = OTSD_STATE_NEW,
                       .ttl = ttl,
                       .secret_ttl = secret_ttl,
                       .recipients = recipients,
                       .recipients_len = 1};
    t.value = world_secret(value);
    return &t;
}

void issue_was_answered(world *w, issue *i) {
    issue_begun(w, i);
    assert_int_equal(issue_answered(&w->x, i, issue_receipt(3600, 3600, VALUE)), EX_OK);
}
