/* SPDX-License-Identifier: MIT
 *
 * From the configuration to what HTTP needs of it, with the API token read and made into the header line that carries
 * it, in secret memory throughout.
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
        rc = error_local(e, OTSD_ERR_MEMORY, "no locked memory for the token (see ulimit -l)");
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

static otsd_err read_token(otsd_secret **out, const otsd_config *config, otsd_error *e) {
    const char *path = config->server.token_file, *dir;
    char buffer[PATH_MAX];
    otsd_err rc;
    int n;

    if (!path) {
        dir = secure_getenv("CREDENTIALS_DIRECTORY");
        if (!dir || dir[0] != '/')
            return error_local(e, OTSD_ERR_CONFIG,
                               "server.username is set, but no token: set server.token_file, or pass otsd-token as a "
                               "credential of the service");
        n = snprintf(buffer, sizeof buffer, "%s/otsd-token", dir);
        if (n < 0 || (size_t)n >= sizeof buffer)
            return error_local(e, OTSD_ERR_CONFIG, "CREDENTIALS_DIRECTORY is too long");
        path = buffer;
    }
    rc = otsd_secret_from_file(out, path, 1024, e);
    if (rc != OTSD_OK)
        return rc;
    if (otsd_secret_len(*out) == 0 || strlen(otsd_secret_data(*out)) != otsd_secret_len(*out) ||
        text_has_control(otsd_secret_data(*out))) {
        otsd_secret_free(out);
        return error_local(e, OTSD_ERR_CONFIG, "%s: one line with the API token was expected", path);
    }
    return OTSD_OK;
}

otsd_err settings_make(http_settings *s, const otsd_config *config, otsd_error *e) {
    otsd_secret *token = NULL;
    otsd_err rc;

    if (!copy(&s->base, config->server.url) || !copy(&s->ca_file, config->server.ca_file) ||
        !copy(&s->pinned_key, config->server.pinned_key) || !copy(&s->proxy, config->server.proxy))
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    s->connect_timeout_ms = config->server.connect_timeout_ms;
    s->timeout_ms = config->server.timeout_ms;
    if (!config->server.username)
        return OTSD_OK;
    rc = read_token(&token, config, e);
    if (rc == OTSD_OK)
        rc = make_authorization(&s->authorization, config->server.username, token, e);
    otsd_secret_free(&token);
    return rc;
}

void settings_free(http_settings *s) {
    otsd_secret_free(&s->authorization);
    free(s->base);
    free(s->ca_file);
    free(s->pinned_key);
    free(s->proxy);
    memset(s, 0, sizeof *s);
}
