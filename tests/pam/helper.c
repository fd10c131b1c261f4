/* SPDX-License-Identifier: MIT
 *
 * The module's peer in the tests: it stands where otsd-hook would be, writes down everything that it was given, and
 * then behaves as the file MODE says, well or badly.
 */
#include "host.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

extern char **environ;

static void note_descriptors(FILE *f, const int *open_fds, int count) {
    for (int i = 0; i < count; i++) {
        char link[64], target[256];
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", open_fds[i]);
        n = readlink(link, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        fprintf(f, "fd %d %.4s\n", open_fds[i], strcmp(target, "/dev/null") == 0 ? "null" : target);
    }
}

static void note_signals(FILE *f) {
    struct sigaction action;
    sigset_t mask;
    int blocked = 0, ignored = 0;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int sig = 1; sig <= SIGRTMAX; sig++) {
        blocked += sigismember(&mask, sig) == 1;
        ignored += sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    }
    fprintf(f, "signals blocked %d ignored %d\n", blocked, ignored);
}

static void note_priority(FILE *f) {
    char score[32] = "";
    int file = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    cpu_set_t processors;

    MUST(file >= 0 && read(file, score, sizeof score - 1) > 0 && close(file) == 0);
    MUST(sched_getaffinity(0, sizeof processors, &processors) == 0);
    fprintf(f, "priority %s %d nice %d io %ld oom %d slack %d processors %d\n",
            sched_getscheduler(0) == SCHED_OTHER ? "other" : "odd", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0),
            syscall(SYS_ioprio_get, 1, 0) >> 13, (int)strtol(score, NULL, 10), prctl(PR_GET_TIMERSLACK),
            CPU_COUNT(&processors));
}

/* What came on standard input, and whether that was to be compared. */
static bool note_typed(FILE *f, char **argv) {
    char text[4096];
    ssize_t len = read(0, text, sizeof text - 1);

    MUST(len >= 0);
    text[len] = '\0';
    for (char **a = argv; *a; a++)
        if (strcmp(*a, "--typed") == 0) {
            fprintf(f, "typed %s\n", text);
            return true;
        }
    fprintf(f, "input %zd\n", len);
    return false;
}

static void note_all(char **argv, bool *typed) {
    int open_fds[64], count = 0;
    DIR *dir = opendir("/proc/self/fd");
    FILE *f;
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid;
    struct rlimit files, size;
    char cwd[256];
    mode_t mask;

    MUST(dir);
    for (struct dirent *d; (d = readdir(dir)) && count < 64;)
        if (d->d_name[0] != '.' && (int)strtol(d->d_name, NULL, 10) != dirfd(dir))
            open_fds[count++] = (int)strtol(d->d_name, NULL, 10);
    MUST(closedir(dir) == 0);

    f = fopen(SEEN, "ae");
    MUST(f);
    for (char **a = argv; *a; a++)
        fprintf(f, "arg %s\n", *a);
    for (char **e = environ; *e; e++)
        fprintf(f, "env %s\n", *e);
    note_descriptors(f, open_fds, count);
    note_signals(f);
    note_priority(f);
    *typed = note_typed(f, argv);

    mask = umask(0);
    MUST(getresuid(&ruid, &euid, &suid) == 0 && getresgid(&rgid, &egid, &sgid) == 0);
    MUST(getrlimit(RLIMIT_NOFILE, &files) == 0 && getrlimit(RLIMIT_FSIZE, &size) == 0);
    fprintf(f, "ids %u %u %u %u %u %u groups %d\n", ruid, euid, suid, rgid, egid, sgid, getgroups(0, NULL));
    fprintf(f, "leader %d %d\n", getpid() == getpgrp(), getpid() == getsid(0));
    fprintf(f, "cwd %s\numask %03o\n", getcwd(cwd, sizeof cwd), mask);
    fprintf(f, "limits %llu %d\n", (unsigned long long)files.rlim_cur, size.rlim_cur == RLIM_INFINITY);
    fprintf(f, "run\n");
    MUST(fclose(f) == 0);
    umask(mask);
}

static void say(void) {
    const char *text = text_read(SAY);
    ssize_t written = write(1, text, strlen(text));

    (void)written;
}

static _Noreturn void sleep_on(void) {
    for (;;)
        pause();
}

/* Leaves a process behind that keeps standard output and ignores what can be ignored. */
static void leave_child(void) {
    pid_t pid = fork();

    MUST(pid >= 0);
    if (pid == 0) {
        char text[32];

        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        snprintf(text, sizeof text, "%d", (int)getpid());
        text_write(LEFT, text);
        sleep_on();
    }
    while ((int)strtol(text_read(LEFT), NULL, 10) == 0)
        usleep(1000);
}

int main(int argc, char **argv) {
    char mode[64], block[4096] = {'x'};
    bool typed;

    (void)argc;
    note_all(argv, &typed);
    snprintf(mode, sizeof mode, "%s", text_read(MODE));

    if (strncmp(mode, "typed ", 6) == 0) {
        if (!typed)
            _exit(0);
        memmove(mode, mode + 6, strlen(mode + 6) + 1);
        if (strncmp(mode, "exit ", 5) == 0)
            _exit((int)strtol(mode + 5, NULL, 10));
    }
    if (strcmp(mode, "say") == 0) {
        say();
    } else if (strcmp(mode, "fail") == 0) {
        say();
        _exit(75);
    } else if (strcmp(mode, "die") == 0) {
        say();
        raise(SIGKILL);
    } else if (strcmp(mode, "hang") == 0) {
        say();
        sleep_on();
    } else if (strcmp(mode, "stubborn") == 0) {
        for (int sig = 1; sig <= SIGRTMAX; sig++)
            signal(sig, SIG_IGN);
        sleep_on();
    } else if (strcmp(mode, "leave") == 0) {
        say();
        leave_child();
    } else if (strcmp(mode, "leave and hang") == 0) {
        leave_child();
        sleep_on();
    } else if (strcmp(mode, "flood") == 0) {
        for (;;)
            if (write(1, block, sizeof block) < 0)
                _exit(1);
    } else if (strcmp(mode, "flood and end") == 0) {
        memset(block, 'x', sizeof block);
        for (int i = 0; i < 256; i++)
            if (write(1, block, sizeof block) < 0)
                _exit(1);
    } else if (strcmp(mode, "kill watcher") == 0) {
        snprintf(block, sizeof block, "%d", (int)getpid());
        text_write(LEFT, block);
        kill(getppid(), SIGKILL);
        sleep_on();
    } else if (strcmp(mode, "close") == 0) {
        close(1);
        sleep_on();
    }
    _exit(0);
}
