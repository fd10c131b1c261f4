/* SPDX-License-Identifier: MIT
 *
 * The rule of what ends a hand-off, as a table: the design's PAM rows and everything around them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "handoff/decide.h"

#define NOW 1000
#define Y OTSD_YES
#define N OTSD_NO
#define U OTSD_UNKNOWN

typedef struct row {
    const char *promise;
    situation s;
    reason expected;
} row;

/* event, method, login service, key counts, exists, same uid, in place, must change, deadline, now */
#define S(e, m, svc, key, in, must, dl)                                                                                \
    { EVENT_##e, METHOD_##m, svc, key, true, true, in, must, dl, NOW }

static const row rows[] = {
    {"ssh password, must change: the session opens first and proves nothing",
     S(SESSION, PASSWORD, true, false, Y, Y, 2000), REASON_NONE},
    {"ssh key, must change, no tty: nothing is burned", S(SESSION, KEY, true, false, Y, Y, 2000), REASON_NONE},
    {"ssh key, must change, even where keys count", S(SESSION, KEY, true, true, Y, Y, 2000), REASON_NONE},
    {"password login, need not change", S(SESSION, PASSWORD, true, false, Y, N, 2000), REASON_LOGIN},
    {"key login, need not change: the generated password was not used", S(SESSION, KEY, true, false, Y, N, 2000),
     REASON_NONE},
    {"key login where the configuration lets it count", S(SESSION, KEY, true, true, Y, N, 2000), REASON_KEY_LOGIN},
    {"unknown method is no password login", S(SESSION, UNKNOWN, true, true, Y, N, 2000), REASON_NONE},
    {"su, sudo, cron: not the person's login", S(SESSION, PASSWORD, false, true, Y, N, 2000), REASON_NONE},
    {"password changed by anyone, seen at the change", S(PASSWORD, UNKNOWN, false, false, N, N, 2000), REASON_CHANGED},
    {"password changed, seen at a session of su", S(SESSION, PASSWORD, false, false, N, N, 2000), REASON_CHANGED},
    {"password changed by root to one that must be changed", S(SWEEP, UNKNOWN, false, false, N, Y, 2000),
     REASON_CHANGED},
    {"a password change that did not change it keeps", S(PASSWORD, UNKNOWN, false, false, Y, Y, 2000), REASON_NONE},
    {"deadline passed, at auth", S(AUTH, UNKNOWN, true, false, Y, Y, NOW), REASON_DEADLINE},
    {"one second before the deadline", S(AUTH, UNKNOWN, true, false, Y, Y, NOW + 1), REASON_NONE},
    {"deadline passed, at a sweep", S(SWEEP, UNKNOWN, false, false, Y, N, 10), REASON_DEADLINE},
    {"deadline passed beats a login", S(SESSION, PASSWORD, true, false, Y, N, 10), REASON_DEADLINE},
    {"changed before the deadline passed is no deadline: nothing is locked", S(SWEEP, UNKNOWN, false, false, N, N, 10),
     REASON_CHANGED},
    {"auth alone ends nothing", S(AUTH, PASSWORD, true, true, Y, N, 2000), REASON_NONE},
    {"sweep alone ends nothing", S(SWEEP, UNKNOWN, false, false, Y, Y, 2000), REASON_NONE},
    {"unknown backend: a change seen by PAM is believed", S(PASSWORD, UNKNOWN, false, false, U, U, 2000),
     REASON_CHANGED},
    {"unknown backend: a change after the deadline locks nothing", S(PASSWORD, UNKNOWN, false, false, U, U, 10),
     REASON_CHANGED},
    {"unknown backend: a password login is believed", S(SESSION, PASSWORD, true, false, U, U, 2000), REASON_LOGIN},
    {"unknown backend: sweep keeps until the deadline", S(SWEEP, UNKNOWN, false, false, U, U, 2000), REASON_NONE},
    {"unknown backend: deadline", S(SWEEP, UNKNOWN, false, false, U, U, 10), REASON_DEADLINE},
    {"account gone", {EVENT_SWEEP, METHOD_UNKNOWN, false, false, false, false, N, N, 2000, NOW}, REASON_GONE},
    {"account gone beats the deadline: there is nothing to lock",
     {EVENT_SWEEP, METHOD_UNKNOWN, false, false, false, false, N, N, 10, NOW},
     REASON_GONE},
    {"another uid: not the account that it was",
     {EVENT_SESSION, METHOD_PASSWORD, true, false, true, false, Y, Y, 2000, NOW},
     REASON_UID},
    {"clock set back: kept", {EVENT_SWEEP, METHOD_UNKNOWN, false, false, true, true, Y, Y, 2000, -5}, REASON_NONE},
};

static void the_rule(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reason got = decide(&rows[i].s);

        if (got != rows[i].expected)
            fail_msg("%s: %s instead of %s", rows[i].promise, reason_word(got), reason_word(rows[i].expected));
    }
}

/* Whatever else is so, a password that is gone ends a hand-off, and one that is there and in time is never locked. */
static void in_all_combinations(void **state) {
    (void)state;
    for (unsigned n = 0; n < 4u * 3 * 2 * 2 * 3 * 3 * 2; n++) {
        unsigned k = n;
        situation s = {.exists = true, .same_uid = true, .now = NOW};

        s.event = (event)(k % 4), k /= 4;
        s.method = (method)(k % 3), k /= 3;
        s.login_service = k % 2, k /= 2;
        s.key_counts = k % 2, k /= 2;
        s.in_place = (otsd_tri)((int)(k % 3) - 1), k /= 3;
        s.must_change = (otsd_tri)((int)(k % 3) - 1), k /= 3;
        s.deadline = k % 2 ? NOW - 1 : NOW + 1;
        if (s.in_place == OTSD_NO || (s.in_place == OTSD_UNKNOWN && s.event == EVENT_PASSWORD))
            assert_int_equal(decide(&s), REASON_CHANGED);
        else if (s.deadline < NOW)
            assert_int_equal(decide(&s), REASON_DEADLINE);
        else
            assert_int_not_equal(decide(&s), REASON_DEADLINE);
        if (s.in_place == OTSD_YES && s.must_change == OTSD_YES && s.deadline > NOW)
            assert_int_equal(decide(&s), REASON_NONE);
    }
}

static void methods(void **state) {
    (void)state;
    assert_int_equal(method_of("sshd", "password"), METHOD_PASSWORD);
    assert_int_equal(method_of("sshd", "publickey"), METHOD_KEY);
    assert_int_equal(method_of("sshd", "publickey,password"), METHOD_PASSWORD);
    assert_int_equal(method_of("sshd", "keyboard-interactive/pam"), METHOD_PASSWORD);
    assert_int_equal(method_of("sshd", "gssapi-with-mic"), METHOD_UNKNOWN);
    assert_int_equal(method_of("sshd", "nopassword"), METHOD_UNKNOWN);
    assert_int_equal(method_of("sshd", NULL), METHOD_UNKNOWN);
    assert_int_equal(method_of("login", NULL), METHOD_PASSWORD);
    assert_int_equal(method_of(NULL, ""), METHOD_PASSWORD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each row of the table of endings holds", the_rule, NULL, NULL, NULL},
        {"in all combinations: gone means over, in time means never locked", in_all_combinations, NULL, NULL, NULL},
        {"the method of a login is read off what the PAM module passes", methods, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
