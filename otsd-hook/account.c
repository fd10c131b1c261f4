/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGIN_DEFS "/etc/login.defs"

int account_uid(const char *user, int64_t *uid, problem *p) {
    size_t size = 16384;
    struct passwd pw, *found = NULL;
    char *buf = malloc(size);
    int err;

    if (!buf)
        return problem_set(p, EX_OSERR, "out of memory");
    err = getpwnam_r(user, &pw, buf, size, &found);
    if (found)
        *uid = pw.pw_uid;
    free(buf);
    /* getpwnam(3) lists the errnos with which "not found" comes, too. */
    if (!found && (err == 0 || err == ENOENT || err == ESRCH || err == EBADF || err == EPERM))
        return problem_set(p, EX_NOUSER, "%s: there is no such user", user);
    if (!found)
        return problem_set(p, EX_OSERR, "%s: the user cannot be looked up: %s", user, strerror(err));
    return EX_OK;
}

static long login_defs(const char *name, long fallback) {
    FILE *f = fopen(LOGIN_DEFS, "re");
    char line[512], key[64];
    long value = fallback;

    if (!f)
        return fallback;
    while (fgets(line, sizeof line, f)) {
        char text[64], *end;
        long v;

        if (sscanf(line, " %63s %63s", key, text) != 2 || strcmp(key, name) != 0)
            continue;
        errno = 0;
        v = strtol(text, &end, 0);
        if (errno == 0 && *end == '\0' && v >= 0)
            value = v;
    }
    (void)fclose(f);
    return value;
}

bool account_is_system(int64_t uid) {
    return uid == 0 || uid < login_defs("UID_MIN", 1000) || uid > login_defs("UID_MAX", 60000);
}
