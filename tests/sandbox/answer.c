/* SPDX-License-Identifier: MIT
 *
 * Headers, and bodies that misbehave.
 */
#include "answer.h"

#include "api.h"
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define OVERSIZE_BYTES ((size_t)64 << 20)
#define SLOW_MS 1500
#define GARBAGE_BYTES 600

struct slow_body {
    struct timer *timer;
    struct MHD_Connection *connection;
    struct bytes body;
    size_t sent;
    bool rested; /* since the last byte */
};

static ssize_t slow_read(void *cls, uint64_t pos, char *buf, size_t max) {
    struct slow_body *s = cls;

    if (timer_released(s->timer))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (max == 0 || pos >= s->body.len)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!s->rested) {
        s->rested = true;
        return timer_suspend(s->timer, s->connection, SLOW_MS) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    s->rested = false;
    buf[0] = s->body.data[pos];
    return 1;
}

static void slow_free(void *cls) {
    struct slow_body *s = cls;

    bytes_free(&s->body);
    free(s);
}

static ssize_t truncated_read(void *cls, uint64_t pos, char *buf, size_t max) {
    const struct bytes *b = cls;
    size_t half = b->len / 2;
    size_t n;

    if (pos >= half)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    n = half - (size_t)pos < max ? half - (size_t)pos : max;
    memcpy(buf, b->data + pos, n);
    return (ssize_t)n;
}

static void truncated_free(void *cls) {
    struct bytes *b = cls;

    bytes_free(b);
    free(b);
}

static ssize_t oversize_read(void *cls, uint64_t pos, char *buf, size_t max) {
    static const char start[] = "{\"custid\":\"";

    (void)cls;
    if (pos >= OVERSIZE_BYTES)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (pos == 0 && max >= sizeof start) {
        memcpy(buf, start, sizeof start - 1);
        return (ssize_t)(sizeof start - 1);
    }
    memset(buf, 'x', max);
    return (ssize_t)max;
}

static struct MHD_Response *make_response(struct timer *t, struct MHD_Connection *c, const struct reply *reply,
                                          enum fault_kind fault) {
    if (fault == FAULT_SLOW) {
        struct slow_body *s = must_alloc(sizeof *s);

        *s = (struct slow_body){t, c, bytes_copy(reply->body.data, reply->body.len), 0, false};
        return MHD_create_response_from_callback(s->body.len, 1024, slow_read, s, slow_free);
    }
    if (fault == FAULT_TRUNCATE) {
        struct bytes *b = must_alloc(sizeof *b);

        *b = bytes_copy(reply->body.data, reply->body.len);
        return MHD_create_response_from_callback(b->len, 1024, truncated_read, b, truncated_free);
    }
    if (fault == FAULT_FLOOD)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, flood_read,
                                                 flood_new(reply->body, reply->entries), flood_free);
    if (fault == FAULT_OVERSIZE)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, oversize_read, NULL, NULL);
    return MHD_create_response_from_buffer(reply->body.len, reply->body.data, MHD_RESPMEM_MUST_COPY);
}

static void header(struct MHD_Response *r, const char *name, const char *value) {
    if (MHD_add_response_header(r, name, value) != MHD_YES)
        fprintf(stderr, "otsd-sandbox: no memory for the header %s\n", name);
}

static void session_cookie(struct MHD_Response *r, const char *name, size_t len, const char *attributes) {
    char session[65], cookie[160];

    random_text(session, len, "0123456789abcdefghijklmnopqrstuvwxyz");
    snprintf(cookie, sizeof cookie, "%s=%s; path=/%s", name, session, attributes);
    header(r, "Set-Cookie", cookie);
}

static void thin_headers(struct MHD_Response *r, const struct reply *reply) {
    if (reply->type)
        header(r, "Content-Type", reply->type);
    if (reply->cookie)
        session_cookie(r, "sess", 50, "");
    header(r, "Server", "thin");
}

static void framework_headers(struct MHD_Response *r, const struct world *w, const struct reply *reply) {
    const struct release *release = w->opt->release;
    char id[14], token[87], status[16];

    if (reply->from_application) {
        header(r, "x-content-type-options", "nosniff");
        header(r, "x-xss-protection", "1; mode=block");
        header(r, "referrer-policy", "strict-origin-when-cross-origin");
    }
    if (reply->type)
        header(r, "content-type", reply->type);
    if (reply->intended != 0) {
        snprintf(status, sizeof status, "%u", reply->intended);
        header(r, "x-ots-intended-status", status);
    }
    if (!reply->bare) {
        if (release->strict_transport)
            header(r, "strict-transport-security", "max-age=31536000");
        if (!reply->no_csrf || release->csrf_at_status) {
            random_text(token, sizeof token - 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
            header(r, "x-csrf-token", token);
        }
        header(r, "o-domain-strategy", "canonical");
        header(r, "o-display-domain", strstr(w->base, "//") + 2);
        if (release->cookies == COOKIE_ALWAYS)
            session_cookie(r, "onetime.session", 64, "; httponly; samesite=lax");
    }
    random_text(id, sizeof id - 1, "0123456789abcdefghijklmnopqrstuvwxyz");
    header(r, "x-request-id", id);
}

enum MHD_Result answer_send(const struct world *w, struct timer *t, struct MHD_Connection *connection,
                            const struct reply *reply, enum fault_kind fault) {
    struct MHD_Response *r = make_response(t, connection, reply, fault);
    enum MHD_Result queued;

    if (!r)
        return MHD_NO;
    if (reply->retry_after > 0) {
        char seconds[24];

        snprintf(seconds, sizeof seconds, "%ld", reply->retry_after);
        header(r, "Retry-After", seconds);
    }
    if (w->opt->release->thin)
        thin_headers(r, reply);
    else
        framework_headers(r, w, reply);
    if (reply->location)
        header(r, "Location", reply->location);
    if (reply->close)
        header(r, "Connection", "close");
    queued = MHD_queue_response(connection, reply->status, r);
    MHD_destroy_response(r);
    return queued;
}

/* libmicrohttpd makes no such line, so it is written past it. */
void answer_folded(struct MHD_Connection *connection, const struct reply *reply) {
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct bytes text = {NULL, 0};

    bytes_format(&text, "HTTP/1.1 %u Folded\r\n folded: of what?\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                 reply->status, reply->type ? reply->type : "text/plain", reply->body.len);
    bytes_append(&text, reply->body.data, reply->body.len);
    if (!fd || send(fd->connect_fd, text.data, text.len, MSG_NOSIGNAL) != (ssize_t)text.len)
        perror("otsd-sandbox: a folded answer was not sent");
    bytes_free(&text);
}

static void fixed(struct reply *out, unsigned status, const char *type, const char *body) {
    *out = (struct reply){.status = status, .type = type, .body = bytes_copy(body, strlen(body)), .bare = true};
}

bool answer_replace(const struct world *w, const struct fault *f, struct reply *out) {
    switch (f->kind) {
    case FAULT_GARBAGE:
        *out = (struct reply){.status = 200,
                              .type = "application/json; charset=utf-8",
                              .body = {must_alloc(GARBAGE_BYTES + 1), GARBAGE_BYTES},
                              .bare = true};
        /* At most 256 bytes a call come uninterrupted; what is missing stays zero, which is garbage too. */
        for (size_t i = 0; i + 200 <= GARBAGE_BYTES; i += 200) {
            if (getrandom(out->body.data + i, 200, 0) != 200)
                break;
        }
        return true;
    case FAULT_HTML502:
        fixed(out, 502, "text/html",
              "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1>"
              "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
        return true;
    case FAULT_HTML404:
        fixed(out, 404, "text/html",
              "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1>"
              "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
        return true;
    case FAULT_STATUS:
        fixed(out, (unsigned)f->status, "application/json", !f->body ? "{\"message\":\"fault\"}" : f->body);
        out->retry_after = f->s;
        return true;
    case FAULT_RATE_LIMITED:
        reply_rate_limited(w, out);
        return true;
    default:
        return false;
    }
}

void answer_reset(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    /* Linux answers the dissolution of an association with a RST. SO_LINGER alone would not do: libmicrohttpd shuts the
     * socket down first, and the peer would see a FIN. */
    if (!info || connect(info->connect_fd, &nowhere, sizeof nowhere) != 0)
        perror("otsd-sandbox: a connection could not be reset");
}
