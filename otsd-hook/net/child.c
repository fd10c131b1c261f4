/* SPDX-License-Identifier: MIT */
#include "net/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/file.h"
#include "net/drop.h"
#include "net/start.h"

#define READY_WITHIN 30000 /* ms; nothing of it is the network's */
#define END_WITHIN 200     /* ms; then it is killed */

static otsd_err open_ca(int *fd, const char *path, otsd_error *e) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ANYBODY, .follow = true};
    file_found f;

    if (file_open(AT_FDCWD, path, O_RDONLY, &wanted, &f) == FILE_GOOD) {
        *fd = f.fd;
        return OTSD_OK;
    }
    return error_local(e, OTSD_ERR_CONFIG, "%s: %s", path,
                       f.error != 0 ? strerror(f.error) : "is no file; one with PEM certificates was expected");
}

static bool send_hello(const child *c, wire_hello *hello, int ca) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {hello, sizeof *hello};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;

    if (ca >= 0) {
        memset(&control, 0, sizeof control);
        m.msg_control = control.room;
        m.msg_controllen = sizeof control.room;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof ca);
        memcpy(CMSG_DATA(&control.head), &ca, sizeof ca);
    }
    do {
        n = sendmsg(c->channel, &m, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *hello;
}

/* Why a child is gone that never said that it is there. */
static otsd_err died_early(child *c, otsd_error *e) {
    int status = 0;
    const char *why = NULL;
    pid_t pid = c->pid;

    (void)close(c->channel);
    *c = CHILD_NONE;
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        if (WIFEXITED(status))
            why = drop_failure(WEXITSTATUS(status));
    }
    return start_failed(e, why ? why : "it ended before it was ready");
}

static otsd_err greet(child *c, wire_hello *hello, int ca, otsd_error *e) {
    wire_ready ready = {0};

    if (!send_hello(c, hello, ca) || child_receive(c, &ready, sizeof ready, clock_ms() + READY_WITHIN) != CHILD_SAID)
        return died_early(c, e);
    switch (wire_take_ready(&ready, e)) {
    case WIRE_ANSWERED:
        c->landlock = ready.landlock;
        return OTSD_OK;
    case WIRE_FAILED:
        child_end(c);
        return (otsd_err)ready.code;
    default:
        child_end(c);
        return start_failed(e, OTSD_NET_PATH " is of another release than this program");
    }
}

otsd_err child_start(child *c, wire_hello *hello, const char *ca_file, otsd_error *e) {
    int ca = -1;
    otsd_err rc = ca_file ? open_ca(&ca, ca_file, e) : OTSD_OK;

    *c = CHILD_NONE;
    if (rc == OTSD_OK)
        rc = start_child(c, e);
    if (rc == OTSD_OK)
        rc = greet(c, hello, ca, e);
    if (ca >= 0)
        (void)close(ca); /* opened for reading: nothing can be lost */
    return rc;
}

/* It ends by itself when the channel does, unless it is with a server. */
static void reap(pid_t pid) {
    int64_t until = clock_ms() + END_WITHIN;

    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (clock_ms() >= until)
            (void)kill(pid, SIGKILL);
        (void)poll(NULL, 0, 1);
    }
}

void child_end(child *c) {
    if (c->channel >= 0)
        (void)close(c->channel);
    if (c->pid > 0)
        reap(c->pid);
    *c = CHILD_NONE;
}

child_verdict child_receive(const child *c, void *message, size_t len, int64_t until) {
    struct pollfd in = {.fd = c->channel, .events = POLLIN};
    struct iovec part = {message, len};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;

    for (;;) {
        int64_t left = until - clock_ms();
        int ready = poll(&in, 1, left > 0 ? (int)(left < 3600000 ? left : 3600000) : 0);

        if (ready < 0 && errno != EINTR)
            return CHILD_DEAD;
        if (ready == 0 && left <= 0)
            return CHILD_SILENT;
        if (ready <= 0)
            continue;
        m.msg_flags = 0;
        n = recvmsg(c->channel, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        return n == (ssize_t)len && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ? CHILD_SAID : CHILD_DEAD;
    }
}
