/* SPDX-License-Identifier: MIT
 *
 * From the server's settings to what HTTP needs of them, with the API token made into the header line that carries it,
 * in secret memory throughout.
 */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>

static bool copy(char **out, const char *s) {
    if (!s)
        return true;
    *out = strdup(s);
    return *out;
}

static bool copy_ca_pem(http_settings *s, const otsd_server *server) {
    if (!server->ca_pem)
        return true;
    s->ca_pem = malloc(server->ca_pem_len);
    if (!s->ca_pem)
        return false;
    memcpy(s->ca_pem, server->ca_pem, server->ca_pem_len);
    s->ca_pem_len = server->ca_pem_len;
    return true;
}

/* "Authorization: Basic ..." in secret memory. */
static otsd_err make_authorization(otsd_secret **out, const char *username, const otsd_secret *token, otsd_error *e) {
    static const char start[] = "Authorization: Basic ";
    size_t user_len = strlen(username), len = user_len + 1 + otsd_secret_len(token);
    otsd_secret *plain = NULL, *line = NULL;
    otsd_err rc;

    rc = secret_alloc(&plain, len);
    if (rc == OTSD_OK)
        rc = secret_alloc(&line, strlen(start) + base64_size(len));
    if (rc != OTSD_OK) {
        rc = secret_refused(e, "token");
        goto out;
    }
    memcpy(secret_memory(plain), username, user_len);
    secret_memory(plain)[user_len] = ':';
    memcpy(secret_memory(plain) + user_len + 1, otsd_secret_data(token), otsd_secret_len(token));
    memcpy(secret_memory(line), start, strlen(start));
    base64_write(secret_memory(line) + strlen(start), secret_memory(plain), len);
    *out = line;
    line = NULL;
out:
    otsd_secret_free(&plain);
    otsd_secret_free(&line);
    return rc;
}

otsd_err settings_make(http_settings *s, const otsd_server *server, otsd_error *e) {
    otsd_secret *token = NULL;
    otsd_err rc = server_token(server, &token, e);

    if (rc == OTSD_OK && token)
        rc = make_authorization(&s->authorization, server->username, token, e);
    otsd_secret_free(&token);
    if (rc != OTSD_OK)
        return rc;
    if (!copy(&s->base, server->url) || !copy(&s->ca_file, server->ca_file) ||
        !copy(&s->pinned_key, server->pinned_key) || !copy(&s->proxy, server->proxy) || !copy_ca_pem(s, server))
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    s->connect_timeout_ms = server->connect_timeout_ms;
    s->timeout_ms = otsd_server_timeout_ms(server);
    s->create_timeout_ms = otsd_server_create_timeout_ms(server);
    return OTSD_OK;
}

void settings_free(http_settings *s) {
    otsd_secret_free(&s->authorization);
    free(s->base);
    free(s->ca_file);
    free(s->ca_pem);
    free(s->pinned_key);
    free(s->proxy);
    memset(s, 0, sizeof *s);
}
