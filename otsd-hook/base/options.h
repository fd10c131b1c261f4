/* SPDX-License-Identifier: MIT
 *
 * The command line of every program and subcommand, as a table: what an option is called, what it takes, where the
 * value goes, what the help says. The same rows are parsed and printed, so an option and its help cannot differ.
 *
 * Options have long names only. A name may be cut short where it stays the only one; a value follows "=" or is the next
 * word; options and arguments may be mixed until "--"; of an option that is given twice the last one counts.
 */
#ifndef OTSD_HOOK_OPTIONS_H
#define OTSD_HOOK_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "base/names.h"
#include "base/problem.h"

typedef enum option_kind {
    OPTION_HEADING,    /* no option: a line of its own in the help */
    OPTION_FLAG,       /* bool: true */
    OPTION_TEXT,       /* const char *: into argv */
    OPTION_NUMBER,     /* long: least to most */
    OPTION_DURATION,   /* long: seconds, least (at least 1) to most (0: whatever fits) */
    OPTION_CHOICE,     /* int: one of the names */
    OPTION_DESCRIPTOR, /* int: 0 or more */
} option_kind;

typedef struct option_row {
    const char *name; /* without dashes */
    option_kind kind;
    size_t at;            /* of the value in the command's own struct */
    const char *argument; /* what the help calls the value */
    const char *help;     /* wrapped by the help */
    long least, most;
    const name_table *names;
    const char *wrong;    /* what a bad value is told; NULL: a sentence made from the kind */
    unsigned long takers; /* bits of the commands that take it; 0: all */
} option_row;

typedef struct option_table {
    const char *program;  /* "otsd-hook" */
    const char *command;  /* "provision" */
    const char *forms[3]; /* what follows them in the usage lines */
    const char *about;    /* paragraphs, each ended by a newline; wrapped by the help */
    const option_row *rows;
    size_t len;
    unsigned long taker;   /* this command's bit; 0: it takes all rows */
    size_t least, most;    /* arguments */
    const char *arguments; /* what is told where there are more or fewer: "one user name is needed" */
} option_table;

#define OPTION_ROWS(table) .rows = (table), .len = sizeof(table) / sizeof((table)[0])

typedef enum options_result { OPTIONS_READ, OPTIONS_HELP, OPTIONS_WRONG } options_result;

/* Pure: prints nothing. argv[0] is skipped; the arguments are moved to argv[1] and behind, *count is their number.
 * Values go into the struct at `into`, which holds the defaults. OPTIONS_WRONG: p says why, in a sentence without its
 * full stop. */
options_result options_parse(const option_table *o, int argc, char **argv, void *into, size_t *count, problem *p);
/* options_parse; prints the help on standard output, or the mistake on standard error. OPTIONS_READ: go on. */
options_result options_read(const option_table *o, int argc, char **argv, void *into, size_t *count);

/* "otsd-hook provision: …; see otsd-hook provision --help" on standard error. Returns EX_USAGE. */
int options_refuse(const option_table *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Does the command take the row's option? */
bool options_take(const option_table *o, const option_row *row);
void options_help(const option_table *o, FILE *f);
/* The rows alone. */
void options_help_rows(const option_table *o, FILE *f);

#endif
