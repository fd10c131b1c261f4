/* SPDX-License-Identifier: MIT
 *
 * HTTP, and all of libcurl's transfers.
 *
 * What may not be sent twice is not sent twice. libcurl repeats a request by itself where a reused connection ends
 * before the first byte of an answer, POST or not, although the server may well have carried it out. But it calls the
 * pre-request callback each time, after connecting (TLS included) and before the first byte of a request. So the
 * callback counts, and refuses what may not be repeated. The same count tells whether a byte of the request can have
 * left: if the callback never ran, none did; if it ran, some may have.
 *
 * Each exchange has a handle of its own, made for it and gone with it: of one answer nothing can meet another. (libcurl
 * 7.88.1, Debian 12's, frees a header twice where a handle that had an answer gets one whose first header line begins
 * with a blank; curl issue 11101.) What an exchange leaves is its connection, in the multi handle that drove it.
 *
 * The environment changes nothing: no proxy variables, no .netrc, no cookies, no redirects, HTTP and HTTPS only.
 */
#include "http/header.h"
#include "http/tls.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Old servers close an idle connection after 30 seconds. */
#define IDLE_MAX 20L
#define STALL_MAX 30L

typedef struct http_exchange {
    const http_settings *settings;
    CURLM *single; /* drives it and keeps its connection; NULL: an http_multi does */
    CURL *easy;    /* NULL between finish and prepare */
    struct curl_slist headers[3];
    char error[CURL_ERROR_SIZE];
    bool repeatable;
    bool refused; /* a repetition was refused */
    bool too_large, no_memory;
    bool begun;        /* the body of an answer has */
    bool stopped;      /* by the sink */
    unsigned requests; /* that libcurl began to send */
    http_sink sink;    /* take is NULL where the body is collected */
    http_answer answer;
} http_exchange;

/* libcurl fixes the type. */
// NOLINTNEXTLINE(readability-non-const-parameter)
static int on_request(void *p, char *remote, char *local, int remote_port, int local_port) {
    http_exchange *x = p;

    (void)remote, (void)local, (void)remote_port, (void)local_port;
    if (x->requests > 0 && (!x->repeatable || x->requests > 1 || x->begun)) {
        x->refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    x->requests++;
    return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *data, size_t one, size_t len, void *p) {
    http_exchange *x = p;

    (void)one; /* always 1 */
    if (!x->begun && curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->answer.status) != CURLE_OK)
        return 0;
    x->begun = true;
    if (x->sink.take)
        switch (x->sink.take(x->sink.arg, &x->answer, data, len)) {
        case SINK_TOOK:
            return len;
        case SINK_STOP:
            x->stopped = true;
            return 0;
        case SINK_COLLECT:
            x->sink.take = NULL;
        }
    if (len > HTTP_COLLECT_MAX - x->answer.body.len) {
        x->too_large = true;
        return 0;
    }
    if (!wiped_append(&x->answer.body, data, len)) {
        x->no_memory = true;
        return 0;
    }
    return len;
}

static size_t on_header(char *line, size_t one, size_t len, void *p) {
    http_exchange *x = p;

    (void)one; /* always 1 */
    header_note(&x->answer, line, len);
    return len;
}

/* One place for the checks of fifty calls: the first failure sticks. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (rc == CURLE_OK)                                                                                            \
            rc = curl_easy_setopt(x->easy, option, value);                                                             \
    } while (0)

/* In the place of the system's, which libcurl takes from a file and from a folder. What is given as memory is read in
 * place; for libcurl it goes before any file, but not before a folder. */
static CURLcode set_authorities(http_exchange *x, CURLcode rc) {
    const http_settings *s = x->settings;
    struct curl_blob pem = {.data = s->ca_pem, .len = s->ca_pem_len, .flags = CURL_BLOB_NOCOPY};

    if (s->ca_pem) {
        SET(CURLOPT_CAINFO_BLOB, &pem);
        SET(CURLOPT_PROXY_CAINFO_BLOB, &pem);
    } else {
        SET(CURLOPT_CAINFO, s->ca_file);
        SET(CURLOPT_PROXY_CAINFO, s->ca_file);
    }
    SET(CURLOPT_CAPATH, (char *)NULL);
    SET(CURLOPT_PROXY_CAPATH, (char *)NULL);
    return rc;
}

static CURLcode set_fixed(http_exchange *x) {
    const http_settings *s = x->settings;
    const char *protocols = strncasecmp(s->base, "http:", 5) == 0 ? "http" : "https";
    CURLcode rc = CURLE_OK;

    SET(CURLOPT_ERRORBUFFER, x->error);
    SET(CURLOPT_URL, s->base);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, protocols);
    SET(CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE);
    SET(CURLOPT_HTTP_VERSION, (long)(s->many ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    /* Rather wait for the connection that comes up, which may serve all, than open one for each. Not without TLS, where
     * no HTTP/2 can be met: there libcurl lets the second exchange wait until the first has its answer. */
    if (s->many && strcmp(protocols, "https") == 0)
        SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (tls_is_ours())
        SET(CURLOPT_SSL_CTX_FUNCTION, tls_set_up);
    if (s->ca_file || s->ca_pem)
        rc = set_authorities(x, rc);
    if (s->pinned_key)
        SET(CURLOPT_PINNEDPUBLICKEY, s->pinned_key);
    SET(CURLOPT_PROXY, s->proxy ? s->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(CURLOPT_USERAGENT, "otsd/" OTSD_VERSION);
    SET(CURLOPT_HTTPHEADER, x->headers);
    SET(CURLOPT_MAXAGE_CONN, IDLE_MAX);
    /* libcurl 8 takes an error that comes at once for one before the end of an empty body, and would close. */
    SET(CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    /* A resolver that never answers must not outlive the timeout: its thread is left to end by itself. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_PREREQDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    return rc;
}

/* The nodes are ours: libcurl reads the list and copies nothing of it, so the token stays in secret memory. */
static void set_headers(http_exchange *x) {
    static char expect[] = "Expect:", accept[] = "Accept: application/json";

    x->headers[0].data = accept;
    x->headers[0].next = &x->headers[1];
    x->headers[1].data = expect; /* no "100-continue" round */
    if (x->settings->authorization) {
        x->headers[1].next = &x->headers[2];
        x->headers[2].data = secret_memory(x->settings->authorization);
    }
}

static void end(http_exchange *x) {
    curl_easy_cleanup(x->easy); /* NULL is allowed */
    x->easy = NULL;
}

/* A handle, with what all requests have in common. */
static otsd_err begin(http_exchange *x, otsd_error *e) {
    CURLcode rc;

    end(x);
    x->easy = curl_easy_init();
    rc = x->easy ? set_fixed(x) : CURLE_OUT_OF_MEMORY;
    if (rc == CURLE_OK)
        return OTSD_OK;
    end(x);
    if (rc == CURLE_OUT_OF_MEMORY)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    return error_local(e, OTSD_ERR_CONFIG, "libcurl does not take the configuration: %s", curl_easy_strerror(rc));
}

otsd_err http_exchange_new(http_exchange **out, const http_settings *s, otsd_error *e) {
    http_exchange *x = calloc(1, sizeof *x);
    otsd_err rc;

    if (!x)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    x->settings = s;
    set_headers(x);
    if (!s->many)
        x->single = curl_multi_init();
    if (!s->many && (!x->single || curl_multi_setopt(x->single, CURLMOPT_MAXCONNECTS, 1L) != CURLM_OK))
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    else
        rc = begin(x, e); /* what libcurl does not take is said before there is a request */
    if (rc == OTSD_OK)
        *out = x;
    else
        http_exchange_free(&x);
    return rc;
}

void http_exchange_free(http_exchange **p) {
    http_exchange *x;

    if (!p || !*p)
        return;
    x = *p;
    *p = NULL;
    end(x);
    (void)curl_multi_cleanup(x->single); /* NULL is no handle, and refused */
    wiped_free(&x->answer.body);
    free(x);
}

/* The target is given apart from the URL, which libcurl keeps, in pieces and copies, until the next transfer: so no
 * key is in it. An HTTP proxy that is asked for plain http wants the whole URL as the target. */
static const char *target_base(const http_settings *s) {
    bool absolute = s->proxy && strncasecmp(s->proxy, "http", 4) == 0 && strncasecmp(s->base, "http:", 5) == 0;
    const char *host = strstr(s->base, "://"), *path = host ? strchr(host + 3, '/') : NULL;

    if (absolute)
        return s->base;
    return path ? path : "";
}

otsd_err http_prepare(http_exchange *x, const http_request *r, otsd_error *e) {
    const http_settings *s = x->settings;
    long timeout = r->creates ? s->create_timeout_ms : s->timeout_ms;
    wiped target = {0};
    CURLcode rc = CURLE_OK;
    otsd_err err = begin(x, e);

    if (err != OTSD_OK)
        return err;
    if (r->timeout_ms > 0 && r->timeout_ms < timeout)
        timeout = r->timeout_ms;
    wiped_free(&x->answer.body);
    memset(&x->answer, 0, sizeof x->answer);
    x->error[0] = '\0';
    x->refused = x->too_large = x->no_memory = x->begun = x->stopped = false;
    x->requests = 0;
    x->repeatable = r->repeatable;
    x->sink = r->sink;
    if (!wiped_append_string(&target, target_base(s)) || !wiped_append_string(&target, r->api ? r->api : "/api/v1") ||
        !wiped_append_string(&target, r->path))
        rc = CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_REQUEST_TARGET, target.data);
    SET(CURLOPT_TIMEOUT_MS, timeout);
    SET(CURLOPT_LOW_SPEED_TIME, r->creates ? 0L : STALL_MAX);
    SET(CURLOPT_CONNECTTIMEOUT_MS, s->connect_timeout_ms < timeout ? s->connect_timeout_ms : timeout);
    if (!r->form) {
        SET(CURLOPT_HTTPGET, 1L);
    } else {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->form->len);
        SET(CURLOPT_POSTFIELDS, r->form->data ? r->form->data : ""); /* read in place */
    }
    wiped_free(&target);
    if (rc == CURLE_OK)
        return OTSD_OK;
    end(x);
    return error_local(e, rc == CURLE_OUT_OF_MEMORY ? OTSD_ERR_MEMORY : OTSD_ERR_ARGUMENT, "%s: %s", s->base,
                       curl_easy_strerror(rc));
}

void *http_easy(http_exchange *x) {
    return x->easy;
}

/* As curl_easy_perform does it, but in a multi handle that outlives the easy one. */
static CURLMcode drive(http_exchange *x) {
    int running = 1;
    CURLMcode code = CURLM_OK;

    while (code == CURLM_OK && running > 0) {
        code = curl_multi_perform(x->single, &running);
        if (code == CURLM_OK && running > 0)
            code = curl_multi_poll(x->single, NULL, 0, 1000, NULL);
    }
    return code;
}

int http_perform(http_exchange *x) {
    CURLMcode code = curl_multi_add_handle(x->single, x->easy);
    CURLcode result = CURLE_OK;
    CURLMsg *message;
    int left;

    if (code == CURLM_OK)
        code = drive(x);
    if (code != CURLM_OK)
        result = code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
    while ((message = curl_multi_info_read(x->single, &left)))
        if (message->msg == CURLMSG_DONE && result == CURLE_OK)
            result = message->data.result;
    (void)curl_multi_remove_handle(x->single, x->easy); /* fails where it was never added */
    return (int)result;
}

static otsd_err meaning_of(CURLcode code) {
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return OTSD_ERR_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return OTSD_ERR_MEMORY;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return OTSD_ERR_TLS;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return OTSD_ERR_CONFIG;
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that is not HTTP, or HTTP/0.9 */
    case CURLE_WEIRD_SERVER_REPLY:
        return OTSD_ERR_NOT_V1;
    case CURLE_WRITE_ERROR:
    case CURLE_BAD_CONTENT_ENCODING:
        return OTSD_ERR_ANSWER;
    default:
        return OTSD_ERR_CONNECTION;
    }
}

static otsd_err failure(const http_exchange *x, CURLcode code, otsd_error *e) {
    otsd_reach reach = x->requests == 0 ? OTSD_REACH_NO : OTSD_REACH_MAYBE;
    const char *server = x->settings->base;
    otsd_err rc;

    if (x->too_large)
        return error_set(e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED, "%s: %s (more than %zu bytes)", server,
                         otsd_strerror(OTSD_ERR_ANSWER), HTTP_COLLECT_MAX);
    if (x->no_memory)
        return error_set(e, OTSD_ERR_MEMORY, OTSD_REACH_MAYBE, "%s: out of memory for the answer", server);
    if (code == CURLE_BAD_FUNCTION_ARGUMENT && x->requests > 0) /* what it says of a header line, not of our call */
        return error_set(e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED, "%s: %s (a header line that cannot be read)", server,
                         otsd_strerror(OTSD_ERR_ANSWER));
    if (code == (CURLcode)HTTP_GIVEN_UP)
        return error_set(e, OTSD_ERR_CONNECTION, reach, "%s: given up before the answer came", server);
    if (x->refused)
        return error_set(e, OTSD_ERR_CONNECTION, reach,
                         "%s: connection failure (closed without an answer; the request may have been carried out)",
                         server);
    rc = meaning_of(code);
    return error_set(e, rc, reach, "%s: %s (%s)", server, otsd_strerror(rc),
                     x->error[0] != '\0' ? x->error : curl_easy_strerror(code));
}

otsd_err http_finish(http_exchange *x, int result, const http_answer **out, otsd_error *e) {
    CURLcode code = (CURLcode)result, rc;
    otsd_err err = OTSD_OK;

    rc = curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->answer.status);
    if (!x->stopped && (code != CURLE_OK || rc != CURLE_OK))
        err = failure(x, code, e);
    end(x); /* the key in the target and the pointer to the form with it */
    if (err == OTSD_OK)
        *out = &x->answer;
    else
        wiped_free(&x->answer.body);
    return err;
}

long http_status(const http_exchange *x) {
    return x->answer.status;
}

void http_forget(http_exchange *x) {
    end(x);
    wiped_free(&x->answer.body);
}
