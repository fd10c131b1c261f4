/* SPDX-License-Identifier: MIT
 *
 * otsd: the calls of the API for people and scripts.
 *
 * Nothing secret is taken from the command line, where every process of the machine can read it: secrets, keys and
 * passphrases come from standard input, a descriptor or a file that only its owner can read. What is secret goes to
 * standard output where the command is there to obtain it, and nowhere else.
 */
#include "otsd/print.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

typedef struct request {
    otsd_client *client;
    long json;
    const char *config, *file, *passphrase_file, *key_file;
    long passphrase_fd, key_fd;
    otsd_options options;
    otsd_secret *passphrase;
    char key[300];
} request;

typedef enum option_id {
    JSON,
    CONFIG,
    TTL,
    RECIPIENT,
    LOCALE,
    SHARE_DOMAIN,
    LENGTH,
    FILE_,
    PASS_FILE,
    PASS_FD,
    KEY_FILE,
    KEY_FD,
    OPTIONS
} option_id;

#define BIT(id) (1UL << (id))
#define COMMON (BIT(JSON) | BIT(CONFIG))
#define PASSPHRASE (BIT(PASS_FILE) | BIT(PASS_FD))
#define KEY (BIT(KEY_FILE) | BIT(KEY_FD))
#define CREATE (PASSPHRASE | BIT(TTL) | BIT(RECIPIENT) | BIT(LOCALE) | BIT(SHARE_DOMAIN))
#define AT(member) offsetof(request, member)

static const struct {
    const char *name;
    enum { FLAG, TEXT, NUMBER, TIME } kind;
    size_t offset;
    long min, max;
} options[OPTIONS] = {
    [JSON] = {"json", FLAG, AT(json), 0, 0},
    [CONFIG] = {"config", TEXT, AT(config), 0, 0},
    [TTL] = {"ttl", TIME, AT(options.ttl), 0, 0},
    [RECIPIENT] = {"recipient", TEXT, AT(options.recipient), 0, 0},
    [LOCALE] = {"locale", TEXT, AT(options.locale), 0, 0},
    [SHARE_DOMAIN] = {"share-domain", TEXT, AT(options.share_domain), 0, 0},
    [LENGTH] = {"length", NUMBER, AT(options.length), 1, 128},
    [FILE_] = {"file", TEXT, AT(file), 0, 0},
    [PASS_FILE] = {"passphrase-file", TEXT, AT(passphrase_file), 0, 0},
    [PASS_FD] = {"passphrase-fd", NUMBER, AT(passphrase_fd), 0, 1000000},
    [KEY_FILE] = {"key-file", TEXT, AT(key_file), 0, 0},
    [KEY_FD] = {"key-fd", NUMBER, AT(key_fd), 0, 1000000},
};

typedef struct command {
    const char *name;
    int (*run)(request *r);
    unsigned long options;
    const char *summary;
} command;

/* Output passes through here, so it can be wiped. */
static char out_buffer[16384];

static int read_secret(otsd_secret **out, const char *file, int fd, const char *what, size_t max) {
    otsd_error e = {0};
    otsd_err err;

    if (file) {
        err = otsd_secret_from_file(out, file, max, &e);
    } else {
        if (fd == STDIN_FILENO && isatty(fd))
            fprintf(stderr, "otsd: reading %s from the terminal; end with Ctrl-D on a line of its own\n", what);
        err = otsd_secret_from_fd(out, fd, max, &e);
    }
    return err == OTSD_OK ? EX_OK : failed(err, &e);
}

/* A key, or a link that ends in it. */
static int read_key(request *r) {
    otsd_secret *text = NULL;
    const char *start, *slash;
    size_t len;
    int rc = read_secret(&text, r->key_file, (int)r->key_fd, "the key or link", 4096);

    if (rc != EX_OK)
        return rc;
    start = otsd_secret_data(text);
    len = strcspn(start, " \t\r\n?#");
    while (len > 0 && start[len - 1] == '/')
        len--;
    slash = memrchr(start, '/', len);
    if (slash) {
        len -= (size_t)(slash + 1 - start);
        start = slash + 1;
    }
    if (len == 0 || len >= sizeof r->key)
        rc = complain(EX_DATAERR, "a key or a link was expected on input");
    else
        memcpy(r->key, start, len);
    otsd_secret_free(&text);
    return rc;
}

static int checked(const request *r, otsd_err err, const otsd_error *e, const char *text) {
    if (err != OTSD_OK)
        return failed(err, e);
    puts(r->json ? "{\"status\":\"nominal\"}" : text);
    return EX_OK;
}

static int run_status(request *r) {
    otsd_error e = {0};

    return checked(r, otsd_status(r->client, &e), &e, "nominal");
}

static int run_authcheck(request *r) {
    otsd_error e = {0};

    return checked(r, otsd_authcheck(r->client, &e), &e, "credentials accepted");
}

/* What an odd server silently leaves out of a new secret is worth a line. */
static void warn_about(const request *r, const otsd_receipt *t) {
    bool named = !r->options.recipient;

    for (size_t i = 0; i < t->recipients_len; i++)
        named = named || otsd_recipient_matches(t->recipients[i], r->options.recipient);
    if (!named)
        complain(0, "warning: the server did not take the recipient over; no mail will go out");
    if (r->options.passphrase && t->passphrase_required == OTSD_NO)
        complain(0, "warning: the server did not take the passphrase over; burn this secret");
    if (r->options.ttl > 0 && t->ttl >= 0 && t->ttl != r->options.ttl)
        complain(0, "warning: the server granted a ttl of %lld seconds, not %ld", (long long)t->ttl, r->options.ttl);
}

static int created(const request *r, otsd_err err, otsd_receipt *t, const otsd_error *e, bool with_value) {
    int rc;

    if (err != OTSD_OK)
        return failed(err, e);
    warn_about(r, t);
    rc = print_receipt(r->client, r->json != 0, t, with_value);
    otsd_receipt_free(&t);
    return rc;
}

static int run_share(request *r) {
    otsd_secret *value = NULL;
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err;
    int rc = read_secret(&value, r->file, STDIN_FILENO, "the secret", 100000);

    if (rc != EX_OK)
        return rc;
    err = otsd_share(r->client, value, &r->options, &t, &e);
    otsd_secret_free(&value);
    return created(r, err, t, &e, false);
}

static int run_generate(request *r) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_generate(r->client, &r->options, &t, &e);

    return created(r, err, t, &e, true);
}

static int run_read(request *r) {
    otsd_secret *value = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_read(r->client, r->key, r->passphrase, &value, &e);
    json_object *o;
    int rc = EX_OK;

    if (err == OTSD_ERR_GONE)
        return complain(code_of(err), "%s; it was opened, burned, has expired, or needs another passphrase", e.message);
    if (err != OTSD_OK)
        return failed(err, &e);
    if (r->json) {
        o = json_object_new_object();
        if (o && !add_value(o, value)) {
            json_object_put(o);
            o = NULL;
        }
        rc = print_json(o);
    } else {
        (void)fwrite(otsd_secret_data(value), 1, otsd_secret_len(value), stdout); /* a failure shows in main */
        if (isatty(STDOUT_FILENO))
            putchar('\n');
    }
    otsd_secret_free(&value);
    return rc;
}

static int run_receipt(request *r) {
    otsd_receipt *t = NULL;
    otsd_error e = {0};
    otsd_err err = otsd_fetch(r->client, r->key, &t, &e);
    int rc = err == OTSD_OK ? print_receipt(r->client, r->json != 0, t, false) : failed(err, &e);

    otsd_receipt_free(&t);
    return rc;
}

static int run_burn(request *r) {
    otsd_error e = {0};
    otsd_err err = otsd_burn(r->client, r->key, r->passphrase, NULL, &e);

    if (err != OTSD_OK)
        return failed(err, &e);
    puts(r->json ? "{\"burned\":true}" : "burned");
    return EX_OK;
}

static int run_recent(request *r) {
    otsd_receipts *list = NULL;
    json_object *array;
    otsd_error e = {0};
    otsd_err err = otsd_recent(r->client, &list, &e);
    int rc = EX_OK;
    bool ok;

    if (err != OTSD_OK)
        return failed(err, &e);
    if (r->json) {
        array = json_object_new_array();
        ok = array;
        for (size_t i = 0; ok && i < list->len; i++) {
            json_object *o = receipt_json(r->client, list->items[i], false);

            ok = o && json_object_array_add(array, o) == 0;
        }
        if (!ok) {
            json_object_put(array);
            array = NULL;
        }
        rc = print_json(array);
    } else {
        for (size_t i = 0; i < list->len; i++) {
            (void)print_receipt(r->client, r->json != 0, list->items[i], false); /* its text form cannot fail */
            putchar('\n');
        }
    }
    otsd_receipts_free(&list);
    return rc;
}

static const command commands[] = {
    {"status", run_status, COMMON, "does a server answer there?"},
    {"authcheck", run_authcheck, COMMON, "and does it accept the credentials?"},
    {"share", run_share, COMMON | CREATE | BIT(FILE_), "store the secret from standard input, print its link"},
    {"generate", run_generate, COMMON | CREATE | BIT(LENGTH), "let the server generate a secret, print it"},
    {"read", run_read, COMMON | KEY | PASSPHRASE, "open a link: print the secret, which is gone then"},
    {"receipt", run_receipt, COMMON | KEY, "what became of a secret, by its metadata key"},
    {"burn", run_burn, COMMON | KEY | PASSPHRASE, "destroy a secret unread, by its metadata key"},
    {"recent", run_recent, COMMON, "the receipts of the last 30 days"},
};

static int help(void) {
    puts("usage: otsd COMMAND [OPTION...]\n\nCommands:");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    puts("\nKeys, links, secrets and passphrases are read from standard input, a descriptor or a 0600 file:\n"
         "  --key-file FILE, --key-fd FD                the key or link (default: standard input)\n"
         "  --passphrase-file FILE, --passphrase-fd FD  the passphrase of the secret\n"
         "  --file FILE                                 share: the secret (default: standard input)\n"
         "For share and generate:\n"
         "  --ttl TIME           how long the secret lives: 3d, 12h, 90m or seconds\n"
         "  --recipient ADDRESS  mail the link there (needs an account)\n"
         "  --locale LOCALE, --share-domain HOST, --length N (generate, newer servers)\n"
         "For all:\n"
         "  --json               print JSON\n"
         "  --config FILE        default: ~/.config/otsd/otsd.conf if it exists, else " OTSD_CONFIG_PATH "\n"
         "  --help, --version");
    return EX_OK;
}

static int take_option(request *r, int id, const char *value) {
    void *at = (char *)r + options[id].offset;
    char *end;

    switch (options[id].kind) {
    case FLAG:
        *(long *)at = 1;
        break;
    case TEXT:
        *(const char **)at = value;
        break;
    case TIME:
        if (!otsd_duration_parse(value, at) || *(long *)at == 0)
            return complain(EX_USAGE, "--%s %s: a duration like 3d, 12h, 90m or seconds was expected", options[id].name,
                            value);
        break;
    case NUMBER:
        errno = 0;
        *(long *)at = strtol(value, &end, 10);
        if (errno != 0 || *value < '0' || *value > '9' || *end != '\0' || *(long *)at < options[id].min ||
            *(long *)at > options[id].max)
            return complain(EX_USAGE, "--%s %s: a number from %ld to %ld was expected", options[id].name, value,
                            options[id].min, options[id].max);
        break;
    }
    return EX_OK;
}

static int start(request *r) {
    const char *home = secure_getenv("HOME"), *path = r->config ? r->config : OTSD_CONFIG_PATH;
    otsd_config *config = NULL;
    otsd_error e = {0};
    char *own = NULL;
    otsd_err err;

    if (!r->config && home && asprintf(&own, "%s/.config/otsd/otsd.conf", home) < 0)
        return complain(EX_OSERR, "out of memory");
    if (own && access(own, F_OK) == 0)
        path = own;
    err = otsd_config_load(&config, path, &e);
    if (err == OTSD_OK)
        err = otsd_client_new(&r->client, config, &e);
    otsd_config_free(&config);
    free(own);
    return err == OTSD_OK ? EX_OK : failed(err, &e);
}

static int run(const command *c, int argc, char **argv) {
    request r = {.passphrase_fd = -1, .key_fd = STDIN_FILENO};
    struct option names[OPTIONS + 2] = {{"help", no_argument, NULL, OPTIONS}};
    int id, rc = EX_OK;

    for (id = 0; id < OPTIONS; id++)
        names[id + 1] =
            (struct option){options[id].name, options[id].kind == FLAG ? no_argument : required_argument, NULL, id};
    while (rc == EX_OK && (id = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (id == OPTIONS)
            return help();
        if (id == '?')
            rc = EX_USAGE; /* getopt has said what */
        else if ((c->options & BIT(id)) == 0)
            rc = complain(EX_USAGE, "%s does not take --%s", c->name, options[id].name);
        else
            rc = take_option(&r, id, optarg);
    }
    if (rc == EX_OK && optind < argc)
        rc = complain(EX_USAGE, "%s takes no arguments: keys and secrets are read from standard input", c->name);
    if (rc == EX_OK && !r.passphrase_file && r.passphrase_fd == 0 && !r.key_file && !r.file &&
        (r.key_fd == 0 || (c->options & BIT(FILE_)) != 0) && (c->options & (KEY | BIT(FILE_))) != 0)
        rc = complain(EX_USAGE, "standard input cannot be both the passphrase and the rest");
    if (rc == EX_OK && (r.passphrase_file || r.passphrase_fd >= 0)) {
        rc = read_secret(&r.passphrase, r.passphrase_file, (int)r.passphrase_fd, "the passphrase", 1024);
        r.options.passphrase = r.passphrase;
    }
    if (rc == EX_OK)
        rc = start(&r);
    if (rc == EX_OK && (c->options & KEY) != 0)
        rc = read_key(&r);
    if (rc == EX_OK)
        rc = c->run(&r);
    otsd_client_free(&r.client);
    otsd_secret_free(&r.passphrase);
    otsd_wipe(r.key, sizeof r.key);
    return rc;
}

int main(int argc, char **argv) {
    int rc = EX_USAGE;
    size_t i, n = sizeof commands / sizeof commands[0];

    if (otsd_process_harden() != OTSD_OK || otsd_global_init() != OTSD_OK)
        return complain(EX_OSERR, "cannot protect its memory");
    if (setvbuf(stdout, out_buffer, _IOFBF, sizeof out_buffer) != 0)
        return complain(EX_OSERR, "out of memory");
    for (i = 0; argc > 1 && i < n && strcmp(argv[1], commands[i].name) != 0; i++)
        ;
    if (argc > 1 && i < n)
        rc = run(&commands[i], argc - 1, argv + 1);
    else if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0))
        rc = help();
    else if (argc > 1 && strcmp(argv[1], "--version") == 0)
        rc = puts("otsd " OTSD_VERSION) >= 0 ? EX_OK : EX_IOERR;
    else
        complain(rc, "a command was expected; see otsd --help");
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        rc = complain(EX_IOERR, "the output could not be written: %s", strerror(errno));
    otsd_wipe(out_buffer, sizeof out_buffer);
    otsd_global_cleanup();
    return rc;
}
