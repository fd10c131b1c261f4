/* SPDX-License-Identifier: MIT
 *
 * Answers of a server that means harm: what the server proper said, turned into what a client must survive.
 */
#ifndef SANDBOX_HOSTILE_H
#define SANDBOX_HOSTILE_H

#include "world.h"

#include <sys/types.h>

/* Changes the answer where the fault is one of these. The caller holds the world's lock. */
void hostile_change(const struct world *w, const struct request *rq, const struct fault *f, struct reply *out);

/* A list of so many entries, each the one given with a key of its own: made while it is sent, for millions would not
 * fit. What reply.body and reply.entries say after hostile_change; for MHD_create_response_from_callback. */
void *flood_new(struct bytes entry, long entries);
ssize_t flood_read(void *flood, uint64_t pos, char *buf, size_t max);
void flood_free(void *flood);

#endif
