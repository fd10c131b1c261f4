/* SPDX-License-Identifier: MIT
 *
 * The client handle and the calls of the API. Every call: check the arguments, build the form in wiped memory, one HTTP
 * exchange, ask what the answer means, read it. Whatever an answer carried is wiped before the call returns.
 */
#include "client/client.h"
#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 320

otsd_err otsd_client_new(otsd_client **out, const otsd_server *server, otsd_error *e) {
    otsd_client *c;
    otsd_err rc;

    if (!out)
        return error_null(e, "out");
    c = calloc(1, sizeof *c);
    if (!c)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    rc = settings_make(&c->settings, server, e);
    if (rc == OTSD_OK)
        rc = conf_copy_names(&c->link_hosts, server->link_hosts, NULL, e);
    if (rc == OTSD_OK)
        rc = http_exchange_new(&c->exchange, &c->settings, e);
    if (rc == OTSD_OK)
        *out = c;
    else
        otsd_client_free(&c);
    return rc;
}

void otsd_client_free(otsd_client **p) {
    otsd_client *c;

    if (!p || !*p)
        return;
    c = *p;
    *p = NULL;
    http_exchange_free(&c->exchange);
    settings_free(&c->settings);
    conf_free_names(c->link_hosts);
    free(c);
}

void otsd_client_set_timeout(otsd_client *c, long timeout_ms) {
    if (c)
        c->timeout_ms = timeout_ms < 0 ? 1 : timeout_ms;
}

const char *otsd_client_generation(const otsd_client *c) {
    return generation_text(c ? c->generation.known : 0);
}

void otsd_client_assume_generation(otsd_client *c, const char *text) {
    if (c && text)
        generation_assume(&c->generation, text);
}

otsd_err client_exchange(otsd_client *c, const http_request *request, const http_answer **h, otsd_error *e) {
    http_request r = *request;
    otsd_err rc;

    r.timeout_ms = c->timeout_ms;
    rc = http_prepare(c->exchange, &r, e);
    return rc == OTSD_OK ? http_finish(c->exchange, http_perform(c->exchange), h, e) : rc;
}

/* One exchange; on OTSD_OK *json is the body of an answer that says yes, to be given to json_wipe. */
static otsd_err call(otsd_client *c, const http_request *r, bool about_key, struct json_object **json, otsd_error *e) {
    const http_answer *h = NULL;
    otsd_err rc = client_exchange(c, r, &h, e);

    if (rc == OTSD_OK)
        rc = answer_read(h, c->settings.base, about_key, json, e);
    if (h)
        generation_learn(&c->generation, h, rc == OTSD_OK ? *json : NULL);
    http_forget(c->exchange);
    return rc;
}

/* Before anything is sent: is there a client, and a place for the result? */
static otsd_err check_call(const otsd_client *c, const void *out, otsd_error *e) {
    if (!c || !out)
        return error_null(e, c ? "out" : "the client");
    return OTSD_OK;
}

static otsd_err status_call(otsd_client *c, const char *path, otsd_error *e) {
    const http_request r = {.path = path, .repeatable = true};
    struct json_object *json = NULL;
    otsd_err rc = call(c, &r, false, &json, e);

    if (rc == OTSD_OK)
        rc = status_from_json(json, e);
    json_wipe(json);
    return rc;
}

otsd_err otsd_status(otsd_client *c, otsd_error *e) {
    return c ? status_call(c, "/status", e) : error_null(e, "the client");
}

otsd_err otsd_authcheck(otsd_client *c, otsd_error *e) {
    if (!c)
        return error_null(e, "the client");
    if (!c->settings.authorization)
        return error_local(e, OTSD_ERR_CREDENTIALS, "no user name and token are configured");
    return status_call(c, "/authcheck", e);
}

otsd_err otsd_client_takes_passphrase(otsd_client *c, const otsd_secret *passphrase, otsd_error *e) {
    if (!c || !passphrase)
        return error_null(e, c ? "the passphrase" : "the client");
    /* What was only assumed is asked for, once. */
    if (c->generation.seen == 0 && generation_refuses(c->generation.known, passphrase)) {
        (void)otsd_status(c, NULL);
        if (c->generation.seen == 0)
            c->generation.known = 0;
    }
    return generation_check(&c->generation, passphrase, e);
}

static otsd_err create(otsd_client *c, const otsd_secret *value, const otsd_options *o, otsd_receipt **out,
                       otsd_error *e) {
    wiped form = {0};
    const http_request r = {.path = value ? "/share" : "/generate", .form = &form, .creates = true};
    struct json_object *json = NULL;
    otsd_err rc = check_call(c, out, e);

    if (rc == OTSD_OK)
        rc = generation_check(&c->generation, o ? o->passphrase : NULL, e);
    if (rc == OTSD_OK)
        rc = form_create(&form, value, o, e);
    if (rc == OTSD_OK)
        rc = call(c, &r, false, &json, e);
    if (rc == OTSD_OK)
        rc = receipt_from_json(json, value ? RECEIPT_SHARE : RECEIPT_GENERATE, out, e);
    if (rc == OTSD_OK && !value)
        generation_learn_value(&c->generation, (*out)->value);
    json_wipe(json);
    wiped_free(&form);
    return rc;
}

otsd_err otsd_share(otsd_client *c, const otsd_secret *value, const otsd_options *o, otsd_receipt **out,
                    otsd_error *e) {
    if (!value)
        return error_local(e, OTSD_ERR_ARGUMENT, "there is nothing to share");
    return create(c, value, o, out, e);
}

otsd_err otsd_generate(otsd_client *c, const otsd_options *o, otsd_receipt **out, otsd_error *e) {
    return create(c, NULL, o, out, e);
}

/* start KEY end, into path. */
static otsd_err key_path(char *path, const char *start, const char *key, const char *end, otsd_error *e) {
    if (!key || !text_is_key(key))
        return error_local(e, OTSD_ERR_ARGUMENT, "a key has 1 to 256 letters and digits, nothing else");
    snprintf(path, PATH_SIZE, "%s%s%s", start, key, end); /* 256 and the longest of the callers' fit */
    return OTSD_OK;
}

/* A server forgets what it has handed out. Who asked and did not get it must be told, and first of all. */
static void tell_loss(const otsd_client *c, otsd_error *e) {
    bool yes = http_status(c->exchange) / 100 == 2;

    if (yes && e->code != OTSD_ERR_NOT_V1)
        error_before(e, "the link was opened, and what it held is lost: ");
    else if (yes || e->reach == OTSD_REACH_MAYBE)
        error_before(e, "the link may have been opened, and what it held is lost then: ");
}

otsd_err otsd_read(otsd_client *c, const char *secret_key, const otsd_secret *passphrase, otsd_secret **out,
                   otsd_error *e) {
    char path[PATH_SIZE];
    wiped form = {0};
    const http_request r = {.path = path, .form = &form};
    struct json_object *json = NULL;
    otsd_error why = OTSD_ERROR_INIT;
    otsd_err rc = check_call(c, out, &why);

    if (rc == OTSD_OK)
        rc = key_path(path, "/secret/", secret_key, "", &why);
    if (rc == OTSD_OK)
        rc = form_passphrase(&form, passphrase, &why);
    if (rc == OTSD_OK) {
        rc = call(c, &r, true, &json, &why);
        if (rc == OTSD_OK)
            rc = value_from_json(json, out, &why);
        if (rc != OTSD_OK)
            tell_loss(c, &why);
    }
    if (rc != OTSD_OK)
        error_copy(e, &why);
    json_wipe(json);
    wiped_free(&form);
    otsd_wipe(path, sizeof path);
    return rc;
}

/* A receipt of another secret says nothing of this one, whatever it says. */
static otsd_err receipt_of(struct json_object *json, receipt_kind kind, const char *metadata_key, otsd_receipt **out,
                           otsd_error *e) {
    otsd_receipt *t = NULL;
    otsd_err rc = receipt_from_json(json, kind, &t, e);

    if (rc == OTSD_OK && strcmp(t->metadata_key, metadata_key) != 0)
        rc = error_set(e, OTSD_ERR_ANSWER, OTSD_REACH_ANSWERED,
                       "malformed answer: it is about another metadata key than the one that was asked for");
    if (rc == OTSD_OK)
        *out = t;
    else
        otsd_receipt_free(&t);
    return rc;
}

otsd_err otsd_fetch(otsd_client *c, const char *metadata_key, otsd_receipt **out, otsd_error *e) {
    char path[PATH_SIZE];
    const http_request r = {.path = path, .repeatable = true};
    struct json_object *json = NULL;
    otsd_err rc = check_call(c, out, e);

    if (rc == OTSD_OK)
        rc = key_path(path, "/private/", metadata_key, "", e);
    if (rc == OTSD_OK)
        rc = call(c, &r, true, &json, e);
    if (rc == OTSD_OK)
        rc = receipt_of(json, RECEIPT_FETCH, metadata_key, out, e);
    json_wipe(json);
    otsd_wipe(path, sizeof path);
    return rc;
}

/* It cannot be burned any more, whatever the reason. */
static bool is_dead(const otsd_receipt *t) {
    switch (t->state) {
    case OTSD_STATE_RECEIVED:
    case OTSD_STATE_BURNED:
    case OTSD_STATE_EXPIRED:
    case OTSD_STATE_ORPHANED:
        return true;
    case OTSD_STATE_NEW:
    case OTSD_STATE_VIEWED: /* old servers say so of what expired, too */
        return t->secret_key[0] == '\0' || t->secret_ttl <= 0;
    default:
        return false;
    }
}

/* The oldest servers (0.18) refuse a burn with a wrong passphrase, or without one, and of a secret that is gone and had
 * one, in the words of trouble. Its receipt tells which of them it is; where it does not, it is trouble. */
static otsd_err burn_refused(otsd_client *c, const char *metadata_key, otsd_error *why) {
    otsd_receipt *t = NULL;
    otsd_err got;

    if (why->code != OTSD_ERR_SERVER || why->http_status != 404)
        return why->code;
    got = otsd_fetch(c, metadata_key, &t, NULL);
    if (got == OTSD_ERR_GONE || (got == OTSD_OK && is_dead(t)))
        error_set(why, OTSD_ERR_GONE, OTSD_REACH_ANSWERED, "%s: %s (its receipt is %s)", c->settings.base,
                  otsd_strerror(OTSD_ERR_GONE), t ? otsd_state_name(t->state) : "gone, too");
    else if (got == OTSD_OK && t->passphrase_required == OTSD_YES)
        error_set(why, OTSD_ERR_REFUSED, OTSD_REACH_ANSWERED,
                  "%s: %s (the secret lives and has a passphrase, which is missing or wrong)", c->settings.base,
                  otsd_strerror(OTSD_ERR_REFUSED));
    if (why->code != OTSD_ERR_SERVER)
        error_add_http(why, 404, 0);
    otsd_receipt_free(&t);
    return why->code;
}

otsd_err otsd_burn(otsd_client *c, const char *metadata_key, const otsd_secret *passphrase, otsd_receipt **out,
                   otsd_error *e) {
    char path[PATH_SIZE];
    wiped form = {0};
    const http_request r = {.path = path, .form = &form, .repeatable = true};
    struct json_object *json = NULL;
    otsd_error why = OTSD_ERROR_INIT;
    otsd_err rc = check_call(c, out, &why);

    if (rc == OTSD_OK)
        rc = key_path(path, "/private/", metadata_key, "/burn", &why);
    if (rc == OTSD_OK)
        rc = form_passphrase(&form, passphrase, &why);
    if (rc == OTSD_OK) {
        rc = call(c, &r, true, &json, &why);
        rc = rc == OTSD_OK ? receipt_of(json, RECEIPT_BURN, metadata_key, out, &why)
                           : burn_refused(c, metadata_key, &why);
    }
    if (rc != OTSD_OK)
        error_copy(e, &why);
    json_wipe(json);
    wiped_free(&form);
    otsd_wipe(path, sizeof path);
    return rc;
}

otsd_err otsd_link(const otsd_client *c, const otsd_receipt *t, char **out, otsd_error *e) {
    if (!c || !t || !out)
        return error_null(e, !c ? "the client" : !t ? "the receipt" : "out");
    return server_link(c->settings.base, c->link_hosts, t, out, e);
}

otsd_err otsd_link_key(const otsd_client *c, const char *link, char **out, otsd_error *e) {
    if (!c || !link || !out)
        return error_null(e, !c ? "the client" : !link ? "the link" : "out");
    return server_link_key(c->settings.base, c->link_hosts, link, out, e);
}
