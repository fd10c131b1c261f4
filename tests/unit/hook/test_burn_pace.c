/* SPDX-License-Identifier: MIT
 *
 * How fast a server lets us burn: what is learnt from refusals, when the next burn makes sense, when the nth will be
 * done; and what of it is kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "handoff/burn_pace.h"
#include "ledger_world.h"
#include "private_world.h"

#define NOW 1800000000
#define URL "https://secrets.example.com/ots"
#define ACCOUNT "ops team@example.com"

static void where_nothing_was_refused_nothing_waits(void **state) {
    burn_pace p = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        burn_pace_burned(&p, NOW);
    assert_int_equal(p.most, 0);
    assert_true(burn_pace_may(&p, NOW));
    assert_int_equal(burn_pace_turn(&p, 999, NOW), 0);
}

static void the_first_refusal_stands_for_ten_in_twenty_minutes(void **state) {
    burn_pace p = {0};

    (void)state;
    burn_pace_limited(&p, 0, NOW);
    assert_int_equal(p.most, 10);
    assert_int_equal(p.window, 1200);
    assert_int_equal(p.until, NOW + 1200);
    assert_false(burn_pace_may(&p, NOW));
    assert_false(burn_pace_may(&p, NOW + 1199));
    assert_true(burn_pace_may(&p, NOW + 1200));
}

static void what_the_server_says_counts(void **state) {
    burn_pace p = {0};

    (void)state;
    burn_pace_limited(&p, 7200, NOW);
    assert_int_equal(p.until, NOW + 7200);
    assert_int_equal(p.window, 7200);
    assert_int_equal(burn_pace_turn(&p, 0, NOW), 7200);
    burn_pace_limited(&p, 30, NOW);
    assert_int_equal(p.until, NOW + 30);
    assert_int_equal(p.window, 1200); /* only a window that was seen from its beginning tells its length */
    burn_pace_limited(&p, 100 * 86400, NOW);
    assert_int_equal(p.until, NOW + 86400);
}

/* From the first burn behind a refusal to the next refusal. */
static void a_window_that_was_seen_tells_its_pace(void **state) {
    burn_pace p = {0};

    (void)state;
    burn_pace_limited(&p, 0, NOW);
    for (int i = 0; i < 4; i++)
        burn_pace_burned(&p, NOW + 1300 + i);
    assert_int_equal(p.opened, NOW + 1300);
    burn_pace_limited(&p, 0, NOW + 1350);
    assert_int_equal(p.most, 4);
    assert_int_equal(p.until, NOW + 1300 + 1200);
    assert_int_equal(p.window, 1200);
    /* More than that is learnt without a refusal. */
    for (int i = 0; i < 25; i++)
        burn_pace_burned(&p, NOW + 2600);
    assert_int_equal(p.most, 25);
    assert_int_equal(p.until, 0);
    burn_pace_limited(&p, 600, NOW + 2700);
    assert_int_equal(p.window, 700);
    assert_int_equal(p.most, 25);
}

static void a_refusal_in_the_next_window_makes_it_longer(void **state) {
    burn_pace p = {0};

    (void)state;
    burn_pace_limited(&p, 0, NOW - 5000);
    for (int i = 0; i < 10; i++)
        burn_pace_burned(&p, NOW);
    burn_pace_limited(&p, 0, NOW);
    burn_pace_limited(&p, 0, NOW + 1300);
    assert_int_equal(p.most, 10);
    assert_int_equal(p.until, NOW + 2500);
    assert_int_equal(p.window, 2500);
}

static void asking_while_it_refuses_prolongs_nothing(void **state) {
    burn_pace p = {0};

    (void)state;
    burn_pace_limited(&p, 0, NOW - 5000);
    for (int i = 0; i < 10; i++)
        burn_pace_burned(&p, NOW);
    for (int i = 0; i < 20; i++)
        burn_pace_limited(&p, 0, NOW + i * 60);
    assert_int_equal(p.until, NOW + 1200);
    assert_int_equal(p.most, 10);
}

/* Logins burn whatever is known. */
static void a_refusal_that_was_to_be_expected_moves_nothing(void **state) {
    burn_pace p = {0}, before;

    (void)state;
    burn_pace_limited(&p, 0, NOW);
    before = p;
    before.seen = NOW + 1199;
    for (int i = 1; i <= 1199; i++)
        burn_pace_limited(&p, 0, NOW + i);
    assert_memory_equal(&p, &before, sizeof p);
    burn_pace_limited(&p, 0, NOW + 1200);
    assert_int_equal(p.until, NOW + 2400);
    burn_pace_limited(&p, 4000, NOW + 1300); /* what the server says is never expected */
    assert_int_equal(p.until, NOW + 5300);
}

/* A proxy that refuses with a Retry-After has another limit than the servers that do not say. */
static void who_says_when_is_not_taken_for_an_old_server(void **state) {
    burn_pace p = {0};

    (void)state;
    burn_pace_limited(&p, 300, NOW);
    assert_int_equal(p.most, 0);
    assert_false(burn_pace_may(&p, NOW + 299));
    assert_int_equal(burn_pace_turn(&p, 0, NOW), 300);
    assert_int_equal(burn_pace_turn(&p, 500, NOW), 300);
    assert_int_equal(burn_pace_turn(&p, 500, NOW + 300), 0);
    for (int i = 0; i < 40; i++)
        burn_pace_burned(&p, NOW + 400);
    assert_int_equal(p.most, 0);
    assert_int_equal(p.burned, 40);
    burn_pace_limited(&p, 200, NOW + 500);
    assert_int_equal(p.most, 40);
    assert_int_equal(p.window, 300);
    assert_int_equal(burn_pace_turn(&p, 40, NOW + 500), 500);
}

static void a_clock_that_was_stepped_stops_nothing(void **state) {
    burn_pace p = {
        .most = 10, .window = 1200, .opened = NOW + 900000, .burned = 10, .until = NOW + 901200, .seen = NOW};

    (void)state;
    assert_true(burn_pace_may(&p, NOW));
    assert_int_equal(burn_pace_turn(&p, 9, NOW), 0);
    burn_pace_burned(&p, NOW);
    assert_int_equal(p.opened, NOW);
    assert_int_equal(p.burned, 1);
}

static const struct {
    const char *promise;
    burn_pace pace;
    size_t nth;
    int64_t in;
} turns[] = {
    {"a window that has not begun: at once", {10, 1200, NOW - 5000, 10, 0, 0}, 9, 0},
    {"… and the eleventh in the next", {10, 1200, NOW - 5000, 10, 0, 0}, 10, 1200},
    {"a window that is half used up", {10, 1200, NOW - 200, 6, 0, 0}, 3, 0},
    {"… has no fifth", {10, 1200, NOW - 200, 6, 0, 0}, 4, 1000},
    {"… nor a fourteenth, but a fifteenth", {10, 1200, NOW - 200, 6, 0, 0}, 14, 2200},
    {"refused until then", {10, 1200, NOW - 200, 10, NOW + 1000, 0}, 0, 1000},
    {"… ten of them", {10, 1200, NOW - 200, 10, NOW + 1000, 0}, 9, 1000},
    {"… then ten more", {10, 1200, NOW - 200, 10, NOW + 1000, 0}, 10, 2200},
    {"200 endings take 6.5 hours", {10, 1200, NOW, 10, NOW + 1200, 0}, 199, 24000},
    {"the refusal is over", {10, 1200, NOW - 1300, 10, NOW - 100, 0}, 9, 0},
    {"one in a minute", {1, 60, NOW, 1, NOW + 60, 0}, 5, 360},
};

static void each_burn_has_its_turn(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        print_message("%s\n", turns[i].promise);
        assert_int_equal(burn_pace_turn(&turns[i].pace, turns[i].nth, NOW), turns[i].in);
    }
}

static void assert_known(const char *url, const char *account, int64_t now, int64_t most) {
    burn_pace p;

    burns_known(l, url, account, now, &p);
    assert_int_equal(p.most, most);
}

static void it_is_kept_for_each_account(void **state) {
    burn_pace p = {10, 1200, NOW - 50, 10, NOW + 1150, NOW}, other = {5, 60, 0, 0, 0, NOW}, got;

    (void)state;
    assert_known(URL, ACCOUNT, NOW, 0);
    burns_note(l, URL, ACCOUNT, &p);
    burns_note(l, URL, "", &other);
    burns_known(l, "HTTPS://Secrets.example.com/ots", ACCOUNT, NOW, &got);
    assert_memory_equal(&got, &p, sizeof p);
    assert_known(URL, "", NOW, 5);
    assert_known(URL, "ops", NOW, 0);
    assert_known(URL, "Ops team@example.com", NOW, 0);
    assert_known("https://secrets.example.com", ACCOUNT, NOW, 0);
    p.most = 11;
    burns_note(l, URL, ACCOUNT, &p);
    assert_known(URL, ACCOUNT, NOW, 11);
    assert_known(URL, "", NOW, 5);
}

static void it_is_forgotten_in_time(void **state) {
    burn_pace p = {10, 1200, NOW - 50, 10, NOW + 1150, NOW};

    (void)state;
    burns_note(l, URL, ACCOUNT, &p);
    assert_known(URL, ACCOUNT, NOW + BURNS_MEMORY - 1, 10);
    assert_known(URL, ACCOUNT, NOW + BURNS_MEMORY, 0);
    assert_known(URL, ACCOUNT, NOW - 1, 0); /* the clock was set back */
}

static void only_so_many_are_kept(void **state) {
    burn_pace p = {10, 1200, NOW - 50, 10, NOW + 1150, NOW};
    char account[300];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(account, sizeof account, "%d%0250d", i, 0);
        burns_note(l, URL, account, &p);
        assert_known(URL, account, NOW, 10);
    }
    snprintf(account, sizeof account, "%d%0250d", 20 - BURNS_ACCOUNTS, 0);
    assert_known(URL, account, NOW, 10);
    snprintf(account, sizeof account, "%d%0250d", 19 - BURNS_ACCOUNTS, 0);
    assert_known(URL, account, NOW, 0);
}

static void a_file_that_is_none_is_none(void **state) {
    static const char *const texts[] = {
        "",
        "\n",
        "10 1200 1 1 1\n",
        "10 1200 1 1 1 1 " URL "\n",
        "10 1200 0 0 0 1800000000 " URL " " ACCOUNT, /* torn */
        "-1 1200 0 0 0 1800000000 " URL " " ACCOUNT "\n",
        "10 1200 0 0 0 0 " URL " " ACCOUNT "\n",
        "10 0 0 0 0 1800000000 " URL " " ACCOUNT "\n",
        "10 1200 0 -4 0 1800000000 " URL " " ACCOUNT "\n",
        "many 1200 0 0 0 1800000000 " URL " " ACCOUNT "\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put_file(OTSD_STATE_DIR "/burns", texts[i], 0600);
        assert_known(URL, ACCOUNT, NOW, 0);
    }
    put_file(OTSD_STATE_DIR "/burns", "nonsense\n10 1200 0 0 0 1800000000 " URL " " ACCOUNT "\n", 0600);
    assert_known(URL, ACCOUNT, NOW, 10);
    put_file(OTSD_STATE_DIR "/burns", "10 1200 0 0 0 1800000000 " URL " " ACCOUNT "\n", 0644);
    assert_known(URL, ACCOUNT, NOW, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"where nothing was refused nothing waits", where_nothing_was_refused_nothing_waits, NULL, NULL, NULL},
        {"the first refusal stands for ten in twenty minutes", the_first_refusal_stands_for_ten_in_twenty_minutes, NULL,
         NULL, NULL},
        {"what the server says counts, within bounds", what_the_server_says_counts, NULL, NULL, NULL},
        {"a window that was seen tells its pace", a_window_that_was_seen_tells_its_pace, NULL, NULL, NULL},
        {"a refusal in the next window makes it longer", a_refusal_in_the_next_window_makes_it_longer, NULL, NULL,
         NULL},
        {"asking while it refuses prolongs nothing", asking_while_it_refuses_prolongs_nothing, NULL, NULL, NULL},
        {"a refusal that was to be expected moves nothing", a_refusal_that_was_to_be_expected_moves_nothing, NULL, NULL,
         NULL},
        {"who says when to come back is not taken for an old server", who_says_when_is_not_taken_for_an_old_server,
         NULL, NULL, NULL},
        {"a clock that was stepped stops nothing", a_clock_that_was_stepped_stops_nothing, NULL, NULL, NULL},
        {"each burn has its turn", each_burn_has_its_turn, NULL, NULL, NULL},
    };
    const struct CMUnitTest kept[] = {
        {"it is kept for each account of each server", it_is_kept_for_each_account, open_ledger, close_ledger, NULL},
        {"it is forgotten after a week", it_is_forgotten_in_time, open_ledger, close_ledger, NULL},
        {"only of the last eight accounts", only_so_many_are_kept, open_ledger, close_ledger, NULL},
        {"a file that is none of ours says nothing", a_file_that_is_none_is_none, open_ledger, close_ledger, NULL},
    };
    int failures;

    cmocka_set_message_output(CM_OUTPUT_TAP);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    if (private_world())
        failures += cmocka_run_group_tests(kept, NULL, NULL);
    else
        puts("1..1\nok 1 - burns # SKIP needs root and namespaces");
    return failures;
}
