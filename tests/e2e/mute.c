/* SPDX-License-Identifier: MIT
 *
 * A name server that never answers. Nothing bound to the port would not do: the kernel would refuse at once, and the
 * resolver would give up at once. So this binds UDP and TCP, takes what comes, and is silent.
 *
 * Prints "ready" once both are bound, then "asked" for each datagram or connection, so that a test can prove that the
 * resolver did come here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int bound(int type, const struct sockaddr_in *a) {
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)a, sizeof *a) < 0 || (type == SOCK_STREAM && listen(fd, 64) < 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int say(const char *word) {
    return puts(word) < 0 || fflush(stdout) != 0 ? -1 : 0;
}

int main(int argc, char **argv) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    struct pollfd fds[2];
    char *end;
    long port = argc == 3 ? strtol(argv[2], &end, 10) : 0;

    if (port < 1 || port > 65535 || *end != '\0' || inet_pton(AF_INET, argv[1], &a.sin_addr) != 1) {
        fprintf(stderr, "usage: mute ADDRESS PORT\n");
        return 64;
    }
    a.sin_port = htons((uint16_t)port);
    fds[0] = (struct pollfd){.fd = bound(SOCK_DGRAM, &a), .events = POLLIN};
    fds[1] = (struct pollfd){.fd = bound(SOCK_STREAM, &a), .events = POLLIN};
    if (fds[0].fd < 0 || fds[1].fd < 0) {
        fprintf(stderr, "mute: %s %s: %s\n", argv[1], argv[2], strerror(errno));
        return 73;
    }
    if (say("ready") < 0)
        return 74;
    for (;;) {
        char query[512];

        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            perror("poll");
            return 74;
        }
        if ((fds[0].revents & POLLIN) && recv(fds[0].fd, query, sizeof query, 0) >= 0 && say("asked") < 0)
            return 74;
        /* Accepted and kept open: the end of this program closes it. */
        if ((fds[1].revents & POLLIN) && accept4(fds[1].fd, NULL, NULL, SOCK_CLOEXEC) >= 0 && say("asked") < 0)
            return 74;
    }
}
