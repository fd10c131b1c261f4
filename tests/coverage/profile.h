/* SPDX-License-Identifier: MIT */
/*
 * Put in front of every source of an instrumented build (make coverage). What a process has executed is written down
 * when it exits; here are the ways to leave without that: _exit, and the raw calls of the module's helper and of the
 * sandboxed child. Each of them writes first, and the child may write files, and have enough of them.
 */
#ifndef OTSD_TESTS_COVERAGE_PROFILE_H
#define OTSD_TESTS_COVERAGE_PROFILE_H

#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void profile_leave(void);
void profile_syscall(long number);

#define _exit(status) (profile_leave(), _exit(status))
#define execveat(...) (profile_leave(), execveat(__VA_ARGS__))
#define syscall(number, ...) (profile_syscall(number), syscall(number, ##__VA_ARGS__))
#define setrlimit(what, to)                                                                                            \
    (strstr(__FILE__, "otsd-hook/net/") && ((what) == RLIMIT_FSIZE || (what) == RLIMIT_NOFILE) ? 0                     \
                                                                                               : setrlimit(what, to))

#endif
