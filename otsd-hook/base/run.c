/* SPDX-License-Identifier: MIT
 *
 * The program gets the secret through a pipe and nothing else of ours: no argument, no environment, no descriptor. It
 * has a deadline that SIGKILL enforces, on its whole session. What its end means is a contract (see run.h), since only
 * "changed nothing" lets a caller try again.
 */
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"

/* Other threads may hold any lock: nothing here but system calls. */
static _Noreturn void child(char *path, int input, pid_t parent) {
    static char search_path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *argv[] = {path, NULL};
    char *envp[] = {search_path, NULL};
    int null = open("/dev/null", O_RDWR);
    sigset_t none;

    (void)signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    /* Whoever kills us at a deadline means this, too. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* before that: then the signal never comes */
        _exit(EX_OSERR);
    if (null < 0 || dup2(input, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        _exit(EX_OSERR);
    if (close_range(3, ~0U, 0) != 0)
        for (int fd = 3; fd < 1024; fd++)
            (void)close(fd);
    (void)execve(path, argv, envp);
    _exit(127);
}

/* Writes all of input, unless the reader goes away or time is up. */
static bool feed(int fd, const char *input, size_t len, int64_t until) {
    size_t done = 0;

    while (done < len) {
        struct pollfd pfd = {.fd = fd, .events = POLLOUT};
        int64_t left = until - clock_ms();
        ssize_t n;

        if (left <= 0 || (poll(&pfd, 1, (int)left) < 0 && errno != EINTR))
            return false;
        n = write(fd, input + done, len - done);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return true;
}

static int reap(pid_t pid, int64_t until, int *status) {
    static const struct timespec pause = {0, 5 * 1000 * 1000};

    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);

        if (got == pid)
            return EX_OK;
        if (got < 0 && errno != EINTR)
            return EX_OSERR;
        if (clock_ms() >= until) {
            (void)kill(-pid, SIGKILL);
            (void)kill(pid, SIGKILL);
            while (waitpid(pid, status, 0) < 0 && errno == EINTR)
                continue;
            return EX_TEMPFAIL;
        }
        nanosleep(&pause, NULL);
    }
}

/* The interpreter of a script that begins with text; NULL: text is no script's. */
static char *interpreter_of(char *text) {
    char *begin = text + 2 + strspn(text + 2, " \t"), *end = begin + strcspn(begin, " \t\n");

    if (strncmp(text, "#!", 2) != 0 || end == begin)
        return NULL;
    *end = '\0';
    return begin;
}

/* Would the kernel start it? access also knows of file systems that are mounted noexec, which no mode shows. */
static int can_start(int fd, const char *path, problem *p) {
    char text[256] = "", *interpreter; /* so much of a script's first line does the kernel read */
    ssize_t len = file_read(fd, text, sizeof text - 1);

    if (len < 0 || access(path, X_OK) != 0)
        return problem_set(p, EX_CONFIG, "%s cannot be run: %s", path, strerror(errno));
    if (strncmp(text, "\177ELF", 4) == 0)
        return problem_none(p);
    interpreter = interpreter_of(text);
    if (!interpreter)
        return problem_set(p, EX_CONFIG, "%s cannot be run: it is neither a program nor a script that begins with #!",
                           path);
    if (access(interpreter, X_OK) != 0)
        return problem_set(p, EX_CONFIG, "%s cannot be run: its interpreter %s: %s", path, interpreter,
                           strerror(errno));
    return problem_none(p);
}

int run_check(const char *path, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 022, .follow = true};
    file_found f;
    file_verdict verdict = file_open(AT_FDCWD, path, O_RDONLY, &wanted, &f);
    int rc;

    problem_clear(p);
    if (verdict == FILE_GOOD) {
        rc = can_start(f.fd, path, p);
        (void)close(f.fd); /* only looked at */
        return rc;
    }
    if (f.error != 0)
        return problem_set(p, EX_CONFIG, "%s cannot be run: %s", path, strerror(f.error));
    return problem_set(p, EX_CONFIG, "%s is not run: it must be a file of root's that nobody else can write", path);
}

/* Starts path with the reading end of a new pipe as its input; *input is the writing end. */
static int start(const char *path, int *input, pid_t *pid, problem *p) {
    const pid_t self = getpid();
    char *own = strdup(path);
    int fds[2];

    if (!own || pipe2(fds, O_CLOEXEC) != 0) {
        free(own);
        return problem_set(p, EX_OSERR, "%s cannot be run: %s", path, strerror(errno));
    }
    *pid = fork();
    if (*pid == 0)
        child(own, fds[0], self);
    free(own);
    (void)close(fds[0]);
    if (*pid < 0) {
        problem_set(p, EX_OSERR, "%s cannot be run: %s", path, strerror(errno));
        (void)close(fds[1]);
        return p->code;
    }
    (void)fcntl(fds[1], F_SETFL, O_NONBLOCK);
    *input = fds[1];
    return problem_none(p);
}

int run_with_input(const char *path, const char *input, size_t len, int timeout_s, problem *p) {
    int64_t until = clock_ms() + timeout_s * 1000L;
    int fd = -1, status = 0, rc = run_check(path, p);
    bool fed;
    pid_t pid = -1;

    if (rc == EX_OK)
        rc = start(path, &fd, &pid, p);
    if (rc != EX_OK)
        return rc;
    fed = feed(fd, input, len, until);
    (void)close(fd);
    rc = reap(pid, until, &status);
    if (rc == EX_TEMPFAIL)
        return problem_set(p, EX_TEMPFAIL, "%s did not end within %d seconds and was killed", path, timeout_s);
    if (rc == EX_OK && WIFEXITED(status) && WEXITSTATUS(status) == 0 && fed)
        return problem_none(p);
    if (rc == EX_OK && WIFSIGNALED(status))
        return problem_set(p, EX_OSERR, "%s was killed by signal %d", path, WTERMSIG(status));
    if (rc == EX_OK && WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return problem_set(p, EX_UNAVAILABLE, "%s ended with status %d", path, WEXITSTATUS(status));
    return problem_set(p, EX_IOERR, "%s did not take its input", path);
}
