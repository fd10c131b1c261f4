/* SPDX-License-Identifier: MIT
 *
 * The child's side of net/wire.h. What it is asked is looked at as closely as what it answers is by the parent; a
 * request that cannot be ends it.
 */
#ifndef OTSD_NET_SERVE_H
#define OTSD_NET_SERVE_H

#include "net/wire.h"

/* All of it, from the parent's hello on, until the parent is gone. Returns an exit code. */
int serve_parent(int channel);

/* A whole message of len bytes. False: the other end is gone, or what came is no such message. */
bool serve_receive(int channel, void *message, size_t len);

/* One call after the other, until the parent is gone. Returns an exit code. */
int serve_calls(int channel, otsd_client *client);
/* Many generates at once, likewise. */
int serve_many(int channel, otsd_pool *pool);

/* A request's options; *passphrase is to be freed. OTSD_ERR_MEMORY. */
otsd_err serve_options(const wire_request *r, otsd_options *o, otsd_secret **passphrase, otsd_error *e);

#endif
