/* SPDX-License-Identifier: MIT
 *
 * Forgets what became of the hand-offs of accounts that are gone: one that is made anew with the same name and uid is
 * another person's.
 *
 * Only accounts that were in /etc/passwd can be known to be gone, and only while that file was read in full; and an
 * account can only go when that file is changed, so nothing is looked at where the last sweep is younger. Memory does
 * not grow with the number of accounts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/sweep.h"
#include "ledger/past.h"
#include "password/account.h"

#define PASSWD_PATH "/etc/passwd"
#define GROUP 8192
#define SLACK 60 /* s: by which the clock may have been stepped; more costs nothing but a look too few */

typedef struct remembered {
    char name[USER_MAX + 24]; /* USER.UID */
    bool there;
} remembered;

typedef struct forgetting {
    sweep *w;
    remembered *all;
    size_t len;
} forgetting;

static int by_name(const void *a, const void *b) {
    return strcmp(((const remembered *)a)->name, ((const remembered *)b)->name);
}

static bool in_passwd(const char *user, int64_t uid, void *arg) {
    forgetting *f = arg;
    remembered wanted = {0}, *found;

    if (snprintf(wanted.name, sizeof wanted.name, "%s.%lld", user, (long long)uid) >= (int)sizeof wanted.name)
        return true;
    found = bsearch(&wanted, f->all, f->len, sizeof wanted, by_name);
    if (found)
        found->there = true;
    return true;
}

static void flush(forgetting *f) {
    problem p;
    int rc;

    if (f->len == 0)
        return;
    qsort(f->all, f->len, sizeof *f->all, by_name);
    rc = account_each(in_passwd, f, &p);
    /* That the file cannot be read is told where it is read for those that are open. */
    for (size_t i = 0; rc == EX_OK && i < f->len; i++)
        if (!f->all[i].there && past_forget_local(f->w->x->ledger, f->all[i].name, &p) != EX_OK)
            sweep_trouble(f->w, &p);
    f->len = 0;
}

static int collect(const char *name, void *arg) {
    forgetting *f = arg;

    snprintf(f->all[f->len].name, sizeof f->all[0].name, "%s", name);
    f->all[f->len++].there = false;
    if (f->len == GROUP)
        flush(f);
    return 0;
}

static bool passwd_changed(const sweep *w) {
    struct stat st;

    return stat(PASSWD_PATH, &st) == 0 && st.st_ctime + SLACK >= ledger_stamped(w->x->ledger);
}

void sweep_past(sweep *w) {
    forgetting f = {.w = w};
    problem p;

    if (!passwd_changed(w))
        return;
    f.all = calloc(GROUP, sizeof *f.all);
    if (!f.all)
        problem_set(&p, EX_OSERR, "out of memory");
    else
        p.code = past_each(w->x->ledger, collect, &f, &p);
    if (p.code != EX_OK)
        sweep_trouble(w, &p);
    else
        flush(&f);
    free(f.all);
}
