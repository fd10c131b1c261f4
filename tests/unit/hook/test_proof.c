/* SPDX-License-Identifier: MIT
 *
 * What an answer of the server proves: every error at every reach, every state of a receipt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "handoff/proof.h"

/* Where the request was answered, or may have been. */
static const struct {
    otsd_err code;
    bool nothing_made;
    remote_trouble trouble;
} errors[] = {
    {OTSD_ERR_ARGUMENT, true, REMOTE_REFUSED},     {OTSD_ERR_CONFIG, false, REMOTE_HOPELESS},
    {OTSD_ERR_MEMORY, false, REMOTE_HOPELESS},     {OTSD_ERR_CREDENTIALS, true, REMOTE_HOPELESS},
    {OTSD_ERR_GONE, true, REMOTE_REFUSED},         {OTSD_ERR_REFUSED, true, REMOTE_REFUSED},
    {OTSD_ERR_RATE_LIMITED, true, REMOTE_LIMITED}, {OTSD_ERR_SERVER, false, REMOTE_AWAY},
    {OTSD_ERR_NOT_V1, true, REMOTE_AWAY},          {OTSD_ERR_TIMEOUT, false, REMOTE_LATE},
    {OTSD_ERR_TLS, false, REMOTE_HOPELESS},        {OTSD_ERR_CONNECTION, false, REMOTE_AWAY},
    {OTSD_ERR_ANSWER, false, REMOTE_AWAY},
};

static void only_a_refusal_proves_that_nothing_was_made(void **state) {
    static const otsd_reach reaches[] = {OTSD_REACH_NO, OTSD_REACH_MAYBE, OTSD_REACH_ANSWERED};

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        for (size_t k = 0; k < 3; k++) {
            otsd_error e = {.code = errors[i].code, .reach = reaches[k]};
            bool expected = reaches[k] == OTSD_REACH_NO || errors[i].nothing_made;

            if (proof_nothing_made(&e) != expected)
                fail_msg("%s, reach %d", otsd_strerror(e.code), (int)e.reach);
        }
}

static void every_error_is_one_kind_of_trouble(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        otsd_error e = {.code = errors[i].code, .reach = OTSD_REACH_ANSWERED};

        if (proof_trouble(&e) != errors[i].trouble)
            fail_msg("%s", otsd_strerror(e.code));
    }
}

/* The server goes on with what nobody waits for any more. */
static void too_late_is_what_may_have_reached_it(void **state) {
    otsd_error e = {.code = OTSD_ERR_TIMEOUT, .reach = OTSD_REACH_MAYBE};

    (void)state;
    assert_int_equal(proof_trouble(&e), REMOTE_LATE);
    e.reach = OTSD_REACH_NO;
    assert_int_equal(proof_trouble(&e), REMOTE_AWAY);
    e = (otsd_error){.code = OTSD_ERR_SERVER, .reach = OTSD_REACH_ANSWERED, .http_status = 504};
    assert_int_equal(proof_trouble(&e), REMOTE_LATE);
    e.http_status = 502;
    assert_int_equal(proof_trouble(&e), REMOTE_AWAY);
}

/* A receipt with a secret key and seconds left, and without the one or the other. */
static const struct {
    otsd_state state;
    outcome alive, gone;
} receipts[] = {
    {OTSD_STATE_NEW, OUTCOME_NONE, OUTCOME_UNKNOWN},
    {OTSD_STATE_VIEWED, OUTCOME_NONE, OUTCOME_UNKNOWN},  /* 0.18: expired, or lost */
    {OTSD_STATE_UNKNOWN, OUTCOME_NONE, OUTCOME_UNKNOWN}, /* a word of a server to come */
    {OTSD_STATE_RECEIVED, OUTCOME_OPENED, OUTCOME_OPENED},
    {OTSD_STATE_BURNED, OUTCOME_BURNED, OUTCOME_BURNED},
    {OTSD_STATE_EXPIRED, OUTCOME_EXPIRED, OUTCOME_EXPIRED},
    {OTSD_STATE_ORPHANED, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN},
};

static void assert_outcome(otsd_state s, const char *key, int64_t ttl, outcome expected) {
    char secret_key[8];
    otsd_receipt t = {.state = s, .secret_key = secret_key, .secret_ttl = ttl};
    outcome got;

    snprintf(secret_key, sizeof secret_key, "%s", key);
    got = proof_outcome(&t);
    if (got != expected)
        fail_msg("%s, key \"%s\", ttl %d: \"%s\" instead of \"%s\"", otsd_state_name(s), key, (int)ttl,
                 outcome_word(got), outcome_word(expected));
}

static void every_receipt_has_its_outcome(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof receipts / sizeof receipts[0]; i++) {
        otsd_state s = receipts[i].state;

        assert_outcome(s, "key", 1, receipts[i].alive);
        assert_outcome(s, "", 1, receipts[i].gone);
        assert_outcome(s, "key", 0, receipts[i].gone);
        assert_outcome(s, "key", -1, receipts[i].gone);
    }
}

static void only_received_proves_an_opening(void **state) {
    static const otsd_state others[] = {OTSD_STATE_UNKNOWN, OTSD_STATE_NEW,     OTSD_STATE_VIEWED,
                                        OTSD_STATE_BURNED,  OTSD_STATE_EXPIRED, OTSD_STATE_ORPHANED};
    otsd_receipt t = {.state = OTSD_STATE_RECEIVED, .received = 77, .updated = 88};

    (void)state;
    assert_int_equal(proof_opened_at(&t), 77);
    t.received = 1;
    assert_int_equal(proof_opened_at(&t), 1);
    t.received = 0;
    assert_int_equal(proof_opened_at(&t), 88);
    t.received = 77;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        t.state = others[i];
        assert_int_equal(proof_opened_at(&t), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"only a refusal in the API's words proves that nothing was made", only_a_refusal_proves_that_nothing_was_made,
         NULL, NULL, NULL},
        {"every error is one kind of trouble", every_error_is_one_kind_of_trouble, NULL, NULL, NULL},
        {"a time-out that may have reached it, its or that of a proxy in front, is too late",
         too_late_is_what_may_have_reached_it, NULL, NULL, NULL},
        {"every receipt has its outcome, and what may live has none", every_receipt_has_its_outcome, NULL, NULL, NULL},
        {"only \"received\" proves an opening", only_received_proves_an_opening, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
