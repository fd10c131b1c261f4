/* SPDX-License-Identifier: MIT
 *
 * The hook's part of otsd.conf: a row for each key, the defaults, and what no single key can tell. The groups
 * `server` and `memory` are the library's and read by it, so that the hook and any other client take the same servers.
 */
#include "config/config.h"

#include "conf/conf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *recipient(const char *text) {
    static const char expected[] =
        "an address pattern like \"%u@example.com\" was expected (%u: user name, %%: percent)";
    char address[256];
    size_t n = 0;

    if (*text == '\0')
        return "without an address pattern like \"%u@example.com\" leave it out, and give --recipient, or "
               "--no-recipient --print-link";
    for (; *text != '\0'; text++) {
        if (n + 1 >= sizeof address)
            return expected;
        if (*text != '%')
            address[n++] = *text;
        else if (text[1] == 'u' || text[1] == '%')
            address[n++] = *++text;
        else
            return expected;
    }
    address[n] = '\0';
    return otsd_address_ok(address) ? NULL : expected;
}

static const char *locale(const char *text) {
    return text_is_locale(text) ? NULL : "a locale like \"en\" or \"pt_BR\" was expected";
}

/* The name of a file in /etc/pam.d */
static const char *service(const char *text) {
    return strlen(text) < 128 && text[0] != '.' && !strchr(text, '/') && !conf_plain(text)
               ? NULL
               : "names of PAM services were expected";
}

static const char *const backends[] = {[BACKEND_SHADOW] = "shadow", [BACKEND_COMMAND] = "command", NULL};
static const char *const hashes[] = {"yescrypt", "sha512crypt", "sha256crypt", "bcrypt", NULL};

#define UID_MOST 4294967294L /* one less than what stands for none */
#define AT(member) offsetof(config, member)

static const conf_row rows[] = {
    {"handoff", "ttl", CONF_DURATION, AT(handoff.ttl), 60, 2592000, NULL, NULL},
    {"handoff", "recipient", CONF_TEXT, AT(handoff.recipient), 0, 0, recipient, NULL},
    {"handoff", "locale", CONF_TEXT, AT(handoff.locale), 0, 0, locale, NULL},
    {"handoff", "share_domain", CONF_TEXT, AT(handoff.share_domain), 0, 0, conf_host, NULL},
    {"handoff", "min_length", CONF_INTEGER, AT(handoff.min_length), 1, 128, NULL, NULL},
    {"handoff", "must_change", CONF_BOOLEAN, AT(handoff.must_change), 0, 0, NULL, NULL},
    {"handoff", "uid_min", CONF_INTEGER, AT(handoff.uid_min), 1, UID_MOST, NULL, NULL},
    {"handoff", "uid_max", CONF_INTEGER, AT(handoff.uid_max), 1, UID_MOST, NULL, NULL},
    {"handoff", "former", CONF_NAMES, AT(handoff.former), 0, 0, conf_absolute, NULL},
    {"password", "backend", CONF_WORD, AT(password.backend), 0, 0, NULL, backends},
    {"password", "command", CONF_TEXT, AT(password.command), 0, 0, conf_absolute, NULL},
    {"password", "lock_command", CONF_TEXT, AT(password.lock_command), 0, 0, conf_absolute, NULL},
    {"password", "command_group", CONF_INTEGER, AT(password.command_group), 1, 10000, NULL, NULL},
    {"password", "command_timeout", CONF_DURATION, AT(password.command_timeout), 1, 3600, NULL, NULL},
    {"password", "lock_unseen", CONF_BOOLEAN, AT(password.lock_unseen), 0, 0, NULL, NULL},
    {"password", "hash", CONF_TEXT, AT(password.hash), 0, 0, NULL, hashes},
    {"password", "rounds", CONF_INTEGER, AT(password.rounds), 0, 999999999, NULL, NULL},
    {"login", "services", CONF_NAMES, AT(login.services), 0, 0, service, NULL},
    {"login", "key_counts", CONF_BOOLEAN, AT(login.key_counts), 0, 0, NULL, NULL},
    {"audit", "file", CONF_TEXT, AT(audit.file), 0, 0, conf_absolute, NULL},
    {"audit", "syslog", CONF_BOOLEAN, AT(audit.syslog), 0, 0, NULL, NULL},
};

static const char *const groups[] = {"server", "handoff", "password", "login", "audit", "memory", NULL};
static const conf_schema schema = {rows, sizeof rows / sizeof rows[0], groups};

_Static_assert(sizeof rows / sizeof rows[0] <= CONF_KEYS, "each key has a line");
_Static_assert(sizeof(backend_kind) == sizeof(int), "a word's place is written as an int");

static otsd_err set_defaults(config *c, otsd_error *e) {
    static const char *const services[] = {"sshd", "login", "gdm-password", "lightdm", "sddm", "xdm", "kde", "cockpit"};
    size_t i, n = sizeof services / sizeof services[0];

    c->handoff.ttl = 259200;
    c->handoff.min_length = 10;
    c->handoff.must_change = true;
    c->password.command_group = 100;
    c->password.command_timeout = 60;
    c->password.hash = strdup("yescrypt");
    c->login.services = calloc(n + 1, sizeof *c->login.services);
    for (i = 0; c->login.services && i < n; i++) {
        c->login.services[i] = strdup(services[i]);
        if (!c->login.services[i])
            break;
    }
    c->audit.file = strdup("/var/log/otsd/audit.log");
    c->audit.syslog = true;
    if (!c->password.hash || i < n || !c->audit.file)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    return OTSD_OK;
}

/* What only the whole can tell. */
static otsd_err check_handoff(const config *c, const conf_source *from) {
    conf_place p = conf_find(from, "handoff", "uid_max");

    if (c->handoff.uid_max > 0 && c->handoff.uid_max < c->handoff.uid_min)
        return conf_fault(&p, "is %ld; not less than `handoff.uid_min` was expected", c->handoff.uid_max);
    return OTSD_OK;
}

static otsd_err check_password(const config *c, const conf_source *from) {
    bool programs = c->password.command && c->password.lock_command;
    conf_place p;

    if (c->password.backend == BACKEND_COMMAND && !programs) {
        p = conf_find(from, "password", "backend");
        return conf_fault(&p, "is \"command\"; `password.command` and `password.lock_command` were expected too");
    }
    if (c->password.backend == BACKEND_SHADOW && (c->password.command || c->password.lock_command)) {
        p = conf_find(from, "password", c->password.command ? "command" : "lock_command");
        return conf_fault(&p, "is set; `password.backend` \"command\" was expected too");
    }
    if (c->password.backend == BACKEND_SHADOW && c->password.lock_unseen) {
        p = conf_find(from, "password", "lock_unseen");
        return conf_fault(&p, "is true; `password.backend` \"command\" was expected too");
    }
    if (c->password.rounds != 0 && (c->password.rounds < 1000 || strncmp(c->password.hash, "sha", 3) != 0)) {
        p = conf_find(from, "password", "rounds");
        return conf_fault(&p, "is %ld; 0, or with sha512crypt and sha256crypt 1000 to 999999999, was expected",
                          c->password.rounds);
    }
    return OTSD_OK;
}

int config_load(config **out, const char *path, problem *p) {
    otsd_error e = {0};
    conf_source from = {.schema = &schema, .e = &e};
    config *c = calloc(1, sizeof *c);
    otsd_err rc;

    if (!c)
        return problem_set(p, EX_OSERR, "out of memory");
    rc = set_defaults(c, &e);
    if (rc == OTSD_OK)
        rc = conf_read(c, &from, path);
    if (rc == OTSD_OK)
        rc = otsd_memory_load(path, &e);
    if (rc == OTSD_OK)
        rc = otsd_server_load(&c->server, path, &e);
    if (rc == OTSD_OK && c->handoff.share_domain)
        rc = otsd_server_add_link_host(c->server, c->handoff.share_domain, &e);
    if (rc == OTSD_OK)
        rc = check_handoff(c, &from);
    if (rc == OTSD_OK)
        rc = check_password(c, &from);
    if (rc == OTSD_OK) {
        *out = c;
        return problem_none(p);
    }
    config_free(&c);
    return problem_set(p, rc == OTSD_ERR_MEMORY ? EX_OSERR : EX_CONFIG, "%s", e.message);
}

void config_free(config **p) {
    config *c;

    if (!p || !*p)
        return;
    c = *p;
    *p = NULL;
    otsd_server_free(&c->server);
    conf_free(&schema, c);
    free(c);
}
