/* SPDX-License-Identifier: MIT
 *
 * Being asked to stop: SIGINT, SIGTERM and SIGHUP are noted, and what was begun is brought to its end. A second one of
 * a kind ends the program at once; that, too, leaves nothing that the next run could not take up.
 */
#ifndef OTSD_HOOK_STOP_H
#define OTSD_HOOK_STOP_H

#include <stdbool.h>
#include <stdint.h>

void stop_catch(void);
bool stop_wanted(void);
/* Sleeps for ms, or until a stop is wanted: false then. */
bool stop_sleep(int64_t ms);

#endif
