/* SPDX-License-Identifier: MIT
 *
 * The form that a call sends is whole, or there is none: without memory at any point nothing is made that could be
 * sent, for a server would take what is missing for what was not wanted: no passphrase, another lifetime.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../asan.h"
#include "client/client.h"

#define LONGEST 9000

static long left = -1; /* allocations until all fail; -1: none does */

#if !HAS_ASAN /* which has an allocator of its own */
void *__libc_malloc(size_t n);

void *malloc(size_t n) {
    if (left > 0)
        left--;
    else if (left == 0)
        return NULL;
    return __libc_malloc(n);
}
#endif

static otsd_secret *secret(size_t len) {
    static char text[LONGEST + 1];
    otsd_secret *s = NULL;

    memset(text, 'v', len);
    if (len > 10)
        // NOLINTNEXTLINE(bugprone-not-null-terminated-result) -- its length goes with it
        memcpy(&text[len - 10], "&ttl=1&a%=", 10);
    assert_int_equal(otsd_secret_new(&s, text, len, NULL), OTSD_OK);
    return s;
}

/* What is made where only so many allocations succeed; NULL: nothing. malloced. */
static char *form_with(long allocations, const otsd_secret *value, const otsd_options *o) {
    otsd_error e = {0};
    wiped form = {0};
    char *text = NULL;
    otsd_err rc;

    left = allocations;
    rc = form_create(&form, value, o, &e);
    left = -1;
    assert_true(rc == OTSD_OK || rc == OTSD_ERR_MEMORY);
    assert_int_equal(e.code, rc);
    if (rc == OTSD_OK) {
        text = strndup(form.data, form.len);
        assert_non_null(text);
        assert_int_equal(strlen(text), form.len);
    }
    wiped_free(&form);
    return text;
}

static void assert_whole_or_none(const otsd_secret *value, const otsd_options *o) {
    char *whole = form_with(-1, value, o);
    long n = 0;
    char *text;

    assert_non_null(whole);
    while (!HAS_ASAN && !(text = form_with(n, value, o)))
        n++;
    if (!HAS_ASAN) {
        assert_string_equal(text, whole);
        assert_true(n > 0 && n < 10);
        free(text);
    }
    free(whole);
}

/* Memory is taken in pieces that double: with each length its end lies at another place of the form. Each option also
 * as the last one: what does not fit need not be followed by what does not fit either. */
static void a_form_is_whole_or_there_is_none(void **state) {
    otsd_secret *passphrase = secret(60);
    const otsd_options rows[] = {
        {.ttl = 86400,
         .passphrase = passphrase,
         .recipient = "alice@example.com",
         .share_domain = "share.example.com",
         .locale = "pt_BR",
         .length = 20},
        {.ttl = 86400},
        {.passphrase = passphrase},
        {.recipient = "alice@example.com"},
        {.share_domain = "share.example.com"},
        {.locale = "pt_BR"},
    };

    (void)state;
    for (size_t len = 1800; len < 2060; len++) {
        otsd_secret *value = secret(len);

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            assert_whole_or_none(value, &rows[i]);
        otsd_secret_free(&value);
    }
    assert_whole_or_none(NULL, &rows[0]);
    otsd_secret_free(&passphrase);
}

/* Where the end of the memory lies within a long passphrase, and in what comes behind it. */
static void so_is_one_with_a_long_passphrase(void **state) {
    (void)state;
    for (size_t len = 600; len <= 1024; len += 3) {
        otsd_secret *value = secret(1200), *passphrase = secret(len);

        assert_whole_or_none(value, &(otsd_options){.ttl = 3600, .passphrase = passphrase, .locale = "en"});
        otsd_secret_free(&value);
        otsd_secret_free(&passphrase);
    }
}

static void what_is_asked_for_is_in_it(void **state) {
    otsd_secret *passphrase = NULL;
    char *text;

    (void)state;
    assert_int_equal(otsd_secret_new(&passphrase, "a b\xc3\xa9&%+~", 9, NULL), OTSD_OK);
    text = form_with(-1, NULL,
                     &(otsd_options){.ttl = 60,
                                     .passphrase = passphrase,
                                     .recipient = "a@b.example",
                                     .share_domain = "s.example",
                                     .locale = "en",
                                     .length = 12});
    assert_string_equal(text, "ttl=60&passphrase=a%20b%C3%A9%26%25%2B~&recipient=a%40b.example&share_domain=s.example&"
                              "locale=en&length=12");
    free(text);
    text = form_with(-1, passphrase, &(otsd_options){.length = 12});
    assert_string_equal(text, "secret=a%20b%C3%A9%26%25%2B~");
    free(text);
    otsd_secret_free(&passphrase);
}

/* A burn without its passphrase is refused, and each try counts against a limit. */
static void a_passphrase_is_whole_or_there_is_none(void **state) {
    otsd_secret *passphrase = secret(700);
    long n = 0;

    (void)state;
    for (otsd_err rc = OTSD_ERR_MEMORY; rc != OTSD_OK; n++) {
        otsd_error e = {0};
        wiped form = {0};

        left = n;
        rc = form_passphrase(&form, passphrase, &e);
        left = -1;
        assert_true(rc == OTSD_OK || rc == OTSD_ERR_MEMORY);
        if (rc == OTSD_OK)
            assert_int_equal(form.len, strlen("passphrase=") + 700 + 2 * 5); /* five of it are escaped */
        wiped_free(&form);
    }
    assert_true(HAS_ASAN || n == 2);
    otsd_secret_free(&passphrase);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what is asked for is in the form, escaped", what_is_asked_for_is_in_it, NULL, NULL, NULL},
        {"without memory a form is whole or there is none", a_form_is_whole_or_there_is_none, NULL, NULL, NULL},
        {"so is one with a long passphrase", so_is_one_with_a_long_passphrase, NULL, NULL, NULL},
        {"the passphrase of a burn is whole or there is none", a_passphrase_is_whole_or_there_is_none, NULL, NULL,
         NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
