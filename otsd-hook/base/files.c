/* SPDX-License-Identifier: MIT
 *
 * A write may be short, and a signal may come in the middle: neither is a failure, and neither may lose or repeat a
 * byte. What fails tells how far it came, so that the caller can take it back.
 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

bool file_write(int fd, const void *data, size_t len, off_t at, size_t *done) {
    const char *text = data;
    size_t written = 0;

    while (written < len) {
        ssize_t n = at == FILE_HERE ? write(fd, text + written, len - written)
                                    : pwrite(fd, text + written, len - written, at + (off_t)written);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENOSPC;
        if (n <= 0)
            break;
        written += (size_t)n;
    }
    if (done)
        *done = written;
    return written == len;
}

#define GOING_ON(type, call)                                                                                           \
    do {                                                                                                               \
        type result;                                                                                                   \
                                                                                                                       \
        do                                                                                                             \
            result = (call);                                                                                           \
        while (result < 0 && errno == EINTR);                                                                          \
        return result;                                                                                                 \
    } while (0)

ssize_t file_read(int fd, void *to, size_t room) {
    GOING_ON(ssize_t, read(fd, to, room));
}

ssize_t file_pread(int fd, void *to, size_t room, off_t at) {
    GOING_ON(ssize_t, pread(fd, to, room, at));
}

int file_flock(int fd, int operation) {
    GOING_ON(int, flock(fd, operation));
}

static int lock_call(int fd, int what, struct flock *lock) {
    GOING_ON(int, fcntl(fd, what, lock));
}

static int byte_lock(int fd, off_t at, short kind) {
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

    return lock_call(fd, F_OFD_SETLK, &lock);
}

int file_lock_byte(int fd, off_t at) {
    return byte_lock(fd, at, F_WRLCK);
}

int file_unlock_byte(int fd, off_t at) {
    return byte_lock(fd, at, F_UNLCK);
}

bool file_is_locked(int fd, off_t at, off_t len) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = len};

    return len > 0 && lock_call(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int file_fsync(int fd) {
    GOING_ON(int, fsync(fd));
}

int file_fdatasync(int fd) {
    GOING_ON(int, fdatasync(fd));
}
