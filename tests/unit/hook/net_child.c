/* SPDX-License-Identifier: MIT
 *
 * Unit tests have no account otsd-net and run under tools that need every system call: their children are what otsd-net
 * is behind the drop and without the walls, in a fork of the test itself. The drop and the walls are e2e/net.test's.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "net_child.h"

#include "net/start.h"
#include "otsd-net/confine.h"
#include "otsd-net/serve.h"

#define CHANNEL 3

int (*net_child)(int channel) = serve_parent;

otsd_err __wrap_start_child(child *c, otsd_error *e);
otsd_err __wrap_confine(const confine_ports *ports, unsigned *landlock, otsd_error *e);

otsd_err __wrap_confine(const confine_ports *ports, unsigned *landlock, otsd_error *e) {
    (void)ports, (void)e;
    *landlock = 7;
    return OTSD_OK;
}

otsd_err __wrap_start_child(child *c, otsd_error *e) {
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return start_failed(e, "no pair of sockets");
    (void)fflush(NULL); /* or the child would write it, too, under valgrind */
    c->pid = fork();
    if (c->pid == 0) { /* no lock of the test's is its own */
        if (dup2(pair[1], CHANNEL) < 0 || close_range(CHANNEL + 1, 1023, 0) != 0)
            _exit(EX_OSERR);
        _exit(net_child(CHANNEL));
    }
    (void)close(pair[1]);
    c->channel = pair[0];
    return OTSD_OK;
}
