/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

static void boot_id(char out[BOOT_ID_MAX + 1]) {
    int fd = file_openat(AT_FDCWD, BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? file_read(fd, out, BOOT_ID_MAX) : -1;

    if (fd >= 0)
        (void)close(fd);
    out[n == BOOT_ID_MAX ? n : 0] = '\0';
}

void clock_read(clock_moment *now) {
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    now->boottime = t.tv_sec;
    now->wall = time(NULL);
    boot_id(now->boot);
}

int64_t clock_since(const clock_moment *then, const clock_moment *now) {
    bool same_boot = then->boot[0] && strcmp(then->boot, now->boot) == 0 && now->boottime >= then->boottime;

    if (same_boot)
        return now->boottime - then->boottime;
    return now->wall >= then->wall ? now->wall - then->wall : -1;
}

int64_t clock_ms(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

unsigned clock_scatter(void) {
    unsigned n = 0;

    (void)!getrandom(&n, sizeof n, GRND_NONBLOCK);
    return n;
}
