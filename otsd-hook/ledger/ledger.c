/* SPDX-License-Identifier: MIT
 *
 * The ledger as a whole: its directories, what lies in them, what is set aside, the two time stamps. What happens to
 * one record is in entry.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/store.h"

static int open_dir(int parent, const char *path, problem *p, const char *shown) {
    const file_wanted wanted = {.type = S_IFDIR, .owner = FILE_OF_ROOT, .forbidden = 077};
    file_found f;

    if (mkdirat(parent, path, 0700) != 0 && errno != EEXIST) {
        problem_set(p, EX_CANTCREAT, "the ledger %s cannot be made: %s", shown, strerror(errno));
        return -1;
    }
    if (file_open(parent, path, O_RDONLY, &wanted, &f) == FILE_GOOD)
        return f.fd;
    if (f.error != 0)
        problem_set(p, EX_NOINPUT, "the ledger %s cannot be opened: %s", shown, strerror(f.error));
    else
        problem_set(
            p, EX_CONFIG,
            "the ledger %s must belong to root and have mode 0700 (it has %04o, uid %u): chown root, chmod 0700", shown,
            (unsigned)(f.st.st_mode & 07777), (unsigned)f.st.st_uid);
    return -1;
}

static bool open_dirs(ledger *l, problem *p) {
    l->root = open_dir(AT_FDCWD, OTSD_STATE_DIR, p, OTSD_STATE_DIR);
    for (ledger_state s = LEDGER_ISSUING; l->root >= 0 && s < LEDGER_STATES; s++) {
        char shown[sizeof OTSD_STATE_DIR + 16];

        snprintf(shown, sizeof shown, "%s/%s", OTSD_STATE_DIR, ledger_state_name(s));
        l->dirs[s] = open_dir(l->root, ledger_state_name(s), p, shown);
        if (l->dirs[s] < 0)
            return false;
    }
    if (l->root >= 0)
        l->done = open_dir(l->root, "done", p, OTSD_STATE_DIR "/done");
    return l->root >= 0 && l->done >= 0;
}

int ledger_open(ledger **out, problem *p) {
    ledger *l = malloc(sizeof *l);

    *out = NULL;
    if (!l)
        return problem_set(p, EX_OSERR, "out of memory");
    l->root = l->done = -1;
    for (ledger_state s = LEDGER_ISSUING; s < LEDGER_STATES; s++)
        l->dirs[s] = -1;
    if (open_dirs(l, p)) {
        *out = l;
        return problem_none(p);
    }
    ledger_close(&l);
    return p->code;
}

int ledger_ready(const ledger *l, problem *p) {
    int fd = file_openat(l->dirs[LEDGER_ISSUING], ".", O_TMPFILE | O_WRONLY | O_CLOEXEC);

    /* Not every file system has files without a name; the first record shows it then, before anything is asked. */
    if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR)
        return problem_set(p, EX_CANTCREAT, "the ledger %s cannot be written: %s", OTSD_STATE_DIR, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return problem_none(p);
}

void ledger_close(ledger **l) {
    if (!*l)
        return;
    for (ledger_state s = LEDGER_ISSUING; s < LEDGER_STATES; s++)
        if ((*l)->dirs[s] >= 0)
            (void)close((*l)->dirs[s]); /* directories: nothing can be lost */
    if ((*l)->done >= 0)
        (void)close((*l)->done);
    if ((*l)->root >= 0)
        (void)close((*l)->root);
    free(*l);
    *l = NULL;
}

bool ledger_has(const ledger *l, ledger_state s, const char *name) {
    struct stat st;

    return fstatat(l->dirs[s], name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int ledger_peek(const ledger *l, ledger_state s, const char *name, record *out, problem *p) {
    entry e;
    int rc;

    entry_init(&e, s, name);
    rc = entry_open(l, &e, O_RDONLY, p);
    if (rc == EX_OK)
        rc = entry_load(&e, p);
    if (rc == EX_OK)
        *out = e.wanted;
    entry_reset(&e);
    return rc;
}

static int move_aside(const ledger *l, ledger_state s, const char *name, problem *p) {
    char target[sizeof((entry *)0)->name + 32];

    snprintf(target, sizeof target, "%s.%s.%lld", ledger_state_name(s), name, (long long)time(NULL));
    if (renameat2(l->dirs[s], name, l->dirs[LEDGER_ASIDE], target, RENAME_NOREPLACE) != 0)
        return problem_set(p, EX_IOERR, "cannot set aside %s/%s/%s: %s", OTSD_STATE_DIR, ledger_state_name(s), name,
                           strerror(errno));
    return problem_none(p);
}

/* An intent that nobody wrote anything into: nothing had begun. */
static bool is_empty_intent(const entry *e) {
    struct stat st;

    return e->state == LEDGER_ISSUING && fstat(e->fd, &st) == 0 && st.st_size == 0;
}

int ledger_set_aside(const ledger *l, ledger_state s, const char *name, problem *p) {
    problem why;
    entry e;
    int rc;

    entry_init(&e, s, name);
    rc = entry_open_locked(l, &e, p);
    if (rc == EX_DATAERR) {
        /* No regular file of ours: nobody can be at work on it. */
        rc = move_aside(l, s, name, p);
    } else if (rc == EX_OK && is_empty_intent(&e)) {
        rc = unlinkat(l->dirs[s], name, 0) == 0 ? LEDGER_NONE : entry_failed(p, "cannot remove", &e);
    } else if (rc == EX_OK) {
        /* Looked at again under the lock: it may have been in the middle of being written. */
        rc = entry_load(&e, &why) == EX_DATAERR ? move_aside(l, s, name, p) : LEDGER_NONE;
    }
    entry_reset(&e);
    return rc;
}

int ledger_entry_aside(const ledger *l, const entry *e, problem *p) {
    return move_aside(l, e->state, e->name, p);
}

#define SWEEP_STAMP "last-sweep"
#define CLAIM_STAMP "last-claim"

static int stamp(const ledger *l, const char *name, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT};
    file_found f;
    int rc = problem_none(p);

    if (file_open(l->root, name, O_WRONLY | O_CREAT, &wanted, &f) != FILE_GOOD)
        return problem_set(p, EX_IOERR, "cannot write %s/%s: %s", OTSD_STATE_DIR, name,
                           f.error != 0 ? strerror(f.error) : "it is not a regular file of root's");
    if (futimens(f.fd, NULL) != 0)
        rc = problem_set(p, EX_IOERR, "cannot write %s/%s: %s", OTSD_STATE_DIR, name, strerror(errno));
    (void)close(f.fd); /* only its time was written */
    return rc;
}

int ledger_stamp(const ledger *l, problem *p) {
    return stamp(l, SWEEP_STAMP, p);
}

int ledger_nudge(const ledger *l, problem *p) {
    return stamp(l, CLAIM_STAMP, p);
}

int64_t ledger_stamped(const ledger *l) {
    struct stat st;

    return fstatat(l->root, SWEEP_STAMP, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mtime : 0;
}

int ledger_each(const ledger *l, ledger_state s, int (*fn)(const char *name, void *arg), void *arg, problem *p) {
    return ledger_each_in(l->dirs[s], ledger_state_name(s), fn, arg, p);
}

int ledger_each_in(int at, const char *name, int (*fn)(const char *name, void *arg), void *arg, problem *p) {
    int fd = file_openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = problem_none(p);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (!dir) {
        rc = problem_set(p, EX_IOERR, "cannot list %s/%s: %s", OTSD_STATE_DIR, name, strerror(errno));
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
                rc = problem_set(p, EX_IOERR, "cannot list %s/%s: %s", OTSD_STATE_DIR, name, strerror(errno));
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

bool ledger_is_claim(const char *name, const char *user) {
    size_t len = strlen(user);

    return strncmp(name, user, len) == 0 && name[len] == '.' && strlen(name) == len + sizeof((record *)0)->id;
}
