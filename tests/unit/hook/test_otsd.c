/* SPDX-License-Identifier: MIT
 *
 * The client program's parts: what is asked of it, the one call that each command makes, and what is printed of the
 * answer, against a scripted server on 127.0.0.1.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/server.h"
#include "capture.h"
#include "otsd/calls.h"
#include "otsd/print.h"

#define SENT                                                                                                           \
    "{\"custid\":\"me\",\"metadata_key\":\"mkey\",\"secret_key\":\"skey\",\"ttl\":3600,\"metadata_ttl\":7200,"         \
    "\"secret_ttl\":3599,\"state\":\"new\",\"created\":1700000000,\"updated\":1700000001,\"received\":0,"              \
    "\"recipient\":[\"al***@e***.com\"],\"share_domain\":\"\",\"passphrase_required\":true"
#define RECEIPT SENT "}"
#define GENERATED SENT ",\"value\":\"Va\\nlue\"}"

static struct server server;
static request r;

/* An open descriptor from which this is read. */
static int input(const char *text) {
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fds[1]);
    return fds[0];
}

static void begin(const char *json, int status) {
    struct step s = {STEP_ANSWER, server_json(status, "", json)};
    otsd_server *settings = NULL;
    otsd_secret *token = NULL;
    char url[64];

    server = server_start(&s, 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
    memset(&r, 0, sizeof r);
    r.passphrase_fd = -1;
    assert_int_equal(otsd_server_new(&settings, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(settings, url, NULL), OTSD_OK);
    assert_int_equal(otsd_secret_new(&token, "token", 5, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_username(settings, "me@example.com", NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_token(settings, token, NULL), OTSD_OK);
    otsd_secret_free(&token);
    assert_int_equal(otsd_client_new(&r.client, settings, NULL), OTSD_OK);
    otsd_server_free(&settings);
}

static void end(void) {
    request_end(&r);
    assert_null(r.client);
    assert_int_equal(r.key[0], 0);
    server_stop(&server);
}

/* Runs the command; holds its exit code and what it prints, and gives the request that came. */
static const char *assert_prints(const char *name, int rc, const char *expected) {
    const command *c = calls_find(name);
    problem p = {.code = EX_OK};
    char *text;
    int got;

    assert_non_null(c);
    capture_begin();
    got = c->run(&r, &p);
    text = capture_end();
    if (got != rc)
        fail_msg("%s: %d: %s", name, got, p.text);
    assert_string_equal(text, expected);
    free(text);
    return server.seen->request[0];
}

static void assert_starts(const char *text, const char *beginning) {
    assert_memory_equal(text, beginning, strlen(beginning));
}

static void status_and_authcheck(void **state) {
    (void)state;
    begin("{\"status\":\"nominal\"}", 200);
    assert_starts(assert_prints("status", EX_OK, "nominal\n"), "GET /api/v1/status ");
    r.json = true;
    (void)assert_prints("status", EX_OK, "{\"status\":\"nominal\"}\n");
    end();
    begin("{\"status\":\"nominal\"}", 200);
    assert_starts(assert_prints("authcheck", EX_OK, "credentials accepted\n"), "GET /api/v1/authcheck ");
    end();
    begin("{\"message\":\"Not authorized\"}", 401);
    (void)assert_prints("authcheck", EX_NOPERM, "");
    (void)assert_prints("status", EX_NOPERM, "");
    end();
}

/* The value only where it is asked for; a link where there is one; nothing that is absent; no control character. */
static void generate_prints_the_value(void **state) {
    char expected[1000];

    (void)state;
    begin(GENERATED, 200);
    r.options.ttl = 3600;
    r.options.length = 12;
    snprintf(expected, sizeof expected,
             "value: Va?lue\nlink: http://127.0.0.1:%d/secret/skey\nsecret key: skey\nmetadata key: mkey\nstate: new\n"
             "ttl: 3600\nmetadata ttl: 7200\nsecret ttl: 3599\ncreated: 2023-11-14 22:13:20 +0000\n"
             "updated: 2023-11-14 22:13:21 +0000\ncustid: me\npassphrase required: true\nrecipient: al***@e***.com\n",
             server.port);
    assert_starts(assert_prints("generate", EX_OK, expected), "POST /api/v1/generate ");
    assert_non_null(strstr(server.seen->request[0], "ttl=3600&length=12"));
    end();
}

static void a_receipt_prints_no_value(void **state) {
    char expected[1000];

    (void)state;
    begin(GENERATED, 200);
    r.json = true;
    snprintf(r.key, sizeof r.key, "mkey");
    snprintf(expected, sizeof expected,
             "{\"link\":\"http://127.0.0.1:%d/secret/skey\",\"secret_key\":\"skey\",\"metadata_key\":\"mkey\","
             "\"state\":\"new\",\"ttl\":3600,\"metadata_ttl\":7200,\"secret_ttl\":3599,\"created\":1700000000,"
             "\"updated\":1700000001,\"custid\":\"me\",\"passphrase_required\":true,"
             "\"recipients\":[\"al***@e***.com\"]}\n",
             server.port);
    assert_starts(assert_prints("receipt", EX_OK, expected), "GET /api/v1/private/mkey ");
    end();
}

static void a_link_of_a_host_that_only_the_server_names_is_not_printed(void **state) {
    char own[64];
    problem p;
    char *text;

    (void)state;
    for (int json = 0; json <= 1; json++) {
        begin("{\"metadata_key\":\"mkey\",\"secret_key\":\"skey\",\"state\":\"new\",\"recipient\":[],"
              "\"share_domain\":\"evil.example\"}",
              200);
        snprintf(r.key, sizeof r.key, "mkey");
        snprintf(own, sizeof own, "http://127.0.0.1:%d", server.port);
        r.json = json;
        capture_begin();
        assert_int_equal(calls_find("receipt")->run(&r, &p), EX_PROTOCOL);
        text = capture_end();
        assert_null(strstr(text, "/secret/"));
        assert_non_null(strstr(text, "mkey"));
        assert_non_null(strstr(p.text, "evil.example"));
        assert_non_null(strstr(p.text, own));
        free(text);
        end();
    }
}

static void what_is_absent_is_not_printed(void **state) {
    (void)state;
    begin("{\"metadata_key\":\"mkey\",\"state\":\"received\",\"received\":1,\"recipient\":[]}", 200);
    snprintf(r.key, sizeof r.key, "mkey");
    (void)assert_prints("receipt", EX_OK, "metadata key: mkey\nstate: received\nreceived: 1970-01-01 00:00:01 +0000\n");
    r.json = true;
    (void)assert_prints("receipt", EX_OK,
                        "{\"metadata_key\":\"mkey\",\"state\":\"received\",\"received\":1,\"recipients\":[]}\n");
    end();
}

static void share_sends_what_the_file_has(void **state) {
    char path[] = "/tmp/otsd-share-XXXXXX";
    int fd = mkstemp(path), rc;
    problem p;
    char *text;

    (void)state;
    assert_true(fd >= 0 && write(fd, "the secret\n", 11) == 11);
    (void)close(fd);
    begin(RECEIPT, 200);
    r.file = path;
    r.json = true;
    r.options.recipient = "alice@example.com";
    capture_begin();
    rc = calls_find("share")->run(&r, &p);
    text = capture_end();
    assert_int_equal(rc, EX_OK);
    assert_null(strstr(text, "value"));
    assert_non_null(strstr(text, "\"link\":"));
    free(text);
    assert_starts(server.seen->request[0], "POST /api/v1/share ");
    assert_non_null(strstr(server.seen->request[0], "secret=the%20secret&recipient=alice%40example.com"));
    assert_int_equal(unlink(path), 0);
    (void)assert_prints("share", EX_CONFIG, ""); /* the file is gone */
    assert_int_equal(server.seen->requests, 1);
    end();
}

/* What the command, which has to succeed, says on standard error. */
static void run_said(const char *name, char *said, size_t size) {
    FILE *f = tmpfile();
    int kept = dup(STDERR_FILENO), rc;
    problem p = {.code = EX_OK};
    size_t len;

    assert_true(f && kept >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
    capture_begin();
    rc = calls_find(name)->run(&r, &p);
    free(capture_end());
    assert_true(dup2(kept, STDERR_FILENO) >= 0 && close(kept) == 0);
    assert_int_equal(rc, EX_OK);
    rewind(f);
    len = fread(said, 1, size - 1, f);
    said[len] = '\0';
    assert_int_equal(fclose(f), 0);
}

static void a_length_that_was_ignored_is_told(void **state) {
    static const struct {
        long asked;
        bool json;
        const char *said;
    } rows[] = {{6, false, ""},
                {0, false, ""},
                {20, false, "warning: the server ignored the length: the secret has 6 characters, not 20\n"},
                {20, true, "warning: the server ignored the length: the secret has 6 characters, not 20\n"}};
    char said[500];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(GENERATED, 200);
        r.options.length = rows[i].asked;
        r.json = rows[i].json;
        run_said("generate", said, sizeof said);
        if (rows[i].said[0])
            assert_non_null(strstr(said, rows[i].said));
        else
            assert_string_equal(said, "");
        end();
    }
}

static void control_characters_are_warned_of(void **state) {
    static const struct {
        const char *secret;
        size_t len, controls;
    } rows[] = {{"plain", 5, 0},
                {"tab\tand\r\nlines\n", 15, 0},
                {"a\0b", 3, 1},
                {"a\x7f", 2, 1},
                {"\x1b[2J", 4, 1},
                {"\xc2\x85\xc2\x9f\x01", 5, 3},
                {"j\u00fcrgen \u20ac", 11, 0}};
    char path[] = "/tmp/otsd-share-XXXXXX", said[700], expected[60];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0 && close(fd) == 0);
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        size_t n = rows[i / 2].controls;

        fd = open(path, O_WRONLY | O_TRUNC);
        assert_true(write(fd, rows[i / 2].secret, rows[i / 2].len) == (ssize_t)rows[i / 2].len && close(fd) == 0);
        begin(RECEIPT, 200);
        r.file = path;
        r.json = i % 2 != 0;
        run_said("share", said, sizeof said);
        snprintf(expected, sizeof expected, "warning: the secret has control characters in it (%zu,", n);
        if (n > 0)
            assert_non_null(strstr(said, expected));
        else
            assert_string_equal(said, "");
        end();
    }
    assert_int_equal(unlink(path), 0);
}

static void read_prints_the_secret_as_it_is(void **state) {
    (void)state;
    begin("{\"value\":\"line\\n\\u001b[31m\",\"secret_key\":\"skey\"}", 200);
    snprintf(r.key, sizeof r.key, "skey");
    assert_starts(assert_prints("read", EX_OK, "line\n\x1b[31m"), "POST /api/v1/secret/skey ");
    r.json = true;
    (void)assert_prints("read", EX_OK, "{\"value\":\"line\\n\\u001b[31m\"}\n");
    end();
}

static void what_cannot_be_read_may_have_been_opened(void **state) {
    const command *c = calls_find("read");
    problem p = {.code = EX_OK};

    (void)state;
    begin("{\"message\":\"Unknown secret\"}", 404);
    snprintf(r.key, sizeof r.key, "skey");
    assert_int_equal(c->run(&r, &p), EX_NOINPUT);
    assert_non_null(strstr(p.text, "; it was opened, burned, has expired, or needs another passphrase"));
    end();
    begin("{\"message\":\"An unexpected error occurred\"}", 500);
    snprintf(r.key, sizeof r.key, "skey");
    assert_int_equal(c->run(&r, &p), EX_TEMPFAIL);
    assert_null(strstr(p.text, "it was opened"));
    end();
}

static void burn_says_that_it_did(void **state) {
    (void)state;
    begin("{\"state\":" RECEIPT "}", 200);
    snprintf(r.key, sizeof r.key, "mkey");
    assert_starts(assert_prints("burn", EX_OK, "burned\n"), "POST /api/v1/private/mkey/burn ");
    r.json = true;
    (void)assert_prints("burn", EX_OK, "{\"burned\":true}\n");
    end();
    begin("{\"message\":\"Unknown secret\"}", 404);
    snprintf(r.key, sizeof r.key, "mkey");
    (void)assert_prints("burn", EX_NOINPUT, "");
    (void)assert_prints("receipt", EX_NOINPUT, "");
    end();
}

static void recent_prints_each(void **state) {
    (void)state;
    begin("[{\"metadata_key\":\"one\",\"state\":\"new\"},{\"metadata_key\":\"two\",\"state\":\"burned\"}]", 200);
    assert_starts(
        assert_prints("recent", EX_OK, "metadata key: one\nstate: new\n\nmetadata key: two\nstate: burned\n\n"),
        "GET /api/v1/private/recent ");
    r.json = true;
    (void)assert_prints("recent", EX_OK,
                        "[{\"metadata_key\":\"one\",\"state\":\"new\",\"recipients\":[]},"
                        "{\"metadata_key\":\"two\",\"state\":\"burned\",\"recipients\":[]}]\n");
    end();
    begin("{\"message\":\"An unexpected error occurred\"}", 500);
    (void)assert_prints("recent", EX_TEMPFAIL, "");
    (void)assert_prints("generate", EX_TEMPFAIL, "");
    end();
}

/* Nothing is sent by those who have it. */
static otsd_client *client_of_nobody(void) {
    otsd_server *settings = NULL;
    otsd_client *c = NULL;

    assert_int_equal(otsd_server_new(&settings, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(settings, "http://127.0.0.1:1", NULL), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, settings, NULL), OTSD_OK);
    otsd_server_free(&settings);
    return c;
}

static void a_key_is_the_last_part_of_a_link(void **state) {
    static const struct {
        const char *text, *key; /* NULL: none */
    } rows[] = {
        {"abc", "abc"},
        {"abc\n", "abc"},
        {"abc def", "abc"},
        {"abc\tdef", "abc"},
        {"http://127.0.0.1:1/secret/abc", "abc"},
        {"http://127.0.0.1:1/secret/abc/", "abc"},
        {"http://127.0.0.1:1/secret/abc//\r\n", "abc"},
        {"http://127.0.0.1:1/secret/abc?locale=de", "abc"},
        {"http://127.0.0.1:1/secret/abc#top", "abc"},
        {"/abc", "abc"},
        {"", NULL},
        {"\n", NULL},
        {"/", NULL},
        {" abc", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request q = {0};
        problem p;
        int rc;

        q.client = client_of_nobody();
        q.key_fd = input(rows[i].text);
        rc = request_key(&q, &p);
        (void)close(q.key_fd);
        otsd_client_free(&q.client);
        assert_int_equal(rc, rows[i].key ? EX_OK : EX_DATAERR);
        assert_string_equal(rows[i].key ? q.key : p.text, rows[i].key ? rows[i].key : "a key or a link was expected");
    }
}

static void a_link_of_another_host_is_refused_and_nothing_is_sent(void **state) {
    static const char *const links[] = {"https://eu.onetimesecret.com/secret/abc", "http://127.0.0.1:2/secret/abc",
                                        "eu.onetimesecret.com/secret/abc"};

    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        request q = {.client = client_of_nobody()};
        problem p;

        q.key_fd = input(links[i]);
        assert_int_equal(request_key(&q, &p), EX_DATAERR);
        assert_non_null(strstr(p.text, i == 1 ? "127.0.0.1" : "eu.onetimesecret.com"));
        assert_non_null(strstr(p.text, "http://127.0.0.1:1; nothing was sent"));
        assert_string_equal(q.key, "");
        (void)close(q.key_fd);
        otsd_client_free(&q.client);
    }
}

static void a_key_has_its_longest(void **state) {
    request q = {.client = client_of_nobody()};
    char text[258];
    problem p;

    (void)state;
    memset(text, 'k', sizeof text);
    text[257] = '\0';
    q.key_fd = input(text);
    assert_int_equal(request_key(&q, &p), EX_DATAERR);
    (void)close(q.key_fd);
    text[256] = '\0';
    q.key_fd = input(text);
    assert_int_equal(request_key(&q, &p), EX_OK);
    assert_string_equal(q.key, text);
    (void)close(q.key_fd);
    otsd_client_free(&q.client);
}

static void a_passphrase_is_read_where_one_was_announced(void **state) {
    request q = {.passphrase_fd = -1};
    problem p;

    (void)state;
    assert_int_equal(request_passphrase(&q, &p), EX_OK);
    assert_null(q.passphrase);
    q.passphrase_fd = input("word\n");
    assert_int_equal(request_passphrase(&q, &p), EX_OK);
    assert_string_equal(otsd_secret_data(q.passphrase), "word");
    assert_ptr_equal(q.options.passphrase, q.passphrase);
    (void)close(q.passphrase_fd);
    request_end(&q);
    q = (request){.passphrase_fd = -1, .passphrase_file = "/nowhere"};
    assert_int_equal(request_passphrase(&q, &p), EX_CONFIG);
}

static options_result read_line(const char *name, request *q, const char *const *words) {
    char *argv[8];
    int argc = 0;

    argv[argc++] = (char *)name;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    argv[argc] = NULL;
    memset(q, 0, sizeof *q);
    return request_read(calls_find(name), q, argc, argv);
}

static void each_command_takes_its_options(void **state) {
    static const struct {
        const char *command;
        const char *words[6];
        options_result result;
    } rows[] = {
        {"generate", {"--ttl", "3d", "--length", "20", NULL}, OPTIONS_READ},
        {"share", {"--length", "20", NULL}, OPTIONS_WRONG},
        {"generate", {"--length", "0", NULL}, OPTIONS_WRONG},
        {"generate", {"--length", "129", NULL}, OPTIONS_WRONG},
        {"generate", {"--file", "x", NULL}, OPTIONS_WRONG},
        {"share", {"--file", "x", "--json", NULL}, OPTIONS_READ},
        {"status", {"--json", NULL}, OPTIONS_READ},
        {"status", {"--key-file", "x", NULL}, OPTIONS_WRONG},
        {"burn", {"--key-file", "x", "--passphrase-file", "y", NULL}, OPTIONS_READ},
        {"receipt", {"--passphrase-file", "y", NULL}, OPTIONS_WRONG},
        {"burn", {"a-key", NULL}, OPTIONS_WRONG},
        /* Standard input for one thing only. */
        {"burn", {"--passphrase-fd", "0", NULL}, OPTIONS_WRONG},
        {"burn", {"--passphrase-fd", "0", "--key-file", "x", NULL}, OPTIONS_READ},
        {"burn", {"--passphrase-fd", "0", "--key-fd", "3", NULL}, OPTIONS_READ},
        {"burn", {"--passphrase-fd", "3", NULL}, OPTIONS_READ},
        {"share", {"--passphrase-fd", "0", NULL}, OPTIONS_WRONG},
        {"share", {"--passphrase-fd", "0", "--file", "x", NULL}, OPTIONS_READ},
        {"generate", {"--passphrase-fd", "0", NULL}, OPTIONS_READ},
    };
    request q;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (read_line(rows[i].command, &q, rows[i].words) != rows[i].result)
            fail_msg("row %zu: %s %s", i, rows[i].command, rows[i].words[0]);
    assert_int_equal(read_line("generate", &q, rows[0].words), OPTIONS_READ);
    assert_int_equal(q.options.ttl, 3 * 86400);
    assert_int_equal(q.options.length, 20);
    assert_int_equal(q.passphrase_fd, -1);
    assert_int_equal(q.key_fd, STDIN_FILENO);
}

static void commands_are_found_and_listed(void **state) {
    char *text;

    (void)state;
    assert_null(calls_find(""));
    assert_null(calls_find("statu"));
    assert_string_equal(calls_find("recent")->name, "recent");
    capture_begin();
    calls_help();
    text = capture_end();
    assert_non_null(strstr(text, "  burn       destroy a secret unread, by its metadata key\n"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"status and authcheck say yes or fail", status_and_authcheck, NULL, NULL, NULL},
        {"generate prints the value, and no control character", generate_prints_the_value, NULL, NULL, NULL},
        {"a receipt prints no value", a_receipt_prints_no_value, NULL, NULL, NULL},
        {"what is absent is not printed", what_is_absent_is_not_printed, NULL, NULL, NULL},
        {"share sends what the file has", share_sends_what_the_file_has, NULL, NULL, NULL},
        {"a length that the server ignored is told", a_length_that_was_ignored_is_told, NULL, NULL, NULL},
        {"control characters are warned of, as text and beside JSON", control_characters_are_warned_of, NULL, NULL,
         NULL},
        {"read prints the secret as it is", read_prints_the_secret_as_it_is, NULL, NULL, NULL},
        {"what cannot be read may have been opened", what_cannot_be_read_may_have_been_opened, NULL, NULL, NULL},
        {"burn says that it did, or fails", burn_says_that_it_did, NULL, NULL, NULL},
        {"recent prints each", recent_prints_each, NULL, NULL, NULL},
        {"a link of a host that only the server names is not printed",
         a_link_of_a_host_that_only_the_server_names_is_not_printed, NULL, NULL, NULL},
        {"a link of another host is refused, and nothing is sent",
         a_link_of_another_host_is_refused_and_nothing_is_sent, NULL, NULL, NULL},
        {"a key is the last part of a link", a_key_is_the_last_part_of_a_link, NULL, NULL, NULL},
        {"a key has its longest", a_key_has_its_longest, NULL, NULL, NULL},
        {"a passphrase is read where one was announced", a_passphrase_is_read_where_one_was_announced, NULL, NULL,
         NULL},
        {"each command takes its options, and standard input for one thing", each_command_takes_its_options, NULL, NULL,
         NULL},
        {"commands are found and listed", commands_are_found_and_listed, NULL, NULL, NULL},
    };

    if (otsd_global_init(NULL) != OTSD_OK || setenv("TZ", "UTC", 1) != 0)
        return 1;
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
