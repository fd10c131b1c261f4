/* SPDX-License-Identifier: MIT
 *
 * Opening a file that must not be somebody else's: everything is asked of the descriptor, nothing of the path, so that
 * what was checked is what is read.
 */
#include "core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

otsd_err file_open_checked(int *out, const char *path, unsigned forbidden, otsd_error *e) {
    otsd_err rc;
    struct stat st;
    int fd;

    /* O_NONBLOCK: a fifo in this place must not hang the caller before fstat can refuse it. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ELOOP)
            return error_local(e, OTSD_ERR_CONFIG, "%s: is a symbolic link; a regular file was expected", path);
        return error_local(e, OTSD_ERR_CONFIG, "%s: cannot be opened: %s", path, strerror(errno));
    }
    if (fstat(fd, &st) != 0)
        rc = error_local(e, OTSD_ERR_CONFIG, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = error_local(e, OTSD_ERR_CONFIG, "%s: is not a regular file", path);
    else if (st.st_uid != 0 && st.st_uid != geteuid())
        rc = error_local(e, OTSD_ERR_CONFIG, "%s: is owned by uid %lu; root or uid %lu was expected", path,
                         (unsigned long)st.st_uid, (unsigned long)geteuid());
    else if ((st.st_mode & forbidden) != 0)
        rc = error_local(e, OTSD_ERR_CONFIG, "%s: has mode %04o; at most %04o was expected (chmod %s)", path,
                         (unsigned)st.st_mode & 07777U, 0666U & ~forbidden, forbidden & 044U ? "go=" : "go-w");
    else {
        *out = fd;
        return OTSD_OK;
    }
    (void)close(fd); /* opened for reading: nothing can be lost */
    return rc;
}
