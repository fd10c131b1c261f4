/* SPDX-License-Identifier: MIT
 *
 * otsd-hook status: where every hand-off stands, and what an administrator should look at. Reads only, and without
 * locks: it shows a moment, and never stands in anybody's way.
 */
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "handoff/context.h"
#include "base/words.h"

#define OPENED_LONG (4 * 3600) /* opened, and no login since */
#define OWED_LONG (24 * 3600)  /* a burn that is owed */
#define SWEEP_LONG 3600        /* no sweep came to its end */
#define ISSUING_LONG 300       /* a provision that takes longer was interrupted */

static const char help[] =
    "usage: otsd-hook status [OPTION...] [USER]\n"
    "\n"
    "Shows the open hand-offs, or USER's. Exit code 1 where something wants an administrator's attention.\n"
    "\n"
    "  --json          an array of objects\n"
    "  --porcelain     a line each, fields separated by tabs, in an order that will not change: user, state, id, "
    "recipient\n"
    "                  (masked), created, deadline, opened_at (0: not known), next_try (0: none), attempts, flag (or "
    "-)\n"
    "  --config=FILE   default " OTSD_CONFIG_PATH "\n";

enum { EXIT_ATTENTION = 1 };

typedef enum style { STYLE_TABLE, STYLE_JSON, STYLE_PORCELAIN } style;

typedef struct status {
    ledger *l;
    style style;
    const char *user; /* NULL: all */
    ledger_state state;
    int64_t now;
    size_t shown, flagged, unreadable;
    int64_t oldest; /* when the first of them was made */
    json_object *list;
} status;

/* A short stable word for what should be looked at; NULL where all is well. */
static const char *flag_of(const status *s, const record *r) {
    if (s->state == LEDGER_ISSUING && s->now - r->created > ISSUING_LONG)
        return "interrupted";
    if (s->state == LEDGER_PENDING && r->deadline + SWEEP_LONG < s->now)
        return "overdue";
    if (s->state == LEDGER_PENDING && r->opened_at > 0 && s->now - r->opened_at > OPENED_LONG)
        return "opened-no-login";
    if (s->state == LEDGER_CLAIMED && s->now - (r->claimed_at > 0 ? r->claimed_at : r->created) > OWED_LONG)
        return "burn-owed";
    return NULL;
}

/* What happens next, for people. */
static void next_of(const status *s, const record *r, char *out, size_t size) {
    char span[WORDS_MAX];

    if (s->state == LEDGER_ISSUING)
        snprintf(out, size, "sweep finishes or undoes the provision");
    else if (s->state == LEDGER_PENDING && r->deadline <= s->now)
        snprintf(out, size, "sweep locks the password and burns the link");
    else if (s->state == LEDGER_PENDING)
        snprintf(out, size, "waits for the first login");
    else if (r->outcome != OUTCOME_NONE)
        snprintf(out, size, "sweep writes the audit line");
    else if (r->next_try > s->now)
        snprintf(out, size, "burn owed (%s), next try in %s", reason_text((reason)r->reason),
                 words_span(r->next_try - s->now, span));
    else
        snprintf(out, size, "burn owed (%s), at the next sweep", reason_text((reason)r->reason));
}

static void print_row(status *s, const record *r, const char *flag) {
    char masked[300], age[WORDS_MAX], left[WORDS_MAX], opened[WORDS_MAX], next[160];

    if (s->shown == 0)
        printf("%-16s %-8s %-22s %-8s %-8s %-22s %s\n", "USER", "STATE", "RECIPIENT", "AGE", "LEFT", "OPENED", "NEXT");
    next_of(s, r, next, sizeof next);
    if (r->deadline > 0)
        words_span(r->deadline > s->now ? r->deadline - s->now : 0, left);
    printf("%-16s %-8s %-22s %-8s %-8s %-22s %s%s%s\n", r->user, ledger_state_name(s->state),
           words_masked(r->recipient, masked, sizeof masked), words_span(s->now - r->created, age),
           r->deadline > 0 ? left : "-", r->opened_at > 0 ? words_time(r->opened_at, opened) : "not known", next,
           flag ? "  <-- " : "", flag ? flag : "");
}

static void print_line(const status *s, const record *r, const char *flag) {
    char masked[300];

    printf("%s\t%s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\n", r->user,
           ledger_state_name(s->state), r->id, words_masked(r->recipient, masked, sizeof masked), r->created,
           r->deadline, r->opened_at, s->state == LEDGER_CLAIMED ? r->next_try : 0, r->attempts, flag ? flag : "-");
}

static void add_number(json_object *o, const char *key, int64_t n) {
    json_object_object_add(o, key, n > 0 ? json_object_new_int64(n) : NULL);
}

static void add_object(status *s, const record *r, const char *flag) {
    json_object *o = json_object_new_object();
    char masked[300];

    if (!o)
        return;
    json_object_object_add(o, "user", json_object_new_string(r->user));
    json_object_object_add(o, "uid", json_object_new_int64(r->uid));
    json_object_object_add(o, "state", json_object_new_string(ledger_state_name(s->state)));
    json_object_object_add(o, "id", json_object_new_string(r->id));
    json_object_object_add(o, "recipient", json_object_new_string(words_masked(r->recipient, masked, sizeof masked)));
    add_number(o, "created", r->created);
    add_number(o, "deadline", r->deadline);
    add_number(o, "opened_at", r->opened_at);
    add_number(o, "checked_at", r->checked_at);
    json_object_object_add(o, "reason", r->reason ? json_object_new_string(reason_text((reason)r->reason)) : NULL);
    add_number(o, "claimed_at", r->claimed_at);
    json_object_object_add(o, "attempts", json_object_new_int64(r->attempts));
    add_number(o, "next_try", s->state == LEDGER_CLAIMED ? r->next_try : 0);
    json_object_object_add(o, "flag", flag ? json_object_new_string(flag) : NULL);
    (void)json_object_array_add(s->list, o);
}

static int show(const char *name, void *arg) {
    status *s = arg;
    problem p;
    record r;
    const char *flag;
    int rc = ledger_peek(s->l, s->state, name, &r, &p);

    if (rc == LEDGER_NONE)
        return 0;
    if (rc != EX_OK) {
        s->unreadable++;
        fprintf(stderr, "otsd-hook: %s/%s cannot be read: %s; otsd-hook sweep sets it aside\n",
                ledger_state_name(s->state), name, p.text);
        return 0;
    }
    if (!s->user || strcmp(s->user, r.user) == 0) {
        flag = flag_of(s, &r);
        if (flag)
            s->flagged++;
        if (s->style == STYLE_TABLE)
            print_row(s, &r, flag);
        else if (s->style == STYLE_PORCELAIN)
            print_line(s, &r, flag);
        else
            add_object(s, &r, flag);
        s->shown++;
        if (s->oldest == 0 || r.created < s->oldest)
            s->oldest = r.created;
    }
    record_wipe(&r);
    return 0;
}

static int count(const char *name, void *arg) {
    (void)name;
    (*(size_t *)arg)++;
    return 0;
}

static int run(context *x, status *s, problem *p) {
    int64_t stamped;
    size_t aside = 0;
    int rc = context_open(x, p);

    s->l = x->ledger;
    s->now = time(NULL);
    if (rc == EX_OK && s->style == STYLE_JSON && !(s->list = json_object_new_array()))
        rc = problem_set(p, EX_OSERR, "out of memory");
    for (s->state = LEDGER_ISSUING; rc == EX_OK && s->state <= LEDGER_CLAIMED; s->state++)
        rc = ledger_each(s->l, s->state, show, s, p);
    if (rc == EX_OK)
        rc = ledger_each(s->l, LEDGER_ASIDE, count, &aside, p);
    if (rc != EX_OK)
        goto out;
    if (s->list)
        puts(json_object_to_json_string_ext(s->list, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    if (s->shown == 0 && s->style == STYLE_TABLE)
        printf(s->user ? "%s has no open hand-off.\n" : "No hand-off is open.\n", s->user);
    if (aside > 0)
        fprintf(stderr, "otsd-hook: %zu unreadable record(s) in %s/aside: look at them, then remove them\n", aside,
                OTSD_STATE_DIR);
    stamped = ledger_stamped(s->l);
    if (s->shown > 0 && stamped + SWEEP_LONG < s->now && s->oldest + SWEEP_LONG < s->now) {
        char when[WORDS_MAX];

        s->flagged++;
        fprintf(stderr, "otsd-hook: the sweep is not running (last: %s): enable otsd-sweep.timer, or a cron line\n",
                stamped > 0 ? words_time(stamped, when) : "never");
    }
    if (s->flagged + s->unreadable + aside > 0)
        rc = EXIT_ATTENTION;
out:
    if (s->list)
        json_object_put(s->list);
    return rc;
}

int cmd_status(context *x, int argc, char **argv) {
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"porcelain", no_argument, NULL, 'p'},
                                            {"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    status s = {0};
    problem p;
    int opt, rc;

    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'j':
            s.style = STYLE_JSON;
            break;
        case 'p':
            s.style = STYLE_PORCELAIN;
            break;
        case 'c':
            x->config_path = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return usage_error("status", "\"%s\" is no option, or lacks its value", argv[optind - 1]);
        }
    }
    if (argc - optind > 1 || (argc - optind == 1 && !user_name_ok(argv[optind])))
        return usage_error("status", "it takes one user name or none");
    s.user = argv[optind];
    rc = run(x, &s, &p);
    if (rc != EX_OK && rc != EXIT_ATTENTION)
        problem_say(&p);
    return rc;
}
