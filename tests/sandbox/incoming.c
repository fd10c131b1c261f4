/* SPDX-License-Identifier: MIT
 *
 * Credentials and parameters, by the release's habits.
 */
#include "incoming.h"

#include "listen.h"

#include <microhttpd.h>
#include <string.h>

#define SESSION_MIN 20

static const char *request_header(struct MHD_Connection *c, const char *name) {
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

const struct sockaddr *incoming_peer(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return !info ? NULL : info->client_addr;
}

bool incoming_authenticate(const struct options *o, struct MHD_Connection *c, const struct account **account) {
    char *token = NULL, *email = NULL;
    bool good = false;
    const char *cookie = request_header(c, "Cookie"), *session = !cookie ? NULL : strstr(cookie, "sess=");
    bool credentials = request_header(c, "Authorization");

    *account = NULL;
    /* A log-in of the web pages, and no further look. */
    if (o->release->cookie_is_login && session && (!credentials || strcspn(session + 5, "; ") >= SESSION_MIN))
        return false;
    if (!credentials)
        return true;
    email = MHD_basic_auth_get_username_password(c, &token);
    for (size_t i = 0; email && token && i < o->accounts_len && !good; i++) {
        good = strcmp(o->accounts[i].email, email) == 0 && strcmp(o->accounts[i].token, token) == 0;
        if (good)
            *account = &o->accounts[i];
    }
    MHD_free(email);
    MHD_free(token);
    return good;
}

bool incoming_may_control(const struct options *o, struct MHD_Connection *c, const struct form *form) {
    const char *token = request_header(c, "X-Sandbox-Token");
    const struct sockaddr *a = incoming_peer(c);

    if (!o->control || !a || !is_loopback(a))
        return false;
    if (!token)
        token = form_text(form, "token");
    return !o->control_token || strcmp(token, o->control_token) == 0;
}

/* Is it of that type, whatever its parameters? */
static bool is_type(const char *type, const char *wanted) {
    size_t n = strlen(wanted);

    return strncasecmp(type, wanted, n) == 0 && (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

enum form_err incoming_read(const struct release *release, struct MHD_Connection *c, const struct bytes *body,
                            const char *query_text, struct form *form, struct form *query) {
    const char *type = request_header(c, "Content-Type");
    size_t query_len = strcspn(query_text, "#");

    if (form_add_urlencoded(query, query_text, query_len) != FORM_OK ||
        form_add_urlencoded(form, query_text, query_len) != FORM_OK)
        return FORM_MALFORMED;
    if (body->len == 0)
        return FORM_OK;
    if (!type || is_type(type, "application/x-www-form-urlencoded"))
        return form_add_urlencoded(form, body->data, body->len);
    if (release->body == BODY_FORM || strncasecmp(type, "multipart/", 10) == 0)
        return FORM_OK;
    if (is_type(type, "application/json"))
        return form_add_json(form, body->data, body->len);
    return release->body == BODY_ANYTHING ? form_add_urlencoded(form, body->data, body->len) : FORM_OK;
}
