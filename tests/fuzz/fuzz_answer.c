/* SPDX-License-Identifier: MIT
 *
 * What a server sends, byte by byte, through libcurl and the whole client up to the typed receipt.
 *
 *   CALL                     share, generate, fetch, burn, recent, read, status or authcheck
 *   HTTP/1.1 200 OK          what the first connection answers, to its end; CR before LF or not
 *   ...
 *   =====                    and the next one, where the call asks twice
 *   HTTP/1.1 200 OK
 *
 * libcurl's sockets are taken from here: a pair of which the far end has the answer in it already and is closed for
 * writing. So there is no server, no thread and no wait, and each execution is the same every time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/client.h"
#include "fuzz.h"
#include "receipts.h"

/* Those of the recordings are of no account; this is the one that is asked for. */
#define KEY "tq05q2s3mtp2bzwikhcx3ejgmexf9nc"

/* What the next connections answer, and their far ends. */
static piece answers;
static int far_ends[8], far_len;

#define SHOWN __attribute__((visibility("default"))) /* libcurl finds these before the system's */
SHOWN int socket(int domain, int type, int protocol);
SHOWN int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len);

static bool fill(int fd, piece p) {
    int room = 1 << 20;

    return setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0 &&
           (p.len == 0 || send(fd, p.text, p.len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)p.len) &&
           shutdown(fd, SHUT_WR) == 0;
}

int socket(int domain, int type, int protocol) {
    int pair[2];
    piece p;

    (void)domain, (void)protocol;
    if (far_len == sizeof far_ends / sizeof far_ends[0] || socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0) {
        errno = EMFILE;
        return -1;
    }
    (void)piece_next(&answers, &p);
    HOLDS(fill(pair[1], p));
    far_ends[far_len++] = pair[1];
    return pair[0];
}

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len) {
    (void)fd, (void)to, (void)len;
    return 0;
}

static otsd_server *server;
static otsd_secret *value;

__attribute__((constructor)) static void begin(void) {
    static const char token[] = "the-token";

    otsd_memory_lock(OTSD_LOCK_TRY);
    HOLDS(otsd_global_init(NULL) == OTSD_OK);
    HOLDS(otsd_server_new(&server, NULL) == OTSD_OK);
    HOLDS(otsd_server_set_url(server, "http://127.0.0.1:7143", NULL) == OTSD_OK);
    HOLDS(otsd_server_set_username(server, "ops@example.com", NULL) == OTSD_OK);
    HOLDS(otsd_secret_new(&value, token, sizeof token - 1, NULL) == OTSD_OK);
    HOLDS(otsd_server_set_token(server, value, NULL) == OTSD_OK);
}

static int count(const otsd_receipt *t, void *arg) {
    receipt_holds(t, RECEIPT_LISTED);
    return ++*(int *)arg == 3 ? 1 : 0; /* one that has enough */
}

static otsd_err recent(otsd_client *c, otsd_error *e) {
    piece again = answers;
    otsd_receipts *list = NULL;
    int shown = 0;
    otsd_err one, rc = otsd_recent(c, &list, e);

    HOLDS((rc == OTSD_OK) == !!list);
    for (size_t i = 0; list && i < list->len; i++)
        receipt_holds(list->items[i], RECEIPT_LISTED);
    /* Shown one by one it is the same, at least where nobody had enough. */
    answers = again;
    one = otsd_recent_each(c, count, &shown, NULL);
    HOLDS(one == rc || shown > 0);
    HOLDS(!list || shown >= 3 || (size_t)shown == list->len);
    otsd_receipts_free(&list);
    return rc;
}

static otsd_err call(otsd_client *c, const char *name, otsd_receipt **t, receipt_kind *kind, otsd_error *e) {
    otsd_secret *read = NULL;
    otsd_err rc;

    if (strcmp(name, "share") == 0) {
        *kind = RECEIPT_SHARE;
        return otsd_share(c, value, NULL, t, e);
    }
    if (strcmp(name, "generate") == 0) {
        *kind = RECEIPT_GENERATE;
        return otsd_generate(c, NULL, t, e);
    }
    if (strcmp(name, "fetch") == 0) {
        *kind = RECEIPT_FETCH;
        return otsd_fetch(c, KEY, t, e);
    }
    if (strcmp(name, "burn") == 0) {
        *kind = RECEIPT_BURN;
        return otsd_burn(c, KEY, NULL, t, e);
    }
    if (strcmp(name, "recent") == 0)
        return recent(c, e);
    if (strcmp(name, "authcheck") == 0)
        return otsd_authcheck(c, e);
    if (strcmp(name, "read") != 0)
        return otsd_status(c, e);
    rc = otsd_read(c, KEY, NULL, &read, e);
    HOLDS((rc == OTSD_OK) == !!read);
    otsd_secret_free(&read);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len};
    char *name = piece_string(piece_line(&rest));
    otsd_error e = OTSD_ERROR_INIT;
    otsd_client *c = NULL;
    otsd_receipt *t = NULL;
    receipt_kind kind = RECEIPT_LISTED;
    otsd_err rc;

    answers = rest;
    HOLDS(otsd_client_new(&c, server, NULL) == OTSD_OK);
    rc = call(c, name, &t, &kind, &e);
    if (rc != OTSD_OK) {
        HOLDS(!t);
        error_holds(&e, rc);
        HOLDS(rc != OTSD_ERR_GONE || kind == RECEIPT_FETCH || kind == RECEIPT_BURN || strcmp(name, "read") == 0);
    } else if (kind != RECEIPT_LISTED) {
        receipt_holds(t, kind);
        receipt_comes_back(t, kind);
        HOLDS((kind != RECEIPT_FETCH && kind != RECEIPT_BURN) || strcmp(t->metadata_key, KEY) == 0);
    }
    HOLDS(is_printable(otsd_client_generation(c)));
    otsd_receipt_free(&t);
    otsd_client_free(&c);
    while (far_len > 0)
        (void)close(far_ends[--far_len]);
    free(name);
    return 0;
}
