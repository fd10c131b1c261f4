/* SPDX-License-Identifier: MIT
 *
 * share and generate: what is granted of what was asked for, and what is refused.
 */
#include "api.h"

#include "mail.h"
#include "receipt.h"
#include "recipient.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define TTL_DEFAULT (7 * DAY)
#define VALUE_LEN 12
#define VALUE_ROOM 1000000
#define PASSPHRASE_MAX 128
#define SECRET_MAX 10000
#define SECRET_CUT_ANONYMOUS 100000
#define SECRET_CUT 1000000

/* What a creation will be made of. */
struct wish {
    struct bytes value; /* owned */
    const struct param *passphrase;
    char *recipient; /* owned; NULL: none */
    int64_t ttl;
};

/* The number at the start of the text; anything else is 0. */
static int64_t leading_number(const char *s) {
    int64_t n = 0;

    while (isspace((unsigned char)*s))
        s++;
    if (*s == '-')
        return 0;
    for (s += *s == '+'; *s >= '0' && *s <= '9' && n < INT32_MAX; s++)
        n = n * 10 + (*s - '0');
    return n;
}

static int64_t grant_ttl(const struct world *w, const struct request *rq) {
    const struct release *r = w->opt->release;
    const struct param *p = form_find(rq->form, "ttl");
    int64_t ceiling = !rq->account ? r->ttl_anonymous : r->ttl_account;
    int64_t ttl = !p ? TTL_DEFAULT : leading_number(p->value.data);
    int64_t floor = w->opt->min_ttl > 0 ? w->opt->min_ttl : r->ttl_floor;
    int64_t floored = r->ttl_floored > r->ttl_floor && floor < r->ttl_floored ? r->ttl_floored : floor;

    if (r->no_ttl_is_longest && (!p || ttl == 0))
        ttl = ceiling;
    ttl = ttl < floor ? floored : ttl > ceiling ? ceiling : ttl;
    ttl = ttl < rq->ttl_least ? rq->ttl_least : ttl;
    return rq->ttl_cap > 0 && ttl > rq->ttl_cap ? rq->ttl_cap : ttl;
}

static bool shape_is_bad(const struct request *rq, const char *name) {
    const struct param *p = form_find(rq->form, name);

    return p && (p->shape == PARAM_LIST || p->shape == PARAM_NESTED);
}

/* Does it look like a domain name of which there could be an owner? */
static bool is_domain(const char *s) {
    const char *dot = strrchr(s, '.');

    if (!dot || dot == s || !isalpha((unsigned char)dot[1]))
        return false;
    for (; *s != '\0'; s++) {
        if (!isalnum((unsigned char)*s) && *s != '-' && *s != '.')
            return false;
    }
    return true;
}

static bool refuse_domain(const struct world *w, const struct request *rq, struct reply *out) {
    const char *domain = form_text(rq->form, "share_domain");
    const char *own = strstr(w->base, "//") + 2;
    const struct release *r = w->opt->release;
    char *message;

    if (!is_domain(domain) || strcmp(domain, own) == 0)
        return false;
    message = must_format("%s%s", !rq->account ? r->domain_anonymous : r->domain_account, domain);
    if (r->domain_is_unexpected)
        reply_unexpected_message(w, out, message);
    else
        reply_refused(w, out, 400, message);
    free(message);
    return true;
}

static size_t characters(const struct bytes *b) {
    size_t count = 0;

    for (size_t i = 0; i < b->len; count++)
        i += utf8_prefix(b->data + i, b->len - i, 1);
    return count;
}

static bool refuse_passphrase(const struct world *w, struct wish *wish, struct reply *out) {
    const struct param *p = wish->passphrase;
    size_t least = w->opt->release->passphrase_min, count;
    char *message;

    if (!p || least == 0)
        return false;
    count = characters(&p->value);
    if (count >= least && count <= PASSPHRASE_MAX)
        return false;
    message = count < least ? must_format("Passphrase must be at least %zu characters long", least)
                            : must_format("Passphrase must be no more than %d characters long", PASSPHRASE_MAX);
    reply_refused(w, out, 400, message);
    free(message);
    return true;
}

static bool refuse_recipient(struct world *w, const struct request *rq, struct wish *wish, struct reply *out) {
    char *address = NULL;
    enum recipient_verdict verdict =
        recipient_read(w->opt->release->recipient, form_text(rq->form, "recipient"), &address);

    if (verdict == RECIPIENT_NONE)
        return false;
    if (!rq->account) {
        reply_refused(w, out, 400, "An account is required to send emails.");
    } else if (verdict == RECIPIENT_UNDELIVERABLE) {
        char *message = must_format("Undeliverable email address: %s", address);

        reply_refused(w, out, 400, message);
        free(message);
    } else if (api_limited(w, rq, LIMIT_MAIL)) {
        reply_rate_limited(w, out);
    } else {
        wish->recipient = address;
        return false;
    }
    free(address);
    return true;
}

static bool refuse_generate(const struct world *w, const struct request *rq, struct wish *wish, struct reply *out) {
    const struct release *r = w->opt->release;
    const char *length = form_text(rq->form, "length");
    size_t n = VALUE_LEN;

    if (r->length_heeded && *length != '\0') {
        int64_t wanted = leading_number(length);

        if (r->length_max > 0 && wanted > (int64_t)r->length_max) {
            reply_refused(w, out, 400, "Generated password length must be no more than 128 characters");
            return true;
        }
        if (wanted < 1 || wanted > VALUE_ROOM) {
            reply_unexpected(w, out);
            return true;
        }
        n = (size_t)wanted;
    }
    wish->value = (struct bytes){must_alloc(n + 1), n};
    random_text(wish->value.data, n, r->alphabet);
    return false;
}

static bool refuse_share(const struct world *w, const struct request *rq, struct wish *wish, struct reply *out) {
    const struct param *p = form_find(rq->form, "secret");
    const struct release *r = w->opt->release;
    bool cut = r->too_long == TOO_LONG_CUT;
    size_t len;

    if (rq->create && !r->create_is_share) {
        reply_refused(w, out, 400, "Incorrect payload format");
        return true;
    }
    if ((r->thin && shape_is_bad(rq, "secret")) || (p && p->shape == PARAM_NUMBER && !r->json_numbers_are_text)) {
        reply_unexpected(w, out);
        return true;
    }
    if (!p || p->value.len == 0) {
        reply_refused(w, out, 400, "You did not provide anything to share");
        return true;
    }
    len = p->value.len;
    if (cut)
        len = utf8_prefix(p->value.data, len, !rq->account ? SECRET_CUT_ANONYMOUS : SECRET_CUT);
    else if ((r->too_long == TOO_LONG_BYTES ? len : characters(&p->value)) > SECRET_MAX) {
        reply_refused(w, out, 400, "Secret value exceeds the maximum size of 10000 bytes");
        return true;
    }
    wish->value = bytes_copy(p->value.data, len);
    if (r->text_is_cleaned)
        utf8_clean(&wish->value);
    return false;
}

static void create(struct world *w, const struct request *rq, struct wish *wish, struct reply *out) {
    const struct release *r = w->opt->release;
    struct secret *s = store_add(&w->store, r->key_length);

    s->owner = rq->account;
    s->value = wish->value;
    if (wish->passphrase)
        s->passphrase = bytes_copy(wish->passphrase->value.data, wish->passphrase->value.len);
    s->recipient = wish->recipient;
    s->generated = rq->call == CALL_GENERATE;
    s->ttl = wish->ttl;
    s->created = s->updated = world_now(w);
    reply_json(out, receipt_json(w, s, rq->account, RECEIPT_CREATED, STATE_NEW, s->generated ? &s->value : NULL));
    /* The answer to generate counts as a look at the receipt. */
    s->state = r->looks_are_views && s->generated ? STATE_VIEWED : STATE_NEW;
    if (s->recipient)
        out->mail_ms = mail_hand_over(w, s);
}

void api_create(struct world *w, const struct request *rq, struct reply *out) {
    struct wish wish = {.passphrase = rq->drop_passphrase ? NULL : form_find(rq->form, "passphrase")};

    if (api_limited(w, rq, !rq->account ? LIMIT_CREATE : LIMIT_CREATE_ACCOUNT)) {
        reply_rate_limited(w, out);
        return;
    }
    if (shape_is_bad(rq, "ttl") || shape_is_bad(rq, "passphrase")) {
        reply_unexpected(w, out);
        return;
    }
    if (wish.passphrase && wish.passphrase->value.len == 0)
        wish.passphrase = NULL;
    wish.ttl = grant_ttl(w, rq);
    if ((rq->call == CALL_GENERATE ? refuse_generate(w, rq, &wish, out) : refuse_share(w, rq, &wish, out)) ||
        refuse_passphrase(w, &wish, out) || refuse_domain(w, rq, out) || refuse_recipient(w, rq, &wish, out)) {
        bytes_free(&wish.value);
        return;
    }
    create(w, rq, &wish, out);
}
