/* SPDX-License-Identifier: MIT
 *
 * Account files have lines of any length, and functions that read them into a fixed buffer (fgetpwent_r, fgetspent_r)
 * never get past one that is longer. So: large pieces, a buffer that grows with the longest line, one pass.
 *
 * "The file does not have it" is concluded from what was not shown, and ends hand-offs. So a file that was damaged, or
 * caught while somebody writes it in place, is an error and not a short file.
 */
#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

/* The harnesses make it small (tests/fuzz/build), so that short inputs meet its border. */
#ifndef LINES_ROOM
#define LINES_ROOM ((size_t)256 << 10)
#endif
#define ROOM_MAX ((size_t)1 << 30)

typedef struct pass {
    const char *path;
    unsigned colons;
    int fd;
    struct stat before;
    bool (*fn)(char *line, void *arg);
    void *arg;
    char *buf;
    size_t room, len; /* len bytes from the file, the first of them begins a line */
    bool more;        /* fn wants more */
} pass;

static bool grow(pass *s) {
    size_t room = s->room ? 2 * s->room : LINES_ROOM;
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

static unsigned colons_in(const char *line) {
    unsigned n = 0;

    while ((line = strchr(line, ':'))) {
        line++;
        n++;
    }
    return n;
}

/* What is left at the end: a last line without a newline, whole or cut. */
static int last_line(pass *s, problem *p) {
    if (s->len == 0)
        return problem_none(p);
    s->buf[s->len] = '\0';
    if (colons_in(s->buf) < s->colons)
        return problem_set(p, EX_DATAERR, "%s ends in the middle of a line", s->path);
    s->more = s->fn(s->buf, s->arg);
    return problem_none(p);
}

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Everything was shown. Was that everything? */
static int whole(const pass *s, problem *p) {
    struct stat now;

    if (fstat(s->fd, &now) != 0)
        return problem_set(p, EX_IOERR, "%s cannot be read: %s", s->path, strerror(errno));
    if (now.st_size == 0)
        return problem_set(p, EX_DATAERR, "%s is empty", s->path);
    if (!same_file(&now, &s->before))
        return problem_set(p, EX_TEMPFAIL, "%s changed while it was read", s->path);
    return problem_none(p);
}

static int go(pass *s, problem *p) {
    while (s->more) {
        ssize_t got;
        size_t seen = s->len;
        int rc;

        /* One byte is kept for the NUL of a last line without a newline. */
        if ((!s->buf || s->len + 1 >= s->room) && !grow(s))
            return problem_set(p, EX_OSERR, "%s: a line does not fit into memory", s->path);
        got = file_read(s->fd, s->buf + s->len, s->room - 1 - s->len);
        if (got < 0)
            return problem_set(p, EX_IOERR, "%s cannot be read: %s", s->path, strerror(errno));
        if (got == 0) {
            rc = last_line(s, p);
            return rc == EX_OK && s->more ? whole(s, p) : rc;
        }
        s->len += (size_t)got;
        hand_out(s, seen);
    }
    return problem_none(p);
}

int lines_each(const char *path, unsigned colons, bool (*fn)(char *line, void *arg), void *arg, problem *p) {
    pass s = {.path = path,
              .colons = colons,
              .fd = file_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC),
              .fn = fn,
              .arg = arg,
              .more = true};
    int rc;

    if (s.fd < 0)
        return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
    rc = fstat(s.fd, &s.before) == 0 ? go(&s, p)
                                     : problem_set(p, EX_IOERR, "%s cannot be read: %s", path, strerror(errno));
    if (s.buf)
        otsd_wipe(s.buf, s.room);
    free(s.buf);
    (void)close(s.fd);
    return rc;
}
