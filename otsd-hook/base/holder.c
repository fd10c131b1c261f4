/* SPDX-License-Identifier: MIT */
#include "base/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/words.h"

static bool name_of(pid_t pid, char *out, size_t size) {
    char path[64], name[32];
    ssize_t len;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    len = file_read(fd, name, sizeof name - 1);
    (void)close(fd);
    if (len <= 1)
        return false;
    name[len] = '\0';
    name[strcspn(name, "\n")] = '\0';
    words_printable(name, out, size);
    return true;
}

const char *holder_name(pid_t pid, char *out) {
    char name[64];

    if (pid <= 0)
        snprintf(out, HOLDER_MAX, "another process");
    else if (name_of(pid, name, sizeof name))
        snprintf(out, HOLDER_MAX, "%s (process %ld)", name, (long)pid);
    else
        snprintf(out, HOLDER_MAX, "process %ld", (long)pid);
    return out;
}

/* Is one of the process's descriptors that file? The device in /proc/locks is not the one that stat tells, on overlays
 * and on btrfs. */
static bool has_open(pid_t pid, const struct stat *wanted) {
    char path[64];
    struct dirent *d;
    struct stat st;
    bool found = false;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    dir = opendir(path);
    while (dir && !found && (d = readdir(dir)))
        found =
            fstatat(dirfd(dir), d->d_name, &st, 0) == 0 && st.st_ino == wanted->st_ino && st.st_dev == wanted->st_dev;
    if (dir)
        (void)closedir(dir);
    return found;
}

pid_t holder_of_flock(int fd) {
    FILE *f = fopen("/proc/locks", "re");
    char line[256], kind[16];
    unsigned long inode;
    struct stat st;
    pid_t found = 0;
    long pid;

    if (f && fstat(fd, &st) == 0)
        /* "1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF"; who waits has "->" behind the number. */
        while (found == 0 && fgets(line, sizeof line, f))
            if (sscanf(line, "%*d: %15s %*s %*s %ld %*x:%*x:%lu", kind, &pid, &inode) == 3 &&
                strcmp(kind, "FLOCK") == 0 && inode == (unsigned long)st.st_ino && has_open((pid_t)pid, &st))
                found = (pid_t)pid;
    if (f)
        (void)fclose(f);
    return found;
}
