/* SPDX-License-Identifier: MIT
 *
 * A client for the tests that talk to a server: made from a real configuration file in a folder of its own.
 */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include "otsd.h"
#include "server.h"

#define KEY "abcdefghijklmnopqrstuvwxyz01234"
#define RECEIPT                                                                                                        \
    "{\"custid\":\"anon\",\"metadata_key\":\"" KEY "\",\"secret_key\":\"s" KEY                                         \
    "\",\"ttl\":3600,\"metadata_ttl\":7200,"                                                                           \
    "\"secret_ttl\":3600,\"state\":\"new\",\"updated\":1,\"created\":1,\"recipient\":[],\"share_domain\":\"\","        \
    "\"passphrase_required\":false,\"value\":\"Generated-1\"}"
/* Its first header line begins with a blank. */
#define FOLDED "HTTP/1.1 200 OK\r\n folded: of what?\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhm"
#define NOMINAL "{\"status\":\"nominal\",\"locale\":\"en\"}"

/* Set-up and tear-down of a test group. */
int client_make_folder(void **state);
int client_remove_folder(void **state);
/* A 0600 file in the folder; the path is malloced. */
char *client_write_file(const char *name, const char *text);
/* With these lines in the group `server`. */
otsd_server *client_server(const char *server_settings);
otsd_client *client_with(const char *server_settings);
/* Waits for an answer as long as a busy machine may need, or so many seconds. */
otsd_client *client_to(const struct server *s);
otsd_client *client_within(const struct server *s, const char *seconds);

#endif
