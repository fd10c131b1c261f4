/* SPDX-License-Identifier: MIT
 *
 * "There is none" ends a hand-off. A name service says so, too, when its directory is down (libnss_sss without sssd),
 * or when its module is missing; only /etc/passwd, read to its end, is certain, and only of accounts that were in it.
 * Anything else is a miss, which the caller counts, or an error.
 *
 * The file is read for another reason as well: a name service that is asked for 100,000 names one by one takes minutes.
 *
 * Directories know one account by ADALICE and adalice. So a hand-off is filed under the name that the name service
 * gives back, not under the one that was asked for, which somebody has typed.
 */
#include "password/account.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"

#define PASSWD_PATH "/etc/passwd"
#define COLONS 6 /* in a whole line */
#define LOGIN_DEFS "/etc/login.defs"

#define ENTRY_FIRST ((size_t)16 << 10)
#define ENTRY_MOST ((size_t)1 << 20)
#define EINTR_MOST 10 /* so often in a row, and the name service is broken */

typedef struct answer {
    bool known; /* the name service has it */
    int64_t uid;
    char name[USER_MAX + 1]; /* "": longer than any that a hand-off can have */
} answer;

static void take(const struct passwd *pw, answer *a) {
    *a = (answer){.known = true, .uid = pw->pw_uid};
    if (strlen(pw->pw_name) < sizeof a->name)
        memcpy(a->name, pw->pw_name, strlen(pw->pw_name) + 1);
}

/* Where it is not known: the errno that came with that. */
static int ask(const char *user, size_t size, answer *a) {
    struct passwd pw, *found = NULL;
    char *buf = malloc(size);
    int err = ENOMEM;

    if (buf)
        err = getpwnam_r(user, &pw, buf, size, &found);
    if (found)
        take(found, a);
    free(buf);
    return err;
}

static int look_up(const char *user, answer *a, problem *p) {
    size_t size = ENTRY_FIRST;
    int err;

    *a = (answer){.known = false};
    err = ask(user, size, a);
    for (int tries = 0; !a->known && ((err == EINTR && tries < EINTR_MOST) || (err == ERANGE && size < ENTRY_MOST));
         tries++) {
        if (err == ERANGE)
            size *= 2;
        err = ask(user, size, a);
    }
    if (a->known)
        return problem_none(p);
    /* getpwnam(3) lists the errnos with which "not found" comes, too. */
    if (err == 0 || err == ENOENT || err == ESRCH || err == EBADF || err == EPERM)
        return problem_set(p, EX_NOUSER, "%s: there is no such user", user);
    return problem_set(p, EX_OSERR, "%s: the user cannot be looked up: %s", user, strerror(err));
}

int account_uid(const char *user, int64_t *uid, problem *p) {
    answer a;
    int rc = look_up(user, &a, p);

    if (rc == EX_OK)
        *uid = a.uid;
    return rc;
}

static bool is_same(const answer *a, const answer *b) {
    return a->uid == b->uid && a->name[0] && strcmp(a->name, b->name) == 0;
}

/* Of several sources, the one that ignores case may stand behind one that has the canonical name for somebody else. */
static int check_canonical(const char *user, const answer *a, problem *p) {
    answer itself;
    int rc;

    if (strcmp(a->name, user) == 0)
        return problem_none(p);
    rc = look_up(a->name, &itself, p);
    if (rc == EX_NOUSER || (rc == EX_OK && !is_same(a, &itself)))
        return problem_set(p, EX_DATAERR,
                           "%s: the name service has the account as %s, by which name it knows another one, or none",
                           user, a->name);
    return rc;
}

int account_canonical(const char *user, char *out, int64_t *uid, problem *p) {
    const char *fault;
    answer a;
    int rc = look_up(user, &a, p);

    if (rc != EX_OK)
        return rc;
    fault = a.name[0] ? user_name_fault(a.name) : "it is too long";
    if (fault)
        return problem_set(p, EX_DATAERR,
                           "%s: the name service has the account as \"%s\", which is not a user name: %s", user, a.name,
                           fault);
    rc = check_canonical(user, &a, p);
    if (rc != EX_OK)
        return rc;
    memcpy(out, a.name, sizeof a.name);
    *uid = a.uid;
    return rc;
}

bool account_lowered(const char *user, char *out) {
    bool differs = false;
    size_t n = 0;

    for (; n < USER_MAX && user[n]; n++) {
        bool capital = user[n] >= 'A' && user[n] <= 'Z';

        out[n] = (char)(capital ? user[n] - 'A' + 'a' : user[n]);
        differs = differs || capital;
    }
    out[n] = '\0';
    return differs && !user[n];
}

int account_same(const char *one, const char *other, bool *same, problem *p) {
    answer a, b;
    int rc = look_up(one, &a, p);

    *same = false;
    if (rc == EX_OK)
        rc = look_up(other, &b, p);
    if (rc == EX_OK)
        *same = is_same(&a, &b);
    return rc == EX_NOUSER ? problem_none(p) : rc;
}

typedef struct each {
    bool (*fn)(const char *user, int64_t uid, void *arg);
    void *arg;
} each;

/* As getpwnam reads it: a line whose third field is no number is none. */
static bool each_line(char *line, void *arg) {
    const each *e = arg;
    char *password = strchr(line, ':'), *number = password ? strchr(password + 1, ':') : NULL, *end;
    unsigned long long uid;

    if (!number || password == line || number[1] < '0' || number[1] > '9')
        return true;
    uid = strtoull(number + 1, &end, 10);
    if (*end != ':' || uid > UINT32_MAX)
        return true;
    *password = '\0';
    return e->fn(line, (int64_t)uid, e->arg);
}

/* Not by fgetpwent_r, which never gets past a line that is longer than its buffer. */
int account_each(bool (*fn)(const char *user, int64_t uid, void *arg), void *arg, problem *p) {
    each e = {.fn = fn, .arg = arg};

    return lines_each(PASSWD_PATH, COLONS, each_line, &e, p);
}

typedef struct wanted_line {
    const char *user;
    account_view *out;
} wanted_line;

static bool find_line(const char *user, int64_t uid, void *arg) {
    const wanted_line *w = arg;

    if (strcmp(user, w->user) != 0)
        return true;
    *w->out = (account_view){.exists = OTSD_YES, .local = true, .uid = uid};
    return false;
}

/* Leaves out as it is where the file lacks the name. */
static int look_in_file(const char *user, account_view *out, problem *p) {
    wanted_line w = {.user = user, .out = out};

    return account_each(find_line, &w, p);
}

int account_look(const char *user, bool was_local, bool lacks, account_view *out, problem *p) {
    problem unread;
    int rc = problem_none(&unread), said;

    *out = (account_view){.exists = OTSD_UNKNOWN};
    if (!lacks)
        rc = look_in_file(user, out, &unread);
    if (out->exists == OTSD_YES)
        return problem_none(p);
    said = account_uid(user, &out->uid, p);
    if (said == EX_OK)
        out->exists = OTSD_YES;
    else if (was_local && rc == EX_OK)
        out->exists = OTSD_NO;
    else
        out->missed = rc == EX_OK && said == EX_NOUSER;
    if (out->exists != OTSD_UNKNOWN || out->missed)
        return problem_none(p);
    if (rc != EX_OK)
        *p = unread;
    return p->code;
}

bool account_is_local(const char *user, int64_t uid) {
    account_view found = {.exists = OTSD_UNKNOWN};
    problem unread;

    return look_in_file(user, &found, &unread) == EX_OK && found.local && found.uid == uid;
}

static void read_login_defs(account_limits *out) {
    FILE *f = fopen(LOGIN_DEFS, "re");
    char line[512], key[64], text[64];

    while (f && fgets(line, sizeof line, f)) {
        int64_t *to;
        char *end;
        long v;

        if (sscanf(line, " %63s %63s", key, text) != 2)
            continue;
        to = strcmp(key, "UID_MIN") == 0 ? &out->uid_min : strcmp(key, "UID_MAX") == 0 ? &out->uid_max : NULL;
        errno = 0;
        v = strtol(text, &end, 0);
        if (to && errno == 0 && *end == '\0' && v >= 0)
            *to = v;
    }
    if (f)
        (void)fclose(f);
}

void account_limits_read(const config *c, account_limits *out) {
    *out = (account_limits){.uid_min = 1000, .uid_max = 60000};
    read_login_defs(out);
    if (c->handoff.uid_min > 0)
        out->uid_min = c->handoff.uid_min;
    if (c->handoff.uid_max > 0)
        out->uid_max = c->handoff.uid_max;
}

int account_allowed(const account_limits *limits, const char *user, int64_t uid, problem *p) {
    bool outside = uid < limits->uid_min || uid > limits->uid_max;

    if (uid == 0 && !limits->allow_root)
        return problem_set(p, EX_NOPERM, "%s is root (uid 0), whom only --allow-root provisions", user);
    if (uid != 0 && outside && !limits->allow_system)
        return problem_set(p, EX_NOPERM,
                           "%s is a system account (uid %lld, people have %lld to %lld); --allow-system provisions it "
                           "all the same, handoff.uid_min and handoff.uid_max set the limits",
                           user, (long long)uid, (long long)limits->uid_min, (long long)limits->uid_max);
    return problem_none(p);
}
