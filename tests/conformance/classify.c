/* SPDX-License-Identifier: MIT
 *
 * What real servers answered, and what the client makes of it: every recorded exchange of both server generations goes
 * through the pure parts of libotsd. What is refused stands in the table by name, with what it means; all else must be
 * taken, and must give the receipt, the value or the status that the answer shows. No exchange is left out, and no name
 * in the table may be missing in the recording.
 */
#include "answer/answer.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/conformance/recorded/"

static const struct expectation {
    const char *flavour; /* NULL: both */
    otsd_err meaning;
    const char *names; /* separated by blanks */
} expectations[] = {
    {NULL, OTSD_ERR_CREDENTIALS,
     "authcheck-anon authcheck-bad-basic-notbase64 authcheck-basic-empty authcheck-unknown-user "
     "authcheck-uppercase-email "
     "burn-badcreds private-badcreds recent-anon recent-badcreds secret-view-badcreds utf8-latin1-basic"},
    {NULL, OTSD_ERR_GONE,
     "burn-after-retrieved burn-generate-expired burn-pass-right-second burn-share-expired burn-short burn-twice "
     "burn-with-secret-key passphrase-trimmed-variant private-short private-with-secret-key "
     "realtime-ttl60-expired-secret realtime-ttl60-metadata-gone recent-post secret-19 secret-after-burn "
     "secret-generate-expired secret-pass-empty secret-pass-missing secret-pass-wrong secret-unknown secret-unknown-31 "
     "secret-unknown-authed secret-uppercase-key secret-view-owner-second secret-view-second storm-burn-loser "
     "storm-read-loser utf8-bad-latin1-readback-2"},
    {"old", OTSD_ERR_GONE, "realtime-ttl60-expired-burn secret-key-with-space"},
    {"new", OTSD_ERR_GONE,
     "burn-receipt-alias passphrase-72-bytes-prefix-only realtime-ttl60-expired-burn-before-get "
     "secret-key-in-query-override"},
    {NULL, OTSD_ERR_RATE_LIMITED, "ratelimit-create-anon"},
    {"old", OTSD_ERR_RATE_LIMITED, "ratelimit-create-auth ratelimit-recipient ratelimit-secret-wrong-pass"},
    {NULL, OTSD_ERR_SERVER, "body-array-ttl utf8-bad-latin1-readback"},
    {"old", OTSD_ERR_SERVER,
     "body-array-secret body-nested-secret passphrase-72-bytes-prefix-only utf8-bad-percent-private "
     "utf8-bad-raw-private"},
    {"new", OTSD_ERR_SERVER,
     "generate-anon-length-nonnumeric generate-auth-length0 json-array-body ratelimit-secret-right-pass-while-limited "
     "ratelimit-secret-wrong-pass utf8-truncated-percent-path"},
    {NULL, OTSD_ERR_REFUSED,
     "burn-pass-wrong generate-anon-recipient generate-anon-share-domain-unknown json-malformed "
     "share-anon-empty-secret "
     "share-anon-missing-secret share-anon-no-body share-anon-recipient share-anon-recipient-display-name "
     "share-anon-recipient-multi-array share-anon-recipient-multi-repeat share-anon-recipient-passphrase "
     "share-anon-share-domain-unknown share-auth-empty-secret share-auth-missing-secret"},
    {"old", OTSD_ERR_REFUSED,
     "body-octet-stream body-text-plain create-auth json-array-body json-burn-pass json-share-anon "
     "json-share-anon-nested "
     "json-share-auth-nested json-share-charset json-share-null-ttl json-share-numeric-secret json-share-passphrase "
     "json-share-string-ttl utf8-truncated-percent-path"},
    {"new", OTSD_ERR_REFUSED,
     "generate-anon-length129 generate-anon-short-passphrase generate-auth-length129 share-anon-passphrase-3 "
     "share-anon-recipient-invalid share-anon-recipient-long-tld share-anon-short-passphrase "
     "share-auth-recipient-display-name share-auth-recipient-invalid share-auth-recipient-invalid2 "
     "share-auth-recipient-multi-comma share-auth-short-passphrase utf8-bad-passphrase"},
    {NULL, OTSD_ERR_NOT_V1,
     "burn-get-method path-root-slash path-unknown path-unknown-post path-uppercase secret-empty-key secret-get-method "
     "secret-weird-key wrong-generate-get wrong-options-share wrong-private-delete wrong-share-put wrong-status-post"},
    {"old", OTSD_ERR_NOT_V1,
     "burn-metadata-alias burn-receipt-alias path-double-slash receipt-alias-get secret-trailing-slash"},
    /* An answer to HEAD has no body: to the client, which never asks with HEAD, that is an answer cut short. */
    {NULL, OTSD_ERR_ANSWER, "status-head wrong-head-private"},
};

#define EXPECTATIONS (sizeof expectations / sizeof expectations[0])

/* How often the names of each row were met. */
static unsigned met[EXPECTATIONS];
static unsigned tests, failures;

static void result(bool ok, const char *flavour, const char *name, const char *what) {
    tests++;
    failures += ok ? 0 : 1;
    printf("%s %u - %s server, %s: %s\n", ok ? "ok" : "not ok", tests, flavour, name, what);
}

static bool listed(const char *names, const char *name) {
    size_t len = strlen(name);
    const char *p;

    for (p = strstr(names, name); p; p = strstr(p + 1, name))
        if ((p == names || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
            return true;
    return false;
}

static unsigned words(const char *s) {
    unsigned n = 1;

    for (; *s != '\0'; s++)
        n += *s == ' ';
    return n;
}

static otsd_err expected_of(const char *flavour, const char *name) {
    size_t i;

    for (i = 0; i < EXPECTATIONS; i++)
        if ((!expectations[i].flavour || strcmp(expectations[i].flavour, flavour) == 0) &&
            listed(expectations[i].names, name)) {
            met[i]++;
            return expectations[i].meaning;
        }
    return OTSD_OK;
}

static const char *text_of(struct json_object *o, const char *name) {
    struct json_object *m = NULL;

    (void)json_object_object_get_ex(o, name, &m); /* absent: NULL, hence "" */
    return json_object_is_type(m, json_type_string) ? json_object_get_string(m) : "";
}

/* A header by its name in any case. */
static const char *header_of(struct json_object *headers, const char *name) {
    json_object_object_foreach(headers, key, m) {
        if (strcasecmp(key, name) == 0 && json_object_is_type(m, json_type_string))
            return json_object_get_string(m);
    }
    return "";
}

static bool same_number(struct json_object *o, const char *name, int64_t absent, int64_t n) {
    struct json_object *m = NULL;

    if (!json_object_object_get_ex(o, name, &m) || !m)
        return n == absent;
    return json_object_get_int64(m) == n;
}

static bool same_flag(struct json_object *o, const char *name, otsd_tri t) {
    struct json_object *m = NULL;

    if (!json_object_object_get_ex(o, name, &m))
        return t == OTSD_UNKNOWN;
    return t == (json_object_get_boolean(m) ? OTSD_YES : OTSD_NO);
}

static bool same_value(struct json_object *o, const otsd_secret *s) {
    struct json_object *m = NULL;

    if (!json_object_object_get_ex(o, "value", &m))
        return !s;
    return s && otsd_secret_len(s) == (size_t)json_object_get_string_len(m) &&
           memcmp(otsd_secret_data(s), json_object_get_string(m), otsd_secret_len(s)) == 0;
}

static bool same_recipients(struct json_object *o, const otsd_receipt *r) {
    static const char *const asked[] = {"alice@example.com", "bob@example.com", "Alice.B+tag@Example.COM",
                                        "alice@example.museum"};
    struct json_object *m = NULL;
    size_t i, k, hits;

    if (!json_object_object_get_ex(o, "recipient", &m) || json_object_array_length(m) != r->recipients_len)
        return false;
    for (i = 0; i < r->recipients_len; i++) {
        for (hits = 0, k = 0; k < sizeof asked / sizeof asked[0]; k++)
            hits += otsd_recipient_matches(r->recipients[i], asked[k]);
        if (hits == 0 || otsd_recipient_matches(r->recipients[i], "mallory@example.org") ||
            strcmp(r->recipients[i], json_object_get_string(json_object_array_get_idx(m, i))) != 0)
            return false;
    }
    return true;
}

static bool same_receipt(struct json_object *o, const otsd_receipt *r) {
    return strcmp(text_of(o, "metadata_key"), r->metadata_key) == 0 &&
           strcmp(text_of(o, "secret_key"), r->secret_key) == 0 && strcmp(text_of(o, "custid"), r->custid) == 0 &&
           strcmp(text_of(o, "share_domain"), r->share_domain) == 0 &&
           strcmp(text_of(o, "state"), otsd_state_name(r->state)) == 0 && same_number(o, "ttl", -1, r->ttl) &&
           same_number(o, "metadata_ttl", -1, r->metadata_ttl) && same_number(o, "secret_ttl", -1, r->secret_ttl) &&
           same_number(o, "created", 0, r->created) && same_number(o, "updated", 0, r->updated) &&
           same_number(o, "received", 0, r->received) && same_number(o, "burned", 0, r->burned) &&
           same_flag(o, "passphrase_required", r->passphrase_required) && same_recipients(o, r) &&
           same_value(o, r->value) && (r->state == OTSD_STATE_RECEIVED) == (r->received != 0);
}

static bool taken(struct json_object *json, const char *path, otsd_error *e) {
    enum receipt_kind kind = RECEIPT_FETCH;
    struct json_object *inner = json;
    otsd_receipt *r = NULL;
    otsd_secret *s = NULL;
    bool same = false;

    if (strstr(path, "/status") || strstr(path, "/authcheck"))
        return status_from_json(json, e) == OTSD_OK;
    if (strstr(path, "/secret/")) {
        if (value_from_json(json, &s, e) == OTSD_OK)
            same = same_value(json, s);
        otsd_secret_free(&s);
        return same;
    }
    if (strstr(path, "/generate"))
        kind = RECEIPT_GENERATE;
    else if (strstr(path, "/share") || strstr(path, "/create"))
        kind = RECEIPT_SHARE;
    else if (strstr(path, "/burn"))
        kind = RECEIPT_BURN;
    if (kind == RECEIPT_BURN && !json_object_object_get_ex(json, "state", &inner))
        return false;
    if (receipt_from_json(json, kind, &r, e) != OTSD_OK)
        return false;
    same = same_receipt(inner, r);
    otsd_receipt_free(&r);
    return same;
}

/* A secret or receipt by its key, as a client's call would know. */
static bool about_key(const char *method, const char *path) {
    static const char *const places[] = {"/api/v1/secret/", "/api/v1/private/", "/api/v1/metadata/",
                                         "/api/v1/receipt/"};
    size_t i;

    if (strcmp(method, "GET") == 0 && strcmp(path, "/api/v1/private/recent") == 0)
        return false;
    for (i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strncmp(path, places[i], strlen(places[i])) == 0)
            return true;
    return false;
}

static void exchange(struct json_object *o, const char *flavour) {
    struct json_object *request = NULL, *response = NULL, *headers = NULL, *body = NULL, *status = NULL;
    const char *name = text_of(o, "name");
    otsd_err expected = expected_of(flavour, name), rc;
    struct reply a = {0};
    otsd_error e = {0};
    bool no_memory, ok;

    if (!json_object_object_get_ex(o, "request", &request) || !json_object_object_get_ex(o, "response", &response) ||
        !json_object_object_get_ex(response, "headers", &headers) ||
        !json_object_object_get_ex(response, "body", &body) ||
        !json_object_object_get_ex(response, "status", &status)) {
        result(false, flavour, name, "the recording is damaged");
        return;
    }
    a.status = json_object_get_int(status);
    a.content_type = header_of(headers, "content-type");
    a.intended = strtol(header_of(headers, "x-ots-intended-status"), NULL, 10);
    a.location = "";
    a.body = body ? json_object_get_string(body) : "";
    a.len = body ? (size_t)json_object_get_string_len(body) : 0;
    a.about_key = about_key(text_of(request, "method"), text_of(request, "path"));
    a.json = json_read(a.body, a.len, &no_memory);
    rc = classify_answer(&a, "server", &e);
    ok = rc == expected;
    if (rc == OTSD_OK)
        ok = ok && taken(a.json, text_of(request, "path"), &e);
    else
        ok = ok && e.code == rc && e.http_status == a.status && e.reach == OTSD_REACH_ANSWERED && e.message[0] != '\0';
    result(ok, flavour, name, otsd_strerror(expected));
    if (!ok)
        printf("# got: %s; %s\n", otsd_strerror(rc), e.message);
    json_wipe(a.json);
}

static void recording(const char *path, const char *flavour, unsigned exchanges) {
    FILE *f = fopen(path, "re");
    struct json_object *o;
    char *line = NULL;
    size_t size = 0;
    unsigned n = 0;

    while (f && getline(&line, &size, f) > 0) {
        o = json_tokener_parse(line);
        exchange(o, flavour);
        json_object_put(o);
        n++;
    }
    result(f && ferror(f) == 0 && n == exchanges, flavour, "recording", "is there, and complete");
    free(line);
    if (f)
        (void)fclose(f); /* opened for reading: nothing can be lost */
}

int main(void) {
    unsigned expected;
    size_t i;

    recording(FOLDER "v0.20.5.jsonl", "old", 308);
    recording(FOLDER "v0.26.6.jsonl", "new", 305);
    for (i = 0; i < EXPECTATIONS; i++) {
        expected = words(expectations[i].names) * (!expectations[i].flavour ? 2 : 1);
        if (met[i] != expected)
            printf("# row %zu: %u names, met %u times\n", i, expected, met[i]);
        result(met[i] == expected, expectations[i].flavour ? expectations[i].flavour : "each", "table",
               "every name was met");
    }
    printf("1..%u\n", tests);
    return failures == 0 ? 0 : 1;
}
