/* SPDX-License-Identifier: MIT
 *
 * otsd-hook history: what the audit log knows, its last rotation included.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "commands/commands.h"
#include "commands/happening.h"
#include "handoff/who.h"

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
    const char *user;         /* NULL: all */
    char filed[USER_MAX + 1]; /* and the name that the account's hand-off is filed under */
    bool json;
    size_t shown, damaged;
} history;

static void read_line(history *h, const char *line) {
    happening what;

    if (!happening_read(line, &what)) {
        h->damaged++;
        return;
    }
    if (h->user && !happening_is_of(&what, h->user) && !happening_is_of(&what, h->filed))
        return;
    h->shown++;
    if (!h->json) {
        happening_print(&what, stdout);
        return;
    }
    words_print(line, strcspn(line, "\n"), stdout);
    putchar('\n');
}

/* A log that is not there is empty. */
static int read_log(const char *path, history *h, problem *p) {
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    int rc = problem_none(p);

    if (!f && errno == ENOENT)
        return problem_none(p);
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
    problem unknown = {0};
    int rc = context_open(x, p), rc_who = EX_OK;

    if (rc != EX_OK)
        return rc;
    if (h->user)
        rc_who = who_ends(x, h->user, h->filed, &unknown);
    snprintf(rotated, sizeof rotated, "%s.1", x->config->audit.file);
    rc = read_log(rotated, h, p);
    if (rc == EX_OK)
        rc = read_log(x->config->audit.file, h, p);
    if (rc == EX_OK && h->shown == 0 && rc_who == EX_OSERR)
        *p = unknown; /* by another name it may be there */
    return p->code;
}

static void tell(const history *h) {
    if (h->damaged > 0)
        say_here("the audit log has damaged lines, which were passed over (%zu)", h->damaged);
    else if (h->shown == 0 && !h->json)
        say_out(h->user ? "The audit log has nothing on %s." : "The audit log is empty.", h->user);
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
