/* SPDX-License-Identifier: MIT
 *
 * Which server, and all about it that can be known without asking it: its settings, the token, its links.
 */
#ifndef OTSD_SERVER_H
#define OTSD_SERVER_H

#include "core/core.h"

/* server.c */

/* Optional strings are NULL where not set. */
struct otsd_server {
    char *url;    /* no trailing slash; that of the region where one is set */
    char *region; /* of the public service */
    char *username;
    char *token_file;
    otsd_secret *token; /* not together with token_file */
    char *ca_file, *pinned_key, *proxy;
    char *ca_pem; /* certificates in PEM format, which count instead of ca_file; NULL: not set */
    size_t ca_pem_len;
    char **link_hosts; /* that links may have besides the server's own; NULL-terminated, NULL: none */
    bool allow_http;   /* plain http to other addresses than loopback */
    long connect_timeout_ms;
    long timeout_ms; /* 0: not set */
};

#define TOKEN_MAX 1024
/* One line, not empty. */
bool token_is_good(const otsd_secret *token);
/* Do all settings together make sense? OTSD_ERR_ARGUMENT, also for NULL. */
otsd_err server_check(const otsd_server *s, otsd_error *e);
/* For a process that cannot open ca_file: what it holds, of which a copy is made. NULL or 0 bytes: back to not set. On
 * failure nothing changes. */
otsd_err server_set_ca_pem(otsd_server *s, const void *pem, size_t len, otsd_error *e);

/* token.c */

/* Checks the server, and reads the token from wherever its settings say; *out is NULL where calls are anonymous. */
otsd_err server_token(const otsd_server *s, otsd_secret **out, otsd_error *e);

/* link.c: base and link_hosts are those of a server. */

/* otsd_link and otsd_link_key are these. */
otsd_err server_link(const char *base, char *const *link_hosts, const otsd_receipt *t, char **out, otsd_error *e);
otsd_err server_link_key(const char *base, char *const *link_hosts, const char *link, char **out, otsd_error *e);

#endif
