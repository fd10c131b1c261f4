/* SPDX-License-Identifier: MIT
 *
 * Some systems keep the shadow file elsewhere, behind a symbolic link, and chpasswd writes it there. So do we, where
 * nobody but root can say where the link goes: every link on the way and every folder that is walked through must be
 * root's, and the folders must not be writable by others. Each step is taken from the folder before, as an open file,
 * so what was checked is what is used. Where /etc/shadow is no link, nothing is asked of /etc: whoever else can write
 * there has the machine already.
 *
 * A new file can take the place of an old one by a rename only where the old one is no mount point (a container's
 * bind mount) and is not immutable. Both are asked beforehand, because a rename says neither in words.
 */
#include "password/shadow_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "password/shadow_read.h"

enum { LINKS_MOST = 16 };

/* On the way to the file: the folder that was reached, and what remains. */
typedef struct way {
    int dir;
    unsigned links;
    const char *rest; /* what is still to be walked; of text once a link was followed */
    char text[PATH_MAX];
    char done[PATH_MAX]; /* of the folder; "" is the root */
} way;

static int cannot_read(const char *path, problem *p) {
    return problem_set(p, EX_NOINPUT, "%s cannot be read: %s", path, strerror(errno));
}

static int unsafe(const char *path, const char *why, problem *p) {
    return problem_set(p, EX_NOPERM, "%s is a link, and is not followed: %s %s", SHADOW_PATH, path, why);
}

/* Into a folder, from the one that was reached (AT_FDCWD with "/": from nowhere). */
static int enter(way *w, int from, const char *name, const char *path, problem *p) {
    static const file_wanted folder = {.type = S_IFDIR, .owner = FILE_OF_ROOT, .forbidden = S_IWGRP | S_IWOTH};
    file_found found;

    switch (file_open(from, name, O_RDONLY, &folder, &found)) {
    case FILE_GOOD:
        break;
    case FILE_FOREIGN:
        return unsafe(path, "is not root's", p);
    case FILE_TOO_OPEN:
        return unsafe(path, "can be written by others", p);
    default:
        errno = found.error ? found.error : ENOTDIR;
        return cannot_read(path, p);
    }
    if (w->dir >= 0)
        (void)close(w->dir);
    w->dir = found.fd;
    return problem_none(p);
}

static int enter_root(way *w, problem *p) {
    w->done[0] = '\0';
    return enter(w, AT_FDCWD, "/", "/", p);
}

/* The next name of the rest, which begins behind it then. False: there is none. */
static bool next_name(way *w, char *name, bool *last) {
    size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/"), after = skip + len;

    if (len == 0 || len > NAME_MAX)
        return false;
    memcpy(name, w->rest + skip, len);
    name[len] = '\0';
    *last = w->rest[after] == '\0';
    w->rest += after;
    return true;
}

/* The link's target takes the place of its name. */
static int follow(way *w, const char *name, const char *target, const char *path, problem *p) {
    char rest[PATH_MAX];
    struct stat st;

    if (fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return cannot_read(path, p);
    if (st.st_uid != 0)
        return unsafe(path, "is not root's", p);
    if (++w->links > LINKS_MOST) {
        errno = ELOOP;
        return cannot_read(SHADOW_PATH, p);
    }
    if ((size_t)snprintf(rest, sizeof rest, "%s%s", target, w->rest) >= sizeof rest) {
        errno = ENAMETOOLONG;
        return cannot_read(SHADOW_PATH, p);
    }
    memcpy(w->text, rest, sizeof rest);
    w->rest = w->text;
    return target[0] == '/' ? enter_root(w, p) : problem_none(p);
}

/* To the folder above. The text of what was reached has no links in it, so it can be cut. */
static int climb(way *w, problem *p) {
    char *slash = strrchr(w->done, '/');

    if (slash)
        *slash = '\0';
    return enter(w, w->dir, "..", w->done[0] ? w->done : "/", p);
}

/* One name further. *arrived: it is the file. */
static int step(way *w, shadow_place *place, bool *arrived, problem *p) {
    char name[NAME_MAX + 1], target[PATH_MAX];
    bool last;
    ssize_t len;

    if (!next_name(w, name, &last)) {
        errno = ENOENT;
        return cannot_read(SHADOW_PATH, p);
    }
    if (strcmp(name, ".") == 0)
        return problem_none(p);
    if (strcmp(name, "..") == 0)
        return climb(w, p);
    if ((size_t)snprintf(place->path, sizeof place->path, "%s/%s", w->done, name) >= sizeof place->path) {
        errno = ENAMETOOLONG;
        return cannot_read(SHADOW_PATH, p);
    }
    len = readlinkat(w->dir, name, target, sizeof target - 1);
    if (len > 0) {
        target[len] = '\0';
        return follow(w, name, target, place->path, p);
    }
    *arrived = last;
    if (last) {
        memcpy(place->name, name, sizeof name);
        return problem_none(p);
    }
    memcpy(w->done, place->path, sizeof w->done);
    return enter(w, w->dir, name, place->path, p);
}

static int walk(shadow_place *place, problem *p) {
    way w = {.dir = -1, .rest = SHADOW_PATH};
    bool arrived = false;
    int rc = enter_root(&w, p);

    while (rc == EX_OK && !arrived)
        rc = step(&w, place, &arrived, p);
    place->dir = w.dir;
    return rc;
}

/* No link: the folder and the name are known. */
static int straight(shadow_place *place, problem *p) {
    const char *slash = strrchr(SHADOW_PATH, '/');
    char folder[] = SHADOW_PATH;

    folder[slash - SHADOW_PATH] = '\0';
    snprintf(place->path, sizeof place->path, "%s", SHADOW_PATH);
    snprintf(place->name, sizeof place->name, "%s", slash + 1);
    place->dir = file_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return place->dir >= 0 ? problem_none(p) : cannot_read(folder, p);
}

int shadow_place_open(shadow_place *place, problem *p) {
    struct stat st;
    int rc;

    *place = (shadow_place){.dir = -1};
    if (lstat(SHADOW_PATH, &st) != 0)
        return cannot_read(SHADOW_PATH, p);
    rc = S_ISLNK(st.st_mode) ? walk(place, p) : straight(place, p);
    if (rc == EX_OK && fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        rc = cannot_read(place->path, p);
    else if (rc == EX_OK && !S_ISREG(st.st_mode))
        rc = problem_set(p, EX_NOINPUT, "%s is not a regular file", place->path);
    snprintf(place->fresh, sizeof place->fresh, "%s.otsd", place->name);
    if (rc != EX_OK)
        shadow_place_close(place);
    return rc;
}

void shadow_place_close(shadow_place *place) {
    if (place->dir >= 0)
        (void)close(place->dir);
    place->dir = -1;
}

int shadow_place_check(const shadow_place *place, problem *p) {
    struct statx st = {0};

    if (statx(place->dir, place->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) != 0)
        return cannot_read(place->path, p);
    if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
        return problem_set(p, EX_CANTCREAT, "%s is mounted by itself, so no new file can take its place", place->path);
    if (st.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
        return problem_set(p, EX_CANTCREAT, "%s is immutable (chattr), so no new file can take its place", place->path);
    return problem_none(p);
}
