/* SPDX-License-Identifier: MIT
 *
 * For replay.c: sandboxes as children.
 */
#ifndef CONFORMANCE_HOUSES_H
#define CONFORMANCE_HOUSES_H

#include "peer.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ACCOUNT_OPS "ops@example.com:ops-api-token-0123456789abcdef"
#define ACCOUNT_OTHER "other@example.com:other-api-token-0123456789abcdef"

static void start_house(enum house h, const char *release) {
    const char *b = getenv("B");
    char path[512], first[512] = "";
    const char *argv[20];
    int n = 0, pipe_fd[2];
    FILE *f;

    snprintf(path, sizeof path, "%s/otsd-sandbox", !b ? "build" : b);
    argv[n++] = path;
    argv[n++] = "--release", argv[n++] = release;
    argv[n++] = "--listen", argv[n++] = "127.0.0.1:0";
    argv[n++] = "--account", argv[n++] = ACCOUNT_OPS;
    argv[n++] = "--account", argv[n++] = ACCOUNT_OTHER;
    argv[n++] = "--control";
    if (h != LIMITED_HOUSE)
        argv[n++] = "--no-limits";
    if (h == SHORT_HOUSE)
        argv[n++] = "--min-ttl", argv[n++] = "60";
    argv[n] = NULL;
    if (pipe(pipe_fd) != 0)
        die("pipe");
    fflush(stdout);
    houses[h].pid = fork();
    if (houses[h].pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(pipe_fd[1], 1);
        close(pipe_fd[0]);
        close(pipe_fd[1]);
        execv(path, (char *const *)(const void *)argv);
        _exit(127);
    }
    close(pipe_fd[1]);
    f = fdopen(pipe_fd[0], "r");
    if (houses[h].pid < 0 || !f || !fgets(first, sizeof first, f) ||
        sscanf(first, "listening on %255s", houses[h].url) != 1)
        die(path);
    fclose(f);
}

static void stop_house(enum house h) {
    int status = 0;

    if (houses[h].pid <= 0)
        return;
    kill(houses[h].pid, SIGTERM);
    if (waitpid(houses[h].pid, &status, 0) != houses[h].pid || status != 0) {
        printf("Bail out! the sandbox did not end well: status %d\n", status);
        exit(1);
    }
    houses[h] = (struct house_state){0};
}

#endif
