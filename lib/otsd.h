/* SPDX-License-Identifier: MIT
 *
 * libotsd: a client for the Onetime Secret REST API v1.
 *
 * Conventions that hold for every function below:
 *
 *  - A function that can fail returns otsd_err, OTSD_OK (0) on success, and writes its results through out-parameters
 *    on success only. It takes an otsd_error, which may be NULL; on failure it is filled, on success left alone.
 *  - A handle, key or out-parameter that is NULL is OTSD_ERR_ARGUMENT, and nothing is sent. So is each argument that
 *    cannot be meant. Functions that cannot fail take NULL for nothing: "", 0 or false.
 *  - Structs that the caller makes (otsd_error, otsd_options) begin with their size: sizeof the struct as the caller
 *    knows it. 0 counts as the struct of release 0.1, so zeros will do. The library never reads or writes beyond it.
 *    OTSD_ERROR_INIT and OTSD_OPTIONS_INIT set it, in C and in C++. All other structs are made by the library only, so
 *    they can grow at their end.
 *  - x_new makes, x_free(&p) wipes, frees and sets the caller's pointer to NULL; freeing NULL is allowed.
 *  - Times are seconds since the epoch, durations seconds, unless the name ends in _ms. Sizes are bytes.
 *  - Strings handed in are copied. Strings inside a struct belong to the struct.
 *  - A handle serves one thread at a time; different handles are independent. Call otsd_global_init() once, before
 *    the program has a second thread.
 *  - A metadata key is a credential: who has it can burn the secret, and on some servers read it (the first
 *    fetch of a fresh receipt may carry the plaintext, even to callers without credentials).
 */
#ifndef OTSD_H
#define OTSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define OTSD_API __attribute__((visibility("default")))
#else
#define OTSD_API
#endif

#define OTSD_VERSION "0.1.0"
#define OTSD_VERSION_MAJOR 0
#define OTSD_VERSION_MINOR 1
#define OTSD_VERSION_PATCH 0
/* Grows with each release: 0x000100 is 0.1.0. */
#define OTSD_VERSION_NUMBER (OTSD_VERSION_MAJOR << 16 | OTSD_VERSION_MINOR << 8 | OTSD_VERSION_PATCH)
/* The OTSD_VERSION_NUMBER of the library that the program runs with. */
OTSD_API unsigned otsd_version(void);

/* One code for each distinct meaning. The numbers are part of the ABI. */
typedef enum otsd_err {
    OTSD_OK = 0,
    OTSD_ERR_ARGUMENT = 1,     /* the caller's mistake; nothing was sent */
    OTSD_ERR_CONFIG = 2,       /* configuration or token file; nothing was sent */
    OTSD_ERR_MEMORY = 3,       /* out of memory, or of lockable memory */
    OTSD_ERR_CREDENTIALS = 4,  /* the server does not accept username and token */
    OTSD_ERR_GONE = 5,         /* the server says that it does not know this secret or receipt (any more) */
    OTSD_ERR_REFUSED = 6,      /* the server understood and refused; message has its words */
    OTSD_ERR_RATE_LIMITED = 7, /* too many calls; retry_after says when, if the server did */
    OTSD_ERR_SERVER = 8,       /* server trouble: 5xx, a proxy's error page, "An unexpected error occurred" */
    OTSD_ERR_NOT_V1 = 9,       /* something answers there, but not this API (or it is switched off) */
    OTSD_ERR_TIMEOUT = 10,
    OTSD_ERR_TLS = 11,
    OTSD_ERR_CONNECTION = 12, /* name not found, refused, reset, cut off */
    OTSD_ERR_ANSWER = 13,     /* the answer was malformed, incomplete or over the size limit */
} otsd_err;

/* Can the request have reached the server? What decides whether a call that is not idempotent may be repeated. */
typedef enum otsd_reach {
    OTSD_REACH_NO = 0,       /* not one byte of it was sent */
    OTSD_REACH_MAYBE = 1,    /* some of it was sent, no complete answer came */
    OTSD_REACH_ANSWERED = 2, /* the server, or something in front of it, answered */
} otsd_reach;

typedef struct otsd_error {
    size_t size; /* sizeof this, or 0 for that of 0.1 */
    otsd_err code;
    otsd_reach reach;
    long http_status;  /* 0 where there was no answer */
    long retry_after;  /* seconds, 0 where the server did not say; at most 86400 */
    char message[512]; /* one printable line for a person, never a secret; control characters are replaced */
} otsd_error;

#define OTSD_ERROR_INIT                                                                                                \
    { sizeof(otsd_error), OTSD_OK, OTSD_REACH_NO, 0, 0, "" }

/* A short fixed text for a code ("rate limited"), never NULL. */
OTSD_API const char *otsd_strerror(otsd_err code);

/* Bytes in pages of their own: locked, left out of core dumps, not inherited by fork, wiped when freed, never moved. */
typedef struct otsd_secret otsd_secret;

#define OTSD_SECRET_MAX ((size_t)1 << 20)

/* Copies len bytes (0 to OTSD_SECRET_MAX). A NUL that does not count in the length follows the data. The caller still
 * has to wipe the source. OTSD_ERR_ARGUMENT (too long), OTSD_ERR_MEMORY. */
OTSD_API otsd_err otsd_secret_new(otsd_secret **out, const void *data, size_t len, otsd_error *e);
/* Reads fd to its end straight into secret memory; one "\n" or "\r\n" at the end is dropped.
 * OTSD_ERR_ARGUMENT: read error, or more than max bytes. The descriptor stays open. */
OTSD_API otsd_err otsd_secret_from_fd(otsd_secret **out, int fd, size_t max, otsd_error *e);
/* The same for a file that must be regular, not reached through a link in its last component, owned by root or the
 * effective user, and closed to group and others (0600, 0400). OTSD_ERR_CONFIG where it is not. */
OTSD_API otsd_err otsd_secret_from_file(otsd_secret **out, const char *path, size_t max, otsd_error *e);
/* The bytes, and the NUL that does not count, until otsd_secret_free. */
OTSD_API const char *otsd_secret_data(const otsd_secret *s);
OTSD_API size_t otsd_secret_len(const otsd_secret *s);
OTSD_API void otsd_secret_free(otsd_secret **s);
/* What becomes of a secret whose memory the kernel refuses to lock (mlock(2), in many containers): none is made
 * (OTSD_ERR_MEMORY), or one that can reach the swap device. For the whole process; REQUIRE until this is called. Call
 * before the program has a second thread. */
typedef enum otsd_lock { OTSD_LOCK_REQUIRE = 0, OTSD_LOCK_TRY = 1 } otsd_lock;
OTSD_API void otsd_memory_lock(otsd_lock how);
/* The same from memory.lock of a file like otsd.conf(5), "require" or "try", read as otsd_server_load reads it; where
 * it is not set nothing changes. */
OTSD_API otsd_err otsd_memory_load(const char *path, otsd_error *e);
/* Tries: 0, or the errno with which the kernel refuses to lock memory now. */
OTSD_API int otsd_memory_refused(void);
/* Overwrites memory in a way that the compiler keeps. NULL is allowed where len is 0. */
OTSD_API void otsd_wipe(void *p, size_t len);

/* For programs: no core dumps, not dumpable (no ptrace by the same user, /proc/self owned by root), freed heap
 * overwritten. Call first in main. OTSD_ERR_MEMORY where the kernel refuses one of them. */
OTSD_API otsd_err otsd_process_harden(otsd_error *e);

/* Which server, and how to talk to it. Settings are checked as they are set (OTSD_ERR_ARGUMENT, OTSD_ERR_MEMORY; on
 * failure nothing changes), and all together when a client or pool is made. A text that is NULL takes the setting back.
 * Changes do not reach the clients that were made before. */
typedef struct otsd_server otsd_server;

OTSD_API otsd_err otsd_server_new(otsd_server **out, otsd_error *e);
OTSD_API void otsd_server_free(otsd_server **s);
/* Where it is: an address like "https://secrets.example.com", without /api/v1, or one of the public service's regions:
 * "us", "eu", "ca", "nz", "uk". The last one that was set counts. */
OTSD_API otsd_err otsd_server_set_url(otsd_server *s, const char *url, otsd_error *e);
OTSD_API otsd_err otsd_server_set_region(otsd_server *s, const char *region, otsd_error *e);
/* The account, by its mail address, and its API token: as a secret, which is copied, or as a file that
 * otsd_secret_from_file would take, read when a client is made. The last one that was set counts; where none was it is
 * the file $CREDENTIALS_DIRECTORY/otsd-token. Without user name the client is anonymous. */
OTSD_API otsd_err otsd_server_set_username(otsd_server *s, const char *username, otsd_error *e);
OTSD_API otsd_err otsd_server_set_token(otsd_server *s, const otsd_secret *token, otsd_error *e);
OTSD_API otsd_err otsd_server_set_token_file(otsd_server *s, const char *path, otsd_error *e);
/* PEM certificates to trust instead of the system's; an absolute path. */
OTSD_API otsd_err otsd_server_set_ca_file(otsd_server *s, const char *path, otsd_error *e);
/* "sha256//BASE64" of the server's public key, or several with semicolons between: one of them it must be. */
OTSD_API otsd_err otsd_server_set_pinned_key(otsd_server *s, const char *pin, otsd_error *e);
/* "http://proxy.example.com:3128"; https, socks4, socks4a, socks5 and socks5h are taken, too, user names are not. */
OTSD_API otsd_err otsd_server_set_proxy(otsd_server *s, const char *proxy, otsd_error *e);
/* One more host, besides the server's own, that a link may have: where the account has a share domain. Whatever else a
 * receipt names is no link's host. NULL: none but its own. */
OTSD_API otsd_err otsd_server_add_link_host(otsd_server *s, const char *host, otsd_error *e);
/* Plain http is taken to loopback addresses only, unless this is true. */
OTSD_API otsd_err otsd_server_set_allow_http(otsd_server *s, bool allow, otsd_error *e);
/* Until a connection is there (default 5000), and for a whole call; 1 to 600000. Where the latter is not set it is
 * 20000, and 60000 for share and generate: these cannot be repeated, and old servers mail before they answer. */
OTSD_API otsd_err otsd_server_set_connect_timeout_ms(otsd_server *s, long ms, otsd_error *e);
OTSD_API otsd_err otsd_server_set_timeout_ms(otsd_server *s, long ms, otsd_error *e);
/* Without a slash at its end; "" where none is set. Belongs to s, until its next change. So does the account. */
OTSD_API const char *otsd_server_url(const otsd_server *s);
OTSD_API const char *otsd_server_username(const otsd_server *s);
OTSD_API long otsd_server_timeout_ms(const otsd_server *s);
/* That of share and generate. */
OTSD_API long otsd_server_create_timeout_ms(const otsd_server *s);

#define OTSD_CONFIG_PATH "/etc/otsd/otsd.conf"

/* Makes one from the group `server` of a file like otsd.conf(5); other groups are passed over. Strict: unknown key,
 * wrong type, value out of range, duplicate, include, loose mode (writable by group or others) and wrong owner (neither
 * root nor the effective user) are OTSD_ERR_CONFIG; message is "FILE:LINE: what, and what was expected". The path is
 * opened once and checked by descriptor; a link in its last component is refused. */
OTSD_API otsd_err otsd_server_load(otsd_server **out, const char *path, otsd_error *e);

/* Reads "90", "90s", "90m", "12h" or "3d" as seconds; false for anything else, and for more than 10 years. */
OTSD_API bool otsd_duration_parse(const char *text, long *seconds);

typedef enum otsd_state {
    OTSD_STATE_UNKNOWN = 0, /* a word that this library does not know */
    OTSD_STATE_NEW,
    OTSD_STATE_VIEWED,   /* old servers: the receipt was fetched or the value generated there. No proof of reading */
    OTSD_STATE_RECEIVED, /* the only proof that the secret was read */
    OTSD_STATE_BURNED,
    OTSD_STATE_EXPIRED,
    OTSD_STATE_ORPHANED, /* the secret is gone, the server does not know why */
} otsd_state;

typedef enum otsd_tri { OTSD_UNKNOWN = -1, OTSD_NO = 0, OTSD_YES = 1 } otsd_tri;

/* What the server says of a secret; made by the library only, so it can grow at its end. Strings are never NULL (""
 * where absent). */
typedef struct otsd_receipt {
    char *metadata_key; /* a credential */
    char *secret_key;   /* a credential: the last part of the link. "" once the secret is gone, and in lists */
    char *custid;
    char *share_domain;
    otsd_state state;
    int64_t ttl;                                /* as granted; -1 absent */
    int64_t metadata_ttl;                       /* seconds left; -1 absent */
    int64_t secret_ttl;                         /* seconds left; -1 absent or null */
    int64_t created, updated, received, burned; /* 0 absent */
    otsd_tri passphrase_required;
    size_t recipients_len;
    char **recipients;  /* masked by the server: "al***@e***.com" */
    otsd_secret *value; /* the plaintext, where the answer carried it; NULL otherwise */
} otsd_receipt;

typedef struct otsd_receipts {
    size_t len;
    otsd_receipt **items; /* in the server's order: old servers newest first, new ones oldest first */
} otsd_receipts;

OTSD_API void otsd_receipt_free(otsd_receipt **t);
OTSD_API void otsd_receipts_free(otsd_receipts **list);
/* "new", "viewed", …, "unknown" */
OTSD_API const char *otsd_state_name(otsd_state s);
/* Is masked (as in a receipt) a masking of address? Case is ignored, and how many asterisks there are. */
OTSD_API bool otsd_recipient_matches(const char *masked, const char *address);
/* Could this be the one address of a recipient? False for what surely is none, or more than one: the server has the
 * last word. */
OTSD_API bool otsd_address_ok(const char *address);

typedef struct otsd_client otsd_client;

/* Once per program, before threads. OTSD_ERR_MEMORY. */
OTSD_API otsd_err otsd_global_init(otsd_error *e);
OTSD_API void otsd_global_cleanup(void);

/* Reads the token where it is in a file; sends nothing. One client keeps its connection alive between calls. The
 * settings are copied. OTSD_ERR_ARGUMENT (they do not fit together: no address, plain http that is not allowed, a token
 * without user name), OTSD_ERR_CONFIG (the token file), OTSD_ERR_MEMORY. */
OTSD_API otsd_err otsd_client_new(otsd_client **out, const otsd_server *server, otsd_error *e);
OTSD_API void otsd_client_free(otsd_client **c);
/* From now on no call may take longer than this, nor longer than the server's settings allow. 0: as these say. */
OTSD_API void otsd_client_set_timeout(otsd_client *c, long timeout_ms);

/* Which releases of the server the answers to this client look like: "v0.18-v0.23", "v0.24 or later", the more exact
 * the more was asked; "unknown" before the first answer, and where the signs are missing or hidden. Static text. */
OTSD_API const char *otsd_client_generation(const otsd_client *c);
/* What other clients of the server have learnt, as otsd_client_generation or otsd_pool_generation said: it counts
 * as if answers had shown it, until one contradicts it. Any other text is ignored. */
OTSD_API void otsd_client_assume_generation(otsd_client *c, const char *text);
/* Would the server refuse this passphrase, as far as is known? Sends nothing, except where only what was assumed speaks
 * against it: then GET /status, once. OTSD_ERR_ARGUMENT: it would, as otsd_share and otsd_generate find without sending
 * anything, too. */
OTSD_API otsd_err otsd_client_takes_passphrase(otsd_client *c, const otsd_secret *passphrase, otsd_error *e);

/* Optional parts of share and generate; what is zero is not asked for. An option of a later release that this library
 * does not know is OTSD_ERR_ARGUMENT where it is set. */
typedef struct otsd_options {
    size_t size;                   /* sizeof this, or 0 for that of 0.1 */
    long ttl;                      /* seconds; 0: the server's default (7 days). The server clamps it in silence */
    const otsd_secret *passphrase; /* old servers compare its first 72 bytes only; new ones want 4 to 128 */
    const char *recipient;         /* one address; needs an account */
    const char *share_domain;
    const char *locale;
    long length; /* generate: 1 to 128, new servers only; 0: the server's default */
} otsd_options;

#define OTSD_OPTIONS_INIT                                                                                              \
    { sizeof(otsd_options), 0, NULL, NULL, NULL, NULL, 0 }

/* GET /status: does a v1 server answer there? */
OTSD_API otsd_err otsd_status(otsd_client *c, otsd_error *e);
/* GET /authcheck: the same, and are the credentials good? */
OTSD_API otsd_err otsd_authcheck(otsd_client *c, otsd_error *e);
/* POST /share. Not idempotent: repeated by the library only where OTSD_REACH_NO. The value must be valid UTF-8 and at
 * most 100,000 bytes (some servers cut or destroy what is not): OTSD_ERR_ARGUMENT. */
OTSD_API otsd_err otsd_share(otsd_client *c, const otsd_secret *value, const otsd_options *o, otsd_receipt **out,
                             otsd_error *e);
/* POST /generate; the value is in the receipt. Not idempotent, as otsd_share. */
OTSD_API otsd_err otsd_generate(otsd_client *c, const otsd_options *o, otsd_receipt **out, otsd_error *e);
/* POST /secret/KEY. Reading destroys: not repeated once sent. passphrase may be NULL. A wrong one and a secret that is
 * gone are the same answer: OTSD_ERR_GONE. Where the server handed the value out and it is lost on the way or cannot be
 * read, and where that may be so, message begins with that. */
OTSD_API otsd_err otsd_read(otsd_client *c, const char *secret_key, const otsd_secret *passphrase, otsd_secret **out,
                            otsd_error *e);
/* GET /private/KEY. A receipt of another metadata key than this one is OTSD_ERR_ANSWER. */
OTSD_API otsd_err otsd_fetch(otsd_client *c, const char *metadata_key, otsd_receipt **out, otsd_error *e);
/* POST /private/KEY/burn. The receipt in out says what was burned: its metadata_key is the one that was asked for,
 * or the call has failed (OTSD_ERR_ANSWER). What its state says depends on the server: real ones answer with the
 * receipt as it was before the burn ("new", "viewed"), the documentation shows "burned". So it is OTSD_OK that
 * proves the burn, not the state. Repeated by the library where no answer came: a first burn that was carried out
 * shows as OTSD_ERR_GONE then; so do a second burn, a secret that was read, and one that has expired. otsd_fetch
 * tells which. A refusal in the words of trouble, as 0.18 has for a wrong passphrase and for what is gone, is looked
 * up in the receipt. */
OTSD_API otsd_err otsd_burn(otsd_client *c, const char *metadata_key, const otsd_secret *passphrase, otsd_receipt **out,
                            otsd_error *e);
/* GET /private/recent: the account's last 30 days. Where that is broken or missing, as on 0.21 to 0.23, the list of v2,
 * whose receipts have no seconds left (-1). More than 200,000 receipts: OTSD_ERR_ANSWER */
OTSD_API otsd_err otsd_recent(otsd_client *c, otsd_receipts **out, otsd_error *e);
/* The same list, one receipt at a time while it arrives, so in little memory however long it is (up to 1 GiB of
 * answer). The receipt is the library's; another value than 0 ends the delivery, and the call returns OTSD_OK. fn must
 * not use c. Only an answer that says yes is delivered from. Where that turns out to be malformed or incomplete
 * (OTSD_ERR_ANSWER) or the connection breaks, what stood before has been delivered. The time that fn takes counts as
 * time of the call. */
OTSD_API otsd_err otsd_recent_each(otsd_client *c, int (*fn)(const otsd_receipt *t, void *arg), void *arg,
                                   otsd_error *e);
/* The link that opens the secret, HOST/secret/KEY; malloced (a credential: wipe before free). OTSD_ERR_ARGUMENT where
 * the receipt has no secret key. OTSD_ERR_ANSWER where its share domain is neither the server's own host nor a link
 * host of the server: no link is made then, and message names both. */
OTSD_API otsd_err otsd_link(const otsd_client *c, const otsd_receipt *t, char **out, otsd_error *e);
/* The key in such a link, or in one to a receipt: what follows its last slash; a key alone is taken as it is. malloced
 * (a credential). OTSD_ERR_ARGUMENT where there is none, and where the link is of another host or port than the
 * server and its link hosts: message names both. */
OTSD_API otsd_err otsd_link_key(const otsd_client *c, const char *link, char **out, otsd_error *e);

/* Many generates in flight in one thread, over connections that are kept: at most one for each, and a single one where
 * the server offers HTTP/2. As with otsd_generate none is sent twice, and the errors are the same. */
typedef struct otsd_pool otsd_pool;

#define OTSD_POOL_MAX 256

/* Called once for each generate that was started, by otsd_pool_run or otsd_pool_free. Success: the receipt is the
 * callee's to free, e is NULL. Failure: receipt is NULL. It may start the next generate, for the place is free again,
 * but must not call otsd_pool_run or otsd_pool_free. */
typedef void otsd_pool_fn(void *arg, otsd_receipt *receipt, const otsd_error *e);

/* For 1 to OTSD_POOL_MAX generates at once; otherwise as otsd_client_new. */
OTSD_API otsd_err otsd_pool_new(otsd_pool **out, const otsd_server *server, size_t jobs, otsd_error *e);
/* What is in flight is given up: OTSD_ERR_CONNECTION, with the true reach. */
OTSD_API void otsd_pool_free(otsd_pool **p);
/* Starts one; what o points to is not needed after the return. On failure fn is not called, now or later:
 * OTSD_ERR_ARGUMENT (o is bad, or all places are taken), OTSD_ERR_MEMORY. */
OTSD_API otsd_err otsd_pool_generate(otsd_pool *p, const otsd_options *o, otsd_pool_fn *fn, void *arg, otsd_error *e);
/* As otsd_client_generation, by the answers to this pool. */
OTSD_API const char *otsd_pool_generation(const otsd_pool *p);
OTSD_API size_t otsd_pool_in_flight(const otsd_pool *p);
/* Sends, receives, and calls the functions of what has ended. Where nothing has, waits at most wait_ms for something to
 * happen on the network (which need not end a generate) or for otsd_pool_wakeup. OTSD_ERR_MEMORY, OTSD_ERR_CONNECTION:
 * the pool itself failed; free it. */
OTSD_API otsd_err otsd_pool_run(otsd_pool *p, long wait_ms, otsd_error *e);
/* Ends the wait of the otsd_pool_run that is under way, else of the next. From any thread, as long as the pool is
 * there. */
OTSD_API void otsd_pool_wakeup(otsd_pool *p);

#ifdef __cplusplus
}
#endif
#endif
