/* SPDX-License-Identifier: MIT
 *
 * Which server is a record's? The one that made its secret, and no other: a second server does not know the secret, and
 * says so in the very words that it has for one that is gone. So a connection is chosen by what the record names, never
 * because it is the one that happens to be configured.
 *
 * A site that changes its server lists the former one (handoff.former in otsd.conf): what it made is burned there, with
 * its own settings and token. What belongs to a server that is not listed stays owed, and is named.
 */
#ifndef OTSD_HOOK_CONNECTION_H
#define OTSD_HOOK_CONNECTION_H

#include "ledger/record.h"
#include "net/net.h"

/* The exit code of what belongs to a server that the configuration does not have. */
#define CONNECTION_NONE EX_NOHOST

typedef struct connections connections;

/* One to the server of the configuration; sends nothing. Those to former ones are made when they are needed. */
int connections_open(connections **out, const config *c, problem *p);
void connections_close(connections **c);
/* No call takes longer than this, on any of them. */
void connections_limit(connections *c, long timeout_ms);

/* To the server of the configuration. */
net_client *connections_current(const connections *c);
/* Server and account of a record; those of the configuration where it names none, or is NULL; "" where c is NULL. */
const char *connection_url(const config *c, const record *r);
const char *connection_account(const config *c, const record *r);
const char *connections_url(const connections *c, const record *r);
const char *connections_account(const connections *c, const record *r);

/* To the server that made r's secret, for what the metadata key alone allows: on one server its account does not
 * matter. CONNECTION_NONE; EX_CONFIG: a file of a former server cannot be read, and it may be that one; what a client
 * fails with. */
int connection_by_key(connections *c, const record *r, net_client **out, problem *p);
/* The same for what needs the account as well. */
int connection_by_account(connections *c, const record *r, net_client **out, problem *p);
/* Can each former one be used, as far as its file and its token say? Sends nothing. */
int connections_check(connections *c, problem *p);
/* A call over one of them has failed, as p says. What fails on a former server says nothing of this one, and one that
 * was not reached twice is not asked again by this process. Returns p's code. */
int connection_failed(connections *c, const net_client *client, problem *p);

#endif
