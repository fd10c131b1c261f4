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
    bool (*fn)(const char *user, const char *hash, long changed, void *arg);
    void *arg;
} each;

static bool each_line(char *line, void *arg) {
    const each *e = arg;
    char *hash = strchr(line, ':'), *date;

    if (!hash || hash == line)
        return true;
    *hash++ = '\0';
    date = strchr(hash, ':');
    if (date)
        *date++ = '\0';
    return e->fn(line, hash, date ? shadow_date(date) : SHADOW_DATE_NONE, e->arg);
}

int shadow_each(bool (*fn)(const char *user, const char *hash, long changed, void *arg), void *arg, problem *p) {
    each e = {.fn = fn, .arg = arg};

    return lines_each(SHADOW_PATH, COLONS, each_line, &e, p);
}

typedef struct lookup {
    const char *user;
    shadow_line *out;
    bool found, fits;
} lookup;

static bool lookup_line(const char *user, const char *hash, long changed, void *arg) {
    lookup *l = arg;

    if (strcmp(user, l->user) != 0)
        return true;
    l->found = true;
    l->fits = (size_t)snprintf(l->out->hash, sizeof l->out->hash, "%s", hash) < sizeof l->out->hash;
    l->out->changed = changed;
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
