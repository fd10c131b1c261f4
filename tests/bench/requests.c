/* SPDX-License-Identifier: MIT
 *
 * Generates through libotsd's pool, as many in flight as told: prints how many a second.
 *
 *   requests CONFIG JOBS COUNT
 */
#include <otsd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    otsd_pool *pool;
    long to_start, answered;
} run;

static int64_t now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static _Noreturn void die(const otsd_error *e) {
    fprintf(stderr, "requests: %s: %s\n", otsd_strerror(e->code), e->message);
    exit(1);
}

static void start(void);

static void answered(void *arg, otsd_receipt *receipt, const otsd_error *e) {
    (void)arg;
    if (e)
        die(e);
    otsd_receipt_free(&receipt);
    run.answered++;
    if (run.to_start > 0)
        start();
}

static void start(void) {
    const otsd_options options = {.ttl = 3600, .recipient = "alice@example.com"};
    otsd_error e = {0};

    run.to_start--;
    if (otsd_pool_generate(run.pool, &options, answered, NULL, &e) != OTSD_OK)
        die(&e);
}

int main(int argc, char **argv) {
    otsd_server *server = NULL;
    otsd_error e = {0};
    long jobs, count;
    int64_t begin;

    if (argc != 4) {
        fputs("usage: requests CONFIG JOBS COUNT\n", stderr);
        return 2;
    }
    jobs = strtol(argv[2], NULL, 10);
    count = strtol(argv[3], NULL, 10);
    if (otsd_process_harden(&e) != OTSD_OK || otsd_global_init(&e) != OTSD_OK ||
        otsd_server_load(&server, argv[1], &e) != OTSD_OK ||
        otsd_pool_new(&run.pool, server, (size_t)jobs, &e) != OTSD_OK)
        die(&e);
    begin = now_us();
    run.to_start = count;
    for (long i = 0; i < jobs && run.to_start > 0; i++)
        start();
    while (run.answered < count)
        if (otsd_pool_run(run.pool, 1000, &e) != OTSD_OK)
            die(&e);
    printf("%.1f\n", (double)count * 1e6 / (double)(now_us() - begin));
    otsd_pool_free(&run.pool);
    otsd_server_free(&server);
    otsd_global_cleanup();
    return 0;
}
