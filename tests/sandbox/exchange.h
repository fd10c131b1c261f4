/* SPDX-License-Identifier: MIT
 *
 * One request on its way from the first byte to the answer: callbacks for libmicrohttpd, whose cls is the server.
 */
#ifndef SANDBOX_EXCHANGE_H
#define SANDBOX_EXCHANGE_H

#include "timer.h"
#include "turn.h"
#include "world.h"

#include <microhttpd.h>

struct server {
    struct world *world;
    struct timer *timer;
    struct turn *turn; /* NULL: many things at a time */
    struct MHD_Daemon *daemon;
};

void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result exchange_handle(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_size, void **con_cls);
void exchange_end(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode code);

#endif
