/* SPDX-License-Identifier: MIT
 *
 * The host is somebody else's process: sshd, login, gdm, passwd. It may ignore SIGCHLD, so that the kernel throws away
 * a child's exit status; reap every child in a handler of its own; have threads; block signals; have its standard
 * descriptors closed; or run for a user who may send it signals and has set its resource limits (passwd). Changing the
 * host's SIGCHLD for a while would be a race with its other threads and would swallow the end of its other children.
 * So there are two processes between the host and the deadline:
 *
 *     host ── watcher ── helper, leader of a session of its own
 *
 *  - The watcher is cloned without an exit signal. Its end sends the host nothing, an ignored SIGCHLD does not discard
 *    it, and wait calls of the host do not see it (only __WALL and __WCLONE do). The helper cannot be such a child
 *    itself: execve gives every process SIGCHLD as its exit signal again.
 *  - The watcher MUST NOT call anything that is not async-signal-safe, nor anything that speaks to other threads: it
 *    is a copy of one thread of the host, and locks may be held for ever. Most of what it asks is asked of the kernel
 *    itself: the library's setresuid would wait for threads that do not exist here, and each function that is imported
 *    costs every login its symbol lookup, hand-off or not. _Fork runs no handlers.
 *  - It takes the full root identity and a session of its own first: from there on no user and no terminal can stop
 *    it. All signals stay blocked in it but SIGCHLD while it waits.
 *  - It closes every descriptor of the host, so the helper inherits none: only /dev/null, and a pipe as its output.
 *    Where there is a text for the helper, a second pipe is its input; the text lies in it, whole, before the helper
 *    starts, and nobody waits for anybody: a pipe holds at least PIPE_BUF bytes.
 *  - Who runs passwd has chosen how often it gets a processor, and which, how soon it is killed for its memory, and how
 *    late its clock may wake it. The watcher takes the system's own choice back before it counts the first millisecond.
 *  - At the deadline (monotonic clock) it kills the helper's whole process group. It waits for the helper's *end*, not
 *    for the end of the output: a helper that closes its output, or leaves it to a child, changes nothing. What is
 *    left of the group when the helper has ended is killed too.
 *  - Its one report is smaller than PIPE_BUF, so the host reads all of it or nothing. If none comes in time the host
 *    kills the watcher, and the kernel kills the helper with it (PR_SET_PDEATHSIG).
 *
 * The helper's file must be root's and writable by nobody else. That is a guard against a careless installation, not
 * against somebody who can write to its folder: who can do that can as well replace the libraries that it loads.
 * Therefore the path is checked and then executed, without a descriptor in between: execveat of a descriptor would
 * close no door, but show up as a process named after a number.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

enum { REPORT_FD = 3, REAP_MS = 100, HOST_GRACE_MS = 200, MAX_DESCRIPTORS = 1 << 20 };
enum { MAX_PROCESSORS = 8192, TIMER_SLACK_NS = 50000, IOPRIO_OF_PROCESS = 1 /* linux/ioprio.h is younger */ };

_Static_assert(HELPER_TYPED_MAX <= PIPE_BUF, "a pipe takes the text at once");

/* What the watcher is to do. */
typedef struct errand {
    char *const *argv;
    const char *typed; /* NULL: the helper's input is empty */
    int64_t deadline;  /* of now_ms */
} errand;

static int64_t now_ms(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until fd can be read (or is at its end), the time is over or a signal comes; only the first is true. A negative fd is
 * never readable. */
static bool wait_readable(int fd, int64_t ms, const sigset_t *mask) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    struct timespec wait = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    return ppoll(&poll_fd, 1, &wait, mask) > 0;
}

static _Noreturn void leave(void) {
    for (;;)
        syscall(SYS_exit_group, 126);
}

static _Noreturn void give_up(helper_result *result, int error) {
    result->end = HELPER_NOT_STARTED;
    result->code = error;
    syscall(SYS_write, REPORT_FD, result, sizeof *result);
    leave();
}

static void close_from(unsigned first) {
    struct rlimit limit;
    unsigned end = MAX_DESCRIPTORS;

    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_max < end)
        end = (unsigned)limit.rlim_max;
    for (unsigned fd = first; fd < end; fd++)
        close((int)fd);
}

/* Afterwards: /dev/null as 0 to 2, the report as REPORT_FD, nothing else. */
static bool take_descriptors(int report) {
    int null;

    if (report != REPORT_FD && dup3(report, REPORT_FD, O_CLOEXEC) < 0)
        return false;
    close_from(REPORT_FD + 1);
    /* It may well become 0, 1 or 2, which have to survive execve: so not close-on-exec. */
    null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    if (null < 0)
        return false;
    for (int fd = 0; fd <= 2; fd++)
        if (fd != null && dup3(null, fd, 0) < 0)
            return false;
    return null <= 2 || close(null) == 0;
}

static bool take_identity(void) {
    return syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setresgid, 0, 0, 0) == 0 &&
           syscall(SYS_setresuid, 0, 0, 0) == 0;
}

/* As far as the hard limit, where the kernel does not let that be raised (a container without the capability). */
static void lift_limit(__rlimit_resource_t resource, rlim_t soft) {
    struct rlimit limit = {soft, RLIM_INFINITY};

    if (prlimit(0, resource, &limit, NULL) != 0 && prlimit(0, resource, NULL, &limit) == 0) {
        limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
        prlimit(0, resource, &limit, NULL);
    }
}

/* Who runs passwd has chosen its limits, and could so let the helper fail at a point of his choice. */
static void reset_limits(void) {
    lift_limit(RLIMIT_CPU, RLIM_INFINITY);
    lift_limit(RLIMIT_FSIZE, RLIM_INFINITY);
    lift_limit(RLIMIT_DATA, RLIM_INFINITY);
    lift_limit(RLIMIT_AS, RLIM_INFINITY);
    lift_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
    lift_limit(RLIMIT_STACK, (rlim_t)8 << 20);
    lift_limit(RLIMIT_NOFILE, 1024);
}

/* The system's defaults; what the kernel refuses (a container) stays as it is. */
static void reset_priority(void) {
    static const char score[] = "0";
    struct sched_param plain = {0};
    unsigned char processors[MAX_PROCESSORS / CHAR_BIT];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    memset(processors, 0xff, sizeof processors); /* the kernel takes those that there are */
    syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &plain);
    syscall(SYS_setpriority, PRIO_PROCESS, 0, 0);
    syscall(SYS_sched_setaffinity, 0, sizeof processors, processors);
    syscall(SYS_ioprio_set, IOPRIO_OF_PROCESS, 0, 0);
    syscall(SYS_prctl, PR_SET_TIMERSLACK, (long)TIMER_SLACK_NS, 0L, 0L, 0L);
    if (fd >= 0) {
        syscall(SYS_write, fd, score, sizeof score - 1);
        close(fd);
    }
}

static _Noreturn void become_helper(const errand *e, int input, int output, long watcher, helper_result *result) {
    static char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", NULL};
    sigset_t none;

    sigemptyset(&none);
    /* Ignored signals stay ignored over execve, and so does the mask. The library refuses its own two signals. */
    for (int sig = 1; sig < _NSIG; sig++)
        sigaction(sig, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    syscall(SYS_umask, 077);
    reset_limits();
    if (syscall(SYS_setsid) < 0 || syscall(SYS_chdir, "/") != 0 || dup3(output, 1, 0) < 0 ||
        (input >= 0 && dup3(input, 0, 0) < 0) || syscall(SYS_prctl, PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L) != 0 ||
        pthread_sigmask(SIG_SETMASK, &none, NULL) != 0)
        give_up(result, errno);
    /* Where the watcher died before that the signal never comes, and nobody waits. */
    if (syscall(SYS_getppid) != watcher)
        leave();
    syscall(SYS_execve, e->argv[0], e->argv, environment);
    give_up(result, errno);
}

static void on_child(int sig) {
    (void)sig; /* there to interrupt ppoll */
}

/* Leaves the helper a zombie, so that its process group cannot become somebody else's. */
static bool has_ended(pid_t pid, siginfo_t *info) {
    info->si_pid = 0;
    return waitid(P_PID, (id_t)pid, info, WEXITED | WNOHANG | WNOWAIT) == 0 && info->si_pid == pid;
}

/* Takes one bufferful, keeps what fits. False at the end of the output. */
static bool take_output(int fd, helper_result *result) {
    char buffer[4096];
    ssize_t n = read(fd, buffer, sizeof buffer);

    for (ssize_t i = 0; i < n && result->len < HELPER_TEXT_MAX; i++)
        result->text[result->len++] = buffer[i];
    return n > 0;
}

/* Sleeps until the helper ends (true) or the time is over (false), and empties its output meanwhile. */
static bool await(pid_t pid, int output, int64_t until, helper_result *result, siginfo_t *info) {
    sigset_t mask;

    sigfillset(&mask);
    sigdelset(&mask, SIGCHLD);
    while (!has_ended(pid, info)) {
        int64_t left = until - now_ms();

        if (left <= 0)
            return false;
        if (wait_readable(output, left, &mask) && !take_output(output, result))
            output = -1;
    }
    return true;
}

/* A pipe with the whole of text in it, or -1. */
static int filled_pipe(const char *text) {
    size_t len = bounded_length(text, HELPER_TYPED_MAX);
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    if (syscall(SYS_write, ends[1], text, len) != (long)len) {
        close(ends[0]);
        ends[0] = -1;
    }
    close(ends[1]);
    return ends[0];
}

static _Noreturn void watch(int report, const errand *e) {
    helper_result result = {.end = HELPER_NOT_STARTED};
    siginfo_t info;
    long self = syscall(SYS_getpid);
    int input = -1, output[2];
    pid_t pid;
    bool ended;

    if (!take_descriptors(report))
        leave();
    if (!take_identity() || syscall(SYS_setsid) < 0 || pipe2(output, O_CLOEXEC) != 0 ||
        sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child}, NULL) != 0)
        give_up(&result, errno);
    reset_priority();
    if (e->typed && (input = filled_pipe(e->typed)) < 0)
        give_up(&result, errno);
    pid = _Fork();
    if (pid < 0)
        give_up(&result, errno);
    if (pid == 0)
        become_helper(e, input, output[1], self, &result);
    close(output[1]);
    if (input >= 0)
        close(input);

    ended = await(pid, output[0], e->deadline, &result, &info);
    kill(-pid, SIGKILL);
    if (ended) {
        while (result.len < HELPER_TEXT_MAX && wait_readable(output[0], 0, NULL) && take_output(output[0], &result)) {
        }
        result.end = info.si_code == CLD_EXITED ? HELPER_EXITED : HELPER_SIGNALLED;
        result.code = info.si_status;
    } else {
        /* It may not have come as far as to have a group. */
        kill(pid, SIGKILL);
        ended = await(pid, -1, now_ms() + REAP_MS, &result, &info);
        result.end = HELPER_TIMED_OUT;
    }
    /* One that cannot even be killed (a dead network file system) is left to init. */
    if (ended)
        waitid(P_PID, (id_t)pid, &info, WEXITED);
    syscall(SYS_write, REPORT_FD, &result, sizeof result);
    leave();
}

static bool read_report(int fd, int64_t until, helper_result *result) {
    for (;;) {
        int64_t left = until - now_ms();
        ssize_t n;

        if (left <= 0)
            return false;
        if (!wait_readable(fd, left, NULL))
            continue;
        n = read(fd, result, sizeof *result);
        if (n < 0 && errno == EINTR)
            continue;
        return n == (ssize_t)sizeof *result && result->len <= HELPER_TEXT_MAX;
    }
}

static pid_t start_watcher(int report, const errand *e) {
    sigset_t all, before;
    pid_t pid;
    int error;

    sigfillset(&all);
    /* No handler of the host may run in its copy. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* All arguments are zero: no flags, no exit signal, and no question in which order an architecture wants them. */
    pid = (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
    if (pid == 0)
        watch(report, e);
    error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

void helper_run(char *const argv[], const char *typed, int deadline_ms, helper_result *result) {
    errand e = {argv, typed, now_ms() + deadline_ms};
    siginfo_t info;
    struct stat st;
    int report[2];
    pid_t pid;
    int error;

    *result = (helper_result){.end = HELPER_NOT_STARTED};
    if (fstatat(AT_FDCWD, argv[0], &st, 0) != 0) {
        result->code = errno;
        return;
    }
    if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        result->end = HELPER_UNSAFE;
        return;
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        result->code = errno;
        return;
    }
    pid = start_watcher(report[1], &e);
    error = errno;
    close(report[1]);
    if (pid < 0) {
        result->code = error;
    } else {
        if (!read_report(report[0], e.deadline + HOST_GRACE_MS, result)) {
            kill(pid, SIGKILL);
            *result = (helper_result){.end = HELPER_UNKNOWN};
        }
        while (waitid(P_PID, (id_t)pid, &info, WEXITED | __WALL) != 0 && errno == EINTR) {
        }
    }
    close(report[0]);
}
