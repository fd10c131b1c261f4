/* SPDX-License-Identifier: MIT
 *
 * What the client sends, what it refuses to send, and what it reads from the head of an answer.
 */
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static otsd_err call_burn(otsd_client *c, otsd_error *e) {
    otsd_receipt *t = NULL;
    otsd_err rc = otsd_burn(c, KEY, NULL, &t, e);

    otsd_receipt_free(&t);
    return rc;
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
    snprintf(host, sizeof host, "127.0.0.1:%d", other.port);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 301 Moved\r\nLocation: http://user:pw@%s/secret/" KEY "\r\nContent-Length: 0\r\n\r\n", host);
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

static void a_redirect_names_a_host_and_never_a_key(void **state) {
    static const struct {
        const char *location, *shown; /* NULL: no host at all */
    } rows[] = {
        {"https://elsewhere.example.com/secret/" KEY, "redirects (HTTP status 302) to elsewhere.example.com;"},
        {"https://Elsewhere.example.com:8443/" KEY, "to Elsewhere.example.com:8443;"},
        {"//elsewhere.example.com/" KEY, "to elsewhere.example.com;"},
        {"/private/" KEY, NULL},
        {"?back=https://" KEY ".example/", NULL},
        {"/x?back=https://" KEY "/", NULL},
        {KEY, NULL},
        {"https://" KEY "/", "to another host;"},
        {"https://" KEY ".example.com/", "to another host;"},
        {"https://" KEY "@elsewhere.example.com/", "to elsewhere.example.com;"},
        {"https://elsewhere.example.com:" KEY "/", "to another host;"},
        {"//" KEY, "to another host;"},
        {KEY "://elsewhere.example.com/", "to another host;"},
        {"https://a b/" KEY, "to another host;"},
        {"https://", "to another host;"},
    };
    char answer[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {{STEP_ANSWER, answer}};
        struct server s;
        otsd_client *c;
        otsd_error e = {0};

        snprintf(answer, sizeof answer, "HTTP/1.1 302 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                 rows[i].location);
        s = server_start(steps, 1);
        c = client_to(&s);
        assert_int_equal(otsd_status(c, &e), OTSD_ERR_NOT_V1);
        if (strcasestr(e.message, KEY) || !strstr(e.message, rows[i].shown ? rows[i].shown : "(HTTP status 302);"))
            fail_msg("row %zu: %s", i, e.message);
        otsd_client_free(&c);
        server_stop(&s);
    }
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

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
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
    snprintf(text, sizeof text, "HTTP/1.1 103 Early Hints\r\nx-ots-intended-status: 401\r\n\r\n%s",
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
    char *token = client_write_file("token", "to:ken\n"), text[512];
    otsd_options o = {.ttl = 3601, .recipient = "a+b@example.com", .locale = "fr", .length = 12};
    otsd_secret *p = NULL;
    otsd_receipt *r = NULL;
    otsd_client *c;
    otsd_error e = {0};
    const char *q;

    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    snprintf(text, sizeof text,
             "url = \"http://127.0.0.1:%d/sub/\"; username = \"ops@example.com\"; token_file = \"%s\";", s.port, token);
    c = client_with(text);
    assert_int_equal(otsd_secret_new(&p, passphrase, strlen(passphrase), NULL), OTSD_OK);
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

    (void)state;
    for (size_t i = 0; keys[i]; i++) {
        assert_int_equal(otsd_fetch(c, keys[i], &r, &e), OTSD_ERR_ARGUMENT);
        assert_int_equal(otsd_burn(c, keys[i], NULL, &r, &e), OTSD_ERR_ARGUMENT);
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

    (void)state;
    assert_non_null(much);
    memset(much, 'x', 100001);
    assert_int_equal(otsd_share(c, NULL, NULL, &r, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_secret_new(&v, much, 100001, NULL), OTSD_OK);
    assert_int_equal(otsd_share(c, v, NULL, &r, &e), OTSD_ERR_ARGUMENT);
    otsd_secret_free(&v);
    assert_int_equal(otsd_secret_new(&v, "a\xff", 2, NULL), OTSD_OK);
    assert_int_equal(otsd_share(c, v, NULL, &r, &e), OTSD_ERR_ARGUMENT);
    otsd_secret_free(&v);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(otsd_generate(c, &bad[i], &r, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(s.seen->connections, 0);
    free(much);
    otsd_secret_free(&v);
    otsd_client_free(&c);
    server_stop(&s);
}

/* "#" stands for 63 letters. */
static void spell(char *out, size_t size, const char *text) {
    size_t n = 0;

    for (; *text != '\0'; text++) {
        size_t len = *text == '#' ? 63 : 1;

        assert_true(n + len < size);
        memset(out + n, *text == '#' ? 'a' : *text, len);
        n += len;
    }
    out[n] = '\0';
}

static void what_surely_is_no_address_or_more_than_one_is_no_recipient(void **state) {
    static const char *const good[] = {"a@b.co",
                                       "alice@example.com",
                                       "a.b+c_d-e@mail.example.museum",
                                       "o'brien@example.ie",
                                       "#x@example.com",
                                       "a@#.com",
                                       "a@1.2.example",
                                       "a@3com.com",
                                       "a@x--y.example",
                                       "a@xn--bcher-kva.example",
                                       "a/b=c@example.com",
                                       "a@example.4you",
                                       "j\xc3\xbcrgen@example.com",
                                       "a@b\303\274cher.example",
                                       "j\xc3\xbcrgen@b\303\274cher.example",
                                       "\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a",
                                       "-a-@example.com",
                                       "{a}!$1@example.com"};
    static const char *const bad[] = {
        "", "@", "a", "a@", "@example.com", "a@example", "a@localhost", "a@@example.com", "a@b@example.com",
        "a@example.com,b@example.com", "a@example.com b@example.com", "a@example.com;b@example.com", ".a@example.com",
        "a.@example.com", "a..b@example.com", "#xx@example.com", "a@.example.com", "a@example.com.", "a@example..com",
        "a@-example.com", "a@example-.com", "a@example.-com", "a@example.com-", "a@#a.com", "a@example.123",
        "a@127.0.0.1", "a@[127.0.0.1]", "a@exa_mple.com", "a@exam/ple.com", "<a@example.com>", "\"a b\"@example.com",
        "a@example.com\r\nBcc: b@example.com", "a\tb@example.com", "a\x7f@example.com", "a\xff@example.com",
        // NOLINTNEXTLINE(misc-misleading-bidirectional) that is what is refused
        "a\xe2\x80\xae@example.com", "a\xe2\x81\xa6@example.com", "\342\200\213a@example.com",
        "a\xe2\x80\x8d@example.com", "a\xef\xbb\xbf@example.com", "a\xe2\x80\xa8@example.com", "a\xd8\x9c@example.com",
        "a\xe1\x85\x9f@example.com", "a\xc2\xad@example.com", "a\xc2\x85@example.com", "a\302\2332J@example.com",
        "a\xc2\xa0@example.com", "a\xe3\x80\x80@example.com", "a\xef\xbf\xbf@example.com",
        "a\xf3\xa0\x80\xa0@example.com", "a(b)@example.com", "a:b@example.com", "a*@example.com", "a\\b@example.com",
        /* what some take for a dot, or an at sign */
        "a@example\u3002com", "a@b.example\uff0ecom", "a@b.example\uff61com", "a@b.example\ufe52com",
        "a@b\uff20c.example", "a@b\ufe6bc.example", "a@b\u200bcher.example", "a@b\xff.example", "#x@#.#.#.com"};
    char address[512];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        spell(address, sizeof address, good[i]);
        if (!otsd_address_ok(address))
            fail_msg("refused: %s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spell(address, sizeof address, bad[i]);
        if (otsd_address_ok(address))
            fail_msg("taken: %s", bad[i]);
    }
}

static void a_token_file_that_others_can_read_is_refused(void **state) {
    char *token = client_write_file("token", "token\n"), text[256], *path;
    otsd_server *server = NULL;
    otsd_client *c = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(chmod(token, 0640), 0);
    snprintf(text, sizeof text, "server: { region = \"eu\"; username = \"u\"; token_file = \"%s\"; };\n", token);
    path = client_write_file("otsd.conf", text);
    assert_int_equal(otsd_server_load(&server, path, &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, server, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, token));
    assert_int_equal(chmod(token, 0600), 0);
    assert_int_equal(otsd_client_new(&c, server, &e), OTSD_OK);
    otsd_client_free(&c);
    otsd_server_free(&server);
    free(path);
    free(token);
}

#define TROUBLE "{\"message\":\"An unexpected error occurred :[\"}"
#define AS(state, secret_key, left, passphrase)                                                                        \
    "{\"metadata_key\":\"" KEY "\",\"secret_key\":\"" secret_key "\",\"ttl\":3600,\"secret_ttl\":" left                \
    ",\"state\":\"" state "\",\"passphrase_required\":" passphrase "}"

/* 0.18 refuses a burn in the words of trouble: the receipt tells what it meant. */
static void a_burn_that_is_refused_as_trouble_is_looked_up(void **state) {
    static const struct {
        int status, receipt_status;
        const char *receipt;
        otsd_err meaning;
        const char *told;
        unsigned requests;
    } rows[] = {
        {404, 200, AS("new", "s", "3600", "true"), OTSD_ERR_REFUSED, "passphrase, which is missing or wrong", 2},
        {404, 200, AS("viewed", "s", "3600", "true"), OTSD_ERR_REFUSED, "passphrase, which is missing or wrong", 2},
        {404, 200, AS("burned", "", "null", "true"), OTSD_ERR_GONE, "its receipt is burned", 2},
        {404, 200, AS("received", "", "null", "true"), OTSD_ERR_GONE, "its receipt is received", 2},
        {404, 200, AS("orphaned", "", "null", "true"), OTSD_ERR_GONE, "its receipt is orphaned", 2},
        {404, 200, AS("expired", "", "null", "true"), OTSD_ERR_GONE, "its receipt is expired", 2},
        /* 0.18 never says that one has expired */
        {404, 200, AS("viewed", "s", "null", "true"), OTSD_ERR_GONE, "its receipt is viewed", 2},
        {404, 404, "{\"message\":\"Unknown secret\"}", OTSD_ERR_GONE, "gone, too", 2},
        /* Nothing that a receipt says explains it: it is trouble. */
        {404, 200, AS("new", "s", "3600", "false"), OTSD_ERR_SERVER, "An unexpected error", 2},
        {404, 200, AS("odd", "", "null", "false"), OTSD_ERR_SERVER, "An unexpected error", 2},
        {404, 404, TROUBLE, OTSD_ERR_SERVER, "An unexpected error", 2},
        {500, 200, AS("burned", "", "null", "true"), OTSD_ERR_SERVER, "An unexpected error", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {{STEP_ANSWER, server_json(rows[i].status, "", TROUBLE)},
                                     {STEP_ANSWER, server_json(rows[i].receipt_status, "", rows[i].receipt)}};
        struct server s = server_start(steps, 2);
        otsd_client *c = client_to(&s);
        otsd_error e = {0};

        if (call_burn(c, &e) != rows[i].meaning || e.code != rows[i].meaning || e.http_status != rows[i].status ||
            !strstr(e.message, rows[i].told) || s.seen->requests != rows[i].requests)
            fail_msg("row %zu: %d: %s", i, (int)e.code, e.message);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_http_is_not_a_v1_server),
        cmocka_unit_test(redirects_are_not_followed_and_their_host_is_named),
        cmocka_unit_test(a_redirect_names_a_host_and_never_a_key),
        cmocka_unit_test(retry_after_is_read_as_seconds_and_as_a_date),
        cmocka_unit_test(an_answer_after_100_continue_counts),
        cmocka_unit_test(a_request_says_what_was_asked_and_nothing_of_the_environment),
        cmocka_unit_test(a_key_that_could_leave_its_place_in_the_path_is_refused_unsent),
        cmocka_unit_test(what_servers_would_cut_or_destroy_is_refused_unsent),
        cmocka_unit_test(what_surely_is_no_address_or_more_than_one_is_no_recipient),
        cmocka_unit_test(a_burn_that_is_refused_as_trouble_is_looked_up),
        cmocka_unit_test(a_token_file_that_others_can_read_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
