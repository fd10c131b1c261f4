/* SPDX-License-Identifier: MIT
 *
 * otsd-hook check: would a hand-off work on this machine from its first step to its last? Each check is a row of the
 * table below; what one needs of another stands in the struct that they share, so their order counts. A check that
 * cannot look says so, and the others go on.
 */
#include <stdio.h>

#include "commands/checks.h"
#include "commands/commands.h"

typedef struct request {
    const char *config;
    bool json, offline;
} request;

static const option_row rows[] = {
    {.name = "offline",
     .kind = OPTION_FLAG,
     .at = offsetof(request, offline),
     .help = "ask the server nothing; what is needed to ask it is read all the same"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .at = offsetof(request, json),
     .help = "an array of objects: check, level (ok, warning, error), what, remedy"},
    OPTION_CONFIG(request),
};

static const option_table options = {
    .program = "otsd-hook",
    .command = "check",
    .forms = {"[OPTION...]"},
    .about = "Looks whether hand-offs can work here: a line for each finding, with what to do about it. No account is "
             "changed, and the server is asked only whether it takes the credentials. Exit code 0 where all is well, "
             "1 where there are warnings, otherwise that of the first error.",
    OPTION_ROWS(rows),
    .arguments = "it takes no arguments",
};

static const struct {
    const char *name;
    check_fn *fn;
} checks[] = {
    {"configuration", check_configuration},
    {"ledger", check_ledger},
    {"audit", check_audit},
    {"password", check_password},
    {"memory", check_memory},
    {"clock", check_clock},
    {"sweep", check_sweep},
    {"module", check_module},
    {"pam", check_pam},
    {"server", check_server},
};

static int check_run(context *x, int argc, char **argv) {
    request q = {0};
    check c = {.x = x};
    size_t count;
    problem p;
    int rc = command_begin(&options, argc, argv, &q, &count);

    if (rc != EX_OK)
        return rc;
    x->config_path = q.config;
    c.offline = q.offline;
    if (q.json) {
        c.f.list = json_new(JSON_PRETTY);
        json_begin_array(c.f.list, NULL);
        if (!c.f.list)
            return command_end(problem_set(&p, EX_OSERR, "out of memory"), &p);
    }
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        c.f.check = checks[i].name;
        checks[i].fn(&c);
    }
    json_end(c.f.list);
    if (q.json)
        rc = json_print(&c.f.list, stdout, &p);
    return rc == EX_OK ? findings_exit(&c.f) : command_end(rc, &p);
}

const command command_check = {&options, check_run, "would hand-offs work on this machine, and what to mend"};
