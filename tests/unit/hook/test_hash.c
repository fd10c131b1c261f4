/* SPDX-License-Identifier: MIT
 *
 * The hash is one of the method asked for, and the system's own crypt finds the value in it.
 */
#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "password/hash.h"

static int hash_of(const char *method, long rounds, char *out, size_t size, problem *p) {
    char name[32];
    config c = {.password = {.hash = name, .rounds = rounds}};
    otsd_secret *value = NULL;
    int rc;

    snprintf(name, sizeof name, "%s", method);
    assert_int_equal(otsd_secret_new(&value, "the value", 9, NULL), OTSD_OK);
    rc = hash_password(&c, value, out, size, p);
    otsd_secret_free(&value);
    return rc;
}

static void assert_is_of_value(const char *hash) {
    struct crypt_data scratch = {0};

    assert_string_equal(crypt_r("the value", hash, &scratch), hash);
    assert_string_not_equal(crypt_r("another value", hash, &scratch), hash);
}

static void each_method(void **state) {
    static const struct {
        const char *method;
        long rounds;
        const char *begins;
    } rows[] = {
        {"yescrypt", 0, "$y$j9T$"},
        {"sha512crypt", 0, "$6$"},
        {"sha512crypt", 1500, "$6$rounds=1500$"},
        {"sha256crypt", 1000, "$5$rounds=1000$"},
        {"sha256crypt", 0, "$5$"},
        {"bcrypt", 4, "$2b$04$"},
        {"yescrypt", 1, "$y$"},
    };
    char hash[385];
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(hash_of(rows[i].method, rows[i].rounds, hash, sizeof hash, &p), EX_OK);
        if (strncmp(hash, rows[i].begins, strlen(rows[i].begins)) != 0)
            fail_msg("%s with %ld rounds begins otherwise: %s", rows[i].method, rows[i].rounds, hash);
        assert_null(strpbrk(hash, ":\n"));
        assert_is_of_value(hash);
    }
}

static void no_two_are_the_same(void **state) {
    char one[385], two[385];
    problem p;

    (void)state;
    assert_int_equal(hash_of("sha256crypt", 1000, one, sizeof one, &p), EX_OK);
    assert_int_equal(hash_of("sha256crypt", 1000, two, sizeof two, &p), EX_OK);
    assert_string_not_equal(one, two);
}

static void what_cannot_be_made(void **state) {
    static const struct {
        const char *method;
        long rounds;
        size_t size;
    } rows[] = {
        {"md5crypt", 0, 385}, {"", 0, 385}, {"yescryp", 0, 385}, {"bcrypt", 99, 385}, {"sha512crypt", 1000, 20},
    };
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hash[385] = "untouched";

        if (hash_of(rows[i].method, rows[i].rounds, hash, rows[i].size, &p) != EX_SOFTWARE)
            fail_msg("row %zu was made: %s", i, hash);
        assert_string_equal(hash, "untouched");
        assert_non_null(strstr(p.text, "the system cannot make a "));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each method makes a hash of its kind, of this value", each_method, NULL, NULL, NULL},
        {"the same value has another hash each time", no_two_are_the_same, NULL, NULL, NULL},
        {"an unknown method, impossible rounds, too little room: no hash", what_cannot_be_made, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
