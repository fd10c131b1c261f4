/* SPDX-License-Identifier: MIT
 *
 * One run of a command: how long it took, and the most memory that it had at once.
 *
 *   timed FILE COMMAND [ARGUMENT...]
 *
 * appends a line "MILLISECONDS KILOBYTES" to FILE and exits as the command did. Without output of its own.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TROUBLE = 125 };

static int64_t now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int trouble(const char *what) {
    fprintf(stderr, "timed: %s: %s\n", what, strerror(errno));
    return TROUBLE;
}

int main(int argc, char **argv) {
    struct rusage used;
    int64_t begin, end;
    int status;
    pid_t child;
    FILE *f;

    if (argc < 3) {
        fputs("usage: timed FILE COMMAND [ARGUMENT...]\n", stderr);
        return TROUBLE;
    }
    begin = now_us();
    child = fork();
    if (child < 0)
        return trouble("fork");
    if (child == 0) {
        (void)execvp(argv[2], argv + 2);
        _exit(trouble(argv[2]));
    }
    if (wait4(child, &status, 0, &used) != child)
        return trouble(argv[2]);
    end = now_us();
    f = fopen(argv[1], "ae");
    if (!f || fprintf(f, "%.3f %ld\n", (double)(end - begin) / 1000, used.ru_maxrss) < 0 || fclose(f) != 0)
        return trouble(argv[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
