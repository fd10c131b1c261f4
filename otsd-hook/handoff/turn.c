/* SPDX-License-Identifier: MIT */
#include "handoff/turn.h"

#include <poll.h>
#include <syslog.h>

#include "base/clock.h"

/* As many as a batch has at once, where nobody says otherwise: beyond this no number of single provisions widens it. */
#define MOST 16
#define TELL_AFTER 5000    /* ms */
#define LOOK_EVERY 5       /* ms, for the one that is next */
#define LOOK_EVERY_ELSE 20 /* for all others */

static int64_t try_once(turn *t, int64_t *window) {
    width w;

    width_init(&w);
    slots_look(&t->slots, &w);
    *window = w.window;
    return slots_take(&t->slots, w.window, true);
}

static int gave_up(turn *t, const char *user, int64_t waited, problem *p) {
    slots_close(&t->slots);
    return problem_set(p, EX_TEMPFAIL, "%s: other provisions of this machine have kept the server busy for %lld s",
                       user, (long long)(waited / 1000));
}

int turn_begin(turn *t, const context *x, const char *user, int64_t patience_ms, problem *p) {
    int64_t since = clock_ms(), waited = 0, window;
    bool told = false;

    *t = (turn){.timeout_ms = otsd_server_create_timeout_ms(x->config->server)};
    slots_open(&t->slots, x->ledger, otsd_server_url(x->config->server), otsd_server_username(x->config->server));
    while ((t->number = try_once(t, &window)) == 0 && waited < patience_ms) {
        if (waited >= TELL_AFTER && !told) {
            say_here("%s: waiting for its turn: other provisions of this machine are with the server, which takes %lld "
                     "at a time",
                     user, (long long)window);
            told = true;
        }
        slots_pass_by(&t->slots, SLOTS_STUCK * t->timeout_ms);
        (void)poll(NULL, 0, t->slots.in_door ? LOOK_EVERY : LOOK_EVERY_ELSE);
        t->waited = true;
        waited = clock_ms() - since;
    }
    return t->number > 0 ? problem_none(p) : gave_up(t, user, waited, p);
}

void turn_asks(turn *t, unsigned kind) {
    t->call = (width_call){.kind = kind, .in_flight = t->number, .sent_at = clock_ms()};
}

void turn_answered(turn *t, const remote_answer *a) {
    int64_t now = clock_ms();
    width w;

    width_init(&w);
    slots_learn(&t->slots, &w);
    if (a->receipt)
        width_answered(&w, &t->call, MOST, t->timeout_ms, now);
    else if (a->trouble == REMOTE_LATE)
        width_late(&w, &t->call, now);
    else if (a->trouble == REMOTE_AWAY)
        width_halve(&w, &t->call, MOST, now);
    slots_learnt(&t->slots, &w);
}

void turn_end(turn *t) {
    slots_close(&t->slots);
}
