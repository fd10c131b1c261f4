/* SPDX-License-Identifier: MIT
 *
 * The width as a table of servers: each is a small model of one, with a clock of its own, so that nothing here depends
 * on the machine. What is asked of every one of them: nobody's call times out, and the time that all take together is
 * next to what the server needs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ledger/width.h"

#define TIMEOUT 20000  /* ms */
#define SECOND 1000000 /* microseconds, as all below of which nothing else is said */
#define MS 1000

typedef struct server {
    int width;
    int64_t service, way, jitter; /* jitter: up to so much more, at random, on the way */
    int64_t later_after;          /* after so many calls a call takes */
    int64_t later_service;
    int every; /* of so many calls one has a passphrase, */
    int64_t passphrase;
} server;

typedef struct call {
    width_call c;
    int64_t sent, answer; /* INT64_MAX: none any more */
    bool late;
} call;

typedef struct run {
    const server *s;
    int64_t workers[WIDTH_MOST];
    call calls[WIDTH_MOST];
    int64_t in_flight, sent, now;
    uint32_t random;
    /* results */
    int64_t most_in_flight, lates, area, area_from, ended, widest;
} run;

static int64_t random_to(run *r, int64_t most) {
    r->random = r->random * 1664525U + 1013904223U;
    return most > 0 ? (int64_t)(r->random >> 8) % (most + 1) : 0;
}

/* The worker that is free first carries it out. */
static int64_t answer_at(run *r, unsigned kind) {
    const server *s = r->s;
    int64_t service = s->later_after > 0 && r->sent > s->later_after ? s->later_service : s->service;
    int64_t arrives = r->now + s->way / 2 + random_to(r, s->jitter), *free_first = &r->workers[0];

    for (int i = 1; i < s->width; i++)
        if (r->workers[i] < *free_first)
            free_first = &r->workers[i];
    *free_first = (*free_first > arrives ? *free_first : arrives) + service;
    *free_first += kind & WIDTH_PASSPHRASE ? s->passphrase : 0;
    return *free_first + s->way / 2;
}

static void send_one(run *r) {
    unsigned kind = r->s->every > 0 && r->sent % r->s->every == 0 ? WIDTH_PASSPHRASE : 0;
    size_t i = 0;

    while (r->calls[i].sent > 0)
        i++;
    r->sent++;
    r->in_flight++;
    r->calls[i].sent = r->now;
    r->calls[i].c = (width_call){.kind = kind, .in_flight = r->in_flight, .sent_at = r->now / 1000};
    r->calls[i].answer = answer_at(r, kind);
    r->calls[i].late = r->calls[i].answer > r->now + TIMEOUT * 1000;
    if (r->calls[i].late)
        r->calls[i].answer = r->now + TIMEOUT * 1000;
}

static call *first_answer(run *r) {
    call *first = NULL;

    for (size_t i = 0; i < WIDTH_MOST; i++)
        if (r->calls[i].sent > 0 && (!first || r->calls[i].answer < first->answer))
            first = &r->calls[i];
    return first;
}

/* n calls, at most jobs at once; the mean in flight is that from two seconds after the start until the last is sent. */
static void drive(run *r, const server *s, width *w, int64_t jobs, int64_t n) {
    memset(r, 0, sizeof *r);
    r->s = s;
    r->now = SECOND; /* not 0, which is no time of sending */
    r->random = 1;
    while (r->sent < n || r->in_flight > 0) {
        call *c;

        while (r->sent < n && r->in_flight < w->window && r->in_flight < jobs)
            send_one(r);
        r->most_in_flight = r->in_flight > r->most_in_flight ? r->in_flight : r->most_in_flight;
        c = first_answer(r);
        if (r->sent < n && r->now > 3 * SECOND) {
            r->area_from = r->area_from > 0 ? r->area_from : r->now;
            r->area += r->in_flight * (c->answer - r->now);
            r->ended = c->answer;
        }
        r->now = c->answer;
        if (c->late)
            width_late(w, &c->c, r->now / 1000);
        else
            width_answered(w, &c->c, jobs, TIMEOUT, r->now / 1000);
        r->widest = w->window > r->widest ? w->window : r->widest;
        r->lates += c->late;
        c->sent = 0;
        r->in_flight--;
    }
}

typedef struct row {
    const char *promise;
    server s;
    int64_t jobs, n;
    int64_t most;       /* in flight, ever */
    int64_t mean_least; /* hundredths of the jobs, from two seconds after the start; 0: not asked */
    int64_t slack;      /* percent more than the time that the server needs; -1: not asked */
    int64_t lates;
    width before; /* what is remembered; window 0: nothing */
} row;

static const row rows[] = {
    {.promise = "a server of width 1 and 1.5 s a call has two in flight at most, and loses no time",
     .s = {.width = 1, .service = 1500 * MS, .way = MS},
     .jobs = 16,
     .n = 40,
     .most = 2,
     .slack = 1},
    {.promise = "the same with 256 jobs",
     .s = {.width = 1, .service = 1500 * MS, .way = MS},
     .jobs = 256,
     .n = 200,
     .most = 2,
     .slack = 1},
    {.promise = "one that needs half of the time-out for a call has one",
     .s = {.width = 1, .service = 9000 * MS, .way = MS},
     .jobs = 16,
     .n = 20,
     .most = 1,
     .slack = 1},
    {.promise = "a wide one, 20 ms away, has 64 within two seconds",
     .s = {.width = 256, .way = 20 * MS},
     .jobs = 64,
     .n = 20000,
     .most = 64,
     .mean_least = 99,
     .slack = -1},
    {.promise = "… on a machine that is busy",
     .s = {.width = 256, .way = 20 * MS, .jitter = 15 * MS},
     .jobs = 64,
     .n = 20000,
     .most = 64,
     .mean_least = 95,
     .slack = -1},
    {.promise = "… and next door, where some ms of jitter are many times the latency",
     .s = {.width = 256, .way = MS, .jitter = 8 * MS},
     .jobs = 64,
     .n = 60000,
     .most = 64,
     .mean_least = 95,
     .slack = -1},
    {.promise = "a wide one that mails for 1.5 s has all sixteen in the end",
     .s = {.width = 256, .service = 1500 * MS, .way = MS},
     .jobs = 16,
     .n = 400,
     .most = 16,
     .mean_least = 80,
     .slack = -1},
    {.promise = "one of width 10 has thrice as many for a moment, and loses little time",
     .s = {.width = 10, .service = 200 * MS, .way = 2 * MS},
     .jobs = 64,
     .n = 4000,
     .most = 32,
     .slack = 3},
    {.promise = "one of width 1 and 20 ms has a few",
     .s = {.width = 1, .service = 20 * MS, .way = MS},
     .jobs = 64,
     .n = 2000,
     .most = 8,
     .slack = 1},
    {.promise = "a passphrase now and then narrows nothing",
     .s = {.width = 256, .way = 20 * MS, .every = 7, .passphrase = 240 * MS},
     .jobs = 64,
     .n = 20000,
     .most = 64,
     .mean_least = 95,
     .slack = -1},
    {.promise = "a wide one that takes longer from some time on is as wide as before",
     .s = {.width = 256, .service = 20 * MS, .way = MS, .later_after = 5000, .later_service = 1500 * MS},
     .jobs = 64,
     .n = 20000,
     .most = 64,
     .mean_least = 90,
     .slack = -1},
    {.promise = "one of width 2 whose mail relay gets slow times nobody out",
     .s = {.width = 2, .service = 20 * MS, .way = MS, .later_after = 500, .later_service = 1500 * MS},
     .jobs = 64,
     .n = 600,
     .most = 16,
     .slack = 5},
    {.promise = "a width that is remembered is had at once",
     .s = {.width = 256, .service = 1500 * MS, .way = MS},
     .jobs = 64,
     .n = 6400,
     .most = 64,
     .mean_least = 98,
     .slack = -1,
     .before = {.window = 64, .base = {1500}, .doubles_to = WIDTH_MOST, .good = 64, .changed_at = -1}},
    {.promise = "one that is remembered, and true no more, is unlearnt with the first answer",
     .s = {.width = 1, .service = 1500 * MS, .way = MS},
     .jobs = 16,
     .n = 100,
     .most = 16,
     .slack = 2,
     .lates = 3,
     .before = {.window = 64, .base = {20}, .doubles_to = WIDTH_MOST, .good = 64, .changed_at = -1}},
};

/* What the server needs for all, with nothing in between. */
static int64_t needed(const row *x) {
    int64_t first = x->s.later_after > 0 ? x->s.later_after : x->n;

    return (first * x->s.service + (x->n - first) * x->s.later_service) / x->s.width;
}

static void each_server(void **state) {
    static run r;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *x = &rows[i];
        int64_t mean, took;
        width w;

        width_init(&w);
        if (x->before.window > 0)
            w = x->before;
        drive(&r, &x->s, &w, x->jobs, x->n);
        took = r.now - SECOND;
        mean = r.area_from > 0 ? r.area * 100 / (r.ended - r.area_from) / x->jobs : 0;
        if (r.most_in_flight > x->most || r.lates > x->lates || mean < x->mean_least ||
            (x->slack >= 0 && took > needed(x) + needed(x) * x->slack / 100))
            fail_msg("%s: %lld in flight at most, %lld%% of the jobs on average, %lld ms of %lld, too late: %lld",
                     x->promise, (long long)r.most_in_flight, (long long)mean, (long long)took / MS,
                     (long long)needed(x) / MS, (long long)r.lates);
    }
}

/* What came of one answer: window 8, whose calls take 100 ms. */
typedef struct step {
    const char *promise;
    enum { ANSWERED, LATE, HALVE, RESTART } what;
    unsigned times;
    int64_t in_flight, sent_at, now;
    int64_t window;
} step;

static const step steps[] = {
    {"eight in time double it", ANSWERED, 8, 8, 10, 110, 16},
    {"seven do not", ANSWERED, 7, 8, 10, 110, 8},
    {"nor do those that went out when few were in flight", ANSWERED, 100, 5, 10, 110, 8},
    {"six of eight are as good as all", ANSWERED, 8, 6, 10, 110, 16},
    {"half as long again and a 400th of the time-out are in time", ANSWERED, 8, 8, 10, 210, 16},
    {"what takes longer is not, and two windows full of it narrow", ANSWERED, 16, 8, 10, 211, 4},
    {"one does not", ANSWERED, 15, 8, 10, 211, 8},
    {"those that were sent before it changed say nothing", ANSWERED, 100, 8, 0, 100, 8},
    {"an answer after half of the time-out narrows at once, to a quarter of it", ANSWERED, 1, 8, 10, 10021, 3},
    {"a time-out leaves one", LATE, 1, 8, 10, 20010, 1},
    {"of a request from before it changed, too, it says nothing", LATE, 1, 8, 0, 20000, 8},
    {"trouble halves", HALVE, 1, 8, 10, 20, 4},
    {"trouble of all that were in flight halves once", HALVE, 8, 8, 10, 20, 4},
    {"after a pause there is one", RESTART, 1, 0, 0, 20, 1},
};

static void each_answer(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const step *s = &steps[i];
        width_call c = {.in_flight = s->in_flight, .sent_at = s->sent_at};
        width w = {.window = 8, .base = {100}, .doubles_to = WIDTH_MOST, .good = 4};

        for (unsigned n = 0; n < s->times; n++) {
            if (s->what == ANSWERED)
                width_answered(&w, &c, 64, TIMEOUT, s->now);
            else if (s->what == LATE)
                width_late(&w, &c, s->now);
            else if (s->what == HALVE)
                width_halve(&w, &c, 64, s->now);
            else
                width_restart(&w, s->now);
        }
        if (w.window != s->window)
            fail_msg("%s: %lld", s->promise, (long long)w.window);
    }
}

static void the_jobs_bound_what_is_in_flight_and_narrow_nothing(void **state) {
    static run r;
    const server wide = {.width = 256, .way = 20 * MS};
    width w;

    (void)state;
    width_init(&w);
    drive(&r, &wide, &w, 1, 500);
    assert_int_equal(w.window, 1);
    w = (width){.window = 64, .base = {20}, .doubles_to = WIDTH_MOST, .good = 64, .changed_at = -1};
    drive(&r, &wide, &w, 1, 500);
    assert_int_equal(r.most_in_flight, 1);
    assert_int_equal(w.window, 64);
}

/* Whatever comes, and whatever was read: it stays in its bounds. */
static void whatever_comes(void **state) {
    uint32_t x = 1;
    int64_t now = 0;
    width w;

    (void)state;
    width_init(&w);
    for (int i = 0; i < 300000; i++) {
        width_call c;

        x = x * 1664525U + 1013904223U;
        c = (width_call){
            .kind = x >> 30, .in_flight = 1 + (x >> 8) % 64, .sent_at = now - (int64_t)((x >> 12) % 30000)};
        switch ((x >> 20) % 64) {
        case 0:
            width_late(&w, &c, now);
            break;
        case 1:
            width_halve(&w, &c, 64, now);
            break;
        case 2:
            width_restart(&w, now);
            break;
        case 3:
            ((int64_t *)&w)[(x >> 4) % (sizeof w / sizeof(int64_t))] = (int64_t)((uint64_t)x << 32 | x);
            width_sanitize(&w, now);
            break;
        default:
            width_answered(&w, &c, 64, TIMEOUT, now);
        }
        assert_in_range(w.window, 1, WIDTH_MOST);
        assert_in_range(w.good, 1, WIDTH_MOST);
        assert_in_range(w.doubles_to, 1, WIDTH_MOST);
        assert_true(w.changed_at <= now);
        now += (int64_t)((x >> 16) % 500);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each server is used for what it is, and nobody times out", each_server, NULL, NULL, NULL},
        {"each answer does to the window what it should", each_answer, NULL, NULL, NULL},
        {"the jobs bound what is in flight, and narrow nothing", the_jobs_bound_what_is_in_flight_and_narrow_nothing,
         NULL, NULL, NULL},
        {"whatever comes, and whatever was read, it stays in its bounds", whatever_comes, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
