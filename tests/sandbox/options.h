/* SPDX-License-Identifier: MIT
 *
 * The command line of otsd-sandbox.
 */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include "release.h"

#include <stdbool.h>
#include <stddef.h>

struct account {
    char *email;
    char *token;
};

struct options {
    const struct release *release;
    char *host; /* as given, without brackets */
    char *port;
    bool allow_remote;
    struct account *accounts;
    size_t accounts_len;
    const char *mail_dir;
    const char *tls_cert, *tls_key;
    long latency_ms;
    long mail_delay_ms;
    bool serial;
    long min_ttl; /* 0: the release's own */
    bool no_limits;
    char *base; /* "http://127.0.0.1:7143", no slash at the end; NULL: the address listened on */
    const char *port_file;
    bool control;
    const char *control_token;
    const char **faults;
    size_t faults_len;
    bool verbose;
};

/* Fills *o. Returns -1 to go on, or the exit status (after --help, --version or a complaint on stderr). */
int options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);

#endif
