/* SPDX-License-Identifier: MIT */
/*
 * What an instrumented build needs so that the tests see the programs that they would see without it. It is linked
 * into each program, the library and the module.
 *
 * A profile that cannot be opened (another root, a trouble that a test makes) is dropped without a word: the message
 * that libgcov would print is not the program's. A process that closes a sandbox around itself opens its profiles
 * before that, and writes into those descriptors when it ends; the sandbox has to allow dup, fcntl, fstat, lseek, read
 * and write, a hundred more descriptors, and files without a limit.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT_MOST 512

extern void __gcov_dump(void);
extern void __gcov_reset(void);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
void profile_leave(void);
void profile_syscall(long number);

static struct {
    char name[256];
    int fd;
} kept[KEPT_MOST];
static int kept_count;
static bool keeping, closed;

static bool is_profile(const char *path) {
    size_t len = strlen(path);

    return len > 5 && len < sizeof kept[0].name && strcmp(path + len - 5, ".gcda") == 0;
}

static int reopen(const char *path) {
    for (int i = 0; i < kept_count; i++)
        if (strcmp(kept[i].name, path) == 0 && lseek(kept[i].fd, 0, SEEK_SET) == 0)
            return dup(kept[i].fd);
    return -1;
}

/* A process that may write no file is killed for it. */
static bool may_write(void) {
    struct rlimit most;

    return getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur == RLIM_INFINITY;
}

/* Only libgcov's are looked at. */
int __wrap_open(const char *path, int flags, ...) {
    mode_t mode = 0;
    va_list list;
    int fd;

    va_start(list, flags);
    if (flags & (O_CREAT | O_TMPFILE))
        mode = va_arg(list, mode_t);
    va_end(list);
    if (!is_profile(path))
        return __real_open(path, flags, mode);
    if (closed)
        fd = reopen(path);
    else
        fd = may_write() ? __real_open(path, flags | O_CLOEXEC, mode) : -1;
    if (fd >= 0 && keeping && kept_count < KEPT_MOST) {
        memcpy(kept[kept_count].name, path, strlen(path) + 1);
        kept[kept_count++].fd = fcntl(fd, F_DUPFD_CLOEXEC, 200);
    }
    if (fd < 0)
        fd = __real_open("/dev/null", O_RDWR | O_CLOEXEC);
    return fd >= 0 ? fd : memfd_create("profile", MFD_CLOEXEC);
}

void profile_leave(void) {
    __gcov_dump();
    __gcov_reset();
}

void profile_syscall(long number) {
    if (number == SYS_exit || number == SYS_exit_group || number == SYS_execve || number == SYS_execveat)
        profile_leave();
    if ((number == SYS_landlock_create_ruleset || number == SYS_seccomp) && !closed) {
        keeping = true;
        profile_leave();
        keeping = false;
        closed = kept_count > 0;
    }
}
