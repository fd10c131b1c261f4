/* SPDX-License-Identifier: MIT
 *
 * A wall clock that is wrong, for every program of a test world that names this library in its /etc/ld.so.preload: the
 * seconds in CLOCK_SHIFT's file are added to what clock_gettime, time and gettimeofday say of CLOCK_REALTIME. The other
 * clocks, CLOCK_BOOTTIME above all, stay as they are, as when somebody sets the clock of a running machine.
 *
 * It does not reach the kernel (the times that files get), libc's own calls (the dates of syslog messages), waits for a
 * moment of the wall clock, and what was running before. The file is read once in each program, before anything else:
 * a program may lock itself into a sandbox that lets it open none.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#ifndef CLOCK_SHIFT
#define CLOCK_SHIFT "/run/world/trouble/shift"
#endif

typedef int clock_function(clockid_t, struct timespec *);

static long shift;

__attribute__((constructor)) static void read_shift(void) {
    FILE *f = fopen(CLOCK_SHIFT, "re");
    char text[32];

    if (!f)
        return;
    if (fgets(text, sizeof text, f))
        shift = strtol(text, NULL, 10);
    (void)fclose(f);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static clock_function *real;
    int rc;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    rc = real(clock, now);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift;
    return rc;
}

time_t time(time_t *now) {
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (now)
        *now = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec t = {0};

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &t) != 0)
        return -1;
    now->tv_sec = t.tv_sec;
    now->tv_usec = t.tv_nsec / 1000;
    return 0;
}
