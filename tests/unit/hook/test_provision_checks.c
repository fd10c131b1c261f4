/* SPDX-License-Identifier: MIT
 *
 * What is known of a provision before anything is asked or changed, and what is said of it afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture.h"
#include "commands/provision_checks.h"
#include "commands/provision_print.h"
#include "handoff_world.h"
#include "ledger/past.h"
#include "private_world.h"

static world w;

#define PATTERN "handoff: { recipient = \"%u@example.com\"; };\n"
#define OLD_HASH "$5$a$generated"

static provision_request asked_for(const char *user) {
    return (provision_request){.user = user, .passphrase_fd = -1};
}

static int check(const provision_request *q, provision_facts *f, problem *p) {
    memset(f, 0, sizeof *f);
    p->text[0] = '\0';
    return provision_check(&w.x, q, f, p);
}

static void assert_refused(const provision_request *q, int rc, const char *text) {
    provision_facts f;
    problem p;

    if (check(q, &f, &p) != rc || strcmp(p.text, text) != 0)
        fail_msg("%d: %s, where %d was expected: %s", p.code, p.text, rc, text);
    provision_facts_end(&f);
}

static void put_record(ledger_state s, const char *user, int64_t uid) {
    record r = world_record();
    entry *e;

    snprintf(r.user, sizeof r.user, "%s", user);
    snprintf(r.passphrase, sizeof r.passphrase, "old word");
    r.uid = uid;
    r.changed_before = 18000;
    e = world_put(&w, s, &r);
    ledger_release(&e);
}

static void who_can_be_provisioned(void **state) {
    provision_request q;
    provision_facts f;
    problem p;

    (void)state;
    world_open(&w, PATTERN, NULL, 0);
    q = asked_for("alice");
    assert_int_equal(check(&q, &f, &p), EX_OK);
    assert_int_equal(f.uid, 1001);
    assert_true(f.local);
    assert_int_equal(f.changed_before, 19000);
    assert_string_equal(f.recipient, "alice@example.com");
    assert_null(f.passphrase);
    provision_facts_end(&f);
    q = asked_for("nobody-here");
    assert_refused(&q, EX_NOUSER, "nobody-here: there is no such user");
    q = asked_for("root");
    put_file("/etc/shadow", WORLD_SHADOW "root:!:19000:0:99999:7:::\n", 0640);
    q.allow_system = true;
    assert_refused(&q, EX_NOPERM, "root is root (uid 0), whom only --allow-root provisions");
    q.allow_system = false;
    q.allow_root = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    q = asked_for("bob");
    assert_refused(&q, EX_NOPERM,
                   "bob has a password already, or a locked one; otsd-hook provision --force replaces it");
    q.force = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    put_record(LEDGER_ISSUING, "alice", 1001);
    q = asked_for("alice");
    assert_refused(&q, EX_CANTCREAT,
                   "alice: a provision is under way, or was interrupted and waits for otsd-hook sweep");
    put_file("/etc/shadow", "alice:!:19000:0:99999:7:::\ncarol:" OLD_HASH ":0:0:99999:7:::\n", 0640);
    put_record(LEDGER_PENDING, "carol", 1003);
    q = asked_for("carol");
    assert_refused(&q, EX_CANTCREAT, "carol has an open hand-off already: otsd-hook reissue or revoke it");
    /* Where a reissue would refuse, its way on is told at once. */
    put_file("/etc/shadow", "carol:$5$own:0:0:99999:7:::\n", 0640);
    assert_refused(&q, EX_CANTCREAT,
                   "carol has another password by now than the generated one; otsd-hook reissue --force replaces it; "
                   "carol has an open hand-off already, which otsd-hook revoke ends");
    world_close(&w, 0);
}

/* Who is told what is in the way is told what ends it, and when it ends by itself. */
static void what_was_lost_names_its_ends(void **state) {
    record r = world_record();
    provision_request q = asked_for("alice");
    provision_facts f;
    problem p;
    entry *e;

    (void)state;
    world_open(&w, PATTERN, NULL, 0);
    r.metadata_key[0] = r.hash[0] = '\0';
    r.created -= 100;
    e = world_put(&w, LEDGER_ISSUING, &r);
    assert_refused(&q, EX_CANTCREAT,
                   "alice: a provision is under way, or was interrupted and waits for otsd-hook sweep");
    ledger_release(&e);
    assert_int_equal(check(&q, &f, &p), EX_CANTCREAT);
    assert_non_null(strstr(p.text, "alice: the server's answer to an earlier provision was lost, and otsd-hook sweep "
                                   "looks for what it made; otsd-hook provision --again ends that now, and by itself "
                                   "it ends on 20"));
    provision_facts_end(&f);
    q.again = true; /* all else is checked before it is ended */
    assert_int_equal(check(&q, &f, &p), EX_OK);
    assert_true(ledger_has(w.x.ledger, LEDGER_ISSUING, "alice"));
    provision_facts_end(&f);
    world_close(&w, 0);
}

static void remember(const char *user, int64_t uid, reason why) {
    record r = world_record();
    problem p;

    snprintf(r.user, sizeof r.user, "%s", user);
    r.uid = uid;
    r.reason = why;
    r.claimed_at = r.created;
    if (past_note(w.x.ledger, &r, &p) != EX_OK)
        fail_msg("%s", p.text);
}

#define COMMAND PATTERN "password: { backend = \"command\"; command = \"/etc/set\"; lock_command = \"/etc/lock\"; };\n"

static void who_has_arrived_gets_no_second_password(void **state) {
    static const char *const configs[] = {PATTERN, COMMAND};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        provision_request q = asked_for("alice");
        provision_facts f;
        problem p;

        world_open(&w, configs[i], NULL, 0);
        put_file("/etc/set", "#!/bin/sh\n", 0700);
        put_file("/etc/lock", "#!/bin/sh\n", 0700);
        remember("alice", 1001, REASON_CHANGED);
        assert_refused(&q, EX_NOPERM,
                       "alice has arrived already (the password was changed); otsd-hook provision --force gives a new "
                       "password");
        q.reissue = true;
        assert_refused(&q, EX_DATAERR,
                       "alice has no open hand-off for a reissue, and no new one may begin: alice has arrived already "
                       "(the password was changed); otsd-hook provision --force gives a new password");
        q.reissue = false;
        q.force = true;
        assert_int_equal(check(&q, &f, &p), EX_OK);
        provision_facts_end(&f);
        /* What was ended here is taken up. */
        q.force = false;
        remember("alice", 1001, REASON_DEADLINE);
        assert_int_equal(check(&q, &f, &p), EX_OK);
        provision_facts_end(&f);
        remember("alice", 1001, REASON_REVOKED);
        assert_int_equal(check(&q, &f, &p), EX_OK);
        provision_facts_end(&f);
        world_close(&w, 0);
    }
}

static void all_that_is_in_the_way_is_told_at_once(void **state) {
    provision_request q = asked_for("root");
    provision_facts f;
    problem p;

    (void)state;
    world_open(&w, PATTERN, NULL, 0);
    put_file("/etc/shadow", "root:$5$own:19000:0:99999:7::19001:\n", 0640);
    assert_refused(&q, EX_NOPERM,
                   "root is root (uid 0), whom only --allow-root provisions; and root has a "
                   "password already, or a locked one; otsd-hook provision --force replaces it; and root has expired, "
                   "and could not log in to change the password: chage -E gives a later date");
    put_file("/etc/shadow", "root:$5$own:19000:0:99999:7:::\n", 0640);
    q.allow_root = q.force = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    /* What was allowed is not asked for again. */
    put_file("/etc/shadow", "root:" OLD_HASH ":0:0:99999:7:::\n", 0640);
    put_record(LEDGER_PENDING, "root", 0);
    q = asked_for("root");
    q.reissue = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    world_close(&w, 0);
}

static void an_expired_account_lets_nobody_in(void **state) {
    provision_request q = asked_for("alice");
    provision_facts f;
    problem p;

    (void)state;
    world_open(&w, PATTERN, NULL, 0);
    put_file("/etc/shadow", "alice:!:19000:0:99999:7::19001:\n", 0640);
    assert_refused(&q, EX_NOPERM,
                   "alice has expired, and could not log in to change the password: chage -E gives a later date");
    put_file("/etc/shadow", "alice:!:19000:0:99999:7::2900000:\n", 0640);
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    world_close(&w, 0);
    /* Where nothing must be changed it is a warning. */
    world_open(&w, "handoff: { recipient = \"%u@example.com\"; must_change = false; };\n", NULL, 0);
    put_file("/etc/shadow", "alice:!:19000:0:99999:7::19001:\n", 0640);
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    world_close(&w, 0);
}

static void whom_to_mail(void **state) {
    provision_request q = asked_for("alice");
    provision_facts f;
    problem p;

    (void)state;
    world_open(&w, PATTERN, NULL, 0);
    q.recipient = "other@example.org";
    assert_int_equal(check(&q, &f, &p), EX_OK);
    assert_string_equal(f.recipient, "other@example.org");
    provision_facts_end(&f);
    q.recipient = "no address";
    assert_refused(&q, EX_DATAERR, "alice: \"no address\" is not one mail address");
    q.recipient = ""; /* a script's variable that is not set */
    assert_refused(
        &q, EX_USAGE,
        "alice: nobody to mail: give --recipient, set handoff.recipient, or say --no-recipient --print-link");
    q.recipient = NULL;
    q.no_recipient = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    assert_null(f.recipient);
    provision_facts_end(&f);
    world_close(&w, 0);
    world_open(&w, NULL, NULL, 0);
    q.no_recipient = false;
    assert_refused(
        &q, EX_USAGE,
        "alice: nobody to mail: give --recipient, set handoff.recipient, or say --no-recipient --print-link");
    world_close(&w, 0);
}

static void which_passphrase(void **state) {
    provision_request q = asked_for("alice");
    provision_facts f;
    problem p;
    int fds[2];

    (void)state;
    world_open(&w, PATTERN, NULL, 0);
    put_file("/etc/word", "word\n", 0600);
    q.passphrase_file = "/etc/word";
    assert_int_equal(check(&q, &f, &p), EX_OK);
    assert_string_equal(otsd_secret_data(f.passphrase), "word");
    provision_facts_end(&f);
    assert_null(f.passphrase);
    put_file("/etc/word", "\n", 0600);
    assert_refused(&q, EX_DATAERR, "alice: the passphrase is empty or has a NUL in it");
    put_file("/etc/word", "abc\n", 0600);
    assert_refused(&q, EX_DATAERR, "alice: the passphrase is shorter than 4 characters, which servers refuse");
    q.passphrase_file = NULL;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "a\0b", 3), 3);
    (void)close(fds[1]);
    q.passphrase_fd = fds[0];
    assert_refused(&q, EX_DATAERR, "alice: the passphrase is empty or has a NUL in it");
    (void)close(fds[0]);
    q = asked_for("alice");
    q.passphrase_file = "/etc/none";
    assert_int_equal(check(&q, &f, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, "alice: the passphrase cannot be read: "));
    provision_facts_end(&f);
    world_close(&w, 0);
}

static void a_reissue_goes_to_whom_the_handoff_went(void **state) {
    provision_request q = asked_for("alice");
    provision_facts f;
    record r = world_record();
    problem p;
    entry *e;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    q.reissue = true;
    assert_refused(&q, EX_DATAERR, "alice has no open hand-off: otsd-hook provision starts one");
    put_file("/etc/shadow", "alice:" OLD_HASH ":0:0:::::\n", 0640);
    put_record(LEDGER_PENDING, "alice", 1001);
    assert_int_equal(check(&q, &f, &p), EX_OK);
    assert_string_equal(f.recipient, "alice@example.com");
    assert_string_equal(otsd_secret_data(f.passphrase), "old word");
    assert_string_equal(f.old.hash, OLD_HASH);
    assert_int_equal(f.changed_before, 18000); /* not the 0 of the first hand-off */
    assert_true(f.local);
    provision_facts_end(&f);
    assert_string_equal(f.old.hash, "");
    put_file("/etc/shadow", "alice:$5$own:0:0:::::\n", 0640);
    assert_refused(&q, EX_NOPERM,
                   "alice has another password by now than the generated one; otsd-hook reissue --force replaces it");
    q.force = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    world_close(&w, 0);

    /* To nobody, and there is nobody to take its place. */
    world_open(&w, NULL, NULL, 0);
    put_file("/etc/shadow", "alice:" OLD_HASH ":0:0:::::\n", 0640);
    r.recipient[0] = '\0';
    e = world_put(&w, LEDGER_PENDING, &r);
    ledger_release(&e);
    q.force = false;
    assert_refused(&q, EX_USAGE, "alice: the old link was mailed to nobody: give --recipient or --print-link");
    q.print_link = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    assert_null(f.recipient);
    assert_null(f.passphrase);
    provision_facts_end(&f);
    world_close(&w, 0);
}

static void a_reissue_is_for_the_same_account(void **state) {
    provision_request q = asked_for("alice");
    provision_facts f;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    q.reissue = true;
    put_record(LEDGER_PENDING, "alice", 7);
    assert_refused(&q, EX_NOPERM,
                   "alice is another account than the one that was provisioned (uid 1001, then 7); otsd-hook sweep "
                   "ends the old hand-off");
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    assert_int_equal(check(&q, &f, &p), EX_DATAERR);
    assert_non_null(strstr(p.text, " (" OTSD_STATE_DIR "/pending/alice): otsd-hook sweep sets it aside"));
    provision_facts_end(&f);
    world_close(&w, 0);
}

static void a_dry_run_asks_whether_the_server_is_there(void **state) {
    const struct step steps[] = {world_answer(200, "{\"status\":\"nominal\"}"),
                                 world_answer(401, "{\"message\":\"Not authorized\"}")};
    provision_request q = asked_for("alice");
    provision_facts f;
    problem p;

    (void)state;
    world_open(&w, PATTERN, steps, 2);
    q.dry_run = true;
    assert_int_equal(check(&q, &f, &p), EX_OK);
    provision_facts_end(&f);
    world_assert_asked(&w, 0, "GET /api/v1/authcheck");
    assert_int_equal(check(&q, &f, &p), EX_NOPERM);
    provision_facts_end(&f);
    world_close(&w, 2);
}

static void assert_said(const provision_request *q, const issue *i, const char *expected) {
    problem p;
    char *text;
    int rc;

    capture_begin();
    rc = provision_print(q, i, &p);
    text = capture_end();
    assert_int_equal(rc, EX_OK);
    assert_string_equal(text, expected);
    free(text);
}

static void what_is_said_of_it(void **state) {
    char link[] = "https://example.com/secret/x";
    issue i = {.user = "alice",
               .uid = 1001,
               .recipient = "alice@example.com",
               .id = "0123456789abcdef",
               .ttl_asked = 3600,
               .ttl_granted = 60,
               .deadline = 1700000000,
               .short_ttl = true};
    provision_request q = asked_for("alice");

    (void)state;
    assert_said(&q, &i,
                "alice: password set; the link goes to alice@example.com; it opens once, until 2023-11-14 22:13 UTC\n");
    i.recipient = NULL;
    i.link = link;
    assert_said(&q, &i,
                "alice: password set; nobody is mailed; it opens once, until 2023-11-14 22:13 UTC\n"
                "https://example.com/secret/x\n");
    q.json = true;
    assert_said(
        &q, &i,
        "{\"user\":\"alice\",\"uid\":1001,\"dry_run\":false,\"recipient\":null,\"id\":\"0123456789abcdef\","
        "\"deadline\":1700000000,\"ttl_asked\":3600,\"ttl_granted\":60,\"ttl_shortened\":true,\"ttl_lengthened\":false,"
        "\"link\":\"https://example.com/secret/x\"}\n");
    i.link = NULL;
    q.dry_run = true;
    i.recipient = "alice@example.com";
    assert_said(&q, &i, "{\"user\":\"alice\",\"uid\":1001,\"dry_run\":true,\"recipient\":\"alice@example.com\"}\n");
    q.json = false;
    assert_said(&q, &i, "alice: would be provisioned, the link mailed to alice@example.com; nothing was changed\n");
    i.recipient = NULL;
    assert_said(&q, &i, "alice: would be provisioned; nothing was changed\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"who can be provisioned, and why others cannot", who_can_be_provisioned, NULL, NULL, NULL},
        {"what was lost names its ends", what_was_lost_names_its_ends, NULL, NULL, NULL},
        {"who has arrived gets no second password, with no backend", who_has_arrived_gets_no_second_password, NULL,
         NULL, NULL},
        {"all that is in the way is told at once", all_that_is_in_the_way_is_told_at_once, NULL, NULL, NULL},
        {"an expired account lets nobody in", an_expired_account_lets_nobody_in, NULL, NULL, NULL},
        {"whom to mail", whom_to_mail, NULL, NULL, NULL},
        {"which passphrase", which_passphrase, NULL, NULL, NULL},
        {"a reissue goes to whom the hand-off went before", a_reissue_goes_to_whom_the_handoff_went, NULL, NULL, NULL},
        {"a reissue is for the account that was provisioned", a_reissue_is_for_the_same_account, NULL, NULL, NULL},
        {"a dry run asks whether the server is there", a_dry_run_asks_whether_the_server_is_there, NULL, NULL, NULL},
        {"what is said of it, to people and to programs", what_is_said_of_it, NULL, NULL, NULL},
    };

    if (setenv("TZ", "UTC", 1) != 0)
        return 1;
    if (!world_possible()) {
        puts("1..1\nok 1 - the checks of a provision # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
