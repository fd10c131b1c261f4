/* SPDX-License-Identifier: MIT
 *
 * Addresses of servers and proxies. What is taken means to libcurl, which connects, what it means here.
 *
 *   https://eu.onetimesecret.com
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/core.h"
#include "core/url.h"
#include "fuzz.h"

/* "": there is none; malloced. */
static char *part(CURLU *u, CURLUPart which, unsigned flags) {
    char *text = NULL, *copy;

    copy = curl_url_get(u, which, &text, flags) == CURLUE_OK ? strdup(text) : strdup("");
    HOLDS(copy);
    curl_free(text);
    return copy;
}

static bool is_empty(CURLU *u, CURLUPart which) {
    char *text = part(u, which, 0);
    bool empty = !text[0];

    free(text);
    return empty;
}

/* An IPv6 address has more than one short form. */
static bool same_host(const char *one, const char *other) {
    char a[64], b[64];
    struct in6_addr first, second;

    if (one[0] != '[' || other[0] != '[')
        return strcasecmp(one, other) == 0;
    snprintf(a, sizeof a, "%.*s", (int)strcspn(one + 1, "]"), one + 1);
    snprintf(b, sizeof b, "%.*s", (int)strcspn(other + 1, "]"), other + 1);
    return inet_pton(AF_INET6, a, &first) == 1 && inet_pton(AF_INET6, b, &second) == 1 &&
           memcmp(&first, &second, sizeof first) == 0;
}

/* Host and port as libcurl would connect to. */
static void place_holds(CURLU *u, const url_place *p) {
    char *host = part(u, CURLUPART_HOST, 0), *scheme = part(u, CURLUPART_SCHEME, 0);
    char *port = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    unsigned long usual = strcmp(scheme, "https") == 0 ? 443 : 80, number = strtoul(port, NULL, 10);

    HOLDS(same_host(host, p->host));
    HOLDS(p->port == 0 ? number == usual : number == p->port);
    free(host);
    free(scheme);
    free(port);
}

/* libcurl calls a path that is not there "/". */
static void path_holds(CURLU *u, const char *url) {
    char *path = part(u, CURLUPART_PATH, 0);
    url_parts parts;

    HOLDS(url_parse(url, strlen(url), &parts));
    HOLDS(strcmp(path, parts.path[0] ? parts.path : "/") == 0);
    free(path);
}

static void server_holds(const char *url, bool allow_http) {
    CURLU *u = curl_url();
    char *scheme;
    url_place p;

    HOLDS(u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
    scheme = part(u, CURLUPART_SCHEME, 0);
    HOLDS(strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0);
    HOLDS(is_empty(u, CURLUPART_USER) && is_empty(u, CURLUPART_PASSWORD));
    HOLDS(is_empty(u, CURLUPART_QUERY) && is_empty(u, CURLUPART_FRAGMENT));
    HOLDS(!text_has_control(url) && !strchr(url, ' '));
    HOLDS(url_place_of(url, strlen(url), &p));
    place_holds(u, &p);
    HOLDS(strcmp(scheme, "https") == 0 || allow_http || strcasecmp(p.host, "localhost") == 0 ||
          strcmp(p.host, "[::1]") == 0 || strncmp(p.host, "127.", 4) == 0);
    path_holds(u, url);
    free(scheme);
    curl_url_cleanup(u);
}

static void proxy_holds(const char *url) {
    CURLU *u = curl_url();

    HOLDS(u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK);
    HOLDS(is_empty(u, CURLUPART_USER) && !is_empty(u, CURLUPART_HOST) && !text_has_control(url));
    curl_url_cleanup(u);
}

/* Of a link, or of what a redirect says: with or without a scheme. */
static void place_of(const char *text, size_t len) {
    char *exact = malloc(len > 0 ? len : 1), *url = malloc(len + 16);
    CURLU *u = curl_url();
    url_place p;

    HOLDS(exact && url && u);
    memcpy(exact, text, len);
    if (url_place_of(exact, len, &p)) {
        HOLDS(p.host[0] && memchr(p.host, '\0', sizeof p.host) && !text_has_control(p.host));
        snprintf(url, len + 16, "%s%.*s", memmem(text, len, "://", 3) ? "" : "https://", (int)len, text);
        HOLDS(curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
        place_holds(u, &p);
    }
    curl_url_cleanup(u);
    free(exact);
    free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    char *url = piece_string((piece){(const char *)data, len});
    const char *strict = url_fault(url, false), *loose = url_fault(url, true), *proxy = url_proxy_fault(url);

    HOLDS(!strict || is_printable(strict));
    HOLDS(strict || !loose);
    if (!strict)
        server_holds(url, false);
    if (!loose)
        server_holds(url, true);
    if (!proxy)
        proxy_holds(url);
    place_of(url, strlen(url));
    free(url);
    return 0;
}
