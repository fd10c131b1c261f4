/* SPDX-License-Identifier: MIT
 *
 * Which server, and how to talk to it: the settings of a client, set one by one or read from the group `server` of
 * otsd.conf(5). Both ways go through the same rows, so nothing is taken in one that is refused in the other. What no
 * single setting can tell (plain http, a token without an account) is asked when all are there: at the end of the file,
 * or when a client is made. So the order of the calls does not matter.
 */
#include "server/server.h"
#include "conf/conf.h"
#include "core/url.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX 600 /* seconds */
/* ms, where none is set. What makes a secret is not asked for twice, and the server mails before it answers: who waits
 * too short for it has lost the secret, and the mail is out. */
#define TIMEOUT_USUAL 20000
#define TIMEOUT_CREATE 60000

static const char *user_name(const char *text) {
    return !conf_plain(text) && !strchr(text, ':') ? NULL : "an account name without a colon was expected";
}

static const char *pins(const char *text) {
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    for (;;) {
        if (strncmp(text, "sha256//", 8) != 0 || strspn(text + 8, base64) != 44)
            return "sha256// and 44 characters of base64 were expected";
        text += 8 + 44;
        if (*text == '\0')
            return NULL;
        if (*text++ != ';')
            return "a semicolon between pins was expected";
    }
}

static const char *url(const char *text) {
    return url_fault(text, true);
}

static const char *const regions[] = {"us", "eu", "ca", "nz", "uk", NULL};

#define AT(member) offsetof(otsd_server, member)

static const conf_row rows[] = {
    {"server", "region", CONF_TEXT, AT(region), 0, 0, NULL, regions},
    {"server", "url", CONF_TEXT, AT(url), 0, 0, url, NULL},
    {"server", "username", CONF_TEXT, AT(username), 0, 0, user_name, NULL},
    {"server", "token_file", CONF_TEXT, AT(token_file), 0, 0, conf_absolute, NULL},
    {"server", "ca_file", CONF_TEXT, AT(ca_file), 0, 0, conf_absolute, NULL},
    {"server", "pinned_key", CONF_TEXT, AT(pinned_key), 0, 0, pins, NULL},
    {"server", "proxy", CONF_HIDDEN, AT(proxy), 0, 0, url_proxy_fault, NULL},
    {"server", "link_hosts", CONF_NAMES, AT(link_hosts), 0, 0, conf_host, NULL},
    {"server", "allow_http", CONF_BOOLEAN, AT(allow_http), 0, 0, NULL, NULL},
    {"server", "connect_timeout", CONF_SECONDS_MS, AT(connect_timeout_ms), 0, TIMEOUT_MAX, NULL, NULL},
    {"server", "timeout", CONF_SECONDS_MS, AT(timeout_ms), 0, TIMEOUT_MAX, NULL, NULL},
};

static const conf_schema schema = {rows, sizeof rows / sizeof rows[0], NULL};

_Static_assert(sizeof rows / sizeof rows[0] <= CONF_KEYS, "each key has a line");

otsd_err otsd_server_new(otsd_server **out, otsd_error *e) {
    otsd_server *s;

    if (!out)
        return error_null(e, "out");
    s = calloc(1, sizeof *s);
    if (!s)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    s->connect_timeout_ms = 5000;
    *out = s;
    return OTSD_OK;
}

void otsd_server_free(otsd_server **p) {
    otsd_server *s;

    if (!p || !*p)
        return;
    s = *p;
    *p = NULL;
    otsd_secret_free(&s->token);
    conf_free(&schema, s);
    free(s->ca_pem);
    free(s);
}

static otsd_err set_text(otsd_server *s, const char *key, const char *text, otsd_error *e) {
    const conf_source caller = {.schema = &schema, .e = e};

    return s ? conf_set_text(s, &caller, "server", key, text) : error_null(e, "the server");
}

/* Turns a region into its address, and drops a slash at the end, for paths are put behind it. */
static otsd_err settle_url(otsd_server *s, otsd_error *e) {
    char *address = NULL;

    if (s->region) {
        if (asprintf(&address, "https://%s.onetimesecret.com", s->region) < 0)
            return error_local(e, OTSD_ERR_MEMORY, "out of memory");
        free(s->url);
        s->url = address;
    }
    for (size_t n = s->url ? strlen(s->url) : 0; n > 0 && s->url[n - 1] == '/'; n--)
        s->url[n - 1] = '\0';
    return OTSD_OK;
}

otsd_err otsd_server_set_url(otsd_server *s, const char *text, otsd_error *e) {
    otsd_err rc;

    if (s && s->region && !text) /* the address is the region's: no url is set */
        return OTSD_OK;
    rc = set_text(s, "url", text, e);
    if (rc == OTSD_OK)
        rc = set_text(s, "region", NULL, e);
    return rc == OTSD_OK ? settle_url(s, e) : rc;
}

otsd_err otsd_server_set_region(otsd_server *s, const char *region, otsd_error *e) {
    char *before;
    otsd_err rc;

    if (!s)
        return error_null(e, "the server");
    if (!region && !s->region) /* the address is that of a url */
        return OTSD_OK;
    before = s->region;
    s->region = NULL;
    rc = region ? set_text(s, "region", region, e) : set_text(s, "url", NULL, e);
    if (rc == OTSD_OK)
        rc = settle_url(s, e);
    if (rc != OTSD_OK) {
        free(s->region);
        s->region = before;
        return rc;
    }
    free(before);
    return OTSD_OK;
}

otsd_err otsd_server_set_username(otsd_server *s, const char *name, otsd_error *e) {
    return set_text(s, "username", name, e);
}

bool token_is_good(const otsd_secret *token) {
    size_t len = otsd_secret_len(token);

    return len > 0 && len <= TOKEN_MAX && strlen(otsd_secret_data(token)) == len &&
           !text_has_control(otsd_secret_data(token));
}

otsd_err otsd_server_set_token(otsd_server *s, const otsd_secret *token, otsd_error *e) {
    otsd_secret *copy = NULL;
    otsd_err rc = OTSD_OK;

    if (!s)
        return error_null(e, "the server");
    if (token && !token_is_good(token))
        return error_local(e, OTSD_ERR_ARGUMENT, "the token is not one line of 1 to %d bytes", TOKEN_MAX);
    if (token)
        rc = otsd_secret_new(&copy, otsd_secret_data(token), otsd_secret_len(token), e);
    if (rc != OTSD_OK)
        return rc;
    otsd_secret_free(&s->token);
    s->token = copy;
    return token ? set_text(s, "token_file", NULL, e) : OTSD_OK;
}

otsd_err otsd_server_set_token_file(otsd_server *s, const char *path, otsd_error *e) {
    otsd_err rc = set_text(s, "token_file", path, e);

    if (rc == OTSD_OK && path)
        otsd_secret_free(&s->token);
    return rc;
}

otsd_err otsd_server_set_ca_file(otsd_server *s, const char *path, otsd_error *e) {
    return set_text(s, "ca_file", path, e);
}

otsd_err server_set_ca_pem(otsd_server *s, const void *pem, size_t len, otsd_error *e) {
    char *copy = NULL;

    if (!s)
        return error_null(e, "the server");
    if (pem && len > 0) {
        copy = malloc(len);
        if (!copy)
            return error_local(e, OTSD_ERR_MEMORY, "out of memory");
        memcpy(copy, pem, len);
    }
    free(s->ca_pem);
    s->ca_pem = copy;
    s->ca_pem_len = copy ? len : 0;
    return OTSD_OK;
}

otsd_err otsd_server_set_pinned_key(otsd_server *s, const char *pin, otsd_error *e) {
    return set_text(s, "pinned_key", pin, e);
}

otsd_err otsd_server_set_proxy(otsd_server *s, const char *proxy, otsd_error *e) {
    return set_text(s, "proxy", proxy, e);
}

otsd_err otsd_server_add_link_host(otsd_server *s, const char *host, otsd_error *e) {
    char **more = NULL;
    otsd_err rc;

    if (!s)
        return error_null(e, "the server");
    if (host && !text_is_host(host))
        return error_local(e, OTSD_ERR_ARGUMENT, "\"%.120s\" is no host name; one was expected", host);
    rc = host ? conf_copy_names(&more, s->link_hosts, host, e) : OTSD_OK;
    if (rc != OTSD_OK)
        return rc;
    conf_free_names(s->link_hosts);
    s->link_hosts = more;
    return OTSD_OK;
}

otsd_err otsd_server_set_allow_http(otsd_server *s, bool allow, otsd_error *e) {
    if (!s)
        return error_null(e, "the server");
    s->allow_http = allow;
    return OTSD_OK;
}

static otsd_err check_ms(const otsd_server *s, long ms, otsd_error *e) {
    if (!s)
        return error_null(e, "the server");
    if (ms < 1 || ms > TIMEOUT_MAX * 1000L)
        return error_local(e, OTSD_ERR_ARGUMENT, "the time limit is %ld ms; 1 to %ld were expected", ms,
                           TIMEOUT_MAX * 1000L);
    return OTSD_OK;
}

otsd_err otsd_server_set_connect_timeout_ms(otsd_server *s, long ms, otsd_error *e) {
    otsd_err rc = check_ms(s, ms, e);

    if (rc == OTSD_OK)
        s->connect_timeout_ms = ms;
    return rc;
}

otsd_err otsd_server_set_timeout_ms(otsd_server *s, long ms, otsd_error *e) {
    otsd_err rc = check_ms(s, ms, e);

    if (rc == OTSD_OK)
        s->timeout_ms = ms;
    return rc;
}

const char *otsd_server_url(const otsd_server *s) {
    return s && s->url ? s->url : "";
}

const char *otsd_server_username(const otsd_server *s) {
    return s && s->username ? s->username : "";
}

long otsd_server_timeout_ms(const otsd_server *s) {
    if (!s)
        return 0;
    return s->timeout_ms > 0 ? s->timeout_ms : TIMEOUT_USUAL;
}

long otsd_server_create_timeout_ms(const otsd_server *s) {
    if (!s)
        return 0;
    return s->timeout_ms > 0 ? s->timeout_ms : TIMEOUT_CREATE;
}

/* What only all settings together can tell. */
static otsd_err check_whole(const otsd_server *s, const conf_source *from) {
    conf_place p;
    const char *expected;

    if (!s->url && from->file)
        return error_local(from->e, OTSD_ERR_CONFIG, "%s:1: `server.region` or `server.url` was expected", from->file);
    if (!s->url)
        return error_local(from->e, OTSD_ERR_ARGUMENT, "the server has no address; a url or a region was expected");
    expected = url_fault(s->url, s->allow_http);
    if (expected) {
        p = conf_find(from, "server", "url");
        return conf_fault(&p, "is \"%.120s\"; %s", s->url, expected);
    }
    if (s->username || (!s->token_file && !s->token))
        return OTSD_OK;
    p = conf_find(from, "server", s->token ? "token" : "token_file");
    return from->file ? conf_fault(&p, "is set; `server.username` was expected too")
                      : conf_fault(&p, "is set; `username` was expected too");
}

otsd_err server_check(const otsd_server *s, otsd_error *e) {
    const conf_source caller = {.schema = &schema, .e = e};

    return s ? check_whole(s, &caller) : error_null(e, "the server");
}

/* The one that came second is the one too many. */
static otsd_err refuse_both(const otsd_server *s, const conf_source *from) {
    conf_place u = conf_find(from, "server", "url"), r = conf_find(from, "server", "region");

    if (!s->url || !s->region)
        return OTSD_OK;
    return u.nth > r.nth ? conf_fault(&u, "and `server.region` are both set; one of them was expected")
                         : conf_fault(&r, "and `server.url` are both set; one of them was expected");
}

otsd_err otsd_server_load(otsd_server **out, const char *path, otsd_error *e) {
    conf_source from = {.schema = &schema, .e = e};
    otsd_server *s = NULL;
    otsd_err rc;

    if (!out || !path)
        return error_null(e, out ? "path" : "out");
    rc = otsd_server_new(&s, e);
    if (!s)
        return rc;
    rc = conf_read(s, &from, path);
    if (rc == OTSD_OK)
        rc = refuse_both(s, &from);
    if (rc == OTSD_OK)
        rc = settle_url(s, e);
    if (rc == OTSD_OK)
        rc = check_whole(s, &from);
    if (rc == OTSD_OK)
        *out = s;
    else
        otsd_server_free(&s);
    return rc;
}
