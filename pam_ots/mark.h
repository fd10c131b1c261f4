/* SPDX-License-Identifier: MIT
 *
 * What one phase leaves for a later one of the same login. See mark.c for what each is worth.
 */
#ifndef PAM_OTS_MARK_H
#define PAM_OTS_MARK_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "text.h"

typedef enum mark {
    MARK_NONE,
    MARK_ASKED,   /* the authentication that succeeded had asked for a password */
    MARK_CHANGED, /* it did, and then a password was changed, or the program would not have come so far */
} mark;

/* What the end of a program has to know of a password change. */
typedef struct change {
    char user[USER_MAX + 1];
    int seconds; /* the options and flags of that call */
    bool debug, silent;
} change;

/* user's authentication that has just come to our line has asked for a password, or has not. */
void mark_authentication(pam_handle_t *pamh, const char *user, bool asked);

/* A password change has come to our line. Where the program ends PAM soon and says that all went well, ended is called
 * with *c, once. */
void mark_change(pam_handle_t *pamh, const change *c, void (*ended)(pam_handle_t *pamh, const change *c));

/* What this login's earlier phases have left for user; and takes it all away. */
mark mark_take(pam_handle_t *pamh, const char *user);

#endif
