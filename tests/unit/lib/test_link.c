/* SPDX-License-Identifier: MIT
 *
 * Whose links are made, whose are opened, and what of a host that somebody else chose is ever shown.
 */
#include "client.h"
#include "server/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG_KEY "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"

static otsd_client *client_of(const char *url, const char *settings) {
    char text[512];

    snprintf(text, sizeof text, "url = \"%s\"; allow_http = true; %s", url, settings);
    return client_with(text);
}

#define HOSTS "link_hosts = [ \"links.example.com\", \"Other.Example.com\" ];"

/* NULL: none is made. */
static char *link_of(const otsd_client *c, const char *share_domain, otsd_error *e) {
    char key[] = KEY, domain[512], *link = NULL;
    otsd_receipt r = {.secret_key = key, .share_domain = domain};
    otsd_err rc;

    snprintf(domain, sizeof domain, "%s", share_domain);
    rc = otsd_link(c, &r, &link, e);
    assert_int_equal(rc == OTSD_OK, !!link);
    if (!link)
        assert_int_equal(rc, OTSD_ERR_ANSWER);
    return link;
}

static void a_link_is_of_the_server_or_of_a_host_that_the_configuration_names(void **state) {
    static const struct {
        const char *url, *settings, *share_domain, *link;
    } rows[] = {
        {"https://ots.example.com", "", "", "https://ots.example.com/secret/" KEY},
        {"http://127.0.0.1:7143", "", "", "http://127.0.0.1:7143/secret/" KEY},
        {"https://ots.example.com/below", "", "", "https://ots.example.com/below/secret/" KEY},
        /* its own name */
        {"https://ots.example.com", "", "ots.example.com", "https://ots.example.com/secret/" KEY},
        {"https://ots.example.com:8443", "", "OTS.example.com.", "https://ots.example.com:8443/secret/" KEY},
        /* a name that the configuration has */
        {"https://ots.example.com", HOSTS, "links.example.com", "https://links.example.com/secret/" KEY},
        {"https://ots.example.com", HOSTS, "other.example.COM", "https://other.example.COM/secret/" KEY},
        {"https://ots.example.com", HOSTS, "", "https://ots.example.com/secret/" KEY},
        /* another */
        {"https://ots.example.com", "", "evil.example", NULL},
        {"https://ots.example.com", HOSTS, "evil.example", NULL},
        {"https://ots.example.com", HOSTS, "x.links.example.com", NULL},
        {"https://ots.example.com", HOSTS, "links.example.com.evil.example", NULL},
        {"https://ots.example.com", "", "example.com", NULL},
        /* no host name at all */
        {"https://ots.example.com", HOSTS, "links.example.com/x?", NULL},
        {"https://ots.example.com", HOSTS, "evil.example/links.example.com", NULL},
        {"https://ots.example.com", HOSTS, "evil.example#links.example.com", NULL},
        {"https://ots.example.com", HOSTS, "links.example.com@evil.example", NULL},
        {"https://ots.example.com", HOSTS, "links.example.com:8443", NULL},
        {"https://ots.example.com", HOSTS, "https://links.example.com", NULL},
        {"https://ots.example.com", HOSTS, ".", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_client *c = client_of(rows[i].url, rows[i].settings);
        otsd_error e = {0};
        char *link = link_of(c, rows[i].share_domain, &e);

        if (!link != !rows[i].link || (link && strcmp(link, rows[i].link) != 0))
            fail_msg("row %zu: %s", i, link ? link : e.message);
        if (!link && !strstr(e.message, "https://ots.example.com"))
            fail_msg("row %zu: %s", i, e.message);
        free(link);
        otsd_client_free(&c);
    }
}

static void a_host_is_added_and_all_are_taken_back(void **state) {
    otsd_server *s = client_server("url = \"https://ots.example.com\"; " HOSTS);
    static const char *const bad[] = {"", "a b", "host:443", "https://host", "host/x"};
    otsd_client *c = NULL;
    otsd_error e = {0};
    char *link;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(otsd_server_add_link_host(s, bad[i], &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(otsd_server_add_link_host(s, "third.example.com", &e), OTSD_OK);
    assert_int_equal(otsd_client_new(&c, s, &e), OTSD_OK);
    assert_int_equal(otsd_server_add_link_host(s, NULL, &e), OTSD_OK); /* does not reach c */
    link = link_of(c, "third.example.com", &e);
    assert_string_equal(link, "https://third.example.com/secret/" KEY);
    free(link);
    link = link_of(c, "links.example.com", &e);
    assert_non_null(link);
    free(link);
    otsd_client_free(&c);
    assert_int_equal(otsd_client_new(&c, s, &e), OTSD_OK);
    assert_null(link_of(c, "links.example.com", &e));
    otsd_client_free(&c);
    otsd_server_free(&s);
}

/* What asks the server may be another process than the one that prints the link. */
static void a_link_is_made_without_a_client(void **state) {
    static char host[] = "links.example.com";
    char *hosts[] = {host, NULL}, key[] = KEY, domain[] = "links.example.com", none[] = "", *link = NULL;
    otsd_receipt named = {.secret_key = key, .share_domain = domain};
    otsd_receipt plain = {.secret_key = key, .share_domain = none};
    otsd_error e = {0};

    (void)state;
    assert_int_equal(server_link("https://ots.example.com/x", NULL, &plain, &link, &e), OTSD_OK);
    assert_string_equal(link, "https://ots.example.com/x/secret/" KEY);
    free(link);
    link = NULL;
    assert_int_equal(server_link("https://ots.example.com", NULL, &named, &link, &e), OTSD_ERR_ANSWER);
    assert_int_equal(server_link("https://ots.example.com", hosts, &named, &link, &e), OTSD_OK);
    assert_string_equal(link, "https://links.example.com/secret/" KEY);
    free(link);
    link = NULL;
    assert_int_equal(server_link("", hosts, &named, &link, &e), OTSD_ERR_ARGUMENT);
    assert_string_equal(e.message, "\"\" is no server's address");
    assert_int_equal(server_link_key("", hosts, "https://links.example.com/" KEY, &link, &e), OTSD_ERR_ARGUMENT);
    assert_null(link);
    key[0] = '\0';
    assert_int_equal(server_link("https://ots.example.com", hosts, &plain, &link, &e), OTSD_ERR_ARGUMENT);
    assert_string_equal(e.message, "the receipt has no secret key");
    assert_null(link);
}

static void the_message_names_both_hosts_and_never_a_key(void **state) {
    static const struct {
        const char *share_domain, *shown;
    } rows[] = {{"evil.example", "names evil.example as"},
                {KEY, "names another host, whose name"},
                {KEY ".example.com", "names another host, whose name"},
                {"a.b-" LONG_KEY, "names another host, whose name"},
                {"\033[2Jx", "names another host, whose name"}};
    otsd_client *c = client_of("https://ots.example.com", "");

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_error e = {0};

        assert_null(link_of(c, rows[i].share_domain, &e));
        if (!strstr(e.message, rows[i].shown) || !strstr(e.message, "https://ots.example.com"))
            fail_msg("row %zu: %s", i, e.message);
    }
    otsd_client_free(&c);
}

static void a_key_is_found_in_links_of_the_server_only(void **state) {
    static const struct {
        const char *url, *link;
        bool ours;
    } rows[] = {
        {"https://ots.example.com", KEY, true},
        {"https://ots.example.com", KEY "\n", true},
        {"https://ots.example.com", "https://ots.example.com/secret/" KEY, true},
        {"https://ots.example.com", "HTTPS://OTS.Example.com:443/secret/" KEY "/?x#y", true},
        {"https://ots.example.com:443", "https://ots.example.com/secret/" KEY, true},
        {"https://ots.example.com", "http://ots.example.com/secret/" KEY, true},
        {"https://ots.example.com", "https://ots.example.com./secret/" KEY, true},
        {"https://ots.example.com", "ots.example.com/secret/" KEY " and more", true},
        {"https://ots.example.com", "//ots.example.com/secret/" KEY, true},
        {"https://ots.example.com", "/secret/" KEY, true},
        {"https://ots.example.com/below", "https://ots.example.com/below/secret/" KEY, true},
        {"http://127.0.0.1:7143", "http://127.0.0.1:7143/secret/" KEY, true},
        {"https://ots.example.com", "https://links.example.com/secret/" KEY, true},
        {"https://ots.example.com", "https://ots.example.com/private/" KEY, true},
        {"https://ots.example.com", "https://eu.onetimesecret.com/secret/" KEY, false},
        {"https://ots.example.com", "eu.onetimesecret.com/secret/" KEY, false},
        {"https://ots.example.com", "//eu.onetimesecret.com/secret/" KEY, false},
        {"https://ots.example.com", "https://ots.example.com:8443/secret/" KEY, false},
        {"https://ots.example.com:8443", "https://ots.example.com/secret/" KEY, false},
        {"https://ots.example.com", "https://links.example.com:8443/secret/" KEY, false},
        {"https://ots.example.com", "https://ots.example.com@evil.example/secret/" KEY, false},
        {"https://ots.example.com", "https://evil.example\\@ots.example.com.evil.example/secret/" KEY, false},
        {"https://ots.example.com", "https://ots.example.com.evil.example/secret/" KEY, false},
        {"https://ots.example.com", "ftp://ots.example.com/secret/" KEY, false},
        {"https://ots.example.com", "https:///secret/" KEY, false},
        {"https://ots.example.com", "://ots.example.com/secret/" KEY, false},
        {"https://ots.example.com", "https://ots.example.com", false},
        {"https://ots.example.com", "https://ots.example.com/", false},
        {"https://ots.example.com", "", false},
        {"https://ots.example.com", "no key", true}, /* the first word */
        {"https://ots.example.com", "no-key", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_client *c = client_of(rows[i].url, HOSTS);
        otsd_error e = {0};
        char *key = NULL;
        otsd_err rc = otsd_link_key(c, rows[i].link, &key, &e);

        if (rc != (rows[i].ours ? OTSD_OK : OTSD_ERR_ARGUMENT))
            fail_msg("row %zu: %s: %s", i, rows[i].link, e.message);
        if (rows[i].ours && strcmp(key, KEY) != 0 && strcmp(key, "no") != 0)
            fail_msg("row %zu: %s", i, key);
        if (strstr(e.message, KEY))
            fail_msg("row %zu: the key is in the message: %s", i, e.message);
        free(key);
        otsd_client_free(&c);
    }
}

static void a_link_of_another_host_is_told_with_both_names(void **state) {
    otsd_client *c = client_of("https://ots.example.com", "");
    otsd_error e = {0};
    char *key = NULL;

    (void)state;
    assert_int_equal(otsd_link_key(c, "https://eu.onetimesecret.com/secret/" KEY, &key, &e), OTSD_ERR_ARGUMENT);
    assert_string_equal(e.message, "the link is of eu.onetimesecret.com, and the configured server is "
                                   "https://ots.example.com; nothing was sent");
    otsd_client_free(&c);
}

static void only_what_cannot_be_a_key_is_a_plain_host(void **state) {
    static const struct {
        const char *host;
        bool plain;
    } rows[] = {{"eu.onetimesecret.com", true},
                {"secrets-of-the-department.example.com", true},
                {"127.0.0.1", true},
                {"localhost", true},
                {"a12345678901234567.example", true},
                {"abcdefghij012345678.example", true},
                {"abcdefghij0123456789.example", false},
                {"x." LONG_KEY, false},
                {KEY, false},
                {"", false},
                {"a..b", false},
                {"a_b", false},
                {"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-a-b-c-d-e-f.example", true},
                {"a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-a-b-c-d-e-f-g.example", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (text_is_plain_host(rows[i].host) != rows[i].plain)
            fail_msg("%s", rows[i].host);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_is_of_the_server_or_of_a_host_that_the_configuration_names),
        cmocka_unit_test(a_host_is_added_and_all_are_taken_back),
        cmocka_unit_test(a_link_is_made_without_a_client),
        cmocka_unit_test(the_message_names_both_hosts_and_never_a_key),
        cmocka_unit_test(a_key_is_found_in_links_of_the_server_only),
        cmocka_unit_test(a_link_of_another_host_is_told_with_both_names),
        cmocka_unit_test(only_what_cannot_be_a_key_is_a_plain_host),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("link", tests, client_make_folder, client_remove_folder);
}
