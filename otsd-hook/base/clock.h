/* SPDX-License-Identifier: MIT
 *
 * The clock for measuring intervals, and the random numbers that keep hosts from doing things at the same moment.
 */
#ifndef OTSD_HOOK_CLOCK_H
#define OTSD_HOOK_CLOCK_H

#include <stdint.h>

/* Milliseconds of a clock that does not go back. */
int64_t clock_ms(void);
/* A random number; 0 where the kernel has none yet. Not for secrets. */
unsigned clock_scatter(void);

#endif
