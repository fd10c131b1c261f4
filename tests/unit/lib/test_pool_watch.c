/* SPDX-License-Identifier: MIT
 *
 * A pool's wait also ends with what else its process waits for.
 */
#include "client.h"

#include "client/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* More than a test may take; who waits so long was not woken. */
#define LONG_MS 60000L
#define LONG_S 30.0

static double seconds(void) {
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static otsd_pool *pool_at(int port) {
    otsd_server *server = NULL;
    otsd_pool *p = NULL;
    otsd_error e = {0};
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    assert_int_equal(otsd_server_new(&server, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(server, url, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_timeout_ms(server, LONG_MS, NULL), OTSD_OK);
    if (otsd_pool_new(&p, server, 2, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    otsd_server_free(&server);
    return p;
}

/* How long a run waits, of wait_ms. */
static double waited(otsd_pool *p, long wait_ms) {
    double begin = seconds();

    assert_int_equal(otsd_pool_run(p, wait_ms, NULL), OTSD_OK);
    return seconds() - begin;
}

static void a_wait_ends_with_what_is_watched(void **state) {
    otsd_pool *p = pool_at(1);
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pool_watch(p, ends[0]);
    assert_true(waited(p, 100) > 0.09); /* nothing to read yet */
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(waited(p, LONG_MS) < LONG_S);
    assert_true(waited(p, LONG_MS) < LONG_S); /* it was not read */
    pool_watch(p, -1);
    assert_true(waited(p, 100) > 0.09);
    pool_watch(p, ends[0]);
    otsd_pool_wakeup(p);
    assert_true(waited(p, LONG_MS) < LONG_S);
    assert_int_equal(close(ends[1]), 0);
    assert_true(waited(p, LONG_MS) < LONG_S);
    otsd_pool_free(&p);
    assert_int_equal(close(ends[0]), 0); /* it was the caller's */
}

static void on_end(void *arg, otsd_receipt *r, const otsd_error *e) {
    unsigned *told = arg;

    (void)e;
    assert_null(r);
    (*told)++;
}

static void so_it_does_while_a_server_is_silent(void **state) {
    const struct step steps[] = {{STEP_STALL, NULL}};
    struct server s = server_start(steps, 1);
    otsd_pool *p = pool_at(s.port);
    unsigned told = 0;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pool_watch(p, ends[0]);
    assert_int_equal(otsd_pool_generate(p, NULL, on_end, &told, NULL), OTSD_OK);
    while (s.seen->requests == 0 || waited(p, 100) < 0.09) /* until nothing else ends the wait */
        assert_int_equal(otsd_pool_run(p, 10, NULL), OTSD_OK);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(waited(p, LONG_MS) < LONG_S);
    assert_int_equal(told, 0);
    otsd_pool_free(&p);
    assert_int_equal(told, 1);
    assert_int_equal(close(ends[0]) + close(ends[1]), 0);
    server_stop(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_with_what_is_watched),
        cmocka_unit_test(so_it_does_while_a_server_is_silent),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("pool_watch", tests, client_make_folder, client_remove_folder);
}
