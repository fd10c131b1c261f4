/* SPDX-License-Identifier: MIT
 *
 * Runs the helper for a PAM host, under a deadline that holds whatever the helper does. See spawn.c for the argument.
 */
#ifndef PAM_OTS_SPAWN_H
#define PAM_OTS_SPAWN_H

#include <stddef.h>

#define HELPER_TEXT_MAX 512
#define HELPER_TYPED_MAX 512

typedef enum helper_end {
    HELPER_EXITED = 1,  /* code: its exit status */
    HELPER_SIGNALLED,   /* code: the signal that ended it */
    HELPER_TIMED_OUT,   /* killed at the deadline */
    HELPER_NOT_STARTED, /* code: errno of what failed */
    HELPER_UNSAFE,      /* not run: not a regular file, not root's, or writable by others */
    HELPER_UNKNOWN,     /* the process that watches it was killed, and the helper with it */
} helper_end;

typedef struct helper_result {
    helper_end end;
    int code;
    size_t len;                     /* of text */
    char text[HELPER_TEXT_MAX + 1]; /* the beginning of what it printed, raw; no NUL behind it */
} helper_result;

/* Runs argv[0] (an absolute path) as root and waits at most deadline_ms, plus 0.2 s where the kernel is slow to end it.
 * typed, at most HELPER_TYPED_MAX bytes, is its standard input, which is empty where typed is NULL; no copy of it is
 * left behind. Needs effective uid 0. May be called in a process with threads; other children of the process, its
 * signal dispositions and this thread's signal mask are as before when it returns. result is always filled. */
void helper_run(char *const argv[], const char *typed, int deadline_ms, helper_result *result);

#endif
