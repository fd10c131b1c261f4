/* SPDX-License-Identifier: MIT
 *
 * Catches what a test world says to syslog: binds /dev/log (or the path given) and appends each message to a file as
 * one line, "<PRI>..." as it came. Real syslog daemons are not used because none may be left behind on the machine and
 * because a test wants the priority number.
 *
 * Guarantees: once "ready" is on standard output no message is lost to a missing socket; a message is in the file,
 * whole, before the next one is received.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int bind_log(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if ((unlink(path) < 0 && errno != ENOENT) || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
        chmod(path, 0666) < 0) {
        int saved = errno;

        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* One message, one line: what would break the line becomes a space. */
static size_t one_line(char *m, size_t len) {
    while (len > 0 && (m[len - 1] == '\0' || m[len - 1] == '\n'))
        len--;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)m[i] < ' ')
            m[i] = ' ';
    m[len] = '\n';
    return len + 1;
}

/* Until it is killed, or something fails. */
static void serve(int in, int out, const char *name) {
    static char message[65536 + 1];

    for (;;) {
        ssize_t got = recv(in, message, sizeof message - 1, 0);
        size_t len;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            perror("recv");
            return;
        }
        len = one_line(message, (size_t)got);
        if (write(out, message, len) != (ssize_t)len) {
            perror(name);
            return;
        }
    }
}

int main(int argc, char **argv) {
    int in, out;

    if (argc != 3) {
        fprintf(stderr, "usage: syslogd SOCKET FILE\n");
        return 64;
    }
    in = bind_log(argv[1]);
    if (in < 0) {
        perror(argv[1]);
        return 73;
    }
    out = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0)
        perror(argv[2]);
    else if (puts("ready") >= 0 && fflush(stdout) == 0)
        serve(in, out, argv[2]);
    if (out >= 0)
        (void)close(out);
    (void)close(in);
    return 74;
}
