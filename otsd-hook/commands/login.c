/* SPDX-License-Identifier: MIT
 *
 * otsd-hook login: what pam_ots.so runs when something happened to an account with an open hand-off. Looks, decides,
 * and where it is over claims before the network is touched: whoever kills this process at its deadline loses nothing.
 * What it prints on standard output is shown to the person who logs in.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "handoff/closing.h"
#include "handoff/context.h"
#include "handoff/look.h"
#include "base/words.h"

#define MARGIN_MS                                                                                                      \
    50 /* between the end of our own patience and the deadline, which is short of the module's SIGKILL already */

static const char help[] =
    "usage: otsd-hook login --event=auth|password|session [OPTION...] -- USER\n"
    "\n"
    "Run by pam_ots.so; there is no need to run it by hand. Decides whether USER's hand-off is over, and ends it.\n"
    "\n"
    "  --event=EVENT      what happened: auth (a password is about to be given), password (it was changed), session\n"
    "  --service=NAME     the PAM service\n"
    "  --method=LIST      how the person was authenticated, joined by commas, as sshd tells it\n"
    "  --tty=NAME         the terminal, for the log\n"
    "  --rhost=HOST       where from, for the log\n"
    "  --deadline-ms=N    when the caller will kill this process (default 3000)\n"
    "  --config=FILE      default " OTSD_CONFIG_PATH "\n";

typedef struct login {
    event event;
    const char *service, *method, *tty, *rhost, *user;
    long deadline_ms;
    struct timespec started;
} login;

static long left_ms(const login *g) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return g->deadline_ms - MARGIN_MS - (now.tv_sec - g->started.tv_sec) * 1000 -
           (now.tv_nsec - g->started.tv_nsec) / 1000000;
}

static bool is_login_service(const config *c, const char *service) {
    for (char **s = c->login.services; service && s && *s; s++)
        if (strcmp(*s, service) == 0)
            return true;
    return false;
}

/* Adds what only a login knows. */
static int look(const context *x, const login *g, const record *r, situation *s, problem *p) {
    int rc = look_at(r, g->event, s, p);

    s->method = method_of(g->service, g->method);
    s->login_service = is_login_service(x->config, g->service);
    s->key_counts = x->config->login.key_counts;
    return rc;
}

/* The message for the person, if there is anything that a person should know. */
static void tell(const record *r) {
    char when[WORDS_MAX];

    if (r->outcome == OUTCOME_OPENED)
        printf("Your password link was opened on %s; if that was not you, tell your administrator.\n",
               words_time(r->opened_at, when));
    else if (r->outcome == OUTCOME_BURNED)
        printf("Your password link was never opened; it no longer works.\n");
    (void)fflush(stdout);
}

static int end(context *x, const login *g, entry *e, reason why, problem *p) {
    int rc = closing_claim(x->ledger, x->config, e, why, p);
    long left;

    if (rc != EX_OK)
        return rc;
    say(LOG_INFO, "%s: the hand-off is over (%s; service %s, method %s, tty %s, from %s)", g->user, reason_text(why),
        g->service ? g->service : "-", g->method ? g->method : "-", g->tty ? g->tty : "-", g->rhost ? g->rhost : "-");
    (void)ledger_nudge(x->ledger, p);
    rc = context_remote(x, p);
    if (rc != EX_OK)
        return rc;
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

static int run(context *x, const login *g, problem *p) {
    situation s = {0};
    reason why;
    entry *e;
    int rc = context_open(x, p);

    if (rc != EX_OK)
        return rc;
    rc = ledger_find(x->ledger, LEDGER_PENDING, g->user, left_ms(g), &e, p);
    if (rc == LEDGER_NONE)
        return EX_OK;
    if (rc == LEDGER_BUSY)
        return problem_set(p, EX_TEMPFAIL, "%s: another process holds the record; otsd-hook sweep will look again",
                           g->user);
    if (rc == EX_DATAERR)
        problem_add(p, " (%s/pending/%s): otsd-hook sweep sets it aside", OTSD_STATE_DIR, g->user);
    if (rc != EX_OK)
        return rc;
    rc = look(x, g, entry_record(e), &s, p);
    if (rc == EX_OK) {
        why = entry_record(e)->reason != REASON_NONE ? (reason)entry_record(e)->reason : decide(&s);
        /* A wrong time on the file would bring the module here at every login. */
        rc = why != REASON_NONE ? end(x, g, e, why, p) : ledger_mark(e, p);
    }
    ledger_release(&e);
    return rc;
}

static bool parse_event(const char *s, event *out) {
    static const char *const names[] = {"auth", "password", "session"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(s, names[i]) == 0) {
            *out = (event)i;
            return true;
        }
    return false;
}

int cmd_login(context *x, int argc, char **argv) {
    static const struct option options[] = {{"event", required_argument, NULL, 'e'},
                                            {"service", required_argument, NULL, 's'},
                                            {"method", required_argument, NULL, 'm'},
                                            {"tty", required_argument, NULL, 't'},
                                            {"rhost", required_argument, NULL, 'r'},
                                            {"deadline-ms", required_argument, NULL, 'd'},
                                            {"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    login g = {.deadline_ms = 3000};
    bool has_event = false;
    problem p;
    char *stop;
    int opt, rc;

    clock_gettime(CLOCK_MONOTONIC, &g.started);
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'e':
            has_event = parse_event(optarg, &g.event);
            break;
        case 's':
            g.service = optarg;
            break;
        case 'm':
            g.method = optarg;
            break;
        case 't':
            g.tty = optarg;
            break;
        case 'r':
            g.rhost = optarg;
            break;
        case 'd':
            errno = 0;
            g.deadline_ms = strtol(optarg, &stop, 10);
            if (errno || *stop || g.deadline_ms < 1 || g.deadline_ms > 60000)
                return usage_error("login", "--deadline-ms is 1 to 60000");
            break;
        case 'c':
            x->config_path = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return usage_error("login", "\"%s\" is no option, or lacks its value", argv[optind - 1]);
        }
    }
    if (!has_event || optind + 1 != argc || !user_name_ok(argv[optind]))
        return usage_error("login", "an event and one user name are needed");
    g.user = argv[optind];
    /* Standard error is /dev/null under the module: what goes wrong before the configuration is read must be seen, too.
     * */
    problem_use_syslog(true);
    rc = run(x, &g, &p);
    if (rc != EX_OK)
        problem_say(&p);
    return rc;
}
