/* SPDX-License-Identifier: MIT
 *
 * From the server's settings to what HTTP needs of them, with the API token read and made into the header line that
 * carries it, in secret memory throughout.
 */
#include "client/client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool copy(char **out, const char *s) {
    if (!s)
        return true;
    *out = strdup(s);
    return *out;
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

static otsd_err read_token_file(otsd_secret **out, const char *path, otsd_error *e) {
    otsd_err rc = otsd_secret_from_file(out, path, TOKEN_MAX, e);

    if (rc == OTSD_OK && !token_is_good(*out)) {
        otsd_secret_free(out);
        rc = error_local(e, OTSD_ERR_CONFIG, "%s: one line with the API token was expected", path);
    }
    return rc;
}

static otsd_err read_credential(otsd_secret **out, otsd_error *e) {
    const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_MAX];
    int n;

    if (!dir || dir[0] != '/')
        return error_local(e, OTSD_ERR_CONFIG,
                           "server.username is set, but no token: set server.token_file, or pass otsd-token as a "
                           "credential of the service");
    n = snprintf(path, sizeof path, "%s/otsd-token", dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return error_local(e, OTSD_ERR_CONFIG, "CREDENTIALS_DIRECTORY is too long");
    return read_token_file(out, path, e);
}

static otsd_err authorize(http_settings *s, const otsd_server *server, otsd_error *e) {
    otsd_secret *token = NULL;
    otsd_err rc;

    if (server->token)
        return make_authorization(&s->authorization, server->username, server->token, e);
    rc = server->token_file ? read_token_file(&token, server->token_file, e) : read_credential(&token, e);
    if (rc == OTSD_OK)
        rc = make_authorization(&s->authorization, server->username, token, e);
    otsd_secret_free(&token);
    return rc;
}

otsd_err settings_make(http_settings *s, const otsd_server *server, otsd_error *e) {
    otsd_err rc = server_check(server, e);

    if (rc != OTSD_OK)
        return rc;
    if (!copy(&s->base, server->url) || !copy(&s->ca_file, server->ca_file) ||
        !copy(&s->pinned_key, server->pinned_key) || !copy(&s->proxy, server->proxy))
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    s->connect_timeout_ms = server->connect_timeout_ms;
    s->timeout_ms = otsd_server_timeout_ms(server);
    s->create_timeout_ms = otsd_server_create_timeout_ms(server);
    return server->username ? authorize(s, server, e) : OTSD_OK;
}

void settings_free(http_settings *s) {
    otsd_secret_free(&s->authorization);
    free(s->base);
    free(s->ca_file);
    free(s->pinned_key);
    free(s->proxy);
    memset(s, 0, sizeof *s);
}
