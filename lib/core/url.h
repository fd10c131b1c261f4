/* SPDX-License-Identifier: MIT
 *
 * Which server and proxy addresses are taken, and where they are.
 */
#ifndef OTSD_CORE_URL_H
#define OTSD_CORE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SCHEME://HOST[:PORT][/PATH] */
typedef struct url_parts {
    char scheme[8];   /* in small letters */
    char host[256];   /* as it is written; an IPv6 address in its short form and in brackets */
    uint16_t port;    /* 0: none is given */
    const char *path; /* in the text, from its first slash on, to the end of the text; maybe empty */
} url_parts;

/* False where the len bytes of text are not exactly that, whatever the scheme. */
bool url_parse(const char *text, size_t len, url_parts *u);

/* Host and port, as libcurl would connect to. */
typedef struct url_place {
    char host[256];
    uint16_t port; /* 0: the scheme's own */
} url_place;

/* Of a URL that somebody else wrote, or of what stands there in place of one without its scheme; a user name in it is
 * passed over. False where it is none, or not http or https. */
bool url_place_of(const char *text, size_t len, url_place *p);
/* Is it a base URL, or a proxy, that this library takes? NULL: yes. Otherwise what was expected instead. */
const char *url_fault(const char *url, bool allow_http);
const char *url_proxy_fault(const char *url);

#endif
