/* SPDX-License-Identifier: MIT */
#include "base/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All that a variable may change: how text looks, and where the service manager put the token. */
static const char *const kept[] = {"CREDENTIALS_DIRECTORY", "TERM", "COLUMNS", "LANG", "LC_ALL", "TZ", "NO_COLOR"};
#define KEPT (sizeof kept / sizeof kept[0])

static bool clean_environment(void) {
    char *values[KEPT];
    bool ok = true;

    for (size_t i = 0; i < KEPT; i++) {
        const char *v = getenv(kept[i]);

        values[i] = v && strlen(v) < 4096 ? strdup(v) : NULL;
    }
    ok = clearenv() == 0 && setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) == 0;
    for (size_t i = 0; i < KEPT; i++) {
        if (values[i])
            ok = setenv(kept[i], values[i], 1) == 0 && ok;
        free(values[i]);
    }
    return ok;
}

static bool standard_descriptors(void) {
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

static bool is_root(void) {
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;

    return getresuid(&uid, &euid, &suid) == 0 && getresgid(&gid, &egid, &sgid) == 0 && uid == 0 && euid == 0 &&
           suid == 0 && gid == egid && egid == sgid;
}

/* The PAM module runs us from programs whose real user is not root. In the walls of otsd-sweep.service nothing of this
 * is allowed, nor needed: the service manager has made this process root's, with the group of the shadow file. */
static bool become_root(void) {
    return (setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0) ||
           (errno == EPERM && is_root());
}

int privs_start(problem *p) {
    sigset_t none;

    problem_clear(p);
    if (!standard_descriptors())
        return problem_set(p, EX_OSERR, "standard descriptors cannot be opened: %s", strerror(errno));
    if (geteuid() != 0)
        return problem_set(p, EX_NOPERM, "only root can run this");
    if (!become_root())
        return problem_set(p, EX_OSERR, "root's full identity cannot be taken on: %s", strerror(errno));
    /* Behind that: the kernel makes a process dumpable as it likes where its identity changes. */
    if (otsd_process_harden(NULL) != OTSD_OK)
        return problem_set(p, EX_OSERR, "the kernel refuses to protect this process");
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    /* A caller that ignores or blocks these would keep us from waiting for what we start. */
    (void)signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (!clean_environment())
        return problem_set(p, EX_OSERR, "out of memory");
    return problem_none(p);
}

bool privs_has(unsigned capability) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

    return syscall(SYS_capget, &head, sets) == 0 &&
           (sets[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}
