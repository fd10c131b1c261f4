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

#define Y OTSD_YES
#define N OTSD_NO
#define U OTSD_UNKNOWN

typedef struct row {
    const char *promise;
    situation s;
    reason expected;
} row;

/* event, method, login service, key counts, in place, must change, over: of an account that is there */
#define S(e, m, svc, key, in, must, past)                                                                              \
    {                                                                                                                  \
        .event = EVENT_##e, .method = METHOD_##m, .login_service = (svc), .key_counts = (key), .exists = OTSD_YES,     \
        .same_uid = true, .can_tell = true, .in_place = (in), .must_change = (must), .over = (past)                    \
    }
/* The same of a backend that never knows. */
#define BLIND(e, m, past)                                                                                              \
    {                                                                                                                  \
        .event = EVENT_##e, .method = METHOD_##m, .login_service = true, .exists = OTSD_YES, .same_uid = true,         \
        .in_place = OTSD_UNKNOWN, .must_change = OTSD_UNKNOWN, .over = (past)                                          \
    }
/* … where it was set to be changed; where the configuration locks such a one. */
#define BLIND_TO_CHANGE(e, m, past)                                                                                    \
    {                                                                                                                  \
        .event = EVENT_##e, .method = METHOD_##m, .login_service = true, .key_counts = true, .exists = OTSD_YES,       \
        .same_uid = true, .in_place = OTSD_UNKNOWN, .must_change = OTSD_UNKNOWN, .to_change = true, .over = (past)     \
    }
#define BLIND_LOCK(e, m, past)                                                                                         \
    {                                                                                                                  \
        .event = EVENT_##e, .method = METHOD_##m, .login_service = true, .exists = OTSD_YES, .same_uid = true,         \
        .in_place = OTSD_UNKNOWN, .must_change = OTSD_UNKNOWN, .over = (past), .lock_unseen = true                     \
    }
/* A sweep: reason that was noted, exists, in place, dead, over. */
#define SWEEP(why, there, in, is_dead, past)                                                                           \
    {                                                                                                                  \
        .event = EVENT_SWEEP, .noted = REASON_##why, .exists = (there), .same_uid = true, .can_tell = true,            \
        .in_place = (in), .dead = (is_dead), .must_change = OTSD_YES, .over = (past)                                   \
    }

static const row rows[] = {
    {"ssh password, must change: the session opens first and proves nothing",
     S(SESSION, PASSWORD, true, false, Y, Y, N), REASON_NONE},
    {"ssh key, must change, no tty: nothing is burned", S(SESSION, KEY, true, false, Y, Y, N), REASON_NONE},
    {"ssh key, must change, even where keys count", S(SESSION, KEY, true, true, Y, Y, N), REASON_NONE},
    {"password login, need not change", S(SESSION, PASSWORD, true, false, Y, N, N), REASON_LOGIN},
    {"key login, need not change: the generated password was not used", S(SESSION, KEY, true, false, Y, N, N),
     REASON_NONE},
    {"key login where the configuration lets it count", S(SESSION, KEY, true, true, Y, N, N), REASON_KEY_LOGIN},
    {"unknown method is no password login", S(SESSION, UNKNOWN, true, true, Y, N, N), REASON_NONE},
    {"su, sudo, cron: not the person's login", S(SESSION, PASSWORD, false, true, Y, N, N), REASON_NONE},
    {"password changed by anyone, seen at the change", S(PASSWORD, UNKNOWN, false, false, N, N, N), REASON_CHANGED},
    {"password changed, seen at a session of su", S(SESSION, PASSWORD, false, false, N, N, N), REASON_CHANGED},
    {"password changed by root to one that must be changed", S(SWEEP, UNKNOWN, false, false, N, Y, N), REASON_CHANGED},
    {"a password change that did not change it keeps", S(PASSWORD, UNKNOWN, false, false, Y, Y, N), REASON_NONE},
    {"deadline passed, at auth", S(AUTH, UNKNOWN, true, false, Y, Y, Y), REASON_DEADLINE},
    {"before the deadline", S(AUTH, UNKNOWN, true, false, Y, Y, N), REASON_NONE},
    {"deadline passed, at a sweep", S(SWEEP, UNKNOWN, false, false, Y, N, Y), REASON_DEADLINE},
    {"deadline passed beats a login", S(SESSION, PASSWORD, true, false, Y, N, Y), REASON_DEADLINE},
    {"changed before the deadline passed is no deadline: nothing is locked", S(SWEEP, UNKNOWN, false, false, N, N, Y),
     REASON_CHANGED},
    {"auth alone ends nothing", S(AUTH, PASSWORD, true, true, Y, N, N), REASON_NONE},
    {"sweep alone ends nothing", S(SWEEP, UNKNOWN, false, false, Y, Y, N), REASON_NONE},

    {"a shadow file that cannot be read ends nothing: session", S(SESSION, PASSWORD, true, true, U, U, N), REASON_NONE},
    {"a shadow file that cannot be read ends nothing: password", S(PASSWORD, UNKNOWN, true, true, U, U, N),
     REASON_NONE},
    {"a shadow file that cannot be read ends nothing: sweep", S(SWEEP, UNKNOWN, true, true, U, U, N), REASON_NONE},
    {"a password that is there and a date that is not known: no login", S(SESSION, PASSWORD, true, true, Y, U, N),
     REASON_NONE},
    {"a deadline that has passed needs no look", S(AUTH, UNKNOWN, true, true, U, U, Y), REASON_DEADLINE},
    {"a clock that nobody can trust ends nothing", S(AUTH, UNKNOWN, true, true, Y, Y, U), REASON_NONE},

    {"unknown backend: a change that came by may have failed", BLIND(PASSWORD, UNKNOWN, N), REASON_NONE},
    {"unknown backend: a change that the program reports is believed", BLIND(CHANGED, UNKNOWN, N), REASON_CHANGED},
    {"unknown backend: a change after the deadline locks nothing", BLIND(CHANGED, UNKNOWN, Y), REASON_CHANGED},
    {"a change that the program reports of another password keeps", S(CHANGED, UNKNOWN, false, false, Y, Y, N),
     REASON_NONE},
    {"a change that the program reports, and a shadow file that cannot be read",
     S(CHANGED, UNKNOWN, true, true, U, U, N), REASON_NONE},
    {"unknown backend: a password login is believed", BLIND(SESSION, PASSWORD, N), REASON_LOGIN},
    {"unknown backend: sweep keeps until the deadline", BLIND(SWEEP, UNKNOWN, N), REASON_NONE},
    {"unknown backend: who has changed it elsewhere is not locked out: sweep", BLIND(SWEEP, UNKNOWN, Y), REASON_NONE},
    {"unknown backend: who has changed it elsewhere is not locked out: auth", BLIND(AUTH, PASSWORD, Y), REASON_NONE},
    {"unknown backend: a password login past the deadline is one", BLIND(SESSION, PASSWORD, Y), REASON_LOGIN},
    {"unknown backend, lock_unseen: the deadline locks", BLIND_LOCK(SWEEP, UNKNOWN, Y), REASON_DEADLINE},
    {"unknown backend, lock_unseen: in time nothing is locked", BLIND_LOCK(SWEEP, UNKNOWN, N), REASON_NONE},
    {"unknown backend, lock_unseen: a clock that nobody can trust locks nothing", BLIND_LOCK(SWEEP, UNKNOWN, U),
     REASON_NONE},
    {"unknown backend, lock_unseen: a change after the deadline locks nothing", BLIND_LOCK(CHANGED, UNKNOWN, Y),
     REASON_CHANGED},
    {"must change, as the record says: sshd may refuse this login yet", BLIND_TO_CHANGE(SESSION, PASSWORD, N),
     REASON_NONE},
    {"must change, as the record says: a key, where keys count", BLIND_TO_CHANGE(SESSION, KEY, N), REASON_NONE},
    {"must change, as the record says: past the deadline, too", BLIND_TO_CHANGE(SESSION, PASSWORD, Y), REASON_NONE},
    {"must change, as the record says: the change ends it", BLIND_TO_CHANGE(CHANGED, UNKNOWN, N), REASON_CHANGED},
    {"what can be seen is not what the record says",
     {.event = EVENT_SESSION,
      .method = METHOD_PASSWORD,
      .login_service = true,
      .exists = Y,
      .same_uid = true,
      .can_tell = true,
      .in_place = Y,
      .must_change = N,
      .to_change = true,
      .over = N},
     REASON_LOGIN},

    {"account gone", SWEEP(NONE, N, N, false, N), REASON_GONE},
    {"account gone, and its password stands under another name", SWEEP(NONE, N, Y, false, Y), REASON_GONE},
    {"nobody knows whether the account exists: kept", SWEEP(NONE, U, Y, false, N), REASON_NONE},
    {"nobody knows whether the account exists, and its deadline has passed", SWEEP(NONE, U, Y, false, Y),
     REASON_DEADLINE},
    {"another uid: not the account that it was",
     {.event = EVENT_SESSION,
      .method = METHOD_PASSWORD,
      .login_service = true,
      .exists = Y,
      .can_tell = true,
      .in_place = Y,
      .must_change = Y,
      .over = N},
     REASON_UID},

    {"revoked, and the lock could not be had", SWEEP(REVOKED, Y, Y, false, N), REASON_REVOKED},
    {"revoked, and the file cannot be read", SWEEP(REVOKED, Y, U, false, U), REASON_REVOKED},
    {"revoked and locked", SWEEP(REVOKED, Y, N, true, N), REASON_REVOKED},
    {"a login that was noted is carried out", SWEEP(LOGIN, Y, Y, false, N), REASON_LOGIN},
    {"a change that was noted is carried out", SWEEP(CHANGED, Y, N, false, Y), REASON_CHANGED},
    {"a reissue that was noted is carried out", SWEEP(REISSUED, Y, N, false, N), REASON_REISSUED},
    {"a noted deadline, and the person was faster", SWEEP(DEADLINE, Y, N, false, Y), REASON_CHANGED},
    {"a noted deadline, locked by us", SWEEP(DEADLINE, Y, N, true, Y), REASON_DEADLINE},
    {"a noted deadline, locked by us, and a clock that nobody trusts now", SWEEP(DEADLINE, Y, N, true, U),
     REASON_DEADLINE},
    {"a deadline locked by us that nobody could note", SWEEP(NONE, Y, N, true, Y), REASON_DEADLINE},
    {"locked for good by an administrator, in time", SWEEP(NONE, Y, N, true, N), REASON_CHANGED},
    {"an arrival that was noted is carried out", SWEEP(ARRIVED, Y, U, false, Y), REASON_ARRIVED},
    {"a noted deadline, and the clock was wrong", SWEEP(DEADLINE, Y, Y, false, N), REASON_NONE},
    {"noted as gone, and it is back", SWEEP(GONE, Y, Y, false, N), REASON_NONE},
};

static void the_rule(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reason got = decide(&rows[i].s);

        if (got != rows[i].expected)
            fail_msg("%s: %s instead of %s", rows[i].promise, reason_word(got), reason_word(rows[i].expected));
    }
}

/* Whatever else is so: a password that is gone ends a hand-off, one that is there and in time is never locked, and what
 * is not known ends nothing. */
static void in_all_combinations(void **state) {
    (void)state;
    for (unsigned n = 0; n < 5u * 3 * 2 * 2 * 3 * 3 * 3; n++) {
        unsigned k = n;
        situation s = {.exists = OTSD_YES, .same_uid = true, .can_tell = true};

        s.event = (event)(k % 5), k /= 5;
        s.method = (method)(k % 3), k /= 3;
        s.login_service = k % 2, k /= 2;
        s.key_counts = k % 2, k /= 2;
        s.in_place = (otsd_tri)((int)(k % 3) - 1), k /= 3;
        s.must_change = (otsd_tri)((int)(k % 3) - 1), k /= 3;
        s.over = (otsd_tri)((int)(k % 3) - 1);
        if (s.in_place == OTSD_NO)
            assert_int_equal(decide(&s), REASON_CHANGED);
        else if (s.over == OTSD_YES)
            assert_int_equal(decide(&s), REASON_DEADLINE);
        else if (s.in_place == OTSD_UNKNOWN || s.must_change != OTSD_NO)
            assert_int_equal(decide(&s), REASON_NONE);
        else
            assert_int_not_equal(decide(&s), REASON_DEADLINE);
        s.exists = OTSD_UNKNOWN;
        assert_int_not_equal(decide(&s), REASON_GONE);
    }
}

/* Each input, unknown by itself beside all else that would end the hand-off, and all of them together. */
static void each_unknown_keeps(void **state) {
    static const situation arrived = S(SESSION, PASSWORD, true, true, Y, N, N),
                           overdue = S(SWEEP, UNKNOWN, 0, 0, Y, Y, Y);
    situation s;

    (void)state;
    assert_int_equal(decide(&arrived), REASON_LOGIN);
    s = arrived, s.in_place = U;
    assert_int_equal(decide(&s), REASON_NONE);
    s = arrived, s.must_change = U;
    assert_int_equal(decide(&s), REASON_NONE);
    s = arrived, s.method = METHOD_UNKNOWN;
    assert_int_equal(decide(&s), REASON_NONE);
    s = overdue, s.over = U;
    assert_int_equal(decide(&s), REASON_NONE);
    s = overdue, s.in_place = U, s.can_tell = false;
    assert_int_equal(decide(&s), REASON_NONE);
    s = (situation)SWEEP(NONE, N, Y, false, N), s.exists = U;
    assert_int_equal(decide(&s), REASON_NONE);
    s.missed = true;
    assert_int_equal(decide(&s), REASON_NONE);
    for (event e = EVENT_AUTH; e <= EVENT_SWEEP; e++)
        for (int can_tell = 0; can_tell < 2; can_tell++) {
            s = (situation){.event = e, .exists = U, .in_place = U, .must_change = U, .over = U, .can_tell = can_tell};
            if (e != EVENT_CHANGED || can_tell) /* which is no look, but a word */
                assert_int_equal(decide(&s), REASON_NONE);
        }
}

/* Whatever else is so, where nobody can look: a deadline locks only by configuration, and then only when it has surely
 * passed; a login ends only what need not be changed. */
static void in_all_combinations_of_a_backend_that_cannot_tell(void **state) {
    (void)state;
    for (unsigned n = 0; n < 5u * 3 * 2 * 2 * 2 * 2 * 3; n++) {
        unsigned k = n;
        situation s = {.exists = OTSD_YES, .same_uid = true, .in_place = U, .must_change = U};
        bool locks;

        s.event = (event)(k % 5), k /= 5;
        s.method = (method)(k % 3), k /= 3;
        s.login_service = k % 2, k /= 2;
        s.key_counts = k % 2, k /= 2;
        s.to_change = k % 2, k /= 2;
        s.lock_unseen = k % 2, k /= 2;
        s.over = (otsd_tri)((int)(k % 3) - 1);
        locks = s.lock_unseen && s.over == OTSD_YES;
        if (s.event == EVENT_CHANGED)
            assert_int_equal(decide(&s), REASON_CHANGED);
        else if (locks)
            assert_int_equal(decide(&s), REASON_DEADLINE);
        else if (s.event != EVENT_SESSION || s.to_change || !s.login_service)
            assert_int_equal(decide(&s), REASON_NONE);
        else
            assert_int_not_equal(decide(&s), REASON_DEADLINE);
        assert_int_equal(decide_unseen(&s), s.over == OTSD_YES && decide(&s) == REASON_NONE);
        s.can_tell = true;
        assert_false(decide_unseen(&s));
    }
}

/* A name service that says "there is none" is believed when it has said so often enough, for long enough. */
static void an_outage_is_not_the_end_of_an_account(void **state) {
    (void)state;
    assert_false(decide_gone(1, 0));
    assert_false(decide_gone(1, 7 * 86400));
    assert_false(decide_gone(2, 6 * 3600));
    assert_false(decide_gone(24, 6 * 3600 - 1));
    assert_true(decide_gone(3, 6 * 3600));
}

static void methods(void **state) {
    static const struct {
        const char *auth;
        bool asked;
        method expected;
    } table[] = {
        {"password", true, METHOD_PASSWORD},
        {"keyboard-interactive/pam", true, METHOD_PASSWORD},
        {"publickey,password", true, METHOD_PASSWORD},
        {NULL, true, METHOD_PASSWORD}, /* login, gdm */
        {"", true, METHOD_PASSWORD},
        {NULL, false, METHOD_UNKNOWN}, /* login -f */
        {"password", false, METHOD_UNKNOWN},
        {"keyboard-interactive/pam", false, METHOD_UNKNOWN}, /* a code */
        {"publickey,keyboard-interactive/pam", false, METHOD_KEY},
        {"publickey", false, METHOD_KEY},
        {"publickey", true, METHOD_KEY}, /* a password was tried before, in vain */
        {"gssapi-with-mic", false, METHOD_UNKNOWN},
        {"gssapi-with-mic", true, METHOD_UNKNOWN},
        {"nopassword", true, METHOD_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (method_of(table[i].auth, table[i].asked) != table[i].expected)
            fail_msg("\"%s\", asked %d", table[i].auth ? table[i].auth : "", table[i].asked);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each row of the table of endings holds", the_rule, NULL, NULL, NULL},
        {"in all combinations: gone means over, in time means never locked, unknown ends nothing", in_all_combinations,
         NULL, NULL, NULL},
        {"each input that is unknown keeps, and all of them do", each_unknown_keeps, NULL, NULL, NULL},
        {"where nobody can look: no deadline locks in silence, no login ends what must be changed",
         in_all_combinations_of_a_backend_that_cannot_tell, NULL, NULL, NULL},
        {"an outage of the name service is not the end of an account", an_outage_is_not_the_end_of_an_account, NULL,
         NULL, NULL},
        {"a login is one by password where a password was asked for and sshd says nothing else", methods, NULL, NULL,
         NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
