/* SPDX-License-Identifier: MIT
 *
 * Writes to the audit log. Lines are made whole in memory before the file is touched, then written and synced, or taken
 * back: who is told that a line is written finds it in the log, with all its members.
 */
#include "ledger/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/holder.h"
#include "base/json.h"
#include "core/core.h"

#define TURN_MS 5000 /* so long another process of ours is waited for */

/* What is not known is not in the line. */
static void add_text(json_out *j, const char *name, const char *value) {
    if (value && *value)
        json_text(j, name, value);
}

static void add_time(json_out *j, const char *name, int64_t when) {
    if (when > 0)
        json_time(j, name, when);
}

static json_out *line_of(const char *event, const record *r, int64_t now) {
    json_out *j = json_new(JSON_LINE);

    json_begin_object(j, NULL);
    add_time(j, "time", now);
    add_text(j, "event", event);
    add_text(j, "user", r->user);
    json_number(j, "uid", r->uid);
    add_text(j, "id", r->id);
    add_text(j, "recipient", r->recipient);
    if (strcmp(event, "closed") == 0) {
        add_text(j, "reason", reason_word((reason)r->reason));
        add_text(j, "outcome", outcome_word((outcome)r->outcome));
        add_time(j, "opened_at", r->opened_at);
        add_time(j, "issued_at", r->created);
    } else {
        add_time(j, "deadline", r->deadline);
    }
    json_end(j);
    return j;
}

static int open_log(const char *path, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 022};
    char dir[PATH_MAX];
    file_found f;

    snprintf(dir, sizeof dir, "%s", path);
    if (mkdir(dirname(dir), 0700) != 0 && errno != EEXIST) {
        problem_set(p, EX_CANTCREAT, "the audit log's folder %s cannot be made: %s", dir, strerror(errno));
        return -1;
    }
    if (file_open(AT_FDCWD, path, O_RDWR | O_APPEND | O_CREAT, &wanted, &f) == FILE_GOOD)
        return f.fd;
    if (f.error != 0)
        problem_set(p, EX_CANTCREAT, "the audit log %s cannot be opened: %s", path, strerror(f.error));
    else
        problem_set(p, EX_CONFIG, "the audit log %s must be a regular file of root's that nobody else can write", path);
    return -1;
}

/* A line that a crash or a full disk cut must not swallow the next one. */
static bool torn(int fd) {
    struct stat st;
    char last = '\n';

    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return false;
    return file_pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* All lines in one piece of memory, each with its newline. False: out of memory. */
static bool make_lines(wiped *out, const char *event, const record *const *r, size_t n, int64_t now) {
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++) {
        json_out *j = line_of(event, r[i], now);
        size_t len = 0;
        const char *text = json_text_of(j, &len);

        ok = text && wiped_append(out, text, len) && wiped_append(out, "\n", 1);
        json_free(&j);
    }
    return ok;
}

/* Whoever may read the log could lock it, and keep every line from being written: so it is the ledger that is locked,
 * which nobody but root can open. No lock of ours is held for longer than a disk takes. */
static int take_turn(const config *c, int *lock, problem *p) {
    static const struct timespec pause = {0, 10 * 1000 * 1000};
    const int64_t end = clock_ms() + TURN_MS;
    char holder[HOLDER_MAX];

    *lock = file_openat(AT_FDCWD, OTSD_STATE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*lock < 0)
        return problem_set(p, EX_IOERR, "the audit log %s cannot be locked: %s: %s", c->audit.file, OTSD_STATE_DIR,
                           strerror(errno));
    while (file_flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return problem_set(p, EX_IOERR, "the audit log %s cannot be locked: %s", c->audit.file, strerror(errno));
        if (clock_ms() >= end)
            return problem_set(p, EX_IOERR, "the audit log %s cannot be written: %s holds the lock of %s",
                               c->audit.file, holder_name(holder_of_flock(*lock), holder), OTSD_STATE_DIR);
        nanosleep(&pause, NULL);
    }
    return problem_none(p);
}

/* A new file's name has to be on the disk, too. */
static bool sync_folder(const char *path) {
    char copy[PATH_MAX];
    bool ok;
    int fd;

    snprintf(copy, sizeof copy, "%s", path);
    fd = file_openat(AT_FDCWD, dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && file_fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd); /* only read */
    return ok;
}

/* Under the lock. What could not be written whole is taken back. */
static int append(const config *c, int fd, const wiped *lines, problem *p) {
    struct stat st;
    int rc;

    if (fstat(fd, &st) == 0) {
        if ((!torn(fd) || file_write(fd, "\n", 1, FILE_HERE, NULL)) &&
            file_write(fd, lines->data, lines->len, FILE_HERE, NULL) && file_fsync(fd) == 0 &&
            (st.st_size > 0 || sync_folder(c->audit.file)))
            return problem_none(p);
        rc = problem_set(p, EX_IOERR, "the audit log %s cannot be written: %s", c->audit.file, strerror(errno));
        (void)!ftruncate(fd, st.st_size);
        return rc;
    }
    return problem_set(p, EX_IOERR, "the audit log %s cannot be written: %s", c->audit.file, strerror(errno));
}

int audit_write_all(const config *c, const char *event, const record *const *r, size_t n, int64_t now, problem *p) {
    wiped lines = {0};
    int fd = -1, lock = -1, rc;

    if (!make_lines(&lines, event, r, n, now)) {
        rc = problem_set(p, EX_OSERR, "out of memory for the audit log");
        goto out;
    }
    fd = open_log(c->audit.file, p);
    rc = fd < 0 ? p->code : take_turn(c, &lock, p);
    if (rc == EX_OK)
        rc = append(c, fd, &lines, p);
    if (rc != EX_OK)
        goto out;
    for (char *rest = lines.data, *line; c->audit.syslog && (line = strsep(&rest, "\n")) && *line;)
        say(LOG_INFO, "%s", line);
out:
    if (lock >= 0)
        (void)close(lock);
    if (fd >= 0)
        (void)close(fd); /* what was written is synced */
    wiped_free(&lines);
    return rc;
}

int audit_write(const config *c, const char *event, const record *r, int64_t now, problem *p) {
    return audit_write_all(c, event, &r, 1, now, p);
}

int audit_ready(const config *c, problem *p) {
    int fd = open_log(c->audit.file, p);

    if (fd < 0)
        return p->code;
    (void)close(fd); /* nothing was written */
    return problem_none(p);
}
