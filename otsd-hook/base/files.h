/* SPDX-License-Identifier: MIT
 *
 * Files, for the whole hook: the checked opener, which it shares with the library, and the system calls that a
 * signal can interrupt.
 */
#ifndef OTSD_HOOK_FILES_H
#define OTSD_HOOK_FILES_H

#include <stddef.h>
#include <sys/types.h>

#include "core/file.h"

#define FILE_HERE ((off_t)-1)

/* Writes all len bytes at offset `at`, or where the file stands with FILE_HERE. False: errno says why, *done (NULL
 * allowed) how many bytes are in the file, from the first one on. */
bool file_write(int fd, const void *data, size_t len, off_t at, size_t *done);
/* As the system calls, and they go on after a signal. */
ssize_t file_read(int fd, void *to, size_t room);
ssize_t file_pread(int fd, void *to, size_t room, off_t at);
int file_flock(int fd, int operation);
/* The lock of one byte, which may lie beyond the end: it is the open file's, not the process's, and ends with it. 0, or
 * -1 with errno: EAGAIN or EACCES where another has it. It does not wait. */
int file_lock_byte(int fd, off_t at);
int file_unlock_byte(int fd, off_t at);
/* Has another open file the lock of one of these bytes? False where nobody can say. */
bool file_is_locked(int fd, off_t at, off_t len);
int file_fsync(int fd);
int file_fdatasync(int fd);

#endif
