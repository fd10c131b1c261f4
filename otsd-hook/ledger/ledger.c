/* SPDX-License-Identifier: MIT */
#include "ledger/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RESERVED                                                                                                       \
    4096      /* bytes: what a record needs from intent to end; on most file systems one block, which it takes anyway */
#define FEW 8 /* records that are synced one by one rather than with all else on their file system */

static const char *const state_names[LEDGER_STATES] = {"issuing", "pending", "claimed", "aside"};

const char *ledger_state_name(ledger_state s) {
    return state_names[s];
}

static int open_dir(int parent, const char *path, problem *p, const char *shown) {
    struct stat st;
    int fd;

    if (mkdirat(parent, path, 0700) != 0 && errno != EEXIST) {
        problem_set(p, EX_CANTCREAT, "the ledger %s cannot be made: %s", shown, strerror(errno));
        return -1;
    }
    fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        problem_set(p, EX_NOINPUT, "the ledger %s cannot be opened: %s", shown, strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || st.st_uid != 0 || (st.st_mode & 077) != 0) {
        problem_set(p, EX_CONFIG,
                    "the ledger %s must belong to root with mode 0700 (it has %04o, uid %u): chown root, chmod 0700",
                    shown, (unsigned)(st.st_mode & 07777), (unsigned)st.st_uid);
        (void)close(fd);
        return -1;
    }
    return fd;
}

int ledger_open(ledger *l, problem *p) {
    l->root = -1;
    for (int i = 0; i < LEDGER_STATES; i++)
        l->dirs[i] = -1;
    l->root = open_dir(AT_FDCWD, OTSD_STATE_DIR, p, OTSD_STATE_DIR);
    if (l->root < 0)
        return p->code;
    for (int i = 0; i < LEDGER_STATES; i++) {
        char shown[sizeof OTSD_STATE_DIR + 16];

        snprintf(shown, sizeof shown, "%s/%s", OTSD_STATE_DIR, state_names[i]);
        l->dirs[i] = open_dir(l->root, state_names[i], p, shown);
        if (l->dirs[i] < 0) {
            ledger_close(l);
            return p->code;
        }
    }
    return EX_OK;
}

void ledger_close(ledger *l) {
    for (int i = 0; i < LEDGER_STATES; i++)
        if (l->dirs[i] >= 0)
            (void)close(l->dirs[i]);
    if (l->root >= 0)
        (void)close(l->root);
    l->root = -1;
    for (int i = 0; i < LEDGER_STATES; i++)
        l->dirs[i] = -1;
}

static int failed(problem *p, const char *what, const entry *e) {
    return problem_set(p, EX_IOERR, "%s %s/%s/%s: %s", what, OTSD_STATE_DIR, state_names[e->state], e->name,
                       strerror(errno));
}

static int append(entry *e, const char *text, size_t len, problem *p) {
    struct stat st;
    size_t done = 0;

    /* What a crash tore off is behind e->end; the next line must not be glued to it. A needless truncation would give
     * back what ledger_create reserved. */
    if (fstat(e->fd, &st) != 0 || ((size_t)st.st_size != e->end && ftruncate(e->fd, (off_t)e->end) != 0))
        return failed(p, "cannot write", e);
    while (done < len) {
        ssize_t n = pwrite(e->fd, text + done, len - done, (off_t)(e->end + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int rc = failed(p, "cannot write", e);

            (void)!ftruncate(e->fd, (off_t)e->end);
            return rc;
        }
        done += (size_t)n;
    }
    e->end += len;
    return EX_OK;
}

int ledger_mark(entry *e, problem *p) {
    struct timespec times[2] = {{0, UTIME_OMIT}, {(time_t)e->r.deadline, 0}};

    if (futimens(e->fd, times) != 0)
        return failed(p, "cannot set the time of", e);
    return EX_OK;
}

int ledger_write(entry *e, problem *p) {
    char text[8192];
    size_t len = record_format(&e->r, &e->saved, text, sizeof text);
    int rc = EX_OK;

    if (len > 0)
        rc = append(e, text, len, p);
    otsd_wipe(text, sizeof text);
    if (rc == EX_OK)
        e->saved = e->r;
    if (rc == EX_OK && len > 0 && e->state == LEDGER_PENDING)
        rc = ledger_mark(e, p);
    return rc;
}

static int sync_one(entry *e, problem *p) {
    return fdatasync(e->fd) == 0 ? EX_OK : failed(p, "cannot write", e);
}

int ledger_save(entry *e, problem *p) {
    size_t before = e->end;
    int rc = ledger_write(e, p);

    return rc == EX_OK && e->end != before ? sync_one(e, p) : rc;
}

/* The fsync of a thousand small files is a thousand waits for the disk; syncfs is one. Since Linux 5.8 it reports what
 * could not be written, as fsync does. */
int ledger_sync(ledger *l, entry *const *e, size_t n, problem *p) {
    int rc = EX_OK;

    if (n > FEW)
        return syncfs(l->root) == 0 ? EX_OK
                                    : problem_set(p, EX_IOERR, "cannot write %s: %s", OTSD_STATE_DIR, strerror(errno));
    for (size_t i = 0; rc == EX_OK && i < n; i++)
        rc = sync_one(e[i], p);
    if (rc == EX_OK && n > 0 && fsync(l->dirs[e[0]->state]) != 0)
        rc = failed(p, "cannot write the directory of", e[0]);
    return rc;
}

/* Is the file behind fd still the one of that name? */
static bool in_place(int dir, const entry *e) {
    struct stat a, b;

    return fstat(e->fd, &a) == 0 && fstatat(dir, e->name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

int ledger_create(ledger *l, const record *r, entry *e, problem *p) {
    int rc;

    memset(e, 0, sizeof *e);
    e->state = LEDGER_ISSUING;
    snprintf(e->name, sizeof e->name, "%s", r->user);
    e->fd = openat(l->dirs[LEDGER_ISSUING], e->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (e->fd < 0)
        return errno == EEXIST
                   ? problem_set(p, EX_CANTCREAT, "%s: a provision is under way or was interrupted", r->user)
                   : failed(p, "cannot make", e);
    if (flock(e->fd, LOCK_EX | LOCK_NB) != 0 || !in_place(l->dirs[LEDGER_ISSUING], e)) {
        /* A sweep came upon the empty file first, and drops what is empty. */
        rc = problem_set(p, EX_TEMPFAIL, "%s: otsd-hook sweep is at work on this user; try again", r->user);
        (void)close(e->fd);
        return rc;
    }
    e->r = *r;
    /* A disk that fills up later must not cost the metadata key. Not every file system can do this. */
    if (fallocate(e->fd, FALLOC_FL_KEEP_SIZE, 0, RESERVED) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        rc = failed(p, "no room for", e);
    else
        rc = ledger_write(e, p);
    if (rc != EX_OK) {
        (void)unlinkat(l->dirs[LEDGER_ISSUING], e->name, 0);
        ledger_release(e);
    }
    return rc;
}

int ledger_rename(ledger *l, entry *e, ledger_state to, problem *p) {
    char name[sizeof e->name];
    int from_dir = l->dirs[e->state], to_dir = l->dirs[to];

    snprintf(name, sizeof name, to == LEDGER_CLAIMED ? "%s.%s" : "%s", e->r.user, e->r.id);
    if (to == LEDGER_PENDING) {
        int rc = ledger_mark(e, p);

        if (rc != EX_OK)
            return rc;
    }
    if (renameat2(from_dir, e->name, to_dir, name, RENAME_NOREPLACE) != 0) {
        int rc = errno == EEXIST ? LEDGER_NONE : EX_IOERR;

        problem_set(p, EX_IOERR, "cannot move %s/%s/%s to %s: %s", OTSD_STATE_DIR, state_names[e->state], e->name,
                    state_names[to], strerror(errno));
        return rc;
    }
    e->state = to;
    memcpy(e->name, name, sizeof name);
    return EX_OK;
}

int ledger_sync_names(ledger *l, ledger_state from, ledger_state to, problem *p) {
    if (fsync(l->dirs[to]) == 0 && fsync(l->dirs[from]) == 0)
        return EX_OK;
    return problem_set(p, EX_IOERR, "cannot write the directories %s and %s of %s: %s", state_names[from],
                       state_names[to], OTSD_STATE_DIR, strerror(errno));
}

int ledger_move(ledger *l, entry *e, ledger_state to, problem *p) {
    ledger_state from = e->state;
    int rc = ledger_rename(l, e, to, p);

    return rc == EX_OK ? ledger_sync_names(l, from, to, p) : rc;
}

int ledger_unlink(ledger *l, entry *e, problem *p) {
    return unlinkat(l->dirs[e->state], e->name, 0) == 0 ? EX_OK : failed(p, "cannot remove", e);
}

int ledger_remove(ledger *l, entry *e, problem *p) {
    int rc = ledger_unlink(l, e, p);

    if (rc != EX_OK)
        return rc;
    if (fsync(l->dirs[e->state]) != 0)
        return failed(p, "cannot write the directory of", e);
    return EX_OK;
}

void ledger_release(entry *e) {
    if (e->fd >= 0)
        (void)close(e->fd);
    otsd_wipe(e, sizeof *e);
    e->fd = -1;
}

static int load(entry *e, problem *p) {
    char text[RECORD_MAX];
    ssize_t n;
    size_t len;
    int rc;

    /* A regular file gives all that it has in one call; one that grows meanwhile gives whole lines at least. */
    do
        n = pread(e->fd, text, sizeof text, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return failed(p, "cannot read", e);
    len = (size_t)n;
    rc = record_parse(&e->r, text, len, &e->end, p);
    if (rc == EX_OK) {
        char expected[sizeof e->name];

        snprintf(expected, sizeof expected, e->state == LEDGER_CLAIMED ? "%s.%s" : "%s", e->r.user, e->r.id);
        if (strcmp(expected, e->name) != 0)
            rc = problem_set(p, EX_DATAERR, "it does not belong to its name");
        e->saved = e->r;
    }
    otsd_wipe(text, len);
    return rc;
}

static int open_checked(ledger *l, entry *e, int flags, problem *p) {
    struct stat st;

    e->fd = openat(l->dirs[e->state], e->name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (e->fd < 0 && errno == ENOENT)
        return LEDGER_NONE;
    if (e->fd < 0)
        return errno == ELOOP || errno == EISDIR ? problem_set(p, EX_DATAERR, "it is not a regular file")
                                                 : failed(p, "cannot open", e);
    if (fstat(e->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 077) != 0)
        return problem_set(p, EX_DATAERR, "it is not a regular file of root's with mode 0600");
    if (st.st_size >= RECORD_MAX)
        return problem_set(p, EX_DATAERR, "it is too large");
    return EX_OK;
}

static int open_locked(ledger *l, entry *e, problem *p) {
    int rc = open_checked(l, e, O_RDWR, p);

    if (rc != EX_OK)
        return rc;
    if (flock(e->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? LEDGER_BUSY : failed(p, "cannot lock", e);
    return in_place(l->dirs[e->state], e) ? EX_OK : LEDGER_NONE;
}

int ledger_find(ledger *l, ledger_state s, const char *name, long wait_ms, entry *e, problem *p) {
    static const struct timespec pause = {0, 5 * 1000 * 1000};

    for (;;) {
        int rc;

        memset(e, 0, sizeof *e);
        e->state = s;
        snprintf(e->name, sizeof e->name, "%s", name);
        rc = open_locked(l, e, p);
        if (rc == EX_OK)
            rc = load(e, p);
        if (rc == EX_OK)
            return EX_OK;
        ledger_release(e);
        if (rc != LEDGER_BUSY || wait_ms <= 0)
            return rc;
        nanosleep(&pause, NULL);
        wait_ms -= 5;
    }
}

int ledger_peek(ledger *l, ledger_state s, const char *name, record *out, problem *p) {
    entry e = {.state = s};
    int rc;

    snprintf(e.name, sizeof e.name, "%s", name);
    rc = open_checked(l, &e, O_RDONLY, p);
    if (rc == EX_OK)
        rc = load(&e, p);
    if (rc == EX_OK)
        *out = e.r;
    ledger_release(&e);
    return rc;
}

bool ledger_has(ledger *l, ledger_state s, const char *name) {
    struct stat st;

    return fstatat(l->dirs[s], name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int move_aside(ledger *l, ledger_state s, const char *name, problem *p) {
    char target[sizeof((entry *)0)->name + 32];

    snprintf(target, sizeof target, "%s.%s.%lld", state_names[s], name, (long long)time(NULL));
    if (renameat2(l->dirs[s], name, l->dirs[LEDGER_ASIDE], target, RENAME_NOREPLACE) != 0)
        return problem_set(p, EX_IOERR, "cannot set aside %s/%s/%s: %s", OTSD_STATE_DIR, state_names[s], name,
                           strerror(errno));
    return EX_OK;
}

int ledger_set_aside(ledger *l, ledger_state s, const char *name, problem *p) {
    entry e = {.state = s};
    struct stat st;
    int rc;

    snprintf(e.name, sizeof e.name, "%s", name);
    rc = open_locked(l, &e, p);
    if (rc == EX_DATAERR) {
        /* No regular file of ours: nobody can be at work on it. */
        rc = move_aside(l, s, name, p);
    } else if (rc == EX_OK && s == LEDGER_ISSUING && fstat(e.fd, &st) == 0 && st.st_size == 0) {
        rc = unlinkat(l->dirs[s], name, 0) == 0 ? LEDGER_NONE : failed(p, "cannot remove", &e);
    } else if (rc == EX_OK) {
        problem why;

        /* Looked at again under the lock: it may have been in the middle of being written. */
        rc = load(&e, &why) == EX_DATAERR ? move_aside(l, s, name, p) : LEDGER_NONE;
    }
    ledger_release(&e);
    return rc;
}

#define SWEEP_STAMP "last-sweep"
#define CLAIM_STAMP "last-claim"

static int stamp(ledger *l, const char *name, problem *p) {
    int fd = openat(l->root, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    int rc = EX_OK;

    if (fd < 0 || futimens(fd, NULL) != 0)
        rc = problem_set(p, EX_IOERR, "cannot write %s/%s: %s", OTSD_STATE_DIR, name, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

int ledger_stamp(ledger *l, problem *p) {
    return stamp(l, SWEEP_STAMP, p);
}

int ledger_nudge(ledger *l, problem *p) {
    return stamp(l, CLAIM_STAMP, p);
}

int64_t ledger_stamped(ledger *l) {
    struct stat st;

    return fstatat(l->root, SWEEP_STAMP, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mtime : 0;
}

int ledger_each(ledger *l, ledger_state s, int (*fn)(const char *name, void *arg), void *arg, problem *p) {
    int fd = openat(l->dirs[s], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = EX_OK;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (!dir) {
        rc = problem_set(p, EX_IOERR, "cannot list %s/%s: %s", OTSD_STATE_DIR, state_names[s], strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    for (;;) {
        struct dirent *d;

        errno = 0;
        d = readdir(dir);
        if (!d) {
            if (errno != 0)
                rc = problem_set(p, EX_IOERR, "cannot list %s/%s: %s", OTSD_STATE_DIR, state_names[s], strerror(errno));
            break;
        }
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        rc = fn(d->d_name, arg);
        if (rc != 0)
            break;
    }
    (void)closedir(dir);
    return rc;
}
