/* SPDX-License-Identifier: MIT
 *
 * What is believed of the child: an answer goes through as it was sent, and each member that cannot be makes it a lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "net/wire.h"
#include "server/generation.h"

#define KEY "abc123"

static const wire_asked generate = {.call = WIRE_GENERATE}, fetch = {WIRE_FETCH, KEY}, burn = {WIRE_BURN, KEY},
                        recent = {.call = WIRE_RECENT}, authcheck = {.call = WIRE_AUTHCHECK},
                        takes = {.call = WIRE_TAKES};

static char *recipients[] = {"al***@e***.com", "bo***@e***.com"};

/* As the library would say it of a generate. */
static otsd_receipt receipt(otsd_secret *value) {
    return (otsd_receipt){.metadata_key = KEY,
                          .secret_key = "def456",
                          .custid = "",
                          .share_domain = "links.example.com",
                          .state = OTSD_STATE_NEW,
                          .ttl = 3600,
                          .metadata_ttl = 7200,
                          .secret_ttl = 3599,
                          .created = 1000,
                          .updated = 1001,
                          .received = 1002,
                          .burned = 1003,
                          .passphrase_required = OTSD_YES,
                          .recipients_len = 1,
                          .recipients = recipients,
                          .value = value};
}

static otsd_secret *secret(const char *text, size_t len) {
    otsd_secret *s = NULL;

    assert_int_equal(otsd_secret_new(&s, text, len, NULL), OTSD_OK);
    return s;
}

/* An answer to a generate, as good as any. */
static void put_good(wire_answer *a) {
    otsd_secret *value = secret("Generated-1", 11);
    otsd_receipt t = receipt(value);

    wire_put(a, 7, WIRE_END, &t, NULL);
    a->generation = GENERATION_26;
    otsd_secret_free(&value);
}

static void a_receipt_goes_through(void **state) {
    otsd_receipt *t = NULL;
    wire_answer a;

    (void)state;
    put_good(&a);
    assert_int_equal(a.seq, 7);
    assert_int_equal(wire_take(&a, &generate, &t, NULL), WIRE_ANSWERED);
    assert_string_equal(t->metadata_key, KEY);
    assert_string_equal(t->secret_key, "def456");
    assert_string_equal(t->share_domain, "links.example.com");
    assert_string_equal(t->custid, "");
    assert_int_equal(t->state, OTSD_STATE_NEW);
    assert_int_equal(t->ttl, 3600);
    assert_int_equal(t->metadata_ttl, 7200);
    assert_int_equal(t->secret_ttl, 3599);
    assert_int_equal(t->created, 1000);
    assert_int_equal(t->updated, 1001);
    assert_int_equal(t->received, 1002);
    assert_int_equal(t->burned, 1003);
    assert_int_equal(t->passphrase_required, OTSD_YES);
    assert_int_equal(t->recipients_len, 1);
    assert_string_equal(t->recipients[0], "al***@e***.com");
    assert_int_equal(otsd_secret_len(t->value), 11);
    assert_string_equal(otsd_secret_data(t->value), "Generated-1");
    otsd_receipt_free(&t);
}

static void several_recipients_stay_several(void **state) {
    otsd_secret *value = secret("v", 1);
    otsd_receipt *t = NULL, said = receipt(value);
    wire_answer a;

    (void)state;
    said.recipients_len = 2;
    wire_put(&a, 1, WIRE_END, &said, NULL);
    assert_int_equal(wire_take(&a, &generate, &t, NULL), WIRE_ANSWERED);
    assert_int_equal(t->recipients_len, 2);
    otsd_receipt_free(&t);
    otsd_secret_free(&value);
}

/* A hand-off refuses more than 512 characters: so much of a longer one is enough, and its length is told. */
static void of_a_value_too_long_so_much_comes_that_it_is_refused(void **state) {
    char text[5000];
    otsd_secret *value;
    otsd_receipt *t = NULL, said;
    wire_answer a;

    (void)state;
    memset(text, 'v', sizeof text);
    value = secret(text, sizeof text);
    said = receipt(value);
    wire_put(&a, 1, WIRE_END, &said, NULL);
    assert_int_equal(a.receipt.value_len, sizeof text);
    assert_int_equal(wire_take(&a, &generate, &t, NULL), WIRE_ANSWERED);
    assert_int_equal(otsd_secret_len(t->value), WIRE_VALUE);
    otsd_receipt_free(&t);
    otsd_secret_free(&value);
}

static void a_failure_goes_through_and_is_fit_to_be_shown(void **state) {
    const otsd_error said = {.size = sizeof said,
                             .code = OTSD_ERR_RATE_LIMITED,
                             .reach = OTSD_REACH_ANSWERED,
                             .http_status = 429,
                             .retry_after = 60,
                             .message = "too\033[2J many"};
    otsd_error e = OTSD_ERROR_INIT;
    otsd_receipt *t = NULL;
    wire_answer a;

    (void)state;
    wire_put(&a, 1, WIRE_END, NULL, &said);
    assert_int_equal(wire_take(&a, &generate, &t, &e), WIRE_FAILED);
    assert_null(t);
    assert_int_equal(e.code, OTSD_ERR_RATE_LIMITED);
    assert_int_equal(e.reach, OTSD_REACH_ANSWERED);
    assert_int_equal(e.http_status, 429);
    assert_int_equal(e.retry_after, 60);
    assert_string_equal(e.message, "too?[2J many");
}

static void what_has_no_receipt_is_answered_without(void **state) {
    otsd_receipt *t = NULL;
    wire_answer a;

    (void)state;
    wire_put(&a, 1, WIRE_END, NULL, NULL);
    assert_int_equal(wire_take(&a, &authcheck, &t, NULL), WIRE_ANSWERED);
    assert_int_equal(wire_take(&a, &takes, &t, NULL), WIRE_ANSWERED);
    assert_int_equal(wire_take(&a, &recent, &t, NULL), WIRE_ANSWERED);
    assert_null(t);
    assert_int_equal(wire_take(&a, &generate, &t, NULL), WIRE_LIE);
    assert_int_equal(wire_take(&a, &fetch, &t, NULL), WIRE_LIE);
    assert_int_equal(wire_take(&a, &burn, &t, NULL), WIRE_LIE);
}

static void is_lie(const wire_answer *a, const wire_asked *asked, const char *what) {
    otsd_receipt *t = NULL;
    wire_verdict v = wire_take(a, asked, &t, NULL);

    if (v != WIRE_LIE)
        fail_msg("%s: %d", what, (int)v);
    assert_null(t);
}

#define LIE(member, value)                                                                                             \
    do {                                                                                                               \
        put_good(&a);                                                                                                  \
        a.member = (value);                                                                                            \
        is_lie(&a, &generate, #member " " #value);                                                                     \
    } while (0)

static void each_number_that_cannot_be_is_a_lie(void **state) {
    wire_answer a;

    (void)state;
    LIE(kind, 0);
    LIE(kind, WIRE_LISTED); /* of a list alone */
    LIE(kind, 3);
    LIE(has_receipt, 0);
    LIE(has_receipt, 2);
    LIE(generation, GENERATION_ALL + 1);
    LIE(receipt.ttl, -2);
    LIE(receipt.ttl, INT64_MAX);
    LIE(receipt.metadata_ttl, -2);
    LIE(receipt.secret_ttl, -2);
    LIE(receipt.secret_ttl, ((int64_t)1 << 50) + 1);
    LIE(receipt.created, -1);
    LIE(receipt.updated, -1);
    LIE(receipt.received, -1);
    LIE(receipt.burned, INT64_MIN);
    LIE(receipt.state, -1);
    LIE(receipt.state, OTSD_STATE_ORPHANED + 1);
    LIE(receipt.passphrase_required, -2);
    LIE(receipt.passphrase_required, 2);
    LIE(receipt.recipients, 0); /* and yet there is one */
    LIE(receipt.recipients, 65);
    LIE(receipt.has_value, 0);
    LIE(receipt.has_value, 2);
    LIE(receipt.value_len, OTSD_SECRET_MAX + 1);
    LIE(code, OTSD_ERR_ANSWER + 1);
    LIE(code, OTSD_ERR_GONE); /* and yet there is a receipt */
}

#define FULL(member)                                                                                                   \
    do {                                                                                                               \
        put_good(&a);                                                                                                  \
        memset(a.member, 'x', sizeof a.member);                                                                        \
        is_lie(&a, &generate, #member);                                                                                \
    } while (0)

static void each_text_ends_and_each_key_is_one(void **state) {
    wire_answer a;

    (void)state;
    FULL(receipt.metadata_key);
    FULL(receipt.secret_key);
    FULL(receipt.share_domain);
    FULL(receipt.recipient);
    put_good(&a);
    a.receipt.metadata_key[0] = '/';
    is_lie(&a, &generate, "a path");
    put_good(&a);
    a.receipt.metadata_key[0] = '\0';
    is_lie(&a, &generate, "no key");
    put_good(&a);
    a.receipt.secret_key[0] = '\0';
    is_lie(&a, &generate, "no link");
}

static void a_failure_that_cannot_be_is_a_lie(void **state) {
    const otsd_error said = {.size = sizeof said, .code = OTSD_ERR_GONE, .reach = OTSD_REACH_ANSWERED, .message = "x"};
    wire_answer a;

    (void)state;
    wire_put(&a, 1, WIRE_END, NULL, &said);
    a.reach = OTSD_REACH_ANSWERED + 1;
    is_lie(&a, &fetch, "reach");
    wire_put(&a, 1, WIRE_END, NULL, &said);
    a.http_status = 1000;
    is_lie(&a, &fetch, "status");
    wire_put(&a, 1, WIRE_END, NULL, &said);
    a.retry_after = 86401;
    is_lie(&a, &fetch, "retry");
    wire_put(&a, 1, WIRE_END, NULL, &said);
    memset(a.message, 'x', sizeof a.message);
    is_lie(&a, &fetch, "message");
    wire_put(&a, 1, WIRE_LISTED, NULL, &said);
    is_lie(&a, &recent, "a failure in the list");
}

static void an_answer_about_another_secret_is_a_lie(void **state) {
    otsd_receipt *t = NULL;
    wire_answer a;

    (void)state;
    put_good(&a);
    assert_int_equal(wire_take(&a, &fetch, &t, NULL), WIRE_ANSWERED);
    otsd_receipt_free(&t);
    a.receipt.metadata_key[0] = 'z';
    is_lie(&a, &fetch, "another key");
    is_lie(&a, &burn, "another key");
}

static void a_list_has_neither_values_nor_links(void **state) {
    otsd_receipt *t = NULL;
    wire_answer a;

    (void)state;
    put_good(&a);
    a.kind = WIRE_LISTED;
    is_lie(&a, &recent, "a value");
    a.receipt.has_value = 0;
    a.receipt.value_len = 0;
    is_lie(&a, &recent, "a link");
    a.receipt.secret_key[0] = '\0';
    assert_int_equal(wire_take(&a, &recent, &t, NULL), WIRE_ANSWERED);
    assert_string_equal(t->secret_key, "");
    assert_null(t->value);
    otsd_receipt_free(&t);
}

static void the_first_word_is_looked_at_too(void **state) {
    wire_ready r = {.version = WIRE_VERSION, .landlock = 7};
    otsd_error e = OTSD_ERROR_INIT;

    (void)state;
    assert_int_equal(wire_take_ready(&r, &e), WIRE_ANSWERED);
    r.code = OTSD_ERR_CONFIG;
    (void)wire_text(r.message, sizeof r.message, "no walls\n");
    assert_int_equal(wire_take_ready(&r, &e), WIRE_FAILED);
    assert_int_equal(e.code, OTSD_ERR_CONFIG);
    assert_null(strchr(e.message, '\n'));
    r.code = OTSD_ERR_ANSWER + 1;
    assert_int_equal(wire_take_ready(&r, &e), WIRE_LIE);
    r.code = OTSD_OK;
    r.version++;
    assert_int_equal(wire_take_ready(&r, &e), WIRE_LIE);
    r.version--;
    memset(r.message, 'x', sizeof r.message);
    assert_int_equal(wire_take_ready(&r, &e), WIRE_LIE);
}

static wire_hello hello(void) {
    wire_hello h = {.version = WIRE_VERSION, .connect_timeout_ms = 5000, .has_token = 1};

    (void)wire_text(h.url, sizeof h.url, "https://example.com");
    (void)wire_text(h.username, sizeof h.username, "ops@example.com");
    (void)wire_text(h.token, sizeof h.token, "token");
    return h;
}

#define BAD_HELLO(change)                                                                                              \
    do {                                                                                                               \
        wire_hello h = hello();                                                                                        \
        change;                                                                                                        \
        assert_false(wire_hello_is_good(&h));                                                                          \
    } while (0)

static void the_child_looks_at_its_hello(void **state) {
    wire_hello good = hello();

    (void)state;
    assert_true(wire_hello_is_good(&good));
    BAD_HELLO(h.version++);
    BAD_HELLO(h.jobs = WIRE_AT_ONCE + 1);
    BAD_HELLO(h.connect_timeout_ms = 0);
    BAD_HELLO(h.connect_timeout_ms = 600001);
    BAD_HELLO(h.timeout_ms = -1);
    BAD_HELLO(h.allow_http = 2);
    BAD_HELLO(h.lock_optional = 2);
    BAD_HELLO(h.has_ca = 2);
    BAD_HELLO(h.has_token = 0);
    BAD_HELLO(h.url[0] = '\0');
    BAD_HELLO(h.url[1] = '\n');
    BAD_HELLO(h.username[0] = '\0');
    BAD_HELLO(h.token[0] = '\0');
    BAD_HELLO(memset(h.proxy, 'x', sizeof h.proxy));
    BAD_HELLO(memset(h.pinned_key, 'x', sizeof h.pinned_key));
}

static wire_request request(wire_call call) {
    wire_request r = {.seq = 1, .call = (uint32_t)call, .ttl = 3600};

    if (call == WIRE_FETCH || call == WIRE_BURN)
        (void)wire_text(r.metadata_key, sizeof r.metadata_key, KEY);
    return r;
}

#define BAD_REQUEST(kind, change)                                                                                      \
    do {                                                                                                               \
        wire_request r = request(kind);                                                                                \
        assert_true(wire_request_is_good(&r));                                                                         \
        change;                                                                                                        \
        assert_false(wire_request_is_good(&r));                                                                        \
    } while (0)

static void the_child_looks_at_each_request(void **state) {
    (void)state;
    BAD_REQUEST(WIRE_GENERATE, r.seq = 0);
    BAD_REQUEST(WIRE_GENERATE, r.call = 0);
    BAD_REQUEST(WIRE_GENERATE, r.call = WIRE_CALLS);
    BAD_REQUEST(WIRE_GENERATE, r.call = WIRE_TAKES); /* without a passphrase */
    BAD_REQUEST(WIRE_GENERATE, r.timeout_ms = 600001);
    BAD_REQUEST(WIRE_GENERATE, r.ttl = -1);
    BAD_REQUEST(WIRE_GENERATE, r.has_passphrase = 2);
    BAD_REQUEST(WIRE_GENERATE, memset(r.passphrase, 'x', sizeof r.passphrase));
    BAD_REQUEST(WIRE_GENERATE, r.recipient[0] = '\n');
    BAD_REQUEST(WIRE_GENERATE, memset(r.share_domain, 'x', sizeof r.share_domain));
    BAD_REQUEST(WIRE_GENERATE, memset(r.locale, 'x', sizeof r.locale));
    BAD_REQUEST(WIRE_GENERATE, r.metadata_key[0] = 'a');
    BAD_REQUEST(WIRE_FETCH, r.metadata_key[0] = '\0');
    BAD_REQUEST(WIRE_BURN, r.metadata_key[0] = '/');
}

static void a_text_that_does_not_fit_is_not_cut(void **state) {
    char field[4];

    (void)state;
    assert_true(wire_text(field, sizeof field, "abc"));
    assert_string_equal(field, "abc");
    assert_false(wire_text(field, sizeof field, "abcd"));
    assert_string_equal(field, "");
    assert_true(wire_text(field, sizeof field, NULL));
    assert_string_equal(field, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a receipt goes through", a_receipt_goes_through, NULL, NULL, NULL},
        {"several recipients stay several", several_recipients_stay_several, NULL, NULL, NULL},
        {"of a value that is too long so much comes that it is refused",
         of_a_value_too_long_so_much_comes_that_it_is_refused, NULL, NULL, NULL},
        {"a failure goes through, fit to be shown", a_failure_goes_through_and_is_fit_to_be_shown, NULL, NULL, NULL},
        {"what has no receipt is answered without one", what_has_no_receipt_is_answered_without, NULL, NULL, NULL},
        {"each number that cannot be is a lie", each_number_that_cannot_be_is_a_lie, NULL, NULL, NULL},
        {"each text ends, and each key is one", each_text_ends_and_each_key_is_one, NULL, NULL, NULL},
        {"a failure that cannot be is a lie", a_failure_that_cannot_be_is_a_lie, NULL, NULL, NULL},
        {"an answer about another secret is a lie", an_answer_about_another_secret_is_a_lie, NULL, NULL, NULL},
        {"a list has neither values nor links", a_list_has_neither_values_nor_links, NULL, NULL, NULL},
        {"the child's first word is looked at, too", the_first_word_is_looked_at_too, NULL, NULL, NULL},
        {"the child looks at its hello", the_child_looks_at_its_hello, NULL, NULL, NULL},
        {"the child looks at each request", the_child_looks_at_each_request, NULL, NULL, NULL},
        {"a text that does not fit is not cut", a_text_that_does_not_fit_is_not_cut, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
