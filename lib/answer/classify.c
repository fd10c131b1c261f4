/* SPDX-License-Identifier: MIT
 *
 * What an answer means. A function of its arguments.
 *
 * Servers refuse nearly everything with 404, and whoever reads "gone" stops caring for a secret: so OTSD_ERR_GONE is
 * given for the two exact texts by which a server says that it does not know a key, to calls that named one, and for
 * nothing else. What is not understood is some other error.
 */
#include "answer/answer.h"

#include <ctype.h>
#include <json-c/json.h>
#include <string.h>
#include <strings.h>

static const char *member(const reply *a, const char *name) {
    struct json_object *o;
    const char *s;

    if (!json_object_is_type(a->json, json_type_object) || !json_object_object_get_ex(a->json, name, &o) ||
        !json_object_is_type(o, json_type_string))
        return NULL;
    s = json_object_get_string(o);
    return strlen(s) == (size_t)json_object_get_string_len(o) ? s : NULL;
}

static bool starts(const char *s, const char *with) {
    return strncasecmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with) {
    size_t n = strlen(s), m = strlen(with);

    return n >= m && strcasecmp(s + n - m, with) == 0;
}

static bool is_html(const reply *a) {
    size_t i = 0;

    if (starts(a->content_type, "text/html") || starts(a->content_type, "application/xhtml"))
        return true;
    while (i < a->len && isspace((unsigned char)a->body[i]))
        i++;
    return i < a->len && a->body[i] == '<';
}

static bool claims_json(const reply *a) {
    return starts(a->content_type, "application/json");
}

/* By the words of the server, which say more than its status. */
static otsd_err by_message(const reply *a, const char *message) {
    if (starts(message, "Cripes! You have been rate limited") || starts(message, "Rate limit exceeded"))
        return OTSD_ERR_RATE_LIMITED;
    if (starts(message, "Not authorized"))
        return OTSD_ERR_CREDENTIALS;
    if (starts(message, "An unexpected error occurred"))
        return OTSD_ERR_SERVER;
    if (strcmp(message, "Unknown secret") == 0 || strcmp(message, "Not Found") == 0) {
        if (a->status != 404 && a->status != 400 && a->status != 410)
            return OTSD_ERR_REFUSED;
        return a->about_key ? OTSD_ERR_GONE : OTSD_ERR_NOT_V1;
    }
    if (ends(message, "is not available") || ends(message, "is not available."))
        return OTSD_ERR_NOT_V1;
    return OTSD_ERR_REFUSED;
}

/* By a status that is not 404: what a proxy, or a server more honest than today's, would send. OTSD_OK: says nothing.
 */
static otsd_err by_status(long status) {
    switch (status) {
    case 401:
    case 403:
        return OTSD_ERR_CREDENTIALS;
    case 429:
        return OTSD_ERR_RATE_LIMITED;
    case 405:
    case 421:
    case 501:
        return OTSD_ERR_NOT_V1;
    case 408:
    case 425:
        return OTSD_ERR_SERVER;
    default:
        break;
    }
    if (status != 0 && status < 400)
        return OTSD_ERR_NOT_V1;
    return status >= 500 ? OTSD_ERR_SERVER : OTSD_OK;
}

/* Neither status nor words of this API. */
static otsd_err by_shape(const reply *a) {
    bool missing = a->status == 404 || a->status == 410;

    if (is_html(a))
        return missing ? OTSD_ERR_NOT_V1 : OTSD_ERR_SERVER;
    if (!a->json && claims_json(a))
        return OTSD_ERR_ANSWER;
    return missing ? OTSD_ERR_NOT_V1 : OTSD_ERR_REFUSED;
}

static otsd_err refusal(const reply *a, const char *message) {
    otsd_err rc = by_status(a->status);

    /* A limit that is told as 401 or 503 is still a limit; any other word cannot outvote the status. */
    if (message && by_message(a, message) == OTSD_ERR_RATE_LIMITED)
        return OTSD_ERR_RATE_LIMITED;
    if (rc != OTSD_OK)
        return rc;
    rc = by_status(a->intended);
    if (rc != OTSD_OK)
        return rc;
    return message ? by_message(a, message) : by_shape(a);
}

otsd_err classify_answer(const reply *a, const char *server, otsd_error *e) {
    const char *message = member(a, "message"), *error = member(a, "error");
    char words[201] = "";
    otsd_err rc;

    if (a->status >= 200 && a->status <= 299) {
        if (a->json)
            return OTSD_OK;
        rc = claims_json(a) && !is_html(a) ? OTSD_ERR_ANSWER : OTSD_ERR_NOT_V1;
    } else {
        rc = refusal(a, message);
    }
    if (!message)
        message = error;
    if (message)
        text_printable(words, sizeof words, message, strlen(message));
    if (a->status >= 300 && a->status <= 399) {
        error_set(e, rc, OTSD_REACH_ANSWERED, "%s: %s: redirects (HTTP status %ld)%s%s; redirects are not followed",
                  server, otsd_strerror(rc), a->status, a->location[0] != '\0' ? " to " : "", a->location);
    } else if (starts(words, "Passphrase must be at least 8 ")) {
        error_set(e, rc, OTSD_REACH_ANSWERED, "%s: %s (%s: servers of 0.22 and 0.23 want 8 to 128)", server,
                  otsd_strerror(rc), words);
    } else if (words[0] != '\0') {
        error_set(e, rc, OTSD_REACH_ANSWERED, "%s: %s (%s)", server, otsd_strerror(rc), words);
    } else {
        error_set(e, rc, OTSD_REACH_ANSWERED, "%s: %s (HTTP status %ld, %s)", server, otsd_strerror(rc), a->status,
                  is_html(a)    ? "a web page"
                  : a->len == 0 ? "empty"
                  : !a->json    ? "no JSON"
                                : "no message");
    }
    error_add_http(e, a->status, a->retry_after);
    return rc;
}

otsd_err answer_read(const http_answer *h, const char *server, bool about_key, struct json_object **json,
                     otsd_error *e) {
    reply a = {.status = h->status,
               .intended = h->intended,
               .retry_after = h->retry_after,
               .content_type = h->content_type,
               .location = h->location,
               .body = h->body.data ? h->body.data : "",
               .len = h->body.len,
               .about_key = about_key};
    bool no_memory = false;
    otsd_err rc;

    a.json = json_read(a.body, a.len, &no_memory);
    if (no_memory)
        rc = error_set(e, OTSD_ERR_MEMORY, OTSD_REACH_ANSWERED, "out of memory for the answer");
    else
        rc = classify_answer(&a, server, e);
    if (rc == OTSD_OK)
        *json = a.json;
    else
        json_wipe(a.json);
    return rc;
}
