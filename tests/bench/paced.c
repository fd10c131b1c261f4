/* SPDX-License-Identifier: MIT
 *
 * Generates through libotsd's pool for so many seconds, and does nothing with the answers:
 *
 *   paced CONFIG JOBS SECONDS          as many in flight as ledger/width.h finds, from one on
 *   paced CONFIG JOBS SECONDS all      JOBS in flight from the start
 */
#include <otsd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/width.h"

typedef struct place {
    width_call call;
    struct place *next; /* while it is free */
} place;

static struct {
    otsd_pool *pool;
    width width;
    place *unused;
    int64_t jobs, in_flight, timeout_ms;
    bool all;
} run;

static int64_t now_ms(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static _Noreturn void die(const otsd_error *e) {
    fprintf(stderr, "paced: %s: %s\n", otsd_strerror(e->code), e->message);
    exit(1);
}

static void answered(void *arg, otsd_receipt *receipt, const otsd_error *e) {
    place *c = arg;

    if (e)
        die(e);
    otsd_receipt_free(&receipt);
    if (!run.all)
        width_answered(&run.width, &c->call, run.jobs, run.timeout_ms, now_ms());
    run.in_flight--;
    c->next = run.unused;
    run.unused = c;
}

static void fill(void) {
    const otsd_options options = {.ttl = 3600, .recipient = "alice@example.com"};
    int64_t window = run.width.window < run.jobs ? run.width.window : run.jobs;
    otsd_error e = {0};

    while (run.in_flight < window) {
        place *c = run.unused;

        run.unused = c->next;
        run.in_flight++;
        c->call = (width_call){.kind = WIDTH_MAIL, .in_flight = run.in_flight, .sent_at = now_ms()};
        if (otsd_pool_generate(run.pool, &options, answered, c, &e) != OTSD_OK)
            die(&e);
    }
}

int main(int argc, char **argv) {
    otsd_server *server = NULL;
    place *places;
    otsd_error e = {0};
    int64_t end;

    if (argc < 4 || argc > 5) {
        fputs("usage: paced CONFIG JOBS SECONDS [all]\n", stderr);
        return 2;
    }
    run.jobs = strtol(argv[2], NULL, 10);
    run.all = argc == 5;
    places = run.jobs > 0 ? calloc((size_t)run.jobs, sizeof *places) : NULL;
    if (!places)
        return 2;
    for (int64_t i = 0; i < run.jobs; i++) {
        places[i].next = run.unused;
        run.unused = &places[i];
    }
    width_init(&run.width);
    if (run.all)
        run.width.window = run.jobs;
    if (otsd_process_harden(&e) != OTSD_OK || otsd_global_init(&e) != OTSD_OK ||
        otsd_server_load(&server, argv[1], &e) != OTSD_OK ||
        otsd_pool_new(&run.pool, server, (size_t)run.jobs, &e) != OTSD_OK)
        die(&e);
    run.timeout_ms = otsd_server_create_timeout_ms(server);
    end = now_ms() + strtol(argv[3], NULL, 10) * 1000;
    while (now_ms() < end) {
        fill();
        if (otsd_pool_run(run.pool, 100, &e) != OTSD_OK)
            die(&e);
    }
    printf("%lld\n", (long long)run.width.window);
    otsd_server_free(&server);
    exit(0); /* what is in flight nobody waits for */
}
