/* SPDX-License-Identifier: MIT
 *
 * The steps of a hand-off, each by itself and all in a row, on a real ledger and shadow file: what is on the disk after
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
#include <unistd.h>
#include <cmocka.h>

#include "handoff/issue.h"
#include "handoff_world.h"
#include "private_world.h"

#define VALUE "Generated-1"
#define MASKED "al***@e***.com"

static world w;

static issue alices(void) {
    return (issue){.user = "alice", .uid = 1001, .ttl = 3600, .recipient = "alice@example.com"};
}

static void begin_one(issue *i) {
    issue_begin(&w.x, &i, 1);
    if (i->why.code != EX_OK)
        fail_msg("%s", i->why.text);
}

static record on_disk(ledger_state s, const char *name) {
    record r;
    problem p;

    if (ledger_peek(w.x.ledger, s, name, &r, &p) != EX_OK)
        fail_msg("%s/%s: %s", ledger_state_name(s), name, p.text);
    return r;
}

static void an_intent_says_what_will_be_asked_for(void **state) {
    issue i = alices();
    record r;

    (void)state;
    world_open(&w, "handoff: { must_change = false; };\n", NULL, 0);
    i.passphrase = "word";
    begin_one(&i);
    r = on_disk(LEDGER_ISSUING, "alice");
    assert_string_equal(r.id, i.id);
    assert_int_equal(strspn(r.id, "0123456789abcdef"), 16);
    assert_int_equal(r.uid, 1001);
    assert_int_equal(r.ttl_asked, i.ttl_asked);
    assert_in_range(r.created, time(NULL) - 60, time(NULL));
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
    } rows[] = {{7, 7}, {16, 14}, {80, 70}, {7199, 7199 - 899}, {7191, 7191 - 898}, {2592000, 2592000 - 899}};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        bool differs = false, least = false, most = false;

        for (int n = 0; n < 150; n++) {
            issue i = alices();

            i.ttl = rows[k].ttl;
            begin_one(&i);
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

static void who_has_an_intent_gets_no_second_one(void **state) {
    issue first = alices(), second = alices();
    issue *i = &second;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin_one(&first);
    issue_begin(&w.x, &i, 1);
    assert_int_equal(second.why.code, LEDGER_TAKEN);
    assert_string_equal(second.why.text, "alice: a provision is under way or was interrupted; nothing was changed");
    assert_null(second.entry);
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").id, first.id);
    issue_end(&second);
    issue_end(&first);
    world_close(&w, 0);
}

static void who_has_an_open_handoff_gets_a_second_one_only_on_demand(void **state) {
    record open = world_record();
    issue i = alices(), *one = &i;
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
    begin_one(&i);
    issue_end(&i);
    world_close(&w, 0);
}

static void one_that_fails_leaves_the_others(void **state) {
    issue a = alices(), b = alices(), c = alices();
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
    issue i = alices(), *one = &i;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin_one(&i);
    entry_record(i.entry)->created = 1;
    assert_int_equal(issue_asks(&i), EX_OK);
    assert_in_range(on_disk(LEDGER_ISSUING, "alice").created, time(NULL) - 60, time(NULL));
    entry_record(i.entry)->created = 1;
    issue_renew(&w.x, &one, 1);
    assert_int_equal(i.why.code, EX_OK);
    assert_in_range(on_disk(LEDGER_ISSUING, "alice").created, time(NULL) - 60, time(NULL));
    issue_end(&i);
    world_close(&w, 0);
}

/* What the server answered, as issue_answered is given it. */
static otsd_receipt *receipt_of(int64_t ttl, int64_t secret_ttl, const char *value) {
    static char key[] = WORLD_KEY, secret[] = "secretkey", domain[] = "", masked[] = MASKED;
    static char *recipients[] = {masked};
    static otsd_receipt t;

    t = (otsd_receipt){.metadata_key = key,
                       .secret_key = secret,
                       .share_domain = domain,
                       .state = OTSD_STATE_NEW,
                       .ttl = ttl,
                       .secret_ttl = secret_ttl,
                       .recipients = recipients,
                       .recipients_len = 1};
    t.value = world_secret(value);
    return &t;
}

static void the_deadline_is_what_was_granted(void **state) {
    static const struct {
        int64_t ttl, secret_ttl, granted; /* granted 0: refused */
    } rows[] = {
        {3600, 3599, 3599},
        {3600, -1, 3600},
        {3600, 0, 3600},
        {-1, -1, 0},
        {0, 0, 0},
        {1, -1, 1},
        {-1, 1, 1},
        {3600, 366 * 86400, 366 * 86400},
        {3600, 366 * 86400 + 1, 0},
    };

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        issue i = alices();
        otsd_receipt *t = receipt_of(rows[k].ttl, rows[k].secret_ttl, VALUE);
        record r;

        begin_one(&i);
        assert_int_equal(issue_answered(&w.x, &i, t), rows[k].granted > 0 ? EX_OK : EX_PROTOCOL);
        r = on_disk(LEDGER_ISSUING, "alice");
        if (rows[k].granted > 0) {
            assert_int_equal(i.ttl_granted, rows[k].granted);
            assert_int_equal(i.deadline, r.created + rows[k].granted);
            assert_int_equal(r.deadline, i.deadline);
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
    issue i = alices();
    otsd_receipt *t = receipt_of(3600, 3600, VALUE);
    char key[KEY_MAX + 2];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin_one(&i);
    memset(key, 'k', sizeof key);
    key[KEY_MAX + 1] = '\0';
    t->metadata_key = key;
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    key[KEY_MAX] = '\0';
    assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").metadata_key, key);
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
        issue i = alices();
        otsd_receipt *t;

        begin_one(&i);
        t = receipt_of(i.ttl_asked - rows[k].less, -1, VALUE);
        assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
        assert_int_equal(i.short_ttl, rows[k].is_short);
        issue_drop(&w.x, &i);
        issue_end(&i);
    }
    world_close(&w, 0);
}

/* Whatever is wrong with the answer: what it made can be burned, also after a crash. */
static void the_key_is_on_the_disk_before_the_answer_is_checked(void **state) {
    issue i = alices();
    otsd_receipt *t = receipt_of(3600, 3600, "short");

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin_one(&i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    assert_string_equal(i.why.text, "alice: the server generated 5 characters, handoff.min_length wants 10");
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").metadata_key, WORLD_KEY);
    assert_null(i.value);
    assert_non_null(t->value); /* the answer's, for whoever frees it */
    otsd_secret_free(&t->value);
    issue_end(&i);
    world_close(&w, 0);
}

static void a_value_that_fits_is_taken_over(void **state) {
    issue i = alices();
    otsd_receipt *t = receipt_of(3600, 3600, VALUE);

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin_one(&i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_OK);
    assert_null(t->value);
    assert_string_equal(otsd_secret_data(i.value), VALUE);
    assert_null(i.link);
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").link, "");
    issue_end(&i);
    assert_null(i.value);
    world_close(&w, 0);
}

static void what_was_asked_of_the_server_is_what_is_checked(void **state) {
    issue i = alices();
    otsd_receipt *t = receipt_of(3600, 3600, VALUE);

    (void)state;
    world_open(&w, "handoff: { min_length = 12; };\n", NULL, 0);
    i.passphrase = "word";
    begin_one(&i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    assert_non_null(strstr(i.why.text, "handoff.min_length wants 12"));
    otsd_secret_free(&t->value);
    t->value = world_secret(VALUE "23");
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    assert_string_equal(i.why.text, "alice: the server did not take the passphrase over");
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
        issue i = alices();

        i.want_link = true;
        i.keep_link = keep;
        begin_one(&i);
        assert_int_equal(issue_answered(&w.x, &i, receipt_of(3600, 3600, VALUE)), EX_OK);
        assert_string_equal(i.link, expected);
        assert_string_equal(on_disk(LEDGER_ISSUING, "alice").link, keep ? expected : "");
        issue_drop(&w.x, &i);
        issue_end(&i);
        assert_null(i.link);
    }
    world_close(&w, 0);
}

static void no_link_where_one_is_wanted_is_a_failure(void **state) {
    char none[] = "";
    issue i = alices();
    otsd_receipt *t = receipt_of(3600, 3600, VALUE);

    (void)state;
    world_open(&w, NULL, NULL, 0);
    i.want_link = true;
    t->secret_key = none;
    begin_one(&i);
    assert_int_equal(issue_answered(&w.x, &i, t), EX_PROTOCOL);
    assert_string_equal(i.why.text, "the server's answer has no link");
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").metadata_key, WORLD_KEY);
    otsd_secret_free(&t->value);
    issue_end(&i);
    world_close(&w, 0);
}

static void answered(issue *i) {
    begin_one(i);
    assert_int_equal(issue_answered(&w.x, i, receipt_of(3600, 3600, VALUE)), EX_OK);
}

static void answered_and_hashed(issue *i) {
    answered(i);
    assert_int_equal(issue_hash(&w.x, i), EX_OK);
}

static void the_hash_is_on_the_disk_and_the_value_is_not_needed_any_more(void **state) {
    issue i = alices();
    record r;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    r = on_disk(LEDGER_ISSUING, "alice");
    assert_memory_equal(r.hash, "$5$", 3);
    assert_null(i.value);
    assert_int_equal(r.storing, 0);
    issue_end(&i);
    world_close(&w, 0);
}

static void assert_shadow_line(const char *beginning) {
    char *text = get_file("/etc/shadow");

    if (!strstr(text, beginning))
        fail_msg("no %s in %s", beginning, text);
    free(text);
}

static void a_password_is_stored_and_must_be_changed(void **state) {
    issue i = alices(), *one = &i;
    char line[500];

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    issue_store(&w.x, &one, 1);
    assert_int_equal(i.why.code, EX_OK);
    assert_true(i.stored);
    assert_false(i.unsure);
    snprintf(line, sizeof line, "alice:%s:0:", on_disk(LEDGER_ISSUING, "alice").hash);
    assert_shadow_line(line);
    issue_end(&i);
    world_close(&w, 0);
}

static void who_has_a_password_keeps_it(void **state) {
    issue a = alices(), b = alices();
    issue *both[] = {&b, &a};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    b.user = "bob";
    answered_and_hashed(&a);
    answered_and_hashed(&b);
    issue_store(&w.x, both, 2);
    assert_true(a.stored);
    assert_false(b.stored);
    assert_int_equal(b.why.code, EX_NOPERM);
    assert_false(b.unsure);
    assert_shadow_line("bob:$5$b$bob:19000:");
    /* The old hash is named, or force is given: then it is replaced. */
    b.replaces = "$5$b$other";
    issue_store(&w.x, both, 1);
    assert_false(b.stored);
    b.replaces = "$5$b$bob";
    issue_store(&w.x, both, 1);
    assert_true(b.stored);
    issue_end(&a);
    issue_end(&b);
    world_close(&w, 0);
}

static void force_replaces_any_password(void **state) {
    issue i = alices(), *one = &i;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    i.user = "bob";
    i.force = true;
    answered_and_hashed(&i);
    issue_store(&w.x, &one, 1);
    assert_true(i.stored);
    issue_end(&i);
    world_close(&w, 0);
}

#define COMMAND                                                                                                        \
    "password: { backend = \"command\"; command = \"/etc/set\"; lock_command = \"/etc/lock\"; };\n"                    \
    "handoff: { must_change = true; };\n"

static void put_commands(const char *set) {
    char text[500];

    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", set);
    put_file("/etc/set", text, 0700);
    put_file("/etc/lock", "#!/bin/sh\ncat >/etc/locked\n", 0700);
}

/* Nobody can look later, so the record says that it may have been done before anything is. */
static void a_command_is_started_after_the_record_says_so(void **state) {
    issue i = alices(), *one = &i;
    char *text;

    (void)state;
    world_open(&w, COMMAND, NULL, 0);
    put_commands("cp " OTSD_STATE_DIR "/issuing/alice /etc/seen; cat >/etc/got");
    answered_and_hashed(&i);
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").hash, "");
    issue_store(&w.x, &one, 1);
    assert_true(i.stored);
    assert_null(i.value);
    text = get_file("/etc/got");
    assert_string_equal(text, "alice:" VALUE "\n");
    free(text);
    text = get_file("/etc/seen");
    assert_non_null(strstr(text, "\nstoring=1\n"));
    free(text);
    issue_end(&i);
    world_close(&w, 0);
}

static void a_command_that_was_killed_leaves_it_unsure(void **state) {
    issue a = alices(), *one = &a;

    (void)state;
    world_open(&w, COMMAND, NULL, 0);
    put_commands("cat >/dev/null; kill -9 $$");
    answered_and_hashed(&a);
    issue_store(&w.x, &one, 1);
    assert_false(a.stored);
    assert_true(a.unsure);
    assert_non_null(
        strstr(a.why.text, "; the password may be set: the record stays in issuing/, and otsd-hook sweep decides"));
    assert_true(ledger_has(w.x.ledger, LEDGER_ISSUING, "alice"));
    issue_end(&a);
    world_close(&w, 0);
}

static void a_command_that_says_no_did_nothing(void **state) {
    issue a = alices(), *one = &a;

    (void)state;
    world_open(&w, COMMAND, NULL, 0);
    put_commands("cat >/dev/null; exit 3");
    answered_and_hashed(&a);
    issue_store(&w.x, &one, 1);
    assert_false(a.stored);
    assert_false(a.unsure);
    assert_int_equal(a.why.code, EX_UNAVAILABLE);
    issue_end(&a);
    world_close(&w, 0);
}

static void what_failed_before_is_not_stored(void **state) {
    issue a = alices(), c = alices();
    issue *both[] = {&a, &c};

    (void)state;
    world_open(&w, NULL, NULL, 0);
    c.user = "carol";
    c.force = true;
    answered_and_hashed(&a);
    answered_and_hashed(&c);
    assert_int_equal(unlink("/etc/shadow"), 0);
    issue_store(&w.x, both, 2);
    assert_false(a.stored || c.stored);
    assert_int_equal(a.why.code, EX_NOINPUT);
    assert_true(a.unsure); /* nobody can look */
    issue_end(&a);
    issue_end(&c);
    world_close(&w, 0);
}

static void a_handoff_opens(void **state) {
    issue i = alices(), *one = &i;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    issue_arm(&w.x, &one, 1);
    assert_int_equal(i.why.code, EX_OK);
    assert_true(ledger_has(w.x.ledger, LEDGER_PENDING, "alice"));
    issue_end(&i);
    world_close(&w, 0);
}

static void where_it_does_not_open_the_password_is_set(void **state) {
    issue i = alices(), *one = &i;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    answered_and_hashed(&i);
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    issue_arm(&w.x, &one, 1);
    assert_int_equal(i.why.code, EX_DATAERR);
    assert_non_null(strstr(i.why.text, "; the password is set: otsd-hook sweep arms the hand-off"));
    issue_end(&i);
    world_close(&w, 0);
}

static unsigned lines_with(const char *part) {
    char *text = world_audit();
    unsigned n = world_times(text, part);

    free(text);
    return n;
}

static void an_undo_burns_by_the_key(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    issue i = alices();

    (void)state;
    world_open(&w, NULL, steps, 1);
    answered(&i);
    problem_set(&i.why, EX_DATAERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why; the secret is burned and nothing was changed");
    assert_int_equal(i.why.code, EX_DATAERR);
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    assert_int_equal(lines_with("\"reason\":\"provisioning aborted\",\"outcome\":\"burned unread\""), 1);
    issue_end(&i);
    world_close(&w, 1);
}

static void an_undo_whose_burn_fails_is_owed(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    issue i = alices();

    (void)state;
    world_open(&w, NULL, steps, 1);
    answered(&i);
    problem_set(&i.why, EX_DATAERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_memory_equal(i.why.text, "alice: why; the account is untouched, but the secret still lives (alice: ", 70);
    assert_int_equal(world_count(&w, LEDGER_CLAIMED), 1);
    issue_end(&i);
    world_close(&w, 1);
}

/* The disk did not take the key: it is in memory only. */
static void a_key_that_could_not_be_saved_is_used_before_it_is_lost(void **state) {
    const struct step steps[] = {WORLD_GONE,
                                 world_receipt(&(said){.state = "received", .secret_key = "", .received = 1700000000})};
    issue i = alices();

    (void)state;
    world_open(&w, NULL, steps, 2);
    begin_one(&i);
    snprintf(entry_record(i.entry)->metadata_key, KEY_MAX, WORLD_KEY);
    problem_set(&i.why, EX_IOERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why; the secret is burned and nothing was changed");
    world_assert_asked(&w, 0, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_int_equal(
        lines_with("\"reason\":\"provisioning aborted\",\"outcome\":\"opened\",\"opened_at\":\"2023-11-14"), 1);
    issue_end(&i);
    world_close(&w, 2);
}

#define WILL_BURN "; the account is untouched, and otsd-hook sweep will burn what the server may have made"

static void where_that_fails_its_mark_is_left(void **state) {
    const struct step steps[] = {WORLD_TROUBLE};
    issue i = alices();

    (void)state;
    world_open(&w, NULL, steps, 1);
    begin_one(&i);
    snprintf(entry_record(i.entry)->metadata_key, KEY_MAX, WORLD_KEY);
    problem_set(&i.why, EX_IOERR, "alice: why");
    issue_undo(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why" WILL_BURN);
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").metadata_key, "");
    world_assert_asked(&w, 1, "GET /api/v1/private/recent");
    issue_end(&i);
    world_close(&w, 2);
}

static void a_drop_removes_the_intent(void **state) {
    issue i = alices();

    (void)state;
    world_open(&w, NULL, NULL, 0);
    begin_one(&i);
    problem_set(&i.why, EX_DATAERR, "alice: why");
    issue_drop(&w.x, &i);
    assert_string_equal(i.why.text, "alice: why; nothing was changed");
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    issue_end(&i);
    world_close(&w, 0);
}

static void all_steps_in_a_row(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = VALUE, .recipient = MASKED})};
    issue i = alices();
    char line[500];
    record r;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_int_equal(issue_run(&w.x, &i, &p), EX_OK);
    world_assert_asked(&w, 0, "POST /api/v1/generate");
    assert_true(i.stored);
    r = on_disk(LEDGER_PENDING, "alice");
    assert_int_equal(r.deadline, r.created + 3600);
    snprintf(line, sizeof line, "alice:%s:0:", r.hash);
    assert_shadow_line(line);
    assert_int_equal(lines_with("\"event\":\"issued\""), 1);
    issue_end(&i);
    world_close(&w, 1);
}

/* How one ends that fails, step by step; what the person is told, what is left in the ledger, how many requests. */
static void each_way_to_fail_leaves_the_account_untouched(void **state) {
    static const struct {
        int status;
        const char *json;
        said made;
        int code;
        const char *end;
        unsigned requests;
        int issuing, claimed;
    } rows[] = {
        {404, "{\"message\":\"You cannot do that\"}", {0}, EX_DATAERR, "; nothing was changed", 1, 0, 0},
        {500, "{\"message\":\"An unexpected error occurred\"}", {0}, EX_TEMPFAIL, WILL_BURN, 2, 1, 0},
        {0,
         NULL,
         {.value = "short", .recipient = MASKED},
         EX_PROTOCOL,
         "; the secret is burned and nothing was changed",
         2,
         0,
         0},
        {0, NULL, {.value = VALUE}, EX_DATAERR, "; the secret is burned and nothing was changed", 2, 0, 0},
    };

    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct step steps[2];
        issue i = alices();
        problem p;

        steps[0] = rows[k].json ? world_answer(rows[k].status, rows[k].json) : world_receipt(&rows[k].made);
        steps[1] = rows[k].json ? WORLD_TROUBLE : world_burned(&(said){0});
        world_open(&w, NULL, steps, 2);
        assert_int_equal(issue_run(&w.x, &i, &p), rows[k].code);
        assert_string_equal(p.text + strlen(p.text) - strlen(rows[k].end), rows[k].end);
        assert_false(i.stored);
        assert_shadow_line("alice:!:19000:");
        assert_int_equal(world_count(&w, LEDGER_ISSUING), rows[k].issuing);
        assert_int_equal(world_count(&w, LEDGER_CLAIMED), rows[k].claimed);
        assert_int_equal(world_count(&w, LEDGER_PENDING), 0);
        issue_end(&i);
        world_close(&w, rows[k].requests);
    }
}

static void a_lost_answer_is_looked_for_at_once(void **state) {
    issue i = alices();
    struct step steps[] = {{STEP_CLOSE, ""}, {STEP_ANSWER, NULL}, world_burned(&(said){0})};
    char list[1200];
    problem p;

    (void)state;
    i.ttl = 7; /* no mark: the ttl is known beforehand */
    snprintf(list, sizeof list, "[%s]",
             world_entry_text(&(said){.ttl = 7, .created = (long)time(NULL), .recipient = MASKED}));
    steps[1] = world_answer(200, list);
    world_open(&w, NULL, steps, 3);
    assert_int_equal(issue_run(&w.x, &i, &p), EX_UNAVAILABLE);
    world_assert_asked(&w, 1, "GET /api/v1/private/recent");
    world_assert_asked(&w, 2, "POST /api/v1/private/" WORLD_KEY "/burn");
    assert_non_null(strstr(p.text, "; the account is untouched, and what the server had made is burned"));
    assert_int_equal(world_count(&w, LEDGER_ISSUING) + world_count(&w, LEDGER_CLAIMED), 0);
    issue_end(&i);
    world_close(&w, 3);
}

static void what_may_be_set_is_not_undone(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = VALUE, .recipient = MASKED})};
    issue i = alices();
    problem p;

    (void)state;
    world_open(&w, COMMAND, steps, 1);
    put_commands("cat >/dev/null; kill -9 $$");
    assert_int_equal(issue_run(&w.x, &i, &p), EX_OSERR);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 1);
    assert_string_equal(on_disk(LEDGER_ISSUING, "alice").metadata_key, WORLD_KEY);
    issue_end(&i);
    world_close(&w, 1);
}

static void one_that_cannot_begin_asks_nobody(void **state) {
    record r = world_record();
    issue i = alices();
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    e = world_put(&w, LEDGER_ISSUING, &r);
    ledger_release(&e);
    assert_int_equal(issue_run(&w.x, &i, &p), LEDGER_TAKEN);
    issue_end(&i);
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("an intent says what will be asked for", an_intent_says_what_will_be_asked_for),
        TEST("the mark in the ttl is within its bounds", the_mark_is_within_its_bounds),
        TEST("who has an intent gets no second one", who_has_an_intent_gets_no_second_one),
        TEST("who has an open hand-off gets a second one only on demand",
             who_has_an_open_handoff_gets_a_second_one_only_on_demand),
        TEST("one that fails leaves the others alone", one_that_fails_leaves_the_others),
        TEST("the time of asking is noted", the_time_of_asking_is_noted),
        TEST("the deadline is what was granted", the_deadline_is_what_was_granted),
        TEST("a key that does not fit is refused", a_key_that_does_not_fit_is_refused),
        TEST("a lifetime that was cut by more than 5 s is told", a_lifetime_that_was_cut_is_told),
        TEST("the key is on the disk before the answer is checked",
             the_key_is_on_the_disk_before_the_answer_is_checked),
        TEST("a value that fits is taken over", a_value_that_fits_is_taken_over),
        TEST("what was asked of the server is what is checked", what_was_asked_of_the_server_is_what_is_checked),
        TEST("a link is kept where it is wanted", a_link_is_kept_where_it_is_wanted),
        TEST("no link where one is wanted is a failure", no_link_where_one_is_wanted_is_a_failure),
        TEST("the hash is on the disk, and the value gone",
             the_hash_is_on_the_disk_and_the_value_is_not_needed_any_more),
        TEST("a password is stored, and must be changed", a_password_is_stored_and_must_be_changed),
        TEST("who has a password keeps it, unless its hash is named", who_has_a_password_keeps_it),
        TEST("force replaces any password", force_replaces_any_password),
        TEST("a command is started after the record says so", a_command_is_started_after_the_record_says_so),
        TEST("a command that was killed leaves it unsure", a_command_that_was_killed_leaves_it_unsure),
        TEST("a command that says no did nothing", a_command_that_says_no_did_nothing),
        TEST("where the shadow file cannot be read nothing is stored", what_failed_before_is_not_stored),
        TEST("a hand-off opens", a_handoff_opens),
        TEST("where it does not open, a person is told that the password is set",
             where_it_does_not_open_the_password_is_set),
        TEST("an undo burns by the key", an_undo_burns_by_the_key),
        TEST("an undo whose burn fails is owed", an_undo_whose_burn_fails_is_owed),
        TEST("a key that could not be saved is used before it is lost",
             a_key_that_could_not_be_saved_is_used_before_it_is_lost),
        TEST("where that fails, the intent's mark is left", where_that_fails_its_mark_is_left),
        TEST("a drop removes the intent", a_drop_removes_the_intent),
        TEST("all steps in a row", all_steps_in_a_row),
        TEST("each way to fail leaves the account untouched", each_way_to_fail_leaves_the_account_untouched),
        TEST("a lost answer is looked for at once", a_lost_answer_is_looked_for_at_once),
        TEST("what may be set is not undone", what_may_be_set_is_not_undone),
        TEST("one that cannot begin asks nobody", one_that_cannot_begin_asks_nobody),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the steps of a hand-off # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
