/* SPDX-License-Identifier: MIT
 *
 * A session does not tell how the person came in, and a password phase does not tell how it ended. So:
 *
 *  - "A password was asked for" is a mark that the auth line leaves when it is reached while PAM holds a typed text.
 *    login -f, and a key with a second factor that is no password, run no auth phase or leave no text.
 *  - "A password was changed" cannot be seen from a line in the password stack. A required or optional module that
 *    fails does not keep libpam from calling the lines behind it; old ones call, at the update, whatever the
 *    preliminary check had come to; the typed new password lies in the handle in any case. What tells is what the
 *    program does next. It opens the session that the change stood in the way of; or it ends PAM and hands over the
 *    result (pam_end, which passwd and chpasswd call at once). A word given much later is about something else.
 *
 * Marks are data of the handle, which nobody else can write. sshd's keyboard-interactive runs auth and password in a
 * child with a copy of the handle; of that only PAM's environment comes back, and only from a child that succeeded. So
 * the marks stand there as well, believed only where sshd speaks (it sets SSH_AUTH_INFO_0), and are taken out before
 * the person's programs start. Who could forge that (pam_env, told to read a file of the user's) ends his own hand-off.
 */
#include "mark.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ASKED "pam_ots_asked"
#define CHANGED "pam_ots_changed"
#define VARIABLE "PAM_OTS"

enum { SOON = 60 /* seconds */ };

typedef struct pending_change {
    change what;
    time_t at;
    void (*ended)(pam_handle_t *pamh, const change *c);
} pending_change;

static time_t seconds_now(void) {
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static const void *data_of(const pam_handle_t *pamh, const char *name) {
    const void *data = NULL;

    return pam_get_data(pamh, name, &data) == PAM_SUCCESS ? data : NULL;
}

static void forget_variable(pam_handle_t *pamh) {
    if (pam_getenv(pamh, VARIABLE))
        pam_putenv(pamh, VARIABLE);
}

static void free_data(pam_handle_t *pamh, void *data, int status) {
    (void)pamh;
    (void)status;
    free(data);
}

void mark_authentication(pam_handle_t *pamh, const char *user, bool asked) {
    char *copy = asked ? calloc(1, USER_MAX + 1) : NULL;

    if (copy)
        user_name_copy(copy, user);
    if (data_of(pamh, ASKED))
        pam_set_data(pamh, ASKED, NULL, NULL);
    if (copy && pam_set_data(pamh, ASKED, copy, free_data) == PAM_SUCCESS) {
        pam_putenv(pamh, VARIABLE "=asked");
        return;
    }
    free(copy);
    forget_variable(pamh);
}

/* status is the program's last word; it has other bits set where the data is replaced, or a forked copy ends. */
static void end_of_handle(pam_handle_t *pamh, void *data, int status) {
    pending_change *p = data;

    if (p && status == PAM_SUCCESS && seconds_now() - p->at <= SOON)
        p->ended(pamh, &p->what);
    free(p);
}

void mark_change(pam_handle_t *pamh, const change *c, void (*ended)(pam_handle_t *pamh, const change *c)) {
    pending_change *p = calloc(1, sizeof *p);

    if (!p)
        return;
    p->what = *c;
    p->at = seconds_now();
    p->ended = ended;
    if (pam_set_data(pamh, CHANGED, p, end_of_handle) != PAM_SUCCESS)
        free(p);
    else
        pam_putenv(pamh, VARIABLE "=changed");
}

mark mark_take(pam_handle_t *pamh, const char *user) {
    const pending_change *changed = data_of(pamh, CHANGED);
    const char *asked = data_of(pamh, ASKED), *word = pam_getenv(pamh, VARIABLE);
    mark found = MARK_NONE;

    if (changed && strcmp(changed->what.user, user) == 0)
        found = MARK_CHANGED;
    else if (asked && strcmp(asked, user) == 0)
        found = MARK_ASKED;
    else if (!changed && !asked && word && pam_getenv(pamh, "SSH_AUTH_INFO_0"))
        found = strcmp(word, "changed") == 0 ? MARK_CHANGED : MARK_ASKED;
    forget_variable(pamh);
    if (changed)
        pam_set_data(pamh, CHANGED, NULL, NULL);
    if (asked)
        pam_set_data(pamh, ASKED, NULL, NULL);
    return found;
}
