/* SPDX-License-Identifier: MIT
 *
 * One server and the child that talks to it: what a client and a pool have in common.
 */
#ifndef OTSD_HOOK_LINE_H
#define OTSD_HOOK_LINE_H

#include "net/child.h"
#include "server/generation.h"
#include "server/server.h"

/* ms: what a call may take beyond the time that the child has for it. */
#define LINE_GRACE 5000

typedef struct line {
    const otsd_server *server;
    otsd_secret *token; /* NULL: anonymous */
    size_t jobs;
    child child;
    otsd_secret *room; /* of all messages, in locked memory: what comes in, and what goes out */
    uint64_t seq;
    generation generation; /* of the server, as the child says after each answer */
    unsigned assume;       /* what the next request tells the child of that */
} line;

/* Reads the token. l is zero-initialised, and to be closed on failure, too. */
otsd_err line_open(line *l, const otsd_server *server, size_t jobs, otsd_error *e);
void line_close(line *l);
/* A child, where there is none. */
otsd_err line_ready(line *l, otsd_error *e);
/* Another one in the place of one that was found dead, for the request that it did not read. */
otsd_err line_renew(line *l, otsd_error *e);
/* Where a message is made, or has been received. */
wire_request *line_request(const line *l);
wire_answer *line_answer(const line *l);
/* Fills the request with what o asks for; OTSD_ERR_ARGUMENT: it cannot be asked for. o may be NULL. */
otsd_err line_ask(line *l, wire_call call, const otsd_options *o, otsd_error *e);
/* Sends it; what it carried is wiped here. False: the child is dead and has read nothing of it, so that it may be sent
 * to another one; it is still there. */
bool line_send(line *l);
/* Takes the answer that was received and notes what is known of the server, or says why nothing is. A lie ends the
 * child. */
wire_verdict line_take(line *l, const wire_asked *asked, otsd_receipt **receipt, otsd_error *e);
/* The child is dead, or as good as dead: ends it and says what a call of this kind ends with. */
otsd_err line_lost(line *l, wire_call call, bool sent, const char *how, otsd_error *e);
/* "SERVER: connection failure (otsd-net HOW)". OTSD_ERR_CONNECTION. */
otsd_err line_failed(const line *l, otsd_reach reach, const char *how, otsd_error *e);
/* Notes what others have learnt, as generation_text says it. */
void line_assume(line *l, const char *text);

#endif
