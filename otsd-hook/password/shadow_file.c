/* SPDX-License-Identifier: MIT
 *
 * Everybody's login depends on this file, so it is never without its whole content: the new one is written beside it
 * and takes its place by a rename, after it is on the disk. What is decided and what is written come from one look at
 * the file, under the lock that all its other writers hold. Lines that do not change are copied, not written anew.
 */
#include "password/shadow_file.h"

#include <errno.h>
#include <fcntl.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/lines.h"
#include "password/shadow_lock.h"

/* Of our own, so that a left-over is known to be ours and never another tool's work in progress. */
#define SHADOW_NEW "/etc/shadow.otsd"
#define LINE_MAX_ 4096
#define FILE_MAX_ ((off_t)1 << 30)
#define LOCK_WAIT_MS 15000
#define OUT_ROOM ((size_t)256 << 10)

typedef struct each {
    bool (*fn)(const char *user, const char *hash, long changed, void *arg);
    void *arg;
} each;

static bool each_line(char *line, void *arg) {
    const each *e = arg;
    char *hash = strchr(line, ':'), *date;

    if (!hash || hash == line)
        return true;
    *hash++ = '\0';
    date = strchr(hash, ':');
    if (date)
        *date++ = '\0';
    return e->fn(line, hash, date && date[0] != ':' && date[0] ? strtol(date, NULL, 10) : -1, e->arg);
}

int shadow_each(bool (*fn)(const char *user, const char *hash, long changed, void *arg), void *arg, problem *p) {
    each e = {.fn = fn, .arg = arg};

    return lines_each(SHADOW_PATH, each_line, &e, p);
}

typedef struct lookup {
    const char *user;
    shadow_line *out;
    bool found, fits;
} lookup;

static bool lookup_line(const char *user, const char *hash, long changed, void *arg) {
    lookup *l = arg;

    if (strcmp(user, l->user) != 0)
        return true;
    l->found = true;
    l->fits = (size_t)snprintf(l->out->hash, sizeof l->out->hash, "%s", hash) < sizeof l->out->hash;
    l->out->changed = changed;
    return false;
}

int shadow_lookup(const char *user, shadow_line *out, problem *p) {
    lookup l = {.user = user, .out = out};
    int rc = shadow_each(lookup_line, &l, p);

    if (rc != EX_OK)
        return rc;
    if (!l.found)
        return problem_set(p, EX_NOUSER, "%s has no line in %s", user, SHADOW_PATH);
    return l.fits ? problem_none(p)
                  : problem_set(p, EX_DATAERR, "%s: the password field in %s is too long", user, SHADOW_PATH);
}

/* The changes by name, found once for each line of the file: open addressing, at most half full. */
typedef struct slot {
    shadow_change *change;
    size_t len; /* of its user's name */
    bool met;   /* only the first line of a name counts, for getspnam as for us */
} slot;
typedef struct slots {
    slot *all;
    size_t mask;
} slots;

static size_t name_hash(const char *name, size_t len) {
    uint32_t h = 2166136261U;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * 16777619U;
    return h;
}

/* The slot of this name, or the empty one where it would be. */
static slot *slots_find(const slots *s, const char *name, size_t len) {
    size_t i = name_hash(name, len) & s->mask;

    while (s->all[i].change && (s->all[i].len != len || memcmp(s->all[i].change->user, name, len) != 0))
        i = (i + 1) & s->mask;
    return &s->all[i];
}

static bool slots_init(slots *s, shadow_change *changes, size_t n) {
    s->mask = 1;
    while (s->mask < 2 * n)
        s->mask = 2 * s->mask + 1;
    s->all = calloc(s->mask + 1, sizeof *s->all);
    for (size_t i = 0; s->all && i < n; i++) {
        size_t len = strlen(changes[i].user);
        slot *at_slot = slots_find(s, changes[i].user, len);

        changes[i].result = SHADOW_ABSENT;
        if (!at_slot->change)
            *at_slot = (slot){.change = &changes[i], .len = len};
    }
    return s->all;
}

static int cannot_write(problem *p) {
    return problem_set(p, EX_IOERR, "%s cannot be written: %s", SHADOW_PATH, strerror(errno));
}

static int keep_attributes(int from, int to) {
    char attributes[4096], value[4096];
    struct stat st;
    ssize_t len;

    if (fstat(from, &st) != 0 || fchown(to, st.st_uid, st.st_gid) != 0 || fchmod(to, st.st_mode & 07777) != 0)
        return -1;
    len = flistxattr(from, attributes, sizeof attributes);
    if (len < 0)
        return errno == ENOTSUP ? 0 : -1;
    for (ssize_t i = 0; i < len; i += (ssize_t)strlen(attributes + i) + 1) {
        ssize_t n;

        /* Checksums of the old content. */
        if (strcmp(attributes + i, "security.ima") == 0 || strcmp(attributes + i, "security.evm") == 0)
            continue;
        n = fgetxattr(from, attributes + i, value, sizeof value);
        if (n < 0 || fsetxattr(to, attributes + i, value, (size_t)n, 0) != 0)
            return -1;
    }
    return 0;
}

/* The file as it is, in memory, and the new one beside it, which begins with the first line that changes. */
typedef struct rewrite {
    int in;
    char *text;
    size_t room, len;
    bool begun; /* something has changed */
    FILE *out;  /* NULL before and after; writes to fd */
    int fd;
    char *buffer;  /* of out */
    size_t copied; /* how much of text is in out, changed or not */
} rewrite;

/* The whole file in one piece, so that what is decided and what is written come from one look at it. In pages of its
 * own: the programs let malloc overwrite what it hands out. */
static int read_whole(rewrite *w, problem *p) {
    struct stat st;
    ssize_t got = 1;
    void *text;

    if (fstat(w->in, &st) != 0)
        return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", SHADOW_PATH, strerror(errno));
    if (st.st_size < 0 || st.st_size > FILE_MAX_)
        return problem_set(p, EX_DATAERR, "%s is too large", SHADOW_PATH);
    w->room = (size_t)st.st_size + 1;
    text = mmap(NULL, w->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (text == MAP_FAILED)
        return problem_set(p, EX_OSERR, "out of memory");
    w->text = text;
    /* The byte more than the file has tells its end from a file that grew meanwhile. */
    while (w->len < w->room && (got = file_read(w->in, w->text + w->len, w->room - w->len)) > 0)
        w->len += (size_t)got;
    if (got < 0)
        return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", SHADOW_PATH, strerror(errno));
    return got == 0 ? problem_none(p)
                    : problem_set(p, EX_TEMPFAIL, "%s is being written by another program", SHADOW_PATH);
}

/* What putspent writes goes through the hook's own write loop, which goes on after a signal; stdio would give up. */
static ssize_t stream_write(void *rewriting, const char *data, size_t len) {
    const rewrite *w = rewriting;
    size_t done = 0;

    (void)file_write(w->fd, data, len, FILE_HERE, &done); /* a short count is the failure */
    return (ssize_t)done;
}

static int begin(rewrite *w, problem *p) {
    (void)unlink(SHADOW_NEW);
    w->fd = open(SHADOW_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return problem_set(p, EX_CANTCREAT, "%s cannot be made: %s", SHADOW_NEW, strerror(errno));
    w->begun = true;
    w->out = fopencookie(w, "w", (cookie_io_functions_t){.write = stream_write});
    w->buffer = malloc(OUT_ROOM);
    if (!w->out || !w->buffer || setvbuf(w->out, w->buffer, _IOFBF, OUT_ROOM) != 0)
        return problem_set(p, EX_OSERR, "out of memory");
    return keep_attributes(w->in, w->fd) == 0 ? problem_none(p) : cannot_write(p);
}

/* Copies, unchanged, what lies before the line. */
static bool copy_to(rewrite *w, size_t at) {
    size_t len = at - w->copied;

    if (len > 0 && fwrite(w->text + w->copied, 1, len, w->out) != len)
        return false;
    w->copied = at;
    return true;
}

static int write_line(rewrite *w, struct spwd *sp, shadow_line *line, size_t at, problem *p) {
    int rc = w->begun ? problem_none(p) : begin(w, p);

    sp->sp_pwdp = line->hash;
    if (line->changed >= 0)
        sp->sp_lstchg = line->changed;
    if (rc == EX_OK && (!copy_to(w, at) || putspent(sp, w->out) != 0))
        rc = cannot_write(p);
    return rc;
}

/* Looks at the line of an account that is to change, and writes it where it does. */
static int one_line(rewrite *w, slot *at_slot, size_t at, size_t len, problem *p) {
    char buf[LINE_MAX_], text[LINE_MAX_];
    shadow_change *c = at_slot->change;
    struct spwd sp, *parsed;
    shadow_line line;
    int rc = problem_none(p);

    if (len >= sizeof text) {
        at_slot->met = true;
        return problem_none(p);
    }
    memcpy(text, w->text + at, len);
    text[w->text[at + len - 1] == '\n' ? len - 1 : len] = '\0';
    if (sgetspent_r(text, &sp, buf, sizeof buf, &parsed) == 0) {
        at_slot->met = true;
        c->result = change_line(c, sp.sp_pwdp, (long)(time(NULL) / 86400), &line);
        if (c->result == SHADOW_DONE) {
            rc = write_line(w, &sp, &line, at, p);
            w->copied = at + len;
            otsd_wipe(&line, sizeof line);
        }
    }
    otsd_wipe(text, sizeof text);
    otsd_wipe(buf, sizeof buf);
    return rc;
}

static int all_lines(rewrite *w, const slots *wanted, problem *p) {
    int rc = problem_none(p);

    for (size_t at = 0, len; rc == EX_OK && at < w->len; at += len) {
        const char *line = w->text + at, *stop = memchr(line, '\n', w->len - at), *colon;
        slot *at_slot;

        len = stop ? (size_t)(stop - line) + 1 : w->len - at;
        colon = memchr(line, ':', len);
        at_slot = colon ? slots_find(wanted, line, (size_t)(colon - line)) : NULL;
        if (at_slot && at_slot->change && !at_slot->met)
            rc = one_line(w, at_slot, at, len, p);
    }
    return rc;
}

static int end_stream(rewrite *w) {
    FILE *out = w->out;
    int fd = w->fd, rc;

    w->out = NULL;
    w->fd = -1;
    rc = out ? fclose(out) : 0;
    return fd >= 0 && close(fd) != 0 ? -1 : rc;
}

/* The rest, and the new file takes the place of the old one. */
static int finish(rewrite *w, problem *p) {
    int dir, rc = problem_none(p);

    if (!copy_to(w, w->len) || fflush(w->out) != 0 || fsync(w->fd) != 0 || end_stream(w) != 0)
        return cannot_write(p);
    dir = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || rename(SHADOW_NEW, SHADOW_PATH) != 0)
        rc = cannot_write(p);
    /* The new file is in place: what follows can no longer be taken back. */
    else if (fsync(dir) != 0)
        rc = problem_set(p, EX_IOERR, "%s was written, but the disk does not confirm it: %s", SHADOW_PATH,
                         strerror(errno));
    if (dir >= 0)
        (void)close(dir);
    return rc;
}

static int apply_locked(const slots *wanted, problem *p) {
    rewrite w = {.in = open(SHADOW_PATH, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), .fd = -1};
    int rc;

    if (w.in < 0)
        return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", SHADOW_PATH, strerror(errno));
    rc = read_whole(&w, p);
    if (rc == EX_OK)
        rc = all_lines(&w, wanted, p);
    if (rc == EX_OK && w.begun)
        rc = finish(&w, p);
    (void)end_stream(&w); /* already ended, or to be thrown away */
    if (w.begun)
        (void)unlink(SHADOW_NEW);
    if (w.buffer)
        otsd_wipe(w.buffer, OUT_ROOM);
    free(w.buffer);
    if (w.text) {
        otsd_wipe(w.text, w.len);
        (void)munmap(w.text, w.room);
    }
    (void)close(w.in);
    return rc;
}

int shadow_apply(shadow_change *changes, size_t n, problem *p) {
    slots wanted;
    int lock, rc;

    if (slots_init(&wanted, changes, n))
        rc = shadow_lock_take(LOCK_WAIT_MS, &lock, p);
    else
        rc = problem_set(p, EX_OSERR, "out of memory");
    if (rc == EX_OK) {
        rc = apply_locked(&wanted, p);
        shadow_lock_release(lock);
    }
    free(wanted.all);
    for (size_t i = 0; rc != EX_OK && i < n; i++)
        changes[i].result = SHADOW_UNTOUCHED;
    return rc;
}

int shadow_clean(long wait_ms, problem *p) {
    struct stat st;
    int lock;

    (void)wait_ms;

    if (lstat(SHADOW_NEW, &st) != 0)
        return problem_none(p);
    if (shadow_lock_take(LOCK_WAIT_MS, &lock, p) != EX_OK)
        return p->code;
    if (unlink(SHADOW_NEW) != 0 && errno != ENOENT)
        problem_set(p, EX_IOERR, "%s cannot be removed: %s", SHADOW_NEW, strerror(errno));
    else
        problem_clear(p);
    shadow_lock_release(lock);
    return p->code;
}
