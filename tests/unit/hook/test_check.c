/* SPDX-License-Identifier: MIT
 *
 * The judgments of otsd-hook check, by what was found, and the lines and exit codes that they become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture.h"
#include "commands/checks.h"

#define NOW 1700000000
#define ENABLE                                                                                                         \
    "; systemctl enable --now otsd-sweep.timer otsd-sweep.path; without systemd: cp etc/cron.d/otsd /etc/cron.d/\n"
#define LOOK "; run otsd-hook sweep --verbose and look at what it says\n"
#define PLACE "; pam_ots(8) says where each line stands\n"

static void assert_line(char *got, const char *expected, const char *promise) {
    if (strcmp(got, expected) != 0)
        fail_msg("%s: %s", promise, got);
    free(got);
}

static void how_the_sweep_is(void **state) {
    static const struct {
        const char *promise;
        sweep_facts facts;
        int code;
        const char *line;
    } rows[] = {
        {"it runs", {NOW - 300, NOW, true, 3}, EX_OK, "ok       x              the last one ended 5m ago\n"},
        {"it ran by hand only",
         {NOW - 300, NOW, false, 3},
         FINDINGS_WARNED,
         "warning  x              the last one ended 5m ago, and neither otsd-sweep.timer nor /etc/cron.d/otsd runs "
         "it" ENABLE},
        {"a new installation",
         {0, NOW, false, 0},
         FINDINGS_WARNED,
         "warning  x              it never ran to its end, and neither otsd-sweep.timer nor /etc/cron.d/otsd runs "
         "it" ENABLE},
        {"enabled a moment ago",
         {0, NOW, true, 0},
         FINDINGS_WARNED,
         "warning  x              it never ran to its end" LOOK},
        {"it stopped and nothing is open",
         {NOW - 7200, NOW, true, 0},
         FINDINGS_WARNED,
         "warning  x              the last one ended 2h ago" LOOK},
        {"it stopped and something is open",
         {NOW - 7200, NOW, true, 1},
         EX_UNAVAILABLE,
         "error    x              the last one ended 2h ago, and hand-offs are open (1): their deadlines are not "
         "held" LOOK},
        {"nobody enabled it and something is open",
         {0, NOW, false, 2},
         EX_CONFIG,
         "error    x              it never ran to its end, and hand-offs are open (2): their deadlines are not "
         "held" ENABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        findings f = {.check = "x"};

        capture_begin();
        judge_sweep(&f, &rows[i].facts);
        assert_line(capture_end(), rows[i].line, rows[i].promise);
        assert_int_equal(findings_exit(&f), rows[i].code);
    }
}

static void how_the_clock_is(void **state) {
    static const struct {
        int64_t newest;
        int code;
        const char *line;
    } rows[] = {
        {0, EX_OK, "ok       x              no record is newer than the clock\n"},
        {NOW, EX_OK, "ok       x              no record is newer than the clock\n"},
        {NOW + 30, EX_OK, "ok       x              no record is newer than the clock\n"},
        {NOW + 3600, EX_OSERR,
         "error    x              the clock stands 1h before a time that was noted already: it was set back; set the "
         "clock right: after a reboot nobody can say until then what is over\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        findings f = {.check = "x"};

        capture_begin();
        judge_clock(&f, rows[i].newest, NOW);
        assert_line(capture_end(), rows[i].line, "the clock");
        assert_int_equal(findings_exit(&f), rows[i].code);
    }
}

static const stack_line ours = {.file = "common-auth", .number = 5, .control = "optional", .module = "pam_ots.so"},
                        by = {.file = "system-auth", .number = 7, .control = "sufficient", .module = "pam_unix.so"};

static void where_a_line_stands(void **state) {
    static const struct {
        stack_type type;
        stack_place place;
        bool is_login;
        int code;
        const char *line;
    } rows[] = {
        {STACK_AUTH, PLACE_GOOD, true, EX_OK, ""},
        {STACK_ACCOUNT, PLACE_ABSENT, true, EX_OK, ""},
        {STACK_AUTH, PLACE_ABSENT, false, EX_OK, ""},
        {STACK_SESSION, PLACE_ABSENT, false, EX_OK, ""},
        {STACK_AUTH, PLACE_ABSENT, true, EX_CONFIG,
         "error    x              sshd: there is no auth line of pam_ots.so: no arrival is noticed, and an overdue "
         "password may open a login" PLACE},
        {STACK_AUTH, PLACE_EARLY, true, EX_CONFIG,
         "error    x              sshd: the auth line (common-auth:5) stands in front of pam_unix.so (system-auth:7): "
         "no arrival is noticed, and an overdue password may open a login" PLACE},
        {STACK_AUTH, PLACE_JUMPED, true, EX_CONFIG,
         "error    x              sshd: pam_unix.so (system-auth:7, sufficient) jumps over the auth line "
         "(common-auth:5): no arrival is noticed, and an overdue password may open a login" PLACE},
        {STACK_AUTH, PLACE_MAYBE_JUMPED, true, FINDINGS_WARNED,
         "warning  x              sshd: pam_unix.so (system-auth:7, sufficient) may jump over the auth line "
         "(common-auth:5): no arrival is noticed, and an overdue password may open a login" PLACE},
        {STACK_AUTH, PLACE_POWERLESS, true, EX_CONFIG,
         "error    x              sshd: the auth line (common-auth:5) is optional, not required: its refusal does not "
         "count: an overdue password may open a login until a sweep has locked it" PLACE},
        {STACK_SESSION, PLACE_ABSENT, true, EX_CONFIG,
         "error    x              sshd: there is no session line of pam_ots.so: an arrival is not noticed" PLACE},
        {STACK_PASSWORD, PLACE_JUMPED, false, FINDINGS_WARNED,
         "warning  x              sshd: pam_unix.so (system-auth:7, sufficient) jumps over the password line "
         "(common-auth:5): a changed password is noticed by the next sweep only" PLACE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stack_verdict v = {.place = rows[i].place, .ours = &ours, .by = &by};
        findings f = {.check = "x"};
        bool good;

        capture_begin();
        good = judge_place(&f, "sshd", rows[i].is_login, rows[i].type, &v);
        assert_line(capture_end(), rows[i].line, rows[i].line);
        assert_int_equal(good, rows[i].line[0] == '\0');
        assert_int_equal(findings_exit(&f), rows[i].code);
    }
}

static void an_error_counts_for_more_than_a_warning(void **state) {
    findings f = {.check = "x"};

    (void)state;
    assert_int_equal(findings_exit(&f), EX_OK);
    capture_begin();
    findings_ok(&f, "good");
    assert_int_equal(findings_exit(&f), EX_OK);
    findings_warning(&f, "mend it", "not so good");
    assert_int_equal(findings_exit(&f), FINDINGS_WARNED);
    findings_error(&f, EX_CONFIG, NULL, "bad");
    findings_error(&f, EX_OSERR, NULL, "worse");
    findings_warning(&f, NULL, "a name that was chosen: \x1b[2J%s", "\n");
    assert_int_equal(findings_exit(&f), EX_CONFIG);
    assert_line(capture_end(),
                "ok       x              good\nwarning  x              not so good; mend it\nerror    x              "
                "bad\nerror    x              worse\nwarning  x              a name that was chosen: ?[2J?\n",
                "the lines");
}

static void the_same_as_json(void **state) {
    findings f = {.check = "x", .list = json_new(JSON_LINE)};
    size_t len;

    (void)state;
    json_begin_array(f.list, NULL);
    capture_begin();
    findings_ok(&f, "good");
    findings_error(&f, EX_CONFIG, "mend \"it\"", "bad");
    assert_line(capture_end(), "", "nothing is printed meanwhile");
    json_end(f.list);
    assert_string_equal(json_text_of(f.list, &len),
                        "[{\"check\":\"x\",\"level\":\"ok\",\"what\":\"good\",\"remedy\":null},"
                        "{\"check\":\"x\",\"level\":\"error\",\"what\":\"bad\",\"remedy\":\"mend \\\"it\\\"\"}]");
    assert_int_equal(findings_exit(&f), EX_CONFIG);
    json_free(&f.list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"how the sweep is", how_the_sweep_is, NULL, NULL, NULL},
        {"how the clock is", how_the_clock_is, NULL, NULL, NULL},
        {"where a line of a PAM stack stands", where_a_line_stands, NULL, NULL, NULL},
        {"an error counts for more than a warning", an_error_counts_for_more_than_a_warning, NULL, NULL, NULL},
        {"the same as JSON", the_same_as_json, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
