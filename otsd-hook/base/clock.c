/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <sys/random.h>
#include <time.h>

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
