/* SPDX-License-Identifier: MIT
 *
 * The help that an option table makes: usage, what the command is for, and the options in two columns.
 */
#include "base/options.h"

#include <string.h>

#define LINE 80 /* columns */

bool options_take(const option_table *o, const option_row *row) {
    return o->taker == 0 || row->takers == 0 || (row->takers & o->taker) != 0;
}

/* The width on a terminal: bytes that continue a character take no room. */
static size_t columns(const char *s, size_t len) {
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

/* Writes text from column `at` on, wrapped, each further line indented to `indent`; a newline in it is one. */
static void wrap(FILE *f, const char *text, size_t at, size_t indent) {
    bool first = true; /* of the line */

    while (*text) {
        size_t len = strcspn(text, " \n"), width = columns(text, len);

        if (!first && at + 1 + width > LINE) {
            fprintf(f, "\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        fprintf(f, "%s%.*s", first ? "" : " ", (int)len, text);
        at += width + !first;
        first = false;
        text += len;
        if (*text == '\n' && text[1]) {
            fprintf(f, "\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        text += *text != '\0';
    }
    fputc('\n', f);
}

static size_t name_width(const option_row *row) {
    return strlen("  --") + strlen(row->name) + (row->argument ? 1 + strlen(row->argument) : 0);
}

static void help_row(const option_row *row, size_t column, FILE *f) {
    fprintf(f, "  --%s%s%s%*s", row->name, row->argument ? "=" : "", row->argument ? row->argument : "",
            (int)(column - name_width(row)), "");
    wrap(f, row->help, column, column);
}

void options_help_rows(const option_table *o, FILE *f) {
    size_t column = 0;
    bool first = true;

    for (size_t i = 0; i < o->len; i++)
        if (o->rows[i].kind != OPTION_HEADING && options_take(o, &o->rows[i]) && name_width(&o->rows[i]) + 2 > column)
            column = name_width(&o->rows[i]) + 2;
    for (size_t i = 0; i < o->len; i++) {
        if (!options_take(o, &o->rows[i]))
            continue;
        if (o->rows[i].kind == OPTION_HEADING)
            fprintf(f, "%s%s\n", first ? "" : "\n", o->rows[i].help);
        else
            help_row(&o->rows[i], column, f);
        first = false;
    }
}

void options_help(const option_table *o, FILE *f) {
    for (size_t i = 0; i < sizeof o->forms / sizeof o->forms[0] && o->forms[i]; i++)
        fprintf(f, "%s %s %s %s\n", i == 0 ? "usage:" : "      ", o->program, o->command, o->forms[i]);
    fputc('\n', f);
    wrap(f, o->about, 0, 0);
    fputc('\n', f);
    options_help_rows(o, f);
}
