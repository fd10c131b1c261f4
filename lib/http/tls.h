/* SPDX-License-Identifier: MIT
 *
 * What the TLS library does beyond what libcurl has options for.
 */
#ifndef OTSD_TLS_H
#define OTSD_TLS_H

#include <stdbool.h>

#include <curl/curl.h>

/* Is libcurl's TLS library OpenSSL, and the very one that this library is linked with? */
bool tls_is_ours(void);
/* A CURLOPT_SSL_CTX_FUNCTION, for such a libcurl only. */
CURLcode tls_set_up(CURL *easy, void *context, void *arg);

#endif
