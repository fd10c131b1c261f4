/* SPDX-License-Identifier: MIT */
#include "remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct remote {
    otsd_client *client;
    otsd_receipts *recent; /* NULL: not asked for yet */
    int64_t recent_at;
};

/* Clocks of two hosts differ; an orphan that looks a little older than its intent is still one. */
#define CLOCK_SLACK 300

int remote_open(remote **out, const otsd_config *c, problem *p) {
    remote *r = calloc(1, sizeof *r);
    otsd_error e = {0};

    if (!r)
        return problem_set(p, EX_OSERR, "out of memory");
    if (otsd_client_new(&r->client, c, &e) != OTSD_OK) {
        free(r);
        return problem_from_otsd(p, &e, "the client cannot start");
    }
    *out = r;
    return EX_OK;
}

void remote_close(remote **r) {
    if (!*r)
        return;
    otsd_receipts_free(&(*r)->recent);
    otsd_client_free(&(*r)->client);
    free(*r);
    *r = NULL;
}

void remote_limit(remote *r, long timeout_ms) {
    otsd_client_set_timeout(r->client, timeout_ms);
}

int remote_check(remote *r, problem *p) {
    otsd_error e = {0};

    if (otsd_authcheck(r->client, &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "the server does not take us");
    return EX_OK;
}

static int passphrase_of(const record *h, otsd_secret **out, problem *p) {
    *out = NULL;
    if (h->passphrase[0] && otsd_secret_new(out, h->passphrase, strlen(h->passphrase)) != OTSD_OK)
        return problem_set(p, EX_OSERR, "out of lockable memory");
    return EX_OK;
}

/* A refusal in the API's own words proves that nothing was made. Anything else that answered may be a proxy that lost the real answer. */
static bool surely_nothing(const otsd_error *e) {
    return e->reach == OTSD_REACH_NO || e->code == OTSD_ERR_CREDENTIALS || e->code == OTSD_ERR_REFUSED ||
           e->code == OTSD_ERR_RATE_LIMITED || e->code == OTSD_ERR_NOT_V1 || e->code == OTSD_ERR_GONE ||
           e->code == OTSD_ERR_ARGUMENT;
}

int remote_generate(remote *r, const record *h, const char *locale, const char *share_domain, otsd_receipt **out,
                    bool *certain, problem *p) {
    otsd_options o = {.ttl = (long)h->ttl_asked,
                      .recipient = h->recipient[0] ? h->recipient : NULL,
                      .locale = locale,
                      .share_domain = share_domain};
    otsd_secret *passphrase = NULL;
    otsd_error e = {0};
    int rc = passphrase_of(h, &passphrase, p);

    *certain = true;
    if (rc != EX_OK)
        return rc;
    o.passphrase = passphrase;
    if (otsd_generate(r->client, &o, out, &e) != OTSD_OK) {
        *certain = surely_nothing(&e);
        rc = problem_from_otsd(p, &e, e.code == OTSD_ERR_REFUSED ? "%s: the server refused" : "%s: no password from the server",
                               h->user);
    }
    otsd_secret_free(&passphrase);
    return rc;
}

int remote_link(remote *r, const otsd_receipt *receipt, char **out, problem *p) {
    if (otsd_link(r->client, receipt, out) != OTSD_OK)
        return problem_set(p, EX_PROTOCOL, "the server's answer has no link");
    return EX_OK;
}

/* A receipt that cannot change any more, as an outcome; OUTCOME_NONE: the secret may still live. */
static outcome outcome_of(const otsd_receipt *t, const record *h, int64_t now) {
    switch (t->state) {
    case OTSD_STATE_RECEIVED:
        return OUTCOME_OPENED;
    case OTSD_STATE_BURNED:
        return OUTCOME_BURNED;
    case OTSD_STATE_EXPIRED:
        return OUTCOME_EXPIRED;
    case OTSD_STATE_ORPHANED:
        return OUTCOME_UNKNOWN;
    case OTSD_STATE_NEW:
    case OTSD_STATE_VIEWED:
    case OTSD_STATE_UNKNOWN:
        break;
    }
    /* An old server shows what is gone for no known reason as "viewed" without a secret key. */
    if (t->secret_key[0] == '\0' || t->secret_ttl <= 0)
        return now >= h->deadline ? OUTCOME_EXPIRED : OUTCOME_UNKNOWN;
    return OUTCOME_NONE;
}

int remote_burn(remote *r, const record *h, int64_t now, remote_end *end, problem *p) {
    otsd_secret *passphrase = NULL;
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err;
    int rc = passphrase_of(h, &passphrase, p);

    memset(end, 0, sizeof *end);
    if (rc != EX_OK)
        return rc;
    err = otsd_burn(r->client, h->metadata_key, passphrase, NULL, &e);
    if (err == OTSD_OK) {
        end->outcome = OUTCOME_BURNED;
        goto out;
    }
    /* "Unknown secret" also means read, expired or burned before: the receipt tells which. So it does where the
     * passphrase is refused, as some servers do for a secret that is gone. */
    if (err == OTSD_ERR_GONE || err == OTSD_ERR_REFUSED) {
        otsd_error fetch = {0};
        otsd_err got = otsd_fetch(r->client, h->metadata_key, &t, &fetch);

        if (got == OTSD_ERR_GONE) {
            /* What the receipt said while it lived is all there is. */
            end->outcome = h->opened_at > 0 ? OUTCOME_OPENED : OUTCOME_UNKNOWN;
            end->opened_at = h->opened_at;
            goto out;
        }
        if (got == OTSD_OK)
            end->outcome = outcome_of(t, h, now);
        if (got == OTSD_OK && end->outcome != OUTCOME_NONE) {
            end->opened_at = end->outcome == OUTCOME_OPENED ? (t->received > 0 ? t->received : t->updated) : 0;
            goto out;
        }
        if (got != OTSD_OK)
            e = fetch;
    }
    end->retry_after = e.retry_after;
    rc = problem_from_otsd(p, &e, "%s: the secret is not burned yet", h->user);
out:
    otsd_receipt_free(&t);
    otsd_secret_free(&passphrase);
    return rc;
}

int remote_opened(remote *r, const record *h, int64_t *opened_at, problem *p) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_fetch(r->client, h->metadata_key, &t, &e);

    *opened_at = 0;
    if (err == OTSD_ERR_GONE)
        return EX_OK;
    if (err != OTSD_OK)
        return problem_from_otsd(p, &e, "%s: the receipt cannot be read", h->user);
    *opened_at = t->state != OTSD_STATE_RECEIVED ? 0 : t->received > 0 ? t->received : t->updated;
    otsd_receipt_free(&t);
    return EX_OK;
}

/* Servers clamp in silence: floors of 60 and 300 seconds, ceilings of 7, 14 and 30 days. */
static bool ttl_of(const otsd_receipt *t, const record *h) {
    static const int64_t ceilings[] = {604800, 1209600, 2592000};

    if (t->ttl == h->ttl_asked)
        return true;
    if (t->ttl > h->ttl_asked)
        return t->ttl == 60 || t->ttl == 300;
    for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++)
        if (t->ttl == ceilings[i])
            return true;
    return false;
}

static bool is_orphan(const otsd_receipt *t, const record *h, int64_t settles) {
    bool to_us = h->recipient[0] ? t->recipients_len == 1 && otsd_recipient_matches(t->recipients[0], h->recipient)
                                 : t->recipients_len == 0;

    return ttl_of(t, h) && to_us && t->created >= h->created - CLOCK_SLACK && t->created <= settles + CLOCK_SLACK &&
           (t->state == OTSD_STATE_NEW || t->state == OTSD_STATE_VIEWED) && strlen(t->metadata_key) <= KEY_MAX;
}

static int load_recent(remote *r, const record *h, int64_t settles, problem *p) {
    int64_t now = time(NULL);
    otsd_error e = {0};

    /* A list from before an intent settled proves nothing once it has. */
    if (r->recent && r->recent_at <= now && (r->recent_at >= settles || now < settles))
        return EX_OK;
    otsd_receipts_free(&r->recent);
    if (otsd_recent(r->client, &r->recent, &e) != OTSD_OK)
        return problem_from_otsd(p, &e, "%s: the server cannot be asked for lost secrets", h->user);
    r->recent_at = now;
    return EX_OK;
}

int remote_orphan(remote *r, const record *h, ledger *l, int64_t settles, char key[KEY_MAX + 1], bool *more, problem *p) {
    otsd_receipt *found = NULL;
    int rc = load_recent(r, h, settles, p);

    key[0] = '\0';
    *more = false;
    if (rc != EX_OK)
        return rc;
    for (size_t i = 0; i < r->recent->len; i++) {
        otsd_receipt *t = r->recent->items[i];

        if (!is_orphan(t, h, settles) || ledger_knows(l, t->metadata_key))
            continue;
        if (found)
            *more = true;
        else
            found = t;
    }
    if (found) {
        (void)snprintf(key, KEY_MAX + 1, "%s", found->metadata_key);
        found->state = OTSD_STATE_UNKNOWN;
    }
    return EX_OK;
}
