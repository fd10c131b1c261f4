/* SPDX-License-Identifier: MIT */
#include "commands/provision_request.h"

#include "commands/commands.h"

#define PATIENCE_MOST 86400
#define PROVISION 1UL
#define REISSUE 2UL
#define ARGUMENTS_MOST 1000 /* so that provision_conflict tells of too many, in its own words */

#define AT(member) .at = offsetof(provision_request, member)

static const option_row rows[] = {
    {.kind = OPTION_HEADING, .help = "For many accounts at once:", .takers = PROVISION},
    {.name = "batch",
     .kind = OPTION_TEXT,
     AT(batch),
     .argument = "FILE",
     .help = "all users of FILE (\"-\": standard input): CSV with a header, or JSON lines, with user and, each "
             "optional, recipient, ttl, locale, passphrase. Everything is checked first. Interrupting it does no harm: "
             "the same command again finishes the rest, and touches nobody twice",
     .takers = PROVISION},
    {.name = "report",
     .kind = OPTION_TEXT,
     AT(report),
     .argument = "FILE",
     .help = "what became of each, as CSV; with --print-link the links, too",
     .takers = PROVISION},
    {.name = "jobs",
     .kind = OPTION_NUMBER,
     AT(jobs),
     .argument = "N",
     .help = "how many requests at once at most, 1 to 256 (default 16); fewer where the server is busy with fewer",
     .least = 1,
     .most = OTSD_POOL_MAX,
     .takers = PROVISION},
    {.name = "patience",
     .kind = OPTION_DURATION,
     AT(patience),
     .argument = "DURATION",
     .help = "how long to wait for a server that limits us or is away (default 1h)",
     .least = 1,
     .most = PATIENCE_MOST,
     .wrong = "--patience is a duration, as 30m or 2h, of at most a day",
     .takers = PROVISION},
    {.kind = OPTION_HEADING,
     .help = "Of these, --recipient, the passphrases and --force are not for a batch:",
     .takers = PROVISION},
    {.name = "again",
     .kind = OPTION_FLAG,
     AT(again),
     .help = "also where the server's answer to an earlier provision was lost and the server does not tell what it "
             "made; in a batch also those whose hand-off ended here, expired or revoked. Who has arrived never gets a "
             "second password"},
    {.name = "recipient",
     .kind = OPTION_TEXT,
     AT(recipient),
     .argument = "ADDRESS",
     .help = "who gets the link (default: handoff.recipient of the configuration; in a reissue, as before)"},
    {.name = "no-recipient",
     .kind = OPTION_FLAG,
     AT(no_recipient),
     .help = "nobody is mailed; use it with --print-link"},
    {.name = "print-link",
     .kind = OPTION_FLAG,
     AT(print_link),
     .help = "print the link on standard output: whoever sees it can take the password"},
    {.name = "ttl",
     .kind = OPTION_DURATION,
     AT(ttl),
     .argument = "DURATION",
     .help = "how long link and password live: 90m, 12h, 3d (default: handoff.ttl)",
     .least = TTL_LEAST,
     .most = TTL_MOST,
     .wrong = "--ttl is 60 seconds to 30 days, as 90m, 12h or 3d"},
    {.name = "locale",
     .kind = OPTION_TEXT,
     AT(locale),
     .argument = "LANGUAGE",
     .help = "of the mail: en, fr, … (default: handoff.locale)"},
    {.name = "passphrase-file",
     .kind = OPTION_TEXT,
     AT(passphrase_file),
     .argument = "FILE",
     .help = "a passphrase that the recipient has to know, 4 characters to 128 bytes; root's file, mode 0600"},
    {.name = "passphrase-fd",
     .kind = OPTION_DESCRIPTOR,
     AT(passphrase_fd),
     .argument = "N",
     .help = "the same from an open descriptor"},
    {.name = "force",
     .kind = OPTION_FLAG,
     AT(force),
     .help = "replace a password that the account has already, or that of somebody who has arrived"},
    {.name = "allow-system",
     .kind = OPTION_FLAG,
     AT(allow_system),
     .help = "accounts other than root whose uid is no person's: outside handoff.uid_min to handoff.uid_max"},
    {.name = "allow-root", .kind = OPTION_FLAG, AT(allow_root), .help = "root, and whatever else has uid 0"},
    {.name = "dry-run",
     .kind = OPTION_FLAG,
     AT(dry_run),
     .help = "check everything, server and credentials too, and change nothing"},
    {.name = "json", .kind = OPTION_FLAG, AT(json), .help = "say it in JSON"},
    OPTION_CONFIG(provision_request),
};

const option_table provision_options = {
    .program = "otsd-hook",
    .command = "provision",
    .forms = {"[OPTION...] USER", "[OPTION...] --batch=FILE"},
    .about = "Has the Onetime Secret server generate USER's first password, sets it, and lets the server mail the link "
             "that opens it once. The account must exist and have no password yet, or one that ended here: expired or "
             "revoked.",
    OPTION_ROWS(rows),
    .taker = PROVISION,
    .most = ARGUMENTS_MOST,
    .arguments = "one user name is needed",
};

const option_table reissue_options = {
    .program = "otsd-hook",
    .command = "reissue",
    .forms = {"[OPTION...] USER"},
    .about = "Provisions USER again while the hand-off is open: a new password, a new link, and the old ones end. "
             "Recipient and passphrase stay as they were, unless given. Until the new password is, or may be, set, "
             "the old hand-off is untouched.",
    OPTION_ROWS(rows),
    .taker = REISSUE,
    .most = ARGUMENTS_MOST,
    .arguments = "one user name is needed",
};

static const char *batch_conflict(const provision_request *q, size_t count) {
    if (count > 0)
        return "the users of a batch are in its file";
    if (q->recipient || q->passphrase_file || q->passphrase_fd >= 0)
        return "recipients and passphrases of a batch are in its file";
    if (q->force)
        return "--force is for one account: a batch that is run again could not tell whom it had replaced; --again "
               "takes "
               "up those whose hand-off has ended";
    if (q->print_link && !q->report)
        return "the links of a batch go into its report: add --report";
    return NULL;
}

const char *provision_conflict(const provision_request *q, size_t count) {
    if (!q->batch && count != 1)
        return "one user name is needed";
    if (q->recipient && q->no_recipient)
        return "--recipient and --no-recipient exclude each other";
    if (q->no_recipient && !q->print_link)
        return "with --no-recipient nobody would get the link: add --print-link";
    if (q->passphrase_file && q->passphrase_fd >= 0)
        return "--passphrase-file and --passphrase-fd exclude each other";
    if (!q->batch && (q->report || q->jobs || q->patience))
        return "--report, --jobs and --patience are for --batch";
    return q->batch ? batch_conflict(q, count) : NULL;
}

int provision_read(provision_request *q, int argc, char **argv) {
    const option_table *o = q->reissue ? &reissue_options : &provision_options;
    const char *conflict;
    size_t count;
    int rc;

    q->passphrase_fd = -1;
    rc = command_begin(o, argc, argv, q, &count);
    if (rc != EX_OK)
        return rc;
    conflict = provision_conflict(q, count);
    if (conflict)
        return options_refuse(o, "%s", conflict);
    if (!q->batch)
        q->user = argv[1];
    return q->user ? command_check_user(o, q->user) : EX_OK;
}
