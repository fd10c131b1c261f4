/* SPDX-License-Identifier: MIT
 *
 * The first steps of a hand-off on a real ledger: the intent, and the answer of the server. What is on the disk after
 * each of them, and what is left where one fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "issue_steps.h"

static world w;

static void an_intent_says_what_will_be_asked_for(void **state) {
    issue i = issue_of_alice();
    char url[60];
    record r;

    (void)state;
    world_open(&w, "handoff: { must_change = false; };\n", NULL, 0);
    i.passphrase = "word";
    issue_begun(&w, &i);
    r = issue_on_disk(&w, LEDGER_ISSUING, "alice");
    assert_string_equal(r.id, i.id);
    assert_int_equal(strspn(r.id, "0123456789abcdef"), 16);
    assert_int_equal(r.uid, 1001);
    assert_int_equal(r.ttl_asked, i.ttl_asked);
    assert_in_range(r.created, time(NULL) - 60, time(NULL));
    snprintf(url, sizeof url, "http://127.0.0.1:%d", w.server.port);
    assert_string_equal(r.server, url);
    assert_string_equal(r.account, "me@example.com");
    assert_string_equal(r.recipient, "alice@example.com");
    assert_string_equal(r.passphrase, "word");
    assert_int_equal(r.backend, BACKEND_SHADOW);
    assert_int_equal(r.must_change, 0);
    assert_string_equal(r.metadata_key, "");
    issue_end(&i);
    world_close(&w, 0);
}

/* The ttl that is asked for is the mark that finds an orphan: less by 0 to an eighth, and by 899 s at most. */
static void the_mark_is_within_its_bounds(void **state) {
    static const struct {
        int64_t ttl, least;
    } rows[] = {{7, 7}, {16, 14}, {80, 70}, {7199, 7199 - 899}, {7191, 7191 - 898}, {2592000 + 1, 2592000 + 1 - 899}};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        bool differs = false, least = false, most = false;

        for (int n = 0; n < 150; n++) {
            issue i = issue_of_alice();

            i.ttl = rows[k].ttl;
            issue_begun(&w, &i);
            assert_in_range(i.ttl_asked, rows[k].least, i.ttl);
            differs = differs || i.ttl_asked != i.ttl;
            least = least || i.ttl_asked == rows[k].least;
            most = most || i.ttl_asked == i.ttl;
            issue_drop(&w.x, &i);
            issue_end(&i);
        }
        assert_int_equal(differs, rows[k].ttl > rows[k].least);
        /* Of few values each was drawn. */
        assert_true(rows[k].ttl - rows[k].least > 10 || (least && most));
    }
    world_close(&w, 0);
}

/* For hosts that share an account: what everybody is granted who asks for too much, or too little, is no mark. */
static void what_servers_clamp_to_is_never_asked_for(void **state) {
    static const int64_t rows[] = {62, 60, 66, 300, 301, 604800, 604801, 1209600, 2592000};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        for (int n = 0; n < 100; n++) {
            issue i = issue_of_alice();

            i.ttl = rows[k];
            issue_begun(&w, &i);
            assert_true(i.ttl_asked != 60 && i.ttl_asked != 300 && i.ttl_asked != 604800 && i.ttl_asked != 1209600 &&
                        i.ttl_asked != 2592000);
            assert_in_range(i.ttl_asked, rows[k] - rows[k] / 8, rows[k]);
            assert_false(i.short_ttl);
            issue_drop(&w.x, &i);
            issue_end(&i);
        }
    }
    world_close(&w, 0);
}

/* The first secret that a server cuts has no mark; the next is asked for below what it grants. */
static void below_a_ceiling_that_was_seen_the_mark_survives(void **state) {
    const int64_t ceiling = 100000, wanted = 200000;
    issue first = issue_of_alice();
    otsd_receipt *t;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    first.ttl = wanted;
    issue_begun(&w, &first);
    assert_in_range(first.ttl_asked, wanted - 899, wanted);
    t = issue_receipt(ceiling, ceiling - 1, VALUE);
    assert_int_equal(issue_answered(&w.x, &first, t), EX_OK);
    assert_true(first.short_ttl);
    issue_drop(&w.x, &first);
    issue_end(&first);
    for (int n = 0; n < 100; n++) {
        issue i = issue_of_alice();

        i.ttl = wanted;
        issue_begun(&w, &i);
        assert_in_range(i.ttl_asked, ceiling - 899, ceiling - 1);
        assert_true(i.short_ttl); /* it is the server's doing still, and still told */
        issue_drop(&w.x, &i);
        issue_end(&i);
        i = issue_of_alice();
        i.ttl = 7200;
        issue_begun(&w, &i);
        assert_in_range(i.ttl_asked, 7200 - 899, 7200);
        assert_false(i.short_ttl);
        issue_drop(&w.x, &i);
        issue_end(&i);
    }
    world_close(&w, 0);
}

static void who_has_an_intent_gets_no_second_one(void **state) {
    issue first = issue_of_alice(), second = issue_of_alice();
    issue *i = &second;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    issue_begun(&w, &first);
    issue_begin(&w.x, &i, 1);
    assert_int_equal(second.why.code, LEDGER_TAKEN);
    assert_string_equal(second.why.text, "alice: a provision is under way or was interrupted; nothing was changed");
    assert_null(second.entry);
    assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").id, first.id);
    issue_end(&second);
    issue_end(&first);
    world_close(&w, 0);
}

static void who_has_an_open_handoff_gets_a_second_one_only_on_demand(void **state) {
    record open = world_record();
    issue i = issue_of_alice(), *one = &i;
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    e = world_put(&w, LEDGER_PENDING, &open);
    ledger_release(&e);
    issue_begin(&w.x, &one, 1);
    assert_int_equal(i.why.code, LEDGER_TAKEN);
    assert_string_equal(i.why.text, "alice has an open hand-off by now; nothing was changed");
    assert_null(i.entry);
    assert_false(ledger_has(w.x.ledger, LEDGER_ISSUING, "alice"));
    i.reissue = true;
    issue_begun(&w, &i);
    issue_end(&i);
    world_close(&w, 0);
}

static void one_that_fails_leaves_the_others(void **state) {
    issue a = issue_of_alice(), b = issue_of_alice(), c = issue_of_alice();
    issue *all[] = {&a, &b, &c};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    b.user = "alice";
    c.user = "carol";
    issue_begin(&w.x, all, 3);
    assert_int_equal(a.why.code, EX_OK);
    assert_int_equal(b.why.code, LEDGER_TAKEN);
    assert_int_equal(c.why.code, EX_OK);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 2);
    for (size_t i = 0; i < 3; i++)
        issue_end(all[i]);
    world_close(&w, 0);
}

static void the_time_of_asking_is_noted(void **state) {
    issue i = issue_of_alice(), *one = &i;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    issue_begun(&w, &i);
    entry_record(i.entry)->created = 1;
    assert_int_equal(issue_asks(&i), EX_OK);
    assert_in_range(issue_on_disk(&w, LEDGER_ISSUING, "alice").created, time(NULL) - 60, time(NULL));
    entry_record(i.entry)->created = 1;
    issue_renew(&w.x, &one, 1);
    assert_int_equal(i.why.code, EX_OK);
    assert_in_range(issue_on_disk(&w, LEDGER_ISSUING, "alice").created, time(NULL) - 60, time(NULL));
    issue_end(&i);
    world_close(&w, 0);
}

/* Asked for are 3,399 seconds. */
static void the_deadline_is_the_smaller_of_what_was_asked_and_granted(void **state) {
    static const struct {
        int64_t ttl, secret_ttl, granted, lives; /* granted 0: refused */
        bool is_long;
    } rows[] = {
        {3399, 3398, 3398, 3398, false},
        {3399, -1, 3399, 3399, false},
        {3399, 0, 3399, 3399, false},
        {-1, -1, 0, 0, false},
        {0, 0, 0, 0, false},
        {1, -1, 1, 1, false},
        {-1, 1, 1, 1, false},
        {3400, 3400, 3400, 3399, false},
        {3404, 3404, 3404, 3399, false},
        {3405, 3405, 3405, 3399, true},
        {3600, -1, 3600, 3399, true},
        {3399, 366 * 86400, 366 * 86400, 3399, true},
        {366 * 86400, -1, 366 * 86400, 3399, true},
        {3399, 366 * 86400 + 1, 0, 0, false},
    };

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        issue i = issue_of_alice();
        otsd_receipt *t = issue_receipt(rows[k].ttl, rows[k].secret_ttl, VALUE);
        record r;

        issue_begun(&w, &i);
        i.ttl_asked = entry_record(i.entry)->ttl_asked = 3399;
        assert_int_equal(issue_answered(&w.x, &i, t), rows[k].granted > 0 ? EX_OK : EX_PROTOCOL);
        r = issue_on_disk(&w, LEDGER_ISSUING, "alice");
        if (rows[k].granted > 0) {
            assert_int_equal(i.ttl_granted, rows[k].granted);
            assert_int_equal(i.deadline, r.created + rows[k].lives);
            assert_int_equal(i.long_ttl, rows[k].is_long);
            assert_int_equal(r.deadline, i.deadline);
            assert_int_equal(r.granted, rows[k].granted);
            assert_string_equal(r.metadata_key, WORLD_KEY);
        } else {
            assert_string_equal(i.why.text, "alice: the server's answer has no usable metadata key or lifetime");
            assert_string_equal(r.metadata_key, "");
        }
        otsd_secret_free(&t->value);
        issue_drop(&w.x, &i);
        issue_end(&i);
    }
    world_close(&w, 0);
}

static void a_key_that_does_not_fit_is_refused(void **state) {
    issue i = issue_of_alice();
    otsd_receipt *t = issue_receipt(3600, 3600, VALUE);
    char key[KEY_MAX + 2];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    issue_begun(&w, &i);
    memset(key, 'k', sizeof key);
    key[KEY_MAX + 1] = '\0';
    t->metadata_key = key;
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    key[KEY_MAX] = '\0';
    assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
    assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").metadata_key, key);
    issue_end(&i);
    world_close(&w, 0);
}

/* A few seconds are the way there. */
static void a_lifetime_that_was_cut_is_told(void **state) {
    static const struct {
        int64_t less;
        bool is_short;
    } rows[] = {{-10, false}, {0, false}, {5, false}, {6, true}};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        issue i = issue_of_alice();
        otsd_receipt *t;

        issue_begun(&w, &i);
        t = issue_receipt(i.ttl_asked - rows[k].less, -1, VALUE);
        assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
        assert_int_equal(i.short_ttl, rows[k].is_short);
        issue_drop(&w.x, &i);
        issue_end(&i);
    }
    world_close(&w, 0);
}

/* Whatever is wrong with the answer: what it made can be burned, also after a crash. */
static void the_key_is_on_the_disk_before_the_answer_is_checked(void **state) {
    issue i = issue_of_alice();
    otsd_receipt *t = issue_receipt(3600, 3600, "short");

    (void)state;
    world_open(&w, NULL, NULL, 0);
    issue_begun(&w, &i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    assert_string_equal(i.why.text, "alice: the server generated 5 characters, handoff.min_length wants 10");
    assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").metadata_key, WORLD_KEY);
    assert_null(i.value);
    assert_non_null(t->value); /* the answer's, for whoever frees it */
    otsd_secret_free(&t->value);
    issue_end(&i);
    world_close(&w, 0);
}

static void a_value_that_fits_is_taken_over(void **state) {
    issue i = issue_of_alice();
    otsd_receipt *t = issue_receipt(3600, 3600, VALUE);

    (void)state;
    world_open(&w, NULL, NULL, 0);
    issue_begun(&w, &i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
    assert_null(t->value);
    assert_string_equal(otsd_secret_data(i.value), VALUE);
    assert_null(i.link);
    assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").link, "");
    issue_end(&i);
    assert_null(i.value);
    world_close(&w, 0);
}

static void what_was_asked_of_the_server_is_what_is_checked(void **state) {
    issue i = issue_of_alice();
    otsd_receipt *t = issue_receipt(3600, 3600, VALUE);

    (void)state;
    world_open(&w, "handoff: { min_length = 12; };\n", NULL, 0);
    i.passphrase = "word";
    issue_begun(&w, &i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    assert_non_null(strstr(i.why.text, "handoff.min_length wants 12"));
    otsd_secret_free(&t->value);
    t->value = world_secret(VALUE "23");
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    assert_string_equal(i.why.text, "alice: the server ignored the passphrase");
    t->passphrase_required = OTSD_YES;
    assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
    issue_end(&i);
    world_close(&w, 0);
}

static void a_link_is_kept_where_it_is_wanted(void **state) {
    char expected[100];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    snprintf(expected, sizeof expected, "http://127.0.0.1:%d/secret/secretkey", w.server.port);
    for (int keep = 0; keep < 2; keep++) {
        issue i = issue_of_alice();

        i.want_link = true;
        i.keep_link = keep;
        issue_begun(&w, &i);
        assert_int_equal(issue_answered(&w.x, &i, issue_receipt(3600, 3600, VALUE)), EX_OK);
        assert_string_equal(i.link, expected);
        assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").link, keep ? expected : "");
        issue_drop(&w.x, &i);
        issue_end(&i);
        assert_null(i.link);
    }
    world_close(&w, 0);
}

/* Nobody is mailed: the link is the only way to the person. Otherwise the mail is out, and the hand-off stands. */
static void a_link_that_cannot_be_shown_is_a_failure_where_nobody_is_mailed(void **state) {
    static const struct {
        const char *secret_key, *share_domain, *why, *recipient;
    } rows[] = {
        {"", "", "the server's answer has no link", NULL},
        {"", "", "the server's answer has no link", "alice@example.com"},
        {"key", "evil.example", "the server names evil.example as its host", NULL},
        {"key", "evil.example", "the server names evil.example as its host", "alice@example.com"},
    };

    (void)state;
    world_open(&w, "handoff: { share_domain = \"links.example.com\"; };\n", NULL, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        char key[8], domain[32];
        issue i = issue_of_alice();
        otsd_receipt *t = issue_receipt(3600, 3600, VALUE);

        snprintf(key, sizeof key, "%s", rows[k].secret_key);
        snprintf(domain, sizeof domain, "%s", rows[k].share_domain);
        i.want_link = i.keep_link = true;
        i.recipient = rows[k].recipient;
        t->secret_key = key;
        t->share_domain = domain;
        t->recipients_len = i.recipient ? 1 : 0;
        issue_begun(&w, &i);
        assert_int_equal(issue_answered(&w.x, &i, t), i.recipient ? EX_OK : EX_PROTOCOL);
        assert_null(i.link);
        assert_non_null(strstr(i.recipient ? i.no_link.text : i.why.text, rows[k].why));
        assert_int_equal(i.no_link.code, EX_PROTOCOL);
        assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").metadata_key, WORLD_KEY);
        assert_string_equal(issue_on_disk(&w, LEDGER_ISSUING, "alice").link, "");
        if (!i.recipient)
            otsd_secret_free(&t->value);
        issue_drop(&w.x, &i);
        issue_end(&i);
    }
    world_close(&w, 0);
}

/* Ours, as the configuration has it. */
static void the_share_domain_is_a_links_host(void **state) {
    char key[] = "key", domain[] = "links.example.com";
    issue i = issue_of_alice();
    otsd_receipt *t = issue_receipt(3600, 3600, VALUE);

    (void)state;
    world_open(&w, "handoff: { share_domain = \"links.example.com\"; };\n", NULL, 0);
    i.want_link = true;
    t->secret_key = key;
    t->share_domain = domain;
    issue_begun(&w, &i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
    assert_string_equal(i.link, "https://links.example.com/secret/key");
    issue_end(&i);
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("an intent says what will be asked for", an_intent_says_what_will_be_asked_for),
        TEST("the mark in the ttl is within its bounds", the_mark_is_within_its_bounds),
        TEST("what servers clamp to is never asked for", what_servers_clamp_to_is_never_asked_for),
        TEST("below a ceiling that was seen the mark survives", below_a_ceiling_that_was_seen_the_mark_survives),
        TEST("who has an intent gets no second one", who_has_an_intent_gets_no_second_one),
        TEST("who has an open hand-off gets a second one only on demand",
             who_has_an_open_handoff_gets_a_second_one_only_on_demand),
        TEST("one that fails leaves the others alone", one_that_fails_leaves_the_others),
        TEST("the time of asking is noted", the_time_of_asking_is_noted),
        TEST("the deadline is the smaller of what was asked and what was granted",
             the_deadline_is_the_smaller_of_what_was_asked_and_granted),
        TEST("a key that does not fit is refused", a_key_that_does_not_fit_is_refused),
        TEST("a lifetime that was cut by more than 5 s is told", a_lifetime_that_was_cut_is_told),
        TEST("the key is on the disk before the answer is checked",
             the_key_is_on_the_disk_before_the_answer_is_checked),
        TEST("a value that fits is taken over", a_value_that_fits_is_taken_over),
        TEST("what was asked of the server is what is checked", what_was_asked_of_the_server_is_what_is_checked),
        TEST("a link is kept where it is wanted", a_link_is_kept_where_it_is_wanted),
        TEST("a link that cannot be shown is a failure where nobody is mailed",
             a_link_that_cannot_be_shown_is_a_failure_where_nobody_is_mailed),
        TEST("the share domain is a link's host", the_share_domain_is_a_links_host),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the first steps of a hand-off # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
