/* SPDX-License-Identifier: MIT
 *
 * Many generates at once: each is told of exactly once, none arrives twice, and none is in another's way.
 */
#include "client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 64

static double seconds(void) {
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What became of the generates of a test; each is one of the outcomes. */
struct outcome {
    struct run *run;
    unsigned told;
    otsd_err code;
    otsd_error e;
};

struct run {
    otsd_pool *pool;
    size_t started, total; /* total: up to which the function starts further ones */
    unsigned good, bad;
    struct outcome all[1000];
};

static void start_one(struct run *run);

static void on_end(void *arg, otsd_receipt *r, const otsd_error *e) {
    struct outcome *o = arg;
    struct run *run = o->run;

    o->told++;
    if (r && !e) {
        assert_string_equal(r->metadata_key, KEY);
        assert_string_equal(otsd_secret_data(r->value), "Generated-1");
        run->good++;
    } else if (!r && e) {
        o->e = *e;
        o->code = e->code;
        run->bad++;
    } else {
        fail_msg("neither receipt nor error, or both");
    }
    otsd_receipt_free(&r);
    if (run->started < run->total)
        start_one(run);
}

static void start_one(struct run *run) {
    struct outcome *o = &run->all[run->started++];
    otsd_error e = {0};

    o->run = run;
    if (otsd_pool_generate(run->pool, NULL, on_end, o, &e) != OTSD_OK)
        fail_msg("%s", e.message);
}

static void start(struct run *run, size_t n) {
    while (n-- > 0)
        start_one(run);
}

static void finish(struct run *run) {
    otsd_error e = {0};

    while (otsd_pool_in_flight(run->pool) > 0)
        if (otsd_pool_run(run->pool, 1000, &e) != OTSD_OK)
            fail_msg("%s", e.message);
}

static void each_was_told_once(const struct run *run) {
    for (size_t i = 0; i < run->started; i++)
        assert_int_equal(run->all[i].told, 1);
    assert_int_equal(run->good + run->bad, run->started);
}

static otsd_pool *pool_with(const char *server_settings, size_t jobs) {
    otsd_server *server = client_server(server_settings);
    otsd_pool *p = NULL;
    otsd_error e = {0};

    if (otsd_pool_new(&p, server, jobs, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    otsd_server_free(&server);
    return p;
}

/* With a timeout of so many seconds. */
static struct run *run_to(const struct server *s, size_t jobs, const char *timeout) {
    struct run *run = calloc(1, sizeof *run);
    char text[128];

    assert_non_null(run);
    snprintf(text, sizeof text, "url = \"http://127.0.0.1:%d\"; timeout = %s;", s->port, timeout);
    run->pool = pool_with(text, jobs);
    return run;
}

static void end(struct run *run, struct server *s) {
    otsd_pool_free(&run->pool);
    assert_null(run->pool);
    each_was_told_once(run);
    free(run);
    server_stop(s);
}

static void many_are_answered_once_each_over_as_many_connections(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    struct run *run = run_to(&s, MANY, "60");

    (void)state;
    run->total = 1000;
    start(run, MANY);
    assert_int_equal(otsd_pool_in_flight(run->pool), MANY);
    finish(run);
    assert_int_equal(run->good, 1000);
    assert_int_equal(s.seen->requests, 1000);
    assert_in_range(s.seen->connections, 1, MANY);
    assert_int_equal(strncmp(s.seen->request[0], "POST /api/v1/generate HTTP/1.1\r\n", 32), 0);
    end(run, &s);
}

static void all_are_under_way_at_once(void **state) {
    const struct step steps[] = {{STEP_STALL, NULL}};
    struct server s = server_start(steps, 1);
    struct run *run = run_to(&s, MANY, "60");
    otsd_error e = {0};

    (void)state;
    start(run, MANY);
    while (*(volatile unsigned *)&s.seen->requests < MANY && otsd_pool_in_flight(run->pool) == MANY)
        assert_int_equal(otsd_pool_run(run->pool, 10, &e), OTSD_OK);
    assert_int_equal(s.seen->requests, MANY);
    assert_int_equal(s.seen->connections, MANY);
    end(run, &s);
}

static void no_more_than_there_are_places_and_nothing_bad_is_started(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    struct run *run = run_to(&s, 3, "60");
    otsd_options bad = {.recipient = "no address"};
    otsd_server *server = client_server("url = \"http://127.0.0.1:1\";");
    otsd_pool *p = NULL;
    otsd_error e = {0};

    (void)state;
    start(run, 2);
    assert_int_equal(otsd_pool_generate(run->pool, &bad, on_end, NULL, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_pool_generate(run->pool, NULL, NULL, NULL, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_pool_in_flight(run->pool), 2);
    start(run, 1);
    assert_int_equal(otsd_pool_generate(run->pool, NULL, on_end, NULL, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(e.reach, OTSD_REACH_NO);
    finish(run);
    assert_int_equal(s.seen->requests, 3);
    start(run, 3);
    finish(run);
    assert_int_equal(run->good, 6);
    assert_int_equal(otsd_pool_new(&p, server, 0, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_pool_new(&p, server, OTSD_POOL_MAX + 1, &e), OTSD_ERR_ARGUMENT);
    assert_null(p);
    otsd_server_free(&server);
    end(run, &s);
}

static void the_request_is_that_of_a_single_call(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    char *token = client_write_file("token", "token\n"), text[256], recipient[] = "a+b@example.com";
    otsd_options o = {.ttl = 3601, .recipient = recipient, .locale = "fr", .length = 12};
    struct run *run = calloc(1, sizeof *run);
    otsd_receipt *r = NULL;
    otsd_secret *p = NULL;
    otsd_client *c;
    otsd_error e = {0};

    (void)state;
    assert_non_null(run);
    snprintf(text, sizeof text,
             "url = \"http://127.0.0.1:%d/sub\"; username = \"ops@example.com\"; token_file = \"%s\";", s.port, token);
    c = client_with(text);
    run->pool = pool_with(text, 2);
    assert_int_equal(otsd_secret_new(&p, "a&b", 3, NULL), OTSD_OK);
    o.passphrase = p;
    assert_int_equal(otsd_generate(c, &o, &r, &e), OTSD_OK);
    run->all[run->started++].run = run;
    assert_int_equal(otsd_pool_generate(run->pool, &o, on_end, &run->all[0], &e), OTSD_OK);
    otsd_secret_free(&p); /* not needed after the return */
    memset(recipient, 'x', sizeof recipient - 1);
    finish(run);
    assert_int_equal(run->good, 1);
    assert_string_equal(s.seen->request[1], s.seen->request[0]);
    otsd_receipt_free(&r);
    otsd_client_free(&c);
    free(token);
    end(run, &s);
}

/* The same code, reach and text as otsd_generate has them. */
static void fails_as_a_single_call(const struct step *step, otsd_err code, otsd_reach reach) {
    struct server s = server_start(step, 1);
    /* Short only where no answer comes. */
    const char *timeout = code == OTSD_ERR_TIMEOUT ? "2" : "60";
    struct run *run = run_to(&s, 2, timeout);
    otsd_receipt *r = NULL;
    otsd_client *c = client_within(&s, timeout);
    otsd_error e = {0};

    assert_int_equal(otsd_generate(c, NULL, &r, &e), code);
    start(run, 1);
    finish(run);
    assert_int_equal(run->all[0].code, code);
    assert_int_equal(run->all[0].e.reach, reach);
    assert_int_equal(run->all[0].e.http_status, e.http_status);
    assert_int_equal(run->all[0].e.retry_after, e.retry_after);
    if (code != OTSD_ERR_TIMEOUT) /* tells the milliseconds */
        assert_string_equal(run->all[0].e.message, e.message);
    assert_int_equal(s.seen->requests, 2);
    otsd_client_free(&c);
    end(run, &s);
}

static void an_error_is_that_of_a_single_call(void **state) {
    const struct step steps[] = {
        {STEP_ANSWER, server_json(404, "", "{\"message\":\"Not authorized\"}")},
        {STEP_ANSWER, server_json(429, "Retry-After: 17\r\n", "{}")},
        {STEP_ANSWER, server_json(200, "", "{}")},
        {STEP_ANSWER, "HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"},
        {STEP_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"},
        {STEP_FLOOD, "HTTP/1.1 200 OK\r\n\r\n"},
        {STEP_CLOSE, NULL},
        {STEP_RESET, NULL},
        {STEP_STALL, NULL},
    };

    (void)state;
    fails_as_a_single_call(&steps[0], OTSD_ERR_CREDENTIALS, OTSD_REACH_ANSWERED);
    fails_as_a_single_call(&steps[1], OTSD_ERR_RATE_LIMITED, OTSD_REACH_ANSWERED);
    fails_as_a_single_call(&steps[2], OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED);
    fails_as_a_single_call(&steps[3], OTSD_ERR_SERVER, OTSD_REACH_ANSWERED);
    fails_as_a_single_call(&steps[4], OTSD_ERR_CONNECTION, OTSD_REACH_MAYBE);
    fails_as_a_single_call(&steps[5], OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED);
    fails_as_a_single_call(&steps[6], OTSD_ERR_CONNECTION, OTSD_REACH_MAYBE);
    fails_as_a_single_call(&steps[7], OTSD_ERR_CONNECTION, OTSD_REACH_MAYBE);
    fails_as_a_single_call(&steps[8], OTSD_ERR_TIMEOUT, OTSD_REACH_MAYBE);
}

static void nothing_listens_means_that_nothing_was_sent(void **state) {
    struct run *run = calloc(1, sizeof *run);

    (void)state;
    assert_non_null(run);
    run->pool = pool_with("url = \"http://127.0.0.1:1\";", 20);
    start(run, 20);
    finish(run);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(run->all[i].code, OTSD_ERR_CONNECTION);
        assert_int_equal(run->all[i].e.reach, OTSD_REACH_NO);
    }
    otsd_pool_free(&run->pool);
    each_was_told_once(run);
    free(run);
}

static void a_failed_tls_handshake_means_that_nothing_was_sent(void **state) {
    const struct step steps[] = {{STEP_STALL, NULL}};
    struct server s = server_start(steps, 1);
    struct run *run = calloc(1, sizeof *run);
    char text[128];

    (void)state;
    assert_non_null(run);
    snprintf(text, sizeof text, "url = \"https://127.0.0.1:%d\"; timeout = 0.4;", s.port);
    run->pool = pool_with(text, 8);
    start(run, 8);
    finish(run);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(run->all[i].e.reach, OTSD_REACH_NO);
    assert_int_equal(s.seen->requests, 0);
    end(run, &s);
}

/* Warms up connections, then sends on them what the server reads and drops. */
static void not_repeated_when(enum step_action how) {
    struct step steps[2 * 8 + 1];
    const char *answer = server_json(200, "", RECEIPT);
    struct server s;
    struct run *run;

    for (size_t i = 0; i < 8; i++) {
        steps[i] = (struct step){STEP_ANSWER, answer};
        steps[8 + i] = (struct step){how, NULL};
    }
    steps[16] = (struct step){STEP_ANSWER, answer};
    s = server_start(steps, 17);
    run = run_to(&s, 8, "60");
    start(run, 8);
    finish(run);
    assert_int_equal(run->good, 8);
    start(run, 8);
    finish(run);
    assert_int_equal(s.seen->requests, 16);
    for (size_t i = 8; i < 16; i++) {
        assert_int_equal(run->all[i].code, OTSD_ERR_CONNECTION);
        assert_int_equal(run->all[i].e.reach, OTSD_REACH_MAYBE);
    }
    start(run, 8);
    finish(run);
    assert_int_equal(run->good, 16);
    assert_int_equal(s.seen->requests, 24);
    end(run, &s);
}

static void generates_that_were_read_on_reused_connections_arrive_exactly_once(void **state) {
    (void)state;
    not_repeated_when(STEP_CLOSE);
    not_repeated_when(STEP_RESET);
}

static void connections_that_the_server_closed_while_idle_are_not_used(void **state) {
    const struct step steps[] = {{STEP_ANSWER_CLOSE, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    struct run *run = run_to(&s, 8, "60");
    int round;

    (void)state;
    for (round = 0; round < 3; round++) {
        start(run, 8);
        finish(run);
        server_wait_closed(&s, 8 * ((unsigned)round + 1));
    }
    assert_int_equal(run->good, 24);
    assert_int_equal(s.seen->requests, 24);
    end(run, &s);
}

static void one_that_hangs_is_in_nobodys_way(void **state) {
    const struct step steps[] = {{STEP_STALL, NULL}, {STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 2);
    struct run *run = run_to(&s, 4, "600");
    otsd_error e = {0};

    (void)state;
    run->total = 100;
    start(run, 4);
    while (otsd_pool_in_flight(run->pool) > 1)
        assert_int_equal(otsd_pool_run(run->pool, 1000, &e), OTSD_OK);
    /* All others came while it hung. */
    assert_int_equal(run->good, 99);
    assert_int_equal(run->bad, 0);
    assert_int_equal(s.seen->requests, 100);
    end(run, &s);
}

static void what_is_in_flight_at_the_end_is_given_up(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}, {STEP_STALL, NULL}};
    struct server s = server_start(steps, 2);
    struct run *run = run_to(&s, 4, "60");
    otsd_error e = {0};
    size_t maybe = 0;

    (void)state;
    start(run, 3);
    while ((run->good == 0 || *(volatile unsigned *)&s.seen->requests < 3) && run->bad == 0)
        assert_int_equal(otsd_pool_run(run->pool, 10, &e), OTSD_OK);
    start(run, 1); /* and never given a chance to leave */
    otsd_pool_free(&run->pool);
    assert_int_equal(run->good, 1);
    for (size_t i = 0; i < 3; i++)
        maybe += run->all[i].code == OTSD_ERR_CONNECTION && run->all[i].e.reach == OTSD_REACH_MAYBE;
    assert_int_equal(maybe, 2);
    assert_int_equal(run->all[3].code, OTSD_ERR_CONNECTION);
    assert_int_equal(run->all[3].e.reach, OTSD_REACH_NO);
    end(run, &s);
}

static void on_end_try_again(void *arg, otsd_receipt *r, const otsd_error *e) {
    otsd_pool **p = arg; /* which is not there any more after this */
    otsd_error again = {0};

    assert_null(r);
    assert_int_equal(e->code, OTSD_ERR_CONNECTION);
    assert_int_equal(otsd_pool_generate(*p, NULL, on_end_try_again, arg, &again), OTSD_ERR_ARGUMENT);
    *p = NULL;
}

static void nothing_is_started_in_a_pool_that_is_being_freed(void **state) {
    otsd_pool *p = pool_with("url = \"http://127.0.0.1:1\";", 2), *same = p;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_pool_generate(p, NULL, on_end_try_again, &same, &e), OTSD_OK);
    otsd_pool_free(&p);
    assert_null(same);
    otsd_pool_free(&p);
}

static void *ring(void *arg) {
    (void)usleep(100000);
    otsd_pool_wakeup(arg);
    return NULL;
}

static void a_wait_ends_with_a_wake_up_from_another_thread_or_with_its_time(void **state) {
    otsd_pool *p = pool_with("url = \"http://127.0.0.1:1\";", 2);
    double begin = seconds();
    pthread_t thread;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, ring, p), 0);
    assert_int_equal(otsd_pool_run(p, 600000, &e), OTSD_OK);
    assert_true(seconds() - begin < 300);
    assert_int_equal(pthread_join(thread, NULL), 0);
    begin = seconds();
    otsd_pool_wakeup(p); /* before the wait */
    otsd_pool_wakeup(p);
    assert_int_equal(otsd_pool_run(p, 600000, &e), OTSD_OK);
    assert_true(seconds() - begin < 300);
    begin = seconds();
    assert_int_equal(otsd_pool_run(p, 200, &e), OTSD_OK);
    assert_true(seconds() - begin > 0.15);
    otsd_pool_free(&p);
}

/* See test_http.c; each place meets such an answer after a good one. */
static void a_head_that_begins_with_a_blank_is_no_more_than_an_error(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)},
                                 {STEP_ANSWER, FOLDED},
                                 {STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 3);
    struct run *run = run_to(&s, 1, "60");

    (void)state;
    run->total = 10;
    start(run, 1);
    finish(run);
    assert_int_equal(run->good, 9);
    assert_int_equal(run->all[1].e.reach, OTSD_REACH_ANSWERED);
    end(run, &s);
}

/* As a client does: the first is refused by the server, the next before it is sent. */
static void what_the_answers_show_the_next_generates_know(void **state) {
    const struct step steps[] = {
        {STEP_ANSWER,
         server_json(404, "Server: thin\r\n", "{\"message\":\"Passphrase must be at least 8 characters long\"}")}};
    struct server s = server_start(steps, 1);
    struct run *run = run_to(&s, 1, "60");
    otsd_options o = OTSD_OPTIONS_INIT;
    otsd_secret *passphrase = NULL;
    otsd_error e = OTSD_ERROR_INIT;

    (void)state;
    assert_int_equal(otsd_secret_new(&passphrase, "seven77", 7, NULL), OTSD_OK);
    o.passphrase = passphrase;
    assert_string_equal(otsd_pool_generation(run->pool), "unknown");
    assert_string_equal(otsd_pool_generation(NULL), "unknown");
    start_one(run);
    finish(run);
    assert_string_equal(otsd_pool_generation(run->pool), "v0.22-v0.23");
    assert_int_equal(otsd_pool_generate(run->pool, &o, on_end, &run->all[1], &e), OTSD_ERR_ARGUMENT);
    assert_string_equal(e.message, "the passphrase has 7 characters; this server (v0.22-v0.23) wants 8 to 128");
    assert_int_equal(s.seen->requests, 1);
    otsd_secret_free(&passphrase);
    end(run, &s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_answered_once_each_over_as_many_connections),
        cmocka_unit_test(all_are_under_way_at_once),
        cmocka_unit_test(what_the_answers_show_the_next_generates_know),
        cmocka_unit_test(no_more_than_there_are_places_and_nothing_bad_is_started),
        cmocka_unit_test(the_request_is_that_of_a_single_call),
        cmocka_unit_test(an_error_is_that_of_a_single_call),
        cmocka_unit_test(nothing_listens_means_that_nothing_was_sent),
        cmocka_unit_test(a_failed_tls_handshake_means_that_nothing_was_sent),
        cmocka_unit_test(generates_that_were_read_on_reused_connections_arrive_exactly_once),
        cmocka_unit_test(connections_that_the_server_closed_while_idle_are_not_used),
        cmocka_unit_test(one_that_hangs_is_in_nobodys_way),
        cmocka_unit_test(what_is_in_flight_at_the_end_is_given_up),
        cmocka_unit_test(nothing_is_started_in_a_pool_that_is_being_freed),
        cmocka_unit_test(a_head_that_begins_with_a_blank_is_no_more_than_an_error),
        cmocka_unit_test(a_wait_ends_with_a_wake_up_from_another_thread_or_with_its_time),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
