/* SPDX-License-Identifier: MIT
 *
 * The whole of otsd.conf(5), every default filled in: the server as the library reads it, and what is the hook's own.
 */
#ifndef OTSD_HOOK_CONFIG_H
#define OTSD_HOOK_CONFIG_H

#include "base/problem.h"

typedef enum backend_kind { BACKEND_SHADOW = 0, BACKEND_COMMAND = 1 } backend_kind;

/* Optional strings are NULL where not set. */
typedef struct config {
    otsd_server *server;
    struct {
        long ttl;        /* seconds; default 259200 (3 days), 60 to 2592000 */
        char *recipient; /* pattern: %u is the user name, %% a percent sign; NULL: no mail unless asked */
        char *locale;
        char *share_domain;
        long min_length;  /* shortest generated value to accept; default 10 */
        bool must_change; /* at the first login; default true */
        long uid_min;     /* of people; 0: that of login.defs; 1 to 4294967294 */
        long uid_max;     /* likewise */
        char **former;    /* files with the group server of servers used before; NULL-terminated, NULL: none */
    } handoff;
    struct {
        backend_kind backend;
        char *command;        /* absolute path; reads "user:password" lines on stdin. Set with backend "command" */
        char *lock_command;   /* absolute path; reads user names, one a line, on stdin. Likewise */
        long command_group;   /* so many lines for one run of command; default 100, 1 to 10000 */
        long command_timeout; /* seconds for one run of command, up to 60 of lock_command; default 60, 1 to 3600 */
        bool lock_unseen;     /* lock at the deadline what nobody can look at; default false. Likewise */
        char *hash;           /* "yescrypt" (default), "sha512crypt", "sha256crypt" or "bcrypt" */
        long rounds;          /* sha512crypt, sha256crypt: 1000 to 999999999, 0: the library's default */
    } password;
    struct {
        char **services; /* PAM services where a session is the person's own login; NULL-terminated */
        bool key_counts; /* does a login with an ssh key end the hand-off; default false */
    } login;
    struct {
        char *file;  /* JSON lines; default /var/log/otsd/audit.log */
        bool syslog; /* authpriv; default true */
    } audit;
} config;

/* EX_CONFIG, with "FILE:LINE: what, and what was expected"; EX_OSERR. */
int config_load(config **out, const char *path, problem *p);
void config_free(config **c);

#endif
