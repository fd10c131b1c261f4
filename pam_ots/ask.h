/* SPDX-License-Identifier: MIT
 *
 * The helper's command line, and what its failure means.
 */
#ifndef PAM_OTS_ASK_H
#define PAM_OTS_ASK_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "spawn.h"

typedef struct event {
    const char *name;        /* the helper's --event */
    const char *option;      /* one more, or NULL */
    const char *when_failed; /* what it means that the helper did not do its work */
} event;

/* One call of the module that has found an open hand-off. */
typedef struct visit {
    pam_handle_t *pamh;
    const char *user;
    int seconds; /* how long the helper may take */
    int left_ms; /* of that */
    bool debug, silent;
    bool due; /* the deadline seems to have passed */
} visit;

/* The value of one of PAM's items that are texts; NULL where it has none. */
const char *pam_text(const pam_handle_t *pamh, int type);

/* Runs the helper; typed (see helper_run) may be NULL. True: it ended by itself, with a status that the caller expects,
 * 0 or also; otherwise the log says what happened. left_ms is less by what it took. */
bool helper_ask(visit *v, const event *e, const char *typed, int also, helper_result *result);

#endif
