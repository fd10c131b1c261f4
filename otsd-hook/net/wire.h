/* SPDX-License-Identifier: MIT
 *
 * What otsd-hook and otsd-net say to each other: messages of a fixed size, without pointers and without a language
 * to be parsed, over a SOCK_SEQPACKET pair on one machine, between programs of one build.
 *
 * The parent believes nothing. The child has read bytes of whoever answered in the network, so it may be anybody's:
 * each text ends inside its field and is fit to be shown, each number is within its range, each name of a list is
 * one of it, each answer is to a question that was asked, and is taken apart here and nowhere else. What cannot be
 * is a lie (wire_take), and a child that lies is ended. The child looks as closely at what it is asked, for it costs
 * nothing.
 *
 * First comes one wire_hello, with the descriptor of the certificates where there are any; the child answers with a
 * wire_ready. Then each wire_request is answered with one wire_answer of the same seq, which WIRE_RECENT lets other
 * ones precede: one for each receipt of the list.
 */
#ifndef OTSD_HOOK_WIRE_H
#define OTSD_HOOK_WIRE_H

#include "core/core.h"

#define WIRE_VERSION                                                                                                   \
    0x6f746401U /* differs with every change of this file: both programs are of one build, or nothing is sent */

#define WIRE_TEXT 256   /* bytes of most texts, NUL included */
#define WIRE_URL 1024   /* of server, proxy and pins */
#define WIRE_KEY 257    /* as text_is_key */
#define WIRE_TOKEN 1025 /* one more than TOKEN_MAX */
#define WIRE_PASSPHRASE 129
#define WIRE_RECIPIENT 1025 /* one masked address of a receipt */
#define WIRE_VALUE 1024     /* of a longer value so many bytes come */
#define WIRE_AT_ONCE OTSD_POOL_MAX

typedef struct wire_hello {
    uint32_t version;
    uint32_t jobs; /* generates at once; 0: one call after the other */
    int64_t connect_timeout_ms;
    int64_t timeout_ms; /* 0: not set */
    uint8_t allow_http, lock_optional, has_ca, has_token;
    char url[WIRE_URL], proxy[WIRE_URL], pinned_key[WIRE_URL]; /* "": not set */
    char username[WIRE_TEXT];                                  /* "": anonymous */
    char token[WIRE_TOKEN];
} wire_hello;

typedef struct wire_ready {
    uint32_t version;
    uint32_t landlock; /* version of the kernel's Landlock; 0: it has none */
    uint32_t code;     /* otsd_err; OTSD_OK: the child takes requests */
    char message[sizeof((otsd_error *)0)->message];
} wire_ready;

typedef enum wire_call {
    WIRE_AUTHCHECK = 1,
    WIRE_GENERATE,
    WIRE_FETCH,
    WIRE_BURN,
    WIRE_RECENT,
    WIRE_TAKES, /* this passphrase? */
    WIRE_CALLS
} wire_call;

typedef struct wire_request {
    uint64_t seq;       /* not 0 */
    uint32_t call;      /* wire_call */
    uint32_t assume;    /* what others have learnt of the server's releases, a set; 0: nothing */
    int64_t timeout_ms; /* 0: as in the hello */
    int64_t ttl;
    uint8_t has_passphrase;
    char passphrase[WIRE_PASSPHRASE];
    char recipient[WIRE_TEXT], share_domain[WIRE_TEXT]; /* "": not asked for */
    char locale[64];
    char metadata_key[WIRE_KEY];
} wire_request;

typedef enum wire_kind {
    WIRE_END = 1, /* the answer to the request */
    WIRE_LISTED,  /* one more receipt of a list */
} wire_kind;

typedef struct wire_receipt {
    int64_t ttl, metadata_ttl, secret_ttl;
    int64_t created, updated, received, burned;
    int32_t state, passphrase_required;
    uint32_t recipients; /* how many; the first is here */
    uint32_t value_len;  /* of all of it; no value where has_value is 0 */
    uint8_t has_value;
    char metadata_key[WIRE_KEY], secret_key[WIRE_KEY];
    char share_domain[WIRE_TEXT];
    char recipient[WIRE_RECIPIENT];
    char value[WIRE_VALUE];
} wire_receipt;

typedef struct wire_answer {
    uint64_t seq;
    uint32_t kind;       /* wire_kind */
    uint32_t code;       /* otsd_err; the rest of the error only where it is not OTSD_OK */
    uint32_t reach;      /* otsd_reach */
    uint32_t generation; /* what is known of the server's releases now, a set */
    int64_t http_status, retry_after;
    char message[sizeof((otsd_error *)0)->message];
    uint8_t has_receipt;
    wire_receipt receipt;
} wire_answer;

/* Copies text (NULL: "") into a field of size bytes, the rest of which is zeros. False: it does not fit. */
bool wire_text(char *field, size_t size, const char *text);

/* Sends a whole message, and goes on after a signal; flags as of send(2). False: errno says why. */
bool wire_send(int channel, const void *message, size_t len, int flags);

/* Can it be? Of what the parent sends, as the child asks. */
bool wire_hello_is_good(const wire_hello *h);
bool wire_request_is_good(const wire_request *r);

/* Fills an answer to seq from what the library said: a failure, or a receipt (NULL: none). For the child. */
void wire_put(wire_answer *a, uint64_t seq, wire_kind kind, const otsd_receipt *t, const otsd_error *e);

/* What the parent knows of the request that is answered. */
typedef struct wire_asked {
    wire_call call;
    const char *metadata_key; /* of a fetch and a burn */
} wire_asked;

typedef enum wire_verdict {
    WIRE_ANSWERED, /* *receipt, if any, is the caller's */
    WIRE_FAILED,   /* e says how */
    WIRE_LIE,      /* that cannot be; nothing of it counts */
    WIRE_MEMORY,   /* ours ran out, and nothing of it is kept */
} wire_verdict;

/* Takes an answer apart. Its seq is the caller's to compare. */
wire_verdict wire_take(const wire_answer *a, const wire_asked *asked, otsd_receipt **receipt, otsd_error *e);
/* The same of what the child says first. */
wire_verdict wire_take_ready(const wire_ready *r, otsd_error *e);

#endif
