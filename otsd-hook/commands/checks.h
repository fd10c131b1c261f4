/* SPDX-License-Identifier: MIT
 *
 * The single checks of otsd-hook check. Each looks at one thing and adds its findings; none changes anything but
 * folders and an empty audit log that are not there yet. What they judge by stands apart from where they got it.
 */
#ifndef OTSD_HOOK_CHECKS_H
#define OTSD_HOOK_CHECKS_H

#include "commands/findings.h"
#include "commands/stack.h"
#include "handoff/context.h"

typedef struct check {
    context *x; /* config and ledger are NULL where they could not be opened */
    findings f;
    bool offline;
    /* what check_ledger counted, for others */
    size_t records[LEDGER_STATES], unreadable;
    int64_t newest; /* when the newest record was made; 0: there is none */
} check;

typedef void check_fn(check *c);

check_fn check_configuration, check_ledger, check_audit, check_password, check_memory, check_server; /* check_site.c */
check_fn check_clock, check_sweep;                                                                   /* check_time.c */
check_fn check_module, check_pam;                                                                    /* check_pam.c */

/* The judgments. Times are seconds since the epoch, 0 stands for never. */

/* The clock against the newest time that was ever noted. */
void judge_clock(findings *f, int64_t newest, int64_t now);
typedef struct sweep_facts {
    int64_t stamped, now; /* when the last sweep ended */
    bool is_enabled;      /* otsd-sweep.timer, or a line of cron */
    size_t open;          /* hand-offs */
} sweep_facts;
void judge_sweep(findings *f, const sweep_facts *s);
/* Our line of one type in one service; is_login: a person logs in by that service. True: it stands where it must, and
 * nothing was added. */
bool judge_place(findings *f, const char *service, bool is_login, stack_type type, const stack_verdict *v);

#endif
