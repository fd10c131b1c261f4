/* SPDX-License-Identifier: MIT
 *
 * The pattern of handoff.recipient, made into an address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "handoff/address.h"

static void a_pattern_becomes_an_address(void **state) {
    static const struct {
        const char *pattern, *user, *address;
    } rows[] = {
        {"%u@example.com", "alice", "alice@example.com"},
        {"new+%u@example.com", "alice", "new+alice@example.com"},
        {"%u.%u@example.com", "al", "al.al@example.com"},
        {"%u%%x@example.com", "al", "al%x@example.com"},
        {"%%u@example.com", "al", "%u@example.com"},
        {"admin@example.com", "alice", "admin@example.com"},
        {"admin@%u.example.com", "alice", "admin@alice.example.com"},
    };
    char out[ADDRESS_MAX];
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(address_of(rows[i].pattern, rows[i].user, out, &p), EX_OK);
        assert_string_equal(out, rows[i].address);
    }
}

static void what_is_no_address_is_refused(void **state) {
    static const char *const users[] = {"", "a b", "a@b", "a,b", "a\nb", ".a"};
    char out[ADDRESS_MAX];
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
        assert_int_equal(address_of("%u@example.com", users[i], out, &p), EX_DATAERR);
    assert_int_equal(address_of("%u@example.com", "a b", out, &p), EX_DATAERR);
    assert_string_equal(p.text, "\"a b@example.com\" is not one mail address");
    assert_int_equal(address_check("alice@example.com", &p), EX_OK);
    assert_int_equal(address_check("alice", &p), EX_DATAERR);
    assert_string_equal(p.text, "\"alice\" is not one mail address");
}

/* 254 bytes and the NUL are an address; with one more, nothing is written behind the buffer. */
static void the_length_of_an_address_is_bounded(void **state) {
    char pattern[300], user[300];
    struct {
        char text[ADDRESS_MAX];
        char behind[8];
    } out;
    problem p;

    (void)state;
    memset(&out, '#', sizeof out);
    memset(user, 0, sizeof user);
    memset(pattern, 0, sizeof pattern);
    /* "x@", then labels of 63, 63, 63 and as many letters as are left. */
    snprintf(pattern, sizeof pattern, "x@%%u.%063d.%063d.%063da", 0, 0, 0);
    memset(user, 'u', 254 - (2 + 3 * 64 + 1));
    assert_int_equal(address_of(pattern, user, out.text, &p), EX_DATAERR); /* the last label is too long */
    assert_string_not_equal(p.text, "the address made from handoff.recipient is too long");
    assert_int_equal(strlen(out.text), 254);
    assert_memory_equal(out.behind, "########", 8);
    user[strlen(user)] = 'u';
    assert_int_equal(address_of(pattern, user, out.text, &p), EX_DATAERR);
    assert_string_equal(p.text, "the address made from handoff.recipient is too long");
    assert_memory_equal(out.behind, "########", 8);
    memset(user, 'u', 290);
    assert_int_equal(address_of("%u@example.com", user, out.text, &p), EX_DATAERR);
    assert_string_equal(p.text, "the address made from handoff.recipient is too long");
    assert_memory_equal(out.behind, "########", 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a pattern and a user's name become an address", a_pattern_becomes_an_address, NULL, NULL, NULL},
        {"what is no address is refused, in words", what_is_no_address_is_refused, NULL, NULL, NULL},
        {"the length of an address is bounded", the_length_of_an_address_is_bounded, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
