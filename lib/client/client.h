/* SPDX-License-Identifier: MIT
 *
 * The calls of the API: forms, the handle, the pool.
 */
#ifndef OTSD_CLIENT_H
#define OTSD_CLIENT_H

#include "answer/answer.h"
#include "server/server.h"

/* settings.c, form.c */

/* Checks server and reads the token. s is zero-initialised, and to be freed on failure, too. */
otsd_err settings_make(http_settings *s, const otsd_server *server, otsd_error *e);
void settings_free(http_settings *s);
/* Of share (value is not NULL) and generate; options may be NULL. form is zero-initialised, and to be freed on failure,
 * too. */
otsd_err form_create(wiped *form, const otsd_secret *value, const otsd_options *options, otsd_error *e);
/* Of read and burn; passphrase may be NULL. Likewise. */
otsd_err form_passphrase(wiped *form, const otsd_secret *passphrase, otsd_error *e);

/* client.c */

struct otsd_client {
    http_settings settings;
    http_exchange *exchange;
    char **link_hosts;
    long timeout_ms; /* 0: as configured */
    bool recent_v2;  /* the list of receipts is had from v2 */
    generation generation;
};

/* One exchange under the timeout of the client. */
otsd_err client_exchange(otsd_client *c, const http_request *request, const http_answer **h, otsd_error *e);

/* pool.c */

/* otsd_pool_run waits no longer than until this descriptor, which stays the caller's, can be read or has an end;
 * -1: none. */
void pool_watch(otsd_pool *p, int fd);

#endif
