/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS 72

struct connection {
    int fd;
    size_t len;
    char in[SERVER_REQUEST_MAX];
};

static void die(const char *what) {
    perror(what);
    exit(99);
}

static bool send_all(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

/* Length of the first whole request in the buffer, 0 where there is none yet. */
static size_t whole_request(const struct connection *c) {
    const char *end = memmem(c->in, c->len, "\r\n\r\n", 4), *p;
    size_t need;

    if (!end)
        return 0;
    need = (size_t)(end + 4 - c->in);
    p = strcasestr(c->in, "\r\nContent-Length:");
    if (p && p < end)
        need += strtoul(p + 17, NULL, 10);
    return c->len >= need ? need : 0;
}

static void shut(struct connection *c, struct server_seen *seen, bool reset) {
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (reset && setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) != 0)
        die("setsockopt");
    (void)close(c->fd);
    c->fd = -1;
    c->len = 0;
    seen->closed++;
}

/* "~XX": the byte with the hexadecimal value XX, turned by one: the text itself never has the byte's neighbours. */
static bool send_masked(int fd, const char *text) {
    char out[4096];
    size_t n = 0;
    char hex[3] = "";

    for (; *text != '\0' && n < sizeof out; n++) {
        if (*text == '~') {
            memcpy(hex, text + 1, 2);
            out[n] = (char)(strtoul(hex, NULL, 16) ^ 1U);
            text += 3;
        } else {
            out[n] = *text++;
        }
    }
    return send_all(fd, out, n);
}

static void obey(struct connection *c, struct server_seen *seen, const struct step *s) {
    static const char flood[4096];

    switch (s->action) {
    case STEP_ANSWER:
    case STEP_MASKED:
        if (!(s->action == STEP_MASKED ? send_masked(c->fd, s->text) : send_all(c->fd, s->text, strlen(s->text))))
            shut(c, seen, false);
        break;
    case STEP_ANSWER_CLOSE:
        (void)send_all(c->fd, s->text, strlen(s->text));
        shut(c, seen, false);
        break;
    case STEP_CLOSE:
    case STEP_RESET:
        shut(c, seen, s->action == STEP_RESET);
        break;
    case STEP_STALL:
        break;
    case STEP_DRIP:
        for (size_t i = 0; i < strlen(s->text) && send_all(c->fd, s->text + i, 1); i++)
            (void)poll(NULL, 0, 100);
        shut(c, seen, false);
        break;
    case STEP_FLOOD:
        if (send_all(c->fd, s->text, strlen(s->text)))
            while (send_all(c->fd, flood, sizeof flood))
                ;
        shut(c, seen, false);
        break;
    }
}

static void take_request(struct connection *c, size_t len, struct server_seen *seen, const struct step *steps,
                         size_t n) {
    unsigned k = seen->requests;

    if (k < SERVER_KEPT) {
        memcpy(seen->request[k], c->in, len < SERVER_REQUEST_MAX - 1 ? len : SERVER_REQUEST_MAX - 1);
        __sync_synchronize();
    }
    c->len -= len;
    memmove(c->in, c->in + len, c->len);
    seen->requests++;
    obey(c, seen, &steps[k < n ? k : n - 1]);
}

static void serve(int listener, struct server_seen *seen, const struct step *steps, size_t n) {
    struct connection all[CONNECTIONS];
    struct pollfd fds[CONNECTIONS + 1];
    size_t len;
    ssize_t got;

    for (size_t i = 0; i < CONNECTIONS; i++)
        all[i].fd = -1, all[i].len = 0;
    for (;;) {
        fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (size_t i = 0; i < CONNECTIONS; i++)
            fds[i + 1] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
        if (poll(fds, CONNECTIONS + 1, -1) < 0 && errno != EINTR)
            die("poll");
        for (size_t i = 0; i < CONNECTIONS; i++) {
            if (all[i].fd < 0 || fds[i + 1].revents == 0)
                continue;
            got = recv(all[i].fd, all[i].in + all[i].len, sizeof all[i].in - 1 - all[i].len, 0);
            if (got <= 0) {
                shut(&all[i], seen, false);
                continue;
            }
            all[i].len += (size_t)got;
            all[i].in[all[i].len] = '\0';
            while (all[i].fd >= 0 && (len = whole_request(&all[i])) > 0)
                take_request(&all[i], len, seen, steps, n);
        }
        for (size_t i = 0; fds[0].revents != 0 && i < CONNECTIONS; i++)
            if (all[i].fd < 0) {
                all[i].fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (all[i].fd >= 0)
                    seen->connections++;
                break;
            }
    }
}

struct server server_start(const struct step *steps, size_t n) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const pid_t test = getpid();
    struct server s;

    s.seen = mmap(NULL, sizeof *s.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fd < 0 || s.seen == MAP_FAILED || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(fd, CONNECTIONS) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        die("server");
    s.port = ntohs(a.sin_port);
    s.pid = fork();
    if (s.pid < 0)
        die("fork");
    if (s.pid == 0) {
        /* A test that crashes leaves no server, also where it did before we could say so. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != test)
            _exit(0);
        serve(fd, s.seen, steps, n);
    }
    (void)close(fd);
    return s;
}

void server_wait_closed(const struct server *s, unsigned n) {
    while (*(volatile unsigned *)&s->seen->closed < n)
        (void)poll(NULL, 0, 1);
}

void server_stop(struct server *s) {
    if (kill(s->pid, SIGKILL) != 0 || waitpid(s->pid, NULL, 0) != s->pid || munmap(s->seen, sizeof *s->seen) != 0)
        die("server_stop");
}

const char *server_json(int status, const char *headers, const char *json) {
    static char buffers[32][4096];
    static unsigned next;
    char *out = buffers[next++ % 32];
    int n = snprintf(
        out, sizeof buffers[0],
        "HTTP/1.1 %d Whatever\r\nContent-Type: application/json; charset=utf-8\r\n%sContent-Length: %zu\r\n\r\n%s",
        status, headers, strlen(json), json);

    if (n < 0 || (size_t)n >= sizeof buffers[0])
        die("server_json");
    return out;
}
