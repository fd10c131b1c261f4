/* SPDX-License-Identifier: MIT
 *
 * The file as a whole. It is opened once and everything is asked of the descriptor; its text is then parsed from
 * memory, so that what was checked is what is parsed. An @include would open another file that nobody checked, and
 * libconfig follows it while parsing: so each line that libconfig could take for one is refused beforehand.
 */
#include "conf/conf.h"

#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024)

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

static bool has_rows(const conf_schema *s, const char *group) {
    for (size_t i = 0; i < s->len; i++)
        if (strcmp(s->rows[i].group, group) == 0)
            return true;
    return false;
}

static otsd_err take_group(void *into, conf_source *from, const config_setting_t *group) {
    conf_place p = {.file = from->file, .group = config_setting_name(group), .e = from->e};
    const char *const *groups = from->schema->groups;
    otsd_err rc = OTSD_OK;
    char names[256];
    int n;

    p.line = config_setting_source_line(group);
    if (!has_rows(from->schema, p.group)) {
        if (!groups || conf_is_word(groups, p.group))
            return OTSD_OK;
        conf_list_words(names, sizeof names, groups, "");
        return conf_fault(&p, "is not known; %s was expected", names);
    }
    if (config_setting_type(group) != CONFIG_TYPE_GROUP)
        return conf_fault(&p, "is not a group; %s: { ... } was expected", p.group);
    n = config_setting_length(group);
    for (int i = 0; i < n && rc == OTSD_OK; i++) {
        const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);

        p.key = config_setting_name(s);
        p.line = config_setting_source_line(s);
        rc = conf_take(into, from, s, &p);
    }
    return rc;
}

static otsd_err parse(void *into, conf_source *from, const char *text) {
    config_setting_t *root;
    otsd_err rc = OTSD_OK;
    config_t file;
    int n;

    config_init(&file);
    if (config_read_string(&file, text) != CONFIG_TRUE) {
        rc = error_local(from->e, OTSD_ERR_CONFIG, "%s:%d: %s", from->file, config_error_line(&file),
                         config_error_text(&file) ? config_error_text(&file) : "syntax error");
        goto out;
    }
    root = config_root_setting(&file);
    n = config_setting_length(root);
    for (int i = 0; i < n && rc == OTSD_OK; i++)
        rc = take_group(into, from, config_setting_get_elem(root, (unsigned)i));
out:
    config_destroy(&file);
    return rc;
}

otsd_err conf_read(void *into, conf_source *from, const char *path) {
    wiped text = {0};
    otsd_err rc;

    from->file = path;
    rc = read_file(&text, path, from->e);
    if (rc == OTSD_OK)
        rc = refuse_include(&text, path, from->e);
    if (rc == OTSD_OK)
        rc = parse(into, from, text.data);
    wiped_free(&text);
    return rc;
}
