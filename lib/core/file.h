/* SPDX-License-Identifier: MIT
 *
 * The one place that opens a file that somebody else might have prepared. Of the core room's headers this is the one
 * that the programs use, too, so it needs nothing of the library.
 */
#ifndef OTSD_CORE_FILE_H
#define OTSD_CORE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

typedef enum file_owner {
    FILE_OF_ANYBODY,
    FILE_OF_ROOT,
    FILE_OF_ROOT_OR_SELF, /* root or the effective user */
} file_owner;

typedef struct file_wanted {
    mode_t type; /* S_IFREG or S_IFDIR */
    file_owner owner;
    mode_t forbidden; /* mode bits that it must not have */
    bool follow;      /* a link in the last component is followed; otherwise it is refused */
} file_wanted;

typedef enum file_verdict {
    FILE_GOOD = 0,
    FILE_ABSENT,
    FILE_LINK,
    FILE_WRONG_TYPE, /* not a regular file; what is no folder is FILE_FAILED, with ENOTDIR */
    FILE_FOREIGN,    /* the owner is another */
    FILE_TOO_OPEN,   /* it has forbidden mode bits */
    FILE_FAILED,     /* anything else: see error */
} file_verdict;

typedef struct file_found {
    int fd;         /* -1 unless the verdict is FILE_GOOD */
    int error;      /* the errno of what failed; 0 where the file could be opened and is refused for what it is */
    bool linked;    /* with follow: the last component is a link */
    struct stat st; /* where error is 0 */
} file_found;

/* Opens path (relative to the folder dir, or AT_FDCWD) with these flags and O_NOFOLLOW, O_NONBLOCK, O_NOCTTY and
 * O_CLOEXEC; a file that O_CREAT makes has mode 0600. Type, owner and mode are asked of the descriptor, so that what
 * was checked is what is read. */
file_verdict file_open(int dir, const char *path, int flags, const file_wanted *wanted, file_found *found);

/* openat(2) that goes on after a signal; what O_CREAT makes has mode 0600. For paths that nobody else can prepare. */
int file_openat(int dir, const char *path, int flags);

#endif
