/* SPDX-License-Identifier: MIT */
#include "batch/report.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"

#define HEADER "user,status,deadline,id,message"
#define ROOM 32768

typedef struct report {
    char *path;
    int fd;
    bool with_links;
    size_t len;
    char buffer[ROOM]; /* may hold links */
} report;

/* Is it empty, or a report? */
static bool is_ours(int fd) {
    char start[sizeof HEADER + 6] = {0};
    ssize_t n = file_pread(fd, start, sizeof start - 1, 0);

    return n == 0 ||
           (n > 0 && (strncmp(start, HEADER "\n", sizeof HEADER) == 0 || strcmp(start, HEADER ",link\n") == 0));
}

static int open_file(report *r, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT_OR_SELF, .forbidden = 077};
    file_found f;

    switch (file_open(AT_FDCWD, r->path, O_RDWR | O_CREAT | O_APPEND, &wanted, &f)) {
    case FILE_GOOD:
        r->fd = f.fd;
        return problem_none(p);
    case FILE_LINK:
        return problem_set(p, EX_CANTCREAT, "the report %s cannot be made: it is a symbolic link", r->path);
    case FILE_WRONG_TYPE:
        return problem_set(p, EX_CANTCREAT, "the report %s is not a regular file", r->path);
    case FILE_FOREIGN:
        return problem_set(p, EX_NOPERM, "the report %s is there and belongs to uid %lu", r->path,
                           (unsigned long)f.st.st_uid);
    case FILE_TOO_OPEN:
        return problem_set(p, EX_NOPERM, "the report %s is there and open to others (mode %04o): chmod 0600", r->path,
                           (unsigned)f.st.st_mode & 07777U);
    case FILE_ABSENT:
    case FILE_FAILED:
        break;
    }
    return problem_set(p, EX_CANTCREAT, "the report %s cannot be made: %s", r->path, strerror(f.error));
}

static int take(const report *r, problem *p) {
    if (file_flock(r->fd, LOCK_EX | LOCK_NB) != 0)
        return problem_set(p, EX_CANTCREAT, "the report %s is being written by another process", r->path);
    if (!is_ours(r->fd))
        return problem_set(p, EX_DATAERR, "%s is there and is not a report: it is left as it is", r->path);
    return problem_none(p);
}

/* So that a new file's name is on the disk, too. */
static int sync_folder(const char *path, problem *p) {
    char copy[PATH_MAX];
    const char *folder;
    int fd, rc = problem_none(p);

    snprintf(copy, sizeof copy, "%s", path);
    folder = dirname(copy);
    fd = file_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || file_fsync(fd) != 0)
        rc = problem_set(p, EX_IOERR, "the report's folder %s cannot be brought to the disk: %s", folder,
                         strerror(errno));
    if (fd >= 0)
        (void)close(fd); /* only read */
    return rc;
}

static int begin(report *r, problem *p) {
    int rc = open_file(r, p);

    if (rc == EX_OK)
        rc = take(r, p);
    if (rc != EX_OK)
        return rc;
    if (ftruncate(r->fd, 0) != 0)
        return problem_set(p, EX_IOERR, "the report %s cannot be begun anew: %s", r->path, strerror(errno));
    r->len = (size_t)snprintf(r->buffer, sizeof r->buffer, HEADER "%s\n", r->with_links ? ",link" : "");
    rc = report_flush(r, p);
    return rc == EX_OK ? sync_folder(r->path, p) : rc;
}

int report_open(report **out, const char *path, bool with_links, problem *p) {
    report *r;
    int rc;

    *out = NULL;
    if (!path)
        return problem_none(p);
    r = calloc(1, sizeof *r);
    if (!r || !(r->path = strdup(path))) {
        free(r);
        return problem_set(p, EX_OSERR, "out of memory");
    }
    r->with_links = with_links;
    r->fd = -1;
    rc = begin(r, p);
    if (rc != EX_OK) {
        if (r->fd >= 0)
            (void)close(r->fd); /* nothing of ours is in it */
        free(r->path);
        free(r);
        return rc;
    }
    *out = r;
    return problem_none(p);
}

/* Writes what was collected; what is out of the buffer is wiped from it, what is not stays at its beginning. */
static int write_out(report *r, problem *p) {
    size_t done;
    int rc = problem_none(p);

    if (!file_write(r->fd, r->buffer, r->len, FILE_HERE, &done))
        rc = problem_set(p, EX_IOERR, "the report %s cannot be written: %s", r->path, strerror(errno));
    memmove(r->buffer, r->buffer + done, r->len - done);
    otsd_wipe(r->buffer + r->len - done, done);
    r->len -= done;
    return rc;
}

/* What a field takes at most: each byte a quote, the quotes around it, the mark, the comma. */
static size_t worst(const char *field) {
    return 2 * strlen(field) + 4;
}

static void put(report *r, char c) {
    r->buffer[r->len++] = c;
}

static void put_field(report *r, const char *field, char end) {
    const char *first = field + strspn(field, " \t\r\n");
    bool formula = *first && strchr("=+-@", *first), quoted = strpbrk(field, "\",");

    if (quoted)
        put(r, '"');
    if (formula)
        put(r, '\'');
    for (; *field; field++) {
        if (*field == '"')
            put(r, '"');
        put(r, (unsigned char)*field < ' ' || *field == 0x7f ? ' ' : *field);
    }
    if (quoted)
        put(r, '"');
    put(r, end);
}

int report_line(report *r, const char *user, const char *status, int64_t deadline, const char *id, const char *message,
                const char *link, problem *p) {
    char until[40] = "";
    time_t t = (time_t)deadline;
    struct tm tm;
    size_t need;

    if (!r)
        return problem_none(p);
    link = link ? link : "";
    need = worst(user) + worst(status) + sizeof until + worst(id) + worst(message) + worst(link);
    if (need > ROOM)
        return problem_set(p, EX_SOFTWARE, "a line of the report is too long");
    if (need > ROOM - r->len) {
        int rc = write_out(r, p);

        if (rc != EX_OK && need > ROOM - r->len)
            return rc;
    }
    if (deadline > 0 && gmtime_r(&t, &tm) && strftime(until, sizeof until, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        until[0] = '\0';
    put_field(r, user, ',');
    put_field(r, status, ',');
    put_field(r, until, ',');
    put_field(r, id, ',');
    put_field(r, message, r->with_links ? ',' : '\n');
    if (r->with_links)
        put_field(r, link, '\n');
    return problem_none(p);
}

int report_flush(report *r, problem *p) {
    int rc = r ? write_out(r, p) : problem_none(p);

    if (r && rc == EX_OK && file_fsync(r->fd) != 0)
        return problem_set(p, EX_IOERR, "the report %s cannot be brought to the disk: %s", r->path, strerror(errno));
    return rc;
}

int report_close(report **out, problem *p) {
    report *r = *out;
    int rc = report_flush(r, p);

    *out = NULL;
    if (!r)
        return problem_none(p);
    if (close(r->fd) != 0 && rc == EX_OK)
        rc = problem_set(p, EX_IOERR, "the report %s cannot be closed: %s", r->path, strerror(errno));
    otsd_wipe(r->buffer, sizeof r->buffer);
    free(r->path);
    free(r);
    return rc;
}
