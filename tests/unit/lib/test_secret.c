/* SPDX-License-Identifier: MIT
 *
 * Secret memory, and the ways in.
 */
#include "../asan.h"
#include "nolock.h"
#include "otsd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/otsd-secret-XXXXXX";

/* A pipe that has this in it, and its end. */
static int pipe_with(const char *data, size_t len) {
    int fds[2];
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(fds[0]);
        while (len > 0) {
            ssize_t n = write(fds[1], data, len < 1000 ? len : 1000);

            if (n <= 0)
                _exit(0);
            data += n;
            len -= (size_t)n;
        }
        _exit(0);
    }
    assert_int_equal(close(fds[1]), 0);
    return fds[0];
}

static void a_secret_holds_its_bytes_and_a_nul_behind_them(void **state) {
    otsd_secret *s = NULL;

    (void)state;
    assert_int_equal(otsd_secret_new(&s, "a\0b", 3, NULL), OTSD_OK);
    assert_int_equal(otsd_secret_len(s), 3);
    assert_memory_equal(otsd_secret_data(s), "a\0b", 4);
    otsd_secret_free(&s);
    assert_null(s);
    otsd_secret_free(&s);
    otsd_secret_free(NULL);
    assert_int_equal(otsd_secret_new(&s, NULL, 0, NULL), OTSD_OK);
    assert_int_equal(otsd_secret_len(s), 0);
    assert_string_equal(otsd_secret_data(s), "");
    otsd_secret_free(&s);
    otsd_wipe(NULL, 0);
}

/* In a child, for a filter stays. Each step that holds is a bit of its exit status. */
static int where_mlock_is_refused(void) {
    otsd_secret *s = NULL;
    otsd_error e = {0};
    int held = 0;

    if (otsd_memory_refused() != 0 || !refuse_mlock())
        return 127;
    held |= otsd_memory_refused() == EPERM ? 1 : 0;
    held |= otsd_secret_new(&s, "a", 1, &e) == OTSD_ERR_MEMORY && !s &&
                    strstr(e.message, "no locked memory for the secret: Operation not permitted (")
                ? 2
                : 0;
    otsd_memory_lock(OTSD_LOCK_TRY);
    held |= otsd_secret_new(&s, "a", 1, &e) == OTSD_OK && strcmp(otsd_secret_data(s), "a") == 0 ? 4 : 0;
    otsd_secret_free(&s);
    otsd_memory_lock(OTSD_LOCK_REQUIRE);
    held |= otsd_secret_new(&s, "a", 1, &e) == OTSD_ERR_MEMORY ? 8 : 0;
    return held;
}

static void without_a_lock_there_is_a_secret_only_where_the_program_says_so(void **state) {
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(where_mlock_is_refused());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 127)
        skip();
    assert_int_equal(WEXITSTATUS(status), HAS_ASAN ? 4 : 15); /* there it is never refused */
}

static void whether_memory_must_be_locked_stands_in_the_file(void **state) {
    static const struct {
        const char *text, *fault; /* NULL: it is taken */
    } rows[] = {
        {"memory: { lock = \"try\"; };\n", NULL},
        {"server: { what = 1; };\nmemory: { lock = \"require\"; };\n", NULL},
        {"server: { region = \"eu\"; };\n", NULL},
        {"memory: { lock = \"maybe\"; };\n", ":1: `memory.lock` is \"maybe\"; \"require\" or \"try\" was expected"},
        {"memory: { lock = true; };\n", ":1: `memory.lock` is a boolean; a string in quotes was expected"},
        {"memory: { locks = \"try\"; };\n", ":1: `memory.locks` is not known; one of these was expected: lock"},
    };
    char path[80];

    (void)state;
    snprintf(path, sizeof path, "%s/memory.conf", folder);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_error e = {0};
        FILE *f = fopen(path, "w");
        otsd_err rc;

        assert_true(f && fputs(rows[i].text, f) >= 0 && fchmod(fileno(f), 0600) == 0 && fclose(f) == 0);
        rc = otsd_memory_load(path, &e);
        assert_int_equal(rc, rows[i].fault ? OTSD_ERR_CONFIG : OTSD_OK);
        if (rows[i].fault && !strstr(e.message, rows[i].fault))
            fail_msg("%s", e.message);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(otsd_memory_load(path, NULL), OTSD_ERR_CONFIG);
    assert_int_equal(otsd_memory_load(NULL, NULL), OTSD_ERR_ARGUMENT);
    otsd_memory_lock(OTSD_LOCK_REQUIRE);
}

static void the_longest_secret_fits_and_one_byte_more_does_not(void **state) {
    char *much = calloc(1, OTSD_SECRET_MAX + 1);
    otsd_secret *s = NULL;

    (void)state;
    assert_non_null(much);
    assert_int_equal(otsd_secret_new(&s, much, OTSD_SECRET_MAX, NULL), OTSD_OK);
    otsd_secret_free(&s);
    assert_int_equal(otsd_secret_new(&s, much, OTSD_SECRET_MAX + 1, NULL), OTSD_ERR_ARGUMENT);
    assert_null(s);
    free(much);
}

/* The flags that the kernel shows for the pages: lo(cked), dd (not dumped), wf (wiped on fork). */
static void its_pages_are_locked_and_kept_from_dumps_and_children(void **state) {
    otsd_secret *s = NULL;
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    unsigned long start, end, at;
    char *p;
    bool inside = false, seen = false;

    (void)state;
    assert_non_null(f);
    assert_int_equal(otsd_secret_new(&s, "secret", 6, NULL), OTSD_OK);
    at = (unsigned long)(uintptr_t)otsd_secret_data(s);
    while (fgets(line, sizeof line, f)) {
        start = strtoul(line, &p, 16);
        if (*p == '-') {
            end = strtoul(p + 1, NULL, 16);
            inside = start <= at && at < end;
        }
        if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            seen = true;
            assert_true(HAS_ASAN || strstr(line, " lo"));
            assert_non_null(strstr(line, " dd"));
            assert_non_null(strstr(line, " wf"));
        }
    }
    assert_int_equal(fclose(f), 0);
    assert_true(seen);
    otsd_secret_free(&s);
}

static void a_child_sees_zeros_and_does_not_crash(void **state) {
    otsd_secret *s = NULL;
    int status = -1;
    pid_t pid;

    (void)state;
    assert_int_equal(otsd_secret_new(&s, "secret", 6, NULL), OTSD_OK);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(memcmp(otsd_secret_data(s), "\0\0\0\0\0\0", 7));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_string_equal(otsd_secret_data(s), "secret");
    otsd_secret_free(&s);
}

static void a_step_outside_its_pages_is_fatal(void **state) {
    long page = sysconf(_SC_PAGESIZE);
    int way;

    (void)state;
    for (way = 0; way < 2; way++) {
        otsd_secret *s = NULL;
        int status = 0;
        pid_t pid;

        assert_int_equal(otsd_secret_new(&s, "secret", 6, NULL), OTSD_OK);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            const volatile char *p = otsd_secret_data(s);

            (void)close(STDERR_FILENO);     /* a sanitizer would tell at length */
            (void)signal(SIGSEGV, SIG_DFL); /* cmocka would go on with the next test in the child */
            _exit(p[way == 0 ? -1 : page] == 'x' ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) > 1));
        otsd_secret_free(&s);
    }
}

static void without_lockable_memory_there_is_no_secret(void **state) {
    int status = -1;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit none = {0, 0};
        otsd_secret *s = NULL;

        if (geteuid() == 0 && setuid(65534) != 0) /* root may lock as much as it likes */
            _exit(2);
        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
            _exit(3);
        _exit(HAS_ASAN || (otsd_secret_new(&s, "x", 1, NULL) == OTSD_ERR_MEMORY && !s) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_secret_from_a_descriptor_loses_one_line_end_and_no_more(void **state) {
    static const struct {
        const char *in, *out;
    } rows[] = {{"", ""},   {"x", "x"},   {"x\n", "x"},   {"x\r\n", "x"},     {"x\n\n", "x\n"},
                {"\n", ""}, {"\r\n", ""}, {"x\r", "x\r"}, {"x\n\r\n", "x\n"}, {" x \n", " x "}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = pipe_with(rows[i].in, strlen(rows[i].in));
        otsd_secret *s = NULL;
        otsd_error e = {0};

        assert_int_equal(otsd_secret_from_fd(&s, fd, 10, &e), OTSD_OK);
        assert_int_equal(otsd_secret_len(s), strlen(rows[i].out));
        assert_string_equal(otsd_secret_data(s), rows[i].out);
        assert_int_equal(close(fd), 0); /* it is still open */
        otsd_secret_free(&s);
    }
}

static void a_secret_from_a_descriptor_is_bounded(void **state) {
    static char much[100010];
    static const struct {
        size_t len, max;
        bool fits;
    } rows[] = {{10, 10, true},          {11, 10, false},         {100000, 100000, true},
                {100001, 100000, false}, {100009, 100000, false}, {5000, 100000, true}};

    (void)state;
    memset(much, 'x', sizeof much);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = pipe_with(much, rows[i].len);
        otsd_secret *s = NULL;
        otsd_error e = {0};

        assert_int_equal(otsd_secret_from_fd(&s, fd, rows[i].max, &e), rows[i].fits ? OTSD_OK : OTSD_ERR_ARGUMENT);
        if (rows[i].fits) {
            assert_int_equal(otsd_secret_len(s), rows[i].len);
            assert_memory_equal(otsd_secret_data(s), much, rows[i].len);
        } else {
            assert_non_null(strstr(e.message, "longer than"));
            assert_null(s);
        }
        assert_int_equal(close(fd), 0);
        otsd_secret_free(&s);
    }
    /* At its limit, with a line end of two bytes. */
    {
        int fd = pipe_with("0123456789\r\n", 12);
        otsd_secret *s = NULL;

        assert_int_equal(otsd_secret_from_fd(&s, fd, 10, NULL), OTSD_OK);
        assert_string_equal(otsd_secret_data(s), "0123456789");
        assert_int_equal(close(fd), 0);
        otsd_secret_free(&s);
    }
}

static void a_descriptor_that_cannot_be_read_is_an_error(void **state) {
    otsd_secret *s = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_secret_from_fd(&s, -1, 10, &e), OTSD_ERR_ARGUMENT);
    assert_non_null(strstr(e.message, "Bad file descriptor"));
}

static void a_secret_file_must_be_the_owners_alone(void **state) {
    static const struct {
        mode_t mode;
        bool good;
    } rows[] = {{0600, true}, {0400, true}, {0700, true}, {0640, false}, {0604, false}, {0620, false}, {0601, false}};
    char path[64], other[64];
    otsd_secret *s = NULL;
    otsd_error e = {0};
    int fd;

    (void)state;
    snprintf(path, sizeof path, "%s/secret", folder);
    snprintf(other, sizeof other, "%s/link", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, "token\n", 6) == 6 && close(fd) == 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(chmod(path, rows[i].mode), 0);
        assert_int_equal(otsd_secret_from_file(&s, path, 100, &e), rows[i].good ? OTSD_OK : OTSD_ERR_CONFIG);
        if (rows[i].good)
            assert_string_equal(otsd_secret_data(s), "token");
        else
            assert_non_null(strstr(e.message, "at most 0600 was expected"));
        otsd_secret_free(&s);
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(otsd_secret_from_file(&s, path, 4, &e), OTSD_ERR_CONFIG);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(otsd_secret_from_file(&s, other, 100, &e), OTSD_ERR_CONFIG);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(otsd_secret_from_file(&s, other, 100, &e), OTSD_ERR_CONFIG);
    assert_int_equal(otsd_secret_from_file(&s, folder, 100, &e), OTSD_ERR_CONFIG);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(otsd_secret_from_file(&s, path, 100, &e), OTSD_ERR_CONFIG);
        assert_non_null(strstr(e.message, "owned by uid 65534"));
    }
    assert_int_equal(unlink(path), 0);
}

static void a_hardened_process_leaves_no_core_and_cannot_be_traced(void **state) {
    int status = -1;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit core = {1, 1};

        if (otsd_process_harden(NULL) != OTSD_OK || getrlimit(RLIMIT_CORE, &core) != 0)
            _exit(1);
        _exit(core.rlim_cur == 0 && core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    while (waitpid(-1, NULL, 0) > 0) /* the writers of the pipes */
        ;
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_holds_its_bytes_and_a_nul_behind_them),
        cmocka_unit_test(without_a_lock_there_is_a_secret_only_where_the_program_says_so),
        cmocka_unit_test(whether_memory_must_be_locked_stands_in_the_file),
        cmocka_unit_test(the_longest_secret_fits_and_one_byte_more_does_not),
        cmocka_unit_test(its_pages_are_locked_and_kept_from_dumps_and_children),
        cmocka_unit_test(a_child_sees_zeros_and_does_not_crash),
        cmocka_unit_test(a_step_outside_its_pages_is_fatal),
        cmocka_unit_test(without_lockable_memory_there_is_no_secret),
        cmocka_unit_test(a_secret_from_a_descriptor_loses_one_line_end_and_no_more),
        cmocka_unit_test(a_secret_from_a_descriptor_is_bounded),
        cmocka_unit_test(a_descriptor_that_cannot_be_read_is_an_error),
        cmocka_unit_test(a_secret_file_must_be_the_owners_alone),
        cmocka_unit_test(a_hardened_process_leaves_no_core_and_cannot_be_traced),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
