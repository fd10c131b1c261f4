/* SPDX-License-Identifier: MIT
 *
 * The first words: the parent says which server, and this process gives up everything else before it answers that it is
 * ready.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/files.h"
#include "core/url.h"
#include "otsd-net/confine.h"
#include "otsd-net/serve.h"
#include "server/server.h"

#define CA_MOST ((size_t)4 << 20) /* bytes of certificates */
#define DNS 53

/* The hello and the certificates that came with it; -1: none. */
static bool receive_hello(int channel, wire_hello *h, int *ca) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {h, sizeof *h};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control};
    const struct cmsghdr *c;
    ssize_t n;

    do {
        n = recvmsg(channel, &m, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    *ca = -1;
    c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *ca))
        memcpy(ca, CMSG_DATA(c), sizeof *ca);
    return n == (ssize_t)sizeof *h && wire_hello_is_good(h) && (*ca >= 0) == (h->has_ca != 0);
}

static otsd_err take_certificates(otsd_server *s, int fd, otsd_error *e) {
    char *pem = malloc(CA_MOST);
    size_t len = 0;
    ssize_t n = 1;
    otsd_err rc = pem ? OTSD_OK : error_local(e, OTSD_ERR_MEMORY, "out of memory");

    while (rc == OTSD_OK && n != 0 && len < CA_MOST) {
        n = file_read(fd, pem + len, CA_MOST - len);
        if (n > 0)
            len += (size_t)n;
        else if (n < 0)
            rc = error_local(e, OTSD_ERR_CONFIG, "the certificates cannot be read: %s", strerror(errno));
    }
    if (rc == OTSD_OK && len == CA_MOST)
        rc = error_local(e, OTSD_ERR_CONFIG, "the certificates are more than %zu bytes", CA_MOST);
    if (rc == OTSD_OK)
        rc = server_set_ca_pem(s, pem, len, e);
    free(pem);
    return rc;
}

static otsd_err take_token(otsd_server *s, const wire_hello *h, otsd_error *e) {
    otsd_secret *token = NULL;
    otsd_err rc = otsd_secret_new(&token, h->token, strlen(h->token), e);

    if (rc == OTSD_OK)
        rc = otsd_server_set_username(s, h->username, e);
    if (rc == OTSD_OK)
        rc = otsd_server_set_token(s, token, e);
    otsd_secret_free(&token);
    return rc;
}

static otsd_err make_server(otsd_server **out, const wire_hello *h, int ca, otsd_error *e) {
    otsd_server *s = NULL;
    otsd_err rc = otsd_server_new(&s, e);

    if (rc == OTSD_OK)
        rc = otsd_server_set_allow_http(s, h->allow_http, e);
    if (rc == OTSD_OK)
        rc = otsd_server_set_url(s, h->url, e);
    if (rc == OTSD_OK && h->proxy[0])
        rc = otsd_server_set_proxy(s, h->proxy, e);
    if (rc == OTSD_OK && h->pinned_key[0])
        rc = otsd_server_set_pinned_key(s, h->pinned_key, e);
    if (rc == OTSD_OK)
        rc = otsd_server_set_connect_timeout_ms(s, (long)h->connect_timeout_ms, e);
    if (rc == OTSD_OK && h->timeout_ms > 0)
        rc = otsd_server_set_timeout_ms(s, (long)h->timeout_ms, e);
    if (rc == OTSD_OK && h->has_token)
        rc = take_token(s, h, e);
    if (rc == OTSD_OK && ca >= 0)
        rc = take_certificates(s, ca, e);
    *out = s;
    return rc;
}

static void add_port(confine_ports *p, uint16_t port) {
    p->port[p->len++] = port;
}

/* As libcurl has it where the address says none. */
static uint16_t usual_port(const char *scheme, bool proxy) {
    if (strcmp(scheme, "https") == 0)
        return 443;
    return proxy ? 1080 : 80;
}

/* Through a proxy nobody else is met: it finds the server. */
static void ports_of(const wire_hello *h, confine_ports *p) {
    const char *met = h->proxy[0] ? h->proxy : h->url;
    url_parts u;

    p->len = 0;
    add_port(p, DNS);
    if (url_parse(met, strlen(met), &u))
        add_port(p, u.port ? u.port : usual_port(u.scheme, h->proxy[0]));
}

/* Says how it went; what follows has to be asked for. */
static bool say_ready(int channel, unsigned landlock, otsd_err rc, const otsd_error *e) {
    wire_ready r;

    memset(&r, 0, sizeof r);
    r.version = WIRE_VERSION;
    r.landlock = landlock;
    r.code = (uint32_t)rc;
    if (rc != OTSD_OK)
        (void)wire_text(r.message, sizeof r.message, e->message); /* it fits: both fields are alike */
    return wire_send(channel, &r, sizeof r, 0);
}

/* Ready to meet the network, with what it needs for that. */
typedef struct ready {
    otsd_server *server;
    otsd_client *client;
    otsd_pool *pool;
    size_t jobs;
    unsigned landlock;
} ready;

/* Until the hello said whether it may be done without, it was. */
static otsd_err lock_memory(const wire_hello *h, otsd_error *e) {
    int refused = h->lock_optional ? 0 : otsd_memory_refused();

    otsd_memory_lock(h->lock_optional ? OTSD_LOCK_TRY : OTSD_LOCK_REQUIRE);
    errno = refused;
    return refused != 0 ? secret_refused(e, "answers of the server") : OTSD_OK;
}

static otsd_err get_ready(ready *r, const wire_hello *h, int ca, otsd_error *e) {
    confine_ports ports;
    otsd_err rc;

    r->jobs = h->jobs;
    rc = lock_memory(h, e);
    if (rc == OTSD_OK)
        rc = make_server(&r->server, h, ca, e);
    if (ca >= 0)
        (void)close(ca); /* opened for reading: nothing can be lost */
    ports_of(h, &ports);
    if (rc == OTSD_OK)
        rc = otsd_global_init(e);
    if (rc == OTSD_OK)
        rc = r->jobs > 0 ? otsd_pool_new(&r->pool, r->server, r->jobs, e) : otsd_client_new(&r->client, r->server, e);
    return rc == OTSD_OK ? confine(&ports, &r->landlock, e) : rc;
}

int serve_parent(int channel) {
    otsd_secret *room = NULL;
    ready r = {0};
    otsd_error e = OTSD_ERROR_INIT;
    otsd_err rc;
    int ca, status = EX_OSERR;

    otsd_memory_lock(OTSD_LOCK_TRY);
    if (secret_alloc(&room, sizeof(wire_hello)) != OTSD_OK)
        return say_ready(channel, 0, secret_refused(&e, "token"), &e) ? EX_OSERR : EX_IOERR;
    if (!receive_hello(channel, (wire_hello *)(void *)secret_memory(room), &ca)) {
        otsd_secret_free(&room);
        return EX_PROTOCOL;
    }
    rc = get_ready(&r, (const wire_hello *)(const void *)otsd_secret_data(room), ca, &e);
    otsd_secret_free(&room);
    if (say_ready(channel, r.landlock, rc, &e) && rc == OTSD_OK)
        status = r.jobs > 0 ? serve_many(channel, r.pool) : serve_calls(channel, r.client);
    otsd_client_free(&r.client);
    otsd_server_free(&r.server);
    return status;
}
