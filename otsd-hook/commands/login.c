/* SPDX-License-Identifier: MIT
 *
 * otsd-hook login: what pam_ots.so runs when something happened to an account with an open hand-off. Looks, decides,
 * and where it is over claims before the network is touched: whoever kills this process at its deadline loses nothing.
 * What cannot be read is unknown, and ends nothing; a configuration that cannot be read keeps no deadline from ending.
 * The module may have found the record under the lowered form of the name: whether it is this account's is asked here.
 * What it prints on standard output is shown to the person who logs in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/holder.h"
#include "base/words.h"
#include "commands/commands.h"
#include "commands/login_typed.h"
#include "handoff/closing.h"
#include "handoff/look.h"
#include "handoff/who.h"
#include "ledger/told.h"

/* From the end of our own patience to the deadline, which itself is earlier than the module's SIGKILL. */
#define MARGIN_MS 50

#define TEXT_OF(number) #number
#define TEXT(macro) TEXT_OF(macro)
#define EXIT_OVERDUE_TEXT TEXT(OTSD_EXIT_OVERDUE)

typedef struct login {
    const char *config;
    int event; /* EVENT_…; -1: not given */
    bool typed, asked;
    const char *service, *method, *tty, *rhost, *user;
    long deadline_ms;
    int64_t started; /* clock_ms */
} login;

static const char *const event_texts[] = {
    [EVENT_AUTH] = "auth",
    [EVENT_PASSWORD] = "password",
    [EVENT_CHANGED] = "changed",
    [EVENT_SESSION] = "session",
};
static const name_table events = NAMES_OF(event_texts);

static const option_row rows[] = {
    {.name = "event",
     .kind = OPTION_CHOICE,
     .at = offsetof(login, event),
     .argument = "EVENT",
     .help = "what happened: auth (somebody gave a password), password (it may have been changed), changed (so the "
             "program says), session",
     .names = &events},
    {.name = "typed",
     .kind = OPTION_FLAG,
     .at = offsetof(login, typed),
     .help = "only compare what stands on standard input with the generated password; exit status " EXIT_OVERDUE_TEXT
             " where it is that and its time is over"},
    {.name = "asked",
     .kind = OPTION_FLAG,
     .at = offsetof(login, asked),
     .help = "the authentication asked for a password"},
    {.name = "service",
     .kind = OPTION_TEXT,
     .at = offsetof(login, service),
     .argument = "NAME",
     .help = "the PAM service"},
    {.name = "method",
     .kind = OPTION_TEXT,
     .at = offsetof(login, method),
     .argument = "LIST",
     .help = "how the person was authenticated, joined by commas, as sshd tells it"},
    {.name = "tty",
     .kind = OPTION_TEXT,
     .at = offsetof(login, tty),
     .argument = "NAME",
     .help = "the terminal, for the log"},
    {.name = "rhost",
     .kind = OPTION_TEXT,
     .at = offsetof(login, rhost),
     .argument = "HOST",
     .help = "where from, for the log"},
    {.name = "deadline-ms",
     .kind = OPTION_NUMBER,
     .at = offsetof(login, deadline_ms),
     .argument = "N",
     .help = "when the caller will kill this process (default 3000)",
     .least = 1,
     .most = 60000},
    OPTION_CONFIG(login),
};

static const option_table options = {
    .program = "otsd-hook",
    .command = "login",
    .forms = {"--event=auth|password|changed|session [OPTION...] -- USER"},
    .about = "Run by pam_ots.so; there is no need to run it by hand. Decides whether USER's hand-off is over, and ends "
             "it.",
    OPTION_ROWS(rows),
    .least = 1,
    .most = 1,
    .arguments = "an event and one user name are needed",
};

static long left_ms(const login *g) {
    return g->deadline_ms - MARGIN_MS - (long)(clock_ms() - g->started);
}

static bool is_login_service(const config *c, const char *service) {
    for (char **s = c->login.services; service && s && *s; s++)
        if (strcmp(*s, service) == 0)
            return true;
    return false;
}

/* Adds what only a login knows. */
static int look(const context *x, const login *g, const record *r, situation *s, problem *p) {
    char *renamed;
    int rc = look_at(r, (event)g->event, s, &renamed, p);

    free(renamed); /* a sweep files it anew */
    s->method = method_of(g->method, g->asked);
    /* Without a configuration nobody knows what counts as a login: then only what is certain ends a hand-off. */
    s->login_service = x->config && is_login_service(x->config, g->service);
    s->key_counts = x->config && x->config->login.key_counts;
    s->lock_unseen = x->config && x->config->password.lock_unseen;
    return rc;
}

/* The message for the person, if there is anything that a person should know. */
static void tell(const record *r) {
    char when[WORDS_MAX];

    if (r->outcome == OUTCOME_OPENED && r->opened_at <= 0)
        printf("Your password link was opened; if that was not you, tell your administrator.\n");
    else if (r->outcome == OUTCOME_OPENED)
        say_out("Your password link was opened on %s; if that was not you, tell your administrator.",
                words_time(r->opened_at, when));
    else if (r->outcome == OUTCOME_BURNED)
        printf("Your password link was never opened; it no longer works.\n");
    (void)fflush(stdout);
}

static int end(context *x, const login *g, entry *e, reason why, problem *p) {
    int rc = closing_claim(x->ledger, x->config, e, why, left_ms(g) / 2, p);
    problem ignored;
    long left;

    if (rc != EX_OK)
        return rc;
    say(LOG_INFO, "%s: the hand-off is over: %s (service %s, method %s, tty %s, from %s)", g->user, reason_told(why),
        g->service ? g->service : "-", g->method ? g->method : "-", g->tty ? g->tty : "-", g->rhost ? g->rhost : "-");
    (void)ledger_nudge(x->ledger, &ignored); /* the timer comes anyway */
    rc = context_remote(x, p);
    if (rc != EX_OK) {
        problem_add(p, "; %s's hand-off is over and its burn is owed: otsd-hook sweep tries again", g->user);
        return rc;
    }
    left = left_ms(g);
    if (left <= 0)
        return problem_set(p, EX_TEMPFAIL, "%s: no time left to burn the secret; otsd-hook sweep does it", g->user);
    remote_limit(x->remote, left);
    rc = closing_finish(x->ledger, x->config, x->remote, e, p);
    /* The password change at the first login comes before the session, so each is told once. */
    if (rc == EX_OK && g->event != EVENT_AUTH)
        tell(entry_record(e));
    return rc;
}

/* A wrong time on the file would bring the module here at every login. */
static int keep(entry *e, const situation *s, problem *p) {
    int rc;

    closing_take_back(entry_record(e), s);
    rc = ledger_save(e, p);
    return rc == EX_OK ? ledger_mark(e, p) : rc;
}

/* What could not be looked at is told, and decided upon as unknown. */
static int decide_on(context *x, const login *g, entry *e, problem *p) {
    situation s = {0};
    problem unseen;
    int rc_look = look(x, g, entry_record(e), &s, &unseen);
    reason why = decide(&s);
    int rc = why != REASON_NONE ? end(x, g, e, why, p) : keep(e, &s, p);

    if (rc == EX_OK && rc_look != EX_OK) {
        *p = unseen;
        problem_add(p, "; nothing is ended by what cannot be seen");
    } else if (rc == EX_OK && !x->config) {
        *p = x->broken;
    }
    return p->code;
}

static int run(context *x, const login *g, problem *p) {
    char holder[HOLDER_MAX];
    char name[USER_MAX + 1];
    entry *e;
    int rc = context_open_anyway(x, p);

    if (rc == EX_OK)
        rc = who_logs_in(x->ledger, g->user, name, p);
    if (rc == EX_OK)
        rc = ledger_find(x->ledger, LEDGER_PENDING, name, left_ms(g), &e, p);
    if (rc == LEDGER_NONE)
        return problem_none(p);
    if (rc == LEDGER_BUSY)
        return problem_set(p, EX_TEMPFAIL, "%s: %s holds the record; otsd-hook sweep will look again", g->user,
                           ledger_holder(x->ledger, LEDGER_PENDING, name, holder));
    if (rc == EX_DATAERR)
        problem_add(p, " (%s/pending/%s): otsd-hook sweep sets it aside", OTSD_STATE_DIR, name);
    if (rc != EX_OK)
        return rc;
    rc = decide_on(x, g, e, p);
    ledger_release(&e);
    return rc;
}

static int login_run(context *x, int argc, char **argv) {
    login g = {.event = -1, .deadline_ms = 3000};
    size_t count;
    problem p;
    int rc;

    g.started = clock_ms();
    rc = command_begin(&options, argc, argv, &g, &count);
    if (rc == EX_OK && g.event < 0)
        rc = options_refuse(&options, "%s", options.arguments);
    if (rc != EX_OK)
        return rc;
    g.user = argv[1];
    if (user_name_fault(g.user))
        return EX_OK; /* nobody has a hand-off of that name */
    x->config_path = g.config;
    /* Under the module standard error is /dev/null; what goes wrong before the configuration is read must be seen. */
    problem_use_syslog(true);
    if (g.typed) {
        rc = login_typed(g.user, &p);
        return rc == OTSD_EXIT_OVERDUE ? rc : command_end(rc, &p);
    }
    return command_end(run(x, &g, &p), &p);
}

const command command_login = {&options, login_run, "what pam_ots.so runs"};
