/* SPDX-License-Identifier: MIT
 *
 * The program gets the secret through a pipe and nothing else of ours: no argument, no environment, no descriptor. It
 * has a deadline that SIGKILL enforces, on its whole session. What its end means is a contract (see run.h), since only
 * "was not run" tells a caller that nothing was changed.
 *
 * Its standard error is read all the while, so that it never waits for us, and the beginning of that is kept. It is the
 * program's, which has seen the secrets: no line of it is shown that repeats a piece of one, nor one that was cut.
 */
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"

#define HEARD_MOST 2048 /* bytes of standard error that are kept */
#define SHOWN_MOST 300  /* and so many are shown */
#define PIECE 6         /* so many bytes of a secret in a row are a piece of it */
#define DESCRIPTORS_MOST (1 << 20)
#define READS_MOST 16 /* before we look at the time again, however much it writes */

/* What the program says. */
typedef struct heard {
    int fd; /* -1: at its end */
    size_t len;
    bool cut;
    char text[HEARD_MOST + 1];
} heard;

/* Never waits. */
static void listen_to(heard *h) {
    char dropped[4096];

    for (int i = 0; h->fd >= 0 && i < READS_MOST; i++) {
        size_t room = HEARD_MOST - h->len;
        ssize_t n = room > 0 ? read(h->fd, h->text + h->len, room) : read(h->fd, dropped, sizeof dropped);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0) {
            (void)close(h->fd);
            h->fd = -1;
        } else if (room > 0) {
            h->len += (size_t)n;
        } else {
            h->cut = true;
        }
    }
    otsd_wipe(dropped, sizeof dropped);
}

/* Is there a piece of a secret of input in the line? */
static bool repeats(const char *line, size_t len, const char *input, size_t input_len) {
    const char *end = input + input_len;

    for (const char *at = input, *next; at < end; at = next) {
        const char *eol = memchr(at, '\n', (size_t)(end - at)), *secret;
        size_t secret_len, piece;

        next = eol ? eol + 1 : end;
        secret = memchr(at, ':', (size_t)(next - at));
        if (!secret++)
            continue;
        secret_len = (size_t)((eol ? eol : end) - secret);
        piece = secret_len < PIECE ? secret_len : PIECE;
        for (size_t i = 0; piece > 0 && i + piece <= secret_len; i++)
            if (memmem(line, len, secret + i, piece))
                return true;
    }
    return false;
}

/* ": its words", in one line; "" where it said nothing. */
static void words_of(heard *h, const char *input, size_t input_len, char *out, size_t size) {
    static const char hidden[] = "(a line with a password in it)", torn[] = "(…)";
    size_t n = 0;

    out[0] = '\0';
    h->text[h->len] = '\0';
    for (char *line = h->text, *next; line < h->text + h->len && n < size; line = next) {
        size_t left = (size_t)(h->text + h->len - line), len;
        const char *eol = memchr(line, '\n', left), *shown = line;

        len = eol ? (size_t)(eol - line) : left;
        next = line + len + 1;
        if (len == 0)
            continue;
        if (!eol && h->cut)
            shown = torn;
        else if (repeats(line, len, input, input_len))
            shown = hidden;
        n += (size_t)snprintf(out + n, size - n, "%s%.*s", n == 0 ? ": " : "; ", shown == line ? (int)len : INT_MAX,
                              shown);
    }
    otsd_wipe(h->text, sizeof h->text);
}

/* Linux before 5.9 closes them one by one; by the hard limit, for the other one may have been lowered since. */
static void close_others(void) {
    struct rlimit limit;
    int end = DESCRIPTORS_MOST;

    if (close_range(3, ~0U, 0) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < DESCRIPTORS_MOST)
        end = (int)limit.rlim_max;
    for (int fd = 3; fd < end; fd++)
        (void)close(fd);
}

/* Other threads may hold any lock: nothing here but system calls. */
static _Noreturn void child(char *path, int input, int errors, pid_t parent) {
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
    if (null < 0 || dup2(input, 0) < 0 || dup2(null, 1) < 0 || dup2(errors, 2) < 0)
        _exit(EX_OSERR);
    close_others();
    (void)execve(path, argv, envp);
    _exit(127);
}

/* Writes all of input, unless the reader goes away or time is up. */
static bool feed(int fd, heard *h, const char *input, size_t len, int64_t until) {
    size_t done = 0;

    while (done < len) {
        struct pollfd both[] = {{.fd = fd, .events = POLLOUT}, {.fd = h->fd, .events = POLLIN}};
        int64_t left = until - clock_ms();
        ssize_t n;

        if (left <= 0 || (poll(both, 2, (int)left) < 0 && errno != EINTR))
            return false;
        listen_to(h);
        n = write(fd, input + done, len - done);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return true;
}

static int reap(pid_t pid, heard *h, int64_t until, int *status) {
    static const struct timespec pause = {0, 5 * 1000 * 1000};

    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);

        listen_to(h);
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

static int not_run(const char *path, problem *p) {
    return problem_set(p, EX_CONFIG, "%s cannot be run: %s", path, strerror(errno));
}

/* Starts path with the reading end of a new pipe as its input, *input is the writing end; and with another one for what
 * it says. */
static int start(const char *path, int *input, heard *h, pid_t *pid, problem *p) {
    const pid_t self = getpid();
    char *own = strdup(path);
    int in[2] = {-1, -1}, err[2] = {-1, -1}, rc = problem_none(p);

    if (!own || pipe2(in, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        rc = not_run(path, p);
    *pid = rc == EX_OK && own ? fork() : -1;
    if (*pid == 0)
        child(own, in[0], err[1], self);
    if (rc == EX_OK && *pid < 0)
        rc = not_run(path, p);
    free(own);
    (void)close(in[0]);
    (void)close(err[1]);
    if (rc != EX_OK) {
        (void)close(in[1]);
        (void)close(err[0]);
        return rc;
    }
    (void)fcntl(in[1], F_SETFL, O_NONBLOCK);
    (void)fcntl(err[0], F_SETFL, O_NONBLOCK);
    *input = in[1];
    h->fd = err[0];
    return rc;
}

int run_with_input(const char *path, const char *input, size_t len, int timeout_s, problem *p) {
    int64_t until = clock_ms() + timeout_s * 1000L;
    int fd = -1, status = 0, rc = run_check(path, p);
    heard h = {.fd = -1};
    char said[SHOWN_MOST];
    bool fed;
    pid_t pid = -1;

    if (rc == EX_OK)
        rc = start(path, &fd, &h, &pid, p);
    if (rc != EX_OK)
        return rc;
    fed = feed(fd, &h, input, len, until);
    (void)close(fd);
    rc = reap(pid, &h, until, &status);
    if (h.fd >= 0)
        (void)close(h.fd);
    words_of(&h, input, len, said, sizeof said);
    if (rc == EX_TEMPFAIL)
        return problem_set(p, EX_TEMPFAIL, "%s did not end within %d s and was killed%s", path, timeout_s, said);
    if (rc == EX_OK && WIFEXITED(status) && WEXITSTATUS(status) == 0 && fed)
        return problem_none(p);
    if (rc == EX_OK && WIFSIGNALED(status))
        return problem_set(p, EX_OSERR, "%s was killed by signal %d%s", path, WTERMSIG(status), said);
    if (rc == EX_OK && WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return problem_set(p, EX_UNAVAILABLE, "%s ended with status %d%s", path, WEXITSTATUS(status), said);
    return problem_set(p, EX_IOERR, "%s did not take its input%s", path, said);
}
