/* SPDX-License-Identifier: MIT
 *
 * What otsd-net gives up before the first byte of the network: all files but those that a resolver and TLS read, all
 * ports but those in use, and every system call that it does not need.
 *
 * It MUST be called while there is one thread, behind the last file that it needs and that is not named here, and
 * before anything is sent. Nothing of it kills: a library that tries what is not allowed is told that there is no
 * such call.
 */
#ifndef OTSD_NET_CONFINE_H
#define OTSD_NET_CONFINE_H

#include "otsd.h"

typedef struct confine_ports {
    uint16_t port[4]; /* of TCP */
    unsigned len;
} confine_ports;

/* *landlock: the version of the kernel's Landlock; 0: it has none, and files are kept by their modes and the system
 * calls alone. OTSD_ERR_CONFIG: the kernel refuses what it should have. */
otsd_err confine(const confine_ports *ports, unsigned *landlock, otsd_error *e);

#endif
