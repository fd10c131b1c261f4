/* SPDX-License-Identifier: MIT
 *
 * Account files have lines of any length, and functions that read them into a fixed buffer (fgetpwent_r, fgetspent_r)
 * never get past one that is longer. So: large pieces, a buffer that grows with the longest line, one pass.
 */
#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

#define ROOM_FIRST ((size_t)256 << 10)
#define ROOM_MAX ((size_t)1 << 30)

typedef struct pass {
    const char *path;
    int fd;
    bool (*fn)(char *line, void *arg);
    void *arg;
    char *buf;
    size_t room, len; /* len bytes from the file, the first of them begins a line */
    bool more;        /* fn wants more */
} pass;

static bool grow(pass *s) {
    size_t room = s->room ? 2 * s->room : ROOM_FIRST;
    char *buf = room <= ROOM_MAX ? malloc(room) : NULL;

    if (!buf)
        return false;
    if (s->buf) {
        memcpy(buf, s->buf, s->len);
        otsd_wipe(s->buf, s->room);
        free(s->buf);
    }
    s->buf = buf;
    s->room = room;
    return true;
}

/* Hands out the whole lines among the len bytes and moves the rest to the front. The first `seen` bytes are known to
 * have no line end. */
static void hand_out(pass *s, size_t seen) {
    char *line = s->buf, *end = s->buf + s->len, *stop;

    while (s->more && (stop = memchr(line + seen, '\n', (size_t)(end - line) - seen))) {
        *stop = '\0';
        s->more = s->fn(line, s->arg);
        line = stop + 1;
        seen = 0;
    }
    s->len = (size_t)(end - line);
    memmove(s->buf, line, s->len);
}

static int go(pass *s, problem *p) {
    while (s->more) {
        ssize_t got;
        size_t seen = s->len;

        /* One byte is kept for the NUL of a last line without a newline. */
        if ((!s->buf || s->len + 1 >= s->room) && !grow(s))
            return problem_set(p, EX_OSERR, "%s: a line does not fit into memory", s->path);
        got = file_read(s->fd, s->buf + s->len, s->room - 1 - s->len);
        if (got < 0)
            return problem_set(p, EX_IOERR, "%s cannot be read: %s", s->path, strerror(errno));
        if (got == 0)
            break;
        s->len += (size_t)got;
        hand_out(s, seen);
    }
    if (s->more && s->len > 0) {
        s->buf[s->len] = '\0';
        (void)s->fn(s->buf, s->arg);
    }
    return problem_none(p);
}

int lines_each(const char *path, bool (*fn)(char *line, void *arg), void *arg, problem *p) {
    pass s = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .fn = fn, .arg = arg, .more = true};
    int rc;

    problem_clear(p);
    if (s.fd < 0)
        return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
    rc = go(&s, p);
    if (s.buf)
        otsd_wipe(s.buf, s.room);
    free(s.buf);
    (void)close(s.fd);
    return rc;
}
