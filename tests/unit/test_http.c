/* SPDX-License-Identifier: MIT
 *
 * The client against a real socket: what it sends, how often, and what it makes of connections that die.
 */
#include "otsd.h"
#include "server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY "abcdefghijklmnopqrstuvwxyz01234"
#define RECEIPT                                                                                                        \
    "{\"custid\":\"anon\",\"metadata_key\":\"" KEY "\",\"secret_key\":\"s" KEY                                         \
    "\",\"ttl\":3600,\"metadata_ttl\":7200,"                                                                           \
    "\"secret_ttl\":3600,\"state\":\"new\",\"updated\":1,\"created\":1,\"recipient\":[],\"share_domain\":\"\","        \
    "\"passphrase_required\":false,\"value\":\"Generated-1\"}"
#define NOMINAL "{\"status\":\"nominal\",\"locale\":\"en\"}"

static char folder[] = "/tmp/otsd-http-XXXXXX";

static char *write_file(const char *name, const char *text) {
    char *path = NULL;
    FILE *f;

    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    (void)unlink(path);
    f = fopen(path, "wex");
    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

static otsd_client *client_with(const char *server_settings) {
    otsd_config *config = NULL;
    otsd_client *c = NULL;
    otsd_error e = {0};
    char *text = NULL, *path;

    assert_true(asprintf(&text, "server: {\n%s };\n", server_settings) > 0);
    path = write_file("otsd.conf", text);
    if (otsd_config_load(&config, path, &e) != OTSD_OK || otsd_client_new(&c, config, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    otsd_config_free(&config);
    free(text);
    free(path);
    return c;
}

static otsd_client *client_to(const struct server *s) {
    char text[128];

    (void)snprintf(text, sizeof text, "url = \"http://127.0.0.1:%d\"; timeout = 1.5;", s->port);
    return client_with(text);
}

static double seconds(void) {
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Makes the connection a used one. */
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

    assert_int_equal(otsd_secret_new(&value, "x", 1), OTSD_OK);
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
    return otsd_burn(c, KEY, NULL, NULL, e);
}

typedef otsd_err a_call(otsd_client *c, otsd_error *e);

static void not_repeated_when(enum step_action end) {
    a_call *const calls[] = {call_generate, call_share, call_read};
    size_t i;

    for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
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
    size_t i;

    (void)state;
    for (i = 0; i < 6; i++) {
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
    (void)usleep(50000);
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
    int i;

    (void)state;
    warm_up(c);
    assert_int_equal(call_burn(c, &e), OTSD_ERR_GONE);
    assert_int_equal(e.http_status, 404);
    for (i = 0; i < 20; i++)
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
    (void)snprintf(text, sizeof text, "url = \"https://127.0.0.1:%d\"; timeout = 0.5;", s.port);
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
    otsd_client *c = client_to(&s);
    otsd_error e = {0};
    double start = seconds();

    (void)state;
    assert_int_equal(call_generate(c, &e), OTSD_ERR_TIMEOUT);
    assert_int_equal(e.reach, OTSD_REACH_MAYBE);
    assert_true(seconds() - start < 2.0);
    assert_int_equal(s.seen->requests, 1);
    start = seconds();
    otsd_client_set_timeout(c, 200);
    assert_int_equal(call_fetch(c, &e), OTSD_ERR_TIMEOUT);
    assert_true(seconds() - start < 0.6);
    start = seconds();
    otsd_client_set_timeout(c, 60000); /* no longer than the configuration allows */
    assert_int_equal(call_fetch(c, &e), OTSD_ERR_TIMEOUT);
    assert_true(seconds() - start < 2.0);
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
    assert_true(seconds() - start < 1.0);
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

static void what_is_not_http_is_not_a_v1_server(void **state) {
    const struct step steps[] = {{STEP_ANSWER_CLOSE, "SSH-2.0-OpenSSH_9.2p1\r\n"}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_status(c, &e), OTSD_ERR_NOT_V1);
    otsd_client_free(&c);
    server_stop(&s);
}

static void redirects_are_not_followed_and_their_host_is_named(void **state) {
    const struct step elsewhere[] = {{STEP_ANSWER, server_json(200, "", NOMINAL)}};
    struct server other = server_start(elsewhere, 1);
    char answer[256];
    struct step steps[] = {{STEP_ANSWER, answer}};
    struct server s;
    otsd_client *c;
    otsd_error e = {0};
    char host[64];

    (void)state;
    (void)snprintf(host, sizeof host, "127.0.0.1:%d", other.port);
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 301 Moved\r\nLocation: http://user:pw@%s/secret/" KEY "\r\nContent-Length: 0\r\n\r\n",
                   host);
    s = server_start(steps, 1);
    c = client_to(&s);
    assert_int_equal(otsd_status(c, &e), OTSD_ERR_NOT_V1);
    assert_non_null(strstr(e.message, host));
    assert_null(strstr(e.message, KEY));
    assert_null(strstr(e.message, "pw"));
    assert_int_equal(other.seen->connections, 0);
    otsd_client_free(&c);
    server_stop(&s);
    server_stop(&other);
}

static void retry_after_is_read_as_seconds_and_as_a_date(void **state) {
    static const struct {
        const char *header;
        long least, most;
    } rows[] = {{"Retry-After: 17\r\n", 17, 17},
                {"retry-after:   99999999999999999999\r\n", 86400, 86400},
                {"Retry-After: -5\r\n", 0, 0},
                {"Retry-After: soon\r\n", 0, 0},
                {"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 0, 0},
                {"Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", 86400, 86400}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {{STEP_ANSWER, server_json(429, rows[i].header, "{}")}};
        struct server s = server_start(steps, 1);
        otsd_client *c = client_to(&s);
        otsd_error e = {0};

        assert_int_equal(call_burn(c, &e), OTSD_ERR_RATE_LIMITED);
        assert_int_equal(e.reach, OTSD_REACH_ANSWERED);
        assert_in_range(e.retry_after, rows[i].least, rows[i].most);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

static void an_answer_after_100_continue_counts(void **state) {
    char text[512];
    struct step steps[] = {{STEP_ANSWER, text}};
    struct server s;
    otsd_client *c;
    otsd_error e = {0};

    (void)state;
    (void)snprintf(text, sizeof text, "HTTP/1.1 103 Early Hints\r\nx-ots-intended-status: 401\r\n\r\n%s",
                   server_json(404, "", "{\"message\":\"Unknown secret\"}"));
    s = server_start(steps, 1);
    c = client_to(&s);
    assert_int_equal(call_burn(c, &e), OTSD_ERR_GONE);
    otsd_client_free(&c);
    server_stop(&s);
}

static void a_request_says_what_was_asked_and_nothing_of_the_environment(void **state) {
    static const char passphrase[] = "a&b=c d%+\xc3\xbc\n";
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "Set-Cookie: sess=1; Path=/\r\n", RECEIPT)},
                                 {STEP_ANSWER, server_json(200, "", NOMINAL)}};
    struct server s = server_start(steps, 2);
    char *token = write_file("token", "to:ken\n"), text[512];
    otsd_options o = {.ttl = 3601, .recipient = "a+b@example.com", .locale = "fr", .length = 12};
    otsd_secret *p = NULL;
    otsd_receipt *r = NULL;
    otsd_client *c;
    otsd_error e = {0};
    const char *q;

    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    (void)snprintf(text, sizeof text,
                   "url = \"http://127.0.0.1:%d/sub/\"; username = \"ops@example.com\"; token_file = \"%s\";", s.port,
                   token);
    c = client_with(text);
    assert_int_equal(otsd_secret_new(&p, passphrase, strlen(passphrase)), OTSD_OK);
    o.passphrase = p;
    if (otsd_generate(c, &o, &r, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    q = s.seen->request[0];
    assert_int_equal(strncmp(q, "POST /sub/api/v1/generate HTTP/1.1\r\n", 36), 0);
    assert_non_null(strstr(q, "\r\nAuthorization: Basic b3BzQGV4YW1wbGUuY29tOnRvOmtlbg==\r\n"));
    assert_non_null(strstr(q, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(q, "\r\nUser-Agent: otsd/" OTSD_VERSION "\r\n"));
    assert_null(strstr(q, "\r\nExpect:"));
    assert_non_null(strstr(q, "\r\n\r\nttl=3601&passphrase=a%26b%3Dc%20d%25%2B%C3%BC%0A&recipient=a%2Bb%40example.com&"
                              "locale=fr&length=12"));
    assert_int_equal(otsd_authcheck(c, &e), OTSD_OK);
    q = s.seen->request[1];
    assert_int_equal(strncmp(q, "GET /sub/api/v1/authcheck HTTP/1.1\r\n", 36), 0);
    assert_null(strstr(q, "\r\nCookie:"));
    assert_null(strstr(q, "Content-Length"));
    assert_int_equal(unsetenv("http_proxy") | unsetenv("ALL_PROXY"), 0);
    otsd_receipt_free(&r);
    otsd_secret_free(&p);
    otsd_client_free(&c);
    free(token);
    server_stop(&s);
}

static void a_key_that_could_leave_its_place_in_the_path_is_refused_unsent(void **state) {
    static const char *const keys[] = {"",    "..",     "a/b",      "a%2Fb", "a b", "a?b",
                                       "a#b", "a\r\nb", "\xc3\xbc", "a.b",   NULL};
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    char longest[258];
    otsd_receipt *r = NULL;
    otsd_secret *v = NULL;
    otsd_error e = {0};
    size_t i;

    (void)state;
    for (i = 0; keys[i] != NULL; i++) {
        assert_int_equal(otsd_fetch(c, keys[i], &r, &e), OTSD_ERR_ARGUMENT);
        assert_int_equal(otsd_burn(c, keys[i], NULL, NULL, &e), OTSD_ERR_ARGUMENT);
        assert_int_equal(otsd_read(c, keys[i], NULL, &v, &e), OTSD_ERR_ARGUMENT);
    }
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(otsd_fetch(c, longest, &r, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(e.reach, OTSD_REACH_NO);
    assert_int_equal(s.seen->connections, 0);
    otsd_client_free(&c);
    server_stop(&s);
}

static void what_servers_would_cut_or_destroy_is_refused_unsent(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    char *much = malloc(100001);
    otsd_secret *v = NULL;
    otsd_receipt *r = NULL;
    otsd_error e = {0};
    const otsd_options bad[] = {{.ttl = -1},
                                {.length = 129},
                                {.recipient = "a@example.com,b@example.com"},
                                {.recipient = "a@example.com\r\nBcc: b@example.com"},
                                {.recipient = ""},
                                {.share_domain = "a/b"},
                                {.locale = "e"}};
    size_t i;

    (void)state;
    assert_non_null(much);
    memset(much, 'x', 100001);
    assert_int_equal(otsd_share(c, NULL, NULL, &r, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_secret_new(&v, much, 100001), OTSD_OK);
    assert_int_equal(otsd_share(c, v, NULL, &r, &e), OTSD_ERR_ARGUMENT);
    otsd_secret_free(&v);
    assert_int_equal(otsd_secret_new(&v, "a\xff", 2), OTSD_OK);
    assert_int_equal(otsd_share(c, v, NULL, &r, &e), OTSD_ERR_ARGUMENT);
    otsd_secret_free(&v);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(otsd_generate(c, &bad[i], &r, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(s.seen->connections, 0);
    /* As much as is allowed, zero bytes too, goes out. */
    memset(much, '\0', 10);
    assert_int_equal(otsd_secret_new(&v, much, 100000), OTSD_OK);
    free(much);
    otsd_secret_free(&v);
    otsd_client_free(&c);
    server_stop(&s);
}

static void the_link_leads_to_the_server_or_to_the_share_domain(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    char empty[] = "", key[] = "abc", domain[] = "links.example.com", evil[] = "evil.com/x?", *link = NULL,
         expected[64];
    otsd_receipt r = {.secret_key = key, .share_domain = empty};

    (void)state;
    (void)snprintf(expected, sizeof expected, "http://127.0.0.1:%d/secret/abc", s.port);
    assert_int_equal(otsd_link(c, &r, &link), OTSD_OK);
    assert_string_equal(link, expected);
    free(link);
    r.share_domain = domain;
    assert_int_equal(otsd_link(c, &r, &link), OTSD_OK);
    assert_string_equal(link, "https://links.example.com/secret/abc");
    free(link);
    r.share_domain = evil;
    assert_int_equal(otsd_link(c, &r, &link), OTSD_ERR_ARGUMENT);
    r.share_domain = empty;
    r.secret_key = empty;
    assert_int_equal(otsd_link(c, &r, &link), OTSD_ERR_ARGUMENT);
    otsd_client_free(&c);
    server_stop(&s);
}

static void a_token_file_that_others_can_read_is_refused(void **state) {
    char *token = write_file("token", "token\n"), text[256], *path;
    otsd_config *config = NULL;
    otsd_client *c = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(chmod(token, 0640), 0);
    (void)snprintf(text, sizeof text, "server: { region = \"eu\"; username = \"u\"; token_file = \"%s\"; };\n", token);
    path = write_file("otsd.conf", text);
    assert_int_equal(otsd_config_load(&config, path, &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, config, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, token));
    assert_int_equal(chmod(token, 0600), 0);
    assert_int_equal(otsd_client_new(&c, config, &e), OTSD_OK);
    otsd_client_free(&c);
    otsd_config_free(&config);
    free(path);
    free(token);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) != NULL && otsd_global_init() == OTSD_OK ? 0 : -1;
}

static int remove_folder(void **state) {
    char path[64];
    static const char *const names[] = {"otsd.conf", "token"};
    size_t i;

    (void)state;
    otsd_global_cleanup();
    for (i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path); /* not every test makes both */
    }
    return rmdir(folder);
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
        cmocka_unit_test(what_is_not_http_is_not_a_v1_server),
        cmocka_unit_test(redirects_are_not_followed_and_their_host_is_named),
        cmocka_unit_test(retry_after_is_read_as_seconds_and_as_a_date),
        cmocka_unit_test(an_answer_after_100_continue_counts),
        cmocka_unit_test(a_request_says_what_was_asked_and_nothing_of_the_environment),
        cmocka_unit_test(a_key_that_could_leave_its_place_in_the_path_is_refused_unsent),
        cmocka_unit_test(what_servers_would_cut_or_destroy_is_refused_unsent),
        cmocka_unit_test(the_link_leads_to_the_server_or_to_the_share_domain),
        cmocka_unit_test(a_token_file_that_others_can_read_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
