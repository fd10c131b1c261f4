/* SPDX-License-Identifier: MIT
 *
 * Which records killed a sweep: deaths are counted, what was laid down is none, and whatever the file says is a list.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "ledger/suspects.h"
#include "private_world.h"

#define FILE_PATH OTSD_STATE_DIR "/in-hand"

static ledger *l;

static int begin(void **state) {
    problem p;

    (void)state;
    (void)unlink(FILE_PATH);
    return ledger_open(&l, &p) == EX_OK ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    ledger_close(&l);
    return 0;
}

/* A sweep that takes the record, and dies over it or not. */
static void sweep_over(ledger_state state, const char *name, bool dies) {
    suspects s;

    suspects_open(&s, l);
    assert_true(s.ours);
    suspects_take(&s, state, name);
    if (!dies)
        suspects_drop(&s);
    suspects_close(&s);
}

static unsigned deaths_of(ledger_state state, const char *name) {
    suspects s;

    suspects_peek(&s, l);
    return suspects_deaths(&s, state, name);
}

static void what_was_laid_down_is_no_suspect(void **state) {
    (void)state;
    assert_int_equal(deaths_of(LEDGER_PENDING, "alice"), 0);
    sweep_over(LEDGER_PENDING, "alice", false);
    sweep_over(LEDGER_PENDING, "bob", false);
    assert_int_equal(deaths_of(LEDGER_PENDING, "alice"), 0);
    assert_int_equal(deaths_of(LEDGER_PENDING, "bob"), 0);
}

static void each_death_counts_for_its_record(void **state) {
    (void)state;
    sweep_over(LEDGER_CLAIMED, "alice.0123456789abcdef", true);
    assert_int_equal(deaths_of(LEDGER_CLAIMED, "alice.0123456789abcdef"), 1);
    assert_int_equal(deaths_of(LEDGER_PENDING, "alice.0123456789abcdef"), 0);
    sweep_over(LEDGER_PENDING, "bob", true);
    sweep_over(LEDGER_CLAIMED, "alice.0123456789abcdef", true);
    assert_int_equal(deaths_of(LEDGER_CLAIMED, "alice.0123456789abcdef"), 2);
    assert_int_equal(deaths_of(LEDGER_PENDING, "bob"), 1);
}

static void what_is_handled_to_the_end_begins_anew(void **state) {
    suspects s;

    (void)state;
    sweep_over(LEDGER_PENDING, "alice", true);
    sweep_over(LEDGER_PENDING, "bob", true);
    suspects_open(&s, l);
    suspects_clear(&s, LEDGER_PENDING, "alice");
    suspects_close(&s);
    assert_int_equal(deaths_of(LEDGER_PENDING, "alice"), 0);
    assert_int_equal(deaths_of(LEDGER_PENDING, "bob"), 1);
    sweep_over(LEDGER_PENDING, "alice", true);
    assert_int_equal(deaths_of(LEDGER_PENDING, "alice"), 1);
}

static void the_longest_name_fits(void **state) {
    char name[sizeof((suspect *)0)->name];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    sweep_over(LEDGER_CLAIMED, name, true);
    sweep_over(LEDGER_CLAIMED, name, true);
    assert_int_equal(deaths_of(LEDGER_CLAIMED, name), 2);
}

/* Those that killed most stay. */
static void more_than_there_is_room_for_are_forgotten(void **state) {
    char name[16];
    suspects s;

    (void)state;
    sweep_over(LEDGER_PENDING, "worst", true);
    sweep_over(LEDGER_PENDING, "worst", true);
    for (int i = 0; i < 3 * SUSPECTS_MOST; i++) {
        snprintf(name, sizeof name, "user%d", i);
        sweep_over(LEDGER_PENDING, name, true);
    }
    suspects_peek(&s, l);
    assert_int_equal(s.len, SUSPECTS_MOST);
    assert_int_equal(suspects_deaths(&s, LEDGER_PENDING, "worst"), 2);
}

static void a_sweep_beside_another_only_reads(void **state) {
    suspects first, second;

    (void)state;
    sweep_over(LEDGER_PENDING, "alice", true);
    suspects_open(&first, l);
    suspects_open(&second, l);
    assert_true(first.ours);
    assert_false(second.ours);
    assert_int_equal(suspects_deaths(&second, LEDGER_PENDING, "alice"), 1);
    suspects_take(&second, LEDGER_PENDING, "bob");
    suspects_clear(&second, LEDGER_PENDING, "alice");
    suspects_close(&second);
    suspects_close(&first);
    assert_int_equal(deaths_of(LEDGER_PENDING, "alice"), 1);
    assert_int_equal(deaths_of(LEDGER_PENDING, "bob"), 0);
}

static void put(const char *text, size_t len, mode_t mode) {
    int fd = open(FILE_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && fchmod(fd, mode) == 0 && close(fd) == 0);
}

/* One line, as the file has them. */
static void assert_line(const char *text, unsigned deaths) {
    char file[512];

    memset(file, ' ', sizeof file);
    for (size_t i = 0; text[i]; i++)
        file[256 + i] = text[i];
    file[255] = file[511] = '\n';
    put(file, sizeof file, 0600);
    if (deaths_of(LEDGER_PENDING, "alice") != deaths)
        fail_msg("%s", text);
}

static void whatever_stands_in_the_file_is_a_suspect_or_nothing(void **state) {
    static const char *const bad[] = {"",
                                      "pending/alice",
                                      "pending/alice x",
                                      "pending/alice 0",
                                      "pending/alice 1 2",
                                      "pending/alice 99999999999999999999999",
                                      "pending/alice 1001",
                                      "pending/ 1",
                                      "aside/alice 1",
                                      "pending/../alice 1",
                                      "alice 1",
                                      "/ 1"};
    char junk[8192];

    (void)state;
    assert_line("pending/alice 7", 7);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_line(bad[i], 0);
    for (size_t len = 0; len < sizeof junk; len = len * 2 + 1) {
        memset(junk, (int)(len % 256), len);
        put(junk, len, 0600);
        assert_int_equal(deaths_of(LEDGER_PENDING, "alice"), 0);
        sweep_over(LEDGER_PENDING, "alice", true);
        assert_int_equal(deaths_of(LEDGER_PENDING, "alice"), 1);
    }
}

static void a_file_that_cannot_be_had_stops_nobody(void **state) {
    suspects s;

    (void)state;
    put("pending/alice 1", 15, 0644);
    suspects_open(&s, l);
    assert_false(s.ours);
    assert_int_equal(s.len, 0);
    suspects_take(&s, LEDGER_PENDING, "alice");
    suspects_drop(&s);
    suspects_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_laid_down_is_no_suspect, begin, end),
        cmocka_unit_test_setup_teardown(each_death_counts_for_its_record, begin, end),
        cmocka_unit_test_setup_teardown(what_is_handled_to_the_end_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(the_longest_name_fits, begin, end),
        cmocka_unit_test_setup_teardown(more_than_there_is_room_for_are_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(a_sweep_beside_another_only_reads, begin, end),
        cmocka_unit_test_setup_teardown(whatever_stands_in_the_file_is_a_suspect_or_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_had_stops_nobody, begin, end),
    };

    if (!private_world()) {
        puts("1..1\nok 1 - suspects # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
