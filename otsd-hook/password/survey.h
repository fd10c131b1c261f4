/* SPDX-License-Identifier: MIT
 *
 * What the account files have of n names, in one pass over each file. Looking each name up by itself, in files of
 * 100,000 lines, would take minutes.
 */
#ifndef OTSD_HOOK_SURVEY_H
#define OTSD_HOOK_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "password/shadow_read.h"

typedef struct survey_name {
    const char *name;
    void *item;
    bool met;
} survey_name;
typedef struct survey {
    survey_name *names;
    size_t len;
} survey;

/* Room for n names, 24 bytes each. EX_OSERR. */
int survey_init(survey *s, size_t n, problem *p);
void survey_free(survey *s);
/* Each name at most once. Both are the caller's and have to stay. */
void survey_add(survey *s, const char *name, void *item);

/* Both call fn for each name that the file has, with its item and what stands in the first line of that name: only that
 * one counts, as for getpwnam and getspnam. Any failure: not everybody may have been met. */
int survey_passwd(survey *s, void (*fn)(void *item, int64_t uid), problem *p);
int survey_shadow(survey *s, void (*fn)(void *item, const shadow_seen *line), problem *p);

#endif
