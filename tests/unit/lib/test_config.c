/* SPDX-License-Identifier: MIT
 *
 * The group `server` of otsd.conf: what is taken, and for each kind of mistake one line with file, line and what was
 * expected; and that others could not have written the file.
 */
#include "client/client.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/otsd-config-XXXXXX";
static char path[64];

static void write_bytes(const char *text, size_t len, mode_t mode) {
    int fd;

    (void)unlink(path); /* there may be none */
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && fchmod(fd, mode) == 0 && close(fd) == 0);
}

static otsd_server *load(const char *text) {
    otsd_server *c = NULL;
    otsd_error e = {0};

    write_bytes(text, strlen(text), 0644);
    if (otsd_server_load(&c, path, &e) != OTSD_OK)
        fail_msg("%s\n%s", text, e.message);
    return c;
}

/* The message begins with "FILE" and contains this. */
static void refused(const char *text, const char *expected) {
    otsd_server *c = NULL;
    otsd_error e = {0};

    write_bytes(text, strlen(text), 0644);
    if (otsd_server_load(&c, path, &e) != OTSD_ERR_CONFIG)
        fail_msg("taken: %s", text);
    assert_null(c);
    assert_int_equal(e.code, OTSD_ERR_CONFIG);
    assert_int_equal(e.reach, OTSD_REACH_NO);
    if (strncmp(e.message, path, strlen(path)) != 0 || !strstr(e.message, expected))
        fail_msg("%s\n  said: %s\n  expected: %s", text, e.message, expected);
}

static void a_minimal_file_gets_every_default(void **state) {
    otsd_server *s = load("server: { region = \"eu\"; };");

    (void)state;
    assert_string_equal(otsd_server_url(s), "https://eu.onetimesecret.com");
    assert_null(s->username);
    assert_null(s->token_file);
    assert_null(s->token);
    assert_null(s->ca_file);
    assert_null(s->pinned_key);
    assert_null(s->proxy);
    assert_false(s->allow_http);
    assert_int_equal(s->connect_timeout_ms, 5000);
    assert_int_equal(otsd_server_timeout_ms(s), 20000);
    assert_int_equal(otsd_server_create_timeout_ms(s), 60000);
    otsd_server_free(&s);
    assert_null(s);
    otsd_server_free(&s);
}

static void a_full_file_sets_everything_and_other_groups_are_passed_over(void **state) {
    otsd_server *s =
        load("# all\nserver = { url = \"https://s.example.com:8443/ots//\"; username = \"ops@example.com\";\n"
             "  token_file = \"/etc/otsd/token\"; ca_file = \"/etc/ca.pem\"; allow_http = true;\n"
             "  pinned_key = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\";\n"
             "  proxy = \"http://proxy.example.com:3128\"; connect_timeout = 0.25; timeout = 7; }\n"
             "handoff = { ttl = \"for ever\"; };\nwhatever = 3;\n");

    (void)state;
    assert_string_equal(otsd_server_url(s), "https://s.example.com:8443/ots");
    assert_string_equal(s->username, "ops@example.com");
    assert_string_equal(s->token_file, "/etc/otsd/token");
    assert_string_equal(s->ca_file, "/etc/ca.pem");
    assert_string_equal(s->pinned_key, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_string_equal(s->proxy, "http://proxy.example.com:3128");
    assert_true(s->allow_http);
    assert_int_equal(s->connect_timeout_ms, 250);
    assert_int_equal(otsd_server_timeout_ms(s), 7000);
    assert_int_equal(otsd_server_create_timeout_ms(s), 7000);
    otsd_server_free(&s);
}

#define S "server: { region = \"eu\"; };\n"

static void each_mistake_is_told_with_its_line_and_what_was_expected(void **state) {
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"server: { region = \"eu\"; timeout = \"30\"; };",
         ":1: `server.timeout` is a string; a number of seconds was expected"},
        {"server:\n{\n region = \"eu\";\n\n timeout = true;\n};",
         ":5: `server.timeout` is a boolean; a number of seconds was expected"},
        {S "server: { timeout = 1; };", ":2: duplicate setting name"},
        {"server: { region = \"eu\";\n region = \"us\"; };", ":2: duplicate setting name"},
        {"server: { };", "`server.region` or `server.url` was expected"},
        {"", "`server.region` or `server.url` was expected"},
        {"server: { region = \"eu\"; url = \"https://x.example\"; };",
         ":1: `server.url` and `server.region` are both set"},
        {"server: { url = \"https://x.example\";\n region = \"eu\"; };",
         ":2: `server.region` and `server.url` are both set"},
        {"server: { region = \"de\"; };", "`server.region` is \"de\"; \"us\", \"eu\""},
        {"server: { region = 3; };", "is a whole number; a string in quotes was expected"},
        {"server: { url = \"http://x.example\"; };", ":1: `server.url` is \"http"},
        {"server: { url = \"http://10.0.0.1\"; };", "plain http only to this machine itself"},
        {"server: { url = \"http://127.0.0.1.example.com\"; };", ":1: `server.url` is \"http"},
        {"server: { url = \"http://localhost.example.com\"; };", ":1: `server.url` is \"http"},
        {"server: { url = \"ftp://x.example\"; };", "a URL with https:// was expected"},
        {"server: { url = \"file:///etc/passwd\"; };", "was expected"},
        {"server: { url = \"https://u:p@x.example\"; };", "without user name and password"},
        {"server: { url = \"https://x.example/?a\"; };", "without query and fragment"},
        {"server: { url = \"https://x.example/#a\"; };", "without query and fragment"},
        {"server: { url = \"https://x.example/api/v1/\"; };", "without /api/v1"},
        {"server: { url = \"x.example\"; };", "a URL like https://"},
        {"server: { url = \"https://\"; };", "a URL like https://"},
        {"server: { url = \"https://x .example\"; };", "a URL like https://"},
        {"server: { region = \"eu\"; token_file = \"/t\"; };", ":1: `server.token_file` is set; `server.username` was"},
        {"server: { region = \"eu\"; username = \"a:b\"; };", "an account name without a colon was expected"},
        {"server: { region = \"eu\"; pinned_key = \"sha256//abc\"; };", "sha256// and 44 characters"},
        {"server: { region = \"eu\"; proxy = \"proxy:3128\"; };",
         ":1: `server.proxy` is no proxy; a proxy URL with http"},
        {"server: { region = \"eu\"; proxy = \"http://u:p@proxy:3128\"; };", "no place for secrets"},
        {"server: { region = \"eu\"; connect_timeout = 0; };", "0.001 to 600 seconds were expected"},
        {"server: { region = \"eu\"; timeout = -1; };", "0.001 to 600 seconds were expected"},
        {"server: { region = \"eu\"; timeout = 1e400; };", "0.001 to 600 seconds were expected"},
        {"server: { region = \"eu\" \n; timeout = ; };", ":2: syntax error"},
        {"server: { region = \"eu", "syntax error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i].text, rows[i].expected);
}

static void an_include_is_refused_before_anything_is_opened(void **state) {
    (void)state;
    refused(S "@include \"/nonexistent/file\"\n", ":2: @include is not allowed");
    refused(S "  \t@include \"/nonexistent/file\"\n", ":2: @include is not allowed");
    refused(S "handoff: {\n\r\n @include \"x\"\n};", ":4: @include is not allowed");
    refused("@include \"/etc/passwd\"", ":1: @include is not allowed");
    /* Not at the start of a line libconfig takes it for a mistake of its own. */
    refused("server: { @include \"x\"\n };", ":1: syntax error");
}

static void loopback_and_only_loopback_may_be_plain_http(void **state) {
    static const char *const good[] = {"http://127.0.0.1:8080", "http://localhost", "http://[::1]:7143",
                                       "http://127.9.9.9/x", "HTTP://LOCALHOST:1"};
    char text[128];
    otsd_server *c;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "server: { url = \"%s\"; };", good[i]);
        c = load(text);
        otsd_server_free(&c);
    }
    c = load("server: { url = \"http://x.example\"; allow_http = true; };");
    otsd_server_free(&c);
}

static void a_file_that_others_could_have_written_is_refused(void **state) {
    otsd_server *c = NULL;
    otsd_error e = {0};
    char other[80];

    (void)state;
    write_bytes(S, strlen(S), 0664);
    assert_int_equal(otsd_server_load(&c, path, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, "has mode 0664; at most 0644 was expected"));
    write_bytes(S, strlen(S), 0602);
    assert_int_equal(otsd_server_load(&c, path, &e), OTSD_ERR_CONFIG);
    write_bytes(S, strlen(S), 0400);
    assert_int_equal(otsd_server_load(&c, path, &e), OTSD_OK);
    otsd_server_free(&c);
    snprintf(other, sizeof other, "%s/link", folder);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(otsd_server_load(&c, other, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, "symbolic link"));
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_int_equal(otsd_server_load(&c, other, &e), OTSD_ERR_CONFIG); /* and does not hang */
    assert_non_null(strstr(e.message, "not a regular file"));
    assert_int_equal(unlink(other), 0);
    assert_int_equal(otsd_server_load(&c, folder, &e), OTSD_ERR_CONFIG);
    assert_int_equal(otsd_server_load(&c, other, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, "No such file"));
    assert_int_equal(otsd_server_load(&c, other, NULL), OTSD_ERR_CONFIG);
}

static void a_file_of_another_user_is_refused(void **state) {
    otsd_server *c = NULL;
    otsd_error e = {0};

    (void)state;
    write_bytes(S, strlen(S), 0644);
    assert_int_equal(chown(path, 65534, 0), 0);
    assert_int_equal(otsd_server_load(&c, path, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, "is owned by uid 65534; root or uid 0 was expected"));
}

static void a_file_that_is_too_large_or_no_text_is_refused(void **state) {
    char *text = malloc(70000);
    otsd_server *c = NULL;
    otsd_error e = {0};

    (void)state;
    assert_non_null(text);
    memset(text, '\n', 70000);
    memcpy(text, S, strlen(S));
    write_bytes(text, 65536, 0600);
    assert_int_equal(otsd_server_load(&c, path, &e), OTSD_OK);
    otsd_server_free(&c);
    write_bytes(text, 65537, 0600);
    assert_int_equal(otsd_server_load(&c, path, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, "larger than 65536 bytes"));
    text[40] = '\0';
    write_bytes(text, 100, 0600);
    assert_int_equal(otsd_server_load(&c, path, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, "zero byte"));
    free(text);
}

static void durations_are_read_as_written_and_nothing_else(void **state) {
    static const struct {
        const char *text;
        long seconds; /* -1: refused */
    } rows[] = {{"0", 0},       {"90", 90},           {"90s", 90},   {"90m", 5400},     {"12h", 43200},
                {"3d", 259200}, {"3650d", 315360000}, {"3651d", -1}, {"315360001", -1}, {"", -1},
                {"d", -1},      {"-1", -1},           {"+1", -1},    {" 1", -1},        {"1 ", -1},
                {"1.5h", -1},   {"3days", -1},        {"3D", -1},    {"1w", -1},        {"99999999999999999999", -1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        long n = -1;

        assert_int_equal(otsd_duration_parse(rows[i].text, &n), rows[i].seconds >= 0);
        assert_int_equal(n, rows[i].seconds);
    }
}

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/otsd.conf", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return unlink(path) | rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimal_file_gets_every_default),
        cmocka_unit_test(a_full_file_sets_everything_and_other_groups_are_passed_over),
        cmocka_unit_test(each_mistake_is_told_with_its_line_and_what_was_expected),
        cmocka_unit_test(an_include_is_refused_before_anything_is_opened),
        cmocka_unit_test(loopback_and_only_loopback_may_be_plain_http),
        cmocka_unit_test(a_file_that_others_could_have_written_is_refused),
        cmocka_unit_test(a_file_of_another_user_is_refused),
        cmocka_unit_test(a_file_that_is_too_large_or_no_text_is_refused),
        cmocka_unit_test(durations_are_read_as_written_and_nothing_else),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (geteuid() != 0) { /* who cannot give a file away */
        puts("# left out without root: a_file_of_another_user_is_refused");
        cmocka_set_skip_filter("a_file_of_another_user*");
    }
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
