/* SPDX-License-Identifier: MIT
 *
 * The daemon: a few threads of libmicrohttpd share the connections.
 */
#include "server.h"

#include "exchange.h"
#include "listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define THREADS 4
#define CONNECTIONS_MAX 8192
#define FILE_MAX 1048576

static void connection_changed(void *cls, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode code) {
    struct server *s = cls;

    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*socket_context);
        *socket_context = NULL;
        return;
    }
    /* Did it bring a call of the API yet? */
    *socket_context = must_alloc(sizeof(bool));
    pthread_mutex_lock(&s->world->lock);
    s->world->counters.connections++;
    pthread_mutex_unlock(&s->world->lock);
}

static char *read_file(const char *path) {
    struct bytes b = {NULL, 0};
    char buf[4096];
    FILE *f = fopen(path, "re");
    size_t n = 0;

    while (f && b.len < FILE_MAX && (n = fread(buf, 1, sizeof buf, f)) > 0)
        bytes_append(&b, buf, n);
    if (!f || ferror(f) || b.len == 0) {
        fprintf(stderr, "otsd-sandbox: %s: cannot read a certificate or key from it\n", path);
        bytes_free(&b);
    }
    if (f && fclose(f) != 0)
        bytes_free(&b);
    return b.data;
}

static void set_base(struct world *w, unsigned port) {
    const struct options *o = w->opt;
    bool six = strchr(o->host, ':');

    if (o->base)
        snprintf(w->base, sizeof w->base, "%s", o->base);
    else
        snprintf(w->base, sizeof w->base, "%s://%s%.200s%s:%u", !o->tls_cert ? "http" : "https", six ? "[" : "",
                 o->host, six ? "]" : "", port);
}

static struct MHD_Daemon *start_daemon(struct server *s, unsigned flags, int fd, char *cert, char *key) {
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, cert}, {MHD_OPTION_HTTPS_MEM_KEY, 0, key}, {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned timeout = s->world->opt->release->idle_seconds;

    return MHD_start_daemon(
        flags, 0, NULL, NULL, exchange_handle, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        timeout, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, s, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, s, MHD_OPTION_ARRAY, cert ? tls : none, MHD_OPTION_END);
}

struct server *server_start(struct world *w, unsigned *port, int *status) {
    const struct options *o = w->opt;
    struct server *s = NULL;
    char *cert = NULL, *key = NULL;
    int fd = -1;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;

    if (o->tls_cert) {
        cert = read_file(o->tls_cert);
        key = !cert ? NULL : read_file(o->tls_key);
        *status = EX_NOINPUT;
        if (!cert || !key)
            goto out;
        flags |= MHD_USE_TLS;
    }
    fd = listen_open(o, port, status);
    if (fd < 0)
        goto out;
    set_base(w, *port);
    s = must_alloc(sizeof *s);
    s->world = w;
    s->timer = timer_new();
    s->turn = !o->serial ? NULL : turn_new();
    w->timer = s->timer;
    if (s->timer)
        s->daemon = start_daemon(s, flags, fd, cert, key);
    if (!s->daemon) {
        fputs("otsd-sandbox: the HTTP server could not be started (is the certificate good?)\n", stderr);
        *status = cert ? EX_DATAERR : EX_OSERR;
        if (s->timer)
            timer_free(s->timer);
        if (s->turn)
            turn_free(s->turn);
        free(s);
        s = NULL;
        close(fd);
    }
out:
    if (key)
        explicit_bzero(key, strlen(key));
    free(cert);
    free(key);
    return s;
}

void server_stop(struct server *s) {
    timer_release(s->timer);
    if (s->turn)
        turn_release(s->turn);
    MHD_stop_daemon(s->daemon);
    timer_free(s->timer);
    if (s->turn)
        turn_free(s->turn);
    free(s);
}
