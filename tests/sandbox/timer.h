/* SPDX-License-Identifier: MIT
 *
 * Connections that wait: one thread wakes each at its time, so that a slow answer costs no thread and blocks nobody.
 */
#ifndef SANDBOX_TIMER_H
#define SANDBOX_TIMER_H

#include <stdbool.h>

struct MHD_Connection;
struct timer;

/* NULL where no thread could be started. */
struct timer *timer_new(void);
/* Suspends the connection for that long (ms < 0: until its peer hangs up). Only from within a callback of libmicrohttpd
 * for this connection. False, and nothing suspended, once timer_release was called. */
bool timer_suspend(struct timer *t, struct MHD_Connection *connection, long ms);
/* Suspends the connection, from within such a callback as well, and wakes the one that has waited longest like this
 * once so many do; with least 0 suspends nothing and wakes them all. False: not suspended. */
bool timer_gather(struct timer *t, struct MHD_Connection *connection, long least);
/* Calls fn(arg) from the timer's thread, that much later; what is left when the timer is freed is called then. */
void timer_call(struct timer *t, long ms, void (*fn)(void *), void *arg);
/* Wakes all and lets nobody sleep again: before the daemon is stopped. */
void timer_release(struct timer *t);
bool timer_released(struct timer *t);
/* Nobody may sleep any more. */
void timer_free(struct timer *t);

#endif
