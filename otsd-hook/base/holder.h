/* SPDX-License-Identifier: MIT
 *
 * Who holds a lock? So that an administrator is told what to look at, and not only that he has to wait.
 */
#ifndef OTSD_HOOK_HOLDER_H
#define OTSD_HOOK_HOLDER_H

#include <stddef.h>
#include <sys/types.h>

#define HOLDER_MAX 96

/* "passwd (process 4711)"; "process 4711" where it cannot be seen; "another process" for 0. The name is the process's
 * own choice, shown as foreign text is. Returns out, of HOLDER_MAX bytes. */
const char *holder_name(pid_t pid, char *out);
/* Who has a flock on the file behind fd, as far as /proc/locks shows it to us; 0: nobody can say. */
pid_t holder_of_flock(int fd);

#endif
