/* SPDX-License-Identifier: MIT
 *
 * otsd-hook provision: checks all that can be checked before anything is changed, issues the hand-off, and says what it
 * did.
 */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "password/account.h"
#include "handoff/address.h"
#include "password/backend.h"
#include "batch/batch.h"
#include "handoff/issue.h"
#include "base/words.h"

#define JOBS 16
#define PATIENCE_MOST 86400
#define PATIENCE 3600 /* seconds; longer than the 20 minutes that old servers' limits last */

static const char provision_help[] =
    "usage: otsd-hook provision [OPTION...] USER\n"
    "       otsd-hook provision [OPTION...] --batch=FILE\n"
    "\n"
    "Has the Onetime Secret server generate USER's first password, sets it, and lets the server mail the link that\n"
    "opens it once. The account must exist and have no password yet.\n"
    "\n"
    "For many accounts at once:\n"
    "  --batch=FILE           all users of FILE (\"-\": standard input): CSV with a header, or JSON lines, with user "
    "and, each\n"
    "                         optional, recipient, ttl, locale, passphrase. Everything is checked first. Interrupting "
    "it does no\n"
    "                         harm: the same command again finishes the rest, and touches nobody twice\n"
    "  --report=FILE          what became of each, as CSV; with --print-link the links, too\n"
    "  --jobs=N               how many requests at once, 1 to 256 (default 16)\n"
    "  --patience=DURATION    how long to wait for a server that limits us or is away (default 1h)\n"
    "Of the options below, --recipient, the passphrases and --force are not for a batch.\n"
    "\n";
static const char reissue_help[] =
    "usage: otsd-hook reissue [OPTION...] USER\n"
    "\n"
    "Provisions USER again while the hand-off is open: a new password, a new link, and the old ones end. Recipient "
    "and\n"
    "passphrase stay as they were, unless given. Until the new password is set, the old hand-off is untouched.\n"
    "\n";
static const char help[] =
    "  --recipient=ADDRESS    who gets the link (default: handoff.recipient of the configuration)\n"
    "  --no-recipient         nobody is mailed; use it with --print-link\n"
    "  --print-link           print the link on standard output: whoever sees it can take the password\n"
    "  --ttl=DURATION         how long link and password live: 90m, 12h, 3d (default: handoff.ttl)\n"
    "  --locale=LANGUAGE      of the mail: en, fr, … (default: handoff.locale)\n"
    "  --passphrase-file=FILE a passphrase that the recipient has to know; root's file, mode 0600\n"
    "  --passphrase-fd=N      the same from an open descriptor\n"
    "  --force                replace a password that the account has already\n"
    "  --allow-system         root, and accounts outside UID_MIN to UID_MAX\n"
    "  --dry-run              check everything, server and credentials too, and change nothing\n"
    "  --json                 say it in JSON\n"
    "  --config=FILE          default " OTSD_CONFIG_PATH "\n";

typedef struct request {
    const char *command; /* "provision" or "reissue" */
    bool reissue;
    record old; /* reissue: the open hand-off */
    const char *user;
    const char *recipient; /* as given or made from the pattern; NULL: none */
    char recipient_buf[ADDRESS_MAX];
    bool no_recipient;
    const char *locale;
    const char *passphrase_file;
    int passphrase_fd;
    long ttl; /* 0: the configuration's */
    bool force, allow_system, dry_run, json, print_link;
    const char *batch; /* the file; NULL: one user */
    const char *report;
    long jobs, patience; /* 0: not given; patience in seconds */
} request;

static int recipient_of(request *q, const config *c, problem *p) {
    problem why;
    int rc = EX_OK;

    if (q->no_recipient) {
        q->recipient = NULL;
        return EX_OK;
    }
    if (!q->recipient && q->reissue) {
        q->recipient = q->old.recipient[0] ? q->old.recipient : NULL;
        if (!q->recipient && !q->print_link)
            return problem_set(p, EX_USAGE, "%s: the old link was mailed to nobody: give --recipient or --print-link",
                               q->user);
        if (!q->recipient)
            return EX_OK;
    }
    if (!q->recipient && !c->handoff.recipient)
        return problem_set(
            p, EX_USAGE, "%s: nobody to mail: give --recipient, set handoff.recipient, or say --no-recipient", q->user);
    if (q->recipient) {
        rc = address_check(q->recipient, &why);
    } else {
        rc = address_of(c->handoff.recipient, q->user, q->recipient_buf, &why);
        q->recipient = q->recipient_buf;
    }
    return rc == EX_OK ? EX_OK : problem_set(p, rc, "%s: %s", q->user, why.text);
}

static int passphrase_of(const request *q, otsd_secret **out, problem *p) {
    otsd_error e = {0};
    otsd_err err = OTSD_OK;

    if (q->passphrase_file)
        err = otsd_secret_from_file(out, q->passphrase_file, PASSPHRASE_MAX, &e);
    else if (q->passphrase_fd >= 0)
        err = otsd_secret_from_fd(out, q->passphrase_fd, PASSPHRASE_MAX, &e);
    else if (q->reissue && q->old.passphrase[0])
        err = otsd_secret_new(out, q->old.passphrase, strlen(q->old.passphrase));
    if (err != OTSD_OK)
        return problem_from_otsd(p, &e, "%s: the passphrase cannot be read", q->user);
    if (*out && (otsd_secret_len(*out) == 0 || strlen(otsd_secret_data(*out)) != otsd_secret_len(*out)))
        return problem_set(p, EX_DATAERR, "%s: the passphrase is empty or has a NUL in it", q->user);
    return EX_OK;
}

/* A reissue replaces the generated password and no other, unless forced. */
static int check_old(context *x, request *q, int64_t uid, problem *p) {
    int rc = ledger_peek(x->ledger, LEDGER_PENDING, q->user, &q->old, p);

    if (rc == LEDGER_NONE)
        return problem_set(p, EX_DATAERR, "%s has no open hand-off: otsd-hook provision starts one", q->user);
    if (rc != EX_OK) {
        problem_add(p, " (%s/pending/%s)", OTSD_STATE_DIR, q->user);
        return rc;
    }
    if (q->old.uid != uid)
        return problem_set(p, EX_NOPERM,
                           "%s is another account than the one that was provisioned (uid %lld, then %lld); otsd-hook "
                           "sweep ends the old hand-off",
                           q->user, (long long)uid, (long long)q->old.uid);
    return backend_replaceable(x->config, &q->old, q->force, p);
}

/* Everything about the account that can be known before the server is asked. */
static int check_account(context *x, request *q, int64_t *uid, problem *p) {
    int rc = account_uid(q->user, uid, p);

    if (rc != EX_OK)
        return rc;
    if (!q->allow_system && account_is_system(*uid))
        return problem_set(p, EX_NOPERM, "%s is a system account (uid %lld); --allow-system provisions it all the same",
                           q->user, (long long)*uid);
    if (ledger_has(x->ledger, LEDGER_ISSUING, q->user))
        return problem_set(p, EX_CANTCREAT,
                           "%s: a provision is under way, or was interrupted and waits for otsd-hook sweep", q->user);
    if (q->reissue)
        return check_old(x, q, *uid, p);
    if (ledger_has(x->ledger, LEDGER_PENDING, q->user))
        return problem_set(p, EX_CANTCREAT, "%s has an open hand-off already: otsd-hook reissue or revoke it", q->user);
    return backend_ready(x->config, q->user, q->force, p);
}

static int print_json(const request *q, const issue *i, problem *p) {
    json_object *o = json_object_new_object();
    const char *text;

    if (!o)
        return problem_set(p, EX_OSERR, "out of memory");
    json_object_object_add(o, "user", json_object_new_string(i->user));
    json_object_object_add(o, "uid", json_object_new_int64(i->uid));
    json_object_object_add(o, "dry_run", json_object_new_boolean(q->dry_run));
    json_object_object_add(o, "recipient", i->recipient ? json_object_new_string(i->recipient) : NULL);
    if (!q->dry_run) {
        json_object_object_add(o, "id", json_object_new_string(i->id));
        json_object_object_add(o, "deadline", json_object_new_int64(i->deadline));
        json_object_object_add(o, "ttl_asked", json_object_new_int64(i->ttl_asked));
        json_object_object_add(o, "ttl_granted", json_object_new_int64(i->ttl_granted));
        json_object_object_add(o, "ttl_shortened", json_object_new_boolean(i->short_ttl));
    }
    if (i->link)
        json_object_object_add(o, "link", json_object_new_string(i->link));
    text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text)
        puts(text);
    json_object_put(o);
    return EX_OK;
}

static int print_text(const request *q, const issue *i) {
    char until[WORDS_MAX];

    if (q->dry_run) {
        printf("%s: would be provisioned%s%s; nothing was changed\n", i->user,
               i->recipient ? ", the link mailed to " : "", i->recipient ? i->recipient : "");
        return EX_OK;
    }
    printf("%s: password set; %s%s; it opens once, until %s\n", i->user,
           i->recipient ? "the link goes to " : "nobody is mailed", i->recipient ? i->recipient : "",
           words_time(i->deadline, until));
    if (i->link)
        printf("%s\n", i->link);
    return EX_OK;
}

static int run(context *x, request *q, problem *p) {
    otsd_secret *passphrase = NULL;
    issue i = {.user = q->user, .force = q->force, .want_link = q->print_link, .reissue = q->reissue};
    int rc = context_open(x, p);

    if (rc == EX_OK)
        rc = check_account(x, q, &i.uid, p);
    if (rc == EX_OK)
        rc = recipient_of(q, x->config, p);
    if (rc == EX_OK)
        rc = passphrase_of(q, &passphrase, p);
    if (rc == EX_OK && q->dry_run) {
        rc = context_remote(x, p);
        if (rc == EX_OK)
            rc = remote_check(x->remote, p);
    }
    i.recipient = q->recipient;
    if (rc != EX_OK) {
        problem_add(p, "; nothing was changed");
        goto out;
    }
    i.ttl = q->ttl > 0 ? q->ttl : x->config->handoff.ttl;
    i.replaces = q->reissue && q->old.hash[0] ? q->old.hash : NULL;
    i.passphrase = passphrase ? otsd_secret_data(passphrase) : NULL;
    i.locale = q->locale;
    if (!q->dry_run) {
        rc = issue_run(x, &i, p);
        /* The password is in place and this is its only link. */
        if (rc != EX_OK && i.stored && i.link)
            printf("%s\n", i.link);
        if (rc != EX_OK)
            goto out;
        say(LOG_INFO, "%s: hand-off %s issued", i.user, i.id);
        if (i.short_ttl)
            say(LOG_WARNING, "%s: warning: the server grants %lld seconds instead of %lld; link and password end then",
                i.user, (long long)i.ttl_granted, (long long)i.ttl_asked);
    }
    if (!q->dry_run && !backend_of((int64_t)x->config->password.backend)->must_change && x->config->handoff.must_change)
        say(LOG_NOTICE, "%s: whether the password must be changed is up to password.command", i.user);
    rc = q->json ? print_json(q, &i, p) : print_text(q, &i);
    if (rc == EX_OK && (ferror(stdout) || fflush(stdout) != 0))
        rc = problem_set(p, EX_IOERR, "%s: provisioned, but standard output cannot be written", i.user);
out:
    issue_end(&i);
    otsd_secret_free(&passphrase);
    return rc;
}

enum {
    OPT_RECIPIENT = 256,
    OPT_NO_RECIPIENT,
    OPT_PRINT_LINK,
    OPT_TTL,
    OPT_LOCALE,
    OPT_PASS_FILE,
    OPT_PASS_FD,
    OPT_FORCE,
    OPT_SYSTEM,
    OPT_DRY,
    OPT_JSON,
    OPT_BATCH,
    OPT_REPORT,
    OPT_JOBS,
    OPT_PATIENCE,
    OPT_CONFIG,
    OPT_HELP
};

static const struct option options[] = {{"recipient", required_argument, NULL, OPT_RECIPIENT},
                                        {"no-recipient", no_argument, NULL, OPT_NO_RECIPIENT},
                                        {"print-link", no_argument, NULL, OPT_PRINT_LINK},
                                        {"ttl", required_argument, NULL, OPT_TTL},
                                        {"locale", required_argument, NULL, OPT_LOCALE},
                                        {"passphrase-file", required_argument, NULL, OPT_PASS_FILE},
                                        {"passphrase-fd", required_argument, NULL, OPT_PASS_FD},
                                        {"force", no_argument, NULL, OPT_FORCE},
                                        {"allow-system", no_argument, NULL, OPT_SYSTEM},
                                        {"dry-run", no_argument, NULL, OPT_DRY},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {"batch", required_argument, NULL, OPT_BATCH},
                                        {"report", required_argument, NULL, OPT_REPORT},
                                        {"jobs", required_argument, NULL, OPT_JOBS},
                                        {"patience", required_argument, NULL, OPT_PATIENCE},
                                        {"config", required_argument, NULL, OPT_CONFIG},
                                        {"help", no_argument, NULL, OPT_HELP},
                                        {NULL, 0, NULL, 0}};

static bool parse_number(const char *s, long least, long most, long *n) {
    char *end;

    errno = 0;
    *n = strtol(s, &end, 10);
    return errno == 0 && *s && *end == '\0' && *n >= least && *n <= most;
}

/* Which options go together. */
static int check_options(const request *q) {
    if (q->recipient && q->no_recipient)
        return usage_error(q->command, "--recipient and --no-recipient exclude each other");
    if (q->no_recipient && !q->print_link)
        return usage_error(q->command, "with --no-recipient nobody would get the link: add --print-link");
    if (q->passphrase_file && q->passphrase_fd >= 0)
        return usage_error(q->command, "--passphrase-file and --passphrase-fd exclude each other");
    if (!q->batch && (q->report || q->jobs || q->patience))
        return usage_error(q->command, "--report, --jobs and --patience are for --batch");
    if (q->batch && (q->recipient || q->passphrase_file || q->passphrase_fd >= 0))
        return usage_error(q->command, "recipients and passphrases of a batch are in its file");
    if (q->batch && q->force)
        return usage_error(q->command,
                           "--force is for one account: a batch that is run again could not tell whom it had replaced");
    if (q->batch && q->print_link && !q->report)
        return usage_error(q->command, "the links of a batch go into its report: add --report");
    return EX_OK;
}

/* EX_OK with q->user NULL: help was asked for and given. */
static int parse(context *x, request *q, int argc, char **argv) {
    long n;
    int opt;

    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case OPT_RECIPIENT:
            q->recipient = optarg;
            break;
        case OPT_NO_RECIPIENT:
            q->no_recipient = true;
            break;
        case OPT_PRINT_LINK:
            q->print_link = true;
            break;
        case OPT_TTL:
            if (!otsd_duration_parse(optarg, &q->ttl) || q->ttl < TTL_LEAST || q->ttl > TTL_MOST)
                return usage_error(q->command, "--ttl is 60 seconds to 30 days, as 90m, 12h or 3d");
            break;
        case OPT_LOCALE:
            q->locale = optarg;
            break;
        case OPT_PASS_FILE:
            q->passphrase_file = optarg;
            break;
        case OPT_PASS_FD:
            if (!parse_number(optarg, 0, 65535, &n))
                return usage_error(q->command, "--passphrase-fd is the number of an open descriptor");
            q->passphrase_fd = (int)n;
            break;
        case OPT_FORCE:
            q->force = true;
            break;
        case OPT_SYSTEM:
            q->allow_system = true;
            break;
        case OPT_DRY:
            q->dry_run = true;
            break;
        case OPT_JSON:
            q->json = true;
            break;
        case OPT_BATCH:
            q->batch = optarg;
            break;
        case OPT_REPORT:
            q->report = optarg;
            break;
        case OPT_JOBS:
            if (!parse_number(optarg, 1, OTSD_POOL_MAX, &q->jobs))
                return usage_error(q->command, "--jobs is 1 to %d", OTSD_POOL_MAX);
            break;
        case OPT_PATIENCE:
            if (!otsd_duration_parse(optarg, &q->patience) || q->patience < 1 || q->patience > PATIENCE_MOST)
                return usage_error(q->command, "--patience is a duration, as 30m or 2h, of at most a day");
            break;
        case OPT_CONFIG:
            x->config_path = optarg;
            break;
        case OPT_HELP:
            fputs(q->reissue ? reissue_help : provision_help, stdout);
            fputs(help, stdout);
            return EX_OK;
        default:
            return usage_error(q->command, "\"%s\" is no option, or lacks its value", argv[optind - 1]);
        }
    }
    if (q->batch && q->reissue)
        return usage_error(q->command, "it is for one user: --batch is provision's");
    if (q->batch && optind != argc)
        return usage_error(q->command, "the users of a batch are in its file");
    if (!q->batch && optind + 1 != argc)
        return usage_error(q->command, "one user name is needed");
    if (!q->batch && !user_name_ok(argv[optind]))
        return usage_error(q->command, "\"%s\" is no user name", argv[optind]);
    q->user = q->batch ? NULL : argv[optind];
    return check_options(q);
}

static int run_batch(context *x, const request *q) {
    batch b = {.x = x,
               .path = q->batch,
               .report_path = q->report,
               .ttl = q->ttl,
               .locale = q->locale,
               .jobs = q->jobs ? (size_t)q->jobs : JOBS,
               .patience_ms = (int64_t)(q->patience ? q->patience : PATIENCE) * 1000,
               .no_recipient = q->no_recipient,
               .links = q->print_link,
               .allow_system = q->allow_system,
               .dry_run = q->dry_run,
               .json = q->json};

    return batch_run(&b);
}

static int provision(context *x, const char *command, bool reissue, int argc, char **argv) {
    request q = {.command = command, .reissue = reissue, .passphrase_fd = -1};
    problem p;
    int rc = parse(x, &q, argc, argv);

    if (rc == EX_OK && q.batch)
        return run_batch(x, &q);
    if (rc != EX_OK || !q.user)
        return rc;
    rc = run(x, &q, &p);
    record_wipe(&q.old);
    if (rc != EX_OK)
        problem_say(&p);
    return rc;
}

int cmd_provision(context *x, int argc, char **argv) {
    return provision(x, "provision", false, argc, argv);
}

int cmd_reissue(context *x, int argc, char **argv) {
    return provision(x, "reissue", true, argc, argv);
}
