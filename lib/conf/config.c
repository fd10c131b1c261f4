/* SPDX-License-Identifier: MIT
 *
 * Reading otsd.conf. The file is opened once and everything is asked of the descriptor; its text is then parsed from
 * memory, so that what was checked is what is parsed. An @include would open another file that nobody checked, and
 * libconfig follows it while parsing: so each line that libconfig could take for one is refused before.
 */
#include "conf/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024)

otsd_err config_fault(const config_place *p, const char *format, ...) {
    char what[384];
    va_list args;

    va_start(args, format);
    if (vsnprintf(what, sizeof what, format, args) < 0)
        what[0] = '\0';
    va_end(args);
    if (!p->key)
        return error_local(p->e, OTSD_ERR_CONFIG, "%s:%u: `%s` %s", p->file, p->line, p->group, what);
    return error_local(p->e, OTSD_ERR_CONFIG, "%s:%u: `%s.%s` %s", p->file, p->line, p->group, p->key, what);
}

static otsd_err read_file(wiped *text, const char *path, otsd_error *e) {
    char buffer[4096];
    int fd = -1;
    ssize_t n = 0;
    otsd_err rc = file_open_checked(&fd, path, 022, e);

    while (rc == OTSD_OK && (n = read(fd, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = error_local(e, OTSD_ERR_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
        else if (text->len + (size_t)n > FILE_MAX)
            rc = error_local(e, OTSD_ERR_CONFIG, "%s: is larger than %zu bytes", path, FILE_MAX);
        else if (!wiped_append(text, buffer, (size_t)n))
            rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    }
    if (fd >= 0)
        (void)close(fd); /* opened for reading: nothing can be lost */
    if (rc == OTSD_OK && !wiped_append_string(text, ""))
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    return rc;
}

/* libconfig knows the directive at the start of a line only, whatever comes before it in the file. */
static otsd_err refuse_include(const wiped *text, const char *path, otsd_error *e) {
    unsigned line = 1;
    const char *p = text->data;

    if (memchr(text->data, '\0', text->len))
        return error_local(e, OTSD_ERR_CONFIG, "%s: contains a zero byte; text was expected", path);
    for (;;) {
        while (*p != '\n' && isspace((unsigned char)*p))
            p++;
        if (strncmp(p, "@include", 8) == 0)
            return error_local(e, OTSD_ERR_CONFIG,
                               "%s:%u: @include is not allowed; one file with everything was expected", path, line);
        p = strchr(p, '\n');
        if (!p)
            return OTSD_OK;
        p++;
        line++;
    }
}

static otsd_err take_group(otsd_config *c, config_lines *lines, config_setting_t *group, const char *path,
                           otsd_error *e) {
    config_place p = {.file = path, .group = config_setting_name(group), .e = e};
    otsd_err rc = OTSD_OK;
    int i, n;

    p.line = config_setting_source_line(group);
    if (!config_is_group(p.group))
        return config_fault(&p, "is not known; server, handoff, password, login or audit was expected");
    if (config_setting_type(group) != CONFIG_TYPE_GROUP)
        return config_fault(&p, "is not a group; %s: { ... } was expected", p.group);
    n = config_setting_length(group);
    for (i = 0; i < n && rc == OTSD_OK; i++) {
        config_setting_t *s = config_setting_get_elem(group, (unsigned)i);

        p.key = config_setting_name(s);
        p.line = config_setting_source_line(s);
        rc = config_take(c, lines, s, &p);
    }
    return rc;
}

static otsd_err parse(otsd_config *c, config_lines *lines, const char *text, const char *path, otsd_error *e) {
    config_setting_t *root;
    otsd_err rc = OTSD_OK;
    config_t file;
    int i, n;

    config_init(&file);
    if (config_read_string(&file, text) != CONFIG_TRUE) {
        rc = error_local(e, OTSD_ERR_CONFIG, "%s:%d: %s", path, config_error_line(&file),
                         config_error_text(&file) ? config_error_text(&file) : "syntax error");
        goto out;
    }
    root = config_root_setting(&file);
    n = config_setting_length(root);
    for (i = 0; i < n && rc == OTSD_OK; i++)
        rc = take_group(c, lines, config_setting_get_elem(root, (unsigned)i), path, e);
out:
    config_destroy(&file);
    return rc;
}

otsd_err otsd_config_load(otsd_config **out, const char *path, otsd_error *e) {
    otsd_config *c = calloc(1, sizeof *c);
    wiped text = {0};
    config_lines lines = {0};
    otsd_err rc;

    if (!c)
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    rc = read_file(&text, path, e);
    if (rc == OTSD_OK)
        rc = refuse_include(&text, path, e);
    if (rc == OTSD_OK)
        rc = config_defaults(c, e);
    if (rc == OTSD_OK)
        rc = parse(c, &lines, text.data, path, e);
    if (rc == OTSD_OK)
        rc = config_check(c, &lines, path, e);
    wiped_free(&text);
    if (rc == OTSD_OK)
        *out = c;
    else
        otsd_config_free(&c);
    return rc;
}

static void free_list(char **list) {
    size_t i;

    for (i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

void otsd_config_free(otsd_config **p) {
    otsd_config *c;

    if (!p || !*p)
        return;
    c = *p;
    *p = NULL;
    free(c->server.url);
    free(c->server.username);
    free(c->server.token_file);
    free(c->server.ca_file);
    free(c->server.pinned_key);
    free(c->server.proxy);
    free(c->handoff.recipient);
    free(c->handoff.locale);
    free(c->handoff.share_domain);
    free(c->password.command);
    free(c->password.lock_command);
    free(c->password.hash);
    free_list(c->login.services);
    free(c->audit.file);
    free(c);
}
