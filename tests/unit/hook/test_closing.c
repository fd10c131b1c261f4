/* SPDX-License-Identifier: MIT
 *
 * The pauses between tries, and how times and addresses are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "handoff/closing.h"
#include "base/words.h"

static void pauses_double_up_to_six_hours(void **state) {
    (void)state;
    assert_int_equal(closing_backoff(1, 0, 0), 60);
    assert_int_equal(closing_backoff(2, 0, 0), 120);
    assert_int_equal(closing_backoff(5, 0, 0), 960);
    assert_int_equal(closing_backoff(9, 0, 0), 15360);
    assert_int_equal(closing_backoff(10, 0, 0), 21600);
    assert_int_equal(closing_backoff(1000000, 0, 0), 21600);
}

static void a_rate_limit_is_respected(void **state) {
    (void)state;
    assert_int_equal(closing_backoff(1, 1200, 0), 1200);
    assert_int_equal(closing_backoff(9, 1200, 0), 15360);
}

static void jitter_adds_at_most_a_quarter(void **state) {
    (void)state;
    for (unsigned n = 0; n < 4000; n++)
        assert_in_range(closing_backoff(3, 0, n * 2654435761u), 240, 300);
}

static void spans_show_two_units(void **state) {
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{-5, "now"},  {0, "now"},       {1, "1s"},     {59, "59s"},      {60, "1m"},        {3599, "59m"},
                {3600, "1h"}, {5400, "1h 30m"}, {86400, "1d"}, {90000, "1d 1h"}, {259199, "2d 23h"}};
    char out[WORDS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(words_span(rows[i].seconds, out), rows[i].text);
}

static void addresses_are_masked(void **state) {
    char out[300];

    (void)state;
    assert_string_equal(words_masked("alice@example.com", out, sizeof out), "al***@e***.com");
    assert_string_equal(words_masked("a@b", out, sizeof out), "a***@b***");
    assert_string_equal(words_masked("\xc3\xa9@x.org", out, sizeof out), "\xc3\xa9***@x***.org");
    assert_string_equal(words_masked("", out, sizeof out), "");
    assert_string_equal(words_masked("@x.org", out, sizeof out), "***");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"pauses between tries double, up to six hours", pauses_double_up_to_six_hours, NULL, NULL, NULL},
        {"a rate limit's own word counts where it is longer", a_rate_limit_is_respected, NULL, NULL, NULL},
        {"jitter adds at most a quarter", jitter_adds_at_most_a_quarter, NULL, NULL, NULL},
        {"spans show the two largest units", spans_show_two_units, NULL, NULL, NULL},
        {"addresses are masked in tables", addresses_are_masked, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
