/* SPDX-License-Identifier: MIT
 *
 * The HTTP side.
 */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "world.h"

struct server;

/* Listens and serves from threads of its own; fills in w->base where the command line gave none. The port goes to
 * *port. NULL with one line on stderr, *status then is an exit status. */
struct server *server_start(struct world *w, unsigned *port, int *status);
void server_stop(struct server *s);

#endif
