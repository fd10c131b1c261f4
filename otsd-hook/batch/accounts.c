/* SPDX-License-Identifier: MIT */
#include "batch/accounts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/names.h"
#include "ledger/told.h"

static const char *const status_texts[BATCH_STATUSES] = {
    [BATCH_TODO] = "todo",
    [BATCH_INTERRUPTED] = "interrupted",
    [BATCH_PROVISIONED] = "provisioned",
    [BATCH_OPEN] = "open",
    [BATCH_KEPT] = "kept",
    [BATCH_ENDED] = "ended",
    [BATCH_FAILED] = "failed",
    [BATCH_LEFT] = "left",
};
static const name_table statuses = NAMES_OF(status_texts);

const char *batch_status_name(batch_status s) {
    return names_text(&statuses, (int)s);
}

const char *batch_user(const batch_account *a) {
    return a->filed ? a->filed : a->line->user;
}

const char *batch_known(const batch_account *a) {
    return a->known ? a->known : a->line->user;
}

static int by_known(const void *one, const void *other) {
    const batch_account *a = *(batch_account *const *)one, *b = *(batch_account *const *)other;
    int order = strcmp(batch_known(a), batch_known(b));

    return order != 0 ? order : (a->line->number > b->line->number) - (a->line->number < b->line->number);
}

static int by_user(const void *one, const void *other) {
    const batch_account *a = *(batch_account *const *)one, *b = *(batch_account *const *)other;

    return strcmp(batch_user(a), batch_user(b));
}

static int by_name(const void *name, const void *account) {
    return strcmp(name, batch_user(*(batch_account *const *)account));
}

void batch_sort(batch *b) {
    qsort(b->by_user, b->len, sizeof(batch_account *), by_known);
    for (size_t i = 1; i < b->len; i++) {
        const batch_account *before = b->by_user[i - 1];

        if (strcmp(batch_known(before), batch_known(b->by_user[i])) == 0)
            b->by_user[i]->twin = before->twin ? before->twin : before->line;
    }
    qsort(b->by_user, b->len, sizeof(batch_account *), by_user);
}

int batch_make_accounts(batch *b, problem *p) {
    b->len = b->roster.len;
    b->accounts = calloc(b->len + 1, sizeof *b->accounts);
    b->by_user = calloc(b->len + 1, sizeof(batch_account *));
    if (!b->accounts || !b->by_user) {
        b->len = 0;
        return problem_set(p, EX_OSERR, "out of memory");
    }
    for (size_t i = 0; i < b->len; i++) {
        b->accounts[i].line = &b->roster.lines[i];
        b->accounts[i].uid = -1;
        b->by_user[i] = &b->accounts[i];
    }
    batch_sort(b);
    b->counts[BATCH_TODO] = b->len;
    return problem_none(p);
}

void batch_free_accounts(batch *b) {
    for (size_t i = 0; i < b->len; i++) {
        if (b->accounts[i].link)
            otsd_wipe(b->accounts[i].link, strlen(b->accounts[i].link));
        free(b->accounts[i].link);
        free(b->accounts[i].made);
        free(b->accounts[i].filed);
        free(b->accounts[i].known);
    }
    free(b->accounts);
    free(b->by_user);
    b->accounts = NULL;
    b->by_user = NULL;
    b->len = 0;
}

batch_account *batch_find(const batch *b, const char *user) {
    batch_account **found = bsearch(user, b->by_user, b->len, sizeof(batch_account *), by_name);

    return found ? *found : NULL;
}

void batch_move(batch *b, batch_account *a, batch_status to) {
    b->counts[a->status]--;
    b->counts[to]++;
    a->status = to;
}

void batch_cut(batch *b, const problem *why) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&lock);
    if (!b->is_cut)
        b->cut = *why;
    b->is_cut = true;
    pthread_mutex_unlock(&lock);
}

void batch_unlogged(batch *b, const problem *why) {
    b->is_unlogged = true;
    batch_cut(b, why);
}

const char *batch_file_name(const batch *b) {
    return strcmp(b->path, "-") == 0 ? "standard input" : b->path;
}

/* Where links are reported, the report is how somebody gets them; and a disk that does not take it will not take the
 * ledger. */
static void report_failed(batch *b, const problem *p) {
    problem ignored;

    batch_cut(b, p);
    (void)report_close(&b->report, &ignored);
}

void batch_close_report(batch *b) {
    problem p;

    if (report_close(&b->report, &p) != EX_OK)
        report_failed(b, &p);
}

void batch_take(const batch *b, batch_account *a, const record *r) {
    memcpy(a->id, r->id, sizeof a->id);
    a->deadline = r->deadline;
    a->unsure = r->unsure != 0;
    if (b->links && r->link[0])
        a->link = strdup(r->link);
}

void batch_result(batch *b, batch_account *a, batch_status to, const char *message) {
    problem p;

    batch_move(b, a, to);
    if (to == BATCH_FAILED || to == BATCH_ENDED || (to == BATCH_LEFT && !b->is_cut))
        say(LOG_WARNING, "%s:%lu: %s", batch_file_name(b), a->line->number, message);
    if (b->report &&
        report_line(b->report, a->line->user, batch_status_name(to), a->deadline, a->id, message, a->link, &p) != EX_OK)
        report_failed(b, &p);
}

void batch_show(batch *b, const char *waiting) {
    size_t failed = b->counts[BATCH_FAILED] + b->counts[BATCH_LEFT];

    size_t there = b->counts[BATCH_OPEN] + b->counts[BATCH_KEPT] + b->counts[BATCH_ENDED];

    progress_update(&b->bar, b->counts[BATCH_PROVISIONED] + there + failed, failed, waiting);
}

bool batch_show_pause(batch *b, const pace *s) {
    int64_t next = pace_next(s, clock_ms());
    char text[160];

    if (next <= 0)
        return false;
    snprintf(text, sizeof text, "%s; next try in %lld s", pace_why(s) ? pace_why(s) : "the server is away",
             (long long)(next + 999) / 1000);
    batch_show(b, text);
    return true;
}

void batch_unsure(batch *b, batch_account *a, batch_status to) {
    say(LOG_WARNING,
        "%s: password.command failed or was interrupted in an earlier run; if the password does not work: "
        "otsd-hook reissue %s",
        batch_user(a), batch_user(a));
    batch_result(b, a, to,
                 "unsure: password.command failed or was interrupted; where it does not work: otsd-hook reissue");
}

size_t batch_count_unsure(const batch *b) {
    size_t count = 0;

    for (size_t i = 0; i < b->len; i++) {
        const batch_account *a = &b->accounts[i];

        if (a->unsure && (a->status == BATCH_OPEN || a->status == BATCH_PROVISIONED))
            count++;
    }
    return count;
}

void batch_through(batch *b, batch_account *a) {
    const char *why = reason_told(a->past.reason);
    char text[160];

    if (a->status == BATCH_OPEN && a->unsure) {
        batch_unsure(b, a, BATCH_OPEN);
    } else if (a->status == BATCH_OPEN) {
        batch_result(b, a, BATCH_OPEN, "it has an open hand-off");
    } else if (a->status == BATCH_KEPT && !a->found.has_password && a->past.was == PAST_ARRIVED) {
        snprintf(text, sizeof text, "the person has arrived: %s", why);
        batch_result(b, a, BATCH_KEPT, text);
    } else if (a->status == BATCH_KEPT) {
        batch_result(b, a, BATCH_KEPT, "it has a password, or a locked one");
    } else if (a->status == BATCH_ENDED) {
        snprintf(text, sizeof text, "its hand-off has ended (%s); --again starts a new one", why);
        batch_result(b, a, BATCH_ENDED, text);
    } else if (a->status == BATCH_LEFT) {
        batch_result(b, a, BATCH_LEFT,
                     "its open hand-off is another account's, or cannot be read: otsd-hook sweep sees to it");
    }
}
