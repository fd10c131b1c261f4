/* SPDX-License-Identifier: MIT */
#include "handoff/delivery.h"

#define VALUE_MAX 512 /* characters */

static int check_value(const delivery_terms *asked, const otsd_secret *generated, problem *p) {
    const char *value = generated ? otsd_secret_data(generated) : "";
    size_t len = generated ? otsd_secret_len(generated) : 0;

    if (len < (size_t)asked->min_length)
        return problem_set(p, EX_PROTOCOL, "%s: the server generated %zu characters, handoff.min_length wants %ld",
                           asked->user, len, asked->min_length);
    if (len > VALUE_MAX)
        return problem_set(p, EX_PROTOCOL, "%s: the server generated %zu characters, which is too long", asked->user,
                           len);
    /* A newline or a colon's worth more would be another line to chpasswd; what cannot be typed on every keyboard is no
     * first password. */
    for (size_t i = 0; i < len; i++)
        if (value[i] < '!' || value[i] > '~')
            return problem_set(p, EX_PROTOCOL,
                               "%s: the server generated a value with other characters than letters, digits and "
                               "punctuation of ASCII",
                               asked->user);
    return problem_none(p);
}

static int check_recipient(const delivery_terms *asked, const otsd_receipt *t, problem *p) {
    if (!asked->recipient && t->recipients_len > 0)
        return problem_set(p, EX_PROTOCOL, "%s: the server mails %s, which was not asked for", asked->user,
                           t->recipients[0]);
    if (!asked->recipient)
        return problem_none(p);
    if (t->recipients_len == 0)
        return problem_set(p, EX_DATAERR, "%s: the server took the address %s without a word and mails nobody",
                           asked->user, asked->recipient);
    if (t->recipients_len != 1 || !otsd_recipient_matches(t->recipients[0], asked->recipient))
        return problem_set(p, EX_PROTOCOL, "%s: the server mails another address (%s) than %s", asked->user,
                           t->recipients[0], asked->recipient);
    return problem_none(p);
}

static int check_passphrase(const delivery_terms *asked, const otsd_receipt *t, problem *p) {
    if (asked->passphrase && t->passphrase_required != OTSD_YES)
        return problem_set(p, EX_PROTOCOL, "%s: the server ignored the passphrase", asked->user);
    if (!asked->passphrase && t->passphrase_required == OTSD_YES)
        return problem_set(p, EX_PROTOCOL, "%s: the server asks for a passphrase that nobody set", asked->user);
    return problem_none(p);
}

int delivery_check(const delivery_terms *asked, const otsd_receipt *t, problem *p) {
    int rc = check_value(asked, t->value, p);

    if (rc == EX_OK)
        rc = check_recipient(asked, t, p);
    return rc == EX_OK ? check_passphrase(asked, t, p) : rc;
}
