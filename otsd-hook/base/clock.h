/* SPDX-License-Identifier: MIT
 *
 * The clocks, and the random numbers that keep hosts from doing things at the same moment.
 *
 * The wall clock can be stepped: by an administrator, by NTP after a boot with an empty battery, by whoever answers for
 * NTP. Within one boot CLOCK_BOOTTIME cannot (it counts suspended time, too); which boot it is the kernel says.
 */
#ifndef OTSD_HOOK_CLOCK_H
#define OTSD_HOOK_CLOCK_H

#include <stdint.h>

#define BOOT_ID_MAX 36

/* A moment. */
typedef struct clock_moment {
    int64_t wall;               /* seconds since the epoch */
    int64_t boottime;           /* CLOCK_BOOTTIME, seconds */
    char boot[BOOT_ID_MAX + 1]; /* the boot's id; "" where the kernel does not say */
} clock_moment;

void clock_read(clock_moment *now);
/* Seconds from then to now: by CLOCK_BOOTTIME within one boot, otherwise by the wall clock. -1: nobody can say, for the
 * wall clock stands before then. */
int64_t clock_since(const clock_moment *then, const clock_moment *now);

/* Milliseconds of a clock that does not go back. */
int64_t clock_ms(void);
/* A random number; 0 where the kernel has none yet. Not for secrets. */
unsigned clock_scatter(void);

#endif
