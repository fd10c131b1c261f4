/* SPDX-License-Identifier: MIT
 *
 * Does time pass as it should: the clock, and the sweep that comes by every ten minutes?
 */
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "commands/checks.h"
#include "commands/standing.h"

#define CLOCK_SLACK 60 /* s; records are made while we look */

void judge_clock(findings *f, int64_t newest, int64_t now) {
    char span[WORDS_MAX];

    if (newest > now + CLOCK_SLACK)
        findings_error(f, EX_OSERR, "set the clock right: after a reboot nobody can say until then what is over",
                       "the clock stands %s before a time that was noted already: it was set back",
                       words_span(newest - now, span));
    else
        findings_ok(f, "no record is newer than the clock");
}

void check_clock(check *c) {
    int64_t stamped = c->x->ledger ? ledger_stamped(c->x->ledger) : 0;

    if (c->x->ledger)
        judge_clock(&c->f, c->newest > stamped ? c->newest : stamped, time(NULL));
}

void judge_sweep(findings *f, const sweep_facts *s) {
    static const char enable[] = "systemctl enable --now otsd-sweep.timer otsd-sweep.path; without systemd: "
                                 "cp etc/cron.d/otsd /etc/cron.d/";
    static const char look[] = "run otsd-hook sweep --verbose and look at what it says";
    bool is_late = s->now - s->stamped > STANDING_SWEEP;
    char ago[WORDS_MAX], text[WORDS_MAX + 40] = "it never ran to its end";

    if (s->stamped > 0)
        snprintf(text, sizeof text, "the last one ended %s ago", words_span(s->now - s->stamped, ago));
    if (is_late && s->open > 0)
        findings_error(f, s->is_enabled ? EX_UNAVAILABLE : EX_CONFIG, s->is_enabled ? look : enable,
                       "%s, and hand-offs are open (%zu): their deadlines are not held", text, s->open);
    else if (!s->is_enabled)
        findings_warning(f, enable, "%s, and neither otsd-sweep.timer nor /etc/cron.d/otsd runs it", text);
    else if (is_late)
        findings_warning(f, look, "%s", text);
    else
        findings_ok(f, "%s", text);
}

static bool is_enabled(void) {
    static const char *const paths[] = {"/etc/systemd/system/timers.target.wants/otsd-sweep.timer",
                                        "/run/systemd/system/timers.target.wants/otsd-sweep.timer", "/etc/cron.d/otsd"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (access(paths[i], F_OK) == 0)
            return true;
    return false;
}

void check_sweep(check *c) {
    sweep_facts s = {.now = time(NULL), .is_enabled = is_enabled()};

    if (!c->x->ledger)
        return;
    s.stamped = ledger_stamped(c->x->ledger);
    for (ledger_state state = LEDGER_ISSUING; state <= LEDGER_CLAIMED; state++)
        s.open += c->records[state];
    judge_sweep(&c->f, &s);
}
