/* SPDX-License-Identifier: MIT
 *
 * Where a child comes from: forked, where this process may change to its identity. Where it may not, as in the walls of
 * otsd-sweep.service, the service manager starts it, and START_SOCKET is the way there.
 */
#ifndef OTSD_HOOK_START_H
#define OTSD_HOOK_START_H

#include "net/child.h"

#define START_SOCKET "/run/otsd/net"

/* Nothing was said to it yet. OTSD_ERR_CONFIG. */
otsd_err start_child(child *c, otsd_error *e);
/* "otsd-net cannot be started, and nothing was sent: WHY". OTSD_ERR_CONFIG. */
otsd_err start_failed(otsd_error *e, const char *why);

#endif
