/* SPDX-License-Identifier: MIT
 *
 * What a look at the shadow file says of generated passwords, and that it says nothing where it could not look, in an
 * /etc of the test's own.
 */
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../asan.h"
#include "password/shadow_look.h"
#include "password/shadow_read.h"
#include "private_world.h"

#define HASH "$6$salt$generated"
#define OTHER "$6$salt$other"
#define Y OTSD_YES
#define N OTSD_NO
#define U OTSD_UNKNOWN

static backend_view view_of(const char *user, const char *hash) {
    return (backend_view){.user = user, .hash = hash, .in_place = Y, .must_change = Y, .dead = true};
}

static void what_stands_there(void **state) {
    static const struct {
        const char *shadow;
        otsd_tri in_place, must_change;
        bool dead;
        const char *elsewhere;
    } rows[] = {
        {"alice:" HASH ":0:0:99999:7:::\n", Y, Y, false, NULL},
        {"alice:!" HASH ":0:0:99999:7:::\n", Y, Y, false, NULL},
        {"alice:" HASH ":19000:0:99999:7:::\n", Y, N, false, NULL},
        {"alice:" HASH "::0:99999:7:::\n", Y, N, false, NULL},
        {"alice:" HASH ":0x:0:99999:7:::\n", Y, U, false, NULL},
        /* What can be nobody's password, and what can. */
        {"alice:!*:19000:0:99999:7:::\n", N, N, true, NULL},
        {"alice:*:19000:0:99999:7:::\n", N, N, true, NULL},
        {"alice:!:0:0:99999:7:::\n", N, Y, true, NULL},
        {"alice:!!:0:0:99999:7:::\n", N, Y, true, NULL},
        {"alice::0:0:99999:7:::\n", N, Y, false, NULL},
        {"alice:" OTHER ":0:0:99999:7:::\n", N, Y, false, NULL},
        {"alice:!" OTHER ":0:0:99999:7:::\n", N, Y, false, NULL},
        /* Under another name: renamed, or copied. */
        {"root:*:1::::::\nalicia:" HASH ":0:0:99999:7:::\n", N, N, false, "alicia"},
        {"alicia:!!" HASH ":0:0:99999:7:::\nbob:" HASH ":0::::::\n", N, N, false, "alicia"},
        {"alice:!*:1:0:99999:7:::\nalicia:" HASH ":0:0:99999:7:::\n", N, N, true, "alicia"},
        {"alicia:" HASH ":0:0:99999:7:::\nalice:" HASH ":0:0:99999:7:::\n", Y, Y, false, NULL},
        {"alicia:" HASH "x:0:0:99999:7:::\n", N, N, false, NULL},
        {"ali:" OTHER ":0:0:99999:7:::\n", N, N, false, NULL},
        /* The first line of a name counts; the second one is no other name. */
        {"alice:" OTHER ":1:0:99999:7:::\nalice:" HASH ":0:0:99999:7:::\n", N, N, false, NULL},
        {"alice:" HASH ":1:0:99999:7:::\nalice:" OTHER ":0:0:99999:7:::\n", Y, N, false, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        backend_view view = view_of("alice", HASH), *one = &view;
        problem p;

        put_file(SHADOW_PATH, rows[i].shadow, 0640);
        assert_int_equal(shadow_look(&one, 1, &p), EX_OK);
        if (view.in_place != rows[i].in_place || view.must_change != rows[i].must_change || view.dead != rows[i].dead)
            fail_msg("row %zu: in place %d, must change %d, dead %d", i, view.in_place, view.must_change, view.dead);
        if (strcmp(view.elsewhere ? view.elsewhere : "", rows[i].elsewhere ? rows[i].elsewhere : "") != 0)
            fail_msg("row %zu: elsewhere is %s", i, view.elsewhere ? view.elsewhere : "nowhere");
        backend_view_end(&view);
        assert_null(view.elsewhere);
    }
}

static void no_hash_is_nowhere(void **state) {
    backend_view view = view_of("alice", ""), *one = &view;
    problem p;

    (void)state;
    put_file(SHADOW_PATH, "root::1::::::\nbob:!:1::::::\nalice::1::::::\n", 0640);
    assert_int_equal(shadow_look(&one, 1, &p), EX_OK);
    assert_int_equal(view.in_place, N);
    assert_null(view.elsewhere);
}

static void many_in_one_pass(void **state) {
    backend_view views[] = {view_of("carol", "$6$c$c"), view_of("alice", "$6$a$a"), view_of("bob", "$6$b$b"),
                            view_of("nobody", "$6$n$n"), view_of("alice", "$6$d$d")};
    backend_view *each[] = {&views[0], &views[1], &views[2], &views[3], &views[4]};
    problem p;

    (void)state;
    put_file(SHADOW_PATH, "alice:$6$a$a:0::::::\nbob:!*:7::::::\nbobby:$6$b$b:0::::::\ncarol:$6$x$x:7::::::\n", 0640);
    assert_int_equal(shadow_look(each, 5, &p), EX_OK);
    assert_true(views[0].in_place == N && !views[0].dead && !views[0].elsewhere);
    assert_true(views[1].in_place == Y && views[1].must_change == Y && !views[1].elsewhere);
    assert_true(views[2].in_place == N && views[2].dead);
    assert_string_equal(views[2].elsewhere, "bobby");
    assert_true(views[3].in_place == N && !views[3].dead && !views[3].elsewhere);
    /* Nobody asks twice for one user; of who does, the second answer is none. */
    assert_true(views[4].in_place == U && views[4].must_change == U);
    for (size_t i = 0; i < 5; i++)
        backend_view_end(&views[i]);
    assert_int_equal(shadow_look(each, 0, &p), EX_OK);
}

static void assert_unknown(int code, const char *words) {
    backend_view views[] = {view_of("alice", HASH), view_of("bob", "$6$b$b"), view_of("nobody", "$6$n$n")};
    backend_view *each[] = {&views[0], &views[1], &views[2]};
    problem p;

    if (shadow_look(each, 3, &p) != code || !strstr(p.text, words))
        fail_msg("%d: %s, where %d was expected: %s", p.code, p.text, code, words);
    for (size_t i = 0; i < 3; i++)
        if (views[i].in_place != U || views[i].must_change != U || views[i].dead || views[i].elsewhere)
            fail_msg("%s: something is said of %s", words, views[i].user);
}

static void what_cannot_be_read_says_nothing(void **state) {
    static const char good[] = "alice:!*:0::::::\nbobby:$6$b$b:0::::::\n";
    struct rlimit before, none;

    (void)state;
    (void)unlink(SHADOW_PATH);
    assert_unknown(EX_NOINPUT, "/etc/shadow cannot be read: No such file or directory");
    assert_int_equal(symlink("nowhere", SHADOW_PATH), 0);
    assert_unknown(EX_NOINPUT, "/etc/shadow cannot be read: No such file or directory");
    assert_int_equal(unlink(SHADOW_PATH), 0);
    assert_int_equal(mkdir(SHADOW_PATH, 0700), 0);
    assert_unknown(EX_IOERR, "/etc/shadow cannot be read: Is a directory");
    assert_int_equal(rmdir(SHADOW_PATH), 0);
    put_file(SHADOW_PATH, "", 0640);
    assert_unknown(EX_DATAERR, "/etc/shadow is empty");
    put_file(SHADOW_PATH, "alice:!*:0::::::\nbobby:$6$b$b:0::::::\nno", 0640);
    assert_unknown(EX_DATAERR, "/etc/shadow ends in the middle of a line");
    put_file(SHADOW_PATH, "alice:$6$salt$gen", 0640);
    assert_unknown(EX_DATAERR, "/etc/shadow ends in the middle of a line");
    put_file(SHADOW_PATH, good, 0640);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_unknown(EX_NOINPUT, "/etc/shadow cannot be read: Too many open files");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static bool has_valgrind(void) {
    const char *preload = getenv("LD_PRELOAD");

    return preload && strstr(preload, "vgpreload");
}

static void no_memory_says_nothing(void **state) {
    struct rlimit before, none;

    (void)state;
    if (HAS_ASAN || has_valgrind())
        return; /* they need the memory themselves */
    put_file(SHADOW_PATH, "alice:!*:0::::::\n", 0640);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    none = (struct rlimit){.rlim_cur = 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
    assert_unknown(EX_OSERR, "memory");
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
}

/* A file that somebody writes in place while it is read. */
static bool meddle(const shadow_seen *line, void *arg) {
    int fd = open(SHADOW_PATH, O_WRONLY | O_APPEND | O_CLOEXEC);

    (void)line;
    assert_true(fd >= 0);
    if (*(bool *)arg)
        assert_int_equal(write(fd, "x", 1), 1);
    *(bool *)arg = false;
    assert_int_equal(close(fd), 0);
    return true;
}

static void a_file_in_motion_says_nothing(void **state) {
    bool once = true;
    problem p;

    (void)state;
    put_file(SHADOW_PATH, "alice:!*:0::::::\n", 0640);
    assert_int_not_equal(shadow_each(meddle, &once, &p), EX_OK);
    once = false;
    put_file(SHADOW_PATH, "alice:!*:0::::::\n", 0640);
    assert_int_equal(shadow_each(meddle, &once, &p), EX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what stands under the account's name, and where else its hash is", what_stands_there, NULL, NULL, NULL},
        {"a record without a hash is in place nowhere", no_hash_is_nowhere, NULL, NULL, NULL},
        {"any number in one pass, each with its own answer", many_in_one_pass, NULL, NULL, NULL},
        {"a file that cannot be read in whole says nothing of anybody", what_cannot_be_read_says_nothing, NULL, NULL,
         NULL},
        {"nor does one for which there is no memory", no_memory_says_nothing, NULL, NULL, NULL},
        {"nor does one that changes while it is read", a_file_in_motion_says_nothing, NULL, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - looks at the shadow file # SKIP needs root and namespaces");
        return 0;
    }
    /* So that a large block is always asked of the kernel, which can refuse it; ASan's malloc takes no option. */
    assert_true(HAS_ASAN || mallopt(M_MMAP_THRESHOLD, 65536) == 1);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
