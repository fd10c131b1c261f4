/* SPDX-License-Identifier: MIT
 *
 * The client against a real socket: how often a request arrives, and what the client makes of connections that die.
 */
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Far beyond a timeout that is kept, however busy the machine is, and far below one that is not. */
static const double ENDLESS = 300;

static double seconds(void) {
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void warm_up(otsd_client *c) {
    otsd_error e = {0};

    if (otsd_status(c, &e) != OTSD_OK)
        fail_msg("%s", e.message);
}

static otsd_err call_generate(otsd_client *c, otsd_error *e) {
    otsd_receipt *r = NULL;
    otsd_err rc = otsd_generate(c, NULL, &r, e);

    otsd_receipt_free(&r);
    return rc;
}

static otsd_err call_share(otsd_client *c, otsd_error *e) {
    otsd_secret *value = NULL;
    otsd_receipt *r = NULL;
    otsd_err rc;

    assert_int_equal(otsd_secret_new(&value, "x", 1, NULL), OTSD_OK);
    rc = otsd_share(c, value, NULL, &r, e);
    otsd_secret_free(&value);
    otsd_receipt_free(&r);
    return rc;
}

static otsd_err call_read(otsd_client *c, otsd_error *e) {
    otsd_secret *value = NULL;
    otsd_err rc = otsd_read(c, KEY, NULL, &value, e);

    otsd_secret_free(&value);
    return rc;
}

static otsd_err call_fetch(otsd_client *c, otsd_error *e) {
    otsd_receipt *r = NULL;
    otsd_err rc = otsd_fetch(c, KEY, &r, e);

    otsd_receipt_free(&r);
    return rc;
}

static otsd_err call_burn(otsd_client *c, otsd_error *e) {
    otsd_receipt *t = NULL;
    otsd_err rc = otsd_burn(c, KEY, NULL, &t, e);

    otsd_receipt_free(&t);
    return rc;
}

typedef otsd_err a_call(otsd_client *c, otsd_error *e);

static void not_repeated_when(enum step_action end) {
    a_call *const calls[] = {call_generate, call_share, call_read};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct step steps[] = {
            {STEP_ANSWER, server_json(200, "", NOMINAL)}, {end, NULL}, {STEP_ANSWER, server_json(200, "", RECEIPT)}};
        struct server s = server_start(steps, 3);
        otsd_client *c = client_to(&s);
        otsd_error e = {0};

        warm_up(c);
        assert_int_equal(calls[i](c, &e), OTSD_ERR_CONNECTION);
        assert_int_equal(e.reach, OTSD_REACH_MAYBE);
        assert_int_equal(s.seen->requests, 2);
        /* The client is as good as new afterwards. */
        assert_int_equal(calls[i](c, &e), OTSD_OK);
        assert_int_equal(s.seen->requests, 3);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

static void a_generate_that_was_read_on_a_reused_connection_arrives_exactly_once(void **state) {
    (void)state;
    not_repeated_when(STEP_CLOSE);
}

static void the_same_where_the_connection_is_reset(void **state) {
    (void)state;
    not_repeated_when(STEP_RESET);
}

static void safe_calls_are_repeated_once_on_a_fresh_connection(void **state) {
    a_call *const calls[] = {otsd_status, call_fetch, call_burn};
    const enum step_action ends[] = {STEP_CLOSE, STEP_RESET};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        const struct step steps[] = {{STEP_ANSWER, server_json(200, "", NOMINAL)},
                                     {ends[i % 2], NULL},
                                     {STEP_ANSWER, server_json(200, "", i < 2 ? NOMINAL : RECEIPT)}};
        struct server s = server_start(steps, 3);
        otsd_client *c = client_to(&s);
        otsd_error e = {0};

        warm_up(c);
        if (calls[i / 2](c, &e) != OTSD_OK)
            fail_msg("%zu: %s", i, e.message);
        assert_int_equal(s.seen->requests, 3);
        assert_int_equal(s.seen->connections, 2);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

static void a_safe_call_is_not_repeated_for_ever(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", NOMINAL)}, {STEP_CLOSE, NULL}};
    struct server s = server_start(steps, 2);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    warm_up(c);
    assert_int_equal(call_fetch(c, &e), OTSD_ERR_CONNECTION);
    assert_int_equal(e.reach, OTSD_REACH_MAYBE);
    assert_int_equal(s.seen->requests, 3);
    otsd_client_free(&c);
    server_stop(&s);
}

static void a_connection_that_the_server_closed_while_idle_is_not_used(void **state) {
    const struct step steps[] = {{STEP_ANSWER_CLOSE, server_json(200, "", NOMINAL)},
                                 {STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 2);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    warm_up(c);
    server_wait_closed(&s, 1);
    assert_int_equal(call_generate(c, &e), OTSD_OK);
    assert_int_equal(s.seen->requests, 2);
    otsd_client_free(&c);
    server_stop(&s);
}

static void one_connection_serves_many_calls(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", NOMINAL)},
                                 {STEP_ANSWER, server_json(404, "", "{\"message\":\"Unknown secret\"}")},
                                 {STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 3);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    warm_up(c);
    assert_int_equal(call_burn(c, &e), OTSD_ERR_GONE);
    assert_int_equal(e.http_status, 404);
    for (int i = 0; i < 20; i++)
        assert_int_equal(call_generate(c, &e), OTSD_OK);
    assert_int_equal(s.seen->requests, 22);
    assert_int_equal(s.seen->connections, 1);
    otsd_client_free(&c);
    server_stop(&s);
}

static void nothing_listens_means_that_nothing_was_sent(void **state) {
    const struct step steps[] = {{STEP_CLOSE, NULL}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    server_stop(&s);
    assert_int_equal(call_generate(c, &e), OTSD_ERR_CONNECTION);
    assert_int_equal(e.reach, OTSD_REACH_NO);
    assert_int_equal(e.http_status, 0);
    otsd_client_free(&c);
}

static void a_failed_tls_handshake_means_that_nothing_was_sent(void **state) {
    const struct step steps[] = {{STEP_ANSWER_CLOSE, "HTTP/1.1 400 Bad Request\r\n\r\n"}};
    struct server s = server_start(steps, 1);
    char text[128];
    otsd_client *c;
    otsd_error e = {0};
    otsd_err rc;

    (void)state;
    snprintf(text, sizeof text, "url = \"https://127.0.0.1:%d\"; timeout = 0.5;", s.port);
    c = client_with(text);
    rc = call_generate(c, &e);
    /* The server waits for the end of a request that never comes, or is taken aback at once. */
    assert_true(rc == OTSD_ERR_TLS || rc == OTSD_ERR_TIMEOUT || rc == OTSD_ERR_CONNECTION);
    assert_int_equal(e.reach, OTSD_REACH_NO);
    otsd_client_free(&c);
    server_stop(&s);
}

static void a_server_that_never_answers_costs_no_more_than_the_timeout(void **state) {
    const struct step steps[] = {{STEP_STALL, NULL}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_within(&s, "1.5");
    otsd_error e = {0};
    double start = seconds();

    (void)state;
    assert_int_equal(call_generate(c, &e), OTSD_ERR_TIMEOUT);
    assert_int_equal(e.reach, OTSD_REACH_MAYBE);
    assert_int_equal(s.seen->requests, 1);
    otsd_client_set_timeout(c, 600000); /* no longer than the configuration allows */
    assert_int_equal(call_fetch(c, &e), OTSD_ERR_TIMEOUT);
    otsd_client_free(&c);
    c = client_within(&s, "600");
    otsd_client_set_timeout(c, 200);
    assert_int_equal(call_fetch(c, &e), OTSD_ERR_TIMEOUT);
    assert_true(seconds() - start < ENDLESS);
    otsd_client_free(&c);
    server_stop(&s);
}

static void an_answer_in_drops_costs_no_more_than_the_timeout(void **state) {
    const struct step steps[] = {{STEP_DRIP, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};
    double start = seconds();

    (void)state;
    otsd_client_set_timeout(c, 500);
    assert_int_equal(call_generate(c, &e), OTSD_ERR_TIMEOUT);
    assert_int_equal(e.reach, OTSD_REACH_MAYBE);
    assert_true(seconds() - start < ENDLESS);
    otsd_client_free(&c);
    server_stop(&s);
}

static void an_endless_answer_is_cut_off(void **state) {
    const struct step steps[] = {{STEP_FLOOD, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    assert_int_equal(call_generate(c, &e), OTSD_ERR_ANSWER);
    assert_int_equal(e.reach, OTSD_REACH_ANSWERED);
    otsd_client_free(&c);
    server_stop(&s);
}

static void a_truncated_answer_is_a_broken_connection(void **state) {
    const struct step steps[] = {
        {STEP_ANSWER_CLOSE, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n"
                            "{\"message\":\"Unknown secret\"}"}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    assert_int_equal(call_burn(c, &e), OTSD_ERR_CONNECTION);
    assert_int_equal(e.reach, OTSD_REACH_MAYBE);
    otsd_client_free(&c);
    server_stop(&s);
}

/* libcurl 7.88.1 frees a header of the answer before, which is gone, where one handle had both. */
static void a_head_that_begins_with_a_blank_is_no_more_than_an_error(void **state) {
    const char *const firsts[] = {
        server_json(200, "", RECEIPT),
        server_json(404, "X-Long: a header line that is kept\r\n", "{\"message\":\"Unknown secret\"}")};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct step steps[] = {
            {STEP_ANSWER, firsts[i]}, {STEP_ANSWER, FOLDED}, {STEP_ANSWER, server_json(200, "", RECEIPT)}};
        struct server s = server_start(steps, 3);
        otsd_client *c = client_to(&s);
        otsd_error e = {0};

        assert_int_equal(call_burn(c, &e), i == 0 ? OTSD_OK : OTSD_ERR_GONE);
        e = (otsd_error){0};
        assert_int_not_equal(call_generate(c, &e), OTSD_OK); /* newer ones read it, and its type is none of ours */
        assert_int_equal(e.reach, OTSD_REACH_ANSWERED);
        assert_int_equal(call_generate(c, &e), OTSD_OK);
        assert_int_equal(s.seen->requests, 3);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

static void of_a_redirect_the_host_is_named_and_never_a_key(void **state) {
    static const struct {
        const char *location, *shown;
    } rows[] = {
        {"https://eu.example.com/secret/" KEY, " to eu.example.com;"},
        {"//eu.example.com?key=" KEY, " to eu.example.com;"},
        {"https://" KEY "@eu.example.com:8443/", " to eu.example.com:8443;"},
        {"https://" KEY ":443/", " to another host;"},
        {"https://eu." KEY ".example.com", " to another host;"},
        {"/private/" KEY, "redirects (HTTP status 302);"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct step steps[] = {{STEP_ANSWER, NULL}};
        char header[256];
        struct server s;
        otsd_client *c;
        otsd_error e = {0};

        snprintf(header, sizeof header, "Location: %s\r\n", rows[i].location);
        steps[0].text = server_json(302, header, "{}");
        s = server_start(steps, 1);
        c = client_to(&s);
        assert_int_equal(call_fetch(c, &e), OTSD_ERR_NOT_V1);
        if (!strstr(e.message, rows[i].shown) || strstr(e.message, KEY))
            fail_msg("%s: %s", rows[i].location, e.message);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

/* "~01" is a zero byte, see STEP_MASKED. */
#define ANSWER_OF(type, len, body) "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nContent-Length: " len "\r\n\r\n" body
#define SAYS_YES "application/json"

static void a_read_that_lost_the_secret_says_so_first(void **state) {
    static const char lost[] = "the link was opened, and what it held is lost: ";
    static const char unsure[] = "the link may have been opened, and what it held is lost then: ";
    const struct {
        struct step step;
        otsd_err meaning;
        const char *first; /* NULL: nothing is lost */
    } rows[] = {
        {{STEP_ANSWER, server_json(200, "", "{\"value\":\"M\xc3\xbcller\"}")}, OTSD_OK, NULL},
        {{STEP_ANSWER, server_json(200, "", "{\"value\":\"M\xfcller\"}")}, OTSD_ERR_ANSWER, lost},
        {{STEP_ANSWER, server_json(200, "", "{\"value\":\"x\"} {}")}, OTSD_ERR_ANSWER, lost},
        {{STEP_ANSWER, server_json(200, "", "{\"value\":7}")}, OTSD_ERR_ANSWER, lost},
        {{STEP_ANSWER, server_json(200, "", "{}")}, OTSD_ERR_ANSWER, lost},
        {{STEP_MASKED, ANSWER_OF(SAYS_YES, "14", "{\"value\":\"x\"}~01")}, OTSD_ERR_ANSWER, lost},
        {{STEP_MASKED, ANSWER_OF(SAYS_YES, "16", "{\"value\":\"x\"}~01{}")}, OTSD_ERR_ANSWER, lost},
        {{STEP_ANSWER_CLOSE, ANSWER_OF(SAYS_YES, "99", "{\"value\":\"")}, OTSD_ERR_CONNECTION, lost},
        {{STEP_ANSWER_CLOSE, ANSWER_OF(SAYS_YES, "99", "")}, OTSD_ERR_CONNECTION, lost},
        {{STEP_FLOOD, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"}, OTSD_ERR_ANSWER, lost},
        {{STEP_ANSWER, ANSWER_OF("text/html", "6", "<html>")}, OTSD_ERR_NOT_V1, unsure},
        {{STEP_CLOSE, NULL}, OTSD_ERR_CONNECTION, unsure},
        {{STEP_ANSWER, server_json(404, "", "{\"message\":\"Unknown secret\"}")}, OTSD_ERR_GONE, NULL},
        {{STEP_ANSWER, server_json(404, "", "{\"message\":")}, OTSD_ERR_ANSWER, NULL},
        {{STEP_ANSWER, server_json(500, "", "{}")}, OTSD_ERR_SERVER, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct server s = server_start(&rows[i].step, 1);
        otsd_client *c = client_to(&s);
        otsd_error e = {0};

        if (call_read(c, &e) != rows[i].meaning)
            fail_msg("row %zu: %d: %s", i, (int)e.code, e.message);
        if (rows[i].first ? strncmp(e.message, rows[i].first, strlen(rows[i].first)) != 0
                          : !!strstr(e.message, "opened"))
            fail_msg("row %zu: %s", i, e.message);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generate_that_was_read_on_a_reused_connection_arrives_exactly_once),
        cmocka_unit_test(the_same_where_the_connection_is_reset),
        cmocka_unit_test(safe_calls_are_repeated_once_on_a_fresh_connection),
        cmocka_unit_test(a_safe_call_is_not_repeated_for_ever),
        cmocka_unit_test(a_connection_that_the_server_closed_while_idle_is_not_used),
        cmocka_unit_test(one_connection_serves_many_calls),
        cmocka_unit_test(nothing_listens_means_that_nothing_was_sent),
        cmocka_unit_test(a_failed_tls_handshake_means_that_nothing_was_sent),
        cmocka_unit_test(a_server_that_never_answers_costs_no_more_than_the_timeout),
        cmocka_unit_test(an_answer_in_drops_costs_no_more_than_the_timeout),
        cmocka_unit_test(an_endless_answer_is_cut_off),
        cmocka_unit_test(a_truncated_answer_is_a_broken_connection),
        cmocka_unit_test(of_a_redirect_the_host_is_named_and_never_a_key),
        cmocka_unit_test(a_head_that_begins_with_a_blank_is_no_more_than_an_error),
        cmocka_unit_test(a_read_that_lost_the_secret_says_so_first),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
