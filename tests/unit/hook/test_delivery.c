/* SPDX-License-Identifier: MIT
 *
 * The answer to a generate, held against what was asked: value, recipient, passphrase, with the words that a person is
 * given where it does not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "handoff/delivery.h"

#define MIN 10
#define ALICE "alice@example.com"
#define MASKED "al***@e***.com"
#define OTHER "bo***@e***.com"

static otsd_secret *secret(const char *text, size_t len) {
    otsd_secret *s = NULL;

    assert_int_equal(otsd_secret_new(&s, text, len, NULL), OTSD_OK);
    return s;
}

static void assert_checked(const delivery_terms *asked, otsd_receipt *t, int rc, const char *text) {
    problem p = {.text = ""};

    assert_int_equal(delivery_check(asked, t, &p), rc);
    if (text)
        assert_string_equal(p.text, text);
    assert_int_equal(rc, text ? p.code : EX_OK);
}

static void assert_value(size_t len, size_t odd_at, char odd, int rc, const char *text) {
    delivery_terms asked = {.user = "alice", .min_length = MIN};
    otsd_receipt t = {.passphrase_required = OTSD_NO};
    char *value = malloc(len + 1);

    assert_non_null(value);
    memset(value, 'x', len + 1);
    if (odd_at < len)
        value[odd_at] = odd;
    t.value = secret(value, len);
    assert_checked(&asked, &t, rc, text);
    otsd_secret_free(&t.value);
    free(value);
}

#define NONE 9999
#define ODD "alice: the server generated a value with other characters than letters, digits and punctuation of ASCII"

static void a_value_has_its_length_and_can_be_typed(void **state) {
    (void)state;
    assert_value(MIN, NONE, 0, EX_OK, NULL);
    assert_value(MIN - 1, NONE, 0, EX_PROTOCOL,
                 "alice: the server generated 9 characters, handoff.min_length wants 10");
    assert_value(0, NONE, 0, EX_PROTOCOL, "alice: the server generated 0 characters, handoff.min_length wants 10");
    assert_value(512, NONE, 0, EX_OK, NULL);
    assert_value(513, NONE, 0, EX_PROTOCOL, "alice: the server generated 513 characters, which is too long");
    assert_value(MIN, 0, '\n', EX_PROTOCOL, ODD);
    assert_value(MIN, MIN - 1, '\t', EX_PROTOCOL, ODD);
    assert_value(MIN, 5, '\0', EX_PROTOCOL, ODD);
    assert_value(MIN, 5, 0x1f, EX_PROTOCOL, ODD);
    assert_value(MIN, 5, 0x7f, EX_PROTOCOL, ODD);
    assert_value(MIN, 5, ' ', EX_PROTOCOL, ODD);
    assert_value(MIN, 5, '!', EX_OK, NULL);
    assert_value(MIN, 5, '~', EX_OK, NULL);
    assert_value(MIN, 5, ':', EX_OK, NULL);
    assert_value(MIN, 5, (char)0x80, EX_PROTOCOL, ODD);
    assert_value(MIN, 5, (char)0xc3, EX_PROTOCOL, ODD);
    assert_value(MIN, 5, (char)0xff, EX_PROTOCOL, ODD);
}

static void no_value_is_too_short(void **state) {
    delivery_terms asked = {.user = "alice", .min_length = MIN};
    otsd_receipt t = {.passphrase_required = OTSD_NO};

    (void)state;
    assert_checked(&asked, &t, EX_PROTOCOL, "alice: the server generated 0 characters, handoff.min_length wants 10");
}

static const struct {
    const char *asked;
    size_t len;
    const char *masked[2];
    int rc;
    const char *text;
} recipients[] = {
    {NULL, 0, {NULL}, EX_OK, NULL},
    {NULL, 1, {OTHER}, EX_PROTOCOL, "alice: the server mails " OTHER ", which was not asked for"},
    {ALICE, 1, {MASKED}, EX_OK, NULL},
    {ALICE, 0, {NULL}, EX_DATAERR, "alice: the server took the address " ALICE " without a word and mails nobody"},
    {ALICE, 1, {OTHER}, EX_PROTOCOL, "alice: the server mails another address (" OTHER ") than " ALICE},
    {ALICE, 2, {MASKED, OTHER}, EX_PROTOCOL, "alice: the server mails another address (" MASKED ") than " ALICE},
    {ALICE, 2, {MASKED, MASKED}, EX_PROTOCOL, "alice: the server mails another address (" MASKED ") than " ALICE},
};

static void who_is_mailed_is_who_was_to_be(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof recipients / sizeof recipients[0]; i++) {
        delivery_terms asked = {.user = "alice", .recipient = recipients[i].asked, .min_length = MIN};
        char masked[2][32];
        char *list[2] = {masked[0], masked[1]};
        otsd_receipt t = {.recipients = list, .recipients_len = recipients[i].len, .passphrase_required = OTSD_NO};

        for (size_t k = 0; k < recipients[i].len; k++)
            snprintf(masked[k], sizeof masked[k], "%s", recipients[i].masked[k]);
        t.value = secret("0123456789", 10);
        assert_checked(&asked, &t, recipients[i].rc, recipients[i].text);
        otsd_secret_free(&t.value);
    }
}

/* A server that says nothing about passphrases has none set. */
static void a_passphrase_is_set_as_asked(void **state) {
    static const struct {
        bool asked;
        otsd_tri required;
        int rc;
        const char *text;
    } rows[] = {
        {false, OTSD_NO, EX_OK, NULL},
        {false, OTSD_UNKNOWN, EX_OK, NULL},
        {false, OTSD_YES, EX_PROTOCOL, "alice: the server asks for a passphrase that nobody set"},
        {true, OTSD_YES, EX_OK, NULL},
        {true, OTSD_NO, EX_PROTOCOL, "alice: the server ignored the passphrase"},
        {true, OTSD_UNKNOWN, EX_PROTOCOL, "alice: the server ignored the passphrase"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        delivery_terms asked = {.user = "alice", .passphrase = rows[i].asked, .min_length = MIN};
        otsd_receipt t = {.passphrase_required = rows[i].required};

        t.value = secret("0123456789", 10);
        assert_checked(&asked, &t, rows[i].rc, rows[i].text);
        otsd_secret_free(&t.value);
    }
}

static void the_first_fault_is_told(void **state) {
    delivery_terms asked = {.user = "alice", .recipient = ALICE, .passphrase = true, .min_length = MIN};
    otsd_receipt t = {.passphrase_required = OTSD_NO};

    (void)state;
    t.value = secret("short", 5);
    assert_checked(&asked, &t, EX_PROTOCOL, "alice: the server generated 5 characters, handoff.min_length wants 10");
    otsd_secret_free(&t.value);
    t.value = secret("long-enough", 11);
    assert_checked(&asked, &t, EX_DATAERR,
                   "alice: the server took the address " ALICE " without a word and mails nobody");
    otsd_secret_free(&t.value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a value is long enough, not too long, and can be typed", a_value_has_its_length_and_can_be_typed, NULL, NULL,
         NULL},
        {"an answer without a value is refused", no_value_is_too_short, NULL, NULL, NULL},
        {"who is mailed is who was to be, and nobody else", who_is_mailed_is_who_was_to_be, NULL, NULL, NULL},
        {"a passphrase is set where one was asked for, and nowhere else", a_passphrase_is_set_as_asked, NULL, NULL,
         NULL},
        {"of several faults the first is told", the_first_fault_is_told, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
