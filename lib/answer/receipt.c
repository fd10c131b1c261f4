/* SPDX-License-Identifier: MIT
 *
 * From JSON to typed receipts. Both the documented shapes (numbers as strings, one recipient as a string, a flat burn
 * answer) and those of real servers, old and new, are taken; what makes no sense is an error and never a guess.
 */
#include "answer/answer.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RECIPIENTS_MAX 64
#define STRING_MAX 1024

static otsd_state state_of(const char *name) {
    for (int s = OTSD_STATE_NEW; s <= OTSD_STATE_ORPHANED; s++)
        if (strcmp(name, otsd_state_name((otsd_state)s)) == 0)
            return (otsd_state)s;
    return OTSD_STATE_UNKNOWN;
}

static otsd_err malformed(otsd_error *e, const char *name, const char *what) {
    return error_set(e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED, "malformed answer: `%s` %s", name, what);
}

static otsd_err no_memory(otsd_error *e) {
    return error_set(e, OTSD_ERR_MEMORY, OTSD_REACH_ANSWERED, "out of memory, or of lockable memory, for the answer");
}

/* The member by either of its names; NULL where absent or null. */
static struct json_object *find(struct json_object *o, const char *name, const char *alias) {
    struct json_object *m = NULL;

    if (json_object_object_get_ex(o, name, &m) && m)
        return m;
    if (alias && json_object_object_get_ex(o, alias, &m))
        return m;
    return NULL;
}

static otsd_err get_string(struct json_object *o, const char *name, const char *alias, char **out, otsd_error *e) {
    struct json_object *m = find(o, name, alias);
    const char *s = "";

    if (m) {
        if (!json_object_is_type(m, json_type_string))
            return malformed(e, name, "is no string");
        s = json_object_get_string(m);
        if (strlen(s) != (size_t)json_object_get_string_len(m) || strlen(s) > STRING_MAX)
            return malformed(e, name, "is too long or contains a zero byte");
    }
    *out = strdup(s);
    return *out ? OTSD_OK : no_memory(e);
}

static otsd_err get_key(struct json_object *o, const char *name, const char *alias, bool required, char **out,
                        otsd_error *e) {
    otsd_err rc = get_string(o, name, alias, out, e);

    if (rc != OTSD_OK || !*out)
        return rc;
    if ((*out)[0] == '\0' ? required : !text_is_key(*out))
        return malformed(e, name, (*out)[0] == '\0' ? "is missing" : "has characters that a key cannot have");
    return OTSD_OK;
}

static otsd_err get_number(struct json_object *o, const char *name, const char *alias, int64_t absent, int64_t *out,
                           otsd_error *e) {
    struct json_object *m = find(o, name, alias);
    const char *s;
    char *end;
    double d;

    *out = absent;
    switch (json_object_get_type(m)) {
    case json_type_null:
        return OTSD_OK;
    case json_type_int:
        *out = json_object_get_int64(m);
        break;
    case json_type_double:
        d = json_object_get_double(m);
        if (!(d > -1e15 && d < 1e15))
            return malformed(e, name, "is out of range");
        *out = (int64_t)d;
        break;
    case json_type_string:
        s = json_object_get_string(m);
        if (!s || s[0] == '\0')
            return OTSD_OK;
        errno = 0;
        *out = strtoll(s, &end, 10);
        if (*end != '\0' || errno != 0 || s[0] == ' ' || s[0] == '+')
            return malformed(e, name, "is no number");
        break;
    default:
        return malformed(e, name, "is no number");
    }
    /* Seconds left may be a little below zero for what has just expired; no time is. */
    if (*out < -(int64_t)31536000 || *out > (int64_t)1 << 50)
        return malformed(e, name, "is out of range");
    if (*out < 0)
        *out = 0;
    return OTSD_OK;
}

static bool is_word(struct json_object *m, const char *word) {
    return json_object_is_type(m, json_type_string) && (size_t)json_object_get_string_len(m) == strlen(word) &&
           strcasecmp(json_object_get_string(m), word) == 0;
}

static otsd_err get_tri(struct json_object *o, const char *name, const char *alias, otsd_tri *out, otsd_error *e) {
    struct json_object *m = find(o, name, alias);

    *out = OTSD_UNKNOWN;
    if (!m)
        return OTSD_OK;
    if (json_object_is_type(m, json_type_boolean))
        *out = json_object_get_boolean(m) ? OTSD_YES : OTSD_NO;
    else if (is_word(m, "true"))
        *out = OTSD_YES;
    else if (is_word(m, "false"))
        *out = OTSD_NO;
    else
        return malformed(e, name, "is neither true nor false");
    return OTSD_OK;
}

static otsd_err add_recipient(otsd_receipt *t, struct json_object *m, otsd_error *e) {
    const char *s;

    if (!json_object_is_type(m, json_type_string))
        return malformed(e, "recipient", "is no string");
    s = json_object_get_string(m);
    if (strlen(s) != (size_t)json_object_get_string_len(m) || strlen(s) > STRING_MAX)
        return malformed(e, "recipient", "is too long or contains a zero byte");
    if (s[0] == '\0')
        return OTSD_OK;
    t->recipients[t->recipients_len] = strdup(s);
    if (!t->recipients[t->recipients_len])
        return no_memory(e);
    t->recipients_len++;
    return OTSD_OK;
}

static otsd_err get_recipients(struct json_object *o, otsd_receipt *t, otsd_error *e) {
    struct json_object *m = find(o, "recipient", "recipients");
    size_t n = 1;
    otsd_err rc = OTSD_OK;

    if (!m)
        return OTSD_OK;
    if (json_object_is_type(m, json_type_array))
        n = json_object_array_length(m);
    if (n == 0)
        return OTSD_OK;
    if (n > RECIPIENTS_MAX)
        return malformed(e, "recipient", "has too many entries");
    t->recipients = calloc(n, sizeof *t->recipients);
    if (!t->recipients)
        return no_memory(e);
    if (!json_object_is_type(m, json_type_array))
        return add_recipient(t, m, e);
    for (size_t i = 0; i < n && rc == OTSD_OK; i++)
        rc = add_recipient(t, json_object_array_get_idx(m, i), e);
    return rc;
}

static otsd_err get_value(struct json_object *o, bool required, otsd_secret **out, otsd_error *e) {
    struct json_object *m = find(o, "value", "secret_value");
    otsd_err rc;

    if (!m)
        return required ? malformed(e, "value", "is missing") : OTSD_OK;
    if (!json_object_is_type(m, json_type_string))
        return malformed(e, "value", "is no string");
    rc = otsd_secret_new(out, json_object_get_string(m), (size_t)json_object_get_string_len(m), NULL);
    if (rc == OTSD_ERR_ARGUMENT)
        return malformed(e, "value", "is too long");
    return rc == OTSD_OK ? OTSD_OK : no_memory(e);
}

/* In v2's list `secret_ttl` is what was granted, and no count of seconds left; `lifespan` is twice that. Where the two
 * do not agree it is something else, and nobody knows what was granted. */
static otsd_err get_granted(struct json_object *o, otsd_receipt *t, otsd_error *e) {
    int64_t lifespan = -1;
    otsd_err rc = get_number(o, "secret_ttl", NULL, -1, &t->ttl, e);

    if (rc == OTSD_OK)
        rc = get_number(o, "lifespan", NULL, -1, &lifespan, e);
    if (lifespan >= 0 && lifespan != 2 * t->ttl)
        t->ttl = -1;
    t->metadata_ttl = t->secret_ttl = -1;
    return rc;
}

static otsd_err get_times(struct json_object *o, receipt_kind kind, otsd_receipt *t, otsd_error *e) {
    otsd_err rc;

    if (kind == RECEIPT_LISTED_V2)
        return get_granted(o, t, e);
    rc = get_number(o, "ttl", NULL, -1, &t->ttl, e);
    if (rc == OTSD_OK)
        rc = get_number(o, "metadata_ttl", "receipt_ttl", -1, &t->metadata_ttl, e);
    return rc == OTSD_OK ? get_number(o, "secret_ttl", NULL, -1, &t->secret_ttl, e) : rc;
}

static otsd_err fill(otsd_receipt *t, struct json_object *o, receipt_kind kind, otsd_error *e) {
    bool fresh = kind == RECEIPT_SHARE || kind == RECEIPT_GENERATE;
    bool is_v2 = kind == RECEIPT_LISTED_V2;
    char *state = NULL;
    otsd_err rc;

    if ((rc = get_key(o, is_v2 ? "key" : "metadata_key", "identifier", true, &t->metadata_key, e)) != OTSD_OK ||
        (rc = get_string(o, "custid", NULL, &t->custid, e)) != OTSD_OK ||
        (rc = get_string(o, "share_domain", NULL, &t->share_domain, e)) != OTSD_OK ||
        (rc = get_string(o, "state", NULL, &state, e)) != OTSD_OK || (rc = get_times(o, kind, t, e)) != OTSD_OK ||
        (rc = get_number(o, "created", NULL, 0, &t->created, e)) != OTSD_OK ||
        (rc = get_number(o, "updated", NULL, 0, &t->updated, e)) != OTSD_OK ||
        (rc = get_number(o, "received", NULL, 0, &t->received, e)) != OTSD_OK ||
        (rc = get_number(o, "burned", NULL, 0, &t->burned, e)) != OTSD_OK ||
        (rc = get_tri(o, "passphrase_required", "has_passphrase", &t->passphrase_required, e)) != OTSD_OK ||
        (rc = get_recipients(o, t, e)) != OTSD_OK)
        goto out;
    if (kind == RECEIPT_LISTED || is_v2) {
        t->secret_key = strdup("");
        rc = t->secret_key ? OTSD_OK : no_memory(e);
    } else {
        rc = get_key(o, "secret_key", "secret_identifier", fresh, &t->secret_key, e);
        if (rc == OTSD_OK)
            rc = get_value(o, kind == RECEIPT_GENERATE, &t->value, e);
    }
    if (rc == OTSD_OK && (!state || state[0] == '\0'))
        rc = malformed(e, "state", "is missing");
    if (rc == OTSD_OK)
        t->state = state_of(state);
out:
    free(state);
    return rc;
}

otsd_err receipt_from_json(struct json_object *json, receipt_kind kind, otsd_receipt **out, otsd_error *e) {
    struct json_object *nested;
    otsd_receipt *t;
    otsd_err rc;

    if (kind == RECEIPT_BURN && json_object_object_get_ex(json, "state", &nested) &&
        json_object_is_type(nested, json_type_object))
        json = nested;
    if (!json_object_is_type(json, json_type_object))
        return error_set(e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED, "malformed answer: no receipt");
    t = calloc(1, sizeof *t);
    if (!t)
        return no_memory(e);
    rc = fill(t, json, kind, e);
    if (rc == OTSD_OK)
        *out = t;
    else
        otsd_receipt_free(&t);
    return rc;
}

otsd_err value_from_json(struct json_object *json, otsd_secret **out, otsd_error *e) {
    if (!json_object_is_type(json, json_type_object))
        return error_set(e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED, "malformed answer: no secret");
    return get_value(json, true, out, e);
}

otsd_err status_from_json(struct json_object *json, otsd_error *e) {
    struct json_object *m;
    char word[65];

    if (!json_object_is_type(json, json_type_object) || !json_object_object_get_ex(json, "status", &m) ||
        !json_object_is_type(m, json_type_string))
        return error_set(e, OTSD_ERR_NOT_V1, OTSD_REACH_ANSWERED, "%s (no status in the answer)",
                         otsd_strerror(OTSD_ERR_NOT_V1));
    if (strcmp(json_object_get_string(m), "nominal") == 0)
        return OTSD_OK;
    text_printable(word, sizeof word, json_object_get_string(m), (size_t)json_object_get_string_len(m));
    return error_set(e, OTSD_ERR_SERVER, OTSD_REACH_ANSWERED, "%s (its status is \"%s\")",
                     otsd_strerror(OTSD_ERR_SERVER), word);
}
