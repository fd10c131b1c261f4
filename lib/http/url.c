/* SPDX-License-Identifier: MIT
 *
 * Which server and proxy addresses are taken. libcurl's own parser reads them, so that what is checked here is what
 * libcurl will connect to.
 */
#include "http/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_part(CURLU *u, CURLUPart part) {
    char *value = NULL;
    CURLUcode rc = curl_url_get(u, part, &value, 0);

    if (value)
        otsd_wipe(value, strlen(value));
    curl_free(value);
    return rc == CURLUE_OK;
}

static bool place_of(CURLU *u, const char *url, http_place *p) {
    char *host = NULL, *port = NULL, *scheme = NULL;
    bool good;

    good = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
           curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
           (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0) &&
           curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && strlen(host) < sizeof p->host;
    if (good) {
        snprintf(p->host, sizeof p->host, "%s", host);
        good = curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    }
    if (good) {
        p->port = (uint16_t)strtoul(port, NULL, 10);
        if (p->port == (strcmp(scheme, "https") == 0 ? 443 : 80))
            p->port = 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return good;
}

bool http_place_of(const char *url, size_t len, http_place *p) {
    CURLU *u = curl_url();
    bool schemed = memmem(url, len, "://", 3), good;
    char text[600];
    int n = snprintf(text, sizeof text, "%s%.*s", schemed ? "" : "https://", (int)(len < 600 ? len : 600), url);

    good = u && n > 0 && (size_t)n < sizeof text && !text_has_control(text) && place_of(u, text, p);
    curl_url_cleanup(u);
    return good;
}

static bool is_loopback(const char *host) {
    struct in_addr v4;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static const char *url_fault(CURLU *u, const char *url, bool allow_http) {
    const char *fault = NULL;
    char *scheme = NULL, *host = NULL, *path = NULL;
    size_t n;

    if (text_has_control(url) || strchr(url, ' ') || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        fault = "a URL like https://eu.onetimesecret.com was expected";
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        fault = "a URL with https:// was expected";
    else if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
        fault = "a URL without user name and password was expected; use username and token_file";
    else if (strchr(url, '?') || strchr(url, '#'))
        fault = "a URL without query and fragment was expected";
    else if (strcmp(scheme, "http") == 0 && !allow_http && !is_loopback(host))
        fault = "https:// was expected: plain http only to this machine itself, unless allow_http = true";
    else {
        for (n = strlen(path); n > 0 && path[n - 1] == '/'; n--)
            ;
        if ((n >= 4 && strncmp(path + n - 4, "/api", 4) == 0) || (n >= 7 && strncmp(path + n - 7, "/api/v1", 7) == 0))
            fault = "the address of the site was expected, without /api/v1";
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
    return fault;
}

static const char *proxy_fault(CURLU *u, const char *url) {
    static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    const char *fault = "a proxy URL with http, https, socks4, socks4a, socks5 or socks5h was expected";
    char *scheme = NULL;

    if (text_has_control(url) || !strstr(url, "://") ||
        curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return fault;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strcmp(scheme, schemes[i]) == 0)
            fault = NULL;
    if (!fault && has_part(u, CURLUPART_USER))
        fault = "a proxy URL without user name and password was expected: this file is no place for secrets";
    curl_free(scheme);
    return fault;
}

static const char *fault_of(const char *url, bool proxy, bool allow_http) {
    CURLU *u = curl_url();
    const char *fault = "out of memory";

    if (u)
        fault = proxy ? proxy_fault(u, url) : url_fault(u, url, allow_http);
    curl_url_cleanup(u);
    return fault;
}

const char *http_url_fault(const char *url, bool allow_http) {
    return fault_of(url, false, allow_http);
}

const char *http_proxy_fault(const char *url) {
    return fault_of(url, true, false);
}
