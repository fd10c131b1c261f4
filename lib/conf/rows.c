/* SPDX-License-Identifier: MIT
 *
 * One value, by its row: is it of the right type and in range, and where does it go. Every message says what stands
 * there and what was expected instead.
 */
#include "conf/conf.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

const char *conf_plain(const char *text) {
    return text[0] != '\0' && !text_has_control(text) ? NULL : "a text without control characters was expected";
}

const char *conf_absolute(const char *text) {
    return text[0] == '/' && !text_has_control(text) ? NULL : "an absolute path was expected";
}

const char *conf_host(const char *text) {
    return text_is_host(text) ? NULL : "a host name was expected";
}

static int word_at(const char *const *words, const char *text) {
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

bool conf_is_word(const char *const *words, const char *text) {
    return word_at(words, text) >= 0;
}

void conf_list_words(char *out, size_t size, const char *const *words, const char *quote) {
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s%s%s",
                              i == 0         ? ""
                              : words[i + 1] ? ", "
                                             : " or ",
                              quote, words[i], quote);
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

static otsd_err wrong_type(const config_setting_t *s, const conf_place *p, const char *expected) {
    return conf_fault(p, "is %s; %s was expected", type_name(s), expected);
}

static bool is_whole(const config_setting_t *s) {
    return config_setting_type(s) == CONFIG_TYPE_INT || config_setting_type(s) == CONFIG_TYPE_INT64;
}

static otsd_err check_text(const conf_row *row, const char *text, const conf_place *p) {
    const char *expected = row->check ? row->check(text) : NULL;
    char words[128];

    if (row->words && !conf_is_word(row->words, text)) {
        conf_list_words(words, sizeof words, row->words, "\"");
        return conf_fault(p, "is \"%.120s\"; %s was expected", text, words);
    }
    if (!expected)
        return OTSD_OK;
    if (row->kind == CONF_HIDDEN)
        return conf_fault(p, "is no %s; %s", row->key, expected);
    return conf_fault(p, "is \"%.120s\"; %s", text, expected);
}

static otsd_err put_text(char **out, const conf_row *row, const char *text, const conf_place *p) {
    otsd_err rc = check_text(row, text, p);
    char *copy;

    if (rc != OTSD_OK)
        return rc;
    copy = strdup(text);
    if (!copy)
        return error_local(p->e, OTSD_ERR_MEMORY, "out of memory");
    free(*out);
    *out = copy;
    return OTSD_OK;
}

static otsd_err take_text(char **out, const config_setting_t *s, const conf_row *row, const conf_place *p) {
    if (config_setting_type(s) != CONFIG_TYPE_STRING)
        return wrong_type(s, p, "a string in quotes");
    return put_text(out, row, config_setting_get_string(s), p);
}

static otsd_err take_word(int *out, const config_setting_t *s, const conf_row *row, const conf_place *p) {
    otsd_err rc;

    if (config_setting_type(s) != CONFIG_TYPE_STRING)
        return wrong_type(s, p, "a string in quotes");
    rc = check_text(row, config_setting_get_string(s), p);
    if (rc == OTSD_OK)
        *out = word_at(row->words, config_setting_get_string(s));
    return rc;
}

static otsd_err take_boolean(bool *out, const config_setting_t *s, const conf_place *p) {
    if (config_setting_type(s) != CONFIG_TYPE_BOOL)
        return wrong_type(s, p, "true or false");
    *out = config_setting_get_bool(s) != 0;
    return OTSD_OK;
}

static otsd_err take_integer(long *out, const config_setting_t *s, const conf_row *row, const conf_place *p) {
    long long n;

    if (!is_whole(s))
        return wrong_type(s, p, "a whole number");
    n = config_setting_get_int64(s);
    if (n < row->min || n > row->max)
        return conf_fault(p, "is %lld; %ld to %ld was expected", n, row->min, row->max);
    *out = (long)n;
    return OTSD_OK;
}

static otsd_err take_seconds(long *out, const config_setting_t *s, const conf_row *row, const conf_place *p) {
    double seconds;

    if (is_whole(s))
        seconds = (double)config_setting_get_int64(s);
    else if (config_setting_type(s) == CONFIG_TYPE_FLOAT)
        seconds = config_setting_get_float(s);
    else
        return wrong_type(s, p, "a number of seconds");
    if (!(seconds >= 0.001 && seconds <= (double)row->max))
        return conf_fault(p, "is %g; 0.001 to %ld seconds were expected", seconds, row->max);
    *out = (long)(seconds * 1000.0 + 0.5);
    return OTSD_OK;
}

static otsd_err take_duration(long *out, const config_setting_t *s, const conf_row *row, const conf_place *p) {
    long long n;
    long parsed = 0;

    if (is_whole(s)) {
        n = config_setting_get_int64(s);
    } else if (config_setting_type(s) == CONFIG_TYPE_STRING) {
        if (!otsd_duration_parse(config_setting_get_string(s), &parsed))
            return conf_fault(p, "is \"%.80s\"; a duration like \"3d\", \"12h\", \"90m\" or seconds was expected",
                              config_setting_get_string(s));
        n = parsed;
    } else {
        return wrong_type(s, p, "a duration like \"3d\", \"12h\", \"90m\" or seconds");
    }
    if (n < row->min || n > row->max)
        return conf_fault(p, "is %lld seconds; %ld to %ld were expected", n, row->min, row->max);
    *out = (long)n;
    return OTSD_OK;
}

void conf_free_names(char **names) {
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

otsd_err conf_copy_names(char ***out, char *const *names, const char *another, otsd_error *e) {
    size_t n = 0;
    char **copies;
    bool good = true;

    while (names && names[n])
        n++;
    *out = NULL;
    if (n == 0 && !another)
        return OTSD_OK;
    copies = calloc(n + 2, sizeof *copies);
    for (size_t i = 0; copies && i < n && good; i++)
        good = (copies[i] = strdup(names[i]));
    if (copies && good && (!another || (copies[n] = strdup(another)))) {
        *out = copies;
        return OTSD_OK;
    }
    conf_free_names(copies);
    return error_local(e, OTSD_ERR_MEMORY, "out of memory");
}

static otsd_err take_names(char ***out, const config_setting_t *s, const conf_row *row, const conf_place *p) {
    int type = config_setting_type(s), n;
    otsd_err rc = OTSD_OK;
    char **names;

    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return wrong_type(s, p, "an array like [ \"sshd\", \"login\" ]");
    n = config_setting_length(s);
    if (n < 1 || n > 100)
        return conf_fault(p, "has %d entries; 1 to 100 were expected", n);
    names = calloc((size_t)n + 1, sizeof *names);
    if (!names)
        return error_local(p->e, OTSD_ERR_MEMORY, "out of memory");
    for (int i = 0; i < n && rc == OTSD_OK; i++)
        rc = take_text(&names[i], config_setting_get_elem(s, (unsigned)i), row, p);
    if (rc != OTSD_OK) {
        conf_free_names(names);
        return rc;
    }
    conf_free_names(*out);
    *out = names;
    return OTSD_OK;
}

static void *member(void *into, const conf_row *row) {
    return (char *)into + row->offset;
}

static otsd_err take_row(void *into, const config_setting_t *s, const conf_row *row, const conf_place *p) {
    void *at = member(into, row);

    switch (row->kind) {
    case CONF_TEXT:
    case CONF_HIDDEN:
        return take_text(at, s, row, p);
    case CONF_WORD:
        return take_word(at, s, row, p);
    case CONF_BOOLEAN:
        return take_boolean(at, s, p);
    case CONF_INTEGER:
        return take_integer(at, s, row, p);
    case CONF_SECONDS_MS:
        return take_seconds(at, s, row, p);
    case CONF_DURATION:
        return take_duration(at, s, row, p);
    case CONF_NAMES:
        return take_names(at, s, row, p);
    }
    return conf_fault(p, "is not known");
}

/* CONF_KEYS where there is none. */
static size_t find_row(const conf_schema *schema, const char *group, const char *key) {
    for (size_t i = 0; i < schema->len; i++)
        if (strcmp(schema->rows[i].group, group) == 0 && strcmp(schema->rows[i].key, key) == 0)
            return i;
    return CONF_KEYS;
}

otsd_err conf_take(void *into, conf_source *from, const config_setting_t *s, conf_place *p) {
    const conf_schema *schema = from->schema;
    size_t i = find_row(schema, p->group, p->key), n = 0;
    char known[256] = "";

    if (i < CONF_KEYS) {
        from->of[i].line = p->line;
        from->of[i].nth = ++from->taken;
        return take_row(into, s, &schema->rows[i], p);
    }
    for (i = 0; i < schema->len && n < sizeof known; i++)
        if (strcmp(schema->rows[i].group, p->group) == 0)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n > 0 ? ", " : "", schema->rows[i].key);
    return conf_fault(p, "is not known; one of these was expected: %s", known);
}

conf_place conf_find(const conf_source *from, const char *group, const char *key) {
    conf_place p = {.file = from->file, .group = group, .key = key, .e = from->e};
    size_t i = find_row(from->schema, group, key);

    if (i < CONF_KEYS) {
        p.line = from->of[i].line;
        p.nth = from->of[i].nth;
    }
    return p;
}

otsd_err conf_set_text(void *into, const conf_source *from, const char *group, const char *key, const char *text) {
    const conf_row *row = &from->schema->rows[find_row(from->schema, group, key)];
    conf_place p = conf_find(from, group, key);
    char **at = member(into, row);

    if (text)
        return put_text(at, row, text, &p);
    free(*at);
    *at = NULL;
    return OTSD_OK;
}

void conf_free(const conf_schema *schema, void *into) {
    for (size_t i = 0; i < schema->len; i++) {
        const conf_row *row = &schema->rows[i];

        if (row->kind == CONF_TEXT || row->kind == CONF_HIDDEN)
            free(*(char **)member(into, row));
        else if (row->kind == CONF_NAMES)
            conf_free_names(*(char ***)member(into, row));
    }
}
