/* SPDX-License-Identifier: MIT
 *
 * otsd.conf, as the library and the hook read it. What is taken is written anew, key by key, and read again; what is
 * not is told with its line.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz.h"
#include "ledger/record.h"
#include "server/server.h"

#define PATH "/etc/otsd/otsd.conf"

/* libconfig 1.5 leaks a string that has no end. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:strbuf_append\n";
}

static int load(config **c, const void *text, size_t len, problem *p) {
    int rc;

    *c = NULL;
    stage_file(PATH, text, len);
    rc = config_load(c, PATH, p);
    HOLDS(p->code == rc && (rc == EX_OK) == !!*c && (rc == EX_OK) == !p->text[0]);
    return rc;
}

/* "FILE:LINE: what, and what was expected", or of the file as a whole "FILE: what". */
static void fault_holds(const problem *p, const char *text, size_t len) {
    size_t lines = 2;
    unsigned long line;
    const char *at = p->text + strlen(PATH);

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    HOLDS(p->code == EX_CONFIG && is_printable(p->text));
    HOLDS(strncmp(p->text, PATH, strlen(PATH)) == 0 && at[0] == ':');
    line = strtoul(at + 1, NULL, 10);
    HOLDS(line <= lines);
    HOLDS(line > 0 || at[1] == ' ');
}

static void put(wiped *out, const char *text) {
    HOLDS(wiped_append_string(out, text));
}

static void put_string(wiped *out, const char *s) {
    char code[8];

    put(out, "\"");
    for (; *s; s++)
        if (*s == '"' || *s == '\\') {
            put(out, "\\");
            HOLDS(wiped_append(out, s, 1));
        } else if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e) {
            snprintf(code, sizeof code, "\\x%02x", (unsigned char)*s);
            put(out, code);
        } else {
            HOLDS(wiped_append(out, s, 1));
        }
    put(out, "\"");
}

static void put_text(wiped *out, const char *key, const char *value) {
    if (!value)
        return;
    put(out, key);
    put(out, " = ");
    put_string(out, value);
    put(out, ";\n");
}

static void put_number(wiped *out, const char *key, long value) {
    char text[64];

    snprintf(text, sizeof text, " = %ldL;\n", value);
    put(out, key);
    put(out, text);
}

static void put_ms(wiped *out, const char *key, long ms) {
    char text[64];

    if (ms <= 0)
        return;
    snprintf(text, sizeof text, " = %.3f;\n", (double)ms / 1000);
    put(out, key);
    put(out, text);
}

static void put_bool(wiped *out, const char *key, bool value) {
    put(out, key);
    put(out, value ? " = true;\n" : " = false;\n");
}

/* All but so many at their end. */
static void put_names(wiped *out, const char *key, char *const *names, size_t but) {
    size_t n = 0;

    while (names && names[n])
        n++;
    if (n <= but)
        return;
    put(out, key);
    put(out, " = [ ");
    for (size_t i = 0; i < n - but; i++) {
        put(out, i > 0 ? ", " : "");
        put_string(out, names[i]);
    }
    put(out, " ];\n");
}

/* The hook has put the share domain behind the link hosts. */
static void put_server(wiped *out, const config *c) {
    const otsd_server *s = c->server;

    put(out, "server: {\n");
    put_text(out, s->region ? "region" : "url", s->region ? s->region : s->url);
    put_text(out, "username", s->username);
    put_text(out, "token_file", s->token_file);
    put_text(out, "ca_file", s->ca_file);
    put_text(out, "pinned_key", s->pinned_key);
    put_text(out, "proxy", s->proxy);
    put_names(out, "link_hosts", s->link_hosts, c->handoff.share_domain ? 1 : 0);
    put_bool(out, "allow_http", s->allow_http);
    put_ms(out, "connect_timeout", s->connect_timeout_ms);
    put_ms(out, "timeout", s->timeout_ms);
    put(out, "};\n");
}

static void put_handoff(wiped *out, const config *c) {
    put(out, "handoff: {\n");
    put_number(out, "ttl", c->handoff.ttl);
    put_text(out, "recipient", c->handoff.recipient);
    put_text(out, "locale", c->handoff.locale);
    put_text(out, "share_domain", c->handoff.share_domain);
    put_number(out, "min_length", c->handoff.min_length);
    put_bool(out, "must_change", c->handoff.must_change);
    if (c->handoff.uid_min)
        put_number(out, "uid_min", c->handoff.uid_min);
    if (c->handoff.uid_max)
        put_number(out, "uid_max", c->handoff.uid_max);
    put_names(out, "former", c->handoff.former, 0);
    put(out, "};\n");
}

static void put_password(wiped *out, const config *c) {
    put(out, "password: {\n");
    put_text(out, "backend", c->password.backend == BACKEND_COMMAND ? "command" : "shadow");
    put_text(out, "command", c->password.command);
    put_text(out, "lock_command", c->password.lock_command);
    put_number(out, "command_group", c->password.command_group);
    put_number(out, "command_timeout", c->password.command_timeout);
    put_bool(out, "lock_unseen", c->password.lock_unseen);
    put_text(out, "hash", c->password.hash);
    put_number(out, "rounds", c->password.rounds);
    put(out, "};\n");
}

/* Everything that is known of it, in an order and a form of its own. */
static wiped written(const config *c) {
    wiped out = {0};

    put_password(&out, c);
    put(&out, "login: {\n");
    put_names(&out, "services", c->login.services, 0);
    put_bool(&out, "key_counts", c->login.key_counts);
    put(&out, "};\naudit: {\n");
    put_text(&out, "file", c->audit.file);
    put_bool(&out, "syslog", c->audit.syslog);
    put(&out, "};\n");
    put_handoff(&out, c);
    put_server(&out, c);
    return out;
}

static void holds(const config *c) {
    HOLDS(c->handoff.ttl >= TTL_LEAST && c->handoff.ttl <= TTL_MOST);
    HOLDS(c->handoff.min_length >= 1 && c->handoff.min_length <= 128);
    HOLDS(c->password.command_timeout >= 1 && c->password.command_timeout <= 3600);
    HOLDS(c->login.services && c->login.services[0] && c->audit.file[0] == '/');
    HOLDS(server_check(c->server, NULL) == OTSD_OK && otsd_server_url(c->server)[0]);
    HOLDS(otsd_server_timeout_ms(c->server) >= 1 && otsd_server_timeout_ms(c->server) <= 600000);
    HOLDS(is_printable(otsd_server_url(c->server)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    config *c, *again;
    wiped first, second;
    problem p;

    if (load(&c, data, len, &p) != EX_OK) {
        fault_holds(&p, (const char *)data, len);
        return 0;
    }
    holds(c);
    first = written(c);
    HOLDS(load(&again, first.data, first.len, &p) == EX_OK);
    second = written(again);
    HOLDS(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    wiped_free(&first);
    wiped_free(&second);
    config_free(&c);
    config_free(&again);
    return 0;
}
