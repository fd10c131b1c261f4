/* SPDX-License-Identifier: MIT
 *
 * A program of somebody who has the header, libotsd(3) and nothing else: valid as C11 and as C++17.
 *
 *   stranger URL USERNAME TOKEN_FILE <SECRET
 *
 * shares the secret, prints its state before and after it is read, and what a burn says then.
 */
#include <otsd.h>

#include <stdio.h>

int main(int argc, char **argv) {
    otsd_error e = OTSD_ERROR_INIT;
    otsd_options o = OTSD_OPTIONS_INIT;
    otsd_server *server = NULL;
    otsd_client *client = NULL;
    otsd_secret *value = NULL, *answer = NULL;
    otsd_receipt *made = NULL, *before = NULL, *after = NULL, *burned = NULL;
    int status = 1;

    o.ttl = 3600;
    if (argc != 4 || otsd_version() < OTSD_VERSION_NUMBER) {
        fputs("usage: stranger URL USERNAME TOKEN_FILE\n", stderr);
    } else if (otsd_process_harden(&e) != OTSD_OK || otsd_global_init(&e) != OTSD_OK ||
               otsd_server_new(&server, &e) != OTSD_OK || otsd_server_set_url(server, argv[1], &e) != OTSD_OK ||
               otsd_server_set_username(server, argv[2], &e) != OTSD_OK ||
               otsd_server_set_token_file(server, argv[3], &e) != OTSD_OK ||
               otsd_client_new(&client, server, &e) != OTSD_OK || otsd_secret_from_fd(&value, 0, 1000, &e) != OTSD_OK ||
               otsd_share(client, value, &o, &made, &e) != OTSD_OK ||
               otsd_fetch(client, made->metadata_key, &before, &e) != OTSD_OK ||
               otsd_read(client, made->secret_key, NULL, &answer, &e) != OTSD_OK ||
               otsd_fetch(client, made->metadata_key, &after, &e) != OTSD_OK) {
        fprintf(stderr, "%s: %s\n", otsd_strerror(e.code), e.message);
    } else {
        printf("%s %s %s", otsd_state_name(before->state), otsd_secret_data(answer), otsd_state_name(after->state));
        printf(" %s\n", otsd_strerror(otsd_burn(client, made->metadata_key, NULL, &burned, &e)));
        status = 0;
    }
    otsd_receipt_free(&made);
    otsd_receipt_free(&before);
    otsd_receipt_free(&after);
    otsd_receipt_free(&burned);
    otsd_secret_free(&value);
    otsd_secret_free(&answer);
    otsd_client_free(&client);
    otsd_server_free(&server);
    otsd_global_cleanup();
    return status;
}
