/* SPDX-License-Identifier: MIT */
#include "base/options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

/* What was written between the dashes and "=". */
typedef struct given {
    const char *name;
    size_t len;
    const char *value; /* NULL: no "=" */
} given;

static bool is_option(const option_row *row) {
    return row->kind != OPTION_HEADING;
}

/* Every command has it, so that no table does. */
static const option_row help = {.name = "help", .kind = OPTION_FLAG};

/* NULL: p says why. A whole name wins over longer ones that begin with it. */
static const option_row *find(const option_table *o, const given *g, problem *p) {
    const option_row *found = NULL, *other = NULL;

    for (size_t i = 0; i <= o->len; i++) {
        const option_row *row = i < o->len ? &o->rows[i] : &help;

        if (!is_option(row) || strncmp(row->name, g->name, g->len) != 0)
            continue;
        if (row->name[g->len] == '\0')
            return row;
        if (!options_take(o, row))
            continue;
        if (found)
            other = row;
        else
            found = row;
    }
    if (!found || g->len == 0)
        problem_set(p, EX_USAGE, "there is no option \"--%.*s\"", (int)g->len, g->name);
    else if (other)
        problem_set(p, EX_USAGE, "the option \"--%.*s\" may be --%s or --%s", (int)g->len, g->name, found->name,
                    other->name);
    else
        return found;
    return NULL;
}

static bool number(const char *text, long least, long most, long *n) {
    char *end;
    long value;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < least || value > most)
        return false;
    *n = value;
    return true;
}

static bool duration(const char *text, long least, long most, long *seconds) {
    long value;

    if (!otsd_duration_parse(text, &value) || value < 1 || value < least || (most > 0 && value > most))
        return false;
    *seconds = value;
    return true;
}

static bool store(const option_row *row, const char *value, void *into) {
    char *at = (char *)into + row->at;
    bool good = true;
    long n = 0;

    switch (row->kind) {
    case OPTION_HEADING:
        break;
    case OPTION_FLAG:
        *(bool *)at = true;
        break;
    case OPTION_TEXT:
        *(const char **)(void *)at = value;
        break;
    case OPTION_NUMBER:
        good = number(value, row->least, row->most, (long *)(void *)at);
        break;
    case OPTION_DURATION:
        good = duration(value, row->least, row->most, (long *)(void *)at);
        break;
    case OPTION_CHOICE:
        good = names_find(row->names, value, (int *)(void *)at);
        break;
    case OPTION_DESCRIPTOR:
        good = number(value, 0, INT_MAX, &n);
        if (good)
            *(int *)(void *)at = (int)n;
        break;
    }
    return good;
}

static void tell_wrong(const option_row *row, problem *p) {
    char list[300];

    if (row->wrong)
        problem_set(p, EX_USAGE, "%s", row->wrong);
    else if (row->kind == OPTION_NUMBER)
        problem_set(p, EX_USAGE, "--%s: a whole number from %ld to %ld was expected", row->name, row->least, row->most);
    else if (row->kind == OPTION_DURATION)
        problem_set(p, EX_USAGE, "--%s: a duration like 3d, 12h, 90m or seconds was expected", row->name);
    else if (row->kind == OPTION_CHOICE)
        problem_set(p, EX_USAGE, "--%s is one of %s", row->name, names_list(row->names, list, sizeof list));
    else
        problem_set(p, EX_USAGE, "--%s is the number of an open descriptor", row->name);
}

/* next: the word that follows, which is the value where this one has none; *used says whether it was taken. */
static options_result take(const option_table *o, const char *word, const char *next, void *into, bool *used,
                           problem *p) {
    given g = {.name = word + 2, .len = strcspn(word + 2, "=")};
    const option_row *row;

    *used = false;
    g.value = g.name[g.len] == '=' ? g.name + g.len + 1 : NULL;
    row = find(o, &g, p);
    if (!row)
        return OPTIONS_WRONG;
    if (!options_take(o, row)) {
        problem_set(p, EX_USAGE, "%s does not take --%s", o->command, row->name);
        return OPTIONS_WRONG;
    }
    if (row->kind == OPTION_FLAG ? !!g.value : !g.value && !next) {
        problem_set(p, EX_USAGE, g.value ? "the option --%s takes no value" : "the option --%s needs a value",
                    row->name);
        return OPTIONS_WRONG;
    }
    if (row == &help)
        return OPTIONS_HELP;
    *used = row->kind != OPTION_FLAG && !g.value;
    if (store(row, *used ? next : g.value, into))
        return OPTIONS_READ;
    tell_wrong(row, p);
    return OPTIONS_WRONG;
}

options_result options_parse(const option_table *o, int argc, char **argv, void *into, size_t *count, problem *p) {
    int kept = 1;
    bool over = false;

    problem_clear(p);
    for (int i = 1; i < argc; i++) {
        options_result result = OPTIONS_READ;
        bool used = false;

        if (over || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[kept++] = argv[i];
        } else if (argv[i][1] != '-') {
            problem_set(p, EX_USAGE, "there is no option \"%s\"", argv[i]);
            result = OPTIONS_WRONG;
        } else if (argv[i][2] == '\0') {
            over = true;
        } else {
            result = take(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, into, &used, p);
        }
        if (result != OPTIONS_READ)
            return result;
        i += used;
    }
    *count = (size_t)(kept - 1);
    if (*count >= o->least && *count <= o->most)
        return OPTIONS_READ;
    problem_set(p, EX_USAGE, "%s", o->arguments);
    return OPTIONS_WRONG;
}

options_result options_read(const option_table *o, int argc, char **argv, void *into, size_t *count) {
    problem p;
    options_result result = options_parse(o, argc, argv, into, count, &p);

    if (result == OPTIONS_HELP)
        options_help(o, stdout);
    else if (result == OPTIONS_WRONG)
        options_refuse(o, "%s", p.text);
    return result;
}

int options_refuse(const option_table *o, const char *fmt, ...) {
    char why[900];
    va_list ap;

    va_start(ap, fmt);
    text_line(why, sizeof why, fmt, ap);
    va_end(ap);
    fprintf(stderr, "%s %s: %s; see %s %s --help\n", o->program, o->command, why, o->program, o->command);
    return EX_USAGE;
}
