/* SPDX-License-Identifier: MIT
 *
 * A server's settings that come without a file: what is taken, what is refused and when.
 */
#include "client.h"

#include "client/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void settings_without_a_file_are_those_of_a_file(void **state) {
    otsd_server *s = NULL;
    otsd_secret *token = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_server_new(&s, &e), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "");
    assert_string_equal(otsd_server_username(s), "");
    assert_int_equal(otsd_server_timeout_ms(s), 20000);
    assert_int_equal(otsd_server_create_timeout_ms(s), 60000);
    assert_int_equal(s->connect_timeout_ms, 5000);
    assert_int_equal(otsd_server_set_region(s, "nz", &e), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "https://nz.onetimesecret.com");
    assert_int_equal(otsd_server_set_url(s, "https://s.example.com/ots//", &e), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "https://s.example.com/ots");
    assert_int_equal(otsd_server_set_region(s, "uk", &e), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "https://uk.onetimesecret.com");
    assert_int_equal(otsd_server_set_region(s, NULL, &e), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "");
    assert_int_equal(otsd_server_set_username(s, "ops@example.com", &e), OTSD_OK);
    assert_string_equal(otsd_server_username(s), "ops@example.com");
    assert_int_equal(otsd_server_set_token_file(s, "/etc/token", &e), OTSD_OK);
    assert_int_equal(otsd_secret_new(&token, "to:ken", 6, &e), OTSD_OK);
    assert_int_equal(otsd_server_set_token(s, token, &e), OTSD_OK);
    assert_null(s->token_file);
    assert_string_equal(otsd_secret_data(s->token), "to:ken");
    assert_int_equal(otsd_server_set_token_file(s, "/etc/token", &e), OTSD_OK);
    assert_null(s->token);
    assert_int_equal(otsd_server_set_connect_timeout_ms(s, 1, &e), OTSD_OK);
    assert_int_equal(otsd_server_set_timeout_ms(s, 600000, &e), OTSD_OK);
    assert_int_equal(s->connect_timeout_ms, 1);
    assert_int_equal(otsd_server_timeout_ms(s), 600000);
    assert_int_equal(otsd_server_create_timeout_ms(s), 600000);
    assert_int_equal(otsd_server_set_proxy(s, "socks5h://p.example:1080", &e), OTSD_OK);
    assert_int_equal(otsd_server_set_ca_file(s, "/etc/ca.pem", &e), OTSD_OK);
    assert_int_equal(otsd_server_set_ca_file(s, NULL, &e), OTSD_OK);
    assert_null(s->ca_file);
    otsd_secret_free(&token);
    otsd_server_free(&s);
}

static void a_setting_that_is_taken_back_takes_no_other_with_it(void **state) {
    otsd_server *s = NULL;
    otsd_secret *token = NULL;

    (void)state;
    assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
    assert_int_equal(otsd_secret_new(&token, "token", 5, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(s, "https://s.example.com", NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_region(s, NULL, NULL), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "https://s.example.com");
    assert_int_equal(otsd_server_set_region(s, "eu", NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(s, NULL, NULL), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "https://eu.onetimesecret.com");
    assert_int_equal(otsd_server_set_region(s, NULL, NULL), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "");
    assert_int_equal(otsd_server_set_url(s, "https://s.example.com", NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(s, NULL, NULL), OTSD_OK);
    assert_string_equal(otsd_server_url(s), "");
    assert_int_equal(otsd_server_set_token(s, token, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_token_file(s, NULL, NULL), OTSD_OK);
    assert_string_equal(otsd_secret_data(s->token), "token");
    assert_int_equal(otsd_server_set_token_file(s, "/etc/token", NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_token(s, NULL, NULL), OTSD_OK);
    assert_string_equal(s->token_file, "/etc/token");
    otsd_secret_free(&token);
    otsd_server_free(&s);
}

typedef otsd_err set_text_fn(otsd_server *s, const char *text, otsd_error *e);

static void a_setting_that_a_file_could_not_have_is_refused_and_changes_nothing(void **state) {
    static const struct {
        set_text_fn *set;
        const char *good, *bad, *expected;
    } rows[] = {
        {otsd_server_set_url, "https://x.example", "ftp://x.example", "`url` is \"ftp://x.example\"; a URL with https"},
        {otsd_server_set_url, "https://x.example", "", "a URL like https"},
        {otsd_server_set_url, "https://x.example", "https://u:p@x.example", "without user name and password"},
        {otsd_server_set_url, "https://x.example", "https://x.example/api/v1", "without /api/v1"},
        {otsd_server_set_region, "eu", "de",
         "`region` is \"de\"; \"us\", \"eu\", \"ca\", \"nz\" or \"uk\" was expected"},
        {otsd_server_set_username, "a", "a:b", "`username` is \"a:b\"; an account name without a colon was expected"},
        {otsd_server_set_token_file, "/t", "t", "`token_file` is \"t\"; an absolute path was expected"},
        {otsd_server_set_ca_file, "/t", "t", "`ca_file` is \"t\"; an absolute path was expected"},
        {otsd_server_set_pinned_key, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "sha256//abc",
         "sha256// and 44 characters"},
        {otsd_server_set_proxy, "http://p.example:1", "http://u:hidden@p.example:1",
         "`proxy` is no proxy; a proxy URL"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_server *s = NULL, before;
        otsd_error e = {0};

        assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
        assert_int_equal(rows[i].set(s, rows[i].good, &e), OTSD_OK);
        before = *s;
        assert_int_equal(rows[i].set(s, rows[i].bad, &e), OTSD_ERR_ARGUMENT);
        if (!strstr(e.message, rows[i].expected) || strstr(e.message, "hidden"))
            fail_msg("%s", e.message);
        assert_memory_equal(s, &before, sizeof before);
        otsd_server_free(&s);
    }
}

static void a_token_or_time_limit_that_makes_no_sense_is_refused(void **state) {
    static const long times[] = {0, -1, 600001};
    static const char *const tokens[] = {"", "a\nb", "a\x7f"};
    otsd_server *s = NULL;
    otsd_secret *token = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(otsd_server_set_timeout_ms(s, times[i], &e), OTSD_ERR_ARGUMENT);
        assert_int_equal(otsd_server_set_connect_timeout_ms(s, times[i], &e), OTSD_ERR_ARGUMENT);
        assert_non_null(strstr(e.message, "1 to 600000 were expected"));
        assert_int_equal(otsd_secret_new(&token, tokens[i], strlen(tokens[i]), &e), OTSD_OK);
        assert_int_equal(otsd_server_set_token(s, token, &e), OTSD_ERR_ARGUMENT);
        otsd_secret_free(&token);
    }
    assert_int_equal(otsd_secret_new(&token, "a\0b", 3, &e), OTSD_OK);
    assert_int_equal(otsd_server_set_token(s, token, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_server_timeout_ms(s), 20000);
    assert_null(s->token);
    otsd_secret_free(&token);
    otsd_server_free(&s);
}

static void what_only_all_settings_together_can_tell_is_told_when_a_client_is_made(void **state) {
    otsd_client *c = NULL;
    otsd_pool *p = NULL;
    otsd_server *s = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_server_new(&s, &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, s, &e), OTSD_ERR_ARGUMENT);
    assert_non_null(strstr(e.message, "a url or a region was expected"));
    assert_int_equal(otsd_pool_new(&p, s, 1, &e), OTSD_ERR_ARGUMENT);
    /* In whatever order the two are set. */
    assert_int_equal(otsd_server_set_url(s, "http://x.example", &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, s, &e), OTSD_ERR_ARGUMENT);
    assert_non_null(strstr(e.message, "plain http only to this machine itself"));
    assert_int_equal(otsd_server_set_allow_http(s, true, &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, s, &e), OTSD_OK);
    otsd_client_free(&c);
    assert_int_equal(otsd_server_set_token_file(s, "/nonexistent", &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, s, &e), OTSD_ERR_ARGUMENT);
    assert_string_equal(e.message, "`token_file` is set; `username` was expected too");
    assert_int_equal(otsd_server_set_username(s, "ops", &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, s, &e), OTSD_ERR_CONFIG);
    assert_non_null(strstr(e.message, "/nonexistent: cannot be opened"));
    assert_null(c);
    assert_null(p);
    otsd_server_free(&s);
}

static void a_token_that_was_given_as_a_secret_is_sent(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", NOMINAL)}};
    struct server s = server_start(steps, 1);
    otsd_server *to = NULL;
    otsd_secret *token = NULL;
    otsd_client *c = NULL;
    char url[64];

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", s.port);
    assert_int_equal(otsd_server_new(&to, NULL), OTSD_OK);
    assert_int_equal(otsd_secret_new(&token, "to:ken", 6, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(to, url, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_username(to, "ops@example.com", NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_token(to, token, NULL), OTSD_OK);
    otsd_secret_free(&token);
    assert_int_equal(otsd_client_new(&c, to, NULL), OTSD_OK);
    otsd_server_free(&to); /* was copied */
    assert_int_equal(otsd_authcheck(c, NULL), OTSD_OK);
    assert_non_null(strstr(s.seen->request[0], "\r\nAuthorization: Basic b3BzQGV4YW1wbGUuY29tOnRvOmtlbg==\r\n"));
    otsd_client_free(&c);
    server_stop(&s);
}

/* What a client of this server sends as its credentials; "" for an anonymous one, the message where there is none. */
static void credentials_of(const otsd_server *s, char *out, size_t size) {
    static const char start[] = "Authorization: Basic ";
    otsd_client *c = NULL;
    otsd_error e = {0};

    if (otsd_client_new(&c, s, &e) != OTSD_OK)
        snprintf(out, size, "%d %s", (int)e.code, e.message);
    else if (c->settings.authorization)
        snprintf(out, size, "%s", otsd_secret_data(c->settings.authorization) + strlen(start));
    else
        out[0] = '\0';
    otsd_client_free(&c);
}

static void the_token_is_the_one_that_was_set_else_the_credential_of_the_service(void **state) {
    char *credential = client_write_file("otsd-token", "cred\n"), *file = client_write_file("token", "file\n");
    char said[sizeof(otsd_error)], *slash = strrchr(credential, '/');
    otsd_secret *token = NULL;
    otsd_server *s = NULL;

    (void)state;
    assert_int_equal(otsd_secret_new(&token, "given", 5, NULL), OTSD_OK);
    assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_region(s, "eu", NULL), OTSD_OK);
    *slash = '\0';
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", credential, 1), 0);
    credentials_of(s, said, sizeof said);
    assert_string_equal(said, "");
    assert_int_equal(otsd_server_set_username(s, "u", NULL), OTSD_OK);
    credentials_of(s, said, sizeof said);
    assert_string_equal(said, "dTpjcmVk"); /* u:cred */
    assert_int_equal(otsd_server_set_token_file(s, file, NULL), OTSD_OK);
    credentials_of(s, said, sizeof said);
    assert_string_equal(said, "dTpmaWxl"); /* u:file */
    assert_int_equal(otsd_server_set_token(s, token, NULL), OTSD_OK);
    credentials_of(s, said, sizeof said);
    assert_string_equal(said, "dTpnaXZlbg=="); /* u:given */
    assert_int_equal(otsd_server_set_token(s, NULL, NULL), OTSD_OK);
    credentials_of(s, said, sizeof said);
    assert_string_equal(said, "dTpjcmVk");
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    *slash = '/';
    free(credential);
    free(file);
    otsd_secret_free(&token);
    otsd_server_free(&s);
}

static void a_credential_that_is_no_token_is_told(void **state) {
    static const struct {
        const char *text, *expected;
        unsigned mode;
    } rows[] = {
        {"", "/otsd-token: one line with the API token was expected", 0600},
        {"a\nb\n", "/otsd-token: one line with the API token was expected", 0600},
        {"a\n", "/otsd-token: has mode 0640; at most 0600 was expected", 0640},
        {NULL, "/otsd-token: cannot be opened: No such file", 0},
    };
    char said[sizeof(otsd_error)];
    otsd_server *s = NULL;

    (void)state;
    assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_region(s, "eu", NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_username(s, "u", NULL), OTSD_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = client_write_file("otsd-token", rows[i].text ? rows[i].text : "");

        assert_int_equal(rows[i].text ? chmod(path, rows[i].mode) : unlink(path), 0);
        *strrchr(path, '/') = '\0';
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", path, 1), 0);
        credentials_of(s, said, sizeof said);
        if (said[0] != '0' + OTSD_ERR_CONFIG || !strstr(said, rows[i].expected))
            fail_msg("%s", said);
        free(path);
    }
    /* A folder that is relative to wherever we are is nobody's word. */
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "run/credentials", 1), 0);
    credentials_of(s, said, sizeof said);
    assert_non_null(strstr(said, "set server.token_file, or pass otsd-token as a credential"));
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    credentials_of(s, said, sizeof said);
    assert_non_null(strstr(said, "set server.token_file, or pass otsd-token as a credential"));
    otsd_server_free(&s);
}

static void the_token_alone_is_read_where_all_settings_make_sense(void **state) {
    char *file = client_write_file("token", "file\n");
    otsd_secret *token = NULL, *given = NULL;
    otsd_server *s = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(server_token(NULL, &token, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_token_file(s, file, NULL), OTSD_OK);
    assert_int_equal(server_token(s, &token, &e), OTSD_ERR_ARGUMENT);
    assert_non_null(strstr(e.message, "a url or a region was expected"));
    assert_int_equal(otsd_server_set_region(s, "eu", NULL), OTSD_OK);
    assert_int_equal(server_token(s, &token, &e), OTSD_ERR_ARGUMENT);
    assert_non_null(strstr(e.message, "`username` was expected too"));
    assert_null(token);
    assert_int_equal(otsd_server_set_username(s, "u", NULL), OTSD_OK);
    assert_int_equal(server_token(s, &token, &e), OTSD_OK);
    assert_string_equal(otsd_secret_data(token), "file");
    otsd_secret_free(&token);
    assert_int_equal(otsd_secret_new(&given, "given", 5, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_token(s, given, NULL), OTSD_OK);
    otsd_secret_free(&given);
    assert_int_equal(server_token(s, &token, &e), OTSD_OK);
    assert_string_equal(otsd_secret_data(token), "given");
    assert_ptr_not_equal(token, s->token);
    otsd_secret_free(&token);
    assert_int_equal(otsd_server_set_token(s, NULL, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_username(s, NULL, NULL), OTSD_OK);
    assert_int_equal(server_token(s, &token, &e), OTSD_OK);
    assert_null(token);
    free(file);
    otsd_server_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_without_a_file_are_those_of_a_file),
        cmocka_unit_test(a_setting_that_is_taken_back_takes_no_other_with_it),
        cmocka_unit_test(a_setting_that_a_file_could_not_have_is_refused_and_changes_nothing),
        cmocka_unit_test(a_token_or_time_limit_that_makes_no_sense_is_refused),
        cmocka_unit_test(what_only_all_settings_together_can_tell_is_told_when_a_client_is_made),
        cmocka_unit_test(a_token_that_was_given_as_a_secret_is_sent),
        cmocka_unit_test(the_token_is_the_one_that_was_set_else_the_credential_of_the_service),
        cmocka_unit_test(a_credential_that_is_no_token_is_told),
        cmocka_unit_test(the_token_alone_is_read_where_all_settings_make_sense),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
