/* SPDX-License-Identifier: MIT
 *
 * The API token: what was set, else what the file that was set holds, else the credential that the service manager
 * passes. It is in secret memory throughout.
 */
#include "server/server.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static otsd_err copy_token(otsd_secret **out, const otsd_secret *token, otsd_error *e) {
    if (secret_alloc(out, otsd_secret_len(token)) != OTSD_OK)
        return secret_refused(e, "token");
    memcpy(secret_memory(*out), otsd_secret_data(token), otsd_secret_len(token));
    return OTSD_OK;
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

otsd_err server_token(const otsd_server *s, otsd_secret **out, otsd_error *e) {
    otsd_err rc = server_check(s, e);

    if (rc != OTSD_OK)
        return rc;
    *out = NULL;
    if (!s->username)
        return OTSD_OK;
    if (s->token)
        return copy_token(out, s->token, e);
    return s->token_file ? read_token_file(out, s->token_file, e) : read_credential(out, e);
}
