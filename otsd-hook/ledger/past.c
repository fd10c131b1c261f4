/* SPDX-License-Identifier: MIT
 *
 * A file is a record with few of its fields, put in place as a whole: whoever reads it finds the older one or this one.
 */
#include "ledger/past.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/store.h"
#include "ledger/told.h"

#define NAME_SIZE (USER_MAX + 24)
#define TEXT_MAX 1024
#define LEFT 86400 /* s */

past past_of(reason r) {
    switch (r) {
    case REASON_CHANGED:
    case REASON_LOGIN:
    case REASON_KEY_LOGIN:
    case REASON_ARRIVED:
        return PAST_ARRIVED;
    case REASON_DEADLINE:
    case REASON_REVOKED:
        return PAST_ENDED;
    default:
        return PAST_NONE;
    }
}

bool past_lets(past was, bool again, bool force) {
    return force || was == PAST_NONE || (was == PAST_ENDED && again);
}

static void name_of(const char *user, int64_t uid, char out[NAME_SIZE]) {
    snprintf(out, NAME_SIZE, "%s.%" PRId64, user, uid);
}

bool past_name(const char *name, char *user, int64_t *uid) {
    const char *dot = strrchr(name, '.');
    size_t len = dot ? (size_t)(dot - name) : 0;
    char *end;

    if (len == 0 || len > USER_MAX || dot[1] < '0' || dot[1] > '9')
        return false;
    memcpy(user, name, len);
    user[len] = '\0';
    errno = 0;
    *uid = strtoll(dot + 1, &end, 10);
    return errno == 0 && *end == '\0' && !user_name_fault(user);
}

static int failed(problem *p, const char *what, const char *name) {
    return problem_set(p, EX_IOERR, "cannot %s %s/done/%s: %s", what, OTSD_STATE_DIR, name, strerror(errno));
}

static int unreadable(problem *p, const char *name, const char *why) {
    return problem_set(p, EX_DATAERR, "%s/done/%s cannot be read (%s): look at it, then remove it", OTSD_STATE_DIR,
                       name, why);
}

/* LEDGER_NONE: there is none. */
static int load(const ledger *l, const char *name, record *r, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};
    char text[TEXT_MAX];
    problem why;
    file_found f;
    size_t used;
    ssize_t n;

    memset(r, 0, sizeof *r);
    switch (file_open(l->done, name, O_RDONLY, &wanted, &f)) {
    case FILE_GOOD:
        break;
    case FILE_ABSENT:
        return LEDGER_NONE;
    case FILE_FAILED:
        errno = f.error;
        return failed(p, "open", name);
    default:
        return unreadable(p, name, "it is not a regular file of root's with mode 0600");
    }
    n = file_read(f.fd, text, sizeof text);
    if (n < 0)
        (void)failed(p, "read", name);
    (void)close(f.fd); /* only read */
    if (n < 0)
        return p->code;
    return record_parse(r, text, (size_t)n, &used, &why) == EX_OK ? problem_none(p) : unreadable(p, name, why.text);
}

int past_find(const ledger *l, const char *user, int64_t uid, past_view *out, problem *p) {
    char name[NAME_SIZE];
    record r;
    int rc;

    *out = (past_view){.was = PAST_NONE};
    name_of(user, uid, name);
    rc = load(l, name, &r, p);
    if (rc == EX_OK)
        *out = (past_view){.was = past_of((reason)r.reason), .reason = (reason)r.reason, .when = r.claimed_at};
    return rc == LEDGER_NONE ? problem_none(p) : rc;
}

int past_check(const ledger *l, const char *user, int64_t uid, bool again, bool force, problem *p) {
    past_view v;
    int rc = force ? problem_none(p) : past_find(l, user, uid, &v, p);

    if (rc != EX_OK || force || past_lets(v.was, again, force))
        return rc;
    return problem_set(p, EX_NOPERM,
                       v.was == PAST_ARRIVED
                           ? "%s has arrived already (%s); otsd-hook provision --force gives a new password"
                           : "%s's hand-off has ended (%s); --again starts a new one",
                       user, reason_told(v.reason));
}

/* The temporary name is the hand-off's own, whose record the caller holds: nobody else writes it. */
static int put(const ledger *l, const record *r, const char *name, problem *p) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};
    record few = {.uid = r->uid, .created = r->created, .local = r->local, .reason = r->reason};
    char text[TEXT_MAX], fresh[sizeof r->id + 1];
    file_found f;
    size_t len;
    bool good;

    memcpy(few.id, r->id, sizeof few.id);
    memcpy(few.user, r->user, sizeof few.user);
    few.claimed_at = r->claimed_at > 0 ? r->claimed_at : time(NULL);
    len = record_format(&few, NULL, text, sizeof text);
    snprintf(fresh, sizeof fresh, ".%s", r->id);
    (void)unlinkat(l->done, fresh, 0); /* of a process that was killed here */
    if (file_open(l->done, fresh, O_WRONLY | O_CREAT | O_EXCL, &wanted, &f) != FILE_GOOD) {
        errno = f.error;
        return failed(p, "make", name);
    }
    good = file_write(f.fd, text, len, FILE_HERE, NULL) && file_fsync(f.fd) == 0;
    if (!good)
        (void)failed(p, "write", name);
    (void)close(f.fd); /* synced, or failed already */
    if (good && (renameat(l->done, fresh, l->done, name) != 0 || file_fsync(l->done) != 0)) {
        (void)failed(p, "write", name);
        good = false;
    }
    if (good)
        return problem_none(p);
    (void)unlinkat(l->done, fresh, 0);
    return p->code;
}

static int forget(const ledger *l, const char *name, problem *p) {
    return unlinkat(l->done, name, 0) == 0 || errno == ENOENT ? problem_none(p) : failed(p, "remove", name);
}

int past_note(const ledger *l, const record *r, problem *p) {
    char name[NAME_SIZE];

    name_of(r->user, r->uid, name);
    if (r->reason == REASON_GONE)
        return forget(l, name, p);
    return past_of((reason)r->reason) != PAST_NONE ? put(l, r, name, p) : problem_none(p);
}

int past_keep(const ledger *l, const record *r, problem *p) {
    char name[NAME_SIZE];
    problem unread;
    record there;

    if (past_of((reason)r->reason) == PAST_NONE)
        return problem_none(p);
    name_of(r->user, r->uid, name);
    if (load(l, name, &there, &unread) == EX_OK && (strcmp(there.id, r->id) == 0 || there.claimed_at > r->claimed_at))
        return problem_none(p);
    return put(l, r, name, p);
}

typedef struct each {
    const ledger *l;
    int (*fn)(const char *name, void *arg);
    void *arg;
} each;

static int each_name(const char *name, void *arg) {
    const each *e = arg;
    char user[USER_MAX + 1];
    struct stat st;
    int64_t uid;

    if (past_name(name, user, &uid))
        return e->fn(name, e->arg);
    /* What a process that was killed in `put` left, and nobody came back to. */
    if (name[0] == '.' && fstatat(e->l->done, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < time(NULL) - LEFT)
        (void)unlinkat(e->l->done, name, 0);
    return 0;
}

int past_each(const ledger *l, int (*fn)(const char *name, void *arg), void *arg, problem *p) {
    each e = {l, fn, arg};

    return ledger_each_in(l->done, "done", each_name, &e, p);
}

int past_forget_local(const ledger *l, const char *name, problem *p) {
    record r;
    int rc = load(l, name, &r, p);

    if (rc == EX_OK && r.local)
        return forget(l, name, p);
    return rc == LEDGER_NONE ? problem_none(p) : rc;
}
