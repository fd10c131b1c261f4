/* SPDX-License-Identifier: MIT
 *
 * What may be known of a backend, what each of them says of an account, and that questions about many accounts reach
 * the right backend, in an /etc of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "password/shadow.h"
#include "password/shadow_read.h"
#include "private_world.h"

enum { PATIENCE_MS = 60000 };

#define HASH "$6$salt$generated"
#define OTHER "$6$salt$other"

static void the_facts(void **state) {
    const backend *shadow = backend_of(BACKEND_SHADOW), *command = backend_of(BACKEND_COMMAND);

    (void)state;
    assert_true(shadow->can_tell && shadow->wants_hash && shadow->must_change);
    assert_int_equal(backend_group_most(&(config){.password.backend = BACKEND_SHADOW}), 0);
    assert_non_null(shadow->look);
    assert_non_null(shadow->lock_many);
    assert_non_null(shadow->clean);
    assert_non_null(shadow->unfit);
    assert_false(command->can_tell || command->wants_hash || command->must_change);
    assert_int_equal(backend_group_most(&(config){.password = {.backend = BACKEND_COMMAND, .command_group = 7}}), 7);
    assert_null(command->look);
    assert_null(command->lock_many);
}

static shadow_line line_with(const char *field) {
    shadow_line line = {.changed = 1};

    snprintf(line.hash, sizeof line.hash, "%s", field);
    return line;
}

static void may_a_password_be_generated(void **state) {
    static const struct {
        const char *field;
        bool force;
        int code;
    } rows[] = {{"!", false, EX_OK},       {"*", false, EX_OK},           {"!*", false, EX_OK},
                {OTHER, false, EX_NOPERM}, {"!" OTHER, false, EX_NOPERM}, {"", false, EX_NOPERM},
                {OTHER, true, EX_OK},      {"!" OTHER, true, EX_OK},      {"", true, EX_OK},
                {"!", true, EX_OK}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shadow_line line = line_with(rows[i].field);
        problem p = {.text = ""};

        if (shadow_line_ready(&line, "alice", rows[i].force, &p) != rows[i].code)
            fail_msg("row %zu: %s", i, p.text);
        if (rows[i].code != EX_OK)
            assert_string_equal(
                p.text, "alice has a password already, or a locked one; otsd-hook provision --force replaces it");
    }
}

static void may_the_older_one_be_replaced(void **state) {
    static const struct {
        const char *field, *hash;
        bool force;
        int code;
        const char *words;
    } rows[] = {
        {HASH, HASH, false, EX_OK, NULL},
        {OTHER, HASH, false, EX_NOPERM,
         "alice has another password by now than the generated one; otsd-hook reissue --force replaces it"},
        {"!*", HASH, false, EX_NOPERM,
         "alice's generated password is dead by now; otsd-hook reissue --force gives a new one"},
        {"!", HASH, false, EX_NOPERM,
         "alice's generated password is dead by now; otsd-hook reissue --force gives a new one"},
        {"!*", HASH, true, EX_OK, NULL},
        {"", "", false, EX_NOPERM,
         "alice has another password by now than the generated one; otsd-hook reissue --force replaces it"},
        {"!" HASH, HASH, false, EX_NOPERM, "alice is locked; otsd-hook reissue --force unlocks it with a new password"},
        {"!!" HASH, HASH, false, EX_NOPERM,
         "alice is locked; otsd-hook reissue --force unlocks it with a new password"},
        {"!" HASH, HASH, true, EX_OK, NULL},
        {OTHER, HASH, true, EX_OK, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shadow_line line = line_with(rows[i].field);
        record old = {.user = "alice"};
        problem p = {.text = ""};

        snprintf(old.hash, sizeof old.hash, "%s", rows[i].hash);
        if (shadow_line_replaceable(&line, &old, rows[i].force, &p) != rows[i].code)
            fail_msg("row %zu: %s", i, p.text);
        if (rows[i].words)
            assert_string_equal(p.text, rows[i].words);
    }
}

static const config with_shadow = {.password = {.backend = BACKEND_SHADOW}};
static char set_path[] = "/etc/set-password", lock_path[] = "/etc/lock-account";
static const config with_command = {
    .password = {.backend = BACKEND_COMMAND, .command = set_path, .lock_command = lock_path, .command_timeout = 60}};

static record record_of(const char *user, backend_kind kind) {
    record r = {.uid = 1000, .backend = (int64_t)kind, .must_change = 1};

    snprintf(r.user, sizeof r.user, "%s", user);
    snprintf(r.hash, sizeof r.hash, "%s", HASH);
    return r;
}

static int world(void **state) {
    (void)state;
    put_file(SHADOW_PATH, "new:!:1::::::\nours:" HASH ":0::::::\nlocked:!" HASH ":1::::::\ntheirs:" OTHER ":0::::::\n",
             0600);
    put_file(set_path, "#!/bin/sh\ncat >>/etc/was-set\n", 0755);
    put_file(lock_path, "#!/bin/sh\ncat >>/etc/was-locked\n", 0755);
    (void)unlink("/etc/was-set");
    (void)unlink("/etc/was-locked");
    return 0;
}

static void assert_file(const char *path, const char *expected) {
    char *text = get_file(path);

    assert_string_equal(text, expected);
    free(text);
}

static void ready_asks_the_configured_one(void **state) {
    record old = record_of("ours", BACKEND_SHADOW);
    int64_t before;
    problem p;

    (void)state;
    assert_int_equal(backend_ready(&with_shadow, "new", false, &before, &p), EX_OK);
    assert_int_equal(backend_ready(&with_shadow, "theirs", false, &before, &p), EX_NOPERM);
    assert_int_equal(backend_ready(&with_shadow, "nobody", true, &before, &p), EX_NOUSER);
    assert_int_equal(backend_replaceable(&with_shadow, &old, false, &p), EX_OK);
    assert_int_equal(backend_ready(&with_command, "nobody", false, &before, &p), EX_OK);
    assert_int_equal(backend_replaceable(&with_command, &old, false, &p), EX_OK);
    assert_int_equal(chmod(lock_path, 0777), 0);
    assert_int_equal(backend_ready(&with_command, "new", true, &before, &p), EX_CONFIG);
    assert_int_equal(backend_replaceable(&with_command, &old, true, &p), EX_CONFIG);
}

static void a_survey_is_one_pass(void **state) {
    /* The date as the record has it: 0 where it is 0 or odd. */
    const int64_t changed[] = {0, 0, 1, 1};
    backend_account found[] = {{.user = "theirs"}, {.user = "nobody"}, {.user = "new"}, {.user = "locked"}};
    problem p;

    (void)state;
    assert_int_equal(backend_survey(&with_shadow, found, 4, &p), EX_OK);
    assert_true(!found[0].absent && found[0].has_password);
    assert_true(found[1].absent && !found[1].has_password);
    assert_true(!found[2].absent && !found[2].has_password);
    assert_true(!found[3].absent && found[3].has_password);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(found[i].changed, changed[i]);
    assert_int_equal(backend_fit(&with_shadow, &found[0], &p), EX_OK);
    assert_int_equal(backend_fit(&with_shadow, &found[1], &p), EX_NOUSER);
    assert_string_equal(p.text, "nobody has no line in /etc/shadow");
    assert_int_equal(backend_survey(&with_command, found, 4, &p), EX_OK);
    for (size_t i = 0; i < 4; i++)
        assert_true(!found[i].absent && !found[i].has_password);
    assert_int_equal(unlink(SHADOW_PATH), 0);
    assert_int_equal(backend_survey(&with_shadow, found, 4, &p), EX_NOINPUT);
    assert_int_equal(unlink(set_path), 0);
    assert_int_equal(backend_survey(&with_command, found, 4, &p), EX_CONFIG);
}

/* However it is asked, with force or without: nobody could log in with a password set there. */
static void a_broken_line_is_an_error(void **state) {
    static const char text[] = "carol's line in /etc/shadow has fewer than 9 fields: vipw -s mends it";
    backend_account found[] = {{.user = "carol"}, {.user = "new"}};
    record of_carol = record_of("carol", BACKEND_SHADOW), of_new = record_of("new", BACKEND_SHADOW);
    problem why[2], p;
    backend_change changes[] = {{.record = &of_carol, .why = &why[0], .force = true},
                                {.record = &of_new, .why = &why[1]}};
    int64_t before;

    (void)state;
    put_file(SHADOW_PATH, "carol:!:\nnew:!:1::::::\ndan:" HASH ":0\n", 0600);
    assert_int_equal(backend_survey(&with_shadow, found, 2, &p), EX_OK);
    assert_int_equal(backend_fit(&with_shadow, &found[0], &p), EX_DATAERR);
    assert_string_equal(p.text, text);
    assert_int_equal(backend_fit(&with_shadow, &found[1], &p), EX_OK);
    for (int force = 0; force < 2; force++) {
        assert_int_equal(backend_ready(&with_shadow, "carol", force, &before, &p), EX_DATAERR);
        assert_string_equal(p.text, text);
        assert_int_equal(backend_replaceable(&with_shadow, &of_carol, force, &p), EX_DATAERR);
        assert_string_equal(p.text, text);
    }
    assert_int_equal(backend_ready(&with_shadow, "new", false, &before, &p), EX_OK);
    /* Where it broke after all that was looked at. */
    backend_set(&with_shadow, changes, 2);
    assert_int_equal(why[0].code, EX_DATAERR);
    assert_string_equal(why[0].text, text);
    assert_false(changes[0].unsure);
    assert_int_equal(why[1].code, EX_OK);
    assert_file(SHADOW_PATH, "carol:!:\nnew:" HASH ":0::::::\ndan:" HASH ":0\n");
}

static void a_look_tells_what_can_be_told(void **state) {
    record r[] = {record_of("ours", BACKEND_SHADOW), record_of("locked", BACKEND_SHADOW),
                  record_of("theirs", BACKEND_SHADOW), record_of("nobody", BACKEND_SHADOW),
                  record_of("ours2", BACKEND_COMMAND)};
    const otsd_tri in_place[] = {OTSD_YES, OTSD_YES, OTSD_NO, OTSD_NO, OTSD_UNKNOWN};
    const otsd_tri must_change[] = {OTSD_YES, OTSD_NO, OTSD_YES, OTSD_NO, OTSD_UNKNOWN};
    backend_view views[5];
    problem p;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        views[i] = backend_view_of(&r[i]);
    assert_int_equal(backend_look(views, 5, &p), EX_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(views[i].in_place, in_place[i]);
        assert_int_equal(views[i].must_change, must_change[i]);
    }
    assert_int_equal(unlink(SHADOW_PATH), 0);
    assert_int_equal(backend_look(views, 5, &p), EX_NOINPUT);
    for (size_t i = 0; i < 5; i++)
        assert_true(views[i].in_place == OTSD_UNKNOWN && views[i].must_change == OTSD_UNKNOWN);
    assert_int_equal(backend_look(&views[4], 1, &p), EX_OK);
    assert_int_equal(backend_look(views, 0, &p), EX_OK);
}

static void one_lock_for_many(void **state) {
    record r[] = {record_of("ours", BACKEND_SHADOW), record_of("theirs", BACKEND_SHADOW),
                  record_of("new", BACKEND_COMMAND), record_of("locked", BACKEND_SHADOW)};
    const bool locked[] = {true, false, false, true};
    backend_view views[4];
    problem p;

    (void)state;
    put_file(SHADOW_PATH, "new:!:1::::::\nours:$6$a$a:0::::::\nlocked:!$6$b$b:1::::::\ntheirs:" OTHER ":0::::::\n",
             0600);
    snprintf(r[0].hash, sizeof r[0].hash, "$6$a$a");
    snprintf(r[1].hash, sizeof r[1].hash, "$6$c$c");
    snprintf(r[3].hash, sizeof r[3].hash, "$6$b$b");
    r[0].changed_before = 17;
    for (size_t i = 0; i < 4; i++)
        views[i] = backend_view_of(&r[i]);
    assert_int_equal(backend_lock_many(views, 4, PATIENCE_MS, &p), EX_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(views[i].locked, locked[i]);
    assert_file(SHADOW_PATH, "new:!:1::::::\nours:!*:17::::::\nlocked:!*:1::::::\ntheirs:" OTHER ":0::::::\n");
    assert_int_equal(access("/etc/was-locked", F_OK), -1);
}

static void a_lock_goes_to_the_records_own(void **state) {
    record r = record_of("ours", BACKEND_SHADOW);
    bool locked;
    config no_lock = with_command;
    problem p;

    (void)state;
    r.changed_before = -1;
    /* Without a configuration, too. */
    assert_int_equal(backend_lock(NULL, &r, PATIENCE_MS, &locked, &p), EX_OK);
    assert_true(locked);
    assert_file(SHADOW_PATH, "new:!:1::::::\nours:!*:::::::\nlocked:!*:1::::::\ntheirs:" OTHER ":0::::::\n");
    assert_int_equal(backend_lock(&with_command, &r, PATIENCE_MS, &locked, &p), EX_OK);
    assert_false(locked);
    assert_int_equal(access("/etc/was-locked", F_OK), -1);
    /* A record whose password was never made has nothing to lock. */
    r.hash[0] = '\0';
    assert_int_equal(unlink(SHADOW_PATH), 0);
    problem_set(&p, EX_IOERR, "of an earlier failure");
    assert_int_equal(backend_lock(&with_shadow, &r, PATIENCE_MS, &locked, &p), EX_OK);
    assert_int_equal(p.code, EX_OK);
    assert_string_equal(p.text, "");
    r = record_of("ours", BACKEND_COMMAND);
    assert_int_equal(backend_lock(&with_command, &r, PATIENCE_MS, &locked, &p), EX_OK);
    assert_int_equal(access("/etc/was-locked", F_OK), -1);
    r.storing = 1;
    assert_int_equal(backend_lock(NULL, &r, PATIENCE_MS, &locked, &p), EX_CONFIG);
    assert_string_equal(p.text, "without the configuration nobody knows how to lock ours");
    assert_int_equal(backend_lock(&with_command, &r, PATIENCE_MS, &locked, &p), EX_OK);
    assert_file("/etc/was-locked", "ours\n");
    no_lock.password.lock_command = NULL;
    assert_int_equal(backend_lock(&no_lock, &r, PATIENCE_MS, &locked, &p), EX_CONFIG);
}

static void set_tells_each_what_became_of_it(void **state) {
    record r[] = {record_of("new", BACKEND_SHADOW), record_of("theirs", BACKEND_SHADOW),
                  record_of("nobody", BACKEND_SHADOW), record_of("ours", BACKEND_SHADOW)};
    problem why[4];
    backend_change changes[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        problem_set(&why[i], EX_TEMPFAIL, "of an earlier try");
        changes[i] = (backend_change){.record = &r[i], .why = &why[i], .unsure = true};
    }
    changes[3].replaces = HASH;
    snprintf(r[3].hash, sizeof r[3].hash, "$6$salt$second");
    r[3].must_change = 0;
    backend_set(&with_shadow, changes, 4);
    assert_int_equal(why[0].code, EX_OK);
    assert_string_equal(why[0].text, "");
    assert_int_equal(why[1].code, EX_NOPERM);
    assert_string_equal(why[1].text,
                        "theirs was given another password meanwhile; otsd-hook provision --force replaces it");
    assert_int_equal(why[2].code, EX_NOUSER);
    assert_string_equal(why[2].text, "nobody has no line in /etc/shadow any more");
    assert_int_equal(why[3].code, EX_OK);
    for (size_t i = 0; i < 4; i++)
        assert_false(changes[i].unsure);
    {
        shadow_line line;
        problem p;

        assert_int_equal(shadow_lookup("new", &line, &p), EX_OK);
        assert_string_equal(line.hash, HASH);
        assert_int_equal(line.changed, 0);
        assert_int_equal(shadow_lookup("ours", &line, &p), EX_OK);
        assert_string_equal(line.hash, "$6$salt$second");
        assert_true(line.changed > 0);
    }
}

static void a_set_that_failed_looks_again(void **state) {
    record r[] = {record_of("new", BACKEND_SHADOW), record_of("ours", BACKEND_SHADOW)};
    problem why[2];
    backend_change changes[] = {{.record = &r[0], .why = &why[0]}, {.record = &r[1], .why = &why[1], .force = true}};

    (void)state;
    /* Nothing can be written beside the file: a folder is in the place. */
    assert_int_equal(mkdir("/etc/shadow.otsd", 0700), 0);
    backend_set(&with_shadow, changes, 2);
    assert_int_equal(rmdir("/etc/shadow.otsd"), 0);
    assert_int_equal(why[0].code, EX_CANTCREAT);
    assert_int_equal(why[1].code, EX_CANTCREAT);
    assert_false(changes[0].unsure);
    assert_true(changes[1].unsure); /* it is in place */
    assert_int_equal(unlink(SHADOW_PATH), 0);
    backend_set(&with_shadow, changes, 2);
    assert_true(changes[0].unsure && changes[1].unsure); /* nobody can say */
}

static void left_overs_are_removed(void **state) {
    problem p;

    (void)state;
    put_file("/etc/shadow.otsd", "half a file", 0600);
    assert_int_equal(backend_clean(1000, &p), EX_OK);
    assert_int_equal(access("/etc/shadow.otsd", F_OK), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"an account whose line cannot be read is an error, and its line stays", a_broken_line_is_an_error, world, NULL,
         NULL},
        {"what may be known of each backend", the_facts, NULL, NULL, NULL},
        {"a password is generated where there was never one, or by force", may_a_password_be_generated, NULL, NULL,
         NULL},
        {"an older one is replaced while it is in place and not locked, or by force", may_the_older_one_be_replaced,
         NULL, NULL, NULL},
        {"the configured backend says whether an account is ready", ready_asks_the_configured_one, world, NULL, NULL},
        {"a survey tells who is absent and who has a password", a_survey_is_one_pass, world, NULL, NULL},
        {"a look tells what can be told, and nothing else", a_look_tells_what_can_be_told, world, NULL, NULL},
        {"many are locked in one transaction, where a backend has such a thing", one_lock_for_many, world, NULL, NULL},
        {"a lock is the matter of the record's backend", a_lock_goes_to_the_records_own, world, NULL, NULL},
        {"a transaction tells each what became of it", set_tells_each_what_became_of_it, world, NULL, NULL},
        {"after a transaction that failed a look says what is in place", a_set_that_failed_looks_again, world, NULL,
         NULL},
        {"what a crash left is removed", left_overs_are_removed, world, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - backends # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
