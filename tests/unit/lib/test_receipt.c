/* SPDX-License-Identifier: MIT
 *
 * From JSON to receipts: documented and real shapes, and what makes no sense; masked recipients.
 */
#include "answer/answer.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static otsd_err parse(const char *text, enum receipt_kind kind, otsd_receipt **r, otsd_error *e) {
    bool no_memory;
    struct json_object *json = json_read(text, strlen(text), &no_memory);
    otsd_err rc;

    if (!json)
        fail_msg("no JSON: %s", text);
    rc = receipt_from_json(json, kind, r, e);
    json_wipe(json);
    return rc;
}

static otsd_receipt *good(const char *text, enum receipt_kind kind) {
    otsd_receipt *r = NULL;
    otsd_error e = {0};

    if (parse(text, kind, &r, &e) != OTSD_OK)
        fail_msg("%s: %s", text, e.message);
    return r;
}

static void the_documented_shape_is_taken(void **state) {
    otsd_receipt *r =
        good("{\"custid\":\"USERNAME\",\"metadata_key\":\"abc\",\"secret_key\":\"def\",\"ttl\":\"3600\","
             "\"metadata_ttl\":\"3601\",\"secret_ttl\":\"3602\",\"state\":\"new\",\"updated\":\"1324174006\","
             "\"created\":\"1324174005\",\"recipient\":\"al***@e***.com\",\"passphrase_required\":\"true\","
             "\"value\":\"3Rg8R2sfD3?a\"}",
             RECEIPT_GENERATE);

    (void)state;
    assert_string_equal(r->metadata_key, "abc");
    assert_string_equal(r->secret_key, "def");
    assert_string_equal(r->custid, "USERNAME");
    assert_string_equal(r->share_domain, "");
    assert_int_equal(r->state, OTSD_STATE_NEW);
    assert_int_equal(r->ttl, 3600);
    assert_int_equal(r->metadata_ttl, 3601);
    assert_int_equal(r->secret_ttl, 3602);
    assert_int_equal(r->created, 1324174005);
    assert_int_equal(r->updated, 1324174006);
    assert_int_equal(r->received, 0);
    assert_int_equal(r->passphrase_required, OTSD_YES);
    assert_int_equal(r->recipients_len, 1);
    assert_string_equal(r->recipients[0], "al***@e***.com");
    assert_string_equal(otsd_secret_data(r->value), "3Rg8R2sfD3?a");
    otsd_receipt_free(&r);
    assert_null(r);
}

static void new_names_stand_in_for_old_ones(void **state) {
    otsd_receipt *r =
        good("{\"identifier\":\"abc\",\"secret_identifier\":\"def\",\"receipt_ttl\":7,\"has_passphrase\":true,"
             "\"recipients\":[\"a***@b***.c\",\"\"],\"secret_value\":\"v\\u0000w\",\"state\":\"new\"}",
             RECEIPT_GENERATE);

    (void)state;
    assert_string_equal(r->metadata_key, "abc");
    assert_string_equal(r->secret_key, "def");
    assert_int_equal(r->metadata_ttl, 7);
    assert_int_equal(r->ttl, -1);
    assert_int_equal(r->secret_ttl, -1);
    assert_int_equal(r->passphrase_required, OTSD_YES);
    assert_int_equal(r->recipients_len, 1);
    assert_int_equal(otsd_secret_len(r->value), 3);
    assert_memory_equal(otsd_secret_data(r->value), "v\0w", 4);
    otsd_receipt_free(&r);
}

static void a_burn_is_told_nested_or_flat(void **state) {
    otsd_receipt *r =
        good("{\"state\":{\"metadata_key\":\"abc\",\"secret_key\":\"\",\"secret_ttl\":null,\"state\":\"viewed\"},"
             "\"secret_shortkey\":\"x\"}",
             RECEIPT_BURN);

    (void)state;
    assert_int_equal(r->state, OTSD_STATE_VIEWED);
    assert_string_equal(r->secret_key, "");
    assert_int_equal(r->secret_ttl, -1);
    otsd_receipt_free(&r);
    r = good("{\"metadata_key\":\"abc\",\"state\":\"burned\",\"burned\":12}", RECEIPT_BURN);
    assert_int_equal(r->state, OTSD_STATE_BURNED);
    assert_int_equal(r->burned, 12);
    assert_int_equal(r->passphrase_required, OTSD_UNKNOWN);
    otsd_receipt_free(&r);
}

static void a_state_of_tomorrow_is_unknown_and_no_error(void **state) {
    otsd_receipt *r = good("{\"metadata_key\":\"abc\",\"state\":\"shredded\"}", RECEIPT_FETCH);

    (void)state;
    assert_int_equal(r->state, OTSD_STATE_UNKNOWN);
    assert_string_equal(otsd_state_name(r->state), "unknown");
    assert_string_equal(otsd_state_name((otsd_state)77), "unknown");
    otsd_receipt_free(&r);
}

static void what_makes_no_sense_is_a_malformed_answer(void **state) {
    static const struct {
        enum receipt_kind kind;
        const char *text, *name;
    } rows[] = {
        {RECEIPT_FETCH, "{\"state\":\"new\"}", "metadata_key"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\"}", "state"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":null}", "state"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":{}}", "state"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"\",\"state\":\"new\"}", "metadata_key"},
        {RECEIPT_FETCH, "{\"metadata_key\":5,\"state\":\"new\"}", "metadata_key"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"../x\",\"state\":\"new\"}", "metadata_key"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\\u0000d\",\"state\":\"new\"}", "metadata_key"},
        {RECEIPT_SHARE, "{\"metadata_key\":\"abc\",\"state\":\"new\"}", "secret_key"},
        {RECEIPT_SHARE, "{\"metadata_key\":\"abc\",\"secret_key\":\"a?b\",\"state\":\"new\"}", "secret_key"},
        {RECEIPT_GENERATE, "{\"metadata_key\":\"abc\",\"secret_key\":\"def\",\"state\":\"new\"}", "value"},
        {RECEIPT_GENERATE, "{\"metadata_key\":\"abc\",\"secret_key\":\"def\",\"state\":\"new\",\"value\":7}", "value"},
        {RECEIPT_GENERATE, "{\"metadata_key\":\"abc\",\"secret_key\":\"def\",\"state\":\"new\",\"value\":[\"x\"]}",
         "value"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"ttl\":true}", "ttl"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"ttl\":\"3600s\"}", "ttl"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"ttl\":\" 3600\"}", "ttl"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"ttl\":[3600]}", "ttl"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"secret_ttl\":1e300}", "secret_ttl"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"created\":9223372036854775807}", "created"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"recipient\":3}", "recipient"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"recipient\":[null]}", "recipient"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"passphrase_required\":1}",
         "passphrase_required"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"passphrase_required\":\"\"}",
         "passphrase_required"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"passphrase_required\":\"yes\"}",
         "passphrase_required"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"passphrase_required\":\"truer\"}",
         "passphrase_required"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"passphrase_required\":\"false\\u0000\"}",
         "passphrase_required"},
        {RECEIPT_FETCH, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"has_passphrase\":\"0\"}", "passphrase_required"},
        {RECEIPT_FETCH, "[]", "no receipt"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_receipt *r = NULL;
        otsd_error e = {0};

        if (parse(rows[i].text, rows[i].kind, &r, &e) != OTSD_ERR_ANSWER)
            fail_msg("taken: %s", rows[i].text);
        assert_null(r);
        assert_int_equal(e.reach, OTSD_REACH_ANSWERED);
        if (!strstr(e.message, rows[i].name))
            fail_msg("%s: %s", rows[i].text, e.message);
    }
}

static void sizes_are_bounded(void **state) {
    char *text = malloc(3000), *p;
    otsd_receipt *r = NULL;
    otsd_error e = {0};

    (void)state;
    assert_non_null(text);
    p = text + sprintf(text, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"custid\":\"");
    memset(p, 'x', 1025);
    memcpy(p + 1025, "\"}", 3);
    assert_int_equal(parse(text, RECEIPT_FETCH, &r, &e), OTSD_ERR_ANSWER);
    p = text + sprintf(text, "{\"metadata_key\":\"abc\",\"state\":\"new\",\"recipient\":[\"\"");
    for (int i = 0; i < 64; i++)
        p += sprintf(p, ",\"\"");
    memcpy(p, "]}", 3);
    assert_int_equal(parse(text, RECEIPT_FETCH, &r, &e), OTSD_ERR_ANSWER);
    p = text + sprintf(text, "{\"state\":\"new\",\"metadata_key\":\"");
    memset(p, 'x', 257);
    memcpy(p + 257, "\"}", 3);
    assert_int_equal(parse(text, RECEIPT_FETCH, &r, &e), OTSD_ERR_ANSWER);
    free(text);
}

static void json_is_read_strictly(void **state) {
    static const char *const bad[] = {
        "",           "3",          "\"x\"",      "null", "{",         "{}x", "{} {}",
        "{\"a\":1,}", "{\"a\":01}", "[\"\xff\"]", "[1,2", "{\"a\" 1}", "nul", "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]"};
    struct json_object *o;
    bool no_memory;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        o = json_read(bad[i], strlen(bad[i]), &no_memory);
        if (o)
            fail_msg("taken: %s", bad[i]);
        assert_false(no_memory);
    }
    o = json_read(" {\"a\":[1]} \n", 12, &no_memory);
    assert_non_null(o);
    json_wipe(o);
    json_wipe(NULL);
}

static void a_listed_receipt_has_no_keys_that_open_anything(void **state) {
    static const char *const texts[] = {
        "{\"metadata_key\":\"abc\",\"secret_key\":\"s1\",\"state\":\"new\",\"value\":\"v\",\"ttl\":61}",
        "{\"metadata_key\":\"def\",\"secret_identifier\":\"s2\",\"state\":\"new\",\"secret_value\":\"v\",\"ttl\":61}"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        otsd_receipt *r = NULL;
        otsd_error e = {0};
        bool no_memory;
        struct json_object *json = json_read(texts[i], strlen(texts[i]), &no_memory);

        assert_int_equal(receipt_from_json(json, RECEIPT_LISTED, &r, &e), OTSD_OK);
        json_wipe(json);
        assert_string_equal(r->secret_key, "");
        assert_null(r->value);
        assert_int_equal(r->ttl, 61);
        otsd_receipt_free(&r);
    }
}

static void a_status_other_than_nominal_is_server_trouble(void **state) {
    static const struct {
        const char *text;
        otsd_err meaning;
    } rows[] = {{"{\"status\":\"nominal\",\"locale\":\"en\"}", OTSD_OK},
                {"{\"status\":\"maintenance\"}", OTSD_ERR_SERVER},
                {"{\"status\":true}", OTSD_ERR_NOT_V1},
                {"{}", OTSD_ERR_NOT_V1},
                {"[]", OTSD_ERR_NOT_V1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool no_memory;
        struct json_object *json = json_read(rows[i].text, strlen(rows[i].text), &no_memory);
        otsd_error e = {0};

        assert_int_equal(status_from_json(json, &e), rows[i].meaning);
        json_wipe(json);
    }
}

static void a_mask_fits_its_address_and_no_other(void **state) {
    static const struct {
        const char *masked, *address;
        bool fits;
    } rows[] = {{"al*****@e*****.com", "alice@example.com", true},
                {"al***@e***.com", "alice@example.com", true},
                {"al***@e***.com", "ALICE@Example.Com", true},
                {"al***@e***.com", "Alice.B+tag@Example.COM", true},
                {"Alice.B+ta*****@E*****.COM", "alice.b+tag@example.com", true},
                {"al***@e***.museum", "alice@example.museum", true},
                {"bo*****@e*****.com", "bob@example.com", true},
                {"al***@e***.com", "al@e.com", true},
                {"a*****@e*****.com", "a@e.com", true},
                {"*****@e*****.uk", "x@example.co.uk", true},
                {"alice@example.com", "alice@example.com", true},
                {"al***@e***.com", "bob@example.com", false},
                {"al***@e***.com", "alice@example.org", false},
                {"al***@e***.com", "alice@sample.com", false},
                {"al***@e***.com", "alice@evil.com@example.com", true}, /* such an address is refused before */
                {"al***@e***.com", "xal@example.com", false},
                {"al***", "alice@example.com", false},
                {"al***@e***.com", "alice", false},
                {"al***@e***.com", "alice@", false},
                {"al***@e***.com", "@example.com", false},
                {"***@***.***", "alice@example.com", false},
                {"*@*", "alice@example.com", false},
                {"j\u00fcrgen@b\u00fccher.example", "j\u00fcrgen@b\u00fccher.example", true},
                {"j\u00fcrgen@b\u00fccher.example", "J\u00dcRGEN@B\u00dcCHER.example", true},
                {"j\u00fc***@b***.example", "J\u00dcrgen@b\u00fccher.example", true},
                {"\u0438\u0432***@\u043f***.\u0440\u0444",
                 "\u0418\u0412\u0410\u041d@\u041f\u041e\u0427\u0422\u0410.\u0440\u0444", true},
                {"\u03bb\u03ac***@e***.gr", "\u039b\u0386\u03bc\u03b4\u03b1@example.gr", true},
                {"***\u00fc@e***.com", "x\u00fcy\u00fc@example.com", true},
                {"\u0142\u017c***@e***.pl", "\u0141\u017b\u00f3@example.pl", true},
                {"\u0178@e***.fr", "\u00ff@example.fr", true},
                {"j\u00fcrgen@b\u00fccher.example", "jurgen@bucher.example", false},
                {"j\u00fcrgen@b\u00fccher.example", "j\u00fcrgen@b\u00f6cher.example", false},
                {"j\xc3***@e***.com", "j\u00fcrgen@example.com", false}, /* half a character is none */
                {"\u00f7***@e***.com", "\u00d7y@example.com", false},
                {"", "alice@example.com", false},
                {"al***@e***.com", "", false},
                {"a*b*c@e***.com", "aXXbXXbYYc@example.com", true},
                {"a*b*c@e***.com", "aXXcXXb@example.com", false},
                {NULL, "alice@example.com", false},
                {"al***@e***.com", NULL, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (otsd_recipient_matches(rows[i].masked, rows[i].address) != rows[i].fits)
            fail_msg("%s %s", rows[i].masked, rows[i].address);
}

static void base64_is_that_of_the_rfc(void **state) {
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"},
                                          {"\xfb\xff", "+/8="}};
    char out[16];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        base64_write(out, rows[i][0], strlen(rows[i][0]));
        assert_string_equal(out, rows[i][1]);
        assert_int_equal(base64_size(strlen(rows[i][0])), strlen(out) + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_shape_is_taken),
        cmocka_unit_test(new_names_stand_in_for_old_ones),
        cmocka_unit_test(a_burn_is_told_nested_or_flat),
        cmocka_unit_test(a_state_of_tomorrow_is_unknown_and_no_error),
        cmocka_unit_test(what_makes_no_sense_is_a_malformed_answer),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(a_listed_receipt_has_no_keys_that_open_anything),
        cmocka_unit_test(a_status_other_than_nominal_is_server_trouble),
        cmocka_unit_test(a_mask_fits_its_address_and_no_other),
        cmocka_unit_test(base64_is_that_of_the_rfc),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
