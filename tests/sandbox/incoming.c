/* SPDX-License-Identifier: MIT
 *
 * Credentials and parameters, by the release's habits.
 */
#include "incoming.h"

#include "listen.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_MIN 20

static const char *request_header(struct MHD_Connection *c, const char *name) {
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

const struct sockaddr *incoming_peer(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return !info ? NULL : info->client_addr;
}

/* Malloced; NULL where it is no base64. */
static char *base64_text(const char *s) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strcspn(s, "= \t"), n = 0;
    char *text = must_alloc(len + 1);
    unsigned bits = 0, have = 0;

    for (size_t i = 0; i < len; i++) {
        const char *digit = strchr(digits, s[i]);

        if (!digit) {
            free(text);
            return NULL;
        }
        bits = (bits << 6 | (unsigned)(digit - digits)) & 0xffffU;
        have += 6;
        if (have >= 8) {
            have -= 8;
            text[n++] = (char)(bits >> have & 0xffU);
        }
    }
    text[n] = '\0';
    return text;
}

/* The scheme in any case. */
static const struct account *account_of(const struct options *o, const char *authorization) {
    char *text = strncasecmp(authorization, "Basic ", 6) == 0 ? base64_text(authorization + 6) : NULL;
    char *token = !text ? NULL : strchr(text, ':');
    const struct account *account = NULL;

    if (token) {
        *token++ = '\0';
        for (size_t i = 0; i < o->accounts_len && !account; i++) {
            if (strcmp(o->accounts[i].email, text) == 0 && strcmp(o->accounts[i].token, token) == 0)
                account = &o->accounts[i];
        }
    }
    free(text);
    return account;
}

bool incoming_authenticate(const struct options *o, struct MHD_Connection *c, const struct account **account) {
    const char *cookie = request_header(c, "Cookie"), *session = !cookie ? NULL : strstr(cookie, "sess=");
    const char *authorization = request_header(c, "Authorization");

    *account = NULL;
    /* A log-in of the web pages, and no further look. */
    if (o->release->cookie_is_login && session && (!authorization || strcspn(session + 5, "; ") >= SESSION_MIN))
        return false;
    if (!authorization)
        return true;
    *account = account_of(o, authorization);
    return *account;
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
