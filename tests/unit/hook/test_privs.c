/* SPDX-License-Identifier: MIT
 *
 * What a run of otsd-hook begins with, whoever starts it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/privs.h"

/* Has this process root's identity, whole? */
static bool is_root(void) {
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;

    return getresuid(&uid, &euid, &suid) == 0 && getresgid(&gid, &egid, &sgid) == 0 && uid + euid + suid == 0 &&
           gid + egid + sgid == 0;
}

/* In place of libc's: what the process was when it asked last not to be dumpable. A later change of its identity would
 * undo that where fs.suid_dumpable says so, which a test must not set: it is the whole machine's. */
static bool asked_as_root;
int prctl(int option, ...) {
    unsigned long arguments[4];
    va_list rest;

    va_start(rest, option);
    for (size_t i = 0; i < 4; i++)
        arguments[i] = va_arg(rest, unsigned long);
    va_end(rest);
    if (option == PR_SET_DUMPABLE && arguments[0] == 0)
        asked_as_root = is_root();
    return (int)syscall(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

/* As the PAM module runs it from passwd, with the identity that a program of setuid root has. */
static int as_a_helper(void) {
    problem p;

    if (setresgid(1234, 1234, 0) != 0 || setresuid(1234, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 1L) != 0)
        return 1;
    if (privs_start(&p) != EX_OK)
        return 2;
    if (!is_root())
        return 3;
    return prctl(PR_GET_DUMPABLE, 0L) == 0 && asked_as_root ? 0 : 4;
}

/* As root runs it: nothing changes, so the kernel does nothing by itself. */
static int as_root(void) {
    problem p;

    if (prctl(PR_SET_DUMPABLE, 1L) != 0)
        return 1;
    if (privs_start(&p) != EX_OK)
        return 2;
    return prctl(PR_GET_DUMPABLE, 0L) == 0 ? 0 : 4;
}

/* Nothing can be taken on any more: what the walls of otsd-sweep.service leave of root. */
static bool wall_in(void) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capset, &head, none) == 0 && setresgid(77, 77, 77) != 0;
}

static int walled_in(void) {
    gid_t gid, egid, sgid;
    problem p;

    if (setgroups(0, NULL) != 0 || setresgid(42, 42, 42) != 0 || !wall_in() || prctl(PR_SET_DUMPABLE, 1L) != 0)
        return 1;
    if (privs_start(&p) != EX_OK)
        return 2;
    if (getresgid(&gid, &egid, &sgid) != 0 || gid != 42 || egid != 42 || sgid != 42)
        return 3;
    return prctl(PR_GET_DUMPABLE, 0L) == 0 ? 0 : 4;
}

/* One part of the identity is somebody else's, and cannot be changed. */
static int walled_in_with(int (*change)(void)) {
    problem p;

    if (change() != 0 || !wall_in())
        return 1;
    if (privs_start(&p) != EX_OSERR)
        return 2;
    return strstr(p.text, "root's full identity cannot be taken on: Operation not permitted") ? 0 : 3;
}

static int real_user(void) {
    return setresuid(1234, 0, 0);
}
static int saved_user(void) {
    return setresuid(0, 0, 1234);
}
static int real_group(void) {
    return setresgid(1234, 0, 0);
}
static int saved_group(void) {
    return setresgid(0, 0, 1234);
}

static int walled_in_as_half_of_root(void) {
    int (*const changes[])(void) = {real_user, saved_user, real_group, saved_group};

    for (int i = 0; i < 4; i++) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0)
            _exit(walled_in_with(changes[i]));
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
            return 10 + i;
    }
    return 0;
}

static void assert_child(int (*run)(void)) {
    int status = -1;
    pid_t pid;

    if (geteuid() != 0)
        skip();
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_helper_has_roots_whole_identity_and_then_is_not_dumpable(void **state) {
    (void)state;
    assert_child(as_a_helper);
}

static void a_process_of_roots_is_not_dumpable(void **state) {
    (void)state;
    assert_child(as_root);
}

static void without_capabilities_root_is_root_and_keeps_its_group(void **state) {
    (void)state;
    assert_child(walled_in);
}

static void without_capabilities_half_of_root_is_refused(void **state) {
    (void)state;
    assert_child(walled_in_as_half_of_root);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_helper_has_roots_whole_identity_and_then_is_not_dumpable),
                                       cmocka_unit_test(a_process_of_roots_is_not_dumpable),
                                       cmocka_unit_test(without_capabilities_root_is_root_and_keeps_its_group),
                                       cmocka_unit_test(without_capabilities_half_of_root_is_refused)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("privs", tests, NULL, NULL);
}
