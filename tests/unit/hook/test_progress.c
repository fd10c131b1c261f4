/* SPDX-License-Identifier: MIT
 *
 * The bar: its line for each width as a table, its rate, and what a terminal gets of it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <syslog.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/problem.h"
#include "batch/progress.h"

#define LIMITS "the server limits us; next try in 42 s"

static void the_line(void **state) {
    static const struct {
        size_t done, failed, total;
        double rate;
        const char *waiting;
        size_t width;
        const char *expected;
    } rows[] = {
        {3412, 2, 10000, 212, NULL, 60, "[=====>          ] 3,412/10,000  2 failed  212/s  0:32 left"},
        {3412, 2, 10000, 212, LIMITS, 92, "[=====>           ] 3,412/10,000  2 failed  waiting: " LIMITS},
        {3412, 2, 10000, 212, LIMITS, 72, "3,412/10,000  2 failed  waiting: " LIMITS},
        {3412, 2, 10000, 212, LIMITS, 60, "3,412/10,000  2 failed  waiting: the server limits us; next"},
        {3412, 2, 10000, 212, LIMITS, 40, "3,412/10,000  2 failed"},
        {0, 0, 10, 0, NULL, 80, "[>                                       ] 0/10"},
        {5, 0, 10, 0, NULL, 80, "[====================>                   ] 5/10"},
        {10, 0, 10, 5, NULL, 80, "[========================================] 10/10  5.0/s"},
        {11, 0, 10, 0, NULL, 80, "[========================================] 11/10"},
        {0, 0, 0, 0, NULL, 80, "[========================================] 0/0"},
        {1, 0, 1000000, 0.5, NULL, 45, "[>                     ] 1/1,000,000  30/min"},
        {1, 0, 1000000, 100, NULL, 60, "[>                       ] 1/1,000,000  100/s  2:46:40 left"},
        {0, 0, 7200, 1, NULL, 20, "0/7,200  1.0/s"},
        {0, 0, 7200, 1, NULL, 40, "0/7,200  1.0/s  2:00:00 left"},
        {0, 0, 3599, 1, NULL, 31, "0/3,599  1.0/s  59:59 left"},
        {999, 999, 1000, 9.96, NULL, 30, "999/1,000  999 failed  10/s"},
        {999, 0, 1000, 0.001, NULL, 25, "999/1,000  16:40 left"},
        {999, 0, 1000, 0.02, NULL, 23, "999/1,000  1/min"},
        {1, 0, 2, 0, NULL, 14, "1/2"},
        {1, 0, 2, 0, NULL, 17, "[=====>    ] 1/2"},
        {1, 0, 2, 0, NULL, 4, "1/2"},
        {1, 0, 2, 0, NULL, 3, ""},
        {1, 0, 2, 0, NULL, 0, ""},
        {1, 0, 2, 1, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 26,
         "1/2  waiting: \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(progress_text(text, sizeof text, rows[i].done, rows[i].failed, rows[i].total, rows[i].rate,
                                          rows[i].waiting, rows[i].width),
                            rows[i].expected);
}

static void never_as_wide_as_the_terminal(void **state) {
    (void)state;
    for (size_t width = 0; width < 500; width++)
        for (size_t done = 0; done <= 100000; done += 12500)
            for (size_t k = 0; k < 4; k++) {
                /* As large as it may get, so that a sanitizer sees what is too long. */
                size_t size = k % 2 ? 400 : width + 1;
                char *text = malloc(size);

                assert_non_null(text);
                (void)progress_text(text, size, done, done / 2, 100000, (double)done, k / 2 ? LIMITS : NULL, width);
                assert_true(strlen(text) < (width > 0 ? width : 1));
                free(text);
            }
}

static void the_rate(void **state) {
    progress_rate r = {0};
    int64_t now = 5000;
    size_t done = 0;

    (void)state;
    progress_rate_note(&r, now, 0, false);
    assert_true(progress_rate_value(&r) == 0);
    /* 100 a second; not known in the first one */
    for (int i = 0; i < 99; i++)
        progress_rate_note(&r, now += 10, ++done, false);
    assert_true(progress_rate_value(&r) == 0);
    for (int i = 0; i < 3000; i++) {
        progress_rate_note(&r, now += 10, ++done, false);
        assert_true(progress_rate_value(&r) > 99 && progress_rate_value(&r) < 101);
    }
    /* A minute of waiting counts for nothing. */
    progress_rate_note(&r, now, done, true);
    for (int i = 0; i < 600; i++)
        progress_rate_note(&r, now += 100, done, true);
    assert_true(progress_rate_value(&r) > 99 && progress_rate_value(&r) < 101);
    progress_rate_note(&r, now, done, false);
    /* Then 20 a second: ten seconds later nothing else is remembered. */
    for (int i = 0; i < 210; i++)
        progress_rate_note(&r, now += 50, ++done, false);
    assert_true(progress_rate_value(&r) > 19.9 && progress_rate_value(&r) < 20.1);
    /* Nothing goes on, for no reason that is known: no rate. */
    for (int i = 0; i < 210; i++)
        progress_rate_note(&r, now += 50, done, false);
    assert_true(progress_rate_value(&r) == 0);
}

/* Standard error on a terminal (or a pipe) of our own, and back. */
static int own_stderr, master;

static void terminal_open(unsigned short columns) {
    struct winsize w = {.ws_row = 24, .ws_col = columns};
    char name[64];
    int slave;

    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    assert_int_equal(ptsname_r(master, name, sizeof name), 0);
    slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &w), 0);
    assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(dup2(slave, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(slave), 0);
}

/* What came since; in a buffer that the next call overwrites. */
static const char *terminal_got(void) {
    static char text[65536];
    size_t len = 0;
    ssize_t n;

    while ((n = read(master, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    return text;
}

static void terminal_close(void) {
    assert_int_equal(dup2(own_stderr, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(own_stderr), 0);
    assert_int_equal(close(master), 0);
}

static void sleep_ms(long ms) {
    struct timespec t = {0, ms * 1000000};

    nanosleep(&t, NULL);
}

static void on_a_terminal(void **state) {
    problem p;
    progress b;

    (void)state;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    terminal_open(30);
    progress_start(&b, 10);
    assert_string_equal(terminal_got(), "\r[>                     ] 0/10\033[K");
    say(LOG_WARNING, "hear this");
    problem_set(&p, EX_DATAERR, "and that");
    problem_say(&p);
    assert_string_equal(terminal_got(), "\r\033[Kotsd-hook: hear this\r\n\r\033[Kotsd-hook: and that\r\n");
    sleep_ms(220);
    progress_update(&b, 5, 0, NULL);
    assert_string_equal(terminal_got(), "\r[===========>          ] 5/10\033[K");
    progress_end(&b);
    assert_string_equal(terminal_got(), "\r\033[K");
    progress_update(&b, 6, 0, NULL);
    progress_end(&b);
    say(LOG_WARNING, "the end");
    assert_string_equal(terminal_got(), "otsd-hook: the end\r\n");
    terminal_close();
}

static void seldom(void **state) {
    struct timespec t0, t1;
    size_t drawn = 0, calls = 0;
    progress b;
    double ms;

    (void)state;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    terminal_open(0);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    progress_start(&b, 1000000);
    do {
        progress_update(&b, calls++, 0, NULL);
        clock_gettime(CLOCK_MONOTONIC, &t1);
        ms = (double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e6;
    } while (ms < 1100);
    progress_update(&b, calls++, 0, NULL);
    for (const char *c = terminal_got(); *c; c++)
        drawn += *c == '\r';
    print_message("# %zu calls, %zu drawn, in %.0f ms\n", calls, drawn, ms);
    /* At the beginning, and then once in 200 ms; a busy machine may take longer than 1.1 s. */
    assert_in_range(drawn, 2, (size_t)(ms / 200) + 3);
    progress_end(&b);
    terminal_close();
}

static void on_a_stopped_terminal(void **state) {
    progress b;

    (void)state;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    terminal_open(20);
    assert_int_equal(tcflow(STDERR_FILENO, TCOOFF), 0);
    (void)alarm(600);
    progress_start(&b, 10);
    assert_string_equal(terminal_got(), "");
    assert_int_equal(tcflow(STDERR_FILENO, TCOON), 0);
    sleep_ms(220);
    progress_update(&b, 5, 0, NULL);
    assert_string_equal(terminal_got(), "\r[======>     ] 5/10\033[K");
    progress_end(&b);
    (void)alarm(0);
    terminal_close();
}

static void nowhere_else(void **state) {
    static const char *const terms[] = {"dumb", "", NULL};
    int ends[2], old = -1;
    progress b;
    char c;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(terms[i] ? setenv("TERM", terms[i], 1) : unsetenv("TERM"), 0);
        terminal_open(80);
        progress_start(&b, 10);
        progress_update(&b, 5, 0, NULL);
        progress_end(&b);
        assert_string_equal(terminal_got(), "");
        terminal_close();
    }
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    old = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    progress_start(&b, 10);
    progress_update(&b, 5, 0, "nobody");
    progress_end(&b);
    assert_int_equal(dup2(old, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(read(ends[0], &c, 1), -1);
    assert_int_equal(close(old) + close(ends[0]) + close(ends[1]), 0);
}

static void *talk(void *arg) {
    for (int i = 0; i < 200; i++)
        say(LOG_WARNING, "%s", (const char *)arg);
    return NULL;
}

static void from_many_threads(void **state) {
    static char texts[][24] = {"aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccc", "dddddddd"};
    FILE *f = tmpfile();
    int old = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    size_t lines = 0;
    char line[128], expected[128];
    pthread_t threads[4];

    (void)state;
    assert_non_null(f);
    assert_int_equal(dup2(fileno(f), STDERR_FILENO), STDERR_FILENO);
    problem_over_bar(true);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, talk, texts[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    problem_over_bar(false);
    assert_int_equal(dup2(old, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(old), 0);
    rewind(f);
    while (fgets(line, sizeof line, f)) {
        size_t k = strlen(line) > 16 ? (size_t)(line[15] - 'a') : 4;

        assert_in_range(k, 0, 3);
        snprintf(expected, sizeof expected, "\r\033[Kotsd-hook: %s\n", texts[k]);
        assert_string_equal(line, expected);
        lines++;
    }
    assert_int_equal(lines, 800);
    assert_int_equal(fclose(f), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"the line says what there is room for", the_line, NULL, NULL, NULL},
        {"the line is never as wide as the terminal", never_as_wide_as_the_terminal, NULL, NULL, NULL},
        {"the rate is that of the last ten seconds, waiting left out", the_rate, NULL, NULL, NULL},
        {"a terminal gets a bar, messages wipe it, the end does, too", on_a_terminal, NULL, NULL, NULL},
        {"it is drawn at most five times a second", seldom, NULL, NULL, NULL},
        {"a terminal that is stopped stops nothing", on_a_stopped_terminal, NULL, NULL, NULL},
        {"no terminal, or one that cannot wipe, gets nothing", nowhere_else, NULL, NULL, NULL},
        {"messages of several threads stay whole over a bar", from_many_threads, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
