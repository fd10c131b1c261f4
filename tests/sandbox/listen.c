/* SPDX-License-Identifier: MIT
 *
 * The listening socket: on the loopback interface, unless told otherwise in so many words.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

bool is_loopback(const struct sockaddr *a) {
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

void address_text(const struct sockaddr *a, char *out, size_t size) {
    const void *raw = NULL;

    if (a->sa_family == AF_INET)
        raw = &((const struct sockaddr_in *)(const void *)a)->sin_addr;
    else if (a->sa_family == AF_INET6)
        raw = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    if (!raw || !inet_ntop(a->sa_family, raw, out, (socklen_t)size))
        out[0] = '\0';
}

static unsigned port_of(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_storage room;
    } a;
    socklen_t len = sizeof a;
    memset(&a, 0, sizeof a);
    if (getsockname(fd, &a.any, &len) != 0)
        return 0;
    return ntohs(a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port);
}

int listen_open(const struct options *o, unsigned *port, int *status) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    const int on = 1;
    int fd = -1, rc = getaddrinfo(o->host, o->port, &hints, &list);

    if (rc != 0) {
        fprintf(stderr, "otsd-sandbox: %s: no such address: %s\n", o->host, gai_strerror(rc));
        *status = EX_NOHOST;
        return -1;
    }
    if (!o->allow_remote && !is_loopback(list->ai_addr)) {
        fprintf(stderr, "otsd-sandbox: %s can be reached from other machines; --allow-remote permits that\n", o->host);
        *status = EX_USAGE;
        goto out;
    }
    fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
        fprintf(stderr, "otsd-sandbox: cannot listen on %s port %s: %s\n", o->host, o->port, strerror(errno));
        *status = EX_UNAVAILABLE;
        if (fd >= 0)
            close(fd);
        fd = -1;
        goto out;
    }
    *port = port_of(fd);
out:
    freeaddrinfo(list);
    return fd;
}
