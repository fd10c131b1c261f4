/* SPDX-License-Identifier: MIT
 *
 * Opening a file that must not be somebody else's: everything is asked of the descriptor, nothing of the path, so that
 * what was checked is what is read. Whoever asked makes the sentence out of the verdict.
 */
#include "core/file.h"

#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What open's refusal says of the file. A file that is no file at all shows there, too: EISDIR is a folder that was to
 * be written, ENXIO a socket, or a fifo that was to be written. */
static file_verdict why_not(int error) {
    switch (error) {
    case ENOENT:
        return FILE_ABSENT;
    case ELOOP:
        return FILE_LINK;
    case EISDIR:
    case ENXIO:
        return FILE_WRONG_TYPE;
    default:
        return FILE_FAILED;
    }
}

static file_verdict judge(const struct stat *st, const file_wanted *wanted) {
    bool self = wanted->owner == FILE_OF_ROOT_OR_SELF && st->st_uid == geteuid();

    if ((st->st_mode & S_IFMT) != wanted->type)
        return FILE_WRONG_TYPE;
    if (wanted->owner != FILE_OF_ANYBODY && st->st_uid != 0 && !self)
        return FILE_FOREIGN;
    return (st->st_mode & wanted->forbidden) != 0 ? FILE_TOO_OPEN : FILE_GOOD;
}

int file_openat(int dir, const char *path, int flags) {
    int fd;

    do
        fd = openat(dir, path, flags, 0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

file_verdict file_open(int dir, const char *path, int flags, const file_wanted *wanted, file_found *found) {
    /* O_NONBLOCK: a fifo in this place must not hang the caller before fstat can refuse it. */
    const int always = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (wanted->type == S_IFDIR ? O_DIRECTORY : 0);
    file_verdict verdict;

    memset(found, 0, sizeof *found);
    found->fd = file_openat(dir, path, flags | always | O_NOFOLLOW);
    if (found->fd < 0 && errno == ELOOP && wanted->follow) {
        found->linked = true;
        found->fd = file_openat(dir, path, flags | always);
    }
    if (found->fd < 0) {
        found->error = errno;
        return why_not(errno);
    }
    if (fstat(found->fd, &found->st) != 0) {
        found->error = errno;
        verdict = FILE_FAILED;
    } else {
        verdict = judge(&found->st, wanted);
    }
    if (verdict != FILE_GOOD) {
        (void)close(found->fd); /* nothing was written, so nothing can be lost */
        found->fd = -1;
    }
    return verdict;
}

otsd_err file_open_checked(int *out, const char *path, unsigned forbidden, otsd_error *e) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT_OR_SELF, .forbidden = forbidden};
    file_found f;

    switch (file_open(AT_FDCWD, path, O_RDONLY, &wanted, &f)) {
    case FILE_GOOD:
        *out = f.fd;
        return OTSD_OK;
    case FILE_LINK:
        return error_local(e, OTSD_ERR_CONFIG, "%s: is a symbolic link; a regular file was expected", path);
    case FILE_WRONG_TYPE:
        return error_local(e, OTSD_ERR_CONFIG, "%s: is not a regular file", path);
    case FILE_FOREIGN:
        return error_local(e, OTSD_ERR_CONFIG, "%s: is owned by uid %lu; root or uid %lu was expected", path,
                           (unsigned long)f.st.st_uid, (unsigned long)geteuid());
    case FILE_TOO_OPEN:
        return error_local(e, OTSD_ERR_CONFIG, "%s: has mode %04o; at most %04o was expected (chmod %s)", path,
                           (unsigned)f.st.st_mode & 07777U, 0666U & ~forbidden, forbidden & 044U ? "go=" : "go-w");
    case FILE_ABSENT:
    case FILE_FAILED:
        break;
    }
    return error_local(e, OTSD_ERR_CONFIG, "%s: cannot be opened: %s", path, strerror(f.error));
}
