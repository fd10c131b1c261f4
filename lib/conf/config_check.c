/* SPDX-License-Identifier: MIT
 *
 * otsd.conf as a whole: what holds where nothing is said, and what no single key can tell.
 */
#include "conf/config.h"

#include <stdlib.h>
#include <string.h>

otsd_err config_defaults(otsd_config *c, otsd_error *e) {
    static const char *const services[] = {"sshd", "login", "gdm-password", "lightdm", "sddm", "xdm", "kde", "cockpit"};
    size_t i, n = sizeof services / sizeof services[0];

    c->server.connect_timeout_ms = 5000;
    c->server.timeout_ms = 20000;
    c->handoff.ttl = 259200;
    c->handoff.min_length = 10;
    c->handoff.must_change = true;
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

static otsd_err check_server(otsd_config *c, const config_lines *lines, const char *file, otsd_error *e) {
    config_place p;
    char why[160];
    size_t n;

    if (!c->server.url)
        return error_local(e, OTSD_ERR_CONFIG, "%s:1: `server.region` or `server.url` was expected", file);
    p = config_find(lines, file, e, "server", "url");
    if (!http_url_check(c->server.url, c->server.allow_http, why, sizeof why))
        return config_fault(&p, "is \"%.120s\"; %s", c->server.url, why);
    for (n = strlen(c->server.url); n > 0 && c->server.url[n - 1] == '/'; n--)
        c->server.url[n - 1] = '\0';
    if (c->server.proxy && !http_proxy_check(c->server.proxy, why, sizeof why)) {
        p = config_find(lines, file, e, "server", "proxy");
        return config_fault(&p, "is no proxy; %s", why); /* its text may hold a password */
    }
    if (c->server.token_file && !c->server.username) {
        p = config_find(lines, file, e, "server", "token_file");
        return config_fault(&p, "is set; `server.username` was expected too");
    }
    return OTSD_OK;
}

static otsd_err check_password(const otsd_config *c, const config_lines *lines, const char *file, otsd_error *e) {
    bool programs = c->password.command && c->password.lock_command;
    config_place p;

    if (c->password.backend == OTSD_BACKEND_COMMAND && !programs) {
        p = config_find(lines, file, e, "password", "backend");
        return config_fault(&p, "is \"command\"; `password.command` and `password.lock_command` were expected too");
    }
    if (c->password.backend == OTSD_BACKEND_SHADOW && (c->password.command || c->password.lock_command)) {
        p = config_find(lines, file, e, "password", c->password.command ? "command" : "lock_command");
        return config_fault(&p, "is set; `password.backend` \"command\" was expected too");
    }
    if (c->password.rounds != 0 && (c->password.rounds < 1000 || strncmp(c->password.hash, "sha", 3) != 0)) {
        p = config_find(lines, file, e, "password", "rounds");
        return config_fault(&p, "is %ld; 0, or with sha512crypt and sha256crypt 1000 to 999999999, was expected",
                            c->password.rounds);
    }
    return OTSD_OK;
}

otsd_err config_check(otsd_config *c, const config_lines *lines, const char *file, otsd_error *e) {
    otsd_err rc = check_server(c, lines, file, e);

    return rc == OTSD_OK ? check_password(c, lines, file, e) : rc;
}
