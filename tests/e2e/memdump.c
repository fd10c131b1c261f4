/* SPDX-License-Identifier: MIT
 *
 * Runs a program and writes the whole memory of it, and of every process that it forks, to a file at the last moment at
 * which it exists: the kernel's exit event, when the program has run its cleanup and its mappings are still there. A
 * core dump would not do: the programs under test switch core dumps off, and leave out their locked pages.
 *
 * Guarantees: each readable mapping is in the file, the locked and the "don't dump" ones too; the status of the program
 * is the status of memdump; exit status 70 where a process ended of which no image could be taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static const long OPTIONS = PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                            PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

static bool copy_range(int mem, int out, uint64_t from, uint64_t to) {
    static char page[65536];

    while (from < to) {
        size_t want = to - from < sizeof page ? (size_t)(to - from) : sizeof page;
        ssize_t got = pread(mem, page, want, (off_t)from);

        /* Guard pages and the kernel's own ([vvar], [vsyscall]) are listed as readable and are not. */
        if (got <= 0)
            return true;
        if (write(out, page, (size_t)got) != got)
            return false;
        from += (uint64_t)got;
    }
    return true;
}

/* Appends the image of a stopped process; the number of mappings written, or -1. */
static int dump(pid_t pid, int out) {
    char path[64], line[4608];
    FILE *maps = NULL;
    int mem = -1, count = 0, ret = -1;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    maps = fopen(path, "re");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    if (!maps || mem < 0)
        goto out;
    while (fgets(line, sizeof line, maps)) {
        char *p, *end;
        uint64_t from = strtoull(line, &p, 16), to;

        if (*p != '-')
            goto out;
        to = strtoull(p + 1, &end, 16);
        if (end[0] != ' ')
            goto out;
        /* Addresses above the user's half cannot be read through the descriptor's offset. */
        if (end[1] != 'r' || to > INT64_MAX)
            continue;
        if (!copy_range(mem, out, from, to))
            goto out;
        count++;
    }
    ret = count;
out:
    if (maps && fclose(maps) != 0)
        ret = -1;
    if (mem >= 0)
        (void)close(mem);
    return ret;
}

/* Serves all stops of all processes until the first one is gone; its wait status, or -1 where an image is missing. */
static int follow(pid_t first, int out) {
    int result = -1, status;
    bool complete = true;

    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        long signal_to_pass = 0;

        if (pid < 0)
            return complete && errno == ECHILD ? result : -1;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (pid == first)
                result = status;
            continue;
        }
        if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXIT << 8))) {
            if (dump(pid, out) <= 0)
                complete = false;
        } else if (status >> 16 == 0 && WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
            signal_to_pass = WSTOPSIG(status);
        }
        if (ptrace(PTRACE_CONT, pid, NULL, signal_to_pass) < 0 && errno != ESRCH)
            complete = false;
    }
}

int main(int argc, char **argv) {
    int out, status, result = 70;
    pid_t child;

    if (argc < 3) {
        fprintf(stderr, "usage: memdump FILE PROGRAM [ARGUMENT...]\n");
        return 64;
    }
    out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) {
        perror(argv[1]);
        return 73;
    }
    child = fork();
    if (child == 0) {
        if (raise(SIGSTOP) == 0)
            execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || ptrace(PTRACE_SEIZE, child, NULL, OPTIONS) < 0) {
        perror("memdump");
        goto out;
    }
    /* The child stops itself before it runs the program; seized by then or not, it is continued from that stop. */
    if (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && kill(child, SIGCONT) == 0 &&
        (ptrace(PTRACE_CONT, child, NULL, 0L) == 0 || errno == ESRCH)) {
        status = follow(child, out);
        if (status >= 0)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
out:
    if (close(out) != 0)
        result = 70;
    return result;
}
