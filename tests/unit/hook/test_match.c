/* SPDX-License-Identifier: MIT
 *
 * Which secret on the server is an intent's orphan: each condition at its border, by itself, and what others may own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "handoff/match.h"

#define T 1000000
#define SETTLING 21
#define ASKED 3456
#define ALICE "alice@example.com"
#define MASKED "al*****@e*****.com"

static const intent ours = {"alice", ALICE, ASKED, T, false};

/* Whose is a stray? */
typedef enum whose { ELSES, OURS, ANYBODYS, UNTOLD } whose;

/* Does a single stray fit our intent? */
typedef struct fit {
    const char *promise;
    int64_t asked, granted;
    const char *recipient, *masked;
    int64_t created; /* after our asking, by the server's clock */
    whose is;
    int64_t ceiling; /* that was learned */
} fit;

static const fit fits[] = {
    {"what was asked for", ASKED, ASKED, ALICE, MASKED, 0, OURS, 0},
    {"a second more", ASKED, ASKED + 1, ALICE, MASKED, 0, ELSES, 0},
    {"a second less", ASKED, ASKED - 1, ALICE, MASKED, 0, ELSES, 0},
    /* What a server grants to everybody who asks for too little or too much is no mark: another host's secret may have
     * it as well. */
    {"the floor of 60 s", 30, 60, ALICE, MASKED, 0, ANYBODYS, 0},
    {"the floor of 300 s", 60, 300, ALICE, MASKED, 0, ANYBODYS, 0},
    {"just beside the floor of 60 s", 30, 61, ALICE, MASKED, 0, ELSES, 0},
    {"just below the floor of 60 s", 30, 59, ALICE, MASKED, 0, ELSES, 0},
    {"just beside the floor of 300 s", 60, 301, ALICE, MASKED, 0, ELSES, 0},
    {"just below the floor of 300 s", 60, 299, ALICE, MASKED, 0, ELSES, 0},
    {"a floor is for what is below it", ASKED, 60, ALICE, MASKED, 0, ELSES, 0},
    {"the larger floor, too", ASKED, 300, ALICE, MASKED, 0, ELSES, 0},
    {"the ceiling of 7 days", 604801, 604800, ALICE, MASKED, 0, ANYBODYS, 0},
    {"the ceiling of 14 days", 2000000, 1209600, ALICE, MASKED, 0, ANYBODYS, 0},
    {"the ceiling of 30 days", 2592001, 2592000, ALICE, MASKED, 0, ANYBODYS, 0},
    {"just below a ceiling", 2592001, 2591999, ALICE, MASKED, 0, ELSES, 0},
    {"just below 7 days", 2592000, 604799, ALICE, MASKED, 0, ELSES, 0},
    {"just above 7 days", 2592000, 604801, ALICE, MASKED, 0, ELSES, 0},
    {"just below 14 days", 2592000, 1209599, ALICE, MASKED, 0, ELSES, 0},
    {"just above 14 days", 2592000, 1209601, ALICE, MASKED, 0, ELSES, 0},
    {"a ceiling is for what is above it", ASKED, 604800, ALICE, MASKED, 0, ELSES, 0},
    {"the middle ceiling, too", ASKED, 1209600, ALICE, MASKED, 0, ELSES, 0},
    {"the largest ceiling, too", ASKED, 2592000, ALICE, MASKED, 0, ELSES, 0},
    {"a ceiling that was asked for is granted to those who asked for more, too", 604800, 604800, ALICE, MASKED, 0,
     ANYBODYS, 0},
    {"a floor that was asked for", 300, 300, ALICE, MASKED, 0, ANYBODYS, 0},
    {"a ceiling that was learned", 200000, 86400, ALICE, MASKED, 0, ANYBODYS, 86400},
    {"one that was not", 200000, 86400, ALICE, MASKED, 0, ELSES, 0},
    {"a learned one that was asked for", 86400, 86400, ALICE, MASKED, 0, ANYBODYS, 86400},
    {"what was asked for below it", 86399, 86399, ALICE, MASKED, 0, OURS, 86400},
    {"a clamped one that mails somebody else", 604801, 604800, ALICE, "bo***@e***.com", 0, ELSES, 0},
    {"a clamped one of another time", 604801, 604800, ALICE, MASKED, -301, ELSES, 0},

    {"a ttl that the list does not tell", ASKED, -1, ALICE, MASKED, 0, UNTOLD, 0},
    {"of another person", ASKED, -1, ALICE, "bo***@e***.com", 0, ELSES, 0},
    {"of another time", ASKED, -1, ALICE, MASKED, -301, ELSES, 0},

    {"another mask of the address", ASKED, ASKED, ALICE, "a***@e***.com", 0, OURS, 0},
    {"another person's", ASKED, ASKED, ALICE, "bo***@e***.com", 0, ELSES, 0},
    {"one that mails nobody", ASKED, ASKED, ALICE, NULL, 0, ELSES, 0},
    {"nobody was to be mailed, and nobody is", ASKED, ASKED, "", NULL, 0, OURS, 0},
    {"nobody was to be mailed, and somebody is", ASKED, ASKED, "", MASKED, 0, ELSES, 0},

    {"five minutes before, where the clocks are not known", ASKED, ASKED, ALICE, MASKED, -300, OURS, 0},
    {"a second before that", ASKED, ASKED, ALICE, MASKED, -301, ELSES, 0},
    {"five minutes after the last moment of the request", ASKED, ASKED, ALICE, MASKED, SETTLING + 60 + 300, OURS, 0},
    {"a second after that", ASKED, ASKED, ALICE, MASKED, SETTLING + 60 + 301, ELSES, 0},
};

static void each_condition_at_its_border(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        const fit *f = &fits[i];
        char key[] = "key", masked[32];
        stray s = {.key = key, .ttl = f->granted, .created = T + f->created};
        intent own = {"alice", f->recipient, f->asked, T, false};
        match_input in = {.strays = &s, .strays_len = 1, .ceiling = f->ceiling};
        match_result got;

        snprintf(masked, sizeof masked, "%s", f->masked ? f->masked : "");
        s.recipient = f->masked ? masked : NULL;
        got = match_find(&in, &own, SETTLING);
        if ((got.found == &s) != (f->is == OURS) || got.unclear != (f->is == UNTOLD) ||
            got.ambiguous != (f->is == ANYBODYS))
            fail_msg("%s: found %d, unclear %d, ambiguous %d", f->promise, got.found == &s, got.unclear, got.ambiguous);
    }
}

/* Every value that can be drawn is within the bounds, and no value of a clamp. */
static void the_mark_is_no_clamp(void **state) {
    static const struct {
        int64_t wanted, ceiling, least, most;
    } rows[] = {
        {7, 0, 7, 7},
        {16, 0, 14, 16},
        {7199, 0, 6300, 7199},
        {66, 0, 58, 66},
        {60, 0, 53, 59},
        {604800, 0, 603901, 604799},
        {605699, 0, 604801, 605699},
        {200000, 86400, 85501, 86399},
        {86400, 86400, 85501, 86399},
        {86399, 86400, 85500, 86399},
        {3600, 86400, 3150, 3600},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t least = INT64_MAX, most = 0;

        for (uint32_t random = 0; random < 1000; random++) {
            int64_t ttl = match_ttl(rows[i].wanted, rows[i].ceiling, random);

            least = ttl < least ? ttl : least;
            most = ttl > most ? ttl : most;
            if (ttl == 60 || ttl == 604800 || ttl == rows[i].ceiling)
                fail_msg("%d, %d: %d", (int)rows[i].wanted, (int)rows[i].ceiling, (int)ttl);
        }
        assert_int_equal(least, rows[i].least);
        assert_int_equal(most, rows[i].most);
    }
}

/* With a known difference of the clocks the window is as wide as it was seen to be, a request's time before it. */
static void a_known_gap_narrows_the_window(void **state) {
    static const struct {
        int64_t earliest, latest, created;
        bool fits;
    } rows[] = {
        {5, 9, 5 - SETTLING - 2, true},
        {5, 9, 5 - SETTLING - 3, false},
        {5, 9, SETTLING + 60 + 9 + 2, true},
        {5, 9, SETTLING + 60 + 9 + 3, false},
        {-7200, -7199, 0, false},
        {-7200, -7199, -7200, true},
        {3600, 3601, 3600, true},
        {3600, 3601, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[] = "key", masked[] = MASKED;
        stray s = {key, masked, ASKED, T + rows[i].created, false};
        match_input in = {.strays = &s, .strays_len = 1};

        in.gap = (clock_gap){true, rows[i].earliest, rows[i].latest};
        if ((match_find(&in, &ours, SETTLING).found == &s) != rows[i].fits)
            fail_msg("row %zu", i);
    }
}

static void the_gap_is_what_was_seen_so_far(void **state) {
    clock_gap g = {0};

    (void)state;
    clock_gap_note(&g, 100, 107);
    assert_true(g.known && g.earliest == 7 && g.latest == 7);
    clock_gap_note(&g, 200, 203);
    assert_true(g.known && g.earliest == 3 && g.latest == 7);
    clock_gap_note(&g, 300, 311);
    assert_true(g.known && g.earliest == 3 && g.latest == 11);
    clock_gap_note(&g, 400, 405);
    assert_true(g.known && g.earliest == 3 && g.latest == 11);
    g = (clock_gap){0};
    clock_gap_note(&g, 100, 40);
    assert_true(g.known && g.earliest == -60 && g.latest == -60);
}

/* Strays that fit ours, and intents of others that they fit as well, or do not. */
typedef enum kind { END, FITS, KNOWN, ELSE, UNMARKED, CLAMPED, CLAMPED_KNOWN } kind; /* a stray */
typedef enum other {
    LAST,
    SAME,      /* asked for just the same, and its process is gone */
    UNDER_WAY, /* the same, and its process is not */
    DIFFERENT, /* asked for something else */
    DIFFERENT_UNDER_WAY,
    OURSELVES, /* our own intent, as the ledger lists it */
    OURSELVES_UNDER_WAY,
} other;

typedef struct owners {
    const char *promise;
    kind strays[5];
    other others[5];
    int found; /* index of a stray, -1: none */
    bool unclear, ambiguous;
} owners;

static const owners cases[] = {
    {"nothing there, nothing found", {END}, {LAST}, -1, false, false},
    {"one that fits is ours", {FITS}, {LAST}, 0, false, false},
    {"the first one that fits", {ELSE, FITS, ELSE}, {LAST}, 1, false, false},
    {"what is in the ledger is nobody's orphan", {KNOWN}, {LAST}, -1, false, false},
    {"nor does it stand in the way of one", {KNOWN, FITS}, {LAST}, 1, false, false},
    {"one more than could own them: another host's", {FITS, FITS}, {LAST}, -1, false, true},
    {"two for two", {FITS, FITS}, {SAME}, 0, false, false},
    {"one for two: either may have it", {FITS}, {SAME}, 0, false, false},
    {"three for two", {FITS, FITS, FITS}, {SAME}, -1, false, true},
    {"three for three", {FITS, FITS, FITS}, {SAME, SAME}, 0, false, false},
    {"an intent that asked for something else owns none", {FITS, FITS}, {DIFFERENT}, -1, false, true},
    {"our own intent is not another", {FITS, FITS}, {OURSELVES}, -1, false, true},
    {"nor is our own process", {FITS}, {OURSELVES_UNDER_WAY}, 0, false, false},
    {"a provision under way may own it", {FITS}, {UNDER_WAY}, -1, true, false},
    {"one under way that is listed first", {FITS}, {UNDER_WAY, SAME}, -1, true, false},
    {"one under way that is listed last", {FITS}, {SAME, UNDER_WAY}, -1, true, false},
    {"one under way that asked for something else does not", {FITS}, {DIFFERENT_UNDER_WAY}, 0, false, false},
    {"one under way, and more than could own them", {FITS, FITS}, {UNDER_WAY}, -1, true, false},
    {"one without a mark may be ours or not", {UNMARKED}, {LAST}, -1, true, false},
    {"beside one that has it, it is not ours", {UNMARKED, FITS}, {LAST}, 1, false, false},
    {"whichever is listed first", {FITS, UNMARKED}, {LAST}, 0, false, false},
    {"beside two of which one is another host's, nobody can say yet", {FITS, UNMARKED, FITS}, {LAST}, -1, true, false},
    {"a clamped one may be another host's", {CLAMPED}, {LAST}, -1, false, true},
    {"two clamped ones for two", {CLAMPED, CLAMPED}, {SAME}, -1, false, true},
    {"a clamped one of the ledger is nobody's", {CLAMPED_KNOWN}, {LAST}, -1, false, false},
};

#define LONG_TTL 2000000

static void an_orphan_is_burned_only_where_it_is_surely_ours(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const owners *c = &cases[i];
        bool clamped = c->strays[0] == CLAMPED || c->strays[0] == CLAMPED_KNOWN;
        intent own = {"alice", "", clamped ? LONG_TTL : ASKED, T, false}, others[5];
        char key[] = "key";
        stray strays[5];
        match_input in = {.strays = strays, .others = others};
        match_result got;

        for (; c->strays[in.strays_len] != END; in.strays_len++) {
            kind k = c->strays[in.strays_len];

            strays[in.strays_len] = (stray){key, NULL,
                                            clamped         ? 604800
                                            : k == UNMARKED ? -1
                                            : k == ELSE     ? ASKED - 1
                                                            : ASKED,
                                            T, k == KNOWN || k == CLAMPED_KNOWN};
        }
        for (; c->others[in.others_len] != LAST; in.others_len++) {
            other o = c->others[in.others_len];
            bool self = o == OURSELVES || o == OURSELVES_UNDER_WAY;

            others[in.others_len] =
                (intent){self ? "alice" : "bob", "", own.ttl_asked + (o == DIFFERENT || o == DIFFERENT_UNDER_WAY), T,
                         o == UNDER_WAY || o == DIFFERENT_UNDER_WAY || o == OURSELVES_UNDER_WAY};
        }
        got = match_find(&in, &own, SETTLING);
        if (got.found != (c->found < 0 ? NULL : &strays[c->found]) || got.unclear != c->unclear ||
            got.ambiguous != c->ambiguous)
            fail_msg("%s: found %d, unclear %d, ambiguous %d", c->promise, got.found ? (int)(got.found - strays) : -1,
                     got.unclear, got.ambiguous);
    }
}

/* Two strays that fit, and only the first of them may belong to a provision under way: nothing is burned yet. */
static void one_that_may_be_under_way_keeps_the_others_alive(void **state) {
    char key[] = "key";
    stray strays[] = {{key, NULL, ASKED, T - 200, false}, {key, NULL, ASKED, T + 200, false}};
    intent own = {"alice", "", ASKED, T, false}, bobs = {"bob", "", ASKED, T - 400, true};
    match_input in = {.strays = strays, .strays_len = 2, .others = &bobs, .others_len = 1};
    match_result got = match_find(&in, &own, SETTLING);

    (void)state;
    assert_null(got.found);
    assert_true(got.unclear);
    assert_false(got.ambiguous);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a secret is an intent's where ttl, recipient and time fit", each_condition_at_its_border, NULL, NULL, NULL},
        {"the mark in the ttl is no clamp's value", the_mark_is_no_clamp, NULL, NULL, NULL},
        {"a known difference of the clocks narrows the window", a_known_gap_narrows_the_window, NULL, NULL, NULL},
        {"the difference of the clocks is what was seen so far", the_gap_is_what_was_seen_so_far, NULL, NULL, NULL},
        {"an orphan is given only where it is surely this intent's", an_orphan_is_burned_only_where_it_is_surely_ours,
         NULL, NULL, NULL},
        {"one that may be under way keeps the others alive", one_that_may_be_under_way_keeps_the_others_alive, NULL,
         NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
