/* SPDX-License-Identifier: MIT
 *
 * otsd: the calls of the API for people and scripts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "otsd/calls.h"

/* Output passes through here, so it can be wiped. */
static char out_buffer[16384];

static void help(void) {
    option_table all = request_options(NULL);

    puts("usage: otsd COMMAND [OPTION...]\n\nCommands, each with --help:");
    calls_help();
    putchar('\n');
    options_help_rows(&all, stdout);
    puts("\n  --help, --version");
}

/* The user's own configuration where there is one. */
static int find_config(const request *r, char **path, problem *p) {
    const char *home = secure_getenv("HOME");

    *path = NULL;
    if (!r->config && home && asprintf(path, "%s/.config/otsd/otsd.conf", home) < 0)
        return problem_set(p, EX_OSERR, "out of memory");
    if (*path && access(*path, F_OK) == 0)
        return problem_none(p);
    free(*path);
    *path = strdup(r->config ? r->config : OTSD_CONFIG_PATH);
    return *path ? problem_none(p) : problem_set(p, EX_OSERR, "out of memory");
}

static int connect_to(request *r, const char *path, problem *p) {
    otsd_server *server = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_server_load(&server, path, &e);

    if (err == OTSD_OK && r->options.share_domain)
        err = otsd_server_add_link_host(server, r->options.share_domain, &e);
    if (err == OTSD_OK)
        err = otsd_client_new(&r->client, server, &e);
    otsd_server_free(&server);
    return err == OTSD_OK ? problem_none(p) : problem_from_library(p, &e);
}

/* Whether memory must be locked is known before the first secret is read. */
static int start(request *r, problem *p) {
    otsd_error e = {0};
    int rc, refused;
    char *path;

    rc = find_config(r, &path, p);
    if (rc == EX_OK && otsd_memory_load(path, &e) != OTSD_OK)
        rc = problem_from_library(p, &e);
    if (rc == EX_OK)
        rc = request_passphrase(r, p);
    if (rc == EX_OK)
        rc = connect_to(r, path, p);
    refused = rc == EX_OK ? otsd_memory_refused() : 0;
    if (refused != 0)
        say_here("warning: memory cannot be locked (%s), so secrets can reach the swap device; memory.lock allows it",
                 strerror(refused));
    free(path);
    return rc;
}

static int run(const command *c, int argc, char **argv, problem *p) {
    request r = {0};
    options_result read = request_read(c, &r, argc, argv);
    int rc;

    if (read != OPTIONS_READ)
        return read == OPTIONS_HELP ? problem_none(p) : EX_USAGE;
    rc = start(&r, p);
    if (rc == EX_OK && (c->takes & TAKES_KEY) != 0)
        rc = request_key(&r, p);
    if (rc == EX_OK)
        rc = c->run(&r, p);
    request_end(&r);
    return rc;
}

static int dispatch(int argc, char **argv, problem *p) {
    const char *name = argc > 1 ? argv[1] : "";
    const command *c = calls_find(name);

    problem_clear(p);
    if (c)
        return run(c, argc - 1, argv + 1, p);
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
        help();
    else if (strcmp(name, "--version") == 0)
        puts("otsd " OTSD_VERSION);
    else
        return problem_set(p, EX_USAGE, "a command was expected; see otsd --help");
    return problem_none(p);
}

int main(int argc, char **argv) {
    problem p = {0};
    otsd_error e = {0};
    int rc;

    problem_program("otsd");
    if (otsd_process_harden(&e) != OTSD_OK || otsd_global_init(&e) != OTSD_OK)
        rc = problem_set(&p, EX_OSERR, "%s", e.message);
    else if (setvbuf(stdout, out_buffer, _IOFBF, sizeof out_buffer) != 0)
        rc = problem_set(&p, EX_OSERR, "out of memory");
    else
        rc = dispatch(argc, argv, &p);
    if (p.code != EX_OK)
        problem_say(&p);
    rc = output_end(rc);
    otsd_wipe(out_buffer, sizeof out_buffer);
    otsd_global_cleanup();
    return rc;
}
