/* SPDX-License-Identifier: MIT
 *
 * Records and the ledger that keeps them, on a real directory in a mount namespace of the test's own.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "ledger/ledger.h"
#include "ledger_world.h"
#include "private_world.h"

static record sample(const char *user) {
    record r = {.id = "0123456789abcdef", .uid = 1001, .created = 100, .ttl_asked = 3600};

    snprintf(r.user, sizeof r.user, "%s", user);
    snprintf(r.recipient, sizeof r.recipient, "%s@example.com", user);
    return r;
}

static void survives_a_round_trip(void **state) {
    record r = sample("al.ice"), back;
    char text[8192];
    size_t len, used;
    problem p;

    (void)state;
    snprintf(r.passphrase, sizeof r.passphrase, "a=b%%\n\xc3\xa9 %%00");
    snprintf(r.metadata_key, sizeof r.metadata_key, "abc");
    r.deadline = -7;
    r.unsure = 1;
    len = record_format(&r, NULL, text, sizeof text);
    assert_true(len > 0);
    assert_int_equal(record_parse(&back, text, len, &used, &p), EX_OK);
    assert_int_equal(used, len);
    assert_memory_equal(&r, &back, sizeof r);
}

static void last_value_counts_and_torn_lines_do_not(void **state) {
    static const char text[] = "id=0123456789abcdef\nuser=bob\nuid=7\ncreated=1\ncreated=2\nmetadata_key=abc";
    record r;
    size_t used;
    problem p;

    (void)state;
    assert_int_equal(record_parse(&r, text, sizeof text - 1, &used, &p), EX_OK);
    assert_int_equal(r.created, 2);
    assert_int_equal(r.unsure, 0); /* as in a record of before there was such a field */
    assert_string_equal(r.metadata_key, "");
    assert_int_equal(used, strlen(text) - strlen("metadata_key=abc"));
}

static void refuses_what_is_no_record(void **state) {
    static const char *const bad[] = {
        "",
        "user=bob\nuid=7\n",
        "id=0123456789abcdef\nuser=../x\nuid=7\n",
        "id=0123456789abcdef\nuser=bob:eve\nuid=7\n",
        "id=0123456789abcdef\nuser=bob\nrenamed=bob%20\nuid=7\n",
        "id=0123456789abcdef\nuser=bob\nuid=-1\n",
        "id=0123456789abcdef\nuser=bob\nuid=7x\n",
        "id=0123456789abcdef\nuser=bob\nuid=7\ncolour=blue\n",
        "id=0123456789abcdef\nuser=bob\nuid=7\nreason=99\n",
        "id=0123456789abcdef\nuser=bo%0\nuid=7\n",
        "id=0123456789abcdef\nuser=bo%00b\nuid=7\n",
        "id=0123456789abcdefff\nuser=bob\nuid=7\n",
        "id=0123456789abcdef\nuser=bob\nuid=7\n\n",
        /* Times of which the difference is no number. */
        "id=0123456789abcdef\nuser=bob\nuid=7\ncreated=-9223372036854775808\n",
        "id=0123456789abcdef\nuser=bob\nuid=7\ndeadline=9223372036854775807\n",
        "id=0123456789abcdef\nuser=bob\nuid=7\ndeadline=9007199254740993\n",
    };
    record r;
    size_t used;
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(record_parse(&r, bad[i], strlen(bad[i]), &used, &p), EX_DATAERR);
}

#define HIDDEN "it has bytes in it that cannot be shown"

static void names_are_one_plain_component(void **state) {
    static const char *const good[] = {"alice", "a",        "a.b",     "Alice$", "m\xc3\xbcller",
                                       "a b",   "DOM\\eve", "eve@dom", "a-"};
    static const struct {
        const char *name, *fault;
    } bad[] = {
        {"", "it is empty"},
        {".", "it begins with a dot"},
        {"..", "it begins with a dot"},
        {".x", "it begins with a dot"},
        {"-x", "it begins with a hyphen"},
        {"a/b", "it has a slash in it"},
        {"/", "it has a slash in it"},
        {"victim2:hunter2", "it has a colon in it"},
        {":", "it has a colon in it"},
        {" a", "it begins with a blank"},
        {"a ", "it ends with a blank"},
        {" ", "it begins with a blank"},
        {"a\xc2\xa0", "it ends with a blank"},
        {"\xe3\x80\x80"
         "a",
         "it begins with a blank"},
        {"a\nb", HIDDEN},
        {"a\tb", HIDDEN},
        {"a\r", HIDDEN},
        {"a\x7f", HIDDEN},
        {"a\xc2\x9b"
         "31m",
         HIDDEN},
        {"a\xff", HIDDEN},
        {"m\xfcller", HIDDEN},
        // NOLINTNEXTLINE(misc-misleading-bidirectional) that is what is refused
        {"a\xe2\x80\xae"
         "b",
         HIDDEN},
        {"ali\xe2\x80\x8b"
         "ce",
         HIDDEN},
    };
    char longest[USER_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_null(user_name_fault(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_string_equal(user_name_fault(bad[i].name), bad[i].fault);
    memset(longest, 'a', sizeof longest);
    longest[USER_MAX + 1] = '\0';
    assert_string_equal(user_name_fault(longest), "it is longer than 216 bytes");
    longest[USER_MAX] = '\0';
    assert_null(user_name_fault(longest));
}

/* Whatever way a name came: the last door is shut, too. */
static void no_record_has_a_name_that_is_none(void **state) {
    static const char *const names[] = {"victim2:hunter2", "-rf", "a ", "../a", "a\nb", ""};
    problem p;
    entry *e;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        record r = sample(names[i]);

        assert_int_equal(ledger_create(l, &r, &e, &p), EX_DATAERR);
        assert_null(e);
    }
    assert_non_null(strstr(p.text, "there can be no hand-off of that name: it is empty"));
}

static void walks_through_its_states(void **state) {
    record r = sample("alice");
    struct stat st;
    problem p;
    entry *e, *other;

    (void)state;
    assert_int_equal(ledger_create(l, &r, &e, &p), EX_OK);
    assert_int_equal(ledger_create(l, &r, &other, &p), LEDGER_TAKEN);
    assert_null(other);
    snprintf(entry_record(e)->metadata_key, sizeof entry_record(e)->metadata_key, "key");
    entry_record(e)->deadline = 4000000000;
    assert_int_equal(ledger_save(e, &p), EX_OK);
    assert_int_equal(ledger_move(l, e, LEDGER_PENDING, &p), EX_OK);
    assert_int_equal(stat(OTSD_STATE_DIR "/pending/alice", &st), 0);
    assert_int_equal(st.st_mtime, 4000000000);
    assert_int_equal(st.st_mode & 07777, 0600);
    entry_record(e)->opened_at = 5;
    assert_int_equal(ledger_save(e, &p), EX_OK);
    assert_int_equal(stat(OTSD_STATE_DIR "/pending/alice", &st), 0);
    assert_int_equal(st.st_mtime, 4000000000);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "alice", 0, &other, &p), LEDGER_BUSY);
    ledger_release(&e);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "alice", 0, &e, &p), EX_OK);
    assert_string_equal(entry_record(e)->metadata_key, "key");
    assert_int_equal(entry_record(e)->opened_at, 5);
    assert_int_equal(ledger_move(l, e, LEDGER_CLAIMED, &p), EX_OK);
    assert_true(ledger_has(l, LEDGER_CLAIMED, "alice.0123456789abcdef"));
    assert_int_equal(entry_state(e), LEDGER_CLAIMED);
    ledger_release(&e);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "alice", 0, &e, &p), LEDGER_NONE);
    assert_int_equal(ledger_find(l, LEDGER_CLAIMED, "alice.0123456789abcdef", 0, &e, &p), EX_OK);
    assert_int_equal(ledger_remove(l, e, &p), EX_OK);
    ledger_release(&e);
}

static void append_line(const char *path, const char *line) {
    FILE *f = fopen(path, "a");

    assert_non_null(f);
    assert_true(fputs(line, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static entry *put_pending(const char *user) {
    record r = sample(user);
    entry *e = NULL;
    problem p;

    assert_int_equal(ledger_create(l, &r, &e, &p), EX_OK);
    assert_int_equal(ledger_move(l, e, LEDGER_PENDING, &p), EX_OK);
    return e;
}

static void is_filed_under_a_new_name(void **state) {
    entry *e = put_pending("alice"), *other;
    problem p;

    (void)state;
    assert_int_equal(ledger_refile(l, e, "bob", &p), EX_OK);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "bob", 0, &other, &p), LEDGER_BUSY); /* the lock goes with it */
    ledger_release(&e);
    assert_false(ledger_has(l, LEDGER_PENDING, "alice"));
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "bob", 0, &e, &p), EX_OK);
    assert_string_equal(entry_saved(e)->user, "bob");
    assert_string_equal(entry_saved(e)->renamed, "");
    assert_string_equal(entry_saved(e)->recipient, "alice@example.com");
    other = put_pending("carol");
    assert_int_equal(ledger_refile(l, other, "bob", &p), LEDGER_TAKEN);
    assert_int_equal(ledger_move(l, e, LEDGER_CLAIMED, &p), EX_OK);
    assert_true(ledger_has(l, LEDGER_CLAIMED, "bob.0123456789abcdef"));
    ledger_release(&e);
    assert_int_equal(ledger_save(other, &p), EX_OK);
    ledger_release(&other);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "carol", 0, &e, &p), EX_OK);
    ledger_release(&e);
}

/* Killed after each step: before the rename, after it, and again while the record goes on to claimed/. */
static void a_new_name_survives_a_crash(void **state) {
    entry *e = put_pending("alice");
    record r;
    problem p;

    (void)state;
    ledger_release(&e);
    append_line(OTSD_STATE_DIR "/pending/alice", "renamed=bob\n");
    assert_int_equal(ledger_peek(l, LEDGER_PENDING, "alice", &r, &p), EX_OK);
    assert_string_equal(r.user, "alice");
    assert_int_equal(rename(OTSD_STATE_DIR "/pending/alice", OTSD_STATE_DIR "/pending/bob"), 0);
    assert_int_equal(ledger_peek(l, LEDGER_PENDING, "bob", &r, &p), EX_OK);
    assert_string_equal(r.user, "bob");
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "bob", 0, &e, &p), EX_OK);
    assert_int_equal(ledger_move(l, e, LEDGER_CLAIMED, &p), EX_OK);
    ledger_release(&e);
    assert_int_equal(ledger_find(l, LEDGER_CLAIMED, "bob.0123456789abcdef", 0, &e, &p), EX_OK);
    assert_int_equal(ledger_save(e, &p), EX_OK);
    assert_string_equal(entry_saved(e)->user, "bob");
    ledger_release(&e);
    e = put_pending("dave");
    ledger_release(&e);
    append_line(OTSD_STATE_DIR "/pending/dave", "renamed=../x\n");
    assert_int_equal(ledger_peek(l, LEDGER_PENDING, "dave", &r, &p), EX_DATAERR);
}

/* Who holds a record is named: somebody has to end that process. */
static void a_holder_is_named(void **state) {
    char holder[HOLDER_MAX], expected[HOLDER_MAX], name[16];
    entry *e = put_pending("alice");

    (void)state;
    assert_int_equal(prctl(PR_GET_NAME, name), 0); /* under valgrind it is another */
    snprintf(expected, sizeof expected, "%s (process %ld)", name, (long)getpid());
    assert_string_equal(ledger_holder(l, LEDGER_PENDING, "alice", holder), expected);
    ledger_release(&e);
    assert_string_equal(ledger_holder(l, LEDGER_PENDING, "alice", holder), "another process");
}

/* The module goes by the time of the file alone. */
static void what_was_noted_as_over_is_overdue(void **state) {
    entry *e = put_pending("alice");
    struct stat st;
    problem p;

    (void)state;
    entry_record(e)->deadline = 4000000000;
    entry_record(e)->reason = REASON_REVOKED;
    entry_record(e)->claimed_at = 1000;
    assert_int_equal(ledger_save(e, &p), EX_OK);
    assert_int_equal(stat(OTSD_STATE_DIR "/pending/alice", &st), 0);
    assert_int_equal(st.st_mtime, 1000);
    ledger_release(&e);
}

static void a_taken_place_has_one_name(void **state) {
    record r = sample("alice");
    entry *first, *second;
    problem p;

    (void)state;
    assert_int_equal(ledger_create(l, &r, &first, &p), EX_OK);
    assert_int_equal(ledger_move(l, first, LEDGER_PENDING, &p), EX_OK);
    assert_int_equal(ledger_create(l, &r, &second, &p), EX_OK);
    assert_int_equal(ledger_move(l, second, LEDGER_PENDING, &p), LEDGER_TAKEN);
    assert_int_equal(p.code, LEDGER_TAKEN);
    assert_int_equal(entry_state(second), LEDGER_ISSUING);
    assert_int_equal(ledger_move(l, first, LEDGER_CLAIMED, &p), EX_OK);
    assert_int_equal(ledger_move(l, second, LEDGER_CLAIMED, &p), LEDGER_TAKEN);
    ledger_release(&first);
    ledger_release(&second);
    assert_null(second);
}

static void a_success_leaves_nothing_of_a_failure(void **state) {
    const problem failed = {.code = EX_IOERR, .remote = true, .text = "of another call"};
    record r = sample("alice"), back;
    problem p = failed;
    entry *e;

    (void)state;
#define CLEARS(call)                                                                                                   \
    p = failed;                                                                                                        \
    assert_int_equal(call, EX_OK);                                                                                     \
    assert_true(p.code == EX_OK && !p.remote && p.text[0] == '\0')

    CLEARS(ledger_create(l, &r, &e, &p));
    entry_record(e)->deadline = 4000000000;
    CLEARS(ledger_save(e, &p));
    CLEARS(ledger_sync(l, &e, 1, &p));
    CLEARS(ledger_move(l, e, LEDGER_PENDING, &p));
    CLEARS(ledger_mark(e, &p));
    CLEARS(ledger_peek(l, LEDGER_PENDING, "alice", &back, &p));
    ledger_release(&e);
    CLEARS(ledger_find(l, LEDGER_PENDING, "alice", 0, &e, &p));
    CLEARS(ledger_remove(l, e, &p));
    CLEARS(ledger_stamp(l, &p));
    ledger_release(&e);
#undef CLEARS
}

/* Shorter than the next line, of its length, and longer: then something would be left of it behind that. */
static void append_goes_on_behind_a_torn_line(void **state) {
    static const char next[] = "deadline=9\n";
    static const char *const tails[] = {"m", "metadata_ke", "hash=$y$j9T$and-so-on-until-the-machine-stopped"};
    problem p;
    entry *e;

    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        record r = sample("alice");
        char *whole, *text;
        int fd;

        assert_int_equal(ledger_create(l, &r, &e, &p), EX_OK);
        ledger_release(&e);
        whole = get_file(OTSD_STATE_DIR "/issuing/alice");
        fd = open(OTSD_STATE_DIR "/issuing/alice", O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, tails[i], strlen(tails[i])), strlen(tails[i]));
        (void)close(fd);
        assert_int_equal(ledger_find(l, LEDGER_ISSUING, "alice", 0, &e, &p), EX_OK);
        entry_record(e)->deadline = 9;
        assert_int_equal(ledger_save(e, &p), EX_OK);
        ledger_release(&e);
        assert_int_equal(ledger_find(l, LEDGER_ISSUING, "alice", 0, &e, &p), EX_OK);
        assert_int_equal(entry_record(e)->deadline, 9);
        text = get_file(OTSD_STATE_DIR "/issuing/alice");
        assert_int_equal(strlen(text), strlen(whole) + strlen(next));
        assert_memory_equal(text, whole, strlen(whole));
        assert_string_equal(text + strlen(whole), next);
        free(text);
        free(whole);
        assert_int_equal(ledger_remove(l, e, &p), EX_OK);
        ledger_release(&e);
    }
}

static void one_of_many_claims(void **state) {
    enum { TRIES = 32 };
    record r = sample("alice");
    pid_t pids[TRIES];
    int winners = 0;
    problem p;
    entry *e;

    (void)state;
    assert_int_equal(ledger_create(l, &r, &e, &p), EX_OK);
    assert_int_equal(ledger_move(l, e, LEDGER_PENDING, &p), EX_OK);
    ledger_release(&e);
    for (int i = 0; i < TRIES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            int rc = ledger_find(l, LEDGER_PENDING, "alice", 2000, &e, &p);

            if (rc == EX_OK)
                rc = ledger_move(l, e, LEDGER_CLAIMED, &p);
            _exit(rc == EX_OK ? 1 : rc == LEDGER_NONE ? 0 : 2);
        }
    }
    for (int i = 0; i < TRIES; i++) {
        int status;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_in_range(WEXITSTATUS(status), 0, 1);
        winners += WEXITSTATUS(status);
    }
    assert_int_equal(winners, 1);
}

static void refuses_links_loose_modes_and_strangers(void **state) {
    problem p;
    ledger *other;
    entry *e;

    (void)state;
    put_file("/etc/secret", "id=0123456789abcdef\nuser=bob\nuid=7\n", 0600);
    assert_int_equal(symlink("/etc/secret", OTSD_STATE_DIR "/pending/bob"), 0);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "bob", 0, &e, &p), EX_DATAERR);
    assert_int_equal(ledger_set_aside(l, LEDGER_PENDING, "bob", &p), EX_OK);
    assert_int_equal(mkfifo(OTSD_STATE_DIR "/pending/fifo", 0600), 0);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "fifo", 0, &e, &p), EX_DATAERR);
    put_file(OTSD_STATE_DIR "/pending/loose", "id=0123456789abcdef\nuser=loose\nuid=7\n", 0644);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "loose", 0, &e, &p), EX_DATAERR);
    put_file(OTSD_STATE_DIR "/pending/wrong", "id=0123456789abcdef\nuser=right\nuid=7\n", 0600);
    assert_int_equal(ledger_find(l, LEDGER_PENDING, "wrong", 0, &e, &p), EX_DATAERR);
    assert_int_equal(chmod(OTSD_STATE_DIR, 0755), 0);
    assert_int_equal(ledger_open(&other, &p), EX_CONFIG);
    assert_int_equal(chmod(OTSD_STATE_DIR, 0700), 0);
    assert_int_equal(chown(OTSD_STATE_DIR "/claimed", 1, 1), 0);
    assert_int_equal(ledger_open(&other, &p), EX_CONFIG);
}

static void sets_aside_only_what_stays_unreadable(void **state) {
    record r = sample("alice");
    char longer[300] = "";
    problem p;
    entry *e;

    (void)state;
    put_file(OTSD_STATE_DIR "/pending/bad", "no record\n", 0600);
    put_file(OTSD_STATE_DIR "/issuing/empty", "", 0600);
    assert_int_equal(ledger_create(l, &r, &e, &p), EX_OK);
    assert_int_equal(ledger_set_aside(l, LEDGER_ISSUING, "alice", &p), LEDGER_BUSY);
    ledger_release(&e);
    assert_int_equal(ledger_set_aside(l, LEDGER_ISSUING, "alice", &p), LEDGER_NONE);
    assert_int_equal(ledger_set_aside(l, LEDGER_ISSUING, "empty", &p), LEDGER_NONE);
    assert_int_equal(ledger_set_aside(l, LEDGER_PENDING, "bad", &p), EX_OK);
    assert_true(ledger_has(l, LEDGER_ISSUING, "alice"));
    assert_false(ledger_has(l, LEDGER_ISSUING, "empty"));
    assert_false(ledger_has(l, LEDGER_PENDING, "bad"));
    memset(longer, 'a', sizeof longer - 1);
    assert_true(ledger_has(l, LEDGER_PENDING, longer)); /* it cannot be looked at: that is no "there is none" */
    assert_int_equal(access(OTSD_STATE_DIR "/aside", F_OK), 0);
}

static void a_claim_is_of_one_user(void **state) {
    (void)state;
    assert_true(ledger_is_claim("a.b.0123456789abcdef", "a.b"));
    assert_false(ledger_is_claim("a.b.0123456789abcdef", "a") || ledger_is_claim("a.b", "a.b"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a record survives writing and reading, escapes and all", survives_a_round_trip, open_ledger, close_ledger,
         NULL},
        {"the last value counts, a torn line was never written", last_value_counts_and_torn_lines_do_not, open_ledger,
         close_ledger, NULL},
        {"what is no record is refused", refuses_what_is_no_record, open_ledger, close_ledger, NULL},
        {"user names are one plain path component", names_are_one_plain_component, open_ledger, close_ledger, NULL},
        {"what is claimed is of one user", a_claim_is_of_one_user, NULL, NULL, NULL},
        {"no record has a name that is none", no_record_has_a_name_that_is_none, open_ledger, close_ledger, NULL},
        {"a record walks through its states, its time is the deadline", walks_through_its_states, open_ledger,
         close_ledger, NULL},
        {"a record is filed under the account's new name, with its lock", is_filed_under_a_new_name, open_ledger,
         close_ledger, NULL},
        {"a new name survives a crash after each step", a_new_name_survives_a_crash, open_ledger, close_ledger, NULL},
        {"who holds a record is named", a_holder_is_named, open_ledger, close_ledger, NULL},
        {"a record whose end was noted is overdue for the module", what_was_noted_as_over_is_overdue, open_ledger,
         close_ledger, NULL},
        {"a place that is taken has one name, whatever was to go there", a_taken_place_has_one_name, open_ledger,
         close_ledger, NULL},
        {"where all went well nothing of an earlier failure is left in a problem",
         a_success_leaves_nothing_of_a_failure, open_ledger, close_ledger, NULL},
        {"an update goes on behind a torn line, however long that is", append_goes_on_behind_a_torn_line, open_ledger,
         close_ledger, NULL},
        {"of 32 processes exactly one claims", one_of_many_claims, open_ledger, close_ledger, NULL},
        {"links, loose modes, strangers' folders and wrong names are refused", refuses_links_loose_modes_and_strangers,
         open_ledger, close_ledger, NULL},
        {"only what stays unreadable under its lock is set aside", sets_aside_only_what_stays_unreadable, open_ledger,
         close_ledger, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - the ledger # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
