/* SPDX-License-Identifier: MIT
 *
 * otsd-net: all that meets bytes of the network on behalf of otsd-hook. It is started without privileges
 * (net/drop.c, or otsd-net@.service), is told one server, gives up what is left (confine.c), and then answers
 * requests until its parent is gone. It keeps nothing and writes nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "net/drop.h"
#include "otsd-net/serve.h"

static bool has_channel(void) {
    int type = 0;
    socklen_t len = sizeof type;

    return getsockopt(DROP_CHANNEL, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

int main(void) {
    if (!has_channel()) {
        fputs("otsd-net: it is started by otsd-hook, or by its socket unit; see otsd-hook(8)\n", stderr);
        return EX_USAGE;
    }
    if (getuid() == 0 || geteuid() == 0 || getgid() == 0 || getegid() == 0)
        return EX_NOPERM;
    if (fcntl(DROP_CHANNEL, F_SETFD, FD_CLOEXEC) != 0 || otsd_process_harden(NULL) != OTSD_OK)
        return EX_OSERR;
    (void)signal(SIGPIPE, SIG_IGN);
    return serve_parent(DROP_CHANNEL);
}
