/* SPDX-License-Identifier: MIT
 *
 * otsd-hook login, whole, as the module runs it: when a login ends a hand-off, what the person is shown, and that what
 * cannot be seen, burned or waited for loses nothing.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "commanded.h"
#include "private_world.h"
#include "sweep_world.h"

/* Something happened to alice; words: further options, with blanks between them. */
static int happened(const char *event, const char *words, char **told) {
    const char *arguments[9] = {NULL};
    char option[40], copy[200], *rest = copy, *word;
    size_t n = 0;

    snprintf(option, sizeof option, "--event=%s", event);
    snprintf(copy, sizeof copy, "%s", words);
    arguments[n++] = option;
    while ((word = strsep(&rest, " ")) && n < 6)
        if (*word)
            arguments[n++] = word;
    arguments[n++] = "--deadline-ms=60000"; /* as long as a busy machine may need */
    arguments[n] = "alice";
    return commanded(&command_login, arguments, told);
}

static const char *login(const char *event, const char *words, int expected) {
    static char kept[4096];
    char *told;
    int rc = happened(event, words, &told);

    snprintf(kept, sizeof kept, "%s", told);
    free(told);
    if (rc != expected)
        fail_msg("%s %s: %d: %s", event, words, rc, kept);
    return kept;
}

#define SSH "--service=sshd --method=password --asked"
#define KEY_LOGIN "--service=sshd --method=publickey"

/* The shadow line of alice. */
static void put_alice(const char *hash, const char *changed) {
    char text[300];

    snprintf(text, sizeof text, "alice:%s:%s:0:99999:7:::\n", hash, changed);
    put_file("/etc/shadow", text, 0640);
}

static void open_pending(const char *more, const struct step *steps, size_t n) {
    open_world(more, steps, n);
    put_pending(0, 100);
}

/* Which logins end it, by what stands in the shadow file afterwards. */
static const struct {
    const char *promise, *event, *words, *hash, *changed, *more, *reason; /* NULL: it goes on */
} rows[] = {
    {"the password was changed", "session", SSH, "$5$x$own", "20000", NULL, "password changed"},
    {"… also where that is seen before a session", "password", "", "$5$x$own", "20000", NULL, "password changed"},
    {"a session before it was changed", "session", SSH, HASH, "0", NULL, NULL},
    {"somebody gave a password", "auth", "", HASH, "0", NULL, NULL},
    {"a login that need not change it", "session", SSH, HASH, "20000", NULL, "password login"},
    {"… for which no password was asked", "session", "--service=sshd --method=password", HASH, "20000", NULL, NULL},
    {"… by a service that is no login", "session", "--service=cron --asked", HASH, "20000", NULL, NULL},
    {"… by no service that is named", "session", "--asked", HASH, "20000", NULL, NULL},
    {"… by another service of the configuration", "session", "--service=mine --asked", HASH, "20000",
     "login: { services = [ \"other\", \"mine\" ]; };\n", "password login"},
    {"a key, which does not count", "session", KEY_LOGIN, HASH, "20000", NULL, NULL},
    {"a key, which counts", "session", KEY_LOGIN, HASH, "20000", "login: { key_counts = true; };\n", "key login"},
};

static void what_ends_a_handoff(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char part[100];

        print_message("%s\n", rows[i].promise);
        open_pending(rows[i].more, steps, 1);
        put_alice(rows[i].hash, rows[i].changed);
        (void)login(rows[i].event, rows[i].words, EX_OK);
        assert_int_equal(is_there(LEDGER_PENDING, "alice"), !rows[i].reason);
        snprintf(part, sizeof part, "\"reason\":\"%s\",\"outcome\":\"burned unread\"",
                 rows[i].reason ? rows[i].reason : "");
        assert_audit(part, rows[i].reason ? 1 : 0);
        world_close(&w, rows[i].reason ? 1 : 0);
    }
}

static void what_the_person_is_shown(void **state) {
    static const struct {
        const char *event;
        said receipt;
        const char *shown;
    } ends[] = {
        {"session",
         {.state = "received", .secret_key = "", .received = 1700000000},
         "Your password link was opened on 2023-11-14 22:13 UTC; if that was not you, tell your administrator.\n"},
        {"session",
         {.state = "received", .secret_key = ""},
         "Your password link was opened; if that was not you, tell your administrator.\n"},
        {"session",
         {.state = "burned", .secret_key = ""},
         "Your password link was never opened; it no longer works.\n"},
        {"session", {.state = "expired", .secret_key = ""}, ""},
        {"session", {.state = "orphaned", .secret_key = ""}, ""},
        {"auth", {.state = "burned", .secret_key = ""}, ""}, /* whom it may be that is logging in */
        {"changed",
         {.state = "burned", .secret_key = ""},
         "Your password link was never opened; it no longer works.\n"},
    };

    (void)state;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const struct step steps[] = {WORLD_GONE, world_receipt(&ends[i].receipt)};

        open_pending(NULL, steps, 2);
        put_alice("$5$x$own", "20000");
        assert_string_equal(login(ends[i].event, SSH, EX_OK), ends[i].shown);
        world_close(&w, 2);
    }
}

/* Whoever kills us now, or has the server away, loses nothing. */
static void a_burn_that_fails_is_owed(void **state) {
    const struct step trouble[] = {WORLD_TROUBLE};
    const char *text;
    struct stat st;

    (void)state;
    open_pending(NULL, trouble, 1);
    put_alice("$5$x$own", "20000");
    text = login("session", SSH, EX_TEMPFAIL);
    assert_told(text, "alice: the secret is not burned yet: ");
    assert_untold(text, "Your password link");
    assert_true(is_there(LEDGER_CLAIMED, "alice.aaaaaaaaaaaaaaaa"));
    assert_int_equal(stat(OTSD_STATE_DIR "/last-claim", &st), 0); /* a sweep comes */
    world_close(&w, 1);
    open_pending(NULL, NULL, 0);
    put_alice("$5$x$own", "20000");
    assert_int_equal(unlink("/etc/otsd/token"), 0);
    assert_told(login("session", SSH, EX_CONFIG), "/etc/otsd/token");
    world_close(&w, 0);
}

static void a_login_past_the_deadline_finds_it_dead(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};

    (void)state;
    open_world(NULL, steps, 1);
    put_pending(0, 3601);
    assert_string_equal(login("auth", "", EX_OK), "");
    assert_shadow("alice:!*");
    assert_audit("\"reason\":\"deadline\"", 1);
    world_close(&w, 1);
}

/* That alone is certain; what counts as a login nobody knows. */
static void so_does_one_without_a_configuration(void **state) {
    const char *text;

    (void)state;
    open_world("login: { key_counts = true; };\n", NULL, 0);
    put_pending(0, 100);
    put_alice(HASH, "20000");
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    assert_told(login("session", SSH, EX_CONFIG), "/etc/otsd/otsd.conf");
    assert_told(login("session", KEY_LOGIN, EX_CONFIG), "/etc/otsd/otsd.conf");
    assert_true(is_there(LEDGER_PENDING, "alice"));
    world_close(&w, 0);
    open_world(NULL, NULL, 0);
    put_pending(0, 3601);
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    text = login("session", SSH, EX_CONFIG);
    assert_told(text, "; alice's hand-off is over and its burn is owed: otsd-hook sweep tries again\n");
    assert_shadow("alice:!*");
    assert_true(is_there(LEDGER_CLAIMED, "alice.aaaaaaaaaaaaaaaa"));
    world_close(&w, 0);
}

static void what_cannot_be_seen_ends_nothing(void **state) {
    (void)state;
    open_pending(NULL, NULL, 0);
    assert_int_equal(unlink("/etc/shadow"), 0);
    assert_told(login("session", SSH, EX_NOINPUT), "; nothing is ended by what cannot be seen\n");
    assert_true(is_there(LEDGER_PENDING, "alice"));
    world_close(&w, 0);
}

/* The time on its file is what the module goes by. */
static void one_that_goes_on_has_its_deadline_on_its_file(void **state) {
    const struct timespec wrong[2] = {{1000, 0}, {1000, 0}};
    record r = of(0, 100);
    struct stat st;

    (void)state;
    open_world(NULL, NULL, 0);
    r.reason = REASON_GONE; /* it is back */
    r.claimed_at = r.created;
    put(LEDGER_PENDING, &r);
    assert_int_equal(utimensat(AT_FDCWD, OTSD_STATE_DIR "/pending/alice", wrong, 0), 0);
    assert_string_equal(login("session", SSH, EX_OK), "");
    assert_int_equal(stat(OTSD_STATE_DIR "/pending/alice", &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, r.deadline);
    assert_int_equal(on_disk(LEDGER_PENDING, "alice").reason, REASON_NONE);
    assert_int_equal(utimensat(AT_FDCWD, OTSD_STATE_DIR "/pending/alice", wrong, 0), 0);
    assert_string_equal(login("session", SSH, EX_OK), ""); /* with nothing to write in it */
    assert_int_equal(stat(OTSD_STATE_DIR "/pending/alice", &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, r.deadline);
    world_close(&w, 0);
}

/* In place of libc's: whoever waits for a record counts its pauses, and is through with them at once. */
int nanosleep(const struct timespec *pause, struct timespec *rest) {
    (void)pause;
    (void)rest;
    return 0;
}

static void what_cannot_be_had_is_left_to_a_sweep(void **state) {
    record r = of(0, 100);
    const char *text;
    entry *e;

    (void)state;
    open_world(NULL, NULL, 0);
    assert_string_equal(login("session", SSH, EX_OK), ""); /* nobody has a hand-off */
    e = world_put(&w, LEDGER_PENDING, &r);
    text = login("session", SSH, EX_TEMPFAIL);
    assert_told(text, "alice: ");
    assert_told(text, ") holds the record; otsd-hook sweep will look again\n");
    ledger_release(&e);
    put_file(OTSD_STATE_DIR "/pending/alice", "junk\n", 0600);
    assert_told(login("session", SSH, EX_DATAERR),
                " (" OTSD_STATE_DIR "/pending/alice): otsd-hook sweep sets it aside\n");
    world_close(&w, 0);
}

static void what_is_asked_wrong_is_refused_and_an_odd_name_is_nobodys(void **state) {
    static const char *const no_event[] = {"alice", NULL}, *const odd[] = {"--event=session", "--", "a/b", NULL};
    char *told;

    (void)state;
    open_world(NULL, NULL, 0);
    assert_int_equal(commanded(&command_login, no_event, &told), EX_USAGE);
    assert_told(told, "an event and one user name are needed");
    free(told);
    assert_int_equal(commanded(&command_login, odd, &told), EX_OK);
    assert_string_equal(told, "");
    free(told);
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("which logins end a hand-off", what_ends_a_handoff),
        TEST("what the person is shown", what_the_person_is_shown),
        TEST("a burn that fails is owed, and a sweep comes", a_burn_that_fails_is_owed),
        TEST("a login past the deadline finds the password dead", a_login_past_the_deadline_finds_it_dead),
        TEST("so does one without a configuration, and nothing else is ended", so_does_one_without_a_configuration),
        TEST("what cannot be seen ends nothing", what_cannot_be_seen_ends_nothing),
        TEST("one that goes on has its deadline on its file", one_that_goes_on_has_its_deadline_on_its_file),
        TEST("what cannot be had is left to a sweep", what_cannot_be_had_is_left_to_a_sweep),
        TEST("what is asked wrong is refused, and an odd name is nobody's",
             what_is_asked_wrong_is_refused_and_an_odd_name_is_nobodys),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - login # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
