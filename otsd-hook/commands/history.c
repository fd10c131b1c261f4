/* SPDX-License-Identifier: MIT
 *
 * otsd-hook history: what the audit log knows, its last rotation included.
 */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "commands/commands.h"

#define TEXT_MAX 300 /* bytes of one text of a line; an address has 254 at most */

typedef struct request {
    const char *config;
    bool json;
} request;

static const option_row rows[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     .at = offsetof(request, json),
     .help = "the log's own lines, one JSON object each"},
    OPTION_CONFIG(request),
};

static const option_table options = {
    .program = "otsd-hook",
    .command = "history",
    .forms = {"[OPTION...] [USER]"},
    .about = "Prints what the audit log says, of all or of USER, oldest first.",
    OPTION_ROWS(rows),
    .most = 1,
    .arguments = "it takes one user name or none",
};

typedef struct history {
    const char *user; /* NULL: all */
    bool json;
    size_t shown, damaged;
} history;

/* A line of the log, as far as it is shown; "" where a text is missing. */
typedef struct happening {
    char time[TEXT_MAX], user[TEXT_MAX], event[TEXT_MAX], recipient[TEXT_MAX], deadline[TEXT_MAX], reason[TEXT_MAX],
        outcome[TEXT_MAX], opened_at[TEXT_MAX];
} happening;

/* Bounded, and nothing in it that a terminal would obey. */
static void take(json_object *o, const char *name, char out[TEXT_MAX]) {
    json_object *v;
    bool is_text = json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_string);

    words_printable(is_text ? json_object_get_string(v) : "", out, TEXT_MAX);
}

/* False: the line is damaged. */
static bool read_happening(const char *line, happening *h) {
    json_object *o = json_tokener_parse(line);
    bool is_object = o && json_object_is_type(o, json_type_object);

    memset(h, 0, sizeof *h);
    if (is_object) {
        take(o, "time", h->time);
        take(o, "user", h->user);
        take(o, "event", h->event);
        take(o, "recipient", h->recipient);
        take(o, "deadline", h->deadline);
        take(o, "reason", h->reason);
        take(o, "outcome", h->outcome);
        take(o, "opened_at", h->opened_at);
    }
    if (o)
        json_object_put(o);
    return is_object && h->event[0];
}

static void print_happening(const happening *h) {
    if (strcmp(h->event, "closed") == 0 && h->opened_at[0])
        printf("%s  %-16s closed: %s; the link: %s at %s\n", h->time, h->user, h->reason, h->outcome, h->opened_at);
    else if (strcmp(h->event, "closed") == 0)
        printf("%s  %-16s closed: %s; the link: %s\n", h->time, h->user, h->reason, h->outcome);
    else if (h->recipient[0])
        printf("%s  %-16s %s to %s, until %s\n", h->time, h->user, h->event, h->recipient, h->deadline);
    else
        printf("%s  %-16s %s, until %s\n", h->time, h->user, h->event, h->deadline);
}

static void read_line(history *h, const char *line) {
    happening what;

    if (!read_happening(line, &what)) {
        h->damaged++;
        return;
    }
    if (h->user && strcmp(h->user, what.user) != 0)
        return;
    h->shown++;
    if (h->json)
        fputs(line, stdout);
    else
        print_happening(&what);
}

/* A log that is not there is empty. */
static int read_log(const char *path, history *h, problem *p) {
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    int rc = EX_OK;

    if (!f && errno == ENOENT)
        return EX_OK;
    if (!f)
        return problem_set(p, EX_NOINPUT, "the audit log %s cannot be read: %s", path, strerror(errno));
    while (getline(&line, &size, f) > 0)
        read_line(h, line);
    if (!feof(f))
        rc = problem_set(p, EX_IOERR, "the audit log %s cannot be read to its end: %s", path, strerror(errno));
    free(line);
    (void)fclose(f); /* only read from */
    return rc;
}

static int run(context *x, history *h, problem *p) {
    char rotated[PATH_MAX];
    int rc = context_open(x, p);

    if (rc != EX_OK)
        return rc;
    snprintf(rotated, sizeof rotated, "%s.1", x->config->audit.file);
    rc = read_log(rotated, h, p);
    if (rc == EX_OK)
        rc = read_log(x->config->audit.file, h, p);
    return rc;
}

static void tell(const history *h) {
    if (h->damaged > 0)
        say_here("the audit log has damaged lines, which were passed over (%zu)", h->damaged);
    else if (h->shown == 0 && !h->json)
        printf(h->user ? "The audit log has nothing on %s.\n" : "The audit log is empty.\n", h->user);
}

static int history_run(context *x, int argc, char **argv) {
    request q = {0};
    history h = {0};
    size_t count;
    problem p;
    int rc = command_begin(&options, argc, argv, &q, &count);

    if (rc == EX_OK && count > 0)
        rc = command_check_user(&options, argv[1]);
    if (rc != EX_OK)
        return rc;
    if (count > 0)
        h.user = argv[1];
    h.json = q.json;
    x->config_path = q.config;
    rc = command_end(run(x, &h, &p), &p);
    if (rc == EX_OK)
        tell(&h);
    return rc;
}

const command command_history = {&options, history_run, "what became of the hand-offs that are over"};
