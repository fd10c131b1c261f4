/* SPDX-License-Identifier: MIT
 *
 * Which server and proxy addresses are taken, by a parser of their own: it has to agree with libcurl's, for what is
 * checked here is what libcurl will connect to. So whatever two parsers could see differently is no URL here: user
 * names, escapes in a host, blanks, backslashes, characters outside ASCII, and addresses in any other form than
 * 127.0.0.1 and [::1]. A host whose last label is a number, which others may take for an address, has to be one.
 */
#include "core/url.h"

#include "core/core.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HEX DIGITS "ABCDEFabcdef"
#define IN_SCHEME LETTERS DIGITS "+-."
#define IN_NAME LETTERS DIGITS "-_."
#define IN_ADDRESS_6 HEX ":."
#define IN_USER LETTERS DIGITS "-._~!$&'()*+,;=:%"
#define IN_PATH LETTERS DIGITS "-._~!$&'()*+,;=:@/"

/* How many of the len bytes are of this set. */
static size_t span(const char *text, size_t len, const char *set) {
    size_t n = 0;

    while (n < len && text[n] != '\0' && strchr(set, text[n]))
        n++;
    return n;
}

/* Is a label one that is read as a number, by whoever reads addresses like 127.1 and 0x7f000001? */
static bool is_number(const char *label, size_t len) {
    if (len >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
        return span(label + 2, len - 2, HEX) == len - 2;
    return len > 0 && span(label, len, DIGITS) == len;
}

static bool is_name(const char *host) {
    size_t len = strlen(host), end = len - (len > 0 && host[len - 1] == '.'), label = end;

    if (end < 1 || end > 253 || host[0] == '-' || host[0] == '.' || host[end - 1] == '-' || strstr(host, ".."))
        return false;
    while (label > 0 && host[label - 1] != '.')
        label--;
    return !is_number(host + label, end - label);
}

static size_t take_name(const char *text, size_t len, char *host, size_t size) {
    size_t n = span(text, len, IN_NAME);
    struct in_addr v4;

    if (n >= size)
        return 0;
    memcpy(host, text, n);
    host[n] = '\0';
    return is_name(host) || inet_pton(AF_INET, host, &v4) == 1 ? n : 0;
}

/* In its brackets, too. */
static size_t take_address_6(const char *text, size_t len, char *host) {
    size_t n = span(text + 1, len - 1, IN_ADDRESS_6);
    char address[INET6_ADDRSTRLEN];
    struct in6_addr v6;

    if (n >= sizeof address || n + 1 >= len || text[n + 1] != ']')
        return 0;
    memcpy(address, text + 1, n);
    address[n] = '\0';
    if (inet_pton(AF_INET6, address, &v6) != 1 || !inet_ntop(AF_INET6, &v6, address, sizeof address))
        return 0;
    n += 2;
    len = strlen(address);
    host[0] = '[';
    memcpy(host + 1, address, len);
    memcpy(host + 1 + len, "]", 2);
    return n;
}

/* With its colon. */
static size_t take_port(const char *text, size_t len, uint16_t *port) {
    size_t n = span(text + 1, len - 1, DIGITS);
    unsigned value = 0;

    if (n < 1 || n > 5 || text[1] == '0')
        return 0;
    for (size_t i = 1; i <= n; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    if (value > UINT16_MAX)
        return 0;
    *port = (uint16_t)value;
    return n + 1;
}

/* All of it, of characters that mean nothing to anybody, escapes, and no segment that would lead upwards. */
static bool is_path(const char *text, size_t len) {
    size_t segment = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i == len || text[i] == '/') {
            if ((i - segment == 1 && text[segment] == '.') ||
                (i - segment == 2 && text[segment] == '.' && text[segment + 1] == '.'))
                return false;
            segment = i + 1;
        } else if (text[i] == '%') {
            if (span(text + i + 1, len - i - 1, HEX) < 2)
                return false;
        } else if (span(text + i, 1, IN_PATH) == 0) {
            return false;
        }
    }
    return len == 0 || text[0] == '/';
}

/* "http", in small letters, with the "://" behind it; 0 where none begins the text. */
static size_t take_scheme(const char *text, size_t len, char *scheme, size_t size) {
    size_t n = span(text, len, IN_SCHEME);

    if (n < 1 || n >= size || span(text, 1, LETTERS) == 0 || len - n < 3 || memcmp(text + n, "://", 3) != 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        scheme[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    scheme[n] = '\0';
    return n + 3;
}

/* Does a user name, or what only some take for one, stand where the host is? */
static bool has_user(const char *behind_scheme) {
    return memchr(behind_scheme, '@', strcspn(behind_scheme, "/?#"));
}

/* What stands behind the scheme. */
static bool take_rest(const char *text, size_t len, url_parts *u) {
    bool is_6 = len > 0 && text[0] == '[';
    size_t n = is_6 ? take_address_6(text, len, u->host) : take_name(text, len, u->host, sizeof u->host), port;

    if (n == 0)
        return false;
    u->port = 0;
    if (n < len && text[n] == ':') {
        port = take_port(text + n, len - n, &u->port);
        if (port == 0)
            return false;
        n += port;
    }
    u->path = text + n;
    return is_path(text + n, len - n);
}

bool url_parse(const char *text, size_t len, url_parts *u) {
    size_t n = take_scheme(text, len, u->scheme, sizeof u->scheme);

    return n > 0 && take_rest(text + n, len - n, u);
}

static bool is_http(const char *scheme) {
    return strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0;
}

bool url_place_of(const char *text, size_t len, url_place *p) {
    url_parts u = {.scheme = "https"};
    size_t n = 0, user;

    if (memmem(text, len, "://", 3)) {
        n = take_scheme(text, len, u.scheme, sizeof u.scheme);
        if (n == 0 || !is_http(u.scheme))
            return false;
    }
    user = span(text + n, len - n, IN_USER);
    if (n + user < len && text[n + user] == '@')
        n += user + 1;
    if (!take_rest(text + n, len - n, &u))
        return false;
    memcpy(p->host, u.host, sizeof p->host);
    p->port = u.port == (strcmp(u.scheme, "https") == 0 ? 443 : 80) ? 0 : u.port;
    return true;
}

static bool is_loopback(const char *host) {
    struct in_addr v4;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static bool is_api(const char *path, size_t len) {
    while (len > 0 && path[len - 1] == '/')
        len--;
    return (len >= 4 && memcmp(path + len - 4, "/api", 4) == 0) ||
           (len >= 7 && memcmp(path + len - 7, "/api/v1", 7) == 0);
}

const char *url_fault(const char *url, bool allow_http) {
    static const char malformed[] = "a URL like https://eu.onetimesecret.com was expected";
    size_t len = strcspn(url, "?#"), scheme;
    url_parts u;

    scheme = take_scheme(url, len, u.scheme, sizeof u.scheme);
    if (scheme == 0 || text_has_control(url) || strchr(url, ' '))
        return malformed;
    if (!is_http(u.scheme))
        return "a URL with https:// was expected";
    if (has_user(url + scheme))
        return "a URL without user name and password was expected; use username and token_file";
    if (!take_rest(url + scheme, len - scheme, &u))
        return malformed;
    if (url[len] != '\0')
        return "a URL without query and fragment was expected";
    if (strcmp(u.scheme, "http") == 0 && !allow_http && !is_loopback(u.host))
        return "https:// was expected: plain http only to this machine itself, unless allow_http = true";
    if (is_api(u.path, strlen(u.path)))
        return "the address of the site was expected, without /api/v1";
    return NULL;
}

const char *url_proxy_fault(const char *url) {
    static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    const char *fault = "a proxy URL with http, https, socks4, socks4a, socks5 or socks5h was expected";
    size_t len = strlen(url), scheme;
    bool known = false;
    url_parts u;

    scheme = take_scheme(url, len, u.scheme, sizeof u.scheme);
    for (size_t i = 0; scheme > 0 && i < sizeof schemes / sizeof schemes[0]; i++)
        known = known || strcmp(u.scheme, schemes[i]) == 0;
    if (!known)
        return fault;
    if (has_user(url + scheme))
        return "a proxy URL without user name and password was expected: this file is no place for secrets";
    if (!take_rest(url + scheme, len - scheme, &u))
        return fault;
    /* libcurl takes the path behind socks5://localhost for that of a socket. */
    return strcmp(u.path, "") == 0 || strcmp(u.path, "/") == 0 ? NULL : "a proxy URL without a path was expected";
}
