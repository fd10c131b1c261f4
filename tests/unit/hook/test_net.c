/* SPDX-License-Identifier: MIT
 *
 * A child that dies, lies or says what nobody asked: of a generate the request may have reached the server, everything
 * else was not reached; the child is ended, and the next call has a new one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/net.h"
#include "net/wire.h"
#include "net_child.h"
#include "otsd-net/serve.h"

#define KEY "abc123"

static otsd_server *server;

static int open_server(void **state) {
    (void)state;
    assert_int_equal(otsd_server_new(&server, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(server, "https://127.0.0.1:9", NULL), OTSD_OK);
    return 0;
}

static int close_server(void **state) {
    (void)state;
    otsd_server_free(&server);
    net_child = serve_parent;
    return 0;
}

/* Children. */

static bool greet(int channel) {
    const wire_ready ready = {.version = WIRE_VERSION};
    static wire_hello hello;

    return recv(channel, &hello, sizeof hello, 0) == (ssize_t)sizeof hello && wire_hello_is_good(&hello) &&
           wire_send(channel, &ready, sizeof ready, 0);
}

static wire_request asked;

static bool take(int channel) {
    return serve_receive(channel, &asked, sizeof asked) && wire_request_is_good(&asked);
}

static int dies_before_it_is_ready(int channel) {
    (void)channel;
    return 0;
}

static int is_of_another_release(int channel) {
    const wire_ready ready = {.version = WIRE_VERSION + 1};

    (void)wire_send(channel, &ready, sizeof ready, 0);
    return serve_receive(channel, &asked, sizeof asked);
}

static int refuses(int channel) {
    wire_ready ready = {.version = WIRE_VERSION, .code = OTSD_ERR_CONFIG};

    (void)wire_text(ready.message, sizeof ready.message, "no walls here");
    (void)wire_send(channel, &ready, sizeof ready, 0);
    return serve_receive(channel, &asked, sizeof asked);
}

static int dies_when_asked(int channel) {
    return greet(channel) && take(channel) ? 0 : 1;
}

static wire_answer answer;

/* As the library would have it, but for the number of the call. */
static int answers_another_call(int channel) {
    while (greet(channel) && take(channel)) {
        wire_put(&answer, asked.seq + 1, WIRE_END, NULL, NULL);
        (void)wire_send(channel, &answer, sizeof answer, 0);
    }
    return 0;
}

static int has_no_receipt(int channel) {
    if (!greet(channel) || !take(channel))
        return 1;
    wire_put(&answer, asked.seq, WIRE_END, NULL, NULL);
    answer.kind = 9;
    (void)wire_send(channel, &answer, sizeof answer, 0);
    return serve_receive(channel, &asked, sizeof asked);
}

static int sends_a_part(int channel) {
    if (!greet(channel) || !take(channel))
        return 1;
    wire_put(&answer, asked.seq, WIRE_END, NULL, NULL);
    (void)wire_send(channel, &answer, sizeof answer - 1, 0);
    return serve_receive(channel, &asked, sizeof asked);
}

static int sends_too_much(int channel) {
    static char more[sizeof(wire_answer) + 1];

    if (!greet(channel) || !take(channel))
        return 1;
    wire_put(&answer, asked.seq, WIRE_END, NULL, NULL);
    memcpy(more, &answer, sizeof answer);
    (void)wire_send(channel, more, sizeof more, 0);
    return serve_receive(channel, &asked, sizeof asked);
}

/* A list without end, of receipts that can be. */
static int lists_for_ever(int channel) {
    const otsd_receipt t = {.metadata_key = KEY, .secret_key = "", .custid = "", .share_domain = "", .ttl = -1};

    if (!greet(channel) || !take(channel))
        return 1;
    do {
        wire_put(&answer, asked.seq, WIRE_LISTED, &t, NULL);
    } while (wire_send(channel, &answer, sizeof answer, 0));
    return 0;
}

static bool answer_one(int channel);

static int answers_once(int channel) {
    return greet(channel) && answer_one(channel) ? 0 : 1;
}

/* Answers all; the value of a generate is the number of the call. */
static bool answer_one(int channel) {
    otsd_receipt t = {.metadata_key = KEY, .secret_key = "def", .custid = "", .share_domain = "", .ttl = 60};
    bool has_receipt;

    if (!take(channel))
        return false;
    has_receipt = asked.call == WIRE_GENERATE || asked.call == WIRE_FETCH || asked.call == WIRE_BURN;
    if (asked.call == WIRE_GENERATE && otsd_secret_new(&t.value, "Generated-1", 11, NULL) != OTSD_OK)
        return false;
    wire_put(&answer, asked.seq, WIRE_END, has_receipt ? &t : NULL, NULL);
    otsd_secret_free(&t.value);
    return wire_send(channel, &answer, sizeof answer, 0);
}

static int is_good(int channel) {
    if (!greet(channel))
        return 1;
    while (answer_one(channel))
        continue;
    return 0;
}

/* One call after the other. */

static int count(const otsd_receipt *t, void *arg) {
    unsigned *n = arg;

    assert_string_equal(t->metadata_key, KEY);
    return ++*n == 300;
}

static void what_cannot_be_started_sent_nothing(void **state) {
    static const struct {
        int (*child)(int channel);
        const char *words;
    } rows[] = {{dies_before_it_is_ready, "otsd-net cannot be started, and nothing was sent"},
                {is_of_another_release, "is of another release than this program"},
                {refuses, "no walls here"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        net_client *c = NULL;
        otsd_receipt *t = NULL;
        otsd_error e = OTSD_ERROR_INIT;

        net_child = rows[i].child;
        assert_int_equal(net_client_new(&c, server, NULL), OTSD_OK);
        assert_int_equal(net_generate(c, NULL, &t, &e), OTSD_ERR_CONFIG);
        assert_int_equal(e.reach, OTSD_REACH_NO);
        assert_non_null(strstr(e.message, rows[i].words));
        net_client_free(&c);
    }
}

static int (*const bad[])(int) = {dies_when_asked, answers_another_call, has_no_receipt, sends_a_part, sends_too_much};

static void a_lie_or_a_death_is_a_connection_that_failed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        net_client *c = NULL;
        otsd_receipt *t = NULL;
        otsd_error e = OTSD_ERROR_INIT;
        unsigned n = 0;

        net_child = bad[i];
        assert_int_equal(net_client_new(&c, server, NULL), OTSD_OK);
        assert_int_equal(net_generate(c, NULL, &t, &e), OTSD_ERR_CONNECTION);
        assert_int_equal(e.reach, OTSD_REACH_MAYBE);
        assert_non_null(strstr(e.message, "https://127.0.0.1:9: connection failure (otsd-net "));
        assert_int_equal(net_fetch(c, KEY, &t, &e), OTSD_ERR_CONNECTION);
        assert_int_equal(e.reach, OTSD_REACH_NO);
        assert_int_equal(net_burn(c, KEY, NULL, &e), OTSD_ERR_CONNECTION);
        assert_int_equal(e.reach, OTSD_REACH_NO);
        assert_int_equal(net_recent_each(c, count, &n, &e), OTSD_ERR_CONNECTION);
        assert_null(t);
        assert_int_equal(n, 0);
        net_child = is_good;
        assert_int_equal(net_fetch(c, KEY, &t, &e), OTSD_OK);
        assert_string_equal(t->metadata_key, KEY);
        otsd_receipt_free(&t);
        net_client_free(&c);
    }
}

static void a_list_without_end_is_left(void **state) {
    net_client *c = NULL;
    otsd_receipt *t = NULL;
    unsigned n = 0;

    (void)state;
    net_child = lists_for_ever;
    assert_int_equal(net_client_new(&c, server, NULL), OTSD_OK);
    assert_int_equal(net_recent_each(c, count, &n, NULL), OTSD_OK);
    assert_int_equal(n, 300);
    net_child = is_good;
    assert_int_equal(net_generate(c, NULL, &t, NULL), OTSD_OK);
    assert_string_equal(otsd_secret_data(t->value), "Generated-1");
    otsd_receipt_free(&t);
    net_client_free(&c);
}

static int count_on(const otsd_receipt *t, void *arg) {
    unsigned *n = arg;

    (void)t;
    ++*n;
    return 0;
}

static void a_list_without_end_has_its_time(void **state) {
    net_client *c = NULL;
    otsd_error e = OTSD_ERROR_INIT;
    unsigned n = 0;

    (void)state;
    net_child = lists_for_ever;
    assert_int_equal(net_client_new(&c, server, NULL), OTSD_OK);
    net_client_set_timeout(c, 1);
    assert_int_equal(net_recent_each(c, count_on, &n, &e), OTSD_ERR_CONNECTION);
    assert_non_null(strstr(e.message, "did not come to an end"));
    assert_true(n > 0);
    net_client_free(&c);
}

static void wait_for_a_death(void) {
    siginfo_t info;

    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
}

static void a_death_between_two_calls_is_none_of_theirs(void **state) {
    net_client *c = NULL;
    otsd_receipt *t = NULL;

    (void)state;
    net_child = answers_once;
    assert_int_equal(net_client_new(&c, server, NULL), OTSD_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(net_generate(c, NULL, &t, NULL), OTSD_OK);
        otsd_receipt_free(&t);
        wait_for_a_death();
    }
    net_client_free(&c);
}

/* Many at once. */

typedef struct told {
    unsigned good, maybe, other;
} told;

static void tell(void *arg, otsd_receipt *receipt, const otsd_error *e) {
    told *t = arg;

    if (receipt)
        t->good++;
    else if (e->code == OTSD_ERR_CONNECTION && e->reach == OTSD_REACH_MAYBE)
        t->maybe++;
    else
        t->other++;
    otsd_receipt_free(&receipt);
}

static void run_until(net_pool *p, const told *t, unsigned n) {
    for (unsigned i = 0; t->good + t->maybe + t->other < n; i++) {
        assert_true(i < 1000);
        assert_int_equal(net_pool_run(p, 100, NULL), OTSD_OK);
    }
}

static void each_that_was_in_flight_is_told_once(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        net_pool *p = NULL;
        told t = {0};
        unsigned sent = 0;

        net_child = bad[i];
        assert_int_equal(net_pool_new(&p, server, 5, NULL), OTSD_OK);
        while (sent < 5 && net_pool_generate(p, NULL, tell, &t, NULL) == OTSD_OK)
            sent++;
        assert_true(sent > 0);
        run_until(p, &t, sent);
        assert_int_equal(t.maybe, sent);
        net_child = is_good;
        for (unsigned k = 0; k < 5; k++)
            assert_int_equal(net_pool_generate(p, NULL, tell, &t, NULL), OTSD_OK);
        assert_int_equal(net_pool_generate(p, NULL, tell, &t, NULL), OTSD_ERR_ARGUMENT);
        run_until(p, &t, sent + 5);
        assert_int_equal(t.good, 5);
        assert_int_equal(t.other, 0);
        net_pool_free(&p);
        assert_int_equal(t.good + t.maybe, sent + 5);
    }
}

static void a_pool_goes_on_with_another_child(void **state) {
    net_pool *p = NULL;
    told t = {0};

    (void)state;
    net_child = answers_once;
    assert_int_equal(net_pool_new(&p, server, 1, NULL), OTSD_OK);
    for (unsigned k = 1; k <= 3; k++) {
        assert_int_equal(net_pool_generate(p, NULL, tell, &t, NULL), OTSD_OK);
        run_until(p, &t, k);
        wait_for_a_death();
    }
    assert_int_equal(t.good, 3);
    net_pool_free(&p);
}

static int is_silent(int channel) {
    if (!greet(channel))
        return 1;
    while (take(channel))
        continue;
    return 0;
}

static void what_is_given_up_is_told(void **state) {
    net_pool *p = NULL;
    told t = {0};

    (void)state;
    net_child = is_silent;
    assert_int_equal(net_pool_new(&p, server, 3, NULL), OTSD_OK);
    for (unsigned k = 0; k < 3; k++)
        assert_int_equal(net_pool_generate(p, NULL, tell, &t, NULL), OTSD_OK);
    net_pool_free(&p);
    assert_int_equal(t.maybe, 3);
}

static void a_wake_up_ends_the_wait(void **state) {
    net_pool *p = NULL;

    (void)state;
    net_child = is_good;
    assert_int_equal(net_pool_new(&p, server, 1, NULL), OTSD_OK);
    net_pool_wakeup(p);
    assert_int_equal(net_pool_run(p, 3600000, NULL), OTSD_OK);
    net_pool_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what cannot be started has sent nothing", what_cannot_be_started_sent_nothing, open_server, close_server,
         NULL},
        {"a lie or a death is a connection that failed, and the next call has a new child",
         a_lie_or_a_death_is_a_connection_that_failed, open_server, close_server, NULL},
        {"a list without end is left", a_list_without_end_is_left, open_server, close_server, NULL},
        {"a list without end has its time", a_list_without_end_has_its_time, open_server, close_server, NULL},
        {"each generate that was in flight with a child that lies or dies is told once",
         each_that_was_in_flight_is_told_once, open_server, close_server, NULL},
        {"a death between two calls is none of theirs", a_death_between_two_calls_is_none_of_theirs, open_server,
         close_server, NULL},
        {"a pool goes on with another child", a_pool_goes_on_with_another_child, open_server, close_server, NULL},
        {"what is given up is told", what_is_given_up_is_told, open_server, close_server, NULL},
        {"a wake-up ends the wait", a_wake_up_ends_the_wait, open_server, close_server, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
