/* SPDX-License-Identifier: MIT
 *
 * One record in its file: made, found, written, moved, removed. What has been written survives the process, what has
 * been synced the machine; a rename is the transition itself, and the lock goes with the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/names.h"
#include "ledger/store.h"

/* Bytes that a record needs from intent to end; on most file systems one block, which it takes anyway. */
#define RESERVED 4096
/* Up to so many records are synced one by one, and not with all else on their file system. */
#define FEW 8

static const char *const state_texts[LEDGER_STATES] = {
    [LEDGER_ISSUING] = "issuing",
    [LEDGER_PENDING] = "pending",
    [LEDGER_CLAIMED] = "claimed",
    [LEDGER_ASIDE] = "aside",
};
static const name_table states = NAMES_OF(state_texts);

const char *ledger_state_name(ledger_state s) {
    const char *text = names_text(&states, (long)s);

    return text ? text : "unknown";
}

record *entry_record(entry *e) {
    return &e->wanted;
}

const record *entry_saved(const entry *e) {
    return &e->saved;
}

ledger_state entry_state(const entry *e) {
    return e->state;
}

void entry_init(entry *e, ledger_state s, const char *name) {
    memset(e, 0, sizeof *e);
    e->state = s;
    e->fd = -1;
    snprintf(e->name, sizeof e->name, "%s", name);
}

void entry_reset(entry *e) {
    if (e->fd >= 0)
        (void)close(e->fd); /* what was written was checked where it was written */
    otsd_wipe(e, sizeof *e);
    e->fd = -1;
}

void ledger_release(entry **e) {
    if (!*e)
        return;
    entry_reset(*e);
    free(*e);
    *e = NULL;
}

int entry_failed(problem *p, const char *what, const entry *e) {
    return problem_set(p, EX_IOERR, "%s %s/%s/%s: %s", what, OTSD_STATE_DIR, ledger_state_name(e->state), e->name,
                       strerror(errno));
}

static int append(entry *e, const char *text, size_t len, problem *p) {
    struct stat st;

    /* What a crash tore off is behind e->end; the next line must not be glued to it. A needless truncation would give
     * back what ledger_create reserved. */
    if (fstat(e->fd, &st) != 0 || ((size_t)st.st_size != e->end && ftruncate(e->fd, (off_t)e->end) != 0))
        return entry_failed(p, "cannot write", e);
    if (!file_write(e->fd, text, len, (off_t)e->end, NULL)) {
        int rc = entry_failed(p, "cannot write", e);

        (void)!ftruncate(e->fd, (off_t)e->end); /* what stays is no whole line: the next append cuts it off */
        return rc;
    }
    e->end += len;
    return problem_none(p);
}

int ledger_mark(const entry *e, problem *p) {
    int64_t due = e->wanted.reason != REASON_NONE ? e->wanted.claimed_at : e->wanted.deadline;
    struct timespec times[2] = {{0, UTIME_OMIT}, {(time_t)due, 0}};

    if (futimens(e->fd, times) != 0)
        return entry_failed(p, "cannot set the time of", e);
    return problem_none(p);
}

int ledger_write(entry *e, problem *p) {
    char text[8192];
    size_t len = record_format(&e->wanted, &e->saved, text, sizeof text);
    int rc = problem_none(p);

    if (len > 0)
        rc = append(e, text, len, p);
    otsd_wipe(text, sizeof text);
    if (rc == EX_OK)
        e->saved = e->wanted;
    if (rc == EX_OK && len > 0 && e->state == LEDGER_PENDING)
        rc = ledger_mark(e, p);
    return rc;
}

static int sync_one(const entry *e, problem *p) {
    return file_fdatasync(e->fd) == 0 ? problem_none(p) : entry_failed(p, "cannot write", e);
}

int ledger_save(entry *e, problem *p) {
    size_t before = e->end;
    int rc = ledger_write(e, p);

    return rc == EX_OK && e->end != before ? sync_one(e, p) : rc;
}

/* The fsync of a thousand small files is a thousand waits for the disk; syncfs is one. Since Linux 5.8 it reports what
 * could not be written, as fsync does. */
int ledger_sync(const ledger *l, entry *const *e, size_t n, problem *p) {
    int rc = problem_none(p);

    if (n > FEW)
        return syncfs(l->root) == 0 ? problem_none(p)
                                    : problem_set(p, EX_IOERR, "cannot write %s: %s", OTSD_STATE_DIR, strerror(errno));
    for (size_t i = 0; rc == EX_OK && i < n; i++)
        rc = sync_one(e[i], p);
    if (rc == EX_OK && n > 0 && file_fsync(l->dirs[e[0]->state]) != 0)
        rc = entry_failed(p, "cannot write the directory of", e[0]);
    return rc;
}

/* Is the file behind fd still the one of that name? */
static bool in_place(int dir, const entry *e) {
    struct stat a, b;

    return fstat(e->fd, &a) == 0 && fstatat(dir, e->name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* The empty file, made and locked. */
static int make_file(const ledger *l, entry *e, problem *p) {
    e->fd = file_openat(l->dirs[LEDGER_ISSUING], e->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC);
    if (e->fd < 0)
        return errno == EEXIST
                   ? problem_set(p, LEDGER_TAKEN, "%s: a provision is under way or was interrupted", e->name)
                   : entry_failed(p, "cannot make", e);
    /* A sweep may come upon the empty file first, and drops what is empty. */
    if (file_flock(e->fd, LOCK_EX | LOCK_NB) != 0 || !in_place(l->dirs[LEDGER_ISSUING], e))
        return problem_set(p, EX_TEMPFAIL, "%s: otsd-hook sweep is at work on this user; try again", e->name);
    return problem_none(p);
}

static int fill_file(const ledger *l, entry *e, problem *p) {
    int rc;

    /* A disk that fills up later must not cost the metadata key. Not every file system can do this. */
    if (fallocate(e->fd, FALLOC_FL_KEEP_SIZE, 0, RESERVED) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        rc = entry_failed(p, "no room for", e);
    else
        rc = ledger_write(e, p);
    if (rc != EX_OK)
        (void)unlinkat(l->dirs[LEDGER_ISSUING], e->name, 0); /* what stays is empty, and the next sweep drops it */
    return rc;
}

int ledger_create(const ledger *l, const record *r, entry **out, problem *p) {
    const char *fault = user_name_fault(r->user);
    entry *e = fault ? NULL : malloc(sizeof *e);
    int rc;

    *out = NULL;
    /* The last door: no name that came another way than through a command's arguments passes it. */
    if (fault)
        return problem_set(p, EX_DATAERR, "%s: there can be no hand-off of that name: %s", r->user, fault);
    if (!e)
        return problem_set(p, EX_OSERR, "out of memory");
    entry_init(e, LEDGER_ISSUING, r->user);
    rc = make_file(l, e, p);
    if (rc == EX_OK) {
        e->wanted = *r;
        rc = fill_file(l, e, p);
    }
    if (rc == EX_OK)
        *out = e;
    else
        ledger_release(&e);
    return rc;
}

int ledger_rename(const ledger *l, entry *e, ledger_state to, problem *p) {
    char name[sizeof e->name];
    int from_dir = l->dirs[e->state], to_dir = l->dirs[to];

    snprintf(name, sizeof name, to == LEDGER_CLAIMED ? "%s.%s" : "%s", e->wanted.user, e->wanted.id);
    if (to == LEDGER_PENDING) {
        int rc = ledger_mark(e, p);

        if (rc != EX_OK)
            return rc;
    }
    if (renameat2(from_dir, e->name, to_dir, name, RENAME_NOREPLACE) != 0) {
        int rc = errno == EEXIST ? LEDGER_TAKEN : EX_IOERR;

        problem_set(p, rc, "cannot move %s/%s/%s to %s: %s", OTSD_STATE_DIR, ledger_state_name(e->state), e->name,
                    ledger_state_name(to), strerror(errno));
        return rc;
    }
    e->state = to;
    memcpy(e->name, name, sizeof name);
    return problem_none(p);
}

int ledger_sync_names(const ledger *l, ledger_state from, ledger_state to, problem *p) {
    if (file_fsync(l->dirs[to]) == 0 && file_fsync(l->dirs[from]) == 0)
        return problem_none(p);
    return problem_set(p, EX_IOERR, "cannot write the directories %s and %s of %s: %s", ledger_state_name(from),
                       ledger_state_name(to), OTSD_STATE_DIR, strerror(errno));
}

int ledger_move(const ledger *l, entry *e, ledger_state to, problem *p) {
    ledger_state from = e->state;
    int rc = ledger_rename(l, e, to, p);

    return rc == EX_OK ? ledger_sync_names(l, from, to, p) : rc;
}

int ledger_unlink(const ledger *l, const entry *e, problem *p) {
    return unlinkat(l->dirs[e->state], e->name, 0) == 0 ? problem_none(p) : entry_failed(p, "cannot remove", e);
}

int ledger_remove(const ledger *l, const entry *e, problem *p) {
    int rc = ledger_unlink(l, e, p);

    if (rc != EX_OK)
        return rc;
    if (file_fsync(l->dirs[e->state]) != 0)
        return entry_failed(p, "cannot write the directory of", e);
    return problem_none(p);
}

static bool is_named(const entry *e, const char *user) {
    char expected[sizeof e->name];

    snprintf(expected, sizeof expected, e->state == LEDGER_CLAIMED ? "%s.%s" : "%s", user, e->wanted.id);
    return strcmp(expected, e->name) == 0;
}

/* A ledger_refile that was interrupted left the record under either name; the next write says the rest. */
static bool belongs(entry *e) {
    record *r = &e->wanted;

    if (!is_named(e, r->user)) {
        if (!r->renamed[0] || !is_named(e, r->renamed))
            return false;
        memcpy(r->user, r->renamed, sizeof r->user);
    }
    r->renamed[0] = '\0';
    return true;
}

int entry_load(entry *e, problem *p) {
    char text[RECORD_MAX];
    ssize_t n;
    size_t len;
    int rc;

    /* A regular file gives all that it has in one call; one that grows meanwhile gives whole lines at least. */
    do
        n = file_pread(e->fd, text, sizeof text, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return entry_failed(p, "cannot read", e);
    len = (size_t)n;
    rc = record_parse(&e->wanted, text, len, &e->end, p);
    if (rc == EX_OK) {
        e->saved = e->wanted;
        if (!belongs(e))
            rc = problem_set(p, EX_DATAERR, "it does not belong to its name");
    }
    otsd_wipe(text, len);
    return rc;
}

int entry_open(const ledger *l, entry *e, int flags, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};
    file_found f;

    switch (file_open(l->dirs[e->state], e->name, flags, &wanted, &f)) {
    case FILE_GOOD:
        break;
    case FILE_ABSENT:
        return LEDGER_NONE;
    case FILE_LINK:
    case FILE_WRONG_TYPE:
        return problem_set(p, EX_DATAERR, "it is not a regular file");
    case FILE_FOREIGN:
    case FILE_TOO_OPEN:
        return problem_set(p, EX_DATAERR, "it is not a regular file of root's with mode 0600");
    case FILE_FAILED:
        errno = f.error;
        return entry_failed(p, "cannot open", e);
    }
    e->fd = f.fd;
    if (f.st.st_size >= RECORD_MAX)
        return problem_set(p, EX_DATAERR, "it is too large");
    return problem_none(p);
}

int entry_open_locked(const ledger *l, entry *e, problem *p) {
    int rc = entry_open(l, e, O_RDWR, p);

    if (rc != EX_OK)
        return rc;
    if (file_flock(e->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? LEDGER_BUSY : entry_failed(p, "cannot lock", e);
    return in_place(l->dirs[e->state], e) ? problem_none(p) : LEDGER_NONE;
}

const char *ledger_holder(const ledger *l, ledger_state s, const char *name, char *out) {
    problem unknown;
    pid_t pid = 0;
    entry e;

    entry_init(&e, s, name);
    if (entry_open(l, &e, O_RDONLY, &unknown) == EX_OK)
        pid = holder_of_flock(e.fd);
    entry_reset(&e);
    return holder_name(pid, out);
}

int ledger_find(const ledger *l, ledger_state s, const char *name, long wait_ms, entry **out, problem *p) {
    static const struct timespec pause = {0, 5 * 1000 * 1000};
    entry *e = malloc(sizeof *e);
    int rc;

    *out = NULL;
    if (!e)
        return problem_set(p, EX_OSERR, "out of memory");
    for (;;) {
        entry_init(e, s, name);
        rc = entry_open_locked(l, e, p);
        if (rc == EX_OK)
            rc = entry_load(e, p);
        if (rc != LEDGER_BUSY || wait_ms <= 0)
            break;
        entry_reset(e);
        nanosleep(&pause, NULL);
        wait_ms -= 5;
    }
    if (rc == EX_OK)
        *out = e;
    else
        ledger_release(&e);
    return rc;
}
