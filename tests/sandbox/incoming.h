/* SPDX-License-Identifier: MIT
 *
 * What a request brings.
 */
#ifndef SANDBOX_INCOMING_H
#define SANDBOX_INCOMING_H

#include "world.h"

#include <sys/socket.h>

struct MHD_Connection;

/* NULL where it is not known. */
const struct sockaddr *incoming_peer(struct MHD_Connection *c);
/* False: bad credentials. *account is NULL where there are none. */
bool incoming_authenticate(const struct options *o, struct MHD_Connection *c, const struct account **account);
bool incoming_may_control(const struct options *o, struct MHD_Connection *c, const struct form *form);
/* All parameters into form, those of the request line into query as well. */
enum form_err incoming_read(const struct release *release, struct MHD_Connection *c, const struct bytes *body,
                            const char *query_text, struct form *form, struct form *query);

#endif
