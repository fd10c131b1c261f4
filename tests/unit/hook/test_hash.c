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

static bool is(const char *hash, const char *text, size_t len) {
    otsd_secret *typed = NULL;
    bool it_is;

    assert_int_equal(otsd_secret_new(&typed, text, len, NULL), OTSD_OK);
    it_is = password_is(hash, typed);
    otsd_secret_free(&typed);
    return it_is;
}

static void each_text(void **state) {
    static const char *const methods[] = {"yescrypt", "sha512crypt", "sha256crypt", "bcrypt"};
    static const struct {
        const char *text;
        size_t len;
        bool is;
    } rows[] = {{"the value", 9, true},
                {"the valuf", 9, false},
                {"the value ", 10, false},
                {"the valu", 8, false},
                {"", 0, false},
                {"the value\0", 10, false},
                {"the value\n", 10, false},
                {"the value\0x", 11, false},
                {"\0the value", 10, false}};
    char hash[385];
    problem p;

    (void)state;
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        assert_int_equal(hash_of(methods[m], strcmp(methods[m], "bcrypt") == 0 ? 4 : 0, hash, sizeof hash, &p), EX_OK);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if (is(hash, rows[i].text, rows[i].len) != rows[i].is)
                fail_msg("%s: row %zu", methods[m], i);
    }
}

/* crypt's own signs of failure among them: a text that cannot be hashed is not the password of "*0". */
static void what_is_no_hash(void **state) {
    static const char *const hashes[] = {"", "*0", "*1", "*", "!", "!*", "x", "$", "$y$", "$6$", "$nobody$knows$this"};
    static char endless[4096];
    char hash[400], locked[400];
    problem p;

    (void)state;
    memset(endless, 'x', sizeof endless);
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        if (is(hashes[i], "the value", 9) || is(hashes[i], "", 0) || is(hashes[i], endless, sizeof endless))
            fail_msg("'%s' has a password", hashes[i]);
    }
    assert_int_equal(hash_of("sha256crypt", 1000, hash, 385, &p), EX_OK);
    assert_true(is(hash, "the value", 9));
    snprintf(locked, sizeof locked, "!%.390s", hash);
    assert_false(is(locked, "the value", 9));
    hash[strlen(hash) - 1] ^= 1;
    assert_false(is(hash, "the value", 9));
    hash[strlen(hash) - 1] = '\0';
    assert_false(is(hash, "the value", 9));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each method makes a hash of its kind, of this value", each_method, NULL, NULL, NULL},
        {"the same value has another hash each time", no_two_are_the_same, NULL, NULL, NULL},
        {"an unknown method, impossible rounds, too little room: no hash", what_cannot_be_made, NULL, NULL, NULL},
        {"a text is the password of a hash if it is the whole text that was hashed", each_text, NULL, NULL, NULL},
        {"what is no hash, or a damaged or locked one, has no password", what_is_no_hash, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
