/* SPDX-License-Identifier: MIT
 *
 * For tests of what stands between ledger and server: in an /etc and a /var/lib of the test's own (private_world.h) a
 * configuration, accounts, a ledger, and a scripted server on 127.0.0.1.
 */
#ifndef TESTS_UNIT_HANDOFF_WORLD_H
#define TESTS_UNIT_HANDOFF_WORLD_H

#include "../lib/server.h"
#include "handoff/context.h"

#define WORLD_KEY "abcdefghijklmnopqrstuvwxyz01234"
#define WORLD_AUDIT "/var/lib/audit/audit.log"
/* alice never had a password, bob has one, carol must change the one that she has. Their uids are 1001 to 1003. */
#define WORLD_SHADOW "alice:!:19000:0:99999:7:::\nbob:$5$b$bob:19000:0:99999:7:::\ncarol:$5$c$carol:0:0:99999:7:::\n"

typedef struct world {
    context x;
    struct server server;
} world;

/* To be called once, before a test. */
bool world_possible(void);
/* Everything anew. more: further groups of the configuration; NULL: a cheap hash. The server does the steps, one for
 * each request, the last of them again and again; without steps each request is one too many. */
void world_open(world *w, const char *more, const struct step *steps, size_t n);
/* Holds that exactly so many requests came. */
void world_close(world *w, unsigned requests);
/* Holds that the request (0 is the first) begins with this, or has this in it. */
void world_assert_asked(const world *w, unsigned request, const char *beginning);
void world_assert_sent(const world *w, unsigned request, const char *part);

/* What the server says. The text lives until 32 more were made. */
typedef struct said {
    const char *key;        /* NULL: WORLD_KEY */
    const char *state;      /* NULL: "new" */
    const char *secret_key; /* NULL: one that is alive; "": it is gone */
    const char *recipient;  /* masked; NULL: none */
    const char *value;      /* NULL: none */
    bool passphrase;
    long ttl, secret_ttl; /* 0: 3600; -1: none */
    long created, updated, received;
} said;

struct step world_receipt(const said *t);
/* The same as the answer to a burn has it. */
struct step world_burned(const said *t);
/* As an entry of a list, and the list. */
const char *world_entry_text(const said *t);
struct step world_list(const said *t, size_t n);
struct step world_answer(int status, const char *json);
#define WORLD_GONE world_answer(404, "{\"message\":\"Unknown secret\"}")
#define WORLD_REFUSED world_answer(404, "{\"message\":\"You cannot do that\"}")
#define WORLD_TROUBLE world_answer(500, "{\"message\":\"An unexpected error occurred\"}")

/* An intent of alice's, asked for just now, with key and hash. */
record world_record(void);
/* Puts it into the ledger and gives it locked. */
entry *world_put(world *w, ledger_state s, const record *r);
/* How many records lie there? */
int world_count(world *w, ledger_state s);
/* The audit log as it is; "" where there is none. malloced. */
char *world_audit(void);
/* How often is this in the text? */
unsigned world_times(const char *text, const char *part);
otsd_secret *world_secret(const char *text);

#endif
