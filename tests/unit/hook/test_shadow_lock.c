/* SPDX-License-Identifier: MIT
 *
 * The lock of the account files against glibc's own, in other processes, on an /etc of the test's own.
 */
#include <poll.h>
#include <setjmp.h>
#include <shadow.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "password/shadow_lock.h"
#include "private_world.h"

enum { PATIENCE_MS = 60000 }; /* how long a test waits for what must come */

/* A process that takes the lock as the system's programs do, says so, and gives it back when it is told to. */
typedef struct other {
    pid_t pid;
    int told, tell;
} other;

static other other_start(const char *name) {
    int from[2], to[2];
    other o;

    assert_int_equal(pipe(from), 0);
    assert_int_equal(pipe(to), 0);
    o = (other){.pid = fork(), .told = from[0], .tell = to[1]};
    assert_true(o.pid >= 0);
    if (o.pid == 0) {
        char c;

        (void)close(to[1]);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_NAME, name);
        if (lckpwdf() != 0 || write(from[1], "x", 1) != 1)
            _exit(1);
        (void)!read(to[0], &c, 1);
        _exit(ulckpwdf() == 0 ? 0 : 2);
    }
    (void)close(from[1]);
    (void)close(to[0]);
    return o;
}

static bool other_has_it(const other *o, int wait_ms) {
    struct pollfd fd = {.fd = o->told, .events = POLLIN};
    char c;

    return poll(&fd, 1, wait_ms) == 1 && read(o->told, &c, 1) == 1;
}

static void other_end(const other *o) {
    int status = -1;

    (void)kill(o->pid, SIGCONT);
    (void)close(o->tell);
    assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
    assert_int_equal(status, 0);
    (void)close(o->told);
}

/* Does the kernel list it among those who wait for a lock? */
static bool other_waits(const other *o) {
    FILE *f = fopen("/proc/locks", "re");
    char line[256], word[32];
    bool waits = false;

    assert_non_null(f);
    snprintf(word, sizeof word, " %ld ", (long)o->pid);
    while (fgets(line, sizeof line, f))
        waits = waits || (strstr(line, "->") && strstr(line, word));
    (void)fclose(f);
    return waits;
}

static void glibc_keeps_us_out(void **state) {
    other o = other_start("passwd");
    char expected[200];
    int lock = -1;
    problem p;

    (void)state;
    assert_true(other_has_it(&o, PATIENCE_MS));
    assert_int_equal(kill(o.pid, SIGSTOP), 0);
    snprintf(expected, sizeof expected,
             "the account files are locked by another program: passwd (process %ld) holds /etc/.pwd.lock", (long)o.pid);
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_TEMPFAIL);
    assert_string_equal(p.text, expected);
    assert_int_equal(lock, -1);
    other_end(&o);
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    assert_string_equal(p.text, "");
    shadow_lock_release(lock);
}

static void we_keep_glibc_out(void **state) {
    int lock = -1;
    problem p;
    other o;

    (void)state;
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    o = other_start("useradd");
    for (int ms = 0; ms < PATIENCE_MS && !other_waits(&o); ms += 10)
        assert_false(other_has_it(&o, 10));
    assert_true(other_waits(&o));
    assert_false(other_has_it(&o, 0));
    shadow_lock_release(lock);
    assert_true(other_has_it(&o, PATIENCE_MS));
    other_end(&o);
}

static int64_t now_ms(void) {
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void waits_as_long_as_it_was_told(void **state) {
    other o = other_start("passwd");
    int lock = -1;
    int64_t before;
    problem p;

    (void)state;
    assert_true(other_has_it(&o, PATIENCE_MS));
    before = now_ms();
    assert_int_equal(shadow_lock_take(300, &lock, &p), EX_TEMPFAIL);
    assert_true(now_ms() - before >= 300);
    assert_non_null(strstr(p.text, ": passwd (process "));
    other_end(&o);
}

static void gets_it_when_it_is_free(void **state) {
    other o = other_start("passwd");
    pid_t releaser;
    int lock = -1;
    problem p;

    (void)state;
    assert_true(other_has_it(&o, PATIENCE_MS));
    releaser = fork();
    assert_true(releaser >= 0);
    if (releaser == 0) {
        (void)usleep(200000);
        _exit(write(o.tell, "x", 1) == 1 ? 0 : 1);
    }
    assert_int_equal(shadow_lock_take(PATIENCE_MS, &lock, &p), EX_OK);
    shadow_lock_release(lock);
    assert_int_equal(waitpid(releaser, NULL, 0), releaser);
    other_end(&o);
}

static void one_of_us_at_a_time(void **state) {
    int lock = -1, second = -1;
    problem p;

    (void)state;
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    assert_int_equal(shadow_lock_take(0, &second, &p), EX_TEMPFAIL);
    assert_string_equal(p.text, "the account files are locked by another program");
    shadow_lock_release(lock);
    assert_int_equal(shadow_lock_take(0, &second, &p), EX_OK);
    shadow_lock_release(second);
}

/* As when a program is started while the lock is held, before it closes what it should not have. */
static void a_release_holds_for_children(void **state) {
    int lock = -1, second = -1, hold[2];
    problem p;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(hold), 0);
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char c;

        (void)close(hold[1]);
        (void)!read(hold[0], &c, 1);
        _exit(0);
    }
    shadow_lock_release(lock);
    assert_int_equal(shadow_lock_take(0, &second, &p), EX_OK);
    shadow_lock_release(second);
    (void)close(hold[0]);
    (void)close(hold[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_name_is_cleaned(void **state) {
    other o = other_start("\x1b[31mx\ny\xff%s");
    int lock = -1;
    problem p;

    (void)state;
    assert_true(other_has_it(&o, PATIENCE_MS));
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_TEMPFAIL);
    assert_non_null(strstr(p.text, ": ?[31mx (process "));
    other_end(&o);
}

static void the_file_is_as_glibc_makes_it(void **state) {
    struct stat st;
    int lock = -1;
    problem p;

    (void)state;
    (void)unlink(SHADOW_LOCK_PATH);
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    assert_int_equal(lstat(SHADOW_LOCK_PATH, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    shadow_lock_release(lock);
    assert_int_equal(lstat(SHADOW_LOCK_PATH, &st), 0);
}

static void what_cannot_be_opened(void **state) {
    int lock = -1;
    problem p;

    (void)state;
    (void)unlink(SHADOW_LOCK_PATH);
    assert_int_equal(symlink("/etc/elsewhere", SHADOW_LOCK_PATH), 0);
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_CANTCREAT);
    assert_non_null(strstr(p.text, "/etc/.pwd.lock cannot be opened: "));
    assert_int_equal(access("/etc/elsewhere", F_OK), -1);
    assert_int_equal(unlink(SHADOW_LOCK_PATH), 0);
    for (int there = 0; there < 2; there++) {
        assert_int_equal(mount("none", "/etc", "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
        assert_int_equal(shadow_lock_take(0, &lock, &p), EX_CANTCREAT);
        assert_string_equal(p.text, "/etc is read-only here, so the account files cannot be changed");
        assert_int_equal(mount("none", "/etc", "none", MS_REMOUNT, NULL), 0);
        put_file(SHADOW_LOCK_PATH, "", 0600);
    }
    assert_int_equal(lock, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a stopped program that holds glibc's lock keeps us out, and is named", glibc_keeps_us_out, NULL, NULL, NULL},
        {"our lock keeps glibc's out until it is released", we_keep_glibc_out, NULL, NULL, NULL},
        {"it is waited for as long as the caller says", waits_as_long_as_it_was_told, NULL, NULL, NULL},
        {"a lock that becomes free is taken", gets_it_when_it_is_free, NULL, NULL, NULL},
        {"one of us has it at a time, in one process, too", one_of_us_at_a_time, NULL, NULL, NULL},
        {"a release is one where a child has the file open, too", a_release_holds_for_children, NULL, NULL, NULL},
        {"the name that a program gave itself is cleaned", a_name_is_cleaned, NULL, NULL, NULL},
        {"the file is as glibc makes it, and stays", the_file_is_as_glibc_makes_it, NULL, NULL, NULL},
        {"a link in its place is not followed; a read-only /etc is told", what_cannot_be_opened, NULL, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - the lock of the account files # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
