/* SPDX-License-Identifier: MIT
 *
 * OpenSSL deciphers in the buffer of the connection, and what it deciphered stays there until another record is written
 * over it, or, where the buffer was freed, until somebody else gets that memory: in a connection that is kept, the
 * value that a server generated. SSL_OP_CLEANSE_PLAINTEXT wipes what was handed out. What is sent needs nothing: it is
 * enciphered in place.
 *
 * libcurl hands out the context of whatever TLS library it was built with, as a void pointer. So it is asked which one,
 * and nothing is done to a context of a foreign make, or of a second OpenSSL in the same process.
 */
#include "http/tls.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <string.h>

bool tls_is_ours(void) {
    static const char name[] = "OpenSSL/";
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const char *version = OpenSSL_version(OPENSSL_VERSION_STRING), *its = info->ssl_version;
    size_t len = strlen(version);

    if (!its || strncmp(its, name, sizeof name - 1) != 0)
        return false;
    its += sizeof name - 1;
    /* A libcurl with several names the others behind a blank. */
    return strncmp(its, version, len) == 0 && (its[len] == '\0' || its[len] == ' ');
}

CURLcode tls_set_up(CURL *easy, void *context, void *arg) {
    (void)easy, (void)arg;
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    return CURLE_OK;
}
