/* SPDX-License-Identifier: MIT
 *
 * Certificates that are given as memory: they are trusted, and they alone, whatever else is configured. The server
 * speaks TLS on loopback with a certificate that was made for this run.
 */
#include "client.h"

#include "client/client.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

typedef struct identity {
    EVP_PKEY *key;
    X509 *certificate;
    char pem[4096];
} identity;

static void extend(X509 *c, int nid, const char *value) {
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, c, c, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(c, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Of 127.0.0.1, and its own authority. */
static void make(identity *i, const char *name) {
    X509_NAME *subject;
    BIO *out = BIO_new(BIO_s_mem());
    int n;

    i->key = EVP_EC_gen("P-256");
    i->certificate = X509_new();
    assert_true(i->key && i->certificate && out);
    assert_int_equal(X509_set_version(i->certificate, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(i->certificate), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(i->certificate), -3600));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(i->certificate), 86400));
    assert_int_equal(X509_set_pubkey(i->certificate, i->key), 1);
    subject = X509_get_subject_name(i->certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(i->certificate, subject), 1);
    extend(i->certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(i->certificate, NID_subject_alt_name, "IP:127.0.0.1");
    assert_true(X509_sign(i->certificate, i->key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(out, i->certificate), 1);
    n = BIO_read(out, i->pem, (int)sizeof i->pem - 1);
    assert_true(n > 0);
    i->pem[n] = '\0';
    BIO_free(out);
}

static void forget(identity *i) {
    EVP_PKEY_free(i->key);
    X509_free(i->certificate);
}

static void answer(SSL *tls) {
    const char *text = server_json(200, "Connection: close\r\n", NOMINAL);
    char request[4096];

    if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof request) > 0) {
        (void)SSL_write(tls, text, (int)strlen(text)); /* whether it arrived is what the test asks */
        (void)SSL_shutdown(tls);
    }
}

static _Noreturn void serve(int listener, const identity *i) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (!context || SSL_CTX_use_certificate(context, i->certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, i->key) != 1)
        _exit(1);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        SSL *tls = fd >= 0 ? SSL_new(context) : NULL;

        if (!tls || SSL_set_fd(tls, fd) != 1)
            _exit(1);
        answer(tls);
        SSL_free(tls);
        (void)close(fd); /* all is said */
    }
}

/* Ends with its parent at the latest. */
static pid_t start(const identity *i, int *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
            _exit(1);
        serve(listener, i);
    }
    assert_int_equal(close(listener), 0);
    return pid;
}

/* pem, file: NULL: not set. */
static otsd_err asked(int port, const char *pem, const char *file, otsd_error *e) {
    otsd_server *s = NULL;
    otsd_client *c = NULL;
    char url[64], *given = pem ? strdup(pem) : NULL;
    otsd_err rc;

    snprintf(url, sizeof url, "https://127.0.0.1:%d", port);
    assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
    assert_int_equal(otsd_server_set_url(s, url, e), OTSD_OK);
    /* Reading all of the system's certificates takes a slow machine longer than a connection usually may. */
    assert_int_equal(otsd_server_set_connect_timeout_ms(s, 600000, e), OTSD_OK);
    assert_int_equal(otsd_server_set_timeout_ms(s, 600000, e), OTSD_OK);
    assert_int_equal(otsd_server_set_ca_file(s, file, e), OTSD_OK);
    assert_int_equal(server_set_ca_pem(s, given, given ? strlen(given) : 0, e), OTSD_OK);
    /* Each has a copy of its own. */
    free(given);
    rc = otsd_client_new(&c, s, e);
    otsd_server_free(&s);
    if (rc == OTSD_OK)
        rc = otsd_status(c, e);
    otsd_client_free(&c);
    return rc;
}

static void certificates_in_memory_are_trusted_and_they_alone(void **state) {
    static identity own, other;
    char both[2 * sizeof own.pem];
    otsd_error e = {0};
    char *own_file, *other_file;
    int port = 0;
    pid_t pid;

    (void)state;
    make(&own, "own");
    make(&other, "other");
    own_file = client_write_file("otsd.conf", own.pem);
    other_file = client_write_file("token", other.pem);
    snprintf(both, sizeof both, "%s%s", other.pem, own.pem);
    pid = start(&own, &port);
    assert_int_equal(asked(port, NULL, NULL, &e), OTSD_ERR_TLS);
    assert_int_equal(asked(port, NULL, own_file, &e), OTSD_OK);
    assert_int_equal(asked(port, NULL, other_file, &e), OTSD_ERR_TLS);
    assert_int_equal(asked(port, own.pem, NULL, &e), OTSD_OK);
    assert_int_equal(asked(port, both, NULL, &e), OTSD_OK);
    assert_int_equal(asked(port, other.pem, NULL, &e), OTSD_ERR_TLS);
    assert_int_equal(asked(port, own.pem, other_file, &e), OTSD_OK);
    assert_int_equal(asked(port, other.pem, own_file, &e), OTSD_ERR_TLS);
    assert_int_equal(asked(port, own.pem, "/nonexistent", &e), OTSD_OK);
    assert_int_equal(asked(port, "no certificate", NULL, &e), OTSD_ERR_CONFIG);
    assert_int_equal(e.reach, OTSD_REACH_NO);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    free(own_file);
    free(other_file);
    forget(&own);
    forget(&other);
}

static void certificates_in_memory_are_copied_and_taken_back(void **state) {
    otsd_server *s = NULL;
    otsd_error e = {0};
    char pem[] = "one";

    (void)state;
    assert_int_equal(server_set_ca_pem(NULL, pem, 3, &e), OTSD_ERR_ARGUMENT);
    assert_string_equal(e.message, "the server is NULL");
    assert_int_equal(otsd_server_new(&s, NULL), OTSD_OK);
    assert_int_equal(server_set_ca_pem(s, pem, 3, &e), OTSD_OK);
    pem[0] = 'x';
    assert_int_equal(s->ca_pem_len, 3);
    assert_memory_equal(s->ca_pem, "one", 3);
    assert_int_equal(server_set_ca_pem(s, pem, 2, &e), OTSD_OK);
    assert_int_equal(s->ca_pem_len, 2);
    assert_memory_equal(s->ca_pem, "xn", 2);
    assert_int_equal(server_set_ca_pem(s, pem, 0, &e), OTSD_OK);
    assert_null(s->ca_pem);
    assert_int_equal(s->ca_pem_len, 0);
    assert_int_equal(server_set_ca_pem(s, pem, 3, &e), OTSD_OK);
    assert_int_equal(server_set_ca_pem(s, NULL, 3, &e), OTSD_OK);
    assert_null(s->ca_pem);
    otsd_server_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_in_memory_are_trusted_and_they_alone),
        cmocka_unit_test(certificates_in_memory_are_copied_and_taken_back),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authorities", tests, client_make_folder, client_remove_folder);
}
