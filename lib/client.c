/* SPDX-License-Identifier: MIT
 *
 * The client handle and the calls of the API. Every call: check the arguments, build the form in wiped memory, one HTTP
 * exchange, ask classify what the answer means, read it. Whatever an answer carried is wiped before the call returns.
 */
#include "private.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)2 << 20)
#define ANSWER_MAX_LIST ((size_t)16 << 20)
#define VALUE_MAX ((size_t)100000)
#define PATH_SIZE 320

struct otsd_client {
    struct http_settings settings;
    struct http_exchange *exchange;
    long timeout_ms; /* 0: as configured */
};

static bool copy(char **out, const char *s) {
    if (s == NULL)
        return true;
    *out = strdup(s);
    return *out != NULL;
}

/* "Authorization: Basic ..." in secret memory. */
static otsd_err make_authorization(otsd_secret **out, const char *username, const otsd_secret *token, otsd_error *e) {
    static const char start[] = "Authorization: Basic ";
    size_t user_len = strlen(username), len = user_len + 1 + otsd_secret_len(token);
    otsd_secret *plain = NULL, *line = NULL;
    otsd_err rc;

    rc = secret_alloc(&plain, len);
    if (rc == OTSD_OK)
        rc = secret_alloc(&line, strlen(start) + base64_size(len));
    if (rc != OTSD_OK) {
        rc = error_local(e, OTSD_ERR_MEMORY, "no locked memory for the token (see ulimit -l)");
        goto out;
    }
    memcpy(secret_memory(plain), username, user_len);
    secret_memory(plain)[user_len] = ':';
    memcpy(secret_memory(plain) + user_len + 1, otsd_secret_data(token), otsd_secret_len(token));
    memcpy(secret_memory(line), start, strlen(start));
    base64_write(secret_memory(line) + strlen(start), secret_memory(plain), len);
    *out = line;
    line = NULL;
out:
    otsd_secret_free(&plain);
    otsd_secret_free(&line);
    return rc;
}

static otsd_err read_token(otsd_secret **out, const otsd_config *config, otsd_error *e) {
    const char *path = config->server.token_file, *dir;
    char buffer[PATH_MAX];
    otsd_err rc;
    int n;

    if (path == NULL) {
        dir = secure_getenv("CREDENTIALS_DIRECTORY");
        if (dir == NULL || dir[0] != '/')
            return error_local(e, OTSD_ERR_CONFIG,
                               "server.username is set, but no token: set server.token_file, or pass otsd-token as a "
                               "credential of the service");
        n = snprintf(buffer, sizeof buffer, "%s/otsd-token", dir);
        if (n < 0 || (size_t)n >= sizeof buffer)
            return error_local(e, OTSD_ERR_CONFIG, "CREDENTIALS_DIRECTORY is too long");
        path = buffer;
    }
    rc = otsd_secret_from_file(out, path, 1024, e);
    if (rc != OTSD_OK)
        return rc;
    if (otsd_secret_len(*out) == 0 || strlen(otsd_secret_data(*out)) != otsd_secret_len(*out) ||
        text_has_control(otsd_secret_data(*out))) {
        otsd_secret_free(out);
        return error_local(e, OTSD_ERR_CONFIG, "%s: one line with the API token was expected", path);
    }
    return OTSD_OK;
}

otsd_err otsd_client_new(otsd_client **out, const otsd_config *config, otsd_error *e) {
    otsd_client *c = calloc(1, sizeof *c);
    otsd_secret *token = NULL;
    otsd_err rc = OTSD_OK;

    if (c == NULL || !copy(&c->settings.base, config->server.url) ||
        !copy(&c->settings.ca_file, config->server.ca_file) ||
        !copy(&c->settings.pinned_key, config->server.pinned_key) || !copy(&c->settings.proxy, config->server.proxy)) {
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
        goto out;
    }
    c->settings.connect_timeout_ms = config->server.connect_timeout_ms;
    c->settings.timeout_ms = config->server.timeout_ms;
    if (config->server.username != NULL) {
        rc = read_token(&token, config, e);
        if (rc == OTSD_OK)
            rc = make_authorization(&c->settings.authorization, config->server.username, token, e);
    }
    if (rc == OTSD_OK)
        rc = http_exchange_new(&c->exchange, &c->settings, e);
    if (rc == OTSD_OK) {
        *out = c;
        c = NULL;
    }
out:
    otsd_secret_free(&token);
    otsd_client_free(&c);
    return rc;
}

void otsd_client_free(otsd_client **p) {
    otsd_client *c;

    if (p == NULL || *p == NULL)
        return;
    c = *p;
    *p = NULL;
    http_exchange_free(&c->exchange);
    otsd_secret_free(&c->settings.authorization);
    free(c->settings.base);
    free(c->settings.ca_file);
    free(c->settings.pinned_key);
    free(c->settings.proxy);
    free(c);
}

void otsd_client_set_timeout(otsd_client *c, long timeout_ms) {
    c->timeout_ms = timeout_ms < 0 ? 1 : timeout_ms;
}

/* One exchange; on OTSD_OK *json is the body of an answer that says yes, to be given to json_wipe. */
static otsd_err call(otsd_client *c, const struct http_request *request, bool about_key, struct json_object **json,
                     otsd_error *e) {
    struct http_request r = *request;
    const struct http_answer *h = NULL;
    struct answer a = {0};
    bool no_memory = false;
    otsd_err rc;

    r.timeout_ms = c->timeout_ms;
    if (r.answer_max == 0)
        r.answer_max = ANSWER_MAX;
    rc = http_prepare(c->exchange, &r, e);
    if (rc != OTSD_OK)
        return rc;
    rc = http_finish(c->exchange, http_perform(c->exchange), &h, e);
    if (rc != OTSD_OK)
        return rc;
    a.status = h->status;
    a.intended = h->intended;
    a.retry_after = h->retry_after;
    a.content_type = h->content_type;
    a.location = h->location;
    a.body = h->body.data != NULL ? h->body.data : "";
    a.len = h->body.len;
    a.about_key = about_key;
    a.json = json_read(a.body, a.len, &no_memory);
    if (no_memory)
        rc = error_set(e, OTSD_ERR_MEMORY, OTSD_REACH_ANSWERED, "out of memory for the answer");
    else
        rc = classify_answer(&a, c->settings.base, e);
    if (rc == OTSD_OK)
        *json = a.json;
    else
        json_wipe(a.json);
    http_forget(c->exchange);
    return rc;
}

static otsd_err status_call(otsd_client *c, const char *path, otsd_error *e) {
    const struct http_request r = {.path = path, .repeatable = true};
    struct json_object *json = NULL;
    otsd_err rc = call(c, &r, false, &json, e);

    if (rc == OTSD_OK)
        rc = status_from_json(json, e);
    json_wipe(json);
    return rc;
}

otsd_err otsd_status(otsd_client *c, otsd_error *e) {
    return status_call(c, "/status", e);
}

otsd_err otsd_authcheck(otsd_client *c, otsd_error *e) {
    if (c->settings.authorization == NULL)
        return error_local(e, OTSD_ERR_CREDENTIALS, "no user name and token are configured");
    return status_call(c, "/authcheck", e);
}

static otsd_err check_options(const otsd_options *o, otsd_error *e) {
    if (o->ttl < 0)
        return error_local(e, OTSD_ERR_ARGUMENT, "a ttl cannot be negative");
    if (o->length < 0 || o->length > 128)
        return error_local(e, OTSD_ERR_ARGUMENT, "a length of 1 to 128 was expected");
    if (o->recipient != NULL && !text_is_address(o->recipient))
        return error_local(e, OTSD_ERR_ARGUMENT, "the recipient is not one plain mail address");
    if (o->share_domain != NULL && !text_is_host(o->share_domain))
        return error_local(e, OTSD_ERR_ARGUMENT, "the share domain is not a host name");
    if (o->locale != NULL && !text_is_locale(o->locale))
        return error_local(e, OTSD_ERR_ARGUMENT, "the locale is not like \"en\" or \"pt_BR\"");
    return OTSD_OK;
}

/* An empty passphrase would be none at all, and malformed text could never be entered again. */
static otsd_err check_passphrase(const otsd_secret *p, otsd_error *e) {
    if (p != NULL && (otsd_secret_len(p) == 0 || otsd_secret_len(p) > 1024 ||
                      memchr(otsd_secret_data(p), '\0', otsd_secret_len(p)) != NULL ||
                      !utf8_valid(otsd_secret_data(p), otsd_secret_len(p))))
        return error_local(e, OTSD_ERR_ARGUMENT, "the passphrase is empty, too long, or not valid UTF-8");
    return OTSD_OK;
}

static bool add_secret(otsd_client *c, struct wiped *form, const char *name, const otsd_secret *s) {
    return s == NULL || http_form_add(c->exchange, form, name, otsd_secret_data(s), otsd_secret_len(s));
}

static bool add_string(otsd_client *c, struct wiped *form, const char *name, const char *s) {
    return s == NULL || http_form_add(c->exchange, form, name, s, strlen(s));
}

static bool add_number(otsd_client *c, struct wiped *form, const char *name, long n) {
    char digits[32];

    (void)snprintf(digits, sizeof digits, "%ld", n); /* a long fits */
    return n == 0 || add_string(c, form, name, digits);
}

static otsd_err create(otsd_client *c, const otsd_secret *value, const otsd_options *o, otsd_receipt **out,
                       otsd_error *e) {
    static const otsd_options defaults;
    struct wiped form = {0};
    const struct http_request r = {.path = value != NULL ? "/share" : "/generate", .form = &form};
    struct json_object *json = NULL;
    otsd_err rc;

    if (o == NULL)
        o = &defaults;
    rc = check_options(o, e);
    if (rc == OTSD_OK)
        rc = check_passphrase(o->passphrase, e);
    if (rc != OTSD_OK)
        return rc;
    if (!add_secret(c, &form, "secret", value) || !add_number(c, &form, "ttl", o->ttl) ||
        !add_secret(c, &form, "passphrase", o->passphrase) || !add_string(c, &form, "recipient", o->recipient) ||
        !add_string(c, &form, "share_domain", o->share_domain) || !add_string(c, &form, "locale", o->locale) ||
        (value == NULL && !add_number(c, &form, "length", o->length)))
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    if (rc == OTSD_OK)
        rc = call(c, &r, false, &json, e);
    if (rc == OTSD_OK)
        rc = receipt_from_json(json, value != NULL ? RECEIPT_SHARE : RECEIPT_GENERATE, out, e);
    json_wipe(json);
    wiped_free(&form);
    return rc;
}

otsd_err otsd_share(otsd_client *c, const otsd_secret *value, const otsd_options *o, otsd_receipt **out,
                    otsd_error *e) {
    if (value == NULL || otsd_secret_len(value) == 0)
        return error_local(e, OTSD_ERR_ARGUMENT, "there is nothing to share");
    if (otsd_secret_len(value) > VALUE_MAX)
        return error_local(e, OTSD_ERR_ARGUMENT, "the secret is longer than %zu bytes: servers would cut it",
                           VALUE_MAX);
    if (!utf8_valid(otsd_secret_data(value), otsd_secret_len(value)))
        return error_local(e, OTSD_ERR_ARGUMENT, "the secret is not valid UTF-8: it could never be read back");
    return create(c, value, o, out, e);
}

otsd_err otsd_generate(otsd_client *c, const otsd_options *o, otsd_receipt **out, otsd_error *e) {
    return create(c, NULL, o, out, e);
}

/* start KEY end, into path. */
static otsd_err key_path(char *path, const char *start, const char *key, const char *end, otsd_error *e) {
    if (key == NULL || !text_is_key(key))
        return error_local(e, OTSD_ERR_ARGUMENT, "a key has 1 to 256 letters and digits, nothing else");
    (void)snprintf(path, PATH_SIZE, "%s%s%s", start, key, end); /* 256 and the longest of the callers' fit */
    return OTSD_OK;
}

otsd_err otsd_read(otsd_client *c, const char *secret_key, const otsd_secret *passphrase, otsd_secret **out,
                   otsd_error *e) {
    char path[PATH_SIZE];
    struct wiped form = {0};
    const struct http_request r = {.path = path, .form = &form};
    struct json_object *json = NULL;
    otsd_err rc = key_path(path, "/secret/", secret_key, "", e);

    if (rc == OTSD_OK)
        rc = check_passphrase(passphrase, e);
    if (rc == OTSD_OK && !add_secret(c, &form, "passphrase", passphrase))
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    if (rc == OTSD_OK)
        rc = call(c, &r, true, &json, e);
    if (rc == OTSD_OK)
        rc = value_from_json(json, out, e);
    json_wipe(json);
    wiped_free(&form);
    otsd_wipe(path, sizeof path);
    return rc;
}

otsd_err otsd_fetch(otsd_client *c, const char *metadata_key, otsd_receipt **out, otsd_error *e) {
    char path[PATH_SIZE];
    const struct http_request r = {.path = path, .repeatable = true};
    struct json_object *json = NULL;
    otsd_err rc = key_path(path, "/private/", metadata_key, "", e);

    if (rc == OTSD_OK)
        rc = call(c, &r, true, &json, e);
    if (rc == OTSD_OK)
        rc = receipt_from_json(json, RECEIPT_FETCH, out, e);
    json_wipe(json);
    otsd_wipe(path, sizeof path);
    return rc;
}

otsd_err otsd_burn(otsd_client *c, const char *metadata_key, const otsd_secret *passphrase, otsd_receipt **out,
                   otsd_error *e) {
    char path[PATH_SIZE];
    struct wiped form = {0};
    const struct http_request r = {.path = path, .form = &form, .repeatable = true};
    struct json_object *json = NULL;
    otsd_receipt *before = NULL;
    otsd_err rc = key_path(path, "/private/", metadata_key, "/burn", e);

    if (rc == OTSD_OK)
        rc = check_passphrase(passphrase, e);
    if (rc == OTSD_OK && !add_secret(c, &form, "passphrase", passphrase))
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    if (rc == OTSD_OK)
        rc = call(c, &r, true, &json, e);
    if (rc == OTSD_OK)
        rc = receipt_from_json(json, RECEIPT_BURN, &before, e);
    if (rc == OTSD_OK && out != NULL) {
        *out = before;
        before = NULL;
    }
    otsd_receipt_free(&before);
    json_wipe(json);
    wiped_free(&form);
    otsd_wipe(path, sizeof path);
    return rc;
}

otsd_err otsd_recent(otsd_client *c, otsd_receipts **out, otsd_error *e) {
    const struct http_request r = {.path = "/private/recent", .repeatable = true, .answer_max = ANSWER_MAX_LIST};
    struct json_object *json = NULL;
    otsd_err rc = call(c, &r, false, &json, e);

    if (rc == OTSD_OK)
        rc = receipts_from_json(json, out, e);
    json_wipe(json);
    return rc;
}

otsd_err otsd_link(const otsd_client *c, const otsd_receipt *r, char **out) {
    char *link = NULL;
    int n;

    if (r->secret_key[0] == '\0' || !text_is_key(r->secret_key))
        return OTSD_ERR_ARGUMENT;
    if (r->share_domain[0] == '\0')
        n = asprintf(&link, "%s/secret/%s", c->settings.base, r->secret_key);
    else if (text_is_host(r->share_domain))
        n = asprintf(&link, "https://%s/secret/%s", r->share_domain, r->secret_key);
    else
        return OTSD_ERR_ARGUMENT;
    if (n < 0)
        return OTSD_ERR_MEMORY;
    *out = link;
    return OTSD_OK;
}
