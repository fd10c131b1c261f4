/* SPDX-License-Identifier: MIT
 *
 * One thing at a time: connections wait for their turn in the order in which they asked, and hold no thread meanwhile.
 */
#ifndef SANDBOX_TURN_H
#define SANDBOX_TURN_H

#include <stdbool.h>

struct MHD_Connection;
struct turn;

struct turn *turn_new(void);
/* True: it is this connection's turn. False: it is suspended until it is; only from within a callback of libmicrohttpd
 * for it. */
bool turn_take(struct turn *t, struct MHD_Connection *connection);
/* Whoever had the turn has it no longer; the next one is woken, and has it. */
void turn_end(struct turn *t);
/* Wakes all; nobody waits any more. */
void turn_release(struct turn *t);
void turn_free(struct turn *t);

#endif
