/* SPDX-License-Identifier: MIT
 *
 * The command line of otsd-sandbox: what it takes, what it says to --help, and one clear line for each mistake.
 */
#include "options.h"

#include "bytes.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#ifndef OTSD_VERSION
#define OTSD_VERSION "0.1.0"
#endif

static const char help_text[] =
    "Usage: otsd-sandbox [OPTION]...\n"
    "A Onetime Secret server (REST API v1) in memory, for trying out scripts and for tests.\n"
    "What it is told is gone when it ends. It is a sandbox: give it no real secrets.\n"
    "\n"
    "  --release RELEASE        behave like v0.18.5, v0.20.5 (or old), v0.21.7, v0.22.10, v0.23.6, v0.24.7,\n"
    "                           v0.25.11 or v0.26.6 (or new, the default)\n"
    "  --listen ADDRESS:PORT    default 127.0.0.1:7143; port 0 takes any free one\n"
    "  --allow-remote           permit an address that other machines can reach\n"
    "  --account EMAIL:TOKEN    an account and its API token; may be repeated\n"
    "  --mail-dir DIRECTORY     write each mail as an .eml file; default: no mail is written\n"
    "  --tls-cert FILE          serve https with this certificate (PEM)\n"
    "  --tls-key FILE           and this key (PEM)\n"
    "  --host-name URL          what links begin with; default: the address listened on\n"
    "  --port-file FILE         write the port number here once the server listens\n"
    "  --latency MS             answer every call this much later\n"
    "  --mail-delay MS          what handing over a mail takes; up to v0.23.6 the answer waits for it\n"
    "  --serial                 do one thing at a time, in the order of arrival\n"
    "  --min-ttl SECONDS        the shortest ttl granted; default 300 (v0.20.5), 60 (the others)\n"
    "  --no-limits              no rate limits\n"
    "  --fault SPEC             misbehave: CALL:KIND[:NAME=VALUE]...; may be repeated\n"
    "  --control                answer under /sandbox/ (faults, clock, what the server knows)\n"
    "  --control-token TOKEN    the same, for callers that send the header X-Sandbox-Token\n"
    "  --verbose                one line for each call on stderr, no keys or secrets in it\n"
    "  --help, --version\n"
    "\n"
    "Try it:\n"
    "  otsd-sandbox --account me@example.com:sesame --mail-dir /tmp/mail &\n"
    "  curl -u me@example.com:sesame -d ttl=3600 -d recipient=you@example.com \\\n"
    "       http://127.0.0.1:7143/api/v1/generate\n"
    "\n"
    "CALL is generate, share, read, receipt, burn, recent, status, authcheck or any. KIND and its parameters are\n"
    "in otsd-sandbox(1). Example: --fault burn:hang  --fault generate:status:status=503:count=2\n";

enum {
    OPT_RELEASE = 256,
    OPT_LISTEN,
    OPT_ALLOW_REMOTE,
    OPT_ACCOUNT,
    OPT_MAIL_DIR,
    OPT_TLS_CERT,
    OPT_TLS_KEY,
    OPT_HOST_NAME,
    OPT_PORT_FILE,
    OPT_LATENCY,
    OPT_MAIL_DELAY,
    OPT_SERIAL,
    OPT_MIN_TTL,
    OPT_NO_LIMITS,
    OPT_FAULT,
    OPT_CONTROL,
    OPT_CONTROL_TOKEN,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {{"release", required_argument, NULL, OPT_RELEASE},
                                             {"listen", required_argument, NULL, OPT_LISTEN},
                                             {"allow-remote", no_argument, NULL, OPT_ALLOW_REMOTE},
                                             {"account", required_argument, NULL, OPT_ACCOUNT},
                                             {"mail-dir", required_argument, NULL, OPT_MAIL_DIR},
                                             {"tls-cert", required_argument, NULL, OPT_TLS_CERT},
                                             {"tls-key", required_argument, NULL, OPT_TLS_KEY},
                                             {"host-name", required_argument, NULL, OPT_HOST_NAME},
                                             {"port-file", required_argument, NULL, OPT_PORT_FILE},
                                             {"latency", required_argument, NULL, OPT_LATENCY},
                                             {"mail-delay", required_argument, NULL, OPT_MAIL_DELAY},
                                             {"serial", no_argument, NULL, OPT_SERIAL},
                                             {"min-ttl", required_argument, NULL, OPT_MIN_TTL},
                                             {"no-limits", no_argument, NULL, OPT_NO_LIMITS},
                                             {"fault", required_argument, NULL, OPT_FAULT},
                                             {"control", no_argument, NULL, OPT_CONTROL},
                                             {"control-token", required_argument, NULL, OPT_CONTROL_TOKEN},
                                             {"verbose", no_argument, NULL, OPT_VERBOSE},
                                             {"help", no_argument, NULL, OPT_HELP},
                                             {"version", no_argument, NULL, OPT_VERSION},
                                             {NULL, 0, NULL, 0}};

static int complain(const char *what, const char *got) {
    fprintf(stderr, "otsd-sandbox: %s: \"%s\"\n", what, got);
    return EX_USAGE;
}

static int set_listen(struct options *o, const char *s) {
    const char *colon = strrchr(s, ':');
    long port;
    size_t len;

    if (!colon || colon == s || !parse_number(colon + 1, 0, 65535, &port))
        return complain("--listen wants ADDRESS:PORT", s);
    len = (size_t)(colon - s);
    if (s[0] == '[' && s[len - 1] == ']') {
        s++;
        len -= 2;
    }
    free(o->host);
    free(o->port);
    o->host = must_format("%.*s", (int)len, s);
    o->port = must_format("%ld", port);
    return -1;
}

static bool plain_line(const char *s) {
    for (; *s != '\0'; s++) {
        if (iscntrl((unsigned char)*s))
            return false;
    }
    return true;
}

static int add_account(struct options *o, char *s) {
    char *colon = strchr(s, ':');

    if (!colon || colon == s || colon[1] == '\0' || !plain_line(s))
        return complain("--account wants EMAIL:TOKEN", "…");
    o->accounts = must_realloc(o->accounts, (o->accounts_len + 1) * sizeof *o->accounts);
    o->accounts[o->accounts_len++] = (struct account){must_format("%.*s", (int)(colon - s), s), must_copy(colon + 1)};
    /* ps shows arguments to everybody. */
    memset(colon + 1, '*', strlen(colon + 1));
    return -1;
}

static int set_base(struct options *o, const char *url) {
    if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || !plain_line(url) || strlen(url) > 200)
        return complain("--host-name wants an http or https URL of at most 200 characters", url);
    free(o->base);
    o->base = must_copy(url);
    for (size_t n = strlen(o->base); n > 0 && o->base[n - 1] == '/'; n--)
        o->base[n - 1] = '\0';
    return -1;
}

static int set_delay(long *ms, const char *wants) {
    return parse_number(optarg, 0, 3600000, ms) ? -1 : complain(wants, optarg);
}

static int one_option(struct options *o, int c) {
    switch (c) {
    case OPT_RELEASE:
        o->release = release_find(optarg);
        return o->release ? -1 : complain("--release is old, new, or one of those that --help names", optarg);
    case OPT_LISTEN:
        return set_listen(o, optarg);
    case OPT_ALLOW_REMOTE:
        o->allow_remote = true;
        return -1;
    case OPT_ACCOUNT:
        return add_account(o, optarg);
    case OPT_MAIL_DIR:
        o->mail_dir = optarg;
        return -1;
    case OPT_TLS_CERT:
        o->tls_cert = optarg;
        return -1;
    case OPT_TLS_KEY:
        o->tls_key = optarg;
        return -1;
    case OPT_HOST_NAME:
        return set_base(o, optarg);
    case OPT_PORT_FILE:
        o->port_file = optarg;
        return -1;
    case OPT_LATENCY:
        return set_delay(&o->latency_ms, "--latency wants milliseconds, 0 to 3600000");
    case OPT_MAIL_DELAY:
        return set_delay(&o->mail_delay_ms, "--mail-delay wants milliseconds, 0 to 3600000");
    case OPT_SERIAL:
        o->serial = true;
        return -1;
    case OPT_MIN_TTL:
        return parse_number(optarg, 1, 604800, &o->min_ttl) ? -1
                                                            : complain("--min-ttl wants seconds, 1 to 604800", optarg);
    case OPT_NO_LIMITS:
        o->no_limits = true;
        return -1;
    case OPT_FAULT:
        o->faults = must_realloc(o->faults, (o->faults_len + 1) * sizeof *o->faults);
        o->faults[o->faults_len++] = optarg;
        return -1;
    case OPT_CONTROL_TOKEN:
        if (*optarg == '\0')
            return complain("--control-token must not be empty", optarg);
        o->control_token = optarg;
        o->control = true;
        return -1;
    case OPT_CONTROL:
        o->control = true;
        return -1;
    case OPT_VERBOSE:
        o->verbose = true;
        return -1;
    case OPT_HELP:
        fputs(help_text, stdout);
        return EX_OK;
    case OPT_VERSION:
        puts("otsd-sandbox " OTSD_VERSION);
        return EX_OK;
    default:
        fputs("otsd-sandbox: --help says which options there are\n", stderr);
        return EX_USAGE;
    }
}

int options_parse(struct options *o, int argc, char **argv) {
    *o = (struct options){.release = release_find("new"), .host = must_copy("127.0.0.1"), .port = must_copy("7143")};
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        int rc = one_option(o, c);

        if (rc != -1)
            return rc;
    }
    if (optind < argc)
        return complain("unexpected argument", argv[optind]);
    if ((!o->tls_cert) != (!o->tls_key)) {
        fputs("otsd-sandbox: --tls-cert and --tls-key go together\n", stderr);
        return EX_USAGE;
    }
    return -1;
}

void options_free(struct options *o) {
    for (size_t i = 0; i < o->accounts_len; i++) {
        free(o->accounts[i].email);
        free(o->accounts[i].token);
    }
    free(o->accounts);
    free(o->faults);
    free(o->host);
    free(o->port);
    free(o->base);
}
