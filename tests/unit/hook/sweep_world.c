/* SPDX-License-Identifier: MIT */
#include "sweep_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "commanded.h"
#include "private_world.h"

world w;

const char *sweep_with(const char *option, int expected) {
    return commanded_with(&command_sweep, option, expected);
}

void put(ledger_state s, const record *r) {
    entry *e = world_put(&w, s, r);

    ledger_release(&e);
}

record on_disk(ledger_state s, const char *name) {
    record r;
    problem p;

    if (ledger_peek(w.x.ledger, s, name, &r, &p) != EX_OK)
        fail_msg("no %s", name);
    return r;
}

bool is_there(ledger_state s, const char *name) {
    char path[400];

    snprintf(path, sizeof path, OTSD_STATE_DIR "/%s/%s", ledger_state_name(s), name);
    return access(path, F_OK) == 0;
}

/* Of alice, bob and carol by number: made so many seconds ago, with an hour to live. */
record of(unsigned who, int64_t age) {
    static const char *const users[] = {"alice", "bob", "carol"};
    record r = world_record();

    snprintf(r.user, sizeof r.user, "%s", users[who]);
    memset(r.id, 'a' + (int)who, 16);
    snprintf(r.hash, sizeof r.hash, "$5$%c$generated", 'a' + (char)who);
    r.uid = 1001 + who;
    r.created -= age;
    r.ttl_asked = 3600;
    r.deadline = r.created + 3600;
    r.granted = 9000; /* longer than the password lives: nobody need be asked before a burn */
    return r;
}

void put_shadow(void) {
    put_file("/etc/shadow",
             "alice:$5$a$generated:0:0:99999:7:::\nbob:$5$b$generated:0:0:99999:7:::\n"
             "carol:$5$c$generated:0:0:99999:7:::\n",
             0640);
}

void assert_shadow(const char *beginning) {
    char *text = get_file("/etc/shadow");

    assert_told(text, beginning);
    free(text);
}

void put_pending(unsigned who, int64_t age) {
    record r = of(who, age);

    put(LEDGER_PENDING, &r);
}

/* Its burn is owed. The longer it has to live the sooner it is paid. */
void put_owed(unsigned who, int64_t granted) {
    record r = of(who, 0);

    r.granted = granted;
    r.reason = REASON_CHANGED;
    r.claimed_at = r.created;
    put(LEDGER_CLAIMED, &r);
}

void open_world(const char *more, const struct step *steps, size_t n) {
    world_open(&w, more, steps, n);
    put_shadow();
}

void assert_audit(const char *part, unsigned lines) {
    char *text = world_audit();

    if (world_times(text, part) != lines)
        fail_msg("not %u lines with %s: %s", lines, part, text);
    free(text);
}
