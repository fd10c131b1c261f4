/* SPDX-License-Identifier: MIT
 *
 * Account lines, and what login.defs says of uids. Whoever the C library finds in the file is found, too, with the same
 * uid: of whom it is said that the account is gone, nobody else has it.
 *
 *   root:x:0:0:root:/root:/bin/bash
 *   =====
 *   UID_MIN 1000
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "password/account.h"

typedef struct account {
    char *user;
    int64_t uid;
} account;

typedef struct found {
    account *all;
    size_t len;
} found;

static bool see(const char *user, int64_t uid, void *arg) {
    found *f = arg;

    HOLDS(user[0] && !strchr(user, ':') && !strchr(user, '\n') && uid >= 0 && uid <= UINT32_MAX);
    f->all = reallocarray(f->all, f->len + 1, sizeof *f->all);
    HOLDS(f->all);
    f->all[f->len++] = (account){strdup(user), uid};
    return true;
}

/* One line, as the C library reads it; NULL where that is no account. It passes over comments, and '+' and '-' stand
 * for other sources. */
static struct passwd *as_everybody(const char *line, struct passwd *pw, char *room, size_t size) {
    FILE *f = line[0] && line[0] != '#' && line[0] != '+' && line[0] != '-' ? fmemopen((char *)line, strlen(line), "r")
                                                                            : NULL;
    struct passwd *out = NULL;

    if (f && fgetpwent_r(f, pw, room, size, &out) != 0)
        out = NULL;
    if (f)
        (void)fclose(f);
    return out && out->pw_name[0] ? out : NULL;
}

static bool has(const found *f, const struct passwd *pw) {
    for (size_t i = 0; i < f->len; i++)
        if (f->all[i].uid == pw->pw_uid && strcmp(f->all[i].user, pw->pw_name) == 0)
            return true;
    return false;
}

/* The C library takes "+5" and " 5" for a uid, too; such an account the name service is asked for. */
static bool has_plain_uid(const char *line) {
    const char *password = strchr(line, ':'), *uid = password ? strchr(password + 1, ':') : NULL;

    /* It passes over blanks at the beginning, too, and no hand-off has such a name. */
    return uid && uid[1] >= '0' && uid[1] <= '9' && strspn(line, " \t\v\f\r") == 0;
}

static void compare(piece text, const found *f) {
    static char room[1 << 16];

    while (text.len > 0) {
        char *line = piece_string(piece_line(&text));
        struct passwd pw;

        if (has_plain_uid(line) && strlen(line) < sizeof room / 2 && as_everybody(line, &pw, room, sizeof room))
            HOLDS(has(f, &pw));
        free(line);
    }
}

/* The first line of a name counts, here and there. */
static void first_counts(piece text) {
    piece line = piece_line(&text);
    static char room[1 << 16];
    struct passwd pw;
    account_view v;
    problem p;
    char *first = piece_string(line);

    if (strlen(first) == line.len && has_plain_uid(first) && line.len < sizeof room / 2 &&
        as_everybody(first, &pw, room, sizeof room)) {
        HOLDS(account_look(pw.pw_name, true, false, &v, &p) == EX_OK);
        HOLDS(v.exists == OTSD_YES && v.local && v.uid == pw.pw_uid);
        HOLDS(account_is_local(pw.pw_name, pw.pw_uid));
    }
    free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len}, passwd, defs;
    account_limits limits;
    found f = {0};
    problem p;
    config c = {0};
    int rc;

    (void)piece_next(&rest, &passwd);
    (void)piece_next(&rest, &defs);
    stage_file("/etc/passwd", passwd.text, passwd.len);
    stage_file("/etc/login.defs", defs.text ? defs.text : "", defs.len);
    rc = account_each(see, &f, &p);
    HOLDS(p.code == rc && (rc == EX_OK || (rc == EX_DATAERR && p.text[0] && is_printable(p.text))));
    /* What was cut, or is empty, proves nothing of anybody. */
    HOLDS(rc == EX_DATAERR || passwd.len > 0);
    if (rc == EX_OK && !memchr(passwd.text, '\0', passwd.len)) {
        compare(passwd, &f);
        first_counts(passwd);
    }
    while (f.len > 0)
        free(f.all[--f.len].user);
    free(f.all);
    account_limits_read(&c, &limits);
    HOLDS(limits.uid_min >= 0 && limits.uid_max >= 0);
    return 0;
}
