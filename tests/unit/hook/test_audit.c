/* SPDX-License-Identifier: MIT
 *
 * The audit log: what a line says, that lines are whole, whose the file must be, and what is found again in it.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "handoff_world.h"
#include "ledger/audit.h"
#include "ledger/told.h"
#include "private_world.h"

#define AT 1700000000 /* 2023-11-14T22:13:20Z */

static world w;

static int open_world(void **state) {
    (void)state;
    world_open(&w, NULL, NULL, 0);
    return 0;
}

static int close_world(void **state) {
    (void)state;
    world_close(&w, 0);
    return 0;
}

static record sample(const char *id) {
    record r = world_record();

    snprintf(r.id, sizeof r.id, "%s", id);
    r.created = AT - 60;
    r.deadline = AT + 3600;
    snprintf(r.passphrase, sizeof r.passphrase, "secret word");
    return r;
}

static void assert_log(const char *expected) {
    char *text = world_audit();

    assert_string_equal(text, expected);
    free(text);
}

#define HEAD "{\"time\":\"2023-11-14T22:13:20Z\",\"event\":"
#define ISSUED                                                                                                         \
    HEAD "\"issued\",\"user\":\"alice\",\"uid\":1001,\"id\":\"0123456789abcdef\",\"recipient\":\"alice@example.com\"," \
         "\"deadline\":\"2023-11-14T23:13:20Z\"}\n"

static void a_line_says_what_there_is_to_say_and_no_secret(void **state) {
    record r = sample("0123456789abcdef");
    problem p;

    (void)state;
    assert_int_equal(audit_write(w.x.config, "issued", &r, AT, &p), EX_OK);
    assert_log(ISSUED);
    r.reason = REASON_DEADLINE;
    r.outcome = OUTCOME_BURNED;
    r.recipient[0] = '\0';
    assert_int_equal(audit_write(w.x.config, "closed", &r, AT, &p), EX_OK);
    assert_log(ISSUED HEAD "\"closed\",\"user\":\"alice\",\"uid\":1001,\"id\":\"0123456789abcdef\","
                           "\"reason\":\"deadline\",\"outcome\":\"burned unread\","
                           "\"issued_at\":\"2023-11-14T22:12:20Z\"}\n");
}

static void every_reason_and_outcome_is_a_word(void **state) {
    static const char *const reasons[] = {"open",
                                          "password changed",
                                          "password login",
                                          "key login",
                                          "deadline",
                                          "revoked",
                                          "reissued",
                                          "account gone",
                                          "account has another uid",
                                          "provisioning aborted",
                                          "arrived"};
    static const char *const outcomes[] = {"", "burned unread", "opened", "expired unread", "unknown"};

    (void)state;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        assert_true(strcmp(reason_word((reason)i), reasons[i]) == 0 && reason_of(reasons[i]) == (reason)i);
    assert_string_equal(reason_word((reason)REASON_COUNT), "unknown");
    for (unsigned i = 0; i < OUTCOME_COUNT; i++)
        assert_true(strcmp(outcome_word((outcome)i), outcomes[i]) == 0 && outcome_of(outcomes[i]) == (outcome)i);
    assert_string_equal(outcome_word((outcome)OUTCOME_COUNT), "unknown");
    assert_int_equal(reason_of("no reason"), REASON_NONE);
    assert_int_equal(outcome_of("no outcome"), OUTCOME_NONE);
}

/* What people are told is another text than the word, and each has one of its own; none says that something is open. */
static void every_reason_and_outcome_is_told(void **state) {
    (void)state;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(reason_told((reason)i), reason_told((reason)k));
    for (unsigned i = OUTCOME_BURNED; i < OUTCOME_COUNT; i++)
        for (unsigned k = OUTCOME_BURNED; k < i; k++)
            assert_string_not_equal(outcome_told((outcome)i), outcome_told((outcome)k));
    assert_string_equal(reason_told(REASON_NONE), "the reason is not known");
    assert_string_equal(reason_told(REASON_DEADLINE), "the deadline has passed");
    assert_string_equal(outcome_told(OUTCOME_NONE), "what became of the link is not known");
    assert_string_equal(outcome_told(OUTCOME_OPENED), "the link was opened");
    assert_string_equal(reason_told((reason)REASON_COUNT), "the reason is not known");
    assert_string_equal(outcome_told((outcome)OUTCOME_COUNT), "what became of the link is not known");
}

/* Whatever a name has in it, a line is one JSON object and says the same. */
static void odd_names_stay_in_their_line(void **state) {
    static const char user[] = "a\"b\\c'\xc3\xa9{}";
    record r = sample("0123456789abcdef");
    json_object *o, *m;
    char *text;
    problem p;

    (void)state;
    snprintf(r.user, sizeof r.user, "%s", user);
    snprintf(r.recipient, sizeof r.recipient, "x/y\n\"event\":\"closed\"");
    r.opened_at = AT;
    r.reason = REASON_LOGIN;
    r.outcome = OUTCOME_OPENED;
    assert_int_equal(audit_write(w.x.config, "closed", &r, AT, &p), EX_OK);
    text = world_audit();
    assert_int_equal(world_times(text, "\n"), 1);
    o = json_tokener_parse(text);
    assert_non_null(o);
    assert_true(json_object_object_get_ex(o, "user", &m));
    assert_string_equal(json_object_get_string(m), user);
    assert_true(json_object_object_get_ex(o, "opened_at", &m));
    assert_string_equal(json_object_get_string(m), "2023-11-14T22:13:20Z");
    assert_non_null(strstr(text, "x/y"));
    json_object_put(o);
    free(text);
}

/* What is not known is not in the line, neither as null nor as the beginning of time. */
static void what_was_not_opened_has_no_time_of_that(void **state) {
    static const outcome unread[] = {OUTCOME_BURNED, OUTCOME_EXPIRED, OUTCOME_UNKNOWN, OUTCOME_NONE};
    char *text;
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof unread / sizeof unread[0]; i++) {
        record r = sample("0123456789abcdef");

        r.reason = REASON_REVOKED;
        r.outcome = unread[i];
        assert_int_equal(audit_write(w.x.config, "closed", &r, AT, &p), EX_OK);
    }
    text = world_audit();
    assert_int_equal(world_times(text, "\n"), 4);
    assert_int_equal(world_times(text, "\"outcome\":\"burned unread\""), 1);
    assert_int_equal(world_times(text, "opened_at"), 0);
    assert_int_equal(world_times(text, "null"), 0);
    assert_int_equal(world_times(text, "\"\""), 0);
    free(text);
}

static void many_lines_are_written_at_once(void **state) {
    record a = sample("000000000000000a"), b = sample("000000000000000b");
    const record *both[] = {&a, &b};
    char *text;
    problem p;

    (void)state;
    assert_int_equal(audit_write_all(w.x.config, "issued", both, 2, AT, &p), EX_OK);
    text = world_audit();
    assert_int_equal(world_times(text, "\n"), 2);
    assert_true(strstr(text, "000000000000000a") < strstr(text, "000000000000000b"));
    free(text);
}

/* A disk that is full takes none of the lines, and what stood there stays. */
static void all_lines_or_none(void **state) {
    record r = sample("000000000000000a");
    const record *many[100];
    struct rlimit old, small = {600, RLIM_INFINITY};
    char *text;
    problem p;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        many[i] = &r;
    assert_int_equal(audit_write(w.x.config, "issued", &r, AT, &p), EX_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(audit_write_all(w.x.config, "issued", many, 100, AT, &p), EX_IOERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_non_null(strstr(p.text, "the audit log " WORLD_AUDIT " cannot be written: "));
    text = world_audit();
    assert_int_equal(world_times(text, "\n"), 1);
    assert_true(text[strlen(text) - 1] == '\n');
    free(text);
}

static void put_log(const char *text) {
    (void)mkdir("/var/lib/audit", 0700); /* it may be there */
    put_file(WORLD_AUDIT, text, 0600);
}

static void a_torn_line_swallows_no_other(void **state) {
    record r = sample("0123456789abcdef");
    problem p;

    (void)state;
    put_log("{\"time\":\"2023-11-14T2");
    assert_int_equal(audit_write(w.x.config, "issued", &r, AT, &p), EX_OK);
    assert_log("{\"time\":\"2023-11-14T2\n" ISSUED);
}

static void a_whole_line_is_followed_by_the_next(void **state) {
    record r = sample("0123456789abcdef");
    problem p;

    (void)state;
    put_log("{}\n");
    assert_int_equal(audit_write(w.x.config, "issued", &r, AT, &p), EX_OK);
    assert_log("{}\n" ISSUED);
}

static void folder_and_file_are_roots_alone(void **state) {
    record r = sample("0123456789abcdef");
    struct stat st;
    problem p;

    (void)state;
    assert_int_equal(audit_write(w.x.config, "issued", &r, AT, &p), EX_OK);
    assert_int_equal(stat("/var/lib/audit", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(WORLD_AUDIT, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static int write_one(problem *p) {
    record r = sample("0123456789abcdef");

    return audit_write(w.x.config, "issued", &r, AT, p);
}

#define MUST_BE "the audit log " WORLD_AUDIT " must be a regular file of root's that nobody else can write"

static void what_others_may_have_prepared_is_refused(void **state) {
    problem p;

    (void)state;
    put_log("");
    assert_int_equal(chmod(WORLD_AUDIT, 0620), 0);
    assert_int_equal(write_one(&p), EX_CONFIG);
    assert_string_equal(p.text, MUST_BE);
    assert_int_equal(chmod(WORLD_AUDIT, 0602), 0);
    assert_int_equal(write_one(&p), EX_CONFIG);
    assert_int_equal(chmod(WORLD_AUDIT, 0644), 0);
    assert_int_equal(write_one(&p), EX_OK);
    assert_int_equal(chown(WORLD_AUDIT, 1234, 0), 0);
    assert_int_equal(write_one(&p), EX_CONFIG);
    assert_string_equal(p.text, MUST_BE);
    assert_int_equal(unlink(WORLD_AUDIT), 0);
    assert_int_equal(mkfifo(WORLD_AUDIT, 0600), 0);
    assert_int_equal(write_one(&p), EX_CONFIG);
}

static void a_link_is_not_followed(void **state) {
    problem p;

    (void)state;
    put_log("");
    assert_int_equal(rename(WORLD_AUDIT, "/var/lib/audit/other"), 0);
    assert_int_equal(symlink("other", WORLD_AUDIT), 0);
    assert_int_equal(write_one(&p), EX_CANTCREAT);
    assert_non_null(strstr(p.text, "the audit log " WORLD_AUDIT " cannot be opened: "));
}

static void a_folder_that_cannot_be_made(void **state) {
    problem p;

    (void)state;
    put_file("/var/lib/audit", "", 0600);
    assert_int_equal(write_one(&p), EX_CANTCREAT);
    assert_int_equal(unlink("/var/lib/audit"), 0);
    assert_int_equal(symlink("/nowhere/at-all", "/var/lib/audit"), 0);
    assert_int_equal(write_one(&p), EX_CANTCREAT);
}

static int find(const char *event, audit_look *looks, size_t n, problem *p) {
    return audit_find(w.x.config, event, looks, n, p);
}

static void lines_are_found_again_by_id_and_event(void **state) {
    audit_look looks[] = {{.id = "000000000000000c"},
                          {.id = "000000000000000a"},
                          {.id = "000000000000000b"},
                          {.id = "000000000000000d", .found = OTSD_YES},
                          {.id = "000000000000000e"}};
    record a = sample("000000000000000a"), b = sample("000000000000000b"), c = sample("000000000000000c");
    problem p;

    (void)state;
    assert_int_equal(audit_write(w.x.config, "issued", &c, AT, &p), EX_OK);
    assert_int_equal(rename(WORLD_AUDIT, WORLD_AUDIT ".1"), 0);
    assert_int_equal(audit_write(w.x.config, "issued", &a, AT, &p), EX_OK);
    assert_int_equal(audit_write(w.x.config, "closed", &b, AT, &p), EX_OK);
    assert_int_equal(find("issued", looks, 5, &p), EX_OK);
    assert_int_equal(looks[0].found, OTSD_YES); /* in the log before the rotation */
    assert_int_equal(looks[1].found, OTSD_YES);
    assert_int_equal(looks[2].found, OTSD_NO); /* another event */
    assert_int_equal(looks[3].found, OTSD_NO);
    assert_int_equal(looks[4].found, OTSD_NO);
    assert_int_equal(find("closed", looks, 5, &p), EX_OK);
    assert_int_equal(looks[0].found, OTSD_NO);
    assert_int_equal(looks[1].found, OTSD_NO);
    assert_int_equal(looks[2].found, OTSD_YES);
}

static void a_torn_line_was_not_written(void **state) {
    audit_look look = {.id = "0123456789abcdef"};
    problem p;

    (void)state;
    put_log("{\"event\":\"issued\",\"id\":\"0123456789abcdef\"}");
    assert_int_equal(find("issued", &look, 1, &p), EX_OK);
    assert_int_equal(look.found, OTSD_NO);
    put_log("not a line\n{\"event\":\"issued\",\"id\":\"0123\n{\"event\":\"issued\",\"id\":\"0123456789abcdef\"}\n");
    assert_int_equal(find("issued", &look, 1, &p), EX_OK);
    assert_int_equal(look.found, OTSD_YES);
}

static void without_a_log_nothing_is_found(void **state) {
    audit_look look = {.id = "0123456789abcdef", .found = OTSD_YES};
    problem p;

    (void)state;
    assert_int_equal(find("issued", &look, 1, &p), EX_OK);
    assert_int_equal(look.found, OTSD_NO);
    assert_int_equal(find("issued", &look, 0, &p), EX_OK);
}

/* A folder can be opened like a file; its first read fails. */
static void a_log_that_cannot_be_read_says_nothing(void **state) {
    audit_look looks[] = {{.id = "000000000000000a"}, {.id = "000000000000000b"}};
    record a = sample("000000000000000a");
    struct rlimit old, none;
    problem p;

    (void)state;
    assert_int_equal(audit_write(w.x.config, "issued", &a, AT, &p), EX_OK);
    assert_int_equal(mkdir(WORLD_AUDIT ".1", 0700), 0);
    assert_int_equal(find("issued", looks, 2, &p), EX_IOERR);
    assert_string_equal(p.text, "the audit log " WORLD_AUDIT ".1 cannot be read: Is a directory");
    assert_int_equal(looks[0].found, OTSD_YES);
    assert_int_equal(looks[1].found, OTSD_UNKNOWN);
    assert_int_equal(rmdir(WORLD_AUDIT ".1"), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(find("issued", looks, 2, &p), EX_IOERR);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_non_null(strstr(p.text, " cannot be read: Too many open files"));
    assert_int_equal(looks[0].found, OTSD_UNKNOWN);
    assert_int_equal(looks[1].found, OTSD_UNKNOWN);
    assert_int_equal(rename(WORLD_AUDIT, WORLD_AUDIT ".1"), 0);
    assert_int_equal(mkdir(WORLD_AUDIT, 0700), 0);
    assert_int_equal(find("issued", looks, 2, &p), EX_IOERR);
    assert_int_equal(looks[0].found, OTSD_YES);
    assert_int_equal(looks[1].found, OTSD_UNKNOWN);
}

/* Whoever may read it can have a lock on it for ever. */
static void a_readers_lock_keeps_no_line_away(void **state) {
    int fd;

    (void)state;
    put_log("");
    fd = open(WORLD_AUDIT, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    {
        problem p;

        assert_int_equal(write_one(&p), EX_OK);
    }
    assert_log(ISSUED);
    assert_int_equal(close(fd), 0);
}

/* One of ours that stopped in the middle: a line is not written, and it is said who is to blame. */
static void another_writer_is_waited_for_and_named(void **state) {
    int fd = open(OTSD_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char expected[300], name[64] = "";
    FILE *comm = fopen("/proc/self/comm", "re");
    problem p;

    (void)state;
    assert_true(fd >= 0 && comm);
    assert_int_equal(fscanf(comm, "%63s", name), 1);
    assert_int_equal(fclose(comm), 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(write_one(&p), EX_IOERR);
    snprintf(expected, sizeof expected,
             "the audit log " WORLD_AUDIT " cannot be written: %s (process %ld) holds the lock of " OTSD_STATE_DIR,
             name, (long)getpid());
    assert_string_equal(p.text, expected);
    assert_log("");
    assert_int_equal(close(fd), 0);
    assert_int_equal(write_one(&p), EX_OK);
    assert_log(ISSUED);
}

/* Whatever bytes are in a record. */
static void a_line_is_always_json_in_ascii(void **state) {
    static const char *const odd[] = {"\xff\xfe", "\302\2332J",
                                      // NOLINTNEXTLINE(misc-misleading-bidirectional) that is what is escaped
                                      "a\xe2\x80\xae", "\xe2\x82", "\x7f", "\"\\", "\xf0\x9f\x94\x90", "\r\n\t\x1b[m"};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        record r = sample("0123456789abcdef");
        json_object *o;
        problem p;
        char *text;

        put_log("");
        snprintf(r.recipient, sizeof r.recipient, "%s", odd[i]);
        assert_int_equal(audit_write(w.x.config, "issued", &r, AT, &p), EX_OK);
        text = world_audit();
        for (const char *c = text; *c; c++)
            assert_true((*c >= ' ' && *c <= '~') || (*c == '\n' && !c[1]));
        o = json_tokener_parse(text);
        assert_non_null(o);
        json_object_put(o);
        free(text);
    }
}

#define IN_WORLD(name, fn)                                                                                             \
    { name, fn, open_world, close_world, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_WORLD("a line says what there is to say, and no secret", a_line_says_what_there_is_to_say_and_no_secret),
        IN_WORLD("every reason and outcome is a word", every_reason_and_outcome_is_a_word),
        IN_WORLD("every reason and outcome is told in a clause of its own", every_reason_and_outcome_is_told),
        IN_WORLD("whatever a name has in it stays in its line", odd_names_stay_in_their_line),
        IN_WORLD("what was not opened has no time of that", what_was_not_opened_has_no_time_of_that),
        IN_WORLD("many lines are written at once, in order", many_lines_are_written_at_once),
        IN_WORLD("a full disk takes all lines or none", all_lines_or_none),
        IN_WORLD("a torn line swallows no other", a_torn_line_swallows_no_other),
        IN_WORLD("a whole line is followed by the next", a_whole_line_is_followed_by_the_next),
        IN_WORLD("folder and file are root's alone", folder_and_file_are_roots_alone),
        IN_WORLD("a log that others could write is refused", what_others_may_have_prepared_is_refused),
        IN_WORLD("a link is not followed", a_link_is_not_followed),
        IN_WORLD("a folder that cannot be made is told", a_folder_that_cannot_be_made),
        IN_WORLD("lines are found again by id and event, also in the rotated log",
                 lines_are_found_again_by_id_and_event),
        IN_WORLD("a torn line was not written", a_torn_line_was_not_written),
        IN_WORLD("without a log nothing is found", without_a_log_nothing_is_found),
        IN_WORLD("a log that cannot be read says nothing, and not \"it is not there\"",
                 a_log_that_cannot_be_read_says_nothing),
        IN_WORLD("a reader's lock keeps no line away", a_readers_lock_keeps_no_line_away),
        IN_WORLD("another writer is waited for, and named", another_writer_is_waited_for_and_named),
        IN_WORLD("a line is always JSON in ASCII", a_line_is_always_json_in_ascii),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the audit log # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
