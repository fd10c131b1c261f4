/* SPDX-License-Identifier: MIT */
#include "batch/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/json.h"
#include "batch/pipeline.h"
#include "batch/preflight.h"
#include "batch/resume.h"
#include "base/stop.h"

#define ROUNDS 4 /* more than the times that an account's answer may be lost */

typedef struct bad_lines {
    const batch *b;
    size_t count;
} bad_lines;

static void bad_line(void *arg, unsigned long number, const char *text) {
    bad_lines *bad = arg;

    bad->count++;
    say(LOG_WARNING, "%s:%lu: %s", batch_file_name(bad->b), number, text);
}

static int load(batch *b, problem *p) {
    bad_lines bad = {b, 0};
    int rc = roster_read(&b->roster, b->path, bad_line, &bad, p);

    if (rc != EX_OK)
        return rc;
    rc = batch_make_accounts(b, p);
    if (rc == EX_OK)
        rc = preflight(b, bad_line, &bad, p);
    if (rc == EX_OK && bad.count > 0)
        rc = problem_set(p, EX_DATAERR, "%s: bad lines: %zu", batch_file_name(b), bad.count);
    if (rc == EX_OK && b->len == 0)
        rc = problem_set(p, EX_DATAERR, "%s: nobody is in it", batch_file_name(b));
    return rc;
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

static int print_json(const batch *b, int rc, problem *p) {
    json_out *j = json_new(JSON_LINE);

    json_begin_object(j, NULL);
    for (batch_status s = BATCH_PROVISIONED; s < BATCH_STATUSES; s++)
        json_number(j, batch_status_name(s), (int64_t)b->counts[s]);
    json_number(j, "unsure", (int64_t)batch_count_unsure(b));
    json_number(j, "accounts", (int64_t)b->len);
    json_number(j, "todo", (int64_t)(b->counts[BATCH_TODO] + b->counts[BATCH_INTERRUPTED]));
    json_bool(j, "dry_run", b->dry_run);
    json_text(j, "cut_short", b->is_cut ? b->cut.text : NULL);
    json_number(j, "exit", rc);
    json_end(j);
    return json_print(&j, stdout, p);
}

/* Labels and numbers rather than sentences: they read the same for one and for many. */
static void print_number(size_t count, const char *label) {
    /* printable: the labels are ours */
    if (count > 0)
        printf(", %s: %zu", label, count);
}

static void print_count(const batch *b, batch_status s, const char *label) {
    print_number(b->counts[s], label);
}

static void print_text(const batch *b, int64_t ms) {
    printf("accounts: %zu", b->len);
    if (b->dry_run) {
        printf(", to be provisioned: %zu", (size_t)b->counts[BATCH_TODO]);
        print_count(b, BATCH_INTERRUPTED, "to be taken up where a former run left them");
    } else {
        printf(", provisioned: %zu", (size_t)b->counts[BATCH_PROVISIONED]);
    }
    print_count(b, BATCH_OPEN, "with an open hand-off already");
    print_number(batch_count_unsure(b), "unsure");
    print_count(b, BATCH_KEPT, "with a password already");
    print_count(b, BATCH_ENDED, "ended before (--again starts anew)");
    print_count(b, BATCH_FAILED, "failed");
    print_count(b, BATCH_LEFT, "left for the same command again");
    if (b->dry_run)
        puts("; nothing was changed");
    else
        printf("; time: %" PRId64 ".%" PRId64 " s\n", ms / 1000, ms % 1000 / 100);
    if (!b->dry_run && b->report_path)
        say_out("report: %s", b->report_path);
}

/* Whoever is unsure has a hand-off, which no run of this batch replaces: that takes a reissue. */
static int exit_code(const batch *b) {
    if (b->is_unlogged && b->counts[BATCH_LEFT] == 0)
        return EX_IOERR;
    if (b->is_cut || b->counts[BATCH_LEFT] > 0)
        return EX_TEMPFAIL;
    if (b->counts[BATCH_FAILED] + b->counts[BATCH_ENDED] > 0 || b->is_linkless)
        return BATCH_SOME;
    return batch_count_unsure(b) > 0 ? BATCH_SOME : EX_OK;
}

/* What became of the batch is in the ledger, whether it can be printed or not. */
static int print(const batch *b, int rc, int64_t ms) {
    problem p;
    int failed = problem_none(&p);

    if (!b->json)
        print_text(b, ms);
    else if (print_json(b, rc, &p) == EX_OSERR)
        failed = problem_set(&p, EX_IOERR,
                             "no memory for what was to be printed; what became of the batch is in the ledger");
    if (failed == EX_OK && (ferror(stdout) || fflush(stdout) != 0))
        failed =
            problem_set(&p, EX_IOERR, "standard output cannot be written; what became of the batch is in the ledger");
    if (failed != EX_OK)
        problem_say(&p);
    return failed != EX_OK ? failed : rc;
}

static int finish(batch *b, int64_t ms) {
    int rc = b->dry_run ? EX_OK : exit_code(b);

    if (b->is_cut) {
        if (!b->is_unlogged || b->counts[BATCH_LEFT] > 0)
            problem_add(&b->cut, "; the batch was cut short");
        problem_say(&b->cut);
    }
    rc = print(b, rc, ms);
    if (!b->dry_run)
        say(LOG_NOTICE, "batch ended: accounts: %zu, provisioned: %zu, unsure: %zu, failed: %zu, left: %zu", b->len,
            (size_t)b->counts[BATCH_PROVISIONED], batch_count_unsure(b), (size_t)b->counts[BATCH_FAILED],
            (size_t)b->counts[BATCH_LEFT]);
    return rc;
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
        batch_free_accounts(b);
        roster_free(&b->roster);
        return rc;
    }
    if (!b->dry_run) {
        stop_catch();
        progress_start(&b->bar, b->len);
        pace_init(&b->pace, b->jobs, b->patience_ms, otsd_server_create_timeout_ms(b->x->config->server));
        for (size_t i = 0; i < b->len; i++)
            batch_through(b, &b->accounts[i]);
        work(b);
        report_rest(b);
        progress_end(&b->bar);
        batch_close_report(b);
    }
    rc = finish(b, clock_ms() - begin);
    batch_free_accounts(b);
    roster_free(&b->roster);
    return rc;
}
