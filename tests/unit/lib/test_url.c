/* SPDX-License-Identifier: MIT
 *
 * Which addresses are taken, and that libcurl sees in each of them what is seen here: the same scheme, host and port.
 */
#include "core/url.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>
#include <curl/curl.h>

#define MALFORMED "a URL like https://eu.onetimesecret.com was expected"
#define SCHEME "a URL with https:// was expected"
#define USER "a URL without user name and password was expected; use username and token_file"
#define QUERY "a URL without query and fragment was expected"
#define PLAIN "https:// was expected: plain http only to this machine itself, unless allow_http = true"
#define API "the address of the site was expected, without /api/v1"
#define LABEL "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz."

typedef struct row {
    const char *url, *expected; /* NULL: it is taken */
} row;

static const row servers[] = {
    {"https://eu.onetimesecret.com", NULL},
    {"HTTPS://EU.OneTimeSecret.COM.", NULL},
    {"https://ots.example.com:8443/below/it/", NULL},
    {"https://ots_1.example.com", NULL},
    {"https://xn--bcher-kva.example", NULL},
    {"https://ots", NULL},
    {"https://3com.example", NULL},
    {"https://1e", NULL},
    {"https://1.2.3.4.example", NULL},
    {"https://x.example:1", NULL},
    {"https://x.example:65535", NULL},
    {"https://x.example/a%20b/~c//d..e/.f", NULL},
    {"https://10.1.2.3", NULL},
    {"https://255.255.255.255:80", NULL},
    {"https://[2001:db8::1]:8443/x", NULL},
    {"https://[2001:0DB8:0:0:0:0:0:1]", NULL},
    {"https://[::ffff:10.0.0.1]", NULL},
    {"https://[::ffff:7f00:1]", NULL},
    {"http://localhost", NULL},
    {"http://LOCALHOST:7143/x", NULL},
    {"http://127.0.0.1:7143", NULL},
    {"http://127.255.255.254", NULL},
    {"http://[::1]:7143", NULL},
    {"http://[0:0:0:0:0:0:0:1]", NULL},
    {"https://" LABEL LABEL LABEL LABEL "a", NULL},
    /* No URL at all. */
    {"", MALFORMED},
    {"x.example", MALFORMED},
    {"//x.example", MALFORMED},
    {"https:", MALFORMED},
    {"https://", MALFORMED},
    {"https:///x", MALFORMED},
    {"https:/x.example", MALFORMED},
    {"https:x.example", MALFORMED},
    {"https:\\\\x.example", MALFORMED},
    {"https:////x.example", MALFORMED},
    {" https://x.example", MALFORMED},
    {"https://x.example ", MALFORMED},
    {"https://x .example", MALFORMED},
    {"https://x.example\n", MALFORMED},
    {"https://x.example/\x7f", MALFORMED},
    {"1http://x.example", MALFORMED},
    {"ht tp://x.example", MALFORMED},
    {"mailto:a@x.example", MALFORMED},
    /* Hosts that two readers may see differently. */
    {"https://127.1", MALFORMED},
    {"https://2130706433", MALFORMED},
    {"https://0x7f000001", MALFORMED},
    {"https://0x7f.1", MALFORMED},
    {"https://0x7f.0.0.0x1", MALFORMED},
    {"https://0x", MALFORMED},
    {"https://x.0X1f", MALFORMED},
    {"https://017700000001", MALFORMED},
    {"https://0177.0.0.1", MALFORMED},
    {"https://127.0.0.01", MALFORMED},
    {"https://127.0.0.1.", MALFORMED},
    {"https://127.0.0.256", MALFORMED},
    {"https://1.2.3.4.5", MALFORMED},
    {"https://x.example.1", MALFORMED},
    {"https://%65u.onetimesecret.com", MALFORMED},
    {"https://x.example%00.evil.example", MALFORMED},
    {"https://x.example%2f.evil.example", MALFORMED},
    {"https://x.example\\.evil.example", MALFORMED},
    {"https://x.example;.evil.example", MALFORMED},
    {"https://x.example,evil.example", MALFORMED},
    {"https://b\xc3\xbc"
     "cher.example",
     MALFORMED},
    {"https://x\xe3\x80\x82"
     "example",
     MALFORMED},
    {"https://.x.example", MALFORMED},
    {"https://x..example", MALFORMED},
    {"https://x.example..", MALFORMED},
    {"https://.", MALFORMED},
    {"https://-x.example", MALFORMED},
    {"https://x.example-", MALFORMED},
    {"https://*", MALFORMED},
    {"https://" LABEL LABEL LABEL LABEL "ab", MALFORMED},
    {"https://[::1", MALFORMED},
    {"https://::1", MALFORMED},
    {"https://[]", MALFORMED},
    {"https://[::1]x", MALFORMED},
    {"https://[fe80::1%25eth0]", MALFORMED},
    {"https://[fe80::1%eth0]", MALFORMED},
    {"https://[1.2.3.4]", MALFORMED},
    {"https://[v1.x]", MALFORMED},
    {"https://[::1::2]", MALFORMED},
    {"https://[::00001]", MALFORMED},
    /* Ports. */
    {"https://x.example:", MALFORMED},
    {"https://x.example:/", MALFORMED},
    {"https://x.example:0", MALFORMED},
    {"https://x.example:0443", MALFORMED},
    {"https://x.example:65536", MALFORMED},
    {"https://x.example:99999", MALFORMED},
    {"https://x.example:100443", MALFORMED},
    {"https://x.example:4294967739", MALFORMED},
    {"https://x.example:+443", MALFORMED},
    {"https://x.example:-1", MALFORMED},
    {"https://x.example:443x", MALFORMED},
    {"https://x.example:443:444", MALFORMED},
    {"https://[::1]:x", MALFORMED},
    /* Paths. */
    {"https://x.example/a b", MALFORMED},
    {"https://x.example/a\\b", MALFORMED},
    {"https://x.example/a%2", MALFORMED},
    {"https://x.example/a%zz", MALFORMED},
    {"https://x.example/a|b", MALFORMED},
    {"https://x.example/\xc3\xbc", MALFORMED},
    {"https://x.example/..", MALFORMED},
    {"https://x.example/a/../b", MALFORMED},
    {"https://x.example/./a", MALFORMED},
    {"https://x.example/a/.", MALFORMED},
    /* What libcurl would take and this library does not. */
    {"ftp://x.example", SCHEME},
    {"file:///etc/passwd", SCHEME},
    {"httpss://x.example", SCHEME},
    {"h://x.example", SCHEME},
    {"https://u:p@x.example", USER},
    {"https://u@x.example", USER},
    {"https://@x.example", USER},
    {"https://:p@x.example", USER},
    {"https://x.example\\@evil.example", USER},
    {"https://x.example:443@evil.example", USER},
    {"https://u@a@x.example", USER},
    {"https://x.example?a", QUERY},
    {"https://x.example/?", QUERY},
    {"https://x.example/#a", QUERY},
    {"https://x.example#@evil.example", QUERY},
    {"http://x.example", PLAIN},
    {"http://10.0.0.1", PLAIN},
    {"http://128.0.0.1", PLAIN},
    {"http://126.255.255.255", PLAIN},
    {"http://localhost.", PLAIN},
    {"http://localhost.example.com", PLAIN},
    {"http://127.0.0.1.example.com", PLAIN},
    {"http://[::2]", PLAIN},
    {"http://[::ffff:127.0.0.1]", PLAIN},
    {"https://x.example/api", API},
    {"https://x.example/api/v1", API},
    {"https://x.example/below/api/v1//", API},
    {"https://x.example/api/v2", NULL},
    {"https://x.example/papi", NULL},
    {"https://x.example/API", NULL},
};

#define NO_PROXY "a proxy URL with http, https, socks4, socks4a, socks5 or socks5h was expected"
#define NO_SECRETS "a proxy URL without user name and password was expected: this file is no place for secrets"

static const row proxies[] = {
    {"http://proxy.example.com:3128", NULL},
    {"http://proxy/", NULL},
    {"HTTPS://proxy.example.com", NULL},
    {"socks4://10.0.0.1:1080", NULL},
    {"socks4a://p.example", NULL},
    {"socks5://[::1]:1080", NULL},
    {"socks5h://p.example:1080", NULL},
    {"", NO_PROXY},
    {"proxy:3128", NO_PROXY},
    {"ftp://proxy", NO_PROXY},
    {"socks://proxy", NO_PROXY},
    {"socks5hh://proxy", NO_PROXY},
    {"http://", NO_PROXY},
    {"http://127.1:3128", NO_PROXY},
    {"http://proxy:0", NO_PROXY},
    {"http://proxy:x", NO_PROXY},
    {"http://pro xy", NO_PROXY},
    {"http://proxy\n", NO_PROXY},
    {"http://proxy?x", NO_PROXY},
    {"http://u:p@proxy:3128", NO_SECRETS},
    {"http://u@proxy", NO_SECRETS},
    {"socks5://:p@proxy", NO_SECRETS},
    {"socks5h://localhost/run/socks", "a proxy URL without a path was expected"},
};

static bool same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void each_server_is_taken_or_told_what_was_expected(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        const char *fault = url_fault(servers[i].url, false);
        const char *allowed = same_text(servers[i].expected, PLAIN) ? NULL : servers[i].expected;

        if (!same_text(fault, servers[i].expected))
            fail_msg("%s: %s", servers[i].url, fault ? fault : "taken");
        if (!same_text(url_fault(servers[i].url, true), allowed))
            fail_msg("%s with plain http allowed", servers[i].url);
    }
}

static void each_proxy_is_taken_or_told_what_was_expected(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        const char *fault = url_proxy_fault(proxies[i].url);

        if (!same_text(fault, proxies[i].expected))
            fail_msg("%s: %s", proxies[i].url, fault ? fault : "taken");
    }
}

static void a_place_is_a_host_and_a_port_other_than_the_usual_one(void **state) {
    static const struct {
        const char *text, *host; /* NULL: there is none */
        unsigned port;
    } rows[] = {
        {"https://ots.example.com", "ots.example.com", 0},
        {"https://ots.example.com:443/x", "ots.example.com", 0},
        {"http://ots.example.com:80", "ots.example.com", 0},
        {"http://ots.example.com:443", "ots.example.com", 443},
        {"https://ots.example.com:80", "ots.example.com", 80},
        {"OTS.example.com.", "OTS.example.com.", 0},
        {"ots.example.com:8443", "ots.example.com", 8443},
        {"[0::1]:8443", "[::1]", 8443},
        {"10.0.0.1", "10.0.0.1", 0},
        {"", NULL, 0},
        {"10.1", NULL, 0},
        {"u@ots.example.com", "ots.example.com", 0},
        {"https://u:p%20w@ots.example.com:84/", "ots.example.com", 84},
        {"https://u@a@ots.example.com", NULL, 0},
        {"https://evil.example\\@ots.example.com", NULL, 0},
        {"https://evil.example/@ots.example.com", "evil.example", 0},
        {"u@", NULL, 0},
        {"ftp://ots.example.com", NULL, 0},
        {"ots.example.com/x://", NULL, 0},
        {"://ots.example.com", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        url_place p;
        bool good = url_place_of(rows[i].text, strlen(rows[i].text), &p);

        if (good != !!rows[i].host || (good && (strcmp(p.host, rows[i].host) != 0 || p.port != rows[i].port)))
            fail_msg("%s: %s %u", rows[i].text, good ? p.host : "none", good ? p.port : 0);
    }
}

/* Nothing behind the end is looked at. */
static void a_text_ends_where_its_length_says(void **state) {
    static const char text[] = "https://x.example:84/a";
    url_parts u;

    (void)state;
    for (size_t len = 0; len <= strlen(text); len++) {
        char *exact = malloc(len > 0 ? len : 1);
        bool good;

        assert_non_null(exact);
        memcpy(exact, text, len);
        good = url_parse(exact, len, &u);
        /* After "https://", within and after the name unless with a dot or a colon at the end, and so on. */
        assert_int_equal(good, len > strlen("https://") && text[len - 1] != ':');
        if (good && len > strlen("https://x.example:"))
            assert_int_equal(u.port, len == strlen("https://x.example:8") ? 8 : 84);
        free(exact);
    }
}

/* What libcurl sees. */
typedef struct seen {
    char *scheme, *host, *port;
} seen;

static bool see(CURLU *u, const char *url, seen *s) {
    memset(s, 0, sizeof *s);
    return curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
           curl_url_get(u, CURLUPART_SCHEME, &s->scheme, 0) == CURLUE_OK &&
           curl_url_get(u, CURLUPART_HOST, &s->host, 0) == CURLUE_OK &&
           (curl_url_get(u, CURLUPART_PORT, &s->port, 0) == CURLUE_OK || !s->port);
}

static void forget(seen *s) {
    curl_free(s->scheme);
    curl_free(s->host);
    curl_free(s->port);
}

static bool has(CURLU *u, CURLUPart part) {
    char *value = NULL;
    bool yes = curl_url_get(u, part, &value, 0) == CURLUE_OK;

    curl_free(value);
    return yes;
}

static bool same_address_6(const char *a, const char *b) {
    struct in6_addr x, y;
    char text[2][64];

    if (a[0] != '[' || b[0] != '[' || strlen(a) >= 64 || strlen(b) >= 64)
        return false;
    snprintf(text[0], 64, "%.*s", (int)strlen(a) - 2, a + 1);
    snprintf(text[1], 64, "%.*s", (int)strlen(b) - 2, b + 1);
    return inet_pton(AF_INET6, text[0], &x) == 1 && inet_pton(AF_INET6, text[1], &y) == 1 &&
           memcmp(&x, &y, sizeof x) == 0;
}

/* Is it taken? Then libcurl has to see the same in it. */
static bool compare(CURLU *curl, const char *url) {
    url_parts u;
    seen s;

    if (!url_parse(url, strlen(url), &u) || strcmp(u.scheme, "file") == 0) /* of no host, for libcurl */
        return false;
    if (!see(curl, url, &s)) {
        fail_msg("%s: libcurl does not take it", url);
        return false;
    }
    if (strcasecmp(u.scheme, s.scheme) != 0)
        fail_msg("%s: the scheme is %s, for libcurl %s", url, u.scheme, s.scheme);
    if (strcasecmp(u.host, s.host) != 0 && !same_address_6(u.host, s.host))
        fail_msg("%s: the host is %s, for libcurl %s", url, u.host, s.host);
    if (u.port != (s.port ? strtol(s.port, NULL, 10) : 0))
        fail_msg("%s: the port is %u, for libcurl %s", url, u.port, s.port ? s.port : "the usual one");
    if (has(curl, CURLUPART_USER) || has(curl, CURLUPART_PASSWORD) || has(curl, CURLUPART_QUERY) ||
        has(curl, CURLUPART_FRAGMENT) || has(curl, CURLUPART_ZONEID))
        fail_msg("%s: libcurl sees more in it", url);
    forget(&s);
    return true;
}

static void libcurl_sees_the_same_in_whatever_is_taken(void **state) {
    CURLU *curl = curl_url();
    size_t taken = 0;

    (void)state;
    assert_non_null(curl);
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++)
        taken += compare(curl, servers[i].url);
    assert_true(taken > 30);
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++)
        if (compare(curl, proxies[i].url))
            taken++;
        else
            assert_non_null(url_proxy_fault(proxies[i].url));
    assert_true(taken > 40);
    curl_url_cleanup(curl);
}

/* The same numbers with each run. */
static size_t dice(uint64_t *seed, size_t sides) {
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(*seed >> 33) % sides;
}

/* Most of it is what has a meaning in some URL. */
static char character(uint64_t *seed) {
    static const char some[] = "aefxXZ0123456789:/@?#[]%.-_\\;,&=+*~|^ \t\n\"'<>{}\x01\x7f\xc3\xbc\xe3\x80\x82";

    return dice(seed, 8) == 0 ? (char)(1 + dice(seed, 255)) : some[dice(seed, sizeof some - 1)];
}

static void mutate(char *url, size_t size, uint64_t *seed) {
    static const char *const pieces[] = {
        "127.1", "0x7f", "://", "//", "..",  "/../", "%2e",       "[::1]", "@",  ":80", ":0",         "[",       "]",
        "xn--a", ".1",   "0",   "::", "%25", "[::",  "localhost", "\\@",   "#@", "?@",  "2130706433", "1.2.3.4", "e1"};
    size_t len = strlen(url), at = dice(seed, len + 1), n;

    switch (dice(seed, 4)) {
    case 0:
        if (at < len)
            url[at] = character(seed);
        break;
    case 1:
        if (at < len)
            memmove(url + at, url + at + 1, len - at);
        break;
    case 2:
        if (len + 2 < size) {
            memmove(url + at + 1, url + at, len - at + 1);
            url[at] = character(seed);
        }
        break;
    default: {
        const char *piece = pieces[dice(seed, sizeof pieces / sizeof pieces[0])];

        n = strlen(piece);
        if (len + n + 1 < size) {
            memmove(url + at + n, url + at, len - at + 1);
            memcpy(url + at, piece, n);
        }
    }
    }
}

static void libcurl_sees_the_same_in_whatever_is_taken_of_a_great_many(void **state) {
    CURLU *curl = curl_url();
    uint64_t seed = 14;
    size_t taken = 0;
    char url[600];

    (void)state;
    assert_non_null(curl);
    for (size_t i = 0; i < 200000; i++) {
        const char *from = dice(&seed, 3) > 0 ? servers[dice(&seed, 25)].url
                                              : servers[dice(&seed, sizeof servers / sizeof servers[0])].url;

        snprintf(url, sizeof url, "%s", from);
        for (size_t n = 1 + dice(&seed, 3); n > 0; n--)
            mutate(url, sizeof url, &seed);
        taken += compare(curl, url);
    }
    assert_true(taken > 20000);
    curl_url_cleanup(curl);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_server_is_taken_or_told_what_was_expected),
        cmocka_unit_test(each_proxy_is_taken_or_told_what_was_expected),
        cmocka_unit_test(a_place_is_a_host_and_a_port_other_than_the_usual_one),
        cmocka_unit_test(a_text_ends_where_its_length_says),
        cmocka_unit_test(libcurl_sees_the_same_in_whatever_is_taken),
        cmocka_unit_test(libcurl_sees_the_same_in_whatever_is_taken_of_a_great_many),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
