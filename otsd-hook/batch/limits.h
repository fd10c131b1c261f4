/* SPDX-License-Identifier: MIT
 *
 * How much of a batch may be under way at once: what the process's limits allow, bounded by what is of use.
 */
#ifndef OTSD_HOOK_LIMITS_H
#define OTSD_HOOK_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/* Hand-offs between intent and arming, each of which has its record open, with so many descriptors. */
size_t limits_window(rlim_t descriptors);
/* Descriptors that the largest window needs. */
rlim_t limits_descriptors_wanted(void);
/* Of these, secrets that are asked for or generated and not hashed: each is a locked page of its own, and has to be
 * burned if the program is killed. unbounded: the limit of locked memory (bytes) does not count. */
size_t limits_backlog(bool unbounded, rlim_t locked, size_t page);
/* Threads that hash. */
size_t limits_hashers(size_t cores, size_t todo);

#endif
