/* SPDX-License-Identifier: MIT
 *
 * What is asked of provision and reissue.
 */
#ifndef OTSD_HOOK_PROVISION_REQUEST_H
#define OTSD_HOOK_PROVISION_REQUEST_H

#include "base/options.h"

typedef struct provision_request {
    bool reissue;
    const char *user;      /* NULL: a batch */
    const char *recipient; /* NULL: not given */
    const char *locale, *passphrase_file, *config;
    int passphrase_fd; /* -1: not given */
    long ttl;          /* seconds; 0: the configuration's */
    bool no_recipient, force, allow_system, allow_root, dry_run, json, print_link, again;
    const char *batch; /* the file; NULL: one user */
    const char *report;
    long jobs, patience; /* 0: not given; patience in seconds */
} provision_request;

extern const option_table provision_options, reissue_options;

/* EX_OK: go on; otherwise what command_begin returns. q->reissue is the caller's. */
int provision_read(provision_request *q, int argc, char **argv);
/* Why these cannot go together, in a sentence without its full stop; NULL: they can. count is how many arguments there
 * are. */
const char *provision_conflict(const provision_request *q, size_t count);

#endif
