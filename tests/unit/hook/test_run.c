/* SPDX-License-Identifier: MIT
 *
 * An administrator's program, real ones: what its end means, and what it gets.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/run.h"
#include "private_world.h"

#define PROGRAM "/etc/program"

static int run(const char *script, const char *input, size_t len, int timeout_s, problem *p) {
    char text[400];

    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    put_file(PROGRAM, text, 0755);
    return run_with_input(PROGRAM, input, len, timeout_s, p);
}

static void what_an_end_means(void **state) {
    static const struct {
        const char *script;
        int code;
        const char *words;
    } rows[] = {
        {"cat >/dev/null", EX_OK, NULL},
        {"exit 0", EX_OK, NULL}, /* five bytes fit in the pipe */
        {"cat >/dev/null; exit 3", EX_UNAVAILABLE, "ended with status 3"},
        {"kill -TERM $$", EX_OSERR, "was killed by signal 15"},
        {"kill -KILL $$", EX_OSERR, "was killed by signal 9"},
        {"exec /nowhere", EX_UNAVAILABLE, "ended with status 127"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        problem p = {.text = ""};
        int rc = run(rows[i].script, "text\n", 5, 60, &p);

        if (rc != rows[i].code || (rows[i].words && !strstr(p.text, rows[i].words)))
            fail_msg("%s: %d, %s", rows[i].script, rc, p.text);
    }
}

static void what_it_says_is_in_the_problem(void **state) {
    static const char input[] = "ann:Geheim-Wort.42\nben:another(one)\n";
    static const struct {
        const char *script, *words;
    } rows[] = {
        {"exit 1", PROGRAM " ended with status 1"},
        {"echo no such user >&2; exit 1", PROGRAM " ended with status 1: no such user"},
        {"echo not this; echo one >&2; echo two >&2; exit 1", PROGRAM " ended with status 1: one; two"},
        {"printf 'no end' >&2; exit 1", PROGRAM " ended with status 1: no end"},
        {"cat >&2; echo bad >&2; exit 1", PROGRAM " ended with status 1: (a line with a password in it); (a line with "
                                                  "a password in it); bad"},
        {"echo 'ben: anoth er(one)' >&2; exit 1", PROGRAM " ended with status 1: (a line with a password in it)"},
        {"echo ann is not there >&2; exit 1", PROGRAM " ended with status 1: ann is not there"},
        {"echo about to >&2; kill -9 $$", PROGRAM " was killed by signal 9: about to"},
        {"sleep 100000 & echo gone >&2; exit 1", PROGRAM " ended with status 1: gone"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        problem p;

        (void)run(rows[i].script, input, sizeof input - 1, 60, &p);
        assert_string_equal(p.text, rows[i].words);
    }
}

static void one_that_never_stops_talking_neither_waits_nor_fills_us(void **state) {
    static const char input[] = "ann:Geheim-Wort.42\n";
    problem p;

    (void)state;
    assert_int_equal(run("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo done >/etc/got; exit 1", input,
                         sizeof input - 1, 600, &p),
                     EX_UNAVAILABLE);
    free(get_file("/etc/got"));
    assert_string_equal(p.text, PROGRAM " ended with status 1: (…)");
    /* A secret that the end of what is kept goes through. */
    (void)run("printf '%02042d\\nGeheim-Wort.42 and more, more than is kept\\n' 0 >&2; exit 1", input, sizeof input - 1,
              60, &p);
    assert_null(strstr(p.text, "Geh"));
    assert_true(strlen(p.text) < 400);
    assert_int_equal(run("yes >&2", input, sizeof input - 1, 1, &p), EX_TEMPFAIL);
    assert_non_null(strstr(p.text, "was killed: y; y"));
}

static void what_it_gets(void **state) {
    enum { LONG = 400000 };
    char *text = malloc(LONG), *got;
    problem p;

    (void)state;
    assert_non_null(text);
    memset(text, 'v', LONG);
    assert_int_equal(run("cat >/etc/got", text, LONG, 60, &p), EX_OK);
    got = get_file("/etc/got");
    assert_int_equal(strlen(got), LONG);
    assert_memory_equal(got, text, LONG);
    free(got);
    free(text);
    assert_int_equal(setenv("SECRET", "x", 1), 0);
    assert_int_equal(run("{ env; echo \"$#\"; ls /proc/self/fd; } >/etc/got", "", 0, 60, &p), EX_OK);
    got = get_file("/etc/got");
    assert_non_null(strstr(got, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
    assert_null(strstr(got, "SECRET"));
    assert_non_null(strstr(got, "0\n0\n1\n2\n3\n")); /* no argument; 3 is ls' own */
    assert_null(strstr(got, "\n4\n"));
    free(got);
}

static void input_that_nobody_reads(void **state) {
    enum { LONG = 400000 };
    char *text = calloc(1, LONG);
    problem p;

    (void)state;
    assert_non_null(text);
    assert_ptr_not_equal(signal(SIGPIPE, SIG_IGN), SIG_ERR);
    assert_int_equal(run("exec <&-; exit 0", text, LONG, 60, &p), EX_IOERR);
    assert_non_null(strstr(p.text, "did not take its input"));
    assert_int_equal(run("exec <&-; exit 4", text, LONG, 60, &p), EX_UNAVAILABLE);
    free(text);
}

static void assert_killed(const char *script, size_t len) {
    char *text = calloc(1, len + 1);
    int64_t begin = clock_ms();
    problem p;

    assert_non_null(text);
    assert_int_equal(run(script, text, len, 1, &p), EX_TEMPFAIL);
    assert_non_null(strstr(p.text, "did not end within 1 s and was killed"));
    assert_in_range(clock_ms() - begin, 900, 600000);
    free(text);
}

static void a_time_that_is_over(void **state) {
    (void)state;
    /* One that does nothing, one that does not read, one that hides behind a child. */
    assert_killed("sleep 100000", 0);
    assert_killed("sleep 100000", 400000);
    assert_killed("trap '' TERM HUP INT; sleep 100000 & wait", 5);
}

static void what_is_not_run(void **state) {
    static const struct {
        unsigned mode;
        uid_t owner;
        const char *words;
    } rows[] = {
        {0775, 0, "a file of root's that nobody else can write"},
        {0757, 0, "a file of root's that nobody else can write"},
        {0755, 1234, "a file of root's that nobody else can write"},
    };
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_file(PROGRAM, "#!/bin/sh\ntouch /etc/was-run\n", rows[i].mode);
        assert_int_equal(chown(PROGRAM, rows[i].owner, 0), 0);
        assert_int_equal(run_with_input(PROGRAM, "", 0, 60, &p), EX_CONFIG);
        assert_non_null(strstr(p.text, rows[i].words));
        assert_int_equal(unlink(PROGRAM), 0);
    }
    assert_int_equal(run_check("/etc/none", &p), EX_CONFIG);
    assert_string_equal(p.text, "/etc/none cannot be run: No such file or directory");
    assert_int_equal(run_check("/etc", &p), EX_CONFIG);
    assert_int_equal(access("/etc/was-run", F_OK), -1);
}

static void a_link_to_a_program_is_one(void **state) {
    problem p;

    (void)state;
    put_file(PROGRAM, "#!/bin/sh\nexit 5\n", 0755);
    assert_int_equal(symlink("program", "/etc/alias"), 0);
    assert_int_equal(run_check("/etc/alias", &p), EX_OK);
    assert_int_equal(run_with_input("/etc/alias", "", 0, 60, &p), EX_UNAVAILABLE);
}

static void what_cannot_be_started(void **state) {
    static const struct {
        const char *text, *words;
        unsigned mode;
    } rows[] = {
        {"#!/bin/sh\nexit 0\n", PROGRAM " cannot be run: Permission denied", 0644},
        {"#!/nowhere/sh\n", PROGRAM " cannot be run: its interpreter /nowhere/sh: No such file or directory", 0755},
        {"#! /etc/none -e\n", PROGRAM " cannot be run: its interpreter /etc/none: No such file or directory", 0755},
        {"#!\nexit 0\n", PROGRAM " cannot be run: it is neither a program nor a script that begins with #!", 0755},
        {"chpasswd\n", PROGRAM " cannot be run: it is neither a program nor a script that begins with #!", 0755},
        {"", PROGRAM " cannot be run: it is neither a program nor a script that begins with #!", 0755},
    };
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_file(PROGRAM, rows[i].text, rows[i].mode);
        assert_int_equal(run_check(PROGRAM, &p), EX_CONFIG);
        assert_string_equal(p.text, rows[i].words);
        assert_int_equal(run_with_input(PROGRAM, "", 0, 60, &p), EX_CONFIG);
    }
    put_file(PROGRAM, "#! /bin/sh\nexit 0\n", 0700);
    assert_int_equal(run_check(PROGRAM, &p), EX_OK);
    assert_int_equal(run_check("/bin/true", &p), EX_OK);
    assert_int_equal(mount("tmpfs", "/etc", "tmpfs", MS_NOEXEC, NULL), 0);
    put_file(PROGRAM, "#!/bin/sh\nexit 0\n", 0755);
    assert_int_equal(run_check(PROGRAM, &p), EX_CONFIG);
    assert_string_equal(p.text, PROGRAM " cannot be run: Permission denied");
    assert_int_equal(umount("/etc"), 0);
}

static bool old_kernel;

/* In place of libc's, which has no close_range before Linux 5.9. */
int close_range(unsigned first, unsigned last, int flags) {
    if (!old_kernel)
        return (int)syscall(SYS_close_range, first, last, flags);
    errno = ENOSYS;
    return -1;
}

static void assert_got_three_descriptors(void) {
    problem p;
    char *got;

    assert_int_equal(run("ls /proc/self/fd | sort -n >/etc/got", "", 0, 60, &p), EX_OK);
    got = get_file("/etc/got");
    assert_string_equal(got, "0\n1\n2\n3\n"); /* 3 is ls' own */
    free(got);
}

/* What whoever started us left open, up to the last number that there can be. */
static void it_gets_no_descriptor_of_ours(void **state) {
    static const int numbers[] = {70, 900, 1023, 1024, 3000};
    struct rlimit before, more;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    more = before;
    if (more.rlim_max < 3001)
        more.rlim_max = 3001;
    more.rlim_cur = 3001;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_int_equal(dup2(STDOUT_FILENO, numbers[i]), numbers[i]); /* without close-on-exec */
    assert_got_three_descriptors();
    old_kernel = true;
    assert_got_three_descriptors();
    /* Also where the limit was lowered since. */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){256, more.rlim_max}), 0);
    assert_got_three_descriptors();
    old_kernel = false;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)close(numbers[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static volatile pid_t doomed;

/* In place of libc's. The child of "doomed" that asks for the signal asks too late, every time: it kills its parent
 * first, and goes on when it has another. */
int prctl(int option, ...) {
    unsigned long arguments[4];
    va_list rest;

    va_start(rest, option);
    for (size_t i = 0; i < 4; i++)
        arguments[i] = va_arg(rest, unsigned long);
    va_end(rest);
    if (option == PR_SET_PDEATHSIG && doomed && getppid() == doomed) {
        (void)kill(doomed, SIGKILL);
        while (getppid() == doomed)
            usleep(1000);
    }
    return (int)syscall(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

/* The orphan is ours then, so that its end is seen. */
static void a_parent_that_died_before_the_signal_was_asked_for(void **state) {
    int status = -1;
    pid_t parent;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L), 0);
    put_file(PROGRAM, "#!/bin/sh\ntouch /etc/was-run\n", 0755);
    parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        problem p;

        doomed = getpid();
        (void)run_with_input(PROGRAM, "", 0, 600, &p);
        _exit(0);
    }
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_true(WIFSIGNALED(status));
    assert_true(waitpid(-1, &status, 0) > 0);
    assert_int_equal(status, EX_OSERR << 8);
    assert_int_equal(access("/etc/was-run", F_OK), -1);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what the end of a program means", what_an_end_means, NULL, NULL, NULL},
        {"it gets its input, a path and nothing else", what_it_gets, NULL, NULL, NULL},
        {"it gets no descriptor of ours, on old kernels neither", it_gets_no_descriptor_of_ours, NULL, NULL, NULL},
        {"what it says is in the problem, without a password", what_it_says_is_in_the_problem, NULL, NULL, NULL},
        {"one that never stops talking neither waits nor fills us",
         one_that_never_stops_talking_neither_waits_nor_fills_us, NULL, NULL, NULL},
        {"input that nobody reads is no success", input_that_nobody_reads, NULL, NULL, NULL},
        {"when its time is over it is killed, whatever it does", a_time_that_is_over, NULL, NULL, NULL},
        {"a program that others could have written is not run", what_is_not_run, NULL, NULL, NULL},
        {"what the kernel would not start is known before it is run", what_cannot_be_started, NULL, NULL, NULL},
        {"a link to a program is one", a_link_to_a_program_is_one, NULL, NULL, NULL},
        {"a program whose caller died before it was sure to die with it is not run",
         a_parent_that_died_before_the_signal_was_asked_for, NULL, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - run # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
