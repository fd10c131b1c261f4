/* SPDX-License-Identifier: MIT
 *
 * Looks for lines in the audit log. "It is not there" is said only of a log that was read to its end, or that does not
 * exist: a line that could not be read for a moment must not be written a second time.
 */
#include "ledger/audit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct search {
    const char *event; /* as it stands in a line */
    audit_look **sorted;
    size_t n;
} search;

static int by_id(const void *a, const void *b) {
    return strcmp((*(audit_look *const *)a)->id, (*(audit_look *const *)b)->id);
}

static int id_is(const void *id, const void *look) {
    return strcmp(id, (*(audit_look *const *)look)->id);
}

/* A line without its end was not written. */
static void look_in_line(const search *s, char *line) {
    char *id = strstr(line, "\"id\":\""), *end = id ? strchr(id + 6, '"') : NULL;
    audit_look **found;

    if (!end || !strchr(line, '\n') || !strstr(line, s->event))
        return;
    *end = '\0';
    found = bsearch(id + 6, s->sorted, s->n, sizeof(audit_look *), id_is);
    if (found)
        (*found)->found = OTSD_YES;
}

/* False: not all of it was seen, and errno says why. */
static bool look_in_file(const search *s, const char *path) {
    char *line = NULL;
    size_t size = 0;
    FILE *f = fopen(path, "re");
    int error;

    if (!f)
        return errno == ENOENT;
    errno = 0;
    while (getline(&line, &size, f) > 0)
        look_in_line(s, line);
    error = feof(f) && !ferror(f) ? 0 : errno ? errno : EIO;
    free(line);
    (void)fclose(f); /* only read from */
    errno = error;
    return error == 0;
}

static int unseen(const char *path, audit_look *looks, size_t n, problem *p) {
    int rc = problem_set(p, EX_IOERR, "the audit log %s cannot be read: %s", path, strerror(errno));

    for (size_t i = 0; i < n; i++)
        if (looks[i].found != OTSD_YES)
            looks[i].found = OTSD_UNKNOWN;
    return rc;
}

int audit_find(const config *c, const char *event, audit_look *looks, size_t n, problem *p) {
    char rotated[PATH_MAX], wanted[40];
    search s = {wanted, calloc(n + 1, sizeof(audit_look *)), n};
    int rc = problem_none(p);

    snprintf(rotated, sizeof rotated, "%s.1", c->audit.file);
    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", event);
    for (size_t i = 0; i < n; i++) {
        looks[i].found = OTSD_NO;
        if (s.sorted)
            s.sorted[i] = &looks[i];
    }
    if (!s.sorted)
        return unseen(c->audit.file, looks, n, p);
    qsort(s.sorted, n, sizeof(audit_look *), by_id);
    /* The older one last: a rotation between both looks takes nothing out of sight. */
    if (!look_in_file(&s, c->audit.file))
        rc = unseen(c->audit.file, looks, n, p);
    if (!look_in_file(&s, rotated))
        rc = unseen(rotated, looks, n, p);
    free(s.sorted);
    return rc;
}
