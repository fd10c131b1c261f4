/* SPDX-License-Identifier: MIT
 *
 * The names are sorted and each line of the file is looked up among them, so that memory grows with the names and not
 * with the file.
 */
#include "password/survey.h"

#include <stdlib.h>
#include <string.h>

#include "password/account.h"

int survey_init(survey *s, size_t n, problem *p) {
    s->len = 0;
    s->names = calloc(n + 1, sizeof *s->names);
    return s->names ? problem_none(p) : problem_set(p, EX_OSERR, "out of memory");
}

void survey_free(survey *s) {
    free(s->names);
    s->names = NULL;
    s->len = 0;
}

void survey_add(survey *s, const char *name, void *item) {
    s->names[s->len++] = (survey_name){.name = name, .item = item};
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const survey_name *)a)->name, ((const survey_name *)b)->name);
}

static int name_is(const void *name, const void *of) {
    return strcmp(name, ((const survey_name *)of)->name);
}

static void start(survey *s) {
    if (s->len > 0)
        qsort(s->names, s->len, sizeof *s->names, by_name);
    for (size_t i = 0; i < s->len; i++)
        s->names[i].met = false;
}

/* The name's entry at its first line; NULL at any other line. */
static survey_name *meet(const survey *s, const char *name) {
    survey_name *found = s->len > 0 ? bsearch(name, s->names, s->len, sizeof *s->names, name_is) : NULL;

    if (!found || found->met)
        return NULL;
    found->met = true;
    return found;
}

typedef struct passing {
    const survey *survey;
    void (*passwd)(void *item, int64_t uid);
    void (*shadow)(void *item, const shadow_seen *line);
} passing;

static bool passwd_line(const char *user, int64_t uid, void *arg) {
    const passing *pass = arg;
    const survey_name *found = meet(pass->survey, user);

    if (found)
        pass->passwd(found->item, uid);
    return true;
}

int survey_passwd(survey *s, void (*fn)(void *item, int64_t uid), problem *p) {
    passing pass = {.survey = s, .passwd = fn};

    start(s);
    return account_each(passwd_line, &pass, p);
}

static bool shadow_file_line(const shadow_seen *line, void *arg) {
    const passing *pass = arg;
    const survey_name *found = meet(pass->survey, line->user);

    if (found)
        pass->shadow(found->item, line);
    return true;
}

int survey_shadow(survey *s, void (*fn)(void *item, const shadow_seen *line), problem *p) {
    passing pass = {.survey = s, .shadow = fn};

    start(s);
    return shadow_each(shadow_file_line, &pass, p);
}
