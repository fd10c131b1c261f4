/* SPDX-License-Identifier: MIT
 *
 * The few header lines of an answer that count, and what is kept of each.
 */
#include "http/header.h"
#include "core/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* The value of the header line when it has this name. */
static bool header_value(const char *line, size_t len, const char *name, const char **value, size_t *value_len) {
    size_t n = strlen(name);

    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
        return false;
    line += n + 1;
    len -= n + 1;
    while (len > 0 && isspace((unsigned char)*line))
        line++, len--;
    while (len > 0 && isspace((unsigned char)line[len - 1]))
        len--;
    *value = line;
    *value_len = len;
    return true;
}

/* Digits only, at most six of them count. */
static long header_number(const char *value, size_t len) {
    long n = 0;

    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return 0;
        if (n < 1000000)
            n = n * 10 + (value[i] - '0');
    }
    return n;
}

static long retry_after(const char *value, size_t len) {
    char date[64];
    time_t when, now = time(NULL);

    if (len > 0 && value[0] >= '0' && value[0] <= '9')
        return header_number(value, len);
    text_printable(date, sizeof date, value, len);
    when = curl_getdate(date, NULL);
    return when > now ? (when - now < 86400 ? (long)(when - now) : 86400) : 0;
}

static size_t until(const char *text, size_t len, size_t from, const char *stops) {
    while (from < len && !strchr(stops, text[from]))
        from++;
    return from;
}

/* Of a redirect only host and port are of interest, and only where they are what they seem to be: the rest may hold a
 * key, and so may what stands in their place. */
static void location_host(char *out, size_t size, const char *value, size_t len) {
    size_t start = until(value, len, 0, ":/?#"), n;
    bool whole = len >= start + 3 && memcmp(value + start, "://", 3) == 0;
    url_place p;

    out[0] = '\0';
    if (!whole && (len < 2 || memcmp(value, "//", 2) != 0))
        return; /* the same host */
    n = until(value, len, whole ? start + 3 : 2, "/?#");
    if (!url_place_of(value + (whole ? 0 : 2), n - (whole ? 0 : 2), &p) || !text_is_plain_host(p.host))
        snprintf(out, size, "another host");
    else if (p.port == 0)
        snprintf(out, size, "%s", p.host);
    else
        snprintf(out, size, "%s:%u", p.host, p.port);
}

void header_note(http_answer *a, const char *line, size_t len) {
    const char *value;
    size_t n;

    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0) { /* nothing of a 1xx answer or of a proxy's CONNECT counts */
        a->intended = a->retry_after = 0;
        a->content_type[0] = a->location[0] = '\0';
        a->is_thin = a->has_strategy = a->sets_session = false;
    } else if (header_value(line, len, "x-ots-intended-status", &value, &n)) {
        a->intended = header_number(value, n);
    } else if (header_value(line, len, "retry-after", &value, &n)) {
        a->retry_after = retry_after(value, n);
    } else if (header_value(line, len, "content-type", &value, &n)) {
        text_printable(a->content_type, sizeof a->content_type, value, n);
    } else if (header_value(line, len, "location", &value, &n)) {
        location_host(a->location, sizeof a->location, value, n);
    } else if (header_value(line, len, "server", &value, &n)) {
        a->is_thin = n >= 4 && strncasecmp(value, "thin", 4) == 0 && (n == 4 || value[4] == ' ');
    } else if (header_value(line, len, "o-domain-strategy", &value, &n)) {
        a->has_strategy = true;
    } else if (header_value(line, len, "set-cookie", &value, &n)) {
        a->sets_session = a->sets_session || (n > 16 && strncmp(value, "onetime.session=", 16) == 0);
    }
}
