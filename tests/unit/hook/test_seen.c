/* SPDX-License-Identifier: MIT
 *
 * Which releases a server was seen to look like: kept for that server, replaced by what is newer, forgotten in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "ledger/seen.h"
#include "ledger_world.h"
#include "private_world.h"

#define URL "https://secrets.example.com/ots"
#define NOW 1800000000
#define FILE_NAME OTSD_STATE_DIR "/release"

static const char *seen(const char *server, int64_t now) {
    static char release[SEEN_MAX];

    seen_release(l, server, now, release);
    return release;
}

static void it_is_known_for_its_server(void **state) {
    (void)state;
    assert_string_equal(seen(URL, NOW), "");
    seen_note(l, URL, "v0.26 or later", NOW);
    assert_string_equal(seen(URL, NOW), "v0.26 or later");
    assert_string_equal(seen("HTTPS://Secrets.example.com/ots", NOW), "v0.26 or later");
    assert_string_equal(seen("https://secrets.example.com", NOW), "");
    seen_note(l, "https://other.example.com", "v0.18", NOW);
    assert_string_equal(seen(URL, NOW), "");
    assert_string_equal(seen("https://other.example.com", NOW), "v0.18");
}

static void what_says_nothing_replaces_nothing_and_what_is_newer_does(void **state) {
    (void)state;
    seen_note(l, URL, "unknown", NOW);
    assert_int_equal(access(FILE_NAME, F_OK), -1);
    seen_note(l, URL, "v0.22-v0.23", NOW);
    seen_note(l, URL, "unknown", NOW + 1);
    assert_string_equal(seen(URL, NOW + 1), "v0.22-v0.23");
    seen_note(l, URL, "v0.24 or later", NOW + 2);
    assert_string_equal(seen(URL, NOW + 2), "v0.24 or later");
}

/* So what an answer showed once, and none since, does not last for ever. */
static void it_is_forgotten_after_a_day_however_often_it_was_assumed(void **state) {
    (void)state;
    seen_note(l, URL, "v0.22-v0.23", NOW);
    assert_string_equal(seen(URL, NOW + SEEN_MEMORY - 1), "v0.22-v0.23");
    seen_note(l, URL, "v0.22-v0.23", NOW + SEEN_MEMORY - 1);
    assert_string_equal(seen(URL, NOW + SEEN_MEMORY), "");
    assert_string_equal(seen(URL, NOW - 1), ""); /* the clock went back */
    seen_note(l, URL, "v0.22-v0.23", NOW + SEEN_MEMORY);
    assert_string_equal(seen(URL, NOW + SEEN_MEMORY), "v0.22-v0.23");
}

static void a_file_that_is_not_ours_says_nothing(void **state) {
    static const char *const texts[] = {
        "",
        "\n",
        "1799999999\n",
        "1799999999 " URL "\n",
        "1799999999 " URL " v0.22-v0.23",
        "x " URL " v0.22-v0.23\n",
        "1799999999 " URL " v0.22-v0.23 and more than there is room for in it\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put_file(FILE_NAME, texts[i], 0600);
        if (seen(URL, NOW)[0] != '\0')
            fail_msg("%s", texts[i]);
    }
    put_file(FILE_NAME, "1799999999 " URL " v0.22-v0.23\n", 0600);
    assert_string_equal(seen(URL, NOW), "v0.22-v0.23");
    put_file(FILE_NAME, "1799999999 " URL " v0.22-v0.23\n", 0644);
    assert_string_equal(seen(URL, NOW), "");
}

static void what_cannot_be_written_is_not_known_and_no_obstacle(void **state) {
    (void)state;
    put_file(FILE_NAME ".new", "17", 0600);
    seen_note(l, URL, "v0.18", NOW);
    assert_string_equal(seen(URL, NOW), "v0.18");
    assert_int_equal(access(FILE_NAME ".new", F_OK), -1);
    assert_int_equal(unlink(FILE_NAME), 0);
    assert_int_equal(mkdir(FILE_NAME, 0700), 0);
    seen_note(l, URL, "v0.18", NOW);
    assert_string_equal(seen(URL, NOW), "");
    assert_int_equal(access(FILE_NAME ".new", F_OK), -1);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, open_ledger, close_ledger, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("what was seen is known for its server", it_is_known_for_its_server),
        TEST("what says nothing replaces nothing, and what is newer does",
             what_says_nothing_replaces_nothing_and_what_is_newer_does),
        TEST("it is forgotten after a day, however often it was assumed",
             it_is_forgotten_after_a_day_however_often_it_was_assumed),
        TEST("a file that is not ours says nothing", a_file_that_is_not_ours_says_nothing),
        TEST("what cannot be written is not known, and no obstacle",
             what_cannot_be_written_is_not_known_and_no_obstacle),
    };

    if (!private_world()) {
        puts("1..1\nok 1 - seen # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
