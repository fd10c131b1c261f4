/* SPDX-License-Identifier: MIT
 *
 * A stage for code that opens files by name: what it believes to be /etc/shadow is a piece of the input, in memory. The
 * linker puts these functions in the place of the system's (--wrap), and the machine's own accounts MUST NOT be within
 * reach of what is tried out here: what is not on the stage and lies in /etc or /var cannot be opened.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 4

static struct {
    char path[64]; /* "": free */
    int fd;
    char link[32];
} files[FILES];

int (*stage_stat)(const char *path, struct stat *st);
long stage_euid = -1;

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
int __real_fstatat(int dir, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dir, const char *path, struct stat *st, int flags);
uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);

static int find(const char *path) {
    for (int i = 0; i < FILES; i++)
        if (files[i].path[0] && strcmp(files[i].path, path) == 0)
            return i;
    return -1;
}

void stage_file(const char *path, const void *text, size_t len) {
    int i = find(path);

    for (int n = 0; i < 0 && n < FILES; n++)
        if (!files[n].path[0])
            i = n;
    HOLDS(i >= 0 && strlen(path) < sizeof files[i].path);
    if (files[i].link[0] == '\0') {
        files[i].fd = memfd_create("stage", MFD_CLOEXEC);
        HOLDS(files[i].fd >= 0 && fchmod(files[i].fd, 0600) == 0);
        snprintf(files[i].link, sizeof files[i].link, "/proc/self/fd/%d", files[i].fd);
    }
    snprintf(files[i].path, sizeof files[i].path, "%s", path);
    HOLDS(ftruncate(files[i].fd, 0) == 0 && pwrite(files[i].fd, text, len, 0) == (ssize_t)len);
}

char *stage_content(const char *path, size_t *len) {
    int i = find(path);
    struct stat st;
    char *text;

    HOLDS(i >= 0 && fstat(files[i].fd, &st) == 0);
    *len = (size_t)st.st_size;
    text = malloc(*len + 1);
    HOLDS(text && pread(files[i].fd, text, *len, 0) == (ssize_t)*len);
    text[*len] = '\0';
    return text;
}

void stage_clear(void) {
    for (int i = 0; i < FILES; i++)
        files[i].path[0] = '\0';
}

static bool is_off_limits(const char *path) {
    return strncmp(path, "/etc/", 5) == 0 || strncmp(path, "/var/", 5) == 0;
}

int __wrap_openat(int dir, const char *path, int flags, ...) {
    int i = find(path), mode;
    va_list args;

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);
    if (i >= 0)
        return __real_openat(AT_FDCWD, files[i].link, flags & ~(O_NOFOLLOW | O_CREAT | O_EXCL | O_DIRECTORY));
    if (is_off_limits(path)) {
        errno = ENOENT;
        return -1;
    }
    return __real_openat(dir, path, flags, mode);
}

FILE *__wrap_fopen(const char *path, const char *mode) {
    int i = find(path);

    if (i < 0 && is_off_limits(path)) {
        errno = ENOENT;
        return NULL;
    }
    return __real_fopen(i >= 0 ? files[i].link : path, mode);
}

int __wrap_fstatat(int dir, const char *path, struct stat *st, int flags) {
    return stage_stat ? stage_stat(path, st) : __real_fstatat(dir, path, st, flags);
}

uid_t __wrap_geteuid(void) {
    return stage_euid < 0 ? __real_geteuid() : (uid_t)stage_euid;
}
