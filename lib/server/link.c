/* SPDX-License-Identifier: MIT
 *
 * Links: the one that opens a secret, and the key in one that somebody was given.
 *
 * Whoever opens a link gives away, to its host, what opens the secret. So a link is made for the configured server
 * itself and for the hosts that the configuration names, whatever the server says; and one of another host is refused
 * before anything is sent, for the configured server knows nothing of it and would be believed that it is gone.
 */
#include "server/server.h"
#include "core/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How a host is told that somebody else chose. */
static const char *shown(const char *host) {
    return text_is_plain_host(host) ? host : "another host, whose name cannot be shown";
}

static bool is_link_host(char *const *link_hosts, const url_place *p) {
    for (size_t i = 0; link_hosts && link_hosts[i]; i++)
        if (p->port == 0 && text_same_host(link_hosts[i], p->host))
            return true;
    return false;
}

static otsd_err place_of_base(const char *base, url_place *own, otsd_error *e) {
    if (url_place_of(base, strlen(base), own))
        return OTSD_OK;
    return error_local(e, OTSD_ERR_ARGUMENT, "\"%.120s\" is no server's address", base);
}

otsd_err server_link(const char *base, char *const *link_hosts, const otsd_receipt *t, char **out, otsd_error *e) {
    url_place own, named;
    char *link = NULL;
    int n;

    if (!text_is_key(t->secret_key))
        return error_local(e, OTSD_ERR_ARGUMENT, "the receipt has no secret key");
    if (place_of_base(base, &own, e) != OTSD_OK)
        return OTSD_ERR_ARGUMENT;
    if (t->share_domain[0] == '\0' || text_same_host(t->share_domain, own.host))
        n = asprintf(&link, "%s/secret/%s", base, t->secret_key);
    else if (text_is_host(t->share_domain) && url_place_of(t->share_domain, strlen(t->share_domain), &named) &&
             is_link_host(link_hosts, &named))
        n = asprintf(&link, "https://%s/secret/%s", t->share_domain, t->secret_key);
    else
        return error_local(e, OTSD_ERR_ANSWER,
                           "no link: the server names %s as its host, which is neither that of %s nor in "
                           "server.link_hosts",
                           shown(t->share_domain), base);
    if (n < 0)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    *out = link;
    return OTSD_OK;
}

/* Where the host and port of a link end; 0: it is a key, or a path. */
static size_t authority(const char *link, size_t len) {
    const char *scheme = memmem(link, len, "://", 3);
    size_t n = scheme ? (size_t)(scheme + 3 - link) : 0;

    if (!scheme && len >= 2 && memcmp(link, "//", 2) == 0)
        n = 2;
    else if (!scheme && (len == 0 || link[0] == '/' || !memchr(link, '/', len)))
        return 0;
    while (n < len && link[n] != '/')
        n++;
    return n;
}

static otsd_err check_place(const char *base, char *const *link_hosts, const char *link, size_t len, otsd_error *e) {
    bool relative = len >= 2 && memcmp(link, "//", 2) == 0;
    url_place own, p;

    if (place_of_base(base, &own, e) != OTSD_OK)
        return OTSD_ERR_ARGUMENT;
    if (!url_place_of(link + (relative ? 2 : 0), len - (relative ? 2 : 0), &p))
        return error_local(e, OTSD_ERR_ARGUMENT, "the link has no host that can be read; nothing was sent");
    if ((p.port == own.port && text_same_host(p.host, own.host)) || is_link_host(link_hosts, &p))
        return OTSD_OK;
    if (text_same_host(p.host, own.host))
        return error_local(e, OTSD_ERR_ARGUMENT,
                           "the link is of another port of %s than the configured server %s; nothing was sent",
                           shown(p.host), base);
    return error_local(e, OTSD_ERR_ARGUMENT, "the link is of %s, and the configured server is %s; nothing was sent",
                       shown(p.host), base);
}

otsd_err server_link_key(const char *base, char *const *link_hosts, const char *link, char **out, otsd_error *e) {
    size_t len, host;
    const char *slash;
    char *key;
    otsd_err rc;

    len = strcspn(link, " \t\r\n?#");
    while (len > 0 && link[len - 1] == '/')
        len--;
    host = authority(link, len);
    rc = host > 0 ? check_place(base, link_hosts, link, host, e) : OTSD_OK;
    if (rc != OTSD_OK)
        return rc;
    slash = memrchr(link + host, '/', len - host);
    if (slash)
        len -= (size_t)(slash + 1 - link);
    key = strndup(slash ? slash + 1 : link, slash || host == 0 ? len : 0);
    if (!key)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    if (!text_is_key(key)) {
        free_wiped(key);
        return error_local(e, OTSD_ERR_ARGUMENT, "a key or a link was expected");
    }
    *out = key;
    return OTSD_OK;
}
