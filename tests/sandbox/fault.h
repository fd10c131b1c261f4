/* SPDX-License-Identifier: MIT
 *
 * Faults on request: which call misbehaves, how, how often.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include "route.h"

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_DELAY,        /* processed at once, answered after ms */
    FAULT_GATHER,       /* processed at once; answered, the oldest first, while at least LEAST wait like this */
    FAULT_HANG,         /* not processed, never answered, the connection stays open */
    FAULT_HANG_AFTER,   /* processed, never answered */
    FAULT_RESET_BEFORE, /* TCP RST */
    FAULT_RESET_AFTER,
    FAULT_CLOSE_BEFORE, /* FIN */
    FAULT_CLOSE_AFTER,
    FAULT_TRUNCATE, /* the full Content-Length, half of the body, close */
    FAULT_OVERSIZE, /* a body that does not end before 64 MiB */
    FAULT_GARBAGE,  /* 200 with random bytes; not processed */
    FAULT_HTML502,  /* a proxy's page; not processed */
    FAULT_HTML404,
    FAULT_STATUS,          /* any status and body, Retry-After of s seconds; not processed */
    FAULT_SLOW,            /* less than one byte a second */
    FAULT_DROP_PASSPHRASE, /* the request's passphrase is ignored */
    FAULT_SHORT_TTL,       /* grants at most ms/1000 seconds */
    FAULT_LONG_TTL,        /* grants at least s seconds */
    FAULT_RATE_LIMITED,    /* the release's refusal; not processed */
    FAULT_FOLDED,          /* the first header line begins with a blank; plain http only */
    FAULT_NUL,             /* the answer, a NUL, and more */
    FAULT_REDIRECT,        /* 302 to a host whose name is the metadata key; not processed */
    FAULT_MEMBER,          /* the member `name` of the answer is the JSON text `body` */
    FAULT_FLOOD,           /* a list of `entries` receipts */
    FAULT_KIND_COUNT
};

struct fault {
    enum call match; /* CALL_NONE: any */
    enum fault_kind kind;
    long ms;
    long s;
    long least;
    long count; /* how often still; 0: for ever */
    long after; /* how many to let pass first */
    long status;
    long entries;
    char *name; /* NULL: none given */
    char *body; /* likewise */
};

struct faults {
    struct fault *list;
    size_t len;
};

/* NULL, or what is wrong (a fixed text). value of "match", "kind", "ms", "s", "least", "count", "after", "status",
 * "entries", "name", "body". */
const char *fault_set(struct fault *f, const char *name, const char *value);
/* match and kind there, and all that the kind needs? NULL, or what is wrong. */
const char *fault_check(const struct fault *f);
/* "burn:status:status=503" */
const char *fault_parse(struct fault *f, const char *spec);
void fault_free(struct fault *f);

/* Takes over f.name and f.body. */
void faults_add(struct faults *fs, struct fault f);
/* The first that applies to this request, counted; kind FAULT_NONE where none does. Free with fault_free. */
struct fault faults_take(struct faults *fs, enum call c);
void faults_clear(struct faults *fs);

#endif
