/* SPDX-License-Identifier: MIT
 *
 * What is taken as JSON, whatever the release of json-c: all that a server may say, all of it, and nothing beside it.
 */
#include "answer/answer.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct row {
    const char *text;
    size_t len; /* 0: strlen */
} row;

#define WHOLE(text)                                                                                                    \
    { text, sizeof(text) - 1 }

static size_t len_of(const row *r) {
    return r->len > 0 ? r->len : strlen(r->text);
}

/* In memory that ends where the text does: what reads on is seen by the sanitizers and by valgrind. */
static struct json_object *parse(const char *text, size_t len, bool *no_memory) {
    char *copy = malloc(len > 0 ? len : 1);
    struct json_object *o;

    assert_non_null(copy);
    memcpy(copy, text, len);
    o = json_read(copy, len, no_memory);
    free(copy);
    return o;
}

static void what_is_beyond_ascii_arrives_byte_for_byte(void **state) {
    static const char *const values[] = {"M\xc3\xbcller", "\xe2\x82\xac 5", "\xf0\x9f\x94\x91", "\x7f", "a\tb\nc\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[64];
        struct json_object *o, *v = NULL;
        bool no_memory;

        snprintf(text, sizeof text, "{\"value\":\"%s\",\"n\xc3\xa4me\":1}", values[i]);
        o = parse(text, strlen(text), &no_memory);
        if (!o || !json_object_object_get_ex(o, "value", &v))
            fail_msg("refused: %s", text);
        assert_string_equal(json_object_get_string(v), values[i]);
        assert_true(json_object_object_get_ex(o, "n\xc3\xa4me", NULL));
        json_wipe(o);
    }
}

static void escapes_mean_what_they_say(void **state) {
    static const char text[] = "{\"value\":\"\\u00fc\\ud83d\\udd11\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000x\"}";
    static const char value[] = "\xc3\xbc\xf0\x9f\x94\x91\"\\/\b\f\n\r\t\0x";
    struct json_object *o, *v = NULL;
    bool no_memory;

    (void)state;
    o = parse(text, sizeof text - 1, &no_memory);
    assert_non_null(o);
    assert_true(json_object_object_get_ex(o, "value", &v));
    assert_int_equal(json_object_get_string_len(v), sizeof value - 1);
    assert_memory_equal(json_object_get_string(v), value, sizeof value);
    json_wipe(o);
}

static void what_is_json_is_taken(void **state) {
    static const row good[] = {
        WHOLE("{}"),
        WHOLE("[]"),
        WHOLE(" \t\r\n{ } \t\r\n"),
        WHOLE("[ ]"),
        WHOLE("[1 , 2]"),
        WHOLE("{ \"a\" : [ true , false , null ] , \"b\" : { } }"),
        WHOLE("[0,-0,10,-1,1.5,0.0,1e5,1E+5,1e-05,-1.5E0]"),
        WHOLE("[123456789012345678901234567890]"),
        WHOLE("[\"\\ud800\"]"),
        WHOLE("{\"a\":1,\"b\":{\"a\":1}}"),
        WHOLE("{\"\":1}"),
        WHOLE("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        bool no_memory = true;
        struct json_object *o = parse(good[i].text, len_of(&good[i]), &no_memory);

        if (!o || no_memory)
            fail_msg("refused: %s", good[i].text);
        json_wipe(o);
    }
}

static void what_is_no_json_is_refused(void **state) {
    static const row bad[] = {
        /* more than one document */
        WHOLE("{}\0"), WHOLE("{}\0{}"), WHOLE("{\"a\":1}\0garbage"), WHOLE("[1]\0"), WHOLE("\0{}"), WHOLE("{}x"),
        WHOLE("{} {}"), WHOLE("[][]"), WHOLE("{},"), WHOLE("{}]"),
        /* a zero byte elsewhere */
        WHOLE("{\0}"), WHOLE("{\"a\":\"\0\"}"), WHOLE("{\"a\0\":1}"), WHOLE("[1\0]"), WHOLE("[\"\\\0\"]"),
        /* no object, no array, or not all of it */
        WHOLE(" "), WHOLE("3"), WHOLE("\"x\""), WHOLE("null"), WHOLE("true"), WHOLE("{"), WHOLE("["), WHOLE("[1,2"),
        WHOLE("{\"a"), WHOLE("{\"a\""), WHOLE("{\"a\":"), WHOLE("{\"a\":1"), WHOLE("{\"a\":1,"), WHOLE("[\""),
        WHOLE("[\"\\"), WHOLE("[\"\\u00"), WHOLE("[tru"), WHOLE("}"), WHOLE("]"), WHOLE("[}"), WHOLE("{]"),
        /* names */
        WHOLE("{a:1}"), WHOLE("{'a':1}"), WHOLE("{1:1}"), WHOLE("{\"a\" 1}"), WHOLE("{\"a\"}"), WHOLE("{\"a\":}"),
        WHOLE("{\"a\":1,\"a\":1}"), WHOLE("{\"value\":\"x\",\"b\":2,\"value\":\"y\"}"), WHOLE("{\"valu\\u0065\":1}"),
        WHOLE("{\"value\\u0000x\":1}"), WHOLE("{,}"), WHOLE("{\"a\":1,}"), WHOLE("{\"a\":1 \"b\":2}"),
        /* values */
        WHOLE("[1,]"), WHOLE("[,1]"), WHOLE("[1 2]"), WHOLE("['a']"), WHOLE("[True]"), WHOLE("[NULL]"), WHOLE("[nul]"),
        WHOLE("[NaN]"), WHOLE("[nan]"), WHOLE("[Infinity]"), WHOLE("[-Infinity]"), WHOLE("[inf]"), WHOLE("[01]"),
        WHOLE("[-]"), WHOLE("[+1]"), WHOLE("[.5]"), WHOLE("[1.]"), WHOLE("[1e]"), WHOLE("[1e+]"), WHOLE("[0x1]"),
        WHOLE("[1.e5]"), WHOLE("[-01]"), WHOLE("[--1]"), WHOLE("[\"\\x\"]"), WHOLE("[\"\\u12g4\"]"), WHOLE("[\"\\'\"]"),
        /* comments, and blanks that are none */
        WHOLE("/**/{}"), WHOLE("{}//x"), WHOLE("{/**/}"), WHOLE("{}\f"), WHOLE("{}\v"), WHOLE("\xef\xbb\xbf{}"),
        WHOLE("{}\xc2\xa0"),
        /* no UTF-8 */
        WHOLE("[\"\xff\"]"), WHOLE("[\"\xc3\"]"), WHOLE("[\"\xc0\x80\"]"), WHOLE("[\"\xed\xa0\x80\"]"),
        WHOLE("[\"\xf5\x80\x80\x80\"]"), WHOLE("{\"\xff\":1}"),
        /* too deep */
        WHOLE("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"), WHOLE("{\"a\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}")};
    bool no_memory = false;

    (void)state;
    assert_null(parse("", 0, &no_memory));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json_object *o = parse(bad[i].text, len_of(&bad[i]), &no_memory);

        if (o || no_memory)
            fail_msg("taken, or no memory: row %zu, %s", i, bad[i].text);
    }
}

/* So that a lookup among them cannot be made long. */
static void an_object_has_at_most_256_names(void **state) {
    char text[4096];

    (void)state;
    for (int n = 256; n <= 257; n++) {
        char *p = text + sprintf(text, "{\"n\":0");
        bool no_memory;
        struct json_object *o;

        for (int i = 1; i < n; i++)
            p += sprintf(p, ",\"n%d\":0", i);
        p += sprintf(p, "}");
        o = parse(text, (size_t)(p - text), &no_memory);
        assert_int_equal(!!o, n == 256);
        json_wipe(o);
    }
}

/* Whatever is cut off, added or exchanged: what is taken is what json-c reads to its end. */
static void no_damaged_answer_is_taken_for_a_whole_one(void **state) {
    static const char text[] = " {\"value\":\"M\xc3\xbc\\\"l\\u006cer\",\"n\":-1.5e3,\"r\":[\"a\",null,{}]} \n";
    const size_t len = sizeof text - 1;
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < len; i++) {
        bool no_memory;

        struct json_object *o = parse(text, i, &no_memory); /* cut off */

        if (!!o != (i > len - 3)) /* the last two are blanks */
            fail_msg("cut at %zu", i);
        json_wipe(o);
        for (unsigned c = 0; c < 256; c++) {
            struct json_tokener *tok = json_tokener_new();
            char damaged[sizeof text];
            bool end;

            memcpy(damaged, text, sizeof text);
            damaged[i] = (char)c;
            o = parse(damaged, len, &no_memory);
            assert_non_null(tok);
            json_object_put(json_tokener_parse_ex(tok, damaged, (int)len));
            end = json_tokener_get_error(tok) == json_tokener_success;
            if (o && !end)
                fail_msg("byte %zu is %u: taken, and json-c knows better", i, c);
            taken += !!o;
            json_wipe(o);
            json_tokener_free(tok);
        }
    }
    assert_true(taken > len && taken < 256 * len);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_beyond_ascii_arrives_byte_for_byte),
        cmocka_unit_test(escapes_mean_what_they_say),
        cmocka_unit_test(what_is_json_is_taken),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(an_object_has_at_most_256_names),
        cmocka_unit_test(no_damaged_answer_is_taken_for_a_whole_one),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("syntax", tests, NULL, NULL);
}
