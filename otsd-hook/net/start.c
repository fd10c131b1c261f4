/* SPDX-License-Identifier: MIT */
#include "net/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/privs.h"
#include "core/file.h"
#include "net/drop.h"

otsd_err start_failed(otsd_error *e, const char *why) {
    return error_local(e, OTSD_ERR_CONFIG, DROP_USER " cannot be started, and nothing was sent: %s", why);
}

static otsd_err open_program(int *fd, otsd_error *e) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 022};
    file_found f;

    if (file_open(AT_FDCWD, OTSD_NET_PATH, O_RDONLY, &wanted, &f) == FILE_GOOD) {
        *fd = f.fd;
        return OTSD_OK;
    }
    return start_failed(e, f.error != 0 ? strerror(f.error)
                                        : OTSD_NET_PATH " has to be a file of root's that nobody else can write");
}

static otsd_err fork_child(child *c, otsd_error *e) {
    drop_plan plan = {.program = -1, .parent = getpid()};
    int pair[2];
    otsd_err rc = drop_identity(&plan, e);

    if (rc == OTSD_OK)
        rc = open_program(&plan.program, e);
    if (rc != OTSD_OK)
        return rc;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        rc = start_failed(e, strerror(errno));
        (void)close(plan.program);
        return rc;
    }
    plan.channel = pair[1];
    c->pid = fork();
    if (c->pid == 0)
        drop_and_run(&plan);
    if (c->pid < 0)
        rc = start_failed(e, strerror(errno));
    (void)close(plan.program);
    (void)close(pair[1]);
    if (rc == OTSD_OK) {
        c->channel = pair[0];
        return rc;
    }
    (void)close(pair[0]);
    c->pid = 0;
    return rc;
}

/* Who listens there has root's identity, or it is not the service manager. */
static bool is_of_root(int channel) {
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static otsd_err connect_child(child *c, otsd_error *e) {
    const struct sockaddr_un there = {.sun_family = AF_UNIX, .sun_path = START_SOCKET};
    int channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (channel < 0)
        return start_failed(e, strerror(errno));
    if (connect(channel, (const struct sockaddr *)&there, sizeof there) != 0 || !is_of_root(channel)) {
        (void)close(channel);
        return start_failed(
            e, "this process may not change its identity (CAP_SETUID, CAP_SETGID), and nobody listens on " START_SOCKET
               " (otsd-net.socket)");
    }
    c->channel = channel;
    c->pid = 0;
    return OTSD_OK;
}

otsd_err start_child(child *c, otsd_error *e) {
    /* May this process take on another identity? */
    return privs_has(CAP_SETUID) && privs_has(CAP_SETGID) ? fork_child(c, e) : connect_child(c, e);
}
