/* SPDX-License-Identifier: MIT
 *
 * Reading a file like otsd.conf(5), strictly, by tables. What groups and keys there are is not known here: each reader
 * brings a schema, a row for each key, and a struct for the values. A value that is set without a file goes through the
 * same rows, so that there is one door for all.
 */
#ifndef OTSD_CONF_H
#define OTSD_CONF_H

#include "core/core.h"

/* Says what was expected instead, NULL where the text is good. */
typedef const char *conf_check(const char *text);

typedef enum conf_kind {
    CONF_TEXT,       /* char *, malloced: by check, or one of words */
    CONF_HIDDEN,     /* the same, but no message repeats it: it may hold what is secret */
    CONF_WORD,       /* an enum: the place of the text in words */
    CONF_BOOLEAN,    /* bool */
    CONF_INTEGER,    /* long, min to max */
    CONF_SECONDS_MS, /* long, milliseconds: written as seconds, 0.001 to max */
    CONF_DURATION,   /* long, seconds, min to max: a number, or "3d", "12h", "90m" */
    CONF_NAMES,      /* char **, malloced, NULL-terminated: 1 to 100 texts by check */
} conf_kind;

typedef struct conf_row {
    const char *group, *key;
    conf_kind kind;
    size_t offset; /* in the reader's struct */
    long min, max;
    conf_check *check;
    const char *const *words; /* NULL-terminated */
} conf_row;

typedef struct conf_schema {
    const conf_row *rows;
    size_t len; /* at most CONF_KEYS */
    /* The groups that may stand in the file. Those without rows are somebody else's and passed over; NULL: whatever has
     * no rows is. */
    const char *const *groups;
} conf_schema;

#define CONF_KEYS 32

/* Where the values came from: what a message has to name. Zeros in `file` and `of` say that there is no file, but a
 * caller. */
typedef struct conf_source {
    const conf_schema *schema;
    const char *file;
    otsd_error *e;
    unsigned taken;
    struct {
        unsigned line, nth; /* nth: its place in the order in which keys were taken, from 1; 0: not set */
    } of[CONF_KEYS];
} conf_source;

/* Where one key was set, or a group begins (key is NULL). */
typedef struct conf_place {
    const char *file;
    const char *group, *key;
    unsigned line, nth;
    otsd_error *e;
} conf_place;

/* "FILE:LINE: `group.key` ...", OTSD_ERR_CONFIG; where there is no file "`key` ...", OTSD_ERR_ARGUMENT. */
__attribute__((format(printf, 2, 3))) otsd_err conf_fault(const conf_place *p, const char *format, ...);
conf_place conf_find(const conf_source *from, const char *group, const char *key);

/* Fills into, which has its defaults. The file is opened once, checked (not a link, regular, owned by root or the
 * effective user, writable by nobody else, at most 64 KiB of text without @include), read, and parsed from memory.
 * OTSD_ERR_CONFIG, OTSD_ERR_MEMORY; into can be half filled then, and is to be freed. */
otsd_err conf_read(void *into, conf_source *from, const char *path);
/* Sets one CONF_TEXT or CONF_HIDDEN; NULL: back to not set. On failure nothing changes. */
otsd_err conf_set_text(void *into, const conf_source *from, const char *group, const char *key, const char *text);
/* What the rows of the schema point to, not into itself. */
void conf_free(const conf_schema *schema, void *into);
/* Of a CONF_NAMES; NULL is allowed. */
void conf_free_names(char **names);
/* A copy of names, which may be NULL, and of one more, which may be NULL, too. */
otsd_err conf_copy_names(char ***out, char *const *names, const char *another, otsd_error *e);

/* Checks that many rows share. */
const char *conf_plain(const char *text);
const char *conf_absolute(const char *text);
const char *conf_host(const char *text);

/* rows.c, for document.c: takes one setting of the file. */
struct config_setting_t;
otsd_err conf_take(void *into, conf_source *from, const struct config_setting_t *s, conf_place *p);
/* Is it a name of this list? */
bool conf_is_word(const char *const *words, const char *text);
/* "a, b or c", each within quotes. */
void conf_list_words(char *out, size_t size, const char *const *words, const char *quote);

#endif
