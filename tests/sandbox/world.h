/* SPDX-License-Identifier: MIT
 *
 * Everything that the server knows, behind one lock, and what one request brings and gets.
 */
#ifndef SANDBOX_WORLD_H
#define SANDBOX_WORLD_H

#include "bytes.h"
#include "fault.h"
#include "form.h"
#include "limits.h"
#include "options.h"
#include "route.h"
#include "store.h"

#include <pthread.h>

struct counters {
    unsigned long calls[CALL_COUNT];
    unsigned long total;  /* calls of the API */
    unsigned long burned; /* burns answered 200 */
    unsigned long in_flight;
    unsigned long min_in_flight, max_in_flight; /* this and the next since in_flight_reset */
    int64_t in_flight_us;                       /* sum over these requests of how long each was in flight */
    int64_t in_flight_at;                       /* up to when that is, on the monotonic clock */
    unsigned long connections;                  /* accepted */
    unsigned long api_connections;              /* of these, those that brought a call of the API */
    unsigned long mails;                        /* written */
};

struct timer;
struct world {
    const struct options *opt;
    char base[256];
    int mail_dir;         /* descriptor, -1: no mail is written */
    struct timer *timer;  /* set once the server runs */
    pthread_mutex_t lock; /* guards all below */
    int64_t clock_offset;
    struct store store;
    struct limits limits;
    struct faults faults;
    struct counters counters;
    unsigned long mail_number; /* of the last one */
};

/* What one call brings. */
struct request {
    enum call call;
    bool create;
    bool untidy;
    const char *key;               /* "" where the call has none */
    const char *address;           /* of the peer */
    const struct account *account; /* NULL: anonymous */
    const struct form *form;
    const struct form *query; /* what came in the request line */
    bool drop_passphrase;     /* faults */
    long ttl_cap;             /* 0: none */
    long ttl_least;           /* 0: none */
};

struct reply {
    unsigned status;
    unsigned intended; /* x-ots-intended-status; 0: none */
    const char *type;  /* NULL: none */
    struct bytes body;
    bool from_application; /* new servers: the headers that only the application adds */
    bool bare;             /* new servers: not even those that the framework adds */
    bool no_csrf;
    bool close;
    bool cookie;      /* old servers: a session cookie */
    char *location;   /* malloced; NULL: none */
    long retry_after; /* seconds; 0: no such header */
    long mail_ms;     /* the answer waits that long for the mail relay */
    long entries;     /* of a list that body begins, see hostile.h; 0: body is all */
};

void world_init(struct world *w, const struct options *opt);
void world_free(struct world *w);
int64_t world_now(const struct world *w);

/* One request of the API more, or one less, or (0) none: only brings in_flight_us up to now. */
void in_flight_add(struct counters *c, int by);
/* Begins anew with those that are in flight now. */
void in_flight_reset(struct counters *c);

#endif
