/* SPDX-License-Identifier: MIT
 *
 * What real servers answered, and what the client makes of it: every recorded exchange of eight releases goes through
 * the pure parts of libotsd. What is refused stands in the table by name and release, with what it means; all else must
 * be taken, and must give the receipt, the list, the value or the status that the answer shows. No exchange is left
 * out, and no name in the table may be missing in the recording of a release that it names.
 */
#include "answer/answer.h"
#include "http/header.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/conformance/recorded/"

#define R18 0x01U
#define R20 0x02U
#define R21 0x04U
#define R22 0x08U
#define R23 0x10U
#define R24 0x20U
#define R25 0x40U
#define R26 0x80U
#define R21_23 (R21 | R22 | R23)
#define THIN (R18 | R20 | R21_23) /* what serves the older ones */
#define NEW (R24 | R25 | R26)
#define ALL (THIN | NEW)

static const struct recorded {
    const char *file;
    unsigned release, exchanges;
    const char *shown; /* by all answers together */
} recordings[] = {
    {"v0.18.5", R18, 321, "v0.18"},
    {"v0.20.5", R20, 308, "v0.18-v0.23"},
    {"v0.20.5.extra", R20, 11, "v0.18-v0.23"},
    {"v0.21.7", R21, 321, "v0.18-v0.23"},
    {"v0.22.10", R22, 320, "v0.22-v0.23"},
    {"v0.23.6", R23, 320, "v0.22-v0.23"},
    {"v0.24.7", R24, 318, "v0.24-v0.25"},
    {"v0.25.11", R25, 318, "v0.24-v0.25"},
    {"v0.26.6", R26, 305, "v0.26 or later"},
    {"v0.26.6.extra", R26, 11, "v0.26 or later"},
};

/* An answer to HEAD has no body: to the client, which never asks with HEAD, that is an answer cut short. */
static const struct expectation {
    unsigned releases;
    otsd_err meaning;
    const char *names; /* separated by blanks */
} expectations[] = {
    {ALL, OTSD_ERR_CREDENTIALS,
     "authcheck-anon authcheck-bad-basic-notbase64 authcheck-basic-empty authcheck-unknown-user "
     "authcheck-uppercase-email burn-badcreds private-badcreds recent-anon recent-badcreds secret-view-badcreds "
     "utf8-latin1-basic"},
    {ALL, OTSD_ERR_GONE,
     "burn-after-retrieved burn-generate-expired burn-pass-right-second burn-share-expired burn-short burn-twice "
     "burn-with-secret-key passphrase-trimmed-variant private-short private-with-secret-key "
     "realtime-ttl60-expired-burn realtime-ttl60-expired-secret realtime-ttl60-metadata-gone recent-post secret-19 "
     "secret-after-burn secret-generate-expired secret-pass-empty secret-pass-missing secret-pass-wrong "
     "secret-unknown secret-unknown-31 secret-unknown-authed secret-uppercase-key secret-view-owner-second "
     "secret-view-second storm-burn-loser storm-read-loser utf8-bad-latin1-readback-2"},
    {THIN | R24 | R25, OTSD_ERR_GONE, "secret-key-with-space"},
    {R21_23 | NEW | R18, OTSD_ERR_GONE, "realtime-ttl60-expired-burn-before-get"},
    {NEW, OTSD_ERR_GONE, "burn-receipt-alias passphrase-72-bytes-prefix-only"},
    {R26, OTSD_ERR_GONE, "secret-key-in-query-override"},
    {ALL, OTSD_ERR_RATE_LIMITED, "ratelimit-create-anon"},
    {THIN, OTSD_ERR_RATE_LIMITED, "ratelimit-create-auth ratelimit-recipient ratelimit-secret-wrong-pass"},
    {ALL, OTSD_ERR_SERVER, "body-array-ttl"},
    {THIN, OTSD_ERR_SERVER, "body-array-secret body-nested-secret passphrase-72-bytes-prefix-only"},
    {NEW | R18 | R20, OTSD_ERR_SERVER, "utf8-bad-latin1-readback"},
    {NEW | R22 | R23, OTSD_ERR_SERVER, "generate-anon-length-nonnumeric generate-auth-length0"},
    {R18 | R20 | R24 | R25, OTSD_ERR_SERVER, "utf8-bad-percent-private utf8-bad-raw-private"},
    {R21_23, OTSD_ERR_SERVER, "recent-metadata-alias"},
    {NEW, OTSD_ERR_SERVER, "json-array-body utf8-truncated-percent-path"},
    {R24 | R25, OTSD_ERR_SERVER, "json-share-numeric-secret"},
    {R18, OTSD_ERR_SERVER, "burn-pass-wrong json-burn-pass"},
    {R26, OTSD_ERR_SERVER, "ratelimit-secret-right-pass-while-limited ratelimit-secret-wrong-pass"},
    {ALL, OTSD_ERR_REFUSED,
     "generate-anon-recipient generate-anon-share-domain-unknown json-malformed share-anon-empty-secret "
     "share-anon-missing-secret share-anon-no-body share-anon-recipient share-anon-recipient-multi-array "
     "share-anon-recipient-multi-repeat share-anon-recipient-passphrase share-anon-share-domain-unknown "
     "share-auth-empty-secret share-auth-missing-secret"},
    {THIN | R25 | R26, OTSD_ERR_REFUSED, "share-anon-recipient-display-name"},
    {R21_23 | NEW | R20, OTSD_ERR_REFUSED, "burn-pass-wrong"},
    {THIN | R24, OTSD_ERR_REFUSED, "body-octet-stream body-text-plain"},
    {THIN, OTSD_ERR_REFUSED,
     "json-array-body json-share-anon json-share-anon-nested json-share-auth-nested json-share-charset "
     "json-share-null-ttl json-share-numeric-secret json-share-passphrase json-share-string-ttl "
     "utf8-truncated-percent-path"},
    {NEW | R22 | R23, OTSD_ERR_REFUSED,
     "generate-anon-short-passphrase share-anon-passphrase-3 share-anon-short-passphrase "
     "share-auth-short-passphrase utf8-bad-passphrase"},
    {R21_23 | R20, OTSD_ERR_REFUSED, "create-auth json-burn-pass"},
    {NEW, OTSD_ERR_REFUSED, "share-anon-recipient-long-tld"},
    {R22 | R23, OTSD_ERR_REFUSED, "generate-auth-passphrase-4"},
    {R25 | R26, OTSD_ERR_REFUSED,
     "share-anon-recipient-invalid share-auth-recipient-display-name share-auth-recipient-invalid "
     "share-auth-recipient-invalid2 share-auth-recipient-multi-comma"},
    {R26, OTSD_ERR_REFUSED, "generate-anon-length129 generate-auth-length129"},
    {ALL, OTSD_ERR_NOT_V1,
     "burn-get-method path-root-slash path-unknown path-unknown-post path-uppercase secret-empty-key "
     "secret-get-method secret-weird-key wrong-generate-get wrong-options-share wrong-private-delete "
     "wrong-share-put wrong-status-post"},
    {THIN | R24 | R25, OTSD_ERR_NOT_V1, "path-double-slash secret-trailing-slash"},
    {THIN, OTSD_ERR_NOT_V1, "burn-metadata-alias burn-receipt-alias receipt-alias-get"},
    {R18 | R20 | R21, OTSD_ERR_NOT_V1, "path-v3"},
    {ALL, OTSD_ERR_ANSWER, "status-head wrong-head-private"},
};

#define EXPECTATIONS (sizeof expectations / sizeof expectations[0])

/* How often the names of each row were met. */
static unsigned met[EXPECTATIONS];
static unsigned tests, failures;

static void result(bool ok, const char *file, const char *name, const char *what) {
    tests++;
    failures += ok ? 0 : 1;
    printf("%s %u - %s, %s: %s\n", ok ? "ok" : "not ok", tests, file, name, what);
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

static otsd_err expected_of(unsigned release, const char *name) {
    size_t i;

    for (i = 0; i < EXPECTATIONS; i++)
        if ((expectations[i].releases & release) && listed(expectations[i].names, name)) {
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

/* Entry by entry, as it is delivered. Newer ones name the secret, which a list never gives away. */
static bool taken_list(struct json_object *json, otsd_error *e) {
    bool same = json_object_is_type(json, json_type_array) && json_object_array_length(json) > 0;

    for (size_t i = 0; same && i < json_object_array_length(json); i++) {
        struct json_object *o = json_object_array_get_idx(json, i);
        otsd_receipt *r = NULL;

        same = receipt_from_json(o, RECEIPT_LISTED, &r, e) == OTSD_OK && r->secret_key[0] == '\0' && same_receipt(o, r);
        otsd_receipt_free(&r);
    }
    return same;
}

/* What all answers of a release together show. */
static generation shown;

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
    if (strstr(path, "/recent"))
        return taken_list(json, e);
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
    if (kind == RECEIPT_GENERATE)
        generation_learn_value(&shown, r->value);
    otsd_receipt_free(&r);
    return same;
}

/* What each release may be taken for. */
static bool learns(const struct reply *a, struct json_object *headers, unsigned release) {
    static const unsigned of_bit[] = {GENERATION_18,    GENERATION_20,    GENERATION_21,    GENERATION_22_23,
                                      GENERATION_22_23, GENERATION_24_25, GENERATION_24_25, GENERATION_26};
    http_answer h = {.status = a->status};
    generation known = {0};
    unsigned own = of_bit[__builtin_ctz(release)];
    char line[4096];

    json_object_object_foreach(headers, name, m) {
        size_t n = json_object_is_type(m, json_type_array) ? json_object_array_length(m) : 1;

        for (size_t i = 0; i < n; i++) {
            struct json_object *value = json_object_is_type(m, json_type_array) ? json_object_array_get_idx(m, i) : m;
            int len = snprintf(line, sizeof line, "%s: %s\r\n", name, json_object_get_string(value));

            header_note(&h, line, (size_t)len);
        }
    }
    h.body = (wiped){.data = (char *)a->body, .len = a->len}; /* only read */
    generation_learn(&known, &h, a->json);
    generation_learn(&shown, &h, a->json);
    return (known.known & own) && (shown.known & own);
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

static void exchange(struct json_object *o, const struct recorded *from) {
    struct json_object *request = NULL, *response = NULL, *headers = NULL, *body = NULL, *status = NULL;
    const char *name = text_of(o, "name");
    otsd_err expected = expected_of(from->release, name), rc;
    struct reply a = {0};
    otsd_error e = {0};
    bool no_memory, ok;

    if (!json_object_object_get_ex(o, "request", &request) || !json_object_object_get_ex(o, "response", &response) ||
        !json_object_object_get_ex(response, "headers", &headers) ||
        !json_object_object_get_ex(response, "body", &body) ||
        !json_object_object_get_ex(response, "status", &status)) {
        result(false, from->file, name, "the recording is damaged");
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
    ok = rc == expected && learns(&a, headers, from->release);
    if (rc == OTSD_OK)
        ok = ok && taken(a.json, text_of(request, "path"), &e);
    else
        ok = ok && e.code == rc && e.http_status == a.status && e.reach == OTSD_REACH_ANSWERED && e.message[0] != '\0';
    result(ok, from->file, name, otsd_strerror(expected));
    if (!ok)
        printf("# got: %s; %s\n", otsd_strerror(rc), e.message);
    json_wipe(a.json);
}

static void recording(const struct recorded *from) {
    char path[128];
    struct json_object *o;
    char *line = NULL;
    size_t size = 0;
    unsigned n = 0;
    FILE *f;

    memset(&shown, 0, sizeof shown);
    snprintf(path, sizeof path, FOLDER "%s.jsonl", from->file);
    f = fopen(path, "re");
    while (f && getline(&line, &size, f) > 0) {
        o = json_tokener_parse(line);
        exchange(o, from);
        json_object_put(o);
        n++;
    }
    result(f && ferror(f) == 0 && n == from->exchanges, from->file, "recording", "is there, and complete");
    result(strcmp(generation_text(shown.known), from->shown) == 0, from->file, "its release",
           generation_text(shown.known));
    free(line);
    if (f)
        (void)fclose(f); /* opened for reading: nothing can be lost */
}

int main(void) {
    unsigned expected;
    size_t i;

    for (i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
        recording(&recordings[i]);
    for (i = 0; i < EXPECTATIONS; i++) {
        expected = words(expectations[i].names) * (unsigned)__builtin_popcount(expectations[i].releases);
        if (met[i] != expected)
            printf("# row %zu: %u names, met %u times\n", i, expected, met[i]);
        result(met[i] == expected, "table", expectations[i].names, "every name was met");
    }
    printf("1..%u\n", tests);
    return failures == 0 ? 0 : 1;
}
