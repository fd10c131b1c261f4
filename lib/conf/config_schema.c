/* SPDX-License-Identifier: MIT
 *
 * What may stand in otsd.conf: one table, a row for each key, with its type, its range and its place in otsd_config.
 */
#include "conf/config.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { STRING, BOOLEAN, INTEGER, SECONDS_MS, DURATION, NAMES, REGION, BACKEND } kind;

/* Says what was expected instead, NULL where the text is good. */
typedef const char *text_check(const char *s);

typedef struct row {
    const char *group, *key;
    kind kind;
    size_t offset;
    long min, max; /* for times in seconds */
    text_check *check;
} row;

static const char *plain(const char *s) {
    return s[0] != '\0' && !text_has_control(s) ? NULL : "a text without control characters was expected";
}

static const char *user_name(const char *s) {
    return !plain(s) && !strchr(s, ':') ? NULL : "an account name without a colon was expected";
}

static const char *absolute(const char *s) {
    return s[0] == '/' && !text_has_control(s) ? NULL : "an absolute path was expected";
}

static const char *pins(const char *s) {
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

    for (;;) {
        if (strncmp(s, "sha256//", 8) != 0 || strspn(s + 8, base64) != 44)
            return "sha256// and 44 characters of base64 were expected";
        s += 8 + 44;
        if (*s == '\0')
            return NULL;
        if (*s++ != ';')
            return "a semicolon between pins was expected";
    }
}

static const char *recipient(const char *s) {
    static const char expected[] =
        "an address pattern like \"%u@example.com\" was expected (%u: user name, %%: percent)";
    char address[256];
    size_t n = 0;

    for (; *s != '\0'; s++) {
        if (n + 1 >= sizeof address)
            return expected;
        if (*s != '%')
            address[n++] = *s;
        else if (s[1] == 'u' || s[1] == '%')
            address[n++] = *++s;
        else
            return expected;
    }
    address[n] = '\0';
    return otsd_address_ok(address) ? NULL : expected;
}

static const char *locale(const char *s) {
    return text_is_locale(s) ? NULL : "a locale like \"en\" or \"pt_BR\" was expected";
}

static const char *host(const char *s) {
    return text_is_host(s) ? NULL : "a host name was expected";
}

static const char *hash_method(const char *s) {
    return strcmp(s, "yescrypt") == 0 || strcmp(s, "sha512crypt") == 0 || strcmp(s, "sha256crypt") == 0 ||
                   strcmp(s, "bcrypt") == 0
               ? NULL
               : "\"yescrypt\", \"sha512crypt\", \"sha256crypt\" or \"bcrypt\" was expected";
}

/* The name of a file in /etc/pam.d */
static const char *service(const char *s) {
    return strlen(s) > 0 && strlen(s) < 128 && s[0] != '.' && !strchr(s, '/') && !plain(s)
               ? NULL
               : "names of PAM services were expected";
}

#define AT(member) offsetof(otsd_config, member)

static const row rows[] = {
    {"server", "region", REGION, AT(server.url), 0, 0, NULL},
    {"server", "url", STRING, AT(server.url), 0, 0, plain},
    {"server", "username", STRING, AT(server.username), 0, 0, user_name},
    {"server", "token_file", STRING, AT(server.token_file), 0, 0, absolute},
    {"server", "ca_file", STRING, AT(server.ca_file), 0, 0, absolute},
    {"server", "pinned_key", STRING, AT(server.pinned_key), 0, 0, pins},
    {"server", "proxy", STRING, AT(server.proxy), 0, 0, plain},
    {"server", "allow_http", BOOLEAN, AT(server.allow_http), 0, 0, NULL},
    {"server", "connect_timeout", SECONDS_MS, AT(server.connect_timeout_ms), 0, 600, NULL},
    {"server", "timeout", SECONDS_MS, AT(server.timeout_ms), 0, 600, NULL},
    {"handoff", "ttl", DURATION, AT(handoff.ttl), 60, 2592000, NULL},
    {"handoff", "recipient", STRING, AT(handoff.recipient), 0, 0, recipient},
    {"handoff", "locale", STRING, AT(handoff.locale), 0, 0, locale},
    {"handoff", "share_domain", STRING, AT(handoff.share_domain), 0, 0, host},
    {"handoff", "min_length", INTEGER, AT(handoff.min_length), 1, 128, NULL},
    {"handoff", "must_change", BOOLEAN, AT(handoff.must_change), 0, 0, NULL},
    {"password", "backend", BACKEND, AT(password.backend), 0, 0, NULL},
    {"password", "command", STRING, AT(password.command), 0, 0, absolute},
    {"password", "lock_command", STRING, AT(password.lock_command), 0, 0, absolute},
    {"password", "hash", STRING, AT(password.hash), 0, 0, hash_method},
    {"password", "rounds", INTEGER, AT(password.rounds), 0, 999999999, NULL},
    {"login", "services", NAMES, AT(login.services), 0, 0, service},
    {"login", "key_counts", BOOLEAN, AT(login.key_counts), 0, 0, NULL},
    {"audit", "file", STRING, AT(audit.file), 0, 0, absolute},
    {"audit", "syslog", BOOLEAN, AT(audit.syslog), 0, 0, NULL},
};

#define ROWS (sizeof rows / sizeof rows[0])

_Static_assert(ROWS <= CONFIG_KEYS, "each key has a line");

bool config_is_group(const char *name) {
    size_t i;

    for (i = 0; i < ROWS; i++)
        if (strcmp(rows[i].group, name) == 0)
            return true;
    return false;
}

static const char *type_name(const config_setting_t *s) {
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a whole number";
    case CONFIG_TYPE_FLOAT:
        return "a number with a fraction";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "a boolean";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    case CONFIG_TYPE_LIST:
        return "a list";
    case CONFIG_TYPE_GROUP:
        return "a group";
    default:
        return "of no known type";
    }
}

static otsd_err wrong_type(const config_setting_t *s, const config_place *p, const char *expected) {
    return config_fault(p, "is %s; %s was expected", type_name(s), expected);
}

static bool is_whole(const config_setting_t *s) {
    return config_setting_type(s) == CONFIG_TYPE_INT || config_setting_type(s) == CONFIG_TYPE_INT64;
}

static otsd_err take_string(char **out, const config_setting_t *s, const row *w, const config_place *p) {
    const char *text, *expected;
    char *copy;

    if (config_setting_type(s) != CONFIG_TYPE_STRING)
        return wrong_type(s, p, "a string in quotes");
    text = config_setting_get_string(s);
    expected = w->check(text);
    if (expected)
        return config_fault(p, "is \"%.80s\"; %s", text, expected);
    copy = strdup(text);
    if (!copy)
        return error_local(p->e, OTSD_ERR_MEMORY, "out of memory");
    free(*out);
    *out = copy;
    return OTSD_OK;
}

static otsd_err take_region(char **out, const config_setting_t *s, const config_place *p) {
    static const char *const regions[] = {"us", "eu", "ca", "nz", "uk"};
    const char *text;
    size_t i;

    if (*out)
        return config_fault(p, "and `server.url` are both set; one of them was expected");
    if (config_setting_type(s) != CONFIG_TYPE_STRING)
        return wrong_type(s, p, "a string in quotes");
    text = config_setting_get_string(s);
    for (i = 0; i < sizeof regions / sizeof regions[0]; i++)
        if (strcmp(text, regions[i]) == 0) {
            if (asprintf(out, "https://%s.onetimesecret.com", text) >= 0)
                return OTSD_OK;
            *out = NULL;
            return error_local(p->e, OTSD_ERR_MEMORY, "out of memory");
        }
    return config_fault(p, "is \"%.80s\"; \"us\", \"eu\", \"ca\", \"nz\" or \"uk\" was expected", text);
}

static otsd_err take_backend(otsd_backend *out, const config_setting_t *s, const config_place *p) {
    const char *text;

    if (config_setting_type(s) != CONFIG_TYPE_STRING)
        return wrong_type(s, p, "a string in quotes");
    text = config_setting_get_string(s);
    if (strcmp(text, "shadow") == 0)
        *out = OTSD_BACKEND_SHADOW;
    else if (strcmp(text, "command") == 0)
        *out = OTSD_BACKEND_COMMAND;
    else
        return config_fault(p, "is \"%.80s\"; \"shadow\" or \"command\" was expected", text);
    return OTSD_OK;
}

static otsd_err take_integer(long *out, const config_setting_t *s, const row *w, const config_place *p) {
    long long n;

    if (!is_whole(s))
        return wrong_type(s, p, "a whole number");
    n = config_setting_get_int64(s);
    if (n < w->min || n > w->max)
        return config_fault(p, "is %lld; %ld to %ld was expected", n, w->min, w->max);
    *out = (long)n;
    return OTSD_OK;
}

static otsd_err take_seconds(long *out, const config_setting_t *s, const row *w, const config_place *p) {
    double seconds;

    if (is_whole(s))
        seconds = (double)config_setting_get_int64(s);
    else if (config_setting_type(s) == CONFIG_TYPE_FLOAT)
        seconds = config_setting_get_float(s);
    else
        return wrong_type(s, p, "a number of seconds");
    if (!(seconds >= 0.001 && seconds <= (double)w->max))
        return config_fault(p, "is %g; 0.001 to %ld seconds were expected", seconds, w->max);
    *out = (long)(seconds * 1000.0 + 0.5);
    return OTSD_OK;
}

static otsd_err take_duration(long *out, const config_setting_t *s, const row *w, const config_place *p) {
    long long n;
    long parsed = 0;

    if (is_whole(s)) {
        n = config_setting_get_int64(s);
    } else if (config_setting_type(s) == CONFIG_TYPE_STRING) {
        if (!otsd_duration_parse(config_setting_get_string(s), &parsed))
            return config_fault(p, "is \"%.80s\"; a duration like \"3d\", \"12h\", \"90m\" or seconds was expected",
                                config_setting_get_string(s));
        n = parsed;
    } else {
        return wrong_type(s, p, "a duration like \"3d\", \"12h\", \"90m\" or seconds");
    }
    if (n < w->min || n > w->max)
        return config_fault(p, "is %lld seconds; %ld to %ld were expected", n, w->min, w->max);
    *out = (long)n;
    return OTSD_OK;
}

static void free_names(char **names) {
    size_t i;

    for (i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

static otsd_err take_names(char ***out, const config_setting_t *s, const row *w, const config_place *p) {
    int type = config_setting_type(s), n, i;
    otsd_err rc = OTSD_OK;
    char **names;

    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return wrong_type(s, p, "an array like [ \"sshd\", \"login\" ]");
    n = config_setting_length(s);
    if (n < 1 || n > 100)
        return config_fault(p, "has %d entries; 1 to 100 were expected", n);
    names = calloc((size_t)n + 1, sizeof *names);
    if (!names)
        return error_local(p->e, OTSD_ERR_MEMORY, "out of memory");
    for (i = 0; i < n && rc == OTSD_OK; i++)
        rc = take_string(&names[i], config_setting_get_elem(s, (unsigned)i), w, p);
    if (rc != OTSD_OK) {
        free_names(names);
        return rc;
    }
    free_names(*out);
    *out = names;
    return OTSD_OK;
}

/* Of `url` and `region` the second one that is met complains. */
static otsd_err take_row(otsd_config *c, config_setting_t *s, const row *w, const config_place *p) {
    char *at = (char *)c + w->offset;

    switch (w->kind) {
    case STRING:
        if (w->offset == AT(server.url) && c->server.url)
            return config_fault(p, "and `server.region` are both set; one of them was expected");
        return take_string((char **)(void *)at, s, w, p);
    case BOOLEAN:
        if (config_setting_type(s) != CONFIG_TYPE_BOOL)
            return wrong_type(s, p, "true or false");
        *(bool *)at = config_setting_get_bool(s) != 0;
        return OTSD_OK;
    case INTEGER:
        return take_integer((long *)(void *)at, s, w, p);
    case SECONDS_MS:
        return take_seconds((long *)(void *)at, s, w, p);
    case DURATION:
        return take_duration((long *)(void *)at, s, w, p);
    case NAMES:
        return take_names((char ***)(void *)at, s, w, p);
    case REGION:
        return take_region((char **)(void *)at, s, p);
    case BACKEND:
        return take_backend((otsd_backend *)(void *)at, s, p);
    }
    return config_fault(p, "is not known");
}

otsd_err config_take(otsd_config *c, config_lines *lines, config_setting_t *s, const config_place *p) {
    char known[256] = "";
    size_t i, n = 0;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].group, p->group) != 0)
            continue;
        if (strcmp(rows[i].key, p->key) == 0) {
            lines->of[i] = p->line;
            return take_row(c, s, &rows[i], p);
        }
        if (n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n > 0 ? ", " : "", rows[i].key);
    }
    return config_fault(p, "is not known; one of these was expected: %s", known);
}

config_place config_find(const config_lines *lines, const char *file, otsd_error *e, const char *group,
                         const char *key) {
    config_place p = {.file = file, .group = group, .key = key, .e = e};
    size_t i;

    for (i = 0; i < ROWS; i++)
        if (strcmp(rows[i].group, group) == 0 && strcmp(rows[i].key, key) == 0)
            p.line = lines->of[i];
    return p;
}
