/* SPDX-License-Identifier: MIT */
#include "base/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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
    fd = file_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
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

/* "1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF"; who waits has "->" behind the number. 0: another lock, or file. */
static pid_t holder_in(char *line, const struct stat *wanted) {
    enum { KIND = 1, PID = 4, FILE_ID = 5, WORDS };
    char *words[WORDS], *rest = NULL, *inode;
    long pid;

    for (int i = 0; i < WORDS; i++) {
        words[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
        if (!words[i])
            return 0;
    }
    inode = strrchr(words[FILE_ID], ':');
    if (strcmp(words[KIND], "FLOCK") != 0 || !inode || strtoull(inode + 1, NULL, 10) != wanted->st_ino)
        return 0;
    pid = strtol(words[PID], NULL, 10);
    return pid > 0 && has_open((pid_t)pid, wanted) ? (pid_t)pid : 0;
}

pid_t holder_of_flock(int fd) {
    FILE *f = fopen("/proc/locks", "re");
    char line[256];
    struct stat st;
    pid_t found = 0;

    if (f && fstat(fd, &st) == 0)
        while (found == 0 && fgets(line, sizeof line, f))
            found = holder_in(line, &st);
    if (f)
        (void)fclose(f);
    return found;
}
