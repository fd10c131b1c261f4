/* SPDX-License-Identifier: MIT
 *
 * otsd-hook status: where every hand-off stands, and what an administrator should look at. Reads only, and without
 * locks: it shows a moment, and never stands in anybody's way.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/words.h"
#include "commands/burn_queue.h"
#include "commands/commands.h"
#include "commands/standing.h"
#include "handoff/who.h"
#include "ledger/suspects.h"
#include "ledger/told.h"

enum { EXIT_ATTENTION = 1 };

typedef struct request {
    const char *config;
    bool json, porcelain;
} request;

static const option_row rows[] = {
    {.name = "json", .kind = OPTION_FLAG, .at = offsetof(request, json), .help = "an array of objects"},
    {.name = "porcelain",
     .kind = OPTION_FLAG,
     .at = offsetof(request, porcelain),
     .help = "a line each, fields separated by tabs, in an order that will not change: user, state, id, recipient "
             "(masked), created, deadline, opened_at (0: not known), next_try (0: none), attempts, flag (or -)"},
    OPTION_CONFIG(request),
};

static const option_table options = {
    .program = "otsd-hook",
    .command = "status",
    .forms = {"[OPTION...] [USER]"},
    .about = "Shows the open hand-offs, or USER's. Exit code 1 where something wants an administrator's attention.",
    OPTION_ROWS(rows),
    .most = 1,
    .arguments = "it takes one user name or none",
};

typedef struct status {
    const ledger *l;
    const config *config; /* NULL where it cannot be read */
    const request *q;
    const char *user; /* as the hand-off is filed; NULL: all */
    ledger_state state;
    bool lock_unseen; /* as configured */
    bool unread;      /* one that was asked for, maybe */
    bool unsure;      /* the account may have one by another name: nobody can say */
    clock_moment now;
    size_t shown, flagged, unreadable, aside;
    int64_t oldest; /* when the first of them was made */
    json_out *list;
    suspects suspects;
    burn_queue queue;
} status;

/* What happens next, for people. */
static void next_words(const standing *st, const record *r, char *out, size_t size) {
    const char *why = reason_told((reason)r->reason);
    char span[WORDS_MAX];

    switch (st->next) {
    case NEXT_SETTLE:
        snprintf(out, size, "sweep finishes or undoes the provision");
        break;
    case NEXT_LOGIN:
        snprintf(out, size, "waits for the first login");
        break;
    case NEXT_REISSUE:
        snprintf(out, size, "waits for the first login; if the password does not work: reissue");
        break;
    case NEXT_LOCK:
        snprintf(out, size, "sweep makes the password dead and burns the link");
        break;
    case NEXT_ORDER:
        snprintf(out, size, "has the person arrived? revoke --arrived, or revoke");
        break;
    case NEXT_AUDIT:
        snprintf(out, size, "sweep writes the audit line");
        break;
    case NEXT_BURN:
        snprintf(out, size, "sweep burns the link: %s", why);
        break;
    case NEXT_BURN_LATER:
        snprintf(out, size, "sweep burns the link in %s: %s", words_span(st->wait, span), why);
        break;
    case NEXT_ASK:
        snprintf(out, size, "sweep asks what became of the link: %s", why);
        break;
    case NEXT_EXPIRE:
        snprintf(out, size, "the link expires in %s, before its turn to be burned: %s", words_span(st->wait, span),
                 why);
        break;
    }
}

static void print_row(const status *s, const record *r, const standing *st) {
    char masked[300], age[WORDS_MAX], left[WORDS_MAX] = "-", opened[WORDS_MAX] = "not known", next[160];
    const char *flag = standing_flag_name(st->flag);
    int64_t lived = record_age(r, &s->now);

    if (s->shown == 0)
        say_out("%-16s %-8s %-22s %-8s %-8s %-22s %s", "USER", "STATE", "RECIPIENT", "AGE", "LEFT", "OPENED", "NEXT");
    next_words(st, r, next, sizeof next);
    if (r->deadline > 0 && lived >= 0)
        words_span(r->deadline - r->created - lived, left);
    if (r->opened_at > 0)
        words_time(r->opened_at, opened);
    say_out("%-16s %-8s %-22s %-8s %-8s %-22s %s%s%s", r->user, ledger_state_name(s->state),
            words_masked(r->recipient, masked, sizeof masked), lived >= 0 ? words_span(lived, age) : "?", left, opened,
            next, flag ? "  <-- " : "", flag ? flag : "");
}

static void print_line(const status *s, const record *r, const standing *st) {
    const char *flag = standing_flag_name(st->flag);
    char masked[300], user[USER_MAX + 1], recipient[sizeof masked];

    words_masked(r->recipient, masked, sizeof masked);
    /* printable: each text by itself, for the tabs are to stay */
    printf("%s\t%s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\n",
           words_printable(r->user, user, sizeof user), ledger_state_name(s->state), r->id,
           words_printable(masked, recipient, sizeof recipient), r->created, r->deadline, r->opened_at,
           s->state == LEDGER_CLAIMED ? r->next_try : 0, r->attempts, flag ? flag : "-");
}

static void add_known(json_out *j, const char *name, int64_t n) {
    if (n > 0)
        json_number(j, name, n);
    else
        json_null(j, name);
}

static void add_object(const status *s, const record *r, const standing *st, const debt *d) {
    char masked[300];

    json_begin_object(s->list, NULL);
    json_text(s->list, "user", r->user);
    json_number(s->list, "uid", r->uid);
    json_text(s->list, "state", ledger_state_name(s->state));
    json_text(s->list, "id", r->id);
    json_text(s->list, "recipient", words_masked(r->recipient, masked, sizeof masked));
    add_known(s->list, "created", r->created);
    add_known(s->list, "deadline", r->deadline);
    add_known(s->list, "opened_at", r->opened_at);
    add_known(s->list, "checked_at", r->checked_at);
    json_text(s->list, "reason", r->reason != REASON_NONE ? reason_word((reason)r->reason) : NULL);
    add_known(s->list, "claimed_at", r->claimed_at);
    json_number(s->list, "attempts", r->attempts);
    add_known(s->list, "next_try", s->state == LEDGER_CLAIMED ? r->next_try : 0);
    add_known(s->list, "burn_place", d ? (int64_t)d->place : 0);
    add_known(s->list, "burn_at", st->next == NEXT_BURN_LATER ? s->now.wall + st->wait : 0);
    add_known(s->list, "expires_at", st->next == NEXT_EXPIRE ? s->now.wall + st->wait : 0);
    json_text(s->list, "flag", standing_flag_name(st->flag));
    json_end(s->list);
}

static void show(status *s, const char *name, const record *r) {
    standing st = standing_of(s->state, r, s->lock_unseen, &s->now);
    const debt *d = s->state == LEDGER_CLAIMED ? burn_queue_find(&s->queue, name) : NULL;

    if (suspects_deaths(&s->suspects, s->state, name) >= SUSPECTS_ENOUGH)
        st.flag = FLAG_KILLS_SWEEP;
    if (d)
        st = standing_in_queue(st, d);
    if (s->q->json)
        add_object(s, r, &st, d);
    else if (s->q->porcelain)
        print_line(s, r, &st);
    else
        print_row(s, r, &st);
    s->flagged += st.flag != FLAG_NONE;
    s->shown++;
    if (s->oldest == 0 || r->created < s->oldest)
        s->oldest = r->created;
}

static int one(const char *name, void *arg) {
    status *s = arg;
    problem p;
    record r;
    int rc = ledger_peek(s->l, s->state, name, &r, &p);

    if (rc == LEDGER_NONE)
        return 0;
    if (rc != EX_OK) {
        s->unreadable++;
        s->unread = s->unread || !s->user || strncmp(name, s->user, strlen(s->user)) == 0;
        say_here("%s/%s cannot be read: %s; otsd-hook sweep sets it aside", ledger_state_name(s->state), name, p.text);
        return 0;
    }
    if (!s->user || strcmp(s->user, r.user) == 0)
        show(s, name, &r);
    record_wipe(&r);
    return 0;
}

static int count_aside(const char *name, void *arg) {
    status *s = arg;

    (void)name;
    s->aside++;
    return 0;
}

static int look(status *s, problem *p) {
    int rc = burn_queue_read(&s->queue, s->l, s->config, &s->now, p);

    for (s->state = LEDGER_ISSUING; rc == EX_OK && s->state <= LEDGER_CLAIMED; s->state++)
        rc = ledger_each(s->l, s->state, one, s, p);
    if (rc == EX_OK)
        rc = ledger_each(s->l, LEDGER_ASIDE, count_aside, s, p);
    return rc;
}

/* What is told of the whole, behind the list. */
static void tell(status *s) {
    int64_t stamped = ledger_stamped(s->l);
    char when[WORDS_MAX];

    if (s->shown == 0 && !s->unread && !s->unsure && !s->q->json && !s->q->porcelain)
        say_out(s->user ? "%s has no open hand-off." : "No hand-off is open.", s->user);
    if (!s->user && !s->q->json && !s->q->porcelain)
        burn_queue_tell(&s->queue, s->now.wall);
    if (s->aside > 0)
        say_here("records that no sweep could handle lie in %s/aside (%zu): look at them, then remove them",
                 OTSD_STATE_DIR, s->aside);
    if (s->shown == 0 || !standing_sweep_is_missing(stamped, s->oldest, s->now.wall))
        return;
    s->flagged++;
    if (stamped > 0)
        say_here("the sweep is not running (last: %s): enable otsd-sweep.timer, or a cron line",
                 words_time(stamped, when));
    else
        say_here("the sweep is not running (it never has): enable otsd-sweep.timer, or a cron line");
}

static int run(context *x, status *s, problem *p) {
    char filed[USER_MAX + 1];
    problem unknown;
    int rc = context_open_anyway(x, p);

    if (rc != EX_OK)
        return rc;
    if (s->user) {
        s->unsure = who_ends(x, s->user, filed, &unknown) == EX_OSERR;
        s->user = filed;
    }
    s->l = x->ledger;
    s->config = x->config;
    s->lock_unseen = x->config && x->config->password.lock_unseen;
    clock_read(&s->now);
    suspects_peek(&s->suspects, s->l);
    if (s->q->json)
        s->list = json_new(JSON_PRETTY);
    json_begin_array(s->list, NULL);
    rc = look(s, p);
    json_end(s->list);
    if (rc == EX_OK && s->q->json)
        rc = json_print(&s->list, stdout, p);
    json_free(&s->list);
    if (rc != EX_OK)
        return rc;
    tell(s);
    if (s->shown == 0 && s->unsure)
        *p = unknown;
    else if (!x->config)
        *p = x->broken;
    return p->code;
}

static int status_run(context *x, int argc, char **argv) {
    request q = {0};
    status s = {.q = &q};
    size_t count;
    problem p;
    int rc = command_begin(&options, argc, argv, &q, &count);

    if (rc == EX_OK && count > 0)
        rc = command_check_user(&options, argv[1]);
    if (rc != EX_OK)
        return rc;
    if (count > 0)
        s.user = argv[1];
    x->config_path = q.config;
    rc = command_end(run(x, &s, &p), &p);
    burn_queue_free(&s.queue);
    return rc == EX_OK && s.flagged + s.unreadable + s.aside > 0 ? EXIT_ATTENTION : rc;
}

const command command_status = {&options, status_run, "what is open, and what happens next"};
