/* SPDX-License-Identifier: MIT
 *
 * What is secret goes to standard output where the command is there to obtain it, and nowhere else.
 */
#include "otsd/calls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/words.h"
#include "otsd/print.h"

#define SECRET_MAX 100000 /* bytes */

/* NULL: nobody wants to know. */
static const char *release_of(const request *r) {
    return r->verbose ? otsd_client_generation(r->client) : NULL;
}

static int call_status(request *r, problem *p) {
    otsd_error e = {0};

    if (otsd_status(r->client, &e) != OTSD_OK)
        return problem_from_library(p, &e);
    return print_nominal(r->json, "nominal", release_of(r), p);
}

static int call_authcheck(request *r, problem *p) {
    otsd_error e = {0};

    if (otsd_authcheck(r->client, &e) != OTSD_OK)
        return problem_from_library(p, &e);
    return print_nominal(r->json, "credentials accepted", release_of(r), p);
}

/* What an odd server silently leaves out of a new secret is worth a line. */
static void warn_about(const request *r, const otsd_receipt *t) {
    bool named = !r->options.recipient;

    for (size_t i = 0; i < t->recipients_len; i++)
        named = named || otsd_recipient_matches(t->recipients[i], r->options.recipient);
    if (!named)
        say(LOG_WARNING, "warning: the server ignored the recipient; no mail will go out");
    if (r->options.passphrase && t->passphrase_required == OTSD_NO)
        say(LOG_WARNING, "warning: the server ignored the passphrase; burn this secret");
    if (r->options.ttl > 0 && t->ttl >= 0 && t->ttl != r->options.ttl)
        say(LOG_WARNING, "warning: the server granted a ttl of %lld seconds, not %ld", (long long)t->ttl,
            r->options.ttl);
    if (r->options.length > 0 && t->value && otsd_secret_len(t->value) != (size_t)r->options.length)
        say(LOG_WARNING, "warning: the server ignored the length: the secret has %zu characters, not %ld",
            otsd_secret_len(t->value), r->options.length);
}

/* Such a secret is given to somebody who may get another one, and nobody would notice. */
static void warn_of_controls(const otsd_secret *value) {
    size_t n = words_controls(otsd_secret_data(value), otsd_secret_len(value));

    if (n > 0)
        say(LOG_WARNING,
            "warning: the secret has control characters in it (%zu, not counting tabs and line ends): some servers "
            "strip NUL and DEL, and what opens the link may obey or hide the others",
            n);
}

static int call_share(request *r, problem *p) {
    otsd_secret *value = NULL;
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err;
    int rc = request_secret(&value, r->file, STDIN_FILENO, "type the secret; end with Ctrl-D on a line of its own",
                            SECRET_MAX, p);

    if (rc != EX_OK)
        return rc;
    warn_of_controls(value);
    err = otsd_share(r->client, value, &r->options, &t, &e);
    otsd_secret_free(&value);
    if (err != OTSD_OK)
        return problem_from_library(p, &e);
    warn_about(r, t);
    rc = print_receipt(r->client, r->json, t, false, p);
    otsd_receipt_free(&t);
    return rc;
}

static int call_generate(request *r, problem *p) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    int rc;

    if (otsd_generate(r->client, &r->options, &t, &e) != OTSD_OK)
        return problem_from_library(p, &e);
    warn_about(r, t);
    rc = print_receipt(r->client, r->json, t, true, p);
    otsd_receipt_free(&t);
    return rc;
}

/* The server has forgotten it, and we do not have it. */
static int read_in_vain(problem *p) {
    const problem why = *p;

    return problem_set(p, why.code, "the link was opened, and what it held is lost: %s", why.text);
}

static int call_read(request *r, problem *p) {
    otsd_secret *value = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_read(r->client, r->key, r->passphrase, &value, &e);
    int rc;

    if (err != OTSD_OK) {
        problem_from_library(p, &e);
        if (err == OTSD_ERR_GONE)
            problem_add(p, "; it was opened, burned, has expired, or needs another passphrase");
        return p->code;
    }
    rc = print_value(r->json, value, p);
    otsd_secret_free(&value);
    if (rc == EX_OK && (fflush(stdout) != 0 || ferror(stdout) != 0))
        rc = problem_set(p, EX_IOERR, "standard output cannot be written: %s", strerror(errno));
    return rc == EX_OK ? rc : read_in_vain(p);
}

static int call_receipt(request *r, problem *p) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    int rc;

    if (otsd_fetch(r->client, r->key, &t, &e) != OTSD_OK)
        return problem_from_library(p, &e);
    rc = print_receipt(r->client, r->json, t, false, p);
    otsd_receipt_free(&t);
    return rc;
}

static int call_burn(request *r, problem *p) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};

    if (otsd_burn(r->client, r->key, r->passphrase, &t, &e) != OTSD_OK)
        return problem_from_library(p, &e);
    otsd_receipt_free(&t);
    return print_burned(r->json, p);
}

static int call_recent(request *r, problem *p) {
    otsd_receipts *list = NULL;
    otsd_error e = {0};
    int rc;

    if (otsd_recent(r->client, &list, &e) != OTSD_OK)
        return problem_from_library(p, &e);
    rc = print_receipts(r->client, r->json, list, p);
    otsd_receipts_free(&list);
    return rc;
}

static const command calls[] = {
    {"status", call_status, TAKES_VERBOSE, "ask whether a server answers"},
    {"authcheck", call_authcheck, TAKES_VERBOSE, "ask whether it accepts the credentials"},
    {"share", call_share, TAKES_PASSPHRASE | TAKES_CREATION | TAKES_FILE,
     "store the secret from standard input and print its link"},
    {"generate", call_generate, TAKES_PASSPHRASE | TAKES_CREATION | TAKES_LENGTH,
     "let the server generate a secret; print it and its link"},
    {"read", call_read, TAKES_KEY | TAKES_PASSPHRASE, "open a link: print the secret, which is gone then"},
    {"receipt", call_receipt, TAKES_KEY, "tell what became of a secret, by its metadata key"},
    {"burn", call_burn, TAKES_KEY | TAKES_PASSPHRASE, "destroy a secret unread, by its metadata key"},
    {"recent", call_recent, 0, "list the receipts of the last 30 days"},
};
#define CALLS (sizeof calls / sizeof calls[0])

const command *calls_find(const char *name) {
    for (size_t i = 0; i < CALLS; i++)
        if (strcmp(name, calls[i].name) == 0)
            return &calls[i];
    return NULL;
}

void calls_help(void) {
    /* printable: the table is ours */
    for (size_t i = 0; i < CALLS; i++)
        printf("  %-10s %s\n", calls[i].name, calls[i].summary);
}
