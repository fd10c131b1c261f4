/* SPDX-License-Identifier: MIT
 *
 * A scripted HTTP server on loopback for the tests of the client: it does to each request what its step says, and
 * counts what arrived. It runs in a process of its own, so that nothing that it sends is in the memory of the test.
 */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SERVER_KEPT 8
#define SERVER_REQUEST_MAX 8192

enum step_action {
    STEP_ANSWER,       /* send text, keep the connection */
    STEP_ANSWER_CLOSE, /* send text, then close */
    STEP_CLOSE,        /* read the request, close without an answer */
    STEP_RESET,        /* the same, with a TCP reset */
    STEP_STALL,        /* read the request, never answer */
    STEP_DRIP,         /* send text one byte each 100 ms */
    STEP_FLOOD,        /* send text, then bytes without end */
    STEP_MASKED,       /* STEP_ANSWER with each "~" pair decoded, see server_mask */
};

struct step {
    enum step_action action;
    const char *text;
};

struct server {
    pid_t pid;
    int port;
    struct server_seen {
        unsigned connections, requests, closed;
        char request[SERVER_KEPT][SERVER_REQUEST_MAX];
    } * seen; /* shared with the server */
};

/* The last step is repeated for further requests. */
struct server server_start(const struct step *steps, size_t n);
/* Until the server has closed so many connections. */
void server_wait_closed(const struct server *s, unsigned n);
void server_stop(struct server *s);

/* A whole answer with this JSON body, in a static buffer for each of the last 32 calls. */
const char *server_json(int status, const char *headers, const char *json);

#endif
