/* SPDX-License-Identifier: MIT */
#include "shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* Of our own, so that a left-over is known to be ours and never another tool's work in progress. */
#define SHADOW_NEW "/etc/shadow.otsd"
#define LINE_MAX_ 4096

bool shadow_never_set(const char *hash) {
    return hash[0] != '\0' && strspn(hash, "!*") == strlen(hash);
}

bool shadow_same(const char *in_shadow, const char *generated) {
    while (*in_shadow == '!')
        in_shadow++;
    return generated[0] != '\0' && strcmp(in_shadow, generated) == 0;
}

int shadow_each(bool (*fn)(const char *user, const char *hash, long changed, void *arg), void *arg, problem *p) {
    FILE *f = fopen(SHADOW_PATH, "re");
    char *line = NULL;
    size_t size = 0;
    bool more = true;
    int rc = EX_OK;

    if (!f)
        return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", SHADOW_PATH, strerror(errno));
    while (more && getline(&line, &size, f) >= 0) {
        char *rest = line, *user = strsep(&rest, ":\n"), *hash = strsep(&rest, ":\n"), *date = strsep(&rest, ":\n");

        if (hash && user[0])
            more = fn(user, hash, date && date[0] ? strtol(date, NULL, 10) : -1, arg);
    }
    if (ferror(f))
        rc = problem_set(p, EX_IOERR, "%s cannot be read: %s", SHADOW_PATH, strerror(errno));
    if (line)
        otsd_wipe(line, size);
    free(line);
    (void)fclose(f);
    return rc;
}

struct lookup {
    const char *user;
    shadow_line *out;
    bool found, fits;
};

static bool lookup_line(const char *user, const char *hash, long changed, void *arg) {
    struct lookup *l = arg;

    if (strcmp(user, l->user) != 0)
        return true;
    l->found = true;
    l->fits = (size_t)snprintf(l->out->hash, sizeof l->out->hash, "%s", hash) < sizeof l->out->hash;
    l->out->changed = changed;
    return false;
}

int shadow_lookup(const char *user, shadow_line *out, problem *p) {
    struct lookup l = {.user = user, .out = out};
    int rc = shadow_each(lookup_line, &l, p);

    if (rc != EX_OK)
        return rc;
    if (!l.found)
        return problem_set(p, EX_NOUSER, "%s has no line in %s", user, SHADOW_PATH);
    return l.fits ? EX_OK : problem_set(p, EX_DATAERR, "%s: the password field in %s is too long", user, SHADOW_PATH);
}

/* ---- the transaction ---- */

static int by_user(const void *a, const void *b) {
    return strcmp(((const shadow_change *)a)->user, ((const shadow_change *)b)->user);
}

/* Decides what becomes of one account; true: sp was changed and is to be written. */
static bool change_line(shadow_change *c, struct spwd *sp, char *field, size_t size) {
    if (c->op == SHADOW_LOCK_IF) {
        if (strcmp(sp->sp_pwdp, c->hash) != 0) {
            c->result = SHADOW_OTHER;
            return false;
        }
        (void)snprintf(field, size, "!%s", c->hash);
        sp->sp_pwdp = field;
    } else {
        if (!c->force && !(c->only_if ? strcmp(sp->sp_pwdp, c->only_if) == 0 : shadow_never_set(sp->sp_pwdp))) {
            c->result = SHADOW_REFUSED;
            return false;
        }
        (void)snprintf(field, size, "%s", c->hash);
        sp->sp_pwdp = field;
        sp->sp_lstchg = c->must_change ? 0 : (long)(time(NULL) / 86400);
    }
    c->result = SHADOW_DONE;
    return true;
}

/* Copies one line, changed or as it is; out NULL: only finds out what would become of it. */
static bool copy_line(FILE *out, const char *line, size_t len, shadow_change *changes, size_t n) {
    char buf[LINE_MAX_], text[LINE_MAX_], name[256], field[SHADOW_HASH_MAX + 1];
    const char *colon = memchr(line, ':', len);
    shadow_change key = {.user = name}, *c = NULL;
    struct spwd sp, *parsed;
    bool ok = true;

    if (colon && (size_t)(colon - line) < sizeof name) {
        memcpy(name, line, (size_t)(colon - line));
        name[colon - line] = '\0';
        c = bsearch(&key, changes, n, sizeof key, by_user);
    }
    /* Only the first line of a name counts, for getspnam as for us. */
    if (!c || c->result != SHADOW_ABSENT || len >= sizeof buf)
        return !out || fwrite(line, 1, len, out) == len;
    memcpy(text, line, len);
    text[line[len - 1] == '\n' ? len - 1 : len] = '\0';
    if (sgetspent_r(text, &sp, buf, sizeof buf, &parsed) == 0 && change_line(c, &sp, field, sizeof field))
        ok = !out || putspent(&sp, out) == 0;
    else if (out)
        ok = fwrite(line, 1, len, out) == len;
    otsd_wipe(text, sizeof text);
    otsd_wipe(buf, sizeof buf);
    otsd_wipe(field, sizeof field);
    return ok;
}

/* Goes over all lines; EX_OK leaves each change's result. */
static bool copy_lines(FILE *in, FILE *out, shadow_change *changes, size_t n) {
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    bool ok = true;

    for (size_t i = 0; i < n; i++)
        changes[i].result = SHADOW_ABSENT;
    rewind(in);
    while (ok && (len = getline(&line, &size, in)) >= 0)
        ok = copy_line(out, line, (size_t)len, changes, n);
    ok = ok && !ferror(in);
    if (line)
        otsd_wipe(line, size);
    free(line);
    return ok;
}

static int keep_attributes(int from, int to, const struct stat *st) {
    char names[4096], value[4096];
    ssize_t len = flistxattr(from, names, sizeof names);

    if (fchown(to, st->st_uid, st->st_gid) != 0 || fchmod(to, st->st_mode & 07777) != 0)
        return -1;
    if (len < 0)
        return errno == ENOTSUP ? 0 : -1;
    for (ssize_t i = 0; i < len; i += (ssize_t)strlen(names + i) + 1) {
        ssize_t n;

        /* Checksums of the old content. */
        if (strcmp(names + i, "security.ima") == 0 || strcmp(names + i, "security.evm") == 0)
            continue;
        n = fgetxattr(from, names + i, value, sizeof value);
        if (n < 0 || fsetxattr(to, names + i, value, (size_t)n, 0) != 0)
            return -1;
    }
    return 0;
}

static int rewrite(FILE *in, shadow_change *changes, size_t n, problem *p) {
    struct stat st;
    FILE *out = NULL;
    int fd, dir = -1, rc = EX_OK;

    (void)unlink(SHADOW_NEW);
    fd = open(SHADOW_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return problem_set(p, EX_CANTCREAT, "%s cannot be made: %s", SHADOW_NEW, strerror(errno));
    out = fdopen(fd, "w");
    if (!out || fstat(fileno(in), &st) != 0 || keep_attributes(fileno(in), fd, &st) != 0 || !copy_lines(in, out, changes, n) ||
        fflush(out) != 0 || fsync(fd) != 0)
        goto io;
    fd = -1;
    if (fclose(out) != 0) {
        out = NULL;
        goto io;
    }
    out = NULL;
    dir = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || rename(SHADOW_NEW, SHADOW_PATH) != 0)
        goto io;
    /* The new file is in place: what follows can no longer be taken back. */
    if (fsync(dir) != 0)
        rc = problem_set(p, EX_IOERR, "%s was written, but the disk does not confirm it: %s", SHADOW_PATH, strerror(errno));
    goto out;
io:
    rc = problem_set(p, EX_IOERR, "%s cannot be written: %s", SHADOW_PATH, strerror(errno));
out:
    if (out)
        (void)fclose(out);
    else if (fd >= 0)
        (void)close(fd);
    if (dir >= 0)
        (void)close(dir);
    (void)unlink(SHADOW_NEW);
    return rc;
}

static int apply_locked(shadow_change *changes, size_t n, problem *p) {
    int fd = open(SHADOW_PATH, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
    bool wanted = false;
    int rc = EX_OK;

    if (!in || !copy_lines(in, NULL, changes, n))
        rc = problem_set(p, EX_NOINPUT, "%s cannot be read: %s", SHADOW_PATH, strerror(errno));
    for (size_t i = 0; rc == EX_OK && i < n; i++)
        wanted = wanted || changes[i].result == SHADOW_DONE;
    if (wanted)
        rc = rewrite(in, changes, n, p);
    if (in)
        (void)fclose(in);
    else if (fd >= 0)
        (void)close(fd);
    return rc;
}

int shadow_apply(shadow_change *changes, size_t n, problem *p) {
    int rc;

    qsort(changes, n, sizeof *changes, by_user);
    if (lckpwdf() != 0)
        return problem_set(p, EX_TEMPFAIL, "%s is locked by another program: %s", SHADOW_PATH, strerror(errno));
    rc = apply_locked(changes, n, p);
    (void)ulckpwdf();
    if (rc != EX_OK)
        for (size_t i = 0; i < n; i++)
            changes[i].result = SHADOW_UNTOUCHED;
    return rc;
}

int shadow_clean(problem *p) {
    struct stat st;

    if (lstat(SHADOW_NEW, &st) != 0)
        return EX_OK;
    if (lckpwdf() != 0)
        return problem_set(p, EX_TEMPFAIL, "%s is locked by another program: %s", SHADOW_PATH, strerror(errno));
    if (unlink(SHADOW_NEW) != 0 && errno != ENOENT)
        (void)problem_set(p, EX_IOERR, "%s cannot be removed: %s", SHADOW_NEW, strerror(errno));
    else
        p->code = EX_OK;
    (void)ulckpwdf();
    return p->code;
}
