/* SPDX-License-Identifier: MIT
 *
 * What a run of otsd-hook begins with, whoever starts it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/privs.h"

/* As the PAM module runs it from passwd, with the identity that a program of setuid root has. */
static int as_a_helper(void) {
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;
    problem p;

    if (setresgid(1234, 1234, 0) != 0 || setresuid(1234, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        return 1;
    if (privs_start(&p) != EX_OK)
        return 2;
    if (getresuid(&uid, &euid, &suid) != 0 || getresgid(&gid, &egid, &sgid) != 0 || uid + euid + suid != 0 ||
        gid + egid + sgid != 0)
        return 3;
    return prctl(PR_GET_DUMPABLE) == 0 ? 0 : 4;
}

static void a_helper_has_roots_whole_identity_and_is_not_dumpable(void **state) {
    int status = -1;
    pid_t pid;

    (void)state;
    if (geteuid() != 0)
        skip();
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(as_a_helper());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_helper_has_roots_whole_identity_and_is_not_dumpable)};

    return cmocka_run_group_tests_name("privs", tests, NULL, NULL);
}
