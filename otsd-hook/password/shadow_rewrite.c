/* SPDX-License-Identifier: MIT
 *
 * Everybody's login depends on this file, so it is never without its whole content: the new one is written beside it
 * and takes its place by a rename, after it is on the disk. What is decided and what is written come from one look at
 * the file, under the lock that all its other writers hold. Lines that do not change are copied; of one that does only
 * the password field and the date are another.
 *
 * A password is set by its user's name, in the first line of that name, and only where everybody reads that line alike.
 * It dies by its hash, which is salted and therefore nobody else's: in every line, of any form, whatever the account is
 * called by now.
 */
#include "password/shadow_rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "password/shadow_index.h"

#define FILE_MAX_ ((off_t)1 << 30)
#define OUT_ROOM ((size_t)256 << 10)

/* The file as it is, in memory, and the new one beside it, which begins with the first line that changes. */
typedef struct rewrite {
    const shadow_place *place;
    shadow_index users, hashes;
    int in;
    char *text;
    size_t room, len;
    bool begun; /* something has changed */
    FILE *out;  /* NULL before and after; writes to fd */
    int fd;
    char *buffer;  /* of out */
    size_t copied; /* how much of text is in out, changed or not */
} rewrite;

static int cannot_write(const rewrite *w, problem *p) {
    return problem_set(p, EX_IOERR, "%s cannot be written: %s", w->place->path, strerror(errno));
}

static int cannot_read(const rewrite *w, problem *p) {
    return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", w->place->path, strerror(errno));
}

/* In the walls of otsd-sweep.service there is no chown: what is made there has the right group already. */
static int keep_owner(const struct stat *from, int to) {
    struct stat st;

    if (fstat(to, &st) != 0)
        return -1;
    return st.st_uid == from->st_uid && st.st_gid == from->st_gid ? 0 : fchown(to, from->st_uid, from->st_gid);
}

static int keep_attributes(int from, int to) {
    char attributes[4096], value[4096];
    struct stat st;
    ssize_t len;

    if (fstat(from, &st) != 0 || keep_owner(&st, to) != 0 || fchmod(to, st.st_mode & 07777) != 0)
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

/* The whole file in one piece, so that what is decided and what is written come from one look at it. In pages of its
 * own: the programs let malloc overwrite what it hands out. */
static int read_whole(rewrite *w, problem *p) {
    struct stat st;
    ssize_t got = 1;
    void *text;

    if (fstat(w->in, &st) != 0)
        return cannot_read(w, p);
    if (st.st_size < 0 || st.st_size > FILE_MAX_)
        return problem_set(p, EX_DATAERR, "%s is too large", w->place->path);
    w->room = (size_t)st.st_size + 1;
    text = mmap(NULL, w->room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (text == MAP_FAILED)
        return problem_set(p, EX_OSERR, "out of memory");
    w->text = text;
    /* The byte more than the file has tells its end from a file that grew meanwhile. */
    while (w->len < w->room && (got = file_read(w->in, w->text + w->len, w->room - w->len)) > 0)
        w->len += (size_t)got;
    if (got < 0)
        return cannot_read(w, p);
    return got == 0 ? problem_none(p)
                    : problem_set(p, EX_TEMPFAIL, "%s is being written by another program", w->place->path);
}

/* What is written goes through the hook's own write loop, which goes on after a signal; stdio would give up. */
static ssize_t stream_write(void *rewriting, const char *data, size_t len) {
    const rewrite *w = rewriting;
    size_t done = 0;

    (void)file_write(w->fd, data, len, FILE_HERE, &done); /* a short count is the failure */
    return (ssize_t)done;
}

/* The new file, empty, with the old one's owner, mode and attributes. */
static int make_fresh(rewrite *w, problem *p) {
    (void)unlinkat(w->place->dir, w->place->fresh, 0);
    w->fd = file_openat(w->place->dir, w->place->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC);
    if (w->fd < 0)
        return problem_set(p, EX_CANTCREAT, "%s, beside %s, cannot be made: %s", w->place->fresh, w->place->path,
                           strerror(errno));
    w->begun = true;
    return keep_attributes(w->in, w->fd) == 0 ? problem_none(p) : cannot_write(w, p);
}

static int begin(rewrite *w, problem *p) {
    int rc = make_fresh(w, p);

    if (rc != EX_OK)
        return rc;
    w->out = fopencookie(w, "w", (cookie_io_functions_t){.write = stream_write});
    w->buffer = malloc(OUT_ROOM);
    if (!w->out || !w->buffer || setvbuf(w->out, w->buffer, _IOFBF, OUT_ROOM) != 0)
        return problem_set(p, EX_OSERR, "out of memory");
    return problem_none(p);
}

static bool put(rewrite *w, size_t from, size_t to) {
    return to == from || fwrite(w->text + from, 1, to - from, w->out) == to - from;
}

/* Copies, unchanged, what lies before the line. */
static bool copy_to(rewrite *w, size_t at) {
    bool done = put(w, w->copied, at);

    w->copied = at;
    return done;
}

/* A line's parts, as offsets in the text: "NAME:FIELD[:DATE[:REST]]". */
typedef struct parts {
    size_t at, field, field_end, date, date_end, end; /* end: behind the newline */
    bool has_date;
} parts;

static size_t stop_of(const rewrite *w, size_t from, size_t end) {
    const char *colon = memchr(w->text + from, ':', end - from);

    return colon ? (size_t)(colon - w->text) : end;
}

/* False: there is no field. */
static bool split(const rewrite *w, size_t at, size_t len, parts *s) {
    size_t end = at + len - (w->text[at + len - 1] == '\n' ? 1 : 0), colon = stop_of(w, at, end);

    *s = (parts){.at = at, .field = colon + 1, .end = at + len};
    if (colon == end)
        return false;
    s->field_end = stop_of(w, s->field, end);
    s->has_date = s->field_end < end;
    s->date = s->has_date ? s->field_end + 1 : end;
    s->date_end = stop_of(w, s->date, end);
    return true;
}

static long date_of(const rewrite *w, const parts *s) {
    return s->has_date ? shadow_date(w->text + s->date) : SHADOW_DATE_NONE;
}

static bool put_date(rewrite *w, const parts *s, long changed) {
    if (!s->has_date)
        return true;
    if (fputc(':', w->out) == EOF)
        return false;
    if (changed == date_of(w, s))
        return put(w, s->date, s->date_end);
    return changed < 0 || fprintf(w->out, "%ld", changed) > 0;
}

/* The line with another field and date. A last line that had no newline gets one. */
static int write_line(rewrite *w, const parts *s, const shadow_line *line, problem *p) {
    int rc = w->begun ? problem_none(p) : begin(w, p);

    if (rc != EX_OK)
        return rc;
    if (!copy_to(w, s->at) || !put(w, s->at, s->field) || fputs(line->hash, w->out) == EOF ||
        !put_date(w, s, line->changed) || !put(w, s->date_end, s->end) ||
        (w->text[s->end - 1] != '\n' && fputc('\n', w->out) == EOF))
        return cannot_write(w, p);
    w->copied = s->end;
    return problem_none(p);
}

/* What becomes of the line: the field is looked at as a string of its own. */
static shadow_result decide_line(const rewrite *w, const shadow_change *c, const parts *s, shadow_line *out) {
    char *end = w->text + s->field_end, was = *end;
    shadow_result result;

    *end = '\0';
    result = change_line(c, w->text + s->field, date_of(w, s), (long)(time(NULL) / 86400), out);
    *end = was;
    return result;
}

static const char *wrong_with(const rewrite *w, const parts *s) {
    return shadow_line_wrong(w->text + s->at, s->end - s->at - (w->text[s->end - 1] == '\n' ? 1 : 0));
}

static int set_line(rewrite *w, shadow_slot *slot, const parts *s, problem *p) {
    shadow_change *c = slot->item;
    shadow_line line;
    int rc = problem_none(p);

    slot->met = true;
    c->wrong = wrong_with(w, s);
    c->result = c->wrong ? SHADOW_BROKEN : decide_line(w, c, s, &line);
    if (c->result == SHADOW_DONE)
        rc = write_line(w, s, &line, p);
    return rc;
}

/* Dead is dead in a line that cannot be read, too; only the hash goes, for who knows what the rest is. */
static int kill_line(rewrite *w, shadow_change *c, const parts *s, problem *p) {
    shadow_line line;

    if (decide_line(w, c, s, &line) != SHADOW_DONE)
        return problem_none(p);
    if (wrong_with(w, s))
        line.changed = date_of(w, s);
    c->result = SHADOW_DONE;
    return write_line(w, s, &line, p);
}

/* The field ends at a NUL, too: so it does for whoever reads lines as strings, which our own look at the file does. */
static int one_line(rewrite *w, const parts *s, problem *p) {
    const char *field = w->text + s->field;
    size_t marks = 0, len = strnlen(field, s->field_end - s->field);
    shadow_slot *slot = shadow_index_find(&w->users, w->text + s->at, s->field - 1 - s->at);

    if (slot->item && !slot->met)
        return set_line(w, slot, s, p);
    if (w->hashes.len == 0)
        return problem_none(p);
    while (marks < len && field[marks] == '!')
        marks++;
    slot = shadow_index_find(&w->hashes, field + marks, len - marks);
    return slot->item ? kill_line(w, slot->item, s, p) : problem_none(p);
}

static int all_lines(rewrite *w, problem *p) {
    int rc = problem_none(p);

    for (size_t at = 0, len; rc == EX_OK && at < w->len; at += len) {
        const char *line = w->text + at, *stop = memchr(line, '\n', w->len - at);
        parts s;

        len = stop ? (size_t)(stop - line) + 1 : w->len - at;
        if (split(w, at, len, &s))
            rc = one_line(w, &s, p);
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
    const shadow_place *place = w->place;

    if (!copy_to(w, w->len) || fflush(w->out) != 0 || file_fsync(w->fd) != 0 || end_stream(w) != 0 ||
        renameat(place->dir, place->fresh, place->dir, place->name) != 0)
        return cannot_write(w, p);
    /* The new file is in place: what follows can no longer be taken back. */
    if (file_fsync(place->dir) != 0)
        return problem_set(p, EX_IOERR, "%s was written, but the disk does not confirm it: %s", place->path,
                           strerror(errno));
    return problem_none(p);
}

static void end_rewrite(rewrite *w) {
    (void)end_stream(w); /* already ended, or to be thrown away */
    if (w->begun)
        (void)unlinkat(w->place->dir, w->place->fresh, 0);
    if (w->buffer)
        otsd_wipe(w->buffer, OUT_ROOM);
    free(w->buffer);
    if (w->text) {
        otsd_wipe(w->text, w->len);
        (void)munmap(w->text, w->room);
    }
    if (w->in >= 0)
        (void)close(w->in);
    shadow_index_free(&w->users);
    shadow_index_free(&w->hashes);
}

static int open_and_read(rewrite *w, problem *p) {
    int rc = shadow_place_check(w->place, p);

    if (rc != EX_OK)
        return rc;
    w->in = file_openat(w->place->dir, w->place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return w->in >= 0 ? read_whole(w, p) : cannot_read(w, p);
}

static bool index_changes(rewrite *w, shadow_change *changes, size_t n) {
    if (!shadow_index_make(&w->users, n) || !shadow_index_make(&w->hashes, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        changes[i].result = SHADOW_ABSENT;
        if (changes[i].op == SHADOW_KILL)
            shadow_index_add(&w->hashes, changes[i].hash, &changes[i]);
        else
            shadow_index_add(&w->users, changes[i].user, &changes[i]);
    }
    return true;
}

/* Those that are about the same hash have the same result. */
static void share_results(const rewrite *w, shadow_change *changes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const shadow_change *first;

        if (changes[i].op != SHADOW_KILL)
            continue;
        first = shadow_index_find(&w->hashes, changes[i].hash, strlen(changes[i].hash))->item;
        changes[i].result = first->result;
    }
}

int shadow_rewrite_apply(const shadow_place *place, shadow_change *changes, size_t n, problem *p) {
    rewrite w = {.place = place, .in = -1, .fd = -1};
    int rc = index_changes(&w, changes, n) ? open_and_read(&w, p) : problem_set(p, EX_OSERR, "out of memory");

    if (rc == EX_OK)
        rc = all_lines(&w, p);
    if (rc == EX_OK && w.begun)
        rc = finish(&w, p);
    if (rc == EX_OK)
        share_results(&w, changes, n);
    end_rewrite(&w);
    return rc;
}

int shadow_rewrite_try(const shadow_place *place, problem *p) {
    rewrite w = {.place = place, .in = -1, .fd = -1};
    int rc = open_and_read(&w, p);

    if (rc == EX_OK)
        rc = make_fresh(&w, p);
    if (rc == EX_OK && posix_fallocate(w.fd, 0, (off_t)w.room) != 0) {
        errno = ENOSPC;
        rc = cannot_write(&w, p);
    }
    end_rewrite(&w);
    return rc;
}
