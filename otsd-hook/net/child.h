/* SPDX-License-Identifier: MIT
 *
 * The parent's end: a process without privileges that talks to one server.
 */
#ifndef OTSD_HOOK_CHILD_H
#define OTSD_HOOK_CHILD_H

#include <sys/types.h>

#include "net/wire.h"

typedef struct child {
    int channel;       /* -1: there is none */
    pid_t pid;         /* 0: the service manager's */
    unsigned landlock; /* what keeps it from files and ports: the version; 0: this kernel has none */
} child;

#define CHILD_NONE ((child){-1, 0, 0})

/* Starts one and tells it which server; ca_file NULL: it takes the system's certificates. OTSD_ERR_CONFIG: what it
 * needs is not there (account, program, certificates), or it refused; OTSD_ERR_MEMORY; OTSD_ERR_CONNECTION: it died. */
otsd_err child_start(child *c, wire_hello *hello, const char *ca_file, otsd_error *e);
/* Ends it, at once. */
void child_end(child *c);

typedef enum child_verdict { CHILD_SAID, CHILD_SILENT, CHILD_DEAD } child_verdict;
/* Receives a message of exactly len bytes; another length is a dead child's. Waits until that moment of clock_ms. */
child_verdict child_receive(const child *c, void *message, size_t len, int64_t until);

#endif
