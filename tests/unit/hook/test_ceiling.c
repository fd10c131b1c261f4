/* SPDX-License-Identifier: MIT
 *
 * What a server was seen to grant at most: kept for that server and account, believed within bounds, forgotten in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "ledger/ceiling.h"
#include "ledger_world.h"
#include "private_world.h"

#define URL "https://secrets.example.com/ots"
#define ACCOUNT "ops team@example.com"
#define NOW 1800000000
#define FILE_NAME OTSD_STATE_DIR "/ceiling"

static void it_is_known_for_its_server_and_account(void **state) {
    (void)state;
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW), 0);
    ceiling_note(l, URL, ACCOUNT, 604800, NOW);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW), 604800);
    assert_int_equal(ceiling_known(l, "HTTPS://Secrets.example.com/ots", ACCOUNT, NOW), 604800);
    assert_int_equal(ceiling_known(l, URL, "", NOW), 0);
    assert_int_equal(ceiling_known(l, URL, "Ops team@example.com", NOW), 0);
    assert_int_equal(ceiling_known(l, URL, "ops", NOW), 0);
    assert_int_equal(ceiling_known(l, "https://secrets.example.com", ACCOUNT, NOW), 0);
    ceiling_note(l, URL, "", 1209600, NOW);
    assert_int_equal(ceiling_known(l, URL, "", NOW), 1209600);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW), 0);
}

static void what_cannot_be_one_is_not_believed(void **state) {
    static const struct {
        int64_t ttl, known;
    } rows[] = {{3600, 3600}, {3599, 0}, {1, 0}, {0, 0}, {-5, 0}, {2592000, 2592000}, {2592001, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ceiling_note(l, URL, ACCOUNT, rows[i].ttl, NOW);
        assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW), rows[i].known);
        assert_int_equal(unlink(FILE_NAME), rows[i].known ? 0 : -1);
    }
}

static void it_is_forgotten_after_a_week(void **state) {
    (void)state;
    ceiling_note(l, URL, ACCOUNT, 604800, NOW);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW + CEILING_MEMORY - 1), 604800);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW + CEILING_MEMORY), 0);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW - 1), 0); /* the clock went back */
}

static void a_file_that_is_not_ours_says_nothing(void **state) {
    static const char *const texts[] = {
        "",
        "\n",
        "604800\n",
        "604800 1799999999\n",
        "604800 1799999999 " URL "\n",
        "604800 1799999999 " URL " " ACCOUNT,
        "x 1799999999 " URL " " ACCOUNT "\n",
        "99999999 1799999999 " URL " " ACCOUNT "\n",
        "7 1799999999 " URL " " ACCOUNT "\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put_file(FILE_NAME, texts[i], 0600);
        if (ceiling_known(l, URL, ACCOUNT, NOW) != 0)
            fail_msg("%s", texts[i]);
    }
    put_file(FILE_NAME, "604800 1799999999 " URL " " ACCOUNT "\n", 0600);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW), 604800);
    put_file(FILE_NAME, "604800 1799999999 " URL " " ACCOUNT "\n", 0644);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW), 0);
}

static void what_a_killed_process_left_is_no_obstacle(void **state) {
    (void)state;
    put_file(FILE_NAME ".new", "6048", 0600);
    ceiling_note(l, URL, ACCOUNT, 604800, NOW);
    assert_int_equal(ceiling_known(l, URL, ACCOUNT, NOW), 604800);
    assert_int_equal(access(FILE_NAME ".new", F_OK), -1);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, open_ledger, close_ledger, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("a ceiling is known for its server and account", it_is_known_for_its_server_and_account),
        TEST("what cannot be a ceiling is not believed", what_cannot_be_one_is_not_believed),
        TEST("a ceiling is forgotten after a week", it_is_forgotten_after_a_week),
        TEST("a file that is not ours says nothing", a_file_that_is_not_ours_says_nothing),
        TEST("what a killed process left is no obstacle", what_a_killed_process_left_is_no_obstacle),
    };

    if (!private_world()) {
        puts("1..1\nok 1 - ceiling # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
