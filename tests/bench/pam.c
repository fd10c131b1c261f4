/* SPDX-License-Identifier: MIT
 *
 * What does pam_ots cost a login that has nothing to do with a hand-off? One run, all stacks interleaved, so that
 * the machine's moods hit each alike; medians. Timed is what a host does for a session: pam_start, pam_open_session,
 * pam_close_session, pam_end; the module is loaded and unloaded each time, which is most of it.
 *
 * The targets compare pam_ots *instead of* pam_permit: two stacks of one line each, so the difference is what this
 * module does more than one that does nothing. What a machine pays that adds the line is shown beside it; most of that
 * is loading any further module, as the stack with pam_deny shows, the smallest module of Linux-PAM.
 */
#include "../pam/host.h"

static const double US_MOST = 5, RATIO_MOST = 1.08, EXEC_LEAST = 30;

enum { ROUNDS = 4000, WARM_UP = 100, EXEC_EVERY = 20 };

typedef struct stack {
    const char *name, *title, *lines;
    int every; /* runs in each so many-th round */
    int64_t ns[ROUNDS];
    size_t count;
    double median_us;
} stack;

static stack stacks[] = {
    {"permit", "pam_permit", "session required pam_permit.so\n", 1, {0}, 0, 0},
    {"ots", "pam_ots, no open hand-off", "session required pam_ots.so\n", 1, {0}, 0, 0},
    {"permit_ots",
     "pam_permit and pam_ots",
     "session required pam_permit.so\nsession optional pam_ots.so\n",
     1,
     {0},
     0,
     0},
    {"permit_deny",
     "pam_permit and pam_deny",
     "session required pam_permit.so\nsession optional pam_deny.so\n",
     1,
     {0},
     0,
     0},
    {"exec",
     "pam_exec and a shell test",
     "session required pam_exec.so quiet /bin/sh -c [test ! -e " PENDING "/$PAM_USER]\n",
     EXEC_EVERY,
     {0},
     0,
     0},
};
enum { PERMIT, OTS, PERMIT_OTS, PERMIT_DENY, EXEC, STACKS };

static int64_t run_once(const stack *s, const char *dir) {
    talk t = {0};
    struct pam_conv conversation = {converse, &t};
    pam_handle_t *pamh = NULL;
    int64_t begin = clock_ns();
    int start = pam_start_confdir(s->name, "otsd-bench", &conversation, dir, &pamh);
    int opened = start == PAM_SUCCESS ? pam_open_session(pamh, 0) : start;
    int closed = start == PAM_SUCCESS ? pam_close_session(pamh, 0) : start;
    int ended = start == PAM_SUCCESS ? pam_end(pamh, closed) : start;
    int64_t end = clock_ns();

    if (opened != PAM_SUCCESS || closed != PAM_SUCCESS || ended != PAM_SUCCESS) {
        fprintf(stderr, "bench: %s: the session could not be opened and closed (%d, %d)\n", s->title, opened, closed);
        exit(2);
    }
    return end - begin;
}

static double percentile_us(const stack *s, size_t percent) {
    size_t index = s->count * percent / 100;

    return (double)s->ns[index] / 1000;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void measure(const char *dir) {
    for (int round = -WARM_UP; round < ROUNDS; round++)
        for (int i = 0; i < STACKS; i++) {
            int64_t ns;
            /* A different one goes first in each round. */
            stack *s = &stacks[(round + WARM_UP + i) % STACKS];

            if (round % s->every != 0)
                continue;
            ns = run_once(s, dir);
            if (round >= 0)
                s->ns[s->count++] = ns;
        }
    for (int i = 0; i < STACKS; i++) {
        stack *s = &stacks[i];

        qsort(s->ns, s->count, sizeof s->ns[0], compare);
        s->median_us = percentile_us(s, 50);
    }
}

static bool verdict(const char *what, double got, const char *unit, bool at_least, double target) {
    bool met = at_least ? got >= target : got <= target;

    printf("  %-46s %9.2f %-5s  target %s %5.2f  %s\n", what, got, unit, at_least ? ">=" : "<=", target,
           met ? "met" : "MISSED");
    return met;
}

static double over_us(int stack_index) {
    return stacks[stack_index].median_us - stacks[PERMIT].median_us;
}

static bool print_results(bool ledger) {
    const double permit = stacks[PERMIT].median_us, ots = stacks[OTS].median_us;
    bool met;

    printf("A PAM session, start to end: medians of interleaved runs, the ledger %s\n",
           ledger ? "empty" : "as it is on this machine");
    printf("  %-46s %9s %9s %9s %6s\n", "stack", "median us", "10 %", "90 %", "runs");
    for (int i = 0; i < STACKS; i++) {
        const stack *s = &stacks[i];

        printf("  %-46s %9.2f %9.2f %9.2f %6zu\n", s->title, s->median_us, percentile_us(s, 10), percentile_us(s, 90),
               s->count);
    }
    met = verdict("pam_ots instead of pam_permit: more by", ots - permit, "us", false, US_MOST);
    met = verdict("pam_ots instead of pam_permit: times", ots / permit, "", false, RATIO_MOST) && met;
    met = verdict("pam_exec: times pam_ots", stacks[EXEC].median_us / ots, "", true, EXEC_LEAST) && met;
    printf("  %-46s %9.2f us\n", "pam_ots in addition to pam_permit: more by", over_us(PERMIT_OTS));
    printf("  %-46s %9.2f us\n", "pam_deny in addition to pam_permit: more by", over_us(PERMIT_DENY));
    return met;
}

static bool cheap(void) {
    return over_us(OTS) <= US_MOST && stacks[OTS].median_us / stacks[PERMIT].median_us <= RATIO_MOST;
}

/* One figure, as those of lab.sh: the first median to the second. */
static void write_figure(FILE *f, const char *name, int a, int b, const char *op, double target, bool ok) {
    fprintf(f, "{\"name\": \"%s\", \"ratio\": %.4f", name, stacks[a].median_us / stacks[b].median_us);
    for (int i = 0; i < 2; i++) {
        const stack *s = &stacks[i == 0 ? a : b];

        fprintf(f, ", \"%c\": {\"what\": \"%s\", \"median\": %.3f, \"unit\": \"us\", \"runs\": %zu}", "ab"[i],
                s -> title, s -> median_us, s -> count);
    }
    if (target > 0)
        fprintf(f, ", \"target\": {\"op\": \"%s\", \"value\": %.2f}, \"ok\": %s}\n", op, target, ok ? "true" : "false");
    else
        fprintf(f, ", \"target\": null, \"ok\": true}\n");
}

static bool write_json(const char *path) {
    FILE *f = fopen(path, "we");
    bool written;

    if (!f)
        return false;
    write_figure(f, "login", OTS, PERMIT, "<=", RATIO_MOST, cheap());
    write_figure(f, "login_exec", EXEC, OTS, ">=", EXEC_LEAST,
                 stacks[EXEC].median_us / stacks[OTS].median_us >= EXEC_LEAST);
    write_figure(f, "login_in_addition", PERMIT_OTS, PERMIT, "", 0, true);
    write_figure(f, "login_any_module", PERMIT_DENY, PERMIT, "", 0, true);
    written = ferror(f) == 0;
    return fclose(f) == 0 && written;
}

int main(int argc, char **argv) {
    char dir[] = "/tmp/otsd-bench.XXXXXX", path[64];
    bool ledger = false;
    bool met;

    if (argc != 1 && (argc != 3 || strcmp(argv[1], "--json") != 0)) {
        fprintf(stderr, "usage: pam [--json FILE]\n");
        return 2;
    }
    paths_find();
    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0)
        ledger = private_dir(OTSD_STATE_DIR) && mkdir(PENDING, 0700) == 0;
    MUST(mkdtemp(dir));
    service_in(dir, "other", "");
    for (int i = 0; i < STACKS; i++)
        service_in(dir, stacks[i].name, stacks[i].lines);

    measure(dir);

    for (int i = 0; i < STACKS; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, stacks[i].name);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/other", dir);
    unlink(path);
    rmdir(dir);
    met = print_results(ledger);
    if (argc == 3 && !write_json(argv[2])) {
        fprintf(stderr, "bench: %s: %s\n", argv[2], strerror(errno));
        return 2;
    }
    return met ? 0 : 1;
}
