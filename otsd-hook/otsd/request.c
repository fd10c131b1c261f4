/* SPDX-License-Identifier: MIT
 *
 * Nothing secret is taken from the command line, where every process of the machine can read it: secrets, keys and
 * passphrases come from standard input, a descriptor or a file that only its owner can read.
 */
#include "otsd/request.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX 4096 /* bytes, of a whole link */
#define PASSPHRASE_MAX 1024

#define AT(member) .at = offsetof(request, member)

static const option_row rows[] = {
    {.kind = OPTION_HEADING,
     .help = "Keys, links, secrets and passphrases are read from standard input, a descriptor or a 0600 file:",
     .takers = TAKES_KEY | TAKES_PASSPHRASE | TAKES_FILE},
    {.name = "key-file",
     .kind = OPTION_TEXT,
     AT(key_file),
     .argument = "FILE",
     .help = "the key, or a link of the configured server (default: standard input)",
     .takers = TAKES_KEY},
    {.name = "key-fd",
     .kind = OPTION_DESCRIPTOR,
     AT(key_fd),
     .argument = "FD",
     .help = "the same from an open descriptor",
     .takers = TAKES_KEY},
    {.name = "file",
     .kind = OPTION_TEXT,
     AT(file),
     .argument = "FILE",
     .help = "share: the secret (default: standard input)",
     .takers = TAKES_FILE},
    {.name = "passphrase-file",
     .kind = OPTION_TEXT,
     AT(passphrase_file),
     .argument = "FILE",
     .help = "the passphrase of the secret",
     .takers = TAKES_PASSPHRASE},
    {.name = "passphrase-fd",
     .kind = OPTION_DESCRIPTOR,
     AT(passphrase_fd),
     .argument = "FD",
     .help = "the same from an open descriptor",
     .takers = TAKES_PASSPHRASE},
    {.kind = OPTION_HEADING, .help = "For share and generate:", .takers = TAKES_CREATION},
    {.name = "ttl",
     .kind = OPTION_DURATION,
     AT(options.ttl),
     .argument = "TIME",
     .help = "how long the secret lives: 3d, 12h, 90m or seconds",
     .takers = TAKES_CREATION},
    {.name = "recipient",
     .kind = OPTION_TEXT,
     AT(options.recipient),
     .argument = "ADDRESS",
     .help = "mail the link there (needs an account)",
     .takers = TAKES_CREATION},
    {.name = "locale",
     .kind = OPTION_TEXT,
     AT(options.locale),
     .argument = "LOCALE",
     .help = "language of the mail",
     .takers = TAKES_CREATION},
    {.name = "share-domain",
     .kind = OPTION_TEXT,
     AT(options.share_domain),
     .argument = "HOST",
     .help = "host name of the link",
     .takers = TAKES_CREATION},
    {.name = "length",
     .kind = OPTION_NUMBER,
     AT(options.length),
     .argument = "N",
     .help = "generate: length of the secret, 1 to 128 (newer servers)",
     .least = 1,
     .most = 128,
     .takers = TAKES_LENGTH},
    {.kind = OPTION_HEADING, .help = "For all:"},
    {.name = "verbose",
     .kind = OPTION_FLAG,
     AT(verbose),
     .help = "status, authcheck: also which releases the server looks like",
     .takers = TAKES_VERBOSE},
    {.name = "json", .kind = OPTION_FLAG, AT(json), .help = "print JSON"},
    {.name = "config",
     .kind = OPTION_TEXT,
     AT(config),
     .argument = "FILE",
     .help = "default: ~/.config/otsd/otsd.conf if it exists, else " OTSD_CONFIG_PATH},
};

option_table request_options(const command *c) {
    return (option_table){.program = "otsd",
                          .command = c ? c->name : "",
                          .forms = {"[OPTION...]"},
                          .about = c ? c->summary : "",
                          OPTION_ROWS(rows),
                          .taker = c ? c->takes | TAKES_COMMON : 0,
                          .most = 0,
                          .arguments = "it takes no arguments: keys and secrets are read from standard input"};
}

/* Is standard input wanted for the passphrase and for something else? */
static bool input_is_wanted_twice(const command *c, const request *r) {
    bool passphrase = !r->passphrase_file && r->passphrase_fd == STDIN_FILENO;
    bool key = (c->takes & TAKES_KEY) != 0 && !r->key_file && r->key_fd == STDIN_FILENO;
    bool secret = (c->takes & TAKES_FILE) != 0 && !r->file;

    return passphrase && (key || secret);
}

options_result request_read(const command *c, request *r, int argc, char **argv) {
    option_table o = request_options(c);
    size_t count;
    options_result result;

    r->passphrase_fd = -1;
    r->key_fd = STDIN_FILENO;
    result = options_read(&o, argc, argv, r, &count);
    if (result == OPTIONS_READ && input_is_wanted_twice(c, r)) {
        options_refuse(&o, "standard input cannot be both the passphrase and the rest");
        result = OPTIONS_WRONG;
    }
    return result;
}

int request_secret(otsd_secret **out, const char *file, int fd, const char *prompt, size_t max, problem *p) {
    otsd_error e = {0};
    otsd_err err;

    problem_clear(p);
    if (!file && fd == STDIN_FILENO && isatty(fd))
        say_here("%s", prompt);
    err = file ? otsd_secret_from_file(out, file, max, &e) : otsd_secret_from_fd(out, fd, max, &e);
    if (err == OTSD_OK)
        return problem_none(p);
    return problem_from_library(p, &e);
}

int request_passphrase(request *r, problem *p) {
    int rc;

    problem_clear(p);
    if (!r->passphrase_file && r->passphrase_fd < 0)
        return problem_none(p);
    rc = request_secret(&r->passphrase, r->passphrase_file, r->passphrase_fd,
                        "type the passphrase; end with Ctrl-D on a line of its own", PASSPHRASE_MAX, p);
    r->options.passphrase = r->passphrase;
    return rc;
}

int request_key(request *r, problem *p) {
    otsd_secret *text = NULL;
    otsd_error e = {0};
    char *key = NULL;
    int rc = request_secret(&text, r->key_file, r->key_fd, "type the key or link; end with Ctrl-D on a line of its own",
                            KEY_MAX, p);

    if (rc != EX_OK)
        return rc;
    if (otsd_link_key(r->client, otsd_secret_data(text), &key, &e) == OTSD_OK) {
        snprintf(r->key, sizeof r->key, "%s", key);
        otsd_wipe(key, strlen(key));
    } else {
        rc = problem_set(p, e.code == OTSD_ERR_MEMORY ? EX_OSERR : EX_DATAERR, "%s", e.message);
    }
    free(key);
    otsd_secret_free(&text);
    return rc;
}

void request_end(request *r) {
    otsd_client_free(&r->client);
    otsd_secret_free(&r->passphrase);
    otsd_wipe(r->key, sizeof r->key);
}
