/* SPDX-License-Identifier: MIT
 *
 * The backend that is an administrator's programs: how often they are run, and what is known of each line afterwards.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/stop.h"
#include "password/command.h"
#include "private_world.h"

enum { MANY = 20 };

static char set_path[] = "/etc/set-password", lock_path[] = "/etc/lock-account";
static const config with_command = {
    .password = {.backend = BACKEND_COMMAND, .command = set_path, .lock_command = lock_path, .command_timeout = 60}};

static record record_of(const char *user) {
    record r = {.uid = 1000, .backend = BACKEND_COMMAND, .must_change = 1};

    snprintf(r.user, sizeof r.user, "%s", user);
    return r;
}

static int world(void **state) {
    (void)state;
    put_file(lock_path, "#!/bin/sh\ncat >>/etc/was-locked\n", 0755);
    (void)unlink("/etc/was-set");
    return 0;
}

static void assert_file(const char *path, const char *expected) {
    char *text = get_file(path);

    assert_string_equal(text, expected);
    free(text);
}

/* Runs this script as the command, for ann and ben. */
static void run_command(const char *script, unsigned mode, problem *why, bool *unsure) {
    static const char *const users[] = {"ann", "ben"};
    record r[2];
    otsd_secret *values[2] = {NULL, NULL};
    backend_change changes[2];

    put_file(set_path, script, mode);
    for (size_t i = 0; i < 2; i++) {
        r[i] = record_of(users[i]);
        assert_int_equal(otsd_secret_new(&values[i], i == 0 ? "one" : "two", 3, NULL), OTSD_OK);
        changes[i] = (backend_change){.record = &r[i], .value = values[i], .why = &why[i], .unsure = true};
    }
    backend_set(&with_command, changes, 2);
    for (size_t i = 0; i < 2; i++) {
        unsure[i] = changes[i].unsure;
        otsd_secret_free(&values[i]);
    }
}

static void the_command_is_run_once_or_for_each(void **state) {
    problem why[2];
    bool unsure[2];

    (void)state;
    run_command("#!/bin/sh\ncat >>/etc/was-set; echo . >>/etc/was-set\n", 0755, why, unsure);
    assert_true(why[0].code == EX_OK && why[1].code == EX_OK && !unsure[0] && !unsure[1]);
    assert_file("/etc/was-set", "ann:one\nben:two\n.\n");
    assert_int_equal(unlink("/etc/was-set"), 0);
    /* It refuses one line: the other one is done all the same. */
    run_command("#!/bin/sh\ntext=$(cat)\ncase $text in *ben*) exit 1 ;; esac\necho \"$text\" >>/etc/was-set\n", 0755,
                why, unsure);
    assert_true(why[0].code == EX_OK && why[1].code == EX_UNAVAILABLE && !unsure[0] && unsure[1]);
    assert_file("/etc/was-set", "ann:one\n");
}

static void a_command_that_set_it_and_failed_is_unsure(void **state) {
    problem why[2];
    bool unsure[2];

    (void)state;
    run_command("#!/bin/sh\ncat >>/etc/was-set\necho the cache is full >&2\nexit 1\n", 0755, why, unsure);
    assert_file("/etc/was-set", "ann:one\nben:two\nann:one\nben:two\n");
    assert_true(why[0].code == EX_UNAVAILABLE && why[1].code == EX_UNAVAILABLE && unsure[0] && unsure[1]);
    assert_non_null(strstr(why[0].text, "ended with status 1: the cache is full"));
    assert_int_equal(unlink("/etc/was-set"), 0);
    /* One is killed while each is tried: the others are not tried, and unsure. */
    run_command("#!/bin/sh\necho . >>/etc/was-set\nread -r one; read -r two || kill -9 $$\nexit 1\n", 0755, why,
                unsure);
    assert_true(why[0].code == EX_OSERR && why[1].code == EX_UNAVAILABLE && unsure[0] && unsure[1]);
    assert_file("/etc/was-set", ".\n.\n");
    assert_int_equal(unlink("/etc/was-set"), 0);
}

static void a_command_that_was_killed_may_have_done_it(void **state) {
    problem why[2];
    bool unsure[2];

    (void)state;
    run_command("#!/bin/sh\nkill -KILL $$\n", 0755, why, unsure);
    assert_true(why[0].code == EX_OSERR && why[1].code == EX_OSERR && unsure[0] && unsure[1]);
    /* Not run at all. */
    run_command("#!/bin/sh\nexit 0\n", 0777, why, unsure);
    assert_true(why[0].code == EX_CONFIG && why[1].code == EX_CONFIG && !unsure[0] && !unsure[1]);
}

/* Gives many lines to a command that fails at all but the fifth one; each run leaves a dot. Returns the runs. */
static size_t runs_of_a_command_that_fails(size_t *unsure) {
    record r[MANY];
    otsd_secret *values[MANY] = {NULL};
    backend_change changes[MANY];
    problem why[MANY] = {{.code = EX_OK}};
    size_t runs;
    char *text;

    put_file(set_path,
             "#!/bin/sh\nread -r line\nprintf . >>/etc/was-set\ncase $line in user4:*) exit 0 ;; esac\nexit 1\n", 0755);
    for (size_t i = 0; i < MANY; i++) {
        char user[16];

        snprintf(user, sizeof user, "user%zu", i);
        r[i] = record_of(user);
        assert_int_equal(otsd_secret_new(&values[i], "one", 3, NULL), OTSD_OK);
        changes[i] = (backend_change){.record = &r[i], .value = values[i], .why = &why[i]};
    }
    backend_set(&with_command, changes, MANY);
    *unsure = 0;
    for (size_t i = 0; i < MANY; i++) {
        *unsure += changes[i].unsure;
        assert_int_equal(changes[i].unsure, why[i].code != EX_OK);
        otsd_secret_free(&values[i]);
    }
    text = get_file("/etc/was-set");
    runs = strlen(text);
    free(text);
    assert_int_equal(unlink("/etc/was-set"), 0);
    return runs;
}

static void ten_lines_that_fail_in_a_row_are_enough(void **state) {
    size_t unsure;

    (void)state;
    /* Once for all, five up to the one that works, ten after it. */
    assert_int_equal(runs_of_a_command_that_fails(&unsure), 1 + 5 + 10);
    assert_int_equal(unsure, MANY - 1);
}

/* Once asked to stop this process stays so: the last of these tests. */
static void a_stop_leaves_the_lines_unsure(void **state) {
    size_t unsure;

    (void)state;
    stop_catch();
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(runs_of_a_command_that_fails(&unsure), 1);
    assert_int_equal(unsure, MANY);
}

static void a_lock_is_not_waited_for_as_long_as_a_group(void **state) {
    config c = with_command;

    (void)state;
    c.password.command_timeout = 2;
    assert_int_equal(command_lock_time(&c), 2);
    c.password.command_timeout = 60;
    assert_int_equal(command_lock_time(&c), 60);
    c.password.command_timeout = 3600;
    assert_int_equal(command_lock_time(&c), 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a command is run once for all, and again for each where it refuses", the_command_is_run_once_or_for_each,
         world, NULL, NULL},
        {"a command that set it and failed is unsure", a_command_that_set_it_and_failed_is_unsure, world, NULL, NULL},
        {"a command that was killed may have done it", a_command_that_was_killed_may_have_done_it, world, NULL, NULL},
        {"ten lines that fail in a row are enough", ten_lines_that_fail_in_a_row_are_enough, world, NULL, NULL},
        {"a lock is not waited for as long as a group", a_lock_is_not_waited_for_as_long_as_a_group, NULL, NULL, NULL},
        {"a stop leaves the lines unsure", a_stop_leaves_the_lines_unsure, world, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - an administrator's programs # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
