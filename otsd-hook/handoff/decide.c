/* SPDX-License-Identifier: MIT */
#include "handoff/decide.h"

#include <string.h>

reason decide(const situation *s) {
    if (!s->exists)
        return REASON_GONE;
    if (!s->same_uid)
        return REASON_UID;
    if (s->in_place == OTSD_NO)
        return REASON_CHANGED;
    /* Nobody can look, but PAM has just seen it: and a password that was changed must not be locked for a deadline. */
    if (s->event == EVENT_PASSWORD && s->in_place == OTSD_UNKNOWN)
        return REASON_CHANGED;
    if (s->now >= s->deadline)
        return REASON_DEADLINE;
    if (s->event != EVENT_SESSION || !s->login_service)
        return REASON_NONE;
    /* An opened session is not yet a finished first login: sshd opens it before passwd runs, or before it refuses. */
    if (s->must_change == OTSD_YES)
        return REASON_NONE;
    if (s->method == METHOD_PASSWORD)
        return REASON_LOGIN;
    if (s->method == METHOD_KEY && s->key_counts)
        return REASON_KEY_LOGIN;
    return REASON_NONE;
}

static bool has_word(const char *list, const char *word) {
    size_t len = strlen(word);

    for (const char *at = list; (at = strstr(at, word)); at += len)
        if ((at == list || at[-1] == ',') && (at[len] == '\0' || at[len] == ',' || at[len] == '/'))
            return true;
    return false;
}

method method_of(const char *service, const char *auth) {
    if (!auth || !*auth)
        return service && strcmp(service, "sshd") == 0 ? METHOD_UNKNOWN : METHOD_PASSWORD;
    if (has_word(auth, "password") || has_word(auth, "keyboard-interactive"))
        return METHOD_PASSWORD;
    if (has_word(auth, "publickey"))
        return METHOD_KEY;
    return METHOD_UNKNOWN;
}
