/* SPDX-License-Identifier: MIT */
#include "net/drop.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "core/file.h"

#define FILES_MOST 1024
#define LOCKED_LEAST ((rlim_t)8 << 20) /* bytes: a pool of 256 has some pages for each */

/* Exit statuses behind those of sysexits.h. */
enum { NO_DESCRIPTORS = 100, NO_LIMITS, NO_GROUPS, NO_IDENTITY, NO_PRIVS_KEPT, NO_PARENT, NO_PROGRAM, FAILURES_END };

static const char *const failures[] = {
    [0] = "its descriptors cannot be set",
    [NO_LIMITS - NO_DESCRIPTORS] = "its limits cannot be set",
    [NO_GROUPS - NO_DESCRIPTORS] = "root's groups cannot be dropped",
    [NO_IDENTITY - NO_DESCRIPTORS] = "root's identity cannot be dropped",
    [NO_PRIVS_KEPT - NO_DESCRIPTORS] = "the kernel cannot keep it from gaining privileges",
    [NO_PARENT - NO_DESCRIPTORS] = "it would outlive this program",
    [NO_PROGRAM - NO_DESCRIPTORS] = "its program cannot be executed",
};

const char *drop_failure(int status) {
    return status >= NO_DESCRIPTORS && status < FAILURES_END ? failures[status - NO_DESCRIPTORS] : NULL;
}

otsd_err drop_identity(drop_plan *plan, otsd_error *e) {
    FILE *f = fopen("/etc/passwd", "re");
    const struct passwd *p;
    bool found = false;

    while (f && !found && (p = fgetpwent(f))) {
        found = strcmp(p->pw_name, DROP_USER) == 0;
        plan->uid = p->pw_uid;
        plan->gid = p->pw_gid;
    }
    if (f)
        (void)fclose(f); /* opened for reading: nothing can be lost */
    if (!found)
        return error_local(e, OTSD_ERR_CONFIG,
                           "there is no account " DROP_USER " in /etc/passwd, and nobody talks to the network as root: "
                           "make one (useradd --system " DROP_USER ")");
    if (plan->uid == 0 || plan->gid == 0)
        return error_local(e, OTSD_ERR_CONFIG,
                           "the account " DROP_USER " of /etc/passwd is root, and nobody talks to the network as root");
    return OTSD_OK;
}

/* 0 to 2 are /dev/null, 3 is the channel, 4 the program and gone with the exec. */
static bool set_descriptors(const drop_plan *plan) {
    int channel = fcntl(plan->channel, F_DUPFD_CLOEXEC, 10), program = fcntl(plan->program, F_DUPFD_CLOEXEC, 10);
    int null = file_openat(AT_FDCWD, "/dev/null", O_RDWR);

    if (channel < 0 || program < 0 || null < 0)
        return false;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0)
            return false;
    if (dup2(channel, DROP_CHANNEL) < 0 || dup3(program, DROP_CHANNEL + 1, O_CLOEXEC) < 0)
        return false;
    if (close_range(DROP_CHANNEL + 2, ~0U, 0) != 0)
        for (int fd = DROP_CHANNEL + 2; fd < 4096; fd++)
            (void)close(fd);
    return true;
}

static bool set_limit(__rlimit_resource_t what, rlim_t most) {
    struct rlimit now;

    if (getrlimit(what, &now) != 0)
        return false;
    now.rlim_cur = now.rlim_max = now.rlim_max < most ? now.rlim_max : most;
    return setrlimit(what, &now) == 0;
}

/* More than it was given, where root may; what it needs is said by what fails without. */
static void raise_locked(void) {
    struct rlimit now;

    if (getrlimit(RLIMIT_MEMLOCK, &now) != 0)
        return;
    if (now.rlim_max < LOCKED_LEAST)
        (void)setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){LOCKED_LEAST, LOCKED_LEAST});
    else
        (void)setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){now.rlim_max, now.rlim_max});
}

static bool set_limits(void) {
    raise_locked();
    return set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_FSIZE, 0) && set_limit(RLIMIT_NOFILE, FILES_MOST);
}

static bool drop_root(const drop_plan *plan) {
    uid_t r, e, s;
    gid_t rg, eg, sg;

    return setresgid(plan->gid, plan->gid, plan->gid) == 0 && setresuid(plan->uid, plan->uid, plan->uid) == 0 &&
           getresuid(&r, &e, &s) == 0 && getresgid(&rg, &eg, &sg) == 0 && r == plan->uid && e == r && s == r &&
           rg == plan->gid && eg == rg && sg == rg && setuid(0) != 0;
}

/* Signals that a terminal or a caller set. */
static void reset_signals(void) {
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, SIG_DFL); /* fails for SIGKILL and the like */
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void drop_and_run(const drop_plan *plan) {
    static char name[] = DROP_USER;
    char *argv[] = {name, NULL}, *envp[] = {NULL};

    reset_signals();
    (void)umask(077);
    (void)setsid(); /* a Ctrl-C at the terminal is the parent's to answer */
    if (chdir("/") != 0 || !set_descriptors(plan))
        _exit(NO_DESCRIPTORS);
    if (!set_limits())
        _exit(NO_LIMITS);
    if (setgroups(0, NULL) != 0)
        _exit(NO_GROUPS);
    if (!drop_root(plan))
        _exit(NO_IDENTITY);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        _exit(NO_PRIVS_KEPT);
    /* Behind the change of identity, which clears it; and of the thread that forked, which lives as long as the
     * process. Before it was set the parent may have died, and the signal would never come. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != plan->parent)
        _exit(NO_PARENT);
    (void)execveat(DROP_CHANNEL + 1, "", argv, envp, AT_EMPTY_PATH);
    _exit(NO_PROGRAM);
}
