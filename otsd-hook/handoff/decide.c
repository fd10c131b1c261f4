/* SPDX-License-Identifier: MIT */
#include "handoff/decide.h"

#include <string.h>

/* Positive findings of earlier, which were noted and not carried out to their end. A deadline is none of them: who got
 * the lock only now has to look whether the person has changed the password meanwhile. Nor is an account that was
 * missing: it may be back. */
static bool stands(reason noted) {
    return noted == REASON_CHANGED || noted == REASON_LOGIN || noted == REASON_KEY_LOGIN || noted == REASON_REVOKED ||
           noted == REASON_REISSUED || noted == REASON_ABORTED || noted == REASON_ARRIVED;
}

/* Somebody has made it another password, or none. */
static reason not_in_place(const situation *s) {
    bool our_lock = s->dead && (s->over == OTSD_YES || s->noted == REASON_DEADLINE);

    return our_lock ? REASON_DEADLINE : REASON_CHANGED;
}

static reason session(const situation *s) {
    bool is_there = s->in_place == OTSD_YES || !s->can_tell;
    bool is_arrival = s->can_tell ? s->must_change == OTSD_NO : !s->to_change;

    /* An opened session is not yet a finished first login: sshd opens it before passwd runs, or before it refuses. */
    if (!s->login_service || !is_there || !is_arrival)
        return REASON_NONE;
    if (s->method == METHOD_PASSWORD)
        return REASON_LOGIN;
    if (s->method == METHOD_KEY && s->key_counts)
        return REASON_KEY_LOGIN;
    return REASON_NONE;
}

reason decide(const situation *s) {
    if (s->exists == OTSD_NO)
        return REASON_GONE;
    if (s->exists == OTSD_YES && !s->same_uid)
        return REASON_UID;
    if (stands(s->noted))
        return s->noted;
    if (s->in_place == OTSD_NO)
        return not_in_place(s);
    /* Nobody can ever look, but the program that changed it says so: what was changed must not be locked for a
     * deadline. */
    if (s->event == EVENT_CHANGED && !s->can_tell)
        return REASON_CHANGED;
    if (s->over == OTSD_YES && (s->can_tell || s->lock_unseen))
        return REASON_DEADLINE;
    return s->event == EVENT_SESSION ? session(s) : REASON_NONE;
}

bool decide_unseen(const situation *s) {
    return s->over == OTSD_YES && !s->can_tell && decide(s) == REASON_NONE;
}

bool decide_gone(int64_t sweeps, int64_t seconds) {
    return sweeps >= GONE_SWEEPS && seconds >= GONE_SECONDS;
}

static bool has_word(const char *list, const char *word) {
    size_t len = strlen(word);

    for (const char *at = list; (at = strstr(at, word)); at += len)
        if ((at == list || at[-1] == ',') && (at[len] == '\0' || at[len] == ',' || at[len] == '/'))
            return true;
    return false;
}

method method_of(const char *auth, bool asked) {
    bool told = auth && *auth;

    if (asked && (!told || has_word(auth, "password") || has_word(auth, "keyboard-interactive")))
        return METHOD_PASSWORD;
    return told && has_word(auth, "publickey") ? METHOD_KEY : METHOD_UNKNOWN;
}
