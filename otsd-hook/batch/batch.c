/* SPDX-License-Identifier: MIT */
#include "batch/batch.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "batch/pipeline.h"
#include "batch/preflight.h"
#include "batch/resume.h"
#include "batch/stop.h"

#define ROUNDS 4 /* more than an account's answer may be lost */

static const char *const status_names[BATCH_STATUSES] = {"todo", "interrupted", "provisioned", "open",
                                                         "kept", "failed",      "left"};

static int by_user(const void *a, const void *b) {
    return strcmp((*(batch_account *const *)a)->line->user, (*(batch_account *const *)b)->line->user);
}

static int by_name(const void *name, const void *account) {
    return strcmp(name, (*(batch_account *const *)account)->line->user);
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

static const char *file_name(const batch *b) {
    return strcmp(b->path, "-") == 0 ? "standard input" : b->path;
}

/* Where links are reported it is all that somebody gets, and a disk that does not take it will not take the ledger. */
static void report_failed(batch *b, const problem *p) {
    problem ignored;

    batch_cut(b, p);
    (void)report_close(&b->report, &ignored);
}

void batch_take(const batch *b, batch_account *a, const record *r) {
    memcpy(a->id, r->id, sizeof a->id);
    a->deadline = r->deadline;
    if (b->links && r->link[0])
        a->link = strdup(r->link);
}

void batch_result(batch *b, batch_account *a, batch_status to, const char *message) {
    problem p;

    batch_move(b, a, to);
    if (to == BATCH_FAILED || (to == BATCH_LEFT && !b->is_cut))
        say(LOG_WARNING, "%s:%lu: %s", file_name(b), a->line->number, message);
    if (b->report &&
        report_line(b->report, a->line->user, status_names[to], a->deadline, a->id, message, a->link, &p) != EX_OK)
        report_failed(b, &p);
}

void batch_show(batch *b, const char *waiting) {
    size_t failed = b->counts[BATCH_FAILED] + b->counts[BATCH_LEFT];

    progress_update(&b->bar, b->counts[BATCH_PROVISIONED] + b->counts[BATCH_OPEN] + b->counts[BATCH_KEPT] + failed,
                    failed, waiting);
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

typedef struct bad_lines {
    const batch *b;
    size_t count;
} bad_lines;

static void bad_line(void *arg, unsigned long number, const char *text) {
    bad_lines *bad = arg;

    bad->count++;
    say(LOG_WARNING, "%s:%lu: %s", file_name(bad->b), number, text);
}

static int load(batch *b, problem *p) {
    bad_lines bad = {b, 0};
    int rc = roster_read(&b->roster, b->path, bad_line, &bad, p);

    if (rc != EX_OK)
        return rc;
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
    qsort(b->by_user, b->len, sizeof(batch_account *), by_user);
    b->counts[BATCH_TODO] = b->len;
    rc = preflight(b, bad_line, &bad, p);
    if (rc == EX_OK && bad.count > 0)
        rc = problem_set(p, EX_DATAERR, "%s: %zu bad line%s", file_name(b), bad.count, bad.count == 1 ? "" : "s");
    if (rc == EX_OK && b->len == 0)
        rc = problem_set(p, EX_DATAERR, "%s: nobody is in it", file_name(b));
    return rc;
}

void batch_through(batch *b, batch_account *a) {
    if (a->status == BATCH_OPEN)
        batch_result(b, a, BATCH_OPEN, "it has an open hand-off");
    else if (a->status == BATCH_KEPT)
        batch_result(b, a, BATCH_KEPT, "it has a password, or a locked one");
    else if (a->status == BATCH_LEFT)
        batch_result(b, a, BATCH_LEFT,
                     "its open hand-off is another account's, or cannot be read: otsd-hook sweep sees to it");
}

static void report_rest(batch *b) {
    for (size_t i = 0; i < b->len; i++) {
        batch_account *a = &b->accounts[i];

        if (a->status == BATCH_TODO)
            batch_result(b, a, BATCH_LEFT, "not begun");
        else if (a->status == BATCH_INTERRUPTED)
            batch_result(b, a, BATCH_LEFT,
                         "interrupted: the same command, or otsd-hook sweep, finds out what the server made");
    }
}

static void work(batch *b) {
    problem why;

    resume_burns(b);
    for (int round = 0; round < ROUNDS && !b->is_cut && b->counts[BATCH_TODO] + b->counts[BATCH_INTERRUPTED] > 0;
         round++) {
        resume(b);
        if (stop_wanted()) {
            problem_set(&why, EX_TEMPFAIL, "stopped by a signal");
            batch_cut(b, &why);
        }
        pipeline_run(b);
    }
}

static void print_json(const batch *b, int rc) {
    json_object *o = json_object_new_object();
    const char *text;

    for (batch_status s = BATCH_PROVISIONED; o && s < BATCH_STATUSES; s++)
        json_object_object_add(o, status_names[s], json_object_new_int64((int64_t)b->counts[s]));
    if (!o)
        return;
    json_object_object_add(o, "accounts", json_object_new_int64((int64_t)b->len));
    json_object_object_add(o, "todo",
                           json_object_new_int64((int64_t)(b->counts[BATCH_TODO] + b->counts[BATCH_INTERRUPTED])));
    json_object_object_add(o, "dry_run", json_object_new_boolean(b->dry_run));
    json_object_object_add(o, "cut_short", b->is_cut ? json_object_new_string(b->cut.text) : NULL);
    json_object_object_add(o, "exit", json_object_new_int(rc));
    text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text)
        puts(text);
    json_object_put(o);
}

static void add_count(char *text, size_t size, size_t n, const char *words) {
    size_t len = strlen(text);

    if (n > 0)
        snprintf(text + len, size - len, ", %zu %s", n, words);
}

static void print_text(const batch *b, int64_t ms) {
    size_t done = b->counts[BATCH_PROVISIONED];
    char rest[256] = "";

    if (b->dry_run)
        add_count(rest, sizeof rest, b->counts[BATCH_INTERRUPTED], "to be taken up where a former run left them");
    add_count(rest, sizeof rest, b->counts[BATCH_OPEN], "with an open hand-off already");
    add_count(rest, sizeof rest, b->counts[BATCH_KEPT], "with a password already");
    add_count(rest, sizeof rest, b->counts[BATCH_FAILED], "failed");
    add_count(rest, sizeof rest, b->counts[BATCH_LEFT], "left: the same command goes on with them");
    if (b->dry_run)
        printf("%zu accounts: %zu would be provisioned%s; nothing was changed\n", b->len, (size_t)b->counts[BATCH_TODO],
               rest);
    else
        printf("%zu accounts: %zu provisioned%s, in %lld.%01lld s%s%s\n", b->len, done, rest, (long long)ms / 1000,
               (long long)ms % 1000 / 100, b->report_path ? "; report: " : "", b->report_path ? b->report_path : "");
}

static int exit_code(const batch *b) {
    if (b->is_cut || b->counts[BATCH_LEFT] > 0)
        return EX_TEMPFAIL;
    return b->counts[BATCH_FAILED] > 0 ? BATCH_SOME : EX_OK;
}

static int finish(batch *b, int64_t ms) {
    int rc = b->dry_run ? EX_OK : exit_code(b);
    problem p;

    if (b->is_cut) {
        problem_add(&b->cut, "; the batch was cut short");
        problem_say(&b->cut);
    }
    if (b->json)
        print_json(b, rc);
    else
        print_text(b, ms);
    if (!b->dry_run)
        say(LOG_NOTICE, "batch of %zu accounts: %zu provisioned, %zu failed, %zu left", b->len,
            (size_t)b->counts[BATCH_PROVISIONED], (size_t)b->counts[BATCH_FAILED], (size_t)b->counts[BATCH_LEFT]);
    if (ferror(stdout) || fflush(stdout) != 0) {
        rc = problem_set(&p, EX_IOERR, "standard output cannot be written; what became of the batch is in the ledger");
        problem_say(&p);
    }
    return rc;
}

static void free_all(batch *b) {
    for (size_t i = 0; i < b->len; i++) {
        if (b->accounts[i].link)
            otsd_wipe(b->accounts[i].link, strlen(b->accounts[i].link));
        free(b->accounts[i].link);
        free(b->accounts[i].made);
    }
    free(b->accounts);
    free(b->by_user);
    roster_free(&b->roster);
}

int batch_run(batch *b) {
    int64_t begin = clock_ms();
    problem p;
    int rc = context_open(b->x, &p);

    if (rc == EX_OK)
        rc = load(b, &p);
    if (rc == EX_OK && !b->dry_run)
        rc = report_open(&b->report, b->report_path, b->links, &p);
    if (rc != EX_OK) {
        problem_add(&p, "; nothing was changed");
        problem_say(&p);
        free_all(b);
        return rc;
    }
    if (!b->dry_run) {
        stop_catch();
        progress_start(&b->bar, b->len);
        pace_init(&b->pace, b->jobs, b->patience_ms);
        for (size_t i = 0; i < b->len; i++)
            batch_through(b, &b->accounts[i]);
        work(b);
        report_rest(b);
        progress_end(&b->bar);
        if (report_close(&b->report, &p) != EX_OK)
            report_failed(b, &p);
    }
    rc = finish(b, clock_ms() - begin);
    free_all(b);
    return rc;
}
