/* SPDX-License-Identifier: MIT
 *
 * A reply, and the fault that befalls it, onto the wire.
 */
#ifndef SANDBOX_ANSWER_H
#define SANDBOX_ANSWER_H

#include "timer.h"
#include "world.h"

#include <microhttpd.h>

/* Answers for faults that replace the answer of the server; false where this one does not. */
bool answer_replace(const struct world *w, const struct fault *f, struct reply *out);
/* Queues the reply. MHD_NO closes the connection. */
enum MHD_Result answer_send(const struct world *w, struct timer *t, struct MHD_Connection *connection,
                            const struct reply *reply, enum fault_kind fault);
/* Sends the reply with a first header line that begins with a blank. The connection has to be closed then. */
void answer_folded(struct MHD_Connection *connection, const struct reply *reply);
/* Ends the TCP connection with a RST, at once. */
void answer_reset(struct MHD_Connection *connection);

#endif
