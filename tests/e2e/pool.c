/* SPDX-License-Identifier: MIT
 *
 * Generates through libotsd's pool, each for a recipient of its own, so that a test can hold what the server did
 * against what the pool said of it:
 *
 *   pool CONFIG JOBS COUNT
 *
 * prints a line for each, "RECIPIENT good", or "RECIPIENT no", "maybe" or "answered", the reach of its error, and that.
 */
#include <otsd.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const reaches[] = {"no", "maybe", "answered"};

static struct {
    otsd_pool *pool;
    long *numbers;
    long started, count;
} run;

static _Noreturn void die(const otsd_error *e) {
    fprintf(stderr, "pool: %s\n", e->message);
    exit(1);
}

static void start(void);

static void ended(void *arg, otsd_receipt *receipt, const otsd_error *e) {
    const long *number = arg;

    if (printf("r%06ld@example.com %s%s%s\n", *number, !e ? "good" : reaches[e->reach], !e ? "" : " ",
               !e ? "" : e->message) < 0)
        exit(1);
    otsd_receipt_free(&receipt);
    if (e)
        (void)usleep(1000); /* so that a server that is away for a moment does not use up all */
    if (run.started < run.count)
        start();
}

static void start(void) {
    char recipient[64];
    const otsd_options o = {.ttl = 3600, .recipient = recipient};
    otsd_error e = {0};
    long *number = &run.numbers[run.started];

    *number = run.started++;
    snprintf(recipient, sizeof recipient, "r%06ld@example.com", *number);
    if (otsd_pool_generate(run.pool, &o, ended, number, &e) != OTSD_OK)
        die(&e);
}

int main(int argc, char **argv) {
    otsd_server *server = NULL;
    otsd_error e = {0};
    long jobs;

    if (argc != 4) {
        fputs("usage: pool CONFIG JOBS COUNT\n", stderr);
        return 64;
    }
    jobs = strtol(argv[2], NULL, 10);
    run.count = strtol(argv[3], NULL, 10);
    run.numbers = run.count > 0 ? calloc((size_t)run.count, sizeof *run.numbers) : NULL;
    if (!run.numbers || otsd_global_init(&e) != OTSD_OK || otsd_server_load(&server, argv[1], &e) != OTSD_OK ||
        otsd_pool_new(&run.pool, server, (size_t)jobs, &e) != OTSD_OK)
        die(&e);
    while (run.started < jobs && run.started < run.count)
        start();
    while (otsd_pool_in_flight(run.pool) > 0)
        if (otsd_pool_run(run.pool, 1000, &e) != OTSD_OK)
            die(&e);
    otsd_pool_free(&run.pool);
    otsd_server_free(&server);
    free(run.numbers);
    otsd_global_cleanup();
    return fflush(stdout) == 0 ? 0 : 1;
}
