/* SPDX-License-Identifier: MIT
 *
 * Which releases a server looks like: each sign by itself, what they narrow each other to, and what depends on it. That
 * no real answer speaks against its own release is held by tests/conformance/classify.c.
 */
#include "client.h"
#include "answer/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OLD_KEY KEY
#define NEW_KEY KEY KEY
#define LIST(key) "[{\"metadata_key\":\"" key "\",\"state\":\"new\"}]"
#define GENERATED(key)                                                                                                 \
    "{\"metadata_key\":\"" key "\",\"secret_key\":\"s\",\"ttl\":60,\"state\":\"new\",\"value\":\"Generated1\"}"
#define OF_VALUE(value)                                                                                                \
    "{\"metadata_key\":\"" OLD_KEY "\",\"secret_key\":\"s\",\"ttl\":60,\"state\":\"new\",\"value\":\"" value "\"}"
#define SHORT "{\"message\":\"Passphrase must be at least 8 characters long\"}"

static otsd_err generate(otsd_client *c, const char *word, otsd_error *e) {
    otsd_options o = OTSD_OPTIONS_INIT;
    otsd_secret *passphrase = NULL;
    otsd_receipt *t = NULL;
    otsd_err rc;

    if (word)
        assert_int_equal(otsd_secret_new(&passphrase, word, strlen(word), NULL), OTSD_OK);
    o.passphrase = passphrase;
    rc = otsd_generate(c, &o, &t, e);
    otsd_secret_free(&passphrase);
    otsd_receipt_free(&t);
    return rc;
}

static void each_sign_by_itself(void **state) {
    static const struct {
        const char *headers, *body, *shown;
        int status;
    } rows[] = {
        {"", GENERATED("short"), "unknown", 200},
        {"Server: nginx\r\n", GENERATED("short"), "unknown", 200},
        {"Server: thin\r\n", GENERATED("short"), "v0.18-v0.23", 200},
        {"Server: Thin 1.8\r\n", GENERATED("short"), "v0.18-v0.23", 200},
        {"Server: thinker\r\n", GENERATED("short"), "unknown", 200},
        {"", GENERATED(OLD_KEY), "v0.18-v0.23", 200},
        {"", GENERATED(NEW_KEY), "v0.24 or later", 200},
        {"O-Domain-Strategy: canonical\r\n", GENERATED("short"), "v0.26 or later", 200},
        {"o-domain-strategy: canonical\r\nset-cookie: onetime.session=x; path=/\r\n", GENERATED("short"), "v0.24-v0.25",
         200},
        {"set-cookie: a=b\r\nset-cookie: onetime.session=x\r\nset-cookie: c=d\r\no-domain-strategy: canonical\r\n",
         GENERATED("short"), "v0.24-v0.25", 200},
        {"set-cookie: onetime.session=x\r\n", GENERATED("short"), "unknown", 200},
        {"x-ots-intended-status: 400\r\n", "{\"message\":\"No\"}", "v0.24 or later", 404},
        {"", SHORT, "v0.22-v0.23", 404},
        {"x-ots-intended-status: 400\r\n", "{\"message\":\"Passphrase must be at least 4 characters long\"}",
         "v0.24 or later", 404},
        {"", "{\"message\":\"Domain not found example.com\"}", "v0.18", 404},
        {"", "{\"message\":\"Cripes! You have been rate limited.\"}", "v0.18-v0.25", 404},
        {"", "{\"message\":\"Undeliverable email address: Passphrase\"}", "unknown", 404},
        {"", OF_VALUE("abc!$()*?"), "v0.18-v0.23", 200},
        {"", OF_VALUE("abc-"), "v0.22-v0.23", 200},
        {"", OF_VALUE("~"), "v0.22-v0.23", 200},
        {"", "{\"metadata_key\":\"m\",\"secret_key\":\"s\",\"ttl\":60,\"state\":\"new\",\"value\":\"@\"}",
         "v0.22 or later", 200},
        /* Of two that contradict each other in one answer none is believed. */
        {"Server: thin\r\no-domain-strategy: canonical\r\n", GENERATED("short"), "unknown", 200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {{STEP_ANSWER, server_json(rows[i].status, rows[i].headers, rows[i].body)}};
        struct server s = server_start(steps, 1);
        otsd_client *c = client_to(&s);

        assert_string_equal(otsd_client_generation(c), "unknown");
        (void)generate(c, NULL, NULL);
        if (strcmp(otsd_client_generation(c), rows[i].shown) != 0)
            fail_msg("row %zu: %s", i, otsd_client_generation(c));
        otsd_client_free(&c);
        server_stop(&s);
    }
    assert_string_equal(otsd_client_generation(NULL), "unknown");
}

static void the_lists_tell_the_older_ones_apart(void **state) {
    static const struct {
        const char *first, *second, *shown;
    } rows[] = {
        {LIST(OLD_KEY), NULL, "v0.18-v0.20"},
        {NULL, "{\"records\":[]}", "v0.21-v0.23"},
        {NULL, "{\"records\":[", "v0.18-v0.23"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {
            {STEP_ANSWER,
             rows[i].first ? server_json(200, "Server: thin\r\n", rows[i].first)
                           : server_json(404, "Server: thin\r\n", "{\"message\":\"An unexpected error occurred :[\"}")},
            {STEP_ANSWER, server_json(200, "Server: thin\r\n", rows[i].second ? rows[i].second : "")}};
        struct server s = server_start(steps, 2);
        otsd_client *c = client_to(&s);
        otsd_receipts *list = NULL;

        (void)otsd_recent(c, &list, NULL);
        if (strcmp(otsd_client_generation(c), rows[i].shown) != 0)
            fail_msg("row %zu: %s", i, otsd_client_generation(c));
        otsd_receipts_free(&list);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

/* Narrowed by each, and begun anew where the server was brought up to date. */
static void what_is_known_only_grows_until_it_is_contradicted(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "Server: thin\r\n", NOMINAL)},
                                 {STEP_ANSWER, server_json(404, "Server: thin\r\n", SHORT)},
                                 {STEP_ANSWER, server_json(200, "", NOMINAL)},
                                 {STEP_ANSWER, server_json(200, "o-domain-strategy: canonical\r\n", NOMINAL)}};
    static const char *const shown[] = {"v0.18-v0.23", "v0.22-v0.23", "v0.22-v0.23", "v0.26 or later"};
    struct server s = server_start(steps, 4);
    otsd_client *c = client_to(&s);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)otsd_status(c, NULL);
        assert_string_equal(otsd_client_generation(c), shown[i]);
    }
    otsd_client_free(&c);
    server_stop(&s);
}

/* The first is refused by the server, with what to do; from then on the client knows. */
static void a_passphrase_that_would_be_refused_is_not_sent(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(404, "", SHORT)},
                                 {STEP_ANSWER, server_json(200, "", GENERATED(OLD_KEY))}};
    struct server s = server_start(steps, 2);
    otsd_client *c = client_to(&s);
    otsd_error e = OTSD_ERROR_INIT;
    char long_one[130];

    (void)state;
    assert_int_equal(generate(c, "seven77", &e), OTSD_ERR_REFUSED);
    assert_non_null(strstr(e.message, "Passphrase must be at least 8 characters long: servers of 0.22 and 0.23 want 8 "
                                      "to 128)"));
    assert_int_equal(generate(c, "seven77", &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(e.reach, OTSD_REACH_NO);
    assert_string_equal(e.message, "the passphrase has 7 characters; this server (v0.22-v0.23) wants 8 to 128");
    /* 14 bytes */
    assert_int_equal(generate(c, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", &e), OTSD_ERR_ARGUMENT);
    memset(long_one, 'x', sizeof long_one);
    long_one[129] = '\0';
    assert_int_equal(generate(c, long_one, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(s.seen->requests, 1);
    assert_int_equal(generate(c, "eight888", &e), OTSD_OK);
    long_one[128] = '\0';
    assert_int_equal(generate(c, long_one, &e), OTSD_OK);
    assert_int_equal(generate(c, NULL, &e), OTSD_OK);
    assert_int_equal(s.seen->requests, 4);
    otsd_client_free(&c);
    server_stop(&s);
}

static const char *assumed(otsd_client *c, const char *text) {
    otsd_client_assume_generation(c, text);
    return otsd_client_generation(c);
}

/* What is no text of ours is nothing, what contradicts is newer. */
static void what_others_have_learnt_can_be_assumed(void **state) {
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "Server: thin\r\n", NOMINAL)},
                                 {STEP_ANSWER, server_json(200, "o-domain-strategy: canonical\r\n", NOMINAL)}};
    struct server s = server_start(steps, 2);
    otsd_client *c = client_to(&s);

    (void)state;
    assert_string_equal(assumed(c, "v0.19"), "unknown");
    assert_string_equal(assumed(c, ""), "unknown");
    assert_string_equal(assumed(c, "unknown"), "unknown");
    assert_string_equal(assumed(c, NULL), "unknown");
    assert_string_equal(assumed(c, "v0.21-v0.23"), "v0.21-v0.23");
    assert_string_equal(assumed(c, "v0.22-v0.23"), "v0.22-v0.23");
    assert_string_equal(assumed(c, "v0.18-v0.23"), "v0.22-v0.23");
    (void)otsd_status(c, NULL);
    assert_string_equal(otsd_client_generation(c), "v0.22-v0.23");
    assert_string_equal(assumed(c, "v0.18-v0.20"), "v0.18-v0.20");
    (void)otsd_status(c, NULL);
    assert_string_equal(otsd_client_generation(c), "v0.26 or later");
    otsd_client_assume_generation(NULL, "v0.18");
    otsd_client_free(&c);
    server_stop(&s);
}

static otsd_err takes(otsd_client *c, const char *word, otsd_error *e) {
    otsd_secret *passphrase = NULL;
    otsd_err rc;

    assert_int_equal(otsd_secret_new(&passphrase, word, strlen(word), NULL), OTSD_OK);
    rc = otsd_client_takes_passphrase(c, passphrase, e);
    otsd_secret_free(&passphrase);
    return rc;
}

static void each_name_of_a_set_is_read_as_that_set(void **state) {
    unsigned named = 0;

    (void)state;
    for (unsigned known = 0; known <= GENERATION_ALL; known++)
        if (strcmp(generation_text(known), "unknown") != 0) {
            assert_int_equal(generation_of_text(generation_text(known)), known);
            named++;
        }
    assert_int_equal(named, 11);
    assert_int_equal(generation_of_text("unknown"), 0);
    assert_int_equal(generation_of_text(""), 0);
    assert_int_equal(generation_of_text("v0.18 "), 0);
}

/* What is assumed refuses nothing by itself: one answer has to show that the server is old. */
static void who_is_brought_up_to_date_or_says_nothing_decides_for_itself(void **state) {
    static const struct {
        const char *assumed, *headers; /* headers NULL: no answer */
        otsd_err expected;
        unsigned asked;
        int status;
    } rows[] = {
        {"v0.22-v0.23", "Server: thin\r\n", OTSD_ERR_ARGUMENT, 1, 200},
        {"v0.22-v0.23", "Server: thin\r\n", OTSD_ERR_ARGUMENT, 1, 404},
        {"v0.22-v0.23", "o-domain-strategy: canonical\r\n", OTSD_OK, 1, 200},
        {"v0.22-v0.23", "x-ots-intended-status: 400\r\n", OTSD_OK, 1, 404},
        {"v0.22-v0.23", "", OTSD_OK, 1, 200},
        {"v0.22-v0.23", NULL, OTSD_OK, 1, 0},
        {"v0.21-v0.23", "Server: thin\r\n", OTSD_OK, 0, 200},
        {"v0.24 or later", "Server: thin\r\n", OTSD_OK, 0, 200},
        {"", "Server: thin\r\n", OTSD_OK, 0, 200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {{rows[i].headers ? STEP_ANSWER : STEP_CLOSE,
                                      rows[i].headers ? server_json(rows[i].status, rows[i].headers, NOMINAL) : NULL}};
        struct server s = server_start(steps, 1);
        otsd_client *c = client_to(&s);
        otsd_error e = OTSD_ERROR_INIT;

        otsd_client_assume_generation(c, rows[i].assumed);
        assert_int_equal(takes(c, "eight888", NULL), OTSD_OK);
        assert_int_equal(s.seen->requests, 0);
        for (int twice = 0; twice < 2; twice++)
            if (takes(c, "seven77", &e) != rows[i].expected || s.seen->requests != rows[i].asked)
                fail_msg("row %zu: %s, %u requests", i, e.message, (unsigned)s.seen->requests);
        if (rows[i].expected != OTSD_OK)
            assert_string_equal(e.message, "the passphrase has 7 characters; this server (v0.22-v0.23) wants 8 to 128");
        otsd_client_free(&c);
        server_stop(&s);
    }
    assert_int_equal(otsd_client_takes_passphrase(NULL, NULL, NULL), OTSD_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sign_by_itself),
        cmocka_unit_test(the_lists_tell_the_older_ones_apart),
        cmocka_unit_test(what_is_known_only_grows_until_it_is_contradicted),
        cmocka_unit_test(a_passphrase_that_would_be_refused_is_not_sent),
        cmocka_unit_test(each_name_of_a_set_is_read_as_that_set),
        cmocka_unit_test(what_others_have_learnt_can_be_assumed),
        cmocka_unit_test(who_is_brought_up_to_date_or_says_nothing_decides_for_itself),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
