/* SPDX-License-Identifier: MIT
 *
 * The listening socket.
 */
#ifndef SANDBOX_LISTEN_H
#define SANDBOX_LISTEN_H

#include "options.h"

#include <sys/socket.h>

/* A descriptor, or -1 with one line on stderr and an exit status in *status. Refuses addresses that other machines can
 * reach unless the options allow it. */
int listen_open(const struct options *o, unsigned *port, int *status);
bool is_loopback(const struct sockaddr *a);
/* In numbers, or "" where it is neither IPv4 nor IPv6. */
void address_text(const struct sockaddr *a, char *out, size_t size);

#endif
