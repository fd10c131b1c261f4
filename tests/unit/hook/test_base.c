/* SPDX-License-Identifier: MIT
 *
 * The small things that everything stands on: names, times and addresses in words, what an error means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/names.h"
#include "base/problem.h"
#include "base/words.h"

static const char *const texts[] = {"", "one", NULL, "three"};
static const name_table table = NAMES_OF(texts);

static void names_are_found_in_both_directions(void **state) {
    char list[40], small[6];
    int i = 77;

    (void)state;
    assert_string_equal(names_text(&table, 1), "one");
    assert_string_equal(names_text(&table, 3), "three");
    assert_null(names_text(&table, 2));
    assert_null(names_text(&table, 4));
    assert_null(names_text(&table, -1));
    assert_true(names_find(&table, "three", &i));
    assert_int_equal(i, 3);
    i = 77;
    assert_false(names_find(&table, "two", &i));
    assert_false(names_find(&table, "", &i));
    assert_false(names_find(&table, "thre", &i));
    assert_int_equal(i, 77);
    assert_string_equal(names_list(&table, list, sizeof list), "one, three");
    assert_string_equal(names_list(&table, small, sizeof small), "one, ");
}

/* Each error has one exit code, in both programs. */
static void every_error_has_one_exit_code(void **state) {
    static const struct {
        otsd_err err;
        int code;
    } rows[] = {
        {OTSD_OK, EX_OK},
        {OTSD_ERR_ARGUMENT, EX_USAGE},
        {OTSD_ERR_CONFIG, EX_CONFIG},
        {OTSD_ERR_MEMORY, EX_OSERR},
        {OTSD_ERR_CREDENTIALS, EX_NOPERM},
        {OTSD_ERR_GONE, EX_NOINPUT},
        {OTSD_ERR_REFUSED, EX_DATAERR},
        {OTSD_ERR_RATE_LIMITED, EX_TEMPFAIL},
        {OTSD_ERR_SERVER, EX_TEMPFAIL},
        {OTSD_ERR_NOT_V1, EX_PROTOCOL},
        {OTSD_ERR_TIMEOUT, EX_UNAVAILABLE},
        {OTSD_ERR_TLS, EX_PROTOCOL},
        {OTSD_ERR_CONNECTION, EX_UNAVAILABLE},
        {OTSD_ERR_ANSWER, EX_PROTOCOL},
        {OTSD_ERR_ANSWER + 1, EX_SOFTWARE},
        {(otsd_err)-1, EX_SOFTWARE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(problem_code_of(rows[i].err), rows[i].code);
}

static void a_problem_tells_what_the_library_said(void **state) {
    otsd_error e = {.code = OTSD_ERR_RATE_LIMITED, .message = "too many", .retry_after = 30};
    problem p;

    (void)state;
    assert_int_equal(problem_from_library(&p, &e), EX_TEMPFAIL);
    assert_string_equal(p.text, "too many; try again in 30 s");
    assert_true(p.remote);
    e.retry_after = 0;
    problem_from_library(&p, &e);
    assert_string_equal(p.text, "too many");
    problem_from_otsd(&p, &e, "%s", "alice");
    problem_add(&p, "; %s", "nothing was changed");
    assert_string_equal(p.text, "alice: too many; nothing was changed");
    e = (otsd_error){.code = OTSD_ERR_GONE};
    problem_from_library(&p, &e);
    assert_string_equal(p.text, otsd_strerror(OTSD_ERR_GONE));
    e = (otsd_error){.code = OTSD_OK};
    assert_int_equal(problem_from_library(&p, &e), EX_SOFTWARE);
    assert_int_equal(problem_from_otsd(&p, &e, "what"), EX_SOFTWARE);
    problem_clear(&p);
    assert_int_equal(p.code, EX_OK);
    assert_string_equal(p.text, "");
    assert_false(p.remote);
}

/* Whatever was there before: memory of a function's own has anything in it. */
static void a_problem_is_cleared_of_all_that_it_said(void **state) {
    problem p;

    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(&p, 1, sizeof p);
        if (i == 0)
            problem_set(&p, EX_CONFIG, "why");
        else
            problem_clear(&p);
        assert_int_equal(p.code, i == 0 ? EX_CONFIG : EX_OK);
        assert_string_equal(p.text, i == 0 ? "why" : "");
        assert_false(p.remote || p.limited || p.lasting);
    }
}

/* Whoever chose a part of it: what is said is one line, can be shown, and says at its end what state things are in. */
static void what_is_foreign_in_a_problem_does_nothing(void **state) {
    // NOLINTNEXTLINE(misc-misleading-bidirectional) that is what is replaced
    static const char forged[] = "al\x1b[2J***@e\nhost sshd[1]: Accepted\xe2\x80\xae\xff";
    otsd_error e = {.code = OTSD_ERR_REFUSED, .message = "from\na library"};
    char *much = malloc(65537);
    problem p;

    (void)state;
    problem_set(&p, EX_PROTOCOL, "alice: the server mails another address (%s) than a@example.com", forged);
    assert_string_equal(p.text, "alice: the server mails another address (al?[2J***@e?host sshd[1]: Accepted?\?) than "
                                "a@example.com");
    problem_add(&p, "; %s", "\r\n");
    assert_non_null(strstr(p.text, "a@example.com; ??"));
    problem_from_otsd(&p, &e, "%s", "a\tb");
    assert_string_equal(p.text, "a?b: from?a library");
    assert_non_null(much);
    memset(much, 'x', 65536);
    much[65536] = '\0';
    problem_set(&p, EX_PROTOCOL, "alice: the server mails another address (%s)", much);
    problem_add(&p, "; %s", "the secret is burned and nothing was changed");
    assert_true(strlen(p.text) < sizeof p.text);
    assert_memory_equal(p.text, "alice: the server mails another address (xxx", 44);
    assert_string_equal(strstr(p.text, ");"), "); the secret is burned and nothing was changed");
    problem_add(&p, "; %s", much);
    problem_add(&p, "; %s", "the end");
    assert_memory_equal(p.text, "alice: the server mails", 23);
    assert_string_equal(p.text + strlen(p.text) - 9, "; the end");
    free(much);
}

static void spans_have_their_two_largest_units(void **state) {
    static const struct {
        int64_t seconds;
        const char *words;
    } rows[] = {
        {INT64_MIN, "now"}, {-1, "now"},   {0, "now"},       {1, "1s"},       {59, "59s"},       {60, "1m"},
        {119, "1m"},        {3599, "59m"}, {3600, "1h"},     {3660, "1h 1m"}, {7199, "1h 59m"},  {86399, "23h 59m"},
        {86400, "1d"},      {89999, "1d"}, {90000, "1d 1h"}, {259200, "3d"},  {273600, "3d 4h"},
    };
    char out[WORDS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(words_span(rows[i].seconds, out), rows[i].words);
}

static void times_are_local_and_none_is_empty(void **state) {
    char out[WORDS_MAX];

    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    assert_string_equal(words_time(1700000000, out), "2023-11-14 22:13 UTC");
    assert_string_equal(words_time(0, out), "");
    assert_string_equal(words_time(-5, out), "");
    assert_string_equal(words_time(INT64_MAX, out), "");
}

static void addresses_are_masked_and_no_character_is_cut(void **state) {
    static const struct {
        const char *address, *masked;
    } rows[] = {
        {"alice@example.com", "al***@e***.com"},
        {"al@example.com", "a***@e***.com"},
        {"a@b", "a***@b***"},
        {"", ""},
        {"nobody", "***"},
        {"@example.com", "***"},
        {"éve@example.com", "é***@e***.com"},
        {"alice@éxample.com", "al***@***.com"},
    };
    char out[300];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(words_masked(rows[i].address, out, sizeof out), rows[i].masked);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_both_directions),
        cmocka_unit_test(every_error_has_one_exit_code),
        cmocka_unit_test(a_problem_tells_what_the_library_said),
        cmocka_unit_test(a_problem_is_cleared_of_all_that_it_said),
        cmocka_unit_test(what_is_foreign_in_a_problem_does_nothing),
        cmocka_unit_test(spans_have_their_two_largest_units),
        cmocka_unit_test(times_are_local_and_none_is_empty),
        cmocka_unit_test(addresses_are_masked_and_no_character_is_cut),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
