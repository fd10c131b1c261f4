/* SPDX-License-Identifier: MIT
 *
 * Reading says what is in effect: a link is followed here as getspnam follows it. Nothing is concluded from a file that
 * could not be read to its end.
 */
#include "password/shadow_read.h"

#include <stdio.h>
#include <string.h>

#include "base/lines.h"

enum { COLONS = 8 }; /* in a whole line */

typedef struct each {
    bool (*fn)(const shadow_seen *line, void *arg);
    void *arg;
} each;

/* The field so many colons behind; "" where there is none. */
static const char *field_behind(const char *field, int colons) {
    for (; colons > 0; colons--) {
        const char *colon = strchr(field, ':');

        if (!colon)
            return "";
        field = colon + 1;
    }
    return field;
}

static bool each_line(char *line, void *arg) {
    const each *e = arg;
    shadow_seen seen = {.user = line,
                        .changed = SHADOW_DATE_NONE,
                        .expires = SHADOW_DATE_NONE,
                        .wrong = shadow_line_wrong(line, strlen(line))};
    char *hash = strchr(line, ':'), *date;

    if (!hash || hash == line)
        return true;
    *hash++ = '\0';
    date = strchr(hash, ':');
    if (date) {
        *date++ = '\0';
        seen.changed = shadow_date(date);
        seen.expires = shadow_date(field_behind(date, 5));
    }
    seen.hash = hash;
    return e->fn(&seen, e->arg);
}

int shadow_each(bool (*fn)(const shadow_seen *line, void *arg), void *arg, problem *p) {
    each e = {.fn = fn, .arg = arg};

    return lines_each(SHADOW_PATH, COLONS, each_line, &e, p);
}

typedef struct lookup {
    const char *user;
    shadow_line *out;
    bool found, fits;
} lookup;

static bool lookup_line(const shadow_seen *line, void *arg) {
    lookup *l = arg;

    if (strcmp(line->user, l->user) != 0)
        return true;
    l->found = true;
    l->fits = (size_t)snprintf(l->out->hash, sizeof l->out->hash, "%s", line->hash) < sizeof l->out->hash;
    l->out->changed = line->changed;
    l->out->wrong = line->wrong;
    return false;
}

int shadow_lookup(const char *user, shadow_line *out, problem *p) {
    lookup l = {.user = user, .out = out};
    int rc = shadow_each(lookup_line, &l, p);

    if (rc != EX_OK)
        return rc;
    if (!l.found)
        return problem_set(p, EX_NOUSER, "%s has no line in %s", user, SHADOW_PATH);
    return l.fits ? problem_none(p)
                  : problem_set(p, EX_DATAERR, "%s: the password field in %s is too long", user, SHADOW_PATH);
}
