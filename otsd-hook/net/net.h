/* SPDX-License-Identifier: MIT
 *
 * The calls of the API, made by an otsd-net: what otsd_client and otsd_pool are in a process that may touch the
 * network. Codes, units and ownership are those of otsd.h; what is said here is what differs.
 *
 * Each client and each pool has a child of its own, so that one server's answers never pass through the process that
 * talks to another one. It is started with the first call that needs it, and anew after one that died. A child that
 * dies, lies or is silent is OTSD_ERR_CONNECTION: of what makes a secret the request may have reached the server
 * (OTSD_REACH_MAYBE). One that cannot be started is OTSD_ERR_CONFIG, and nothing was sent.
 */
#ifndef OTSD_HOOK_NET_H
#define OTSD_HOOK_NET_H

#include "server/server.h"

typedef struct net_client net_client;

/* server has to live as long. Reads the token. */
otsd_err net_client_new(net_client **out, const otsd_server *server, otsd_error *e);
void net_client_free(net_client **c);
void net_client_set_timeout(net_client *c, long timeout_ms);
const char *net_client_generation(const net_client *c);
void net_client_assume_generation(net_client *c, const char *text);
otsd_err net_client_takes_passphrase(net_client *c, const otsd_secret *passphrase, otsd_error *e);

/* Starts the child, if there is none, and sends nothing. *landlock: as in net/child.h. */
otsd_err net_client_start(net_client *c, unsigned *landlock, otsd_error *e);
otsd_err net_authcheck(net_client *c, otsd_error *e);
otsd_err net_generate(net_client *c, const otsd_options *o, otsd_receipt **out, otsd_error *e);
otsd_err net_fetch(net_client *c, const char *metadata_key, otsd_receipt **out, otsd_error *e);
otsd_err net_burn(net_client *c, const char *metadata_key, const otsd_secret *passphrase, otsd_error *e);
otsd_err net_recent_each(net_client *c, int (*fn)(const otsd_receipt *t, void *arg), void *arg, otsd_error *e);

typedef struct net_pool net_pool;

otsd_err net_pool_new(net_pool **out, const otsd_server *server, size_t jobs, otsd_error *e);
/* As otsd_pool_free; fn may not start another one. */
void net_pool_free(net_pool **p);
otsd_err net_pool_generate(net_pool *p, const otsd_options *o, otsd_pool_fn *fn, void *arg, otsd_error *e);
const char *net_pool_generation(const net_pool *p);
otsd_err net_pool_run(net_pool *p, long wait_ms, otsd_error *e);
void net_pool_wakeup(net_pool *p);

#endif
