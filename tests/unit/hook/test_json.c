/* SPDX-License-Identifier: MIT
 *
 * JSON is printed whole or not at all, and what a caller forgot to ask is told in the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"

static void assert_json(json_out **j, const char *expected) {
    size_t len = 0;
    const char *text = json_text_of(*j, &len);

    assert_string_equal(text ? text : "(failed)", expected);
    assert_int_equal(text ? len : strlen(expected), strlen(expected));
    json_free(j);
    assert_null(*j);
}

static void build(json_out *j) {
    json_begin_object(j, NULL);
    json_text(j, "user", "alice");
    json_number(j, "uid", INT64_MIN);
    json_bool(j, "dry_run", true);
    json_bool(j, "forced", false);
    json_null(j, "flag");
    json_text(j, "recipient", NULL);
    json_time(j, "deadline", 1);
    json_time(j, "opened_at", 0);
    json_begin_array(j, "names");
    json_text(j, NULL, "a");
    json_begin_object(j, NULL);
    json_end(j);
    json_end(j);
    json_begin_array(j, "none");
    json_end(j);
    json_end(j);
}

static void a_line_has_every_kind_of_member(void **state) {
    json_out *j = json_new(JSON_LINE);

    (void)state;
    build(j);
    assert_json(&j, "{\"user\":\"alice\",\"uid\":-9223372036854775808,\"dry_run\":true,\"forced\":false,\"flag\":null,"
                    "\"recipient\":null,\"deadline\":\"1970-01-01T00:00:01Z\",\"opened_at\":null,\"names\":[\"a\",{}],"
                    "\"none\":[]}");
}

static void pretty_text_is_indented(void **state) {
    json_out *j = json_new(JSON_PRETTY);

    (void)state;
    json_begin_array(j, NULL);
    json_begin_object(j, NULL);
    json_number(j, "n", 1);
    json_text(j, "s", "");
    json_end(j);
    json_end(j);
    assert_json(&j, "[\n  {\n    \"n\":1,\n    \"s\":\"\"\n  }\n]");
}

static void what_would_end_a_string_is_escaped(void **state) {
    // NOLINTNEXTLINE(misc-misleading-bidirectional) that is what is escaped
    static const char odd[] = " \"\\\b\t\n\f\r\x01\x1f\x7f/\0é\xe2\x80\xae\xf0\x9f\x94\x90\xc2\x9b\xff\xe2\x80";
    json_out *j = json_new(JSON_LINE);

    (void)state;
    json_bytes(j, NULL, odd, sizeof odd - 1);
    assert_json(&j, "\" "
                    "\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\\u007f/"
                    "\\u0000\\u00e9\\u202e\\ud83d\\udd10\\u009b\\ufffd\\ufffd\\ufffd\"");
}

static void no_memory_is_told_and_nothing_is_printed(void **state) {
    json_out *j = NULL;
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    problem p;

    (void)state;
    build(j);
    assert_int_equal(json_print(&j, f, &p), EX_OSERR);
    assert_string_equal(p.text, "out of memory for the JSON that was asked for");
    fclose(f);
    assert_int_equal(len, 0);
    free(text);
}

static void print_writes_one_line_and_clears_the_problem(void **state) {
    json_out *j = json_new(JSON_LINE);
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    problem p;

    (void)state;
    problem_set(&p, EX_SOFTWARE, "earlier");
    json_number(j, NULL, 7);
    assert_int_equal(json_print(&j, f, &p), EX_OK);
    assert_null(j);
    assert_int_equal(p.code, EX_OK);
    assert_string_equal(p.text, "");
    fclose(f);
    assert_string_equal(text, "7\n");
    free(text);
}

static void a_full_disk_is_told(void **state) {
    json_out *j = json_new(JSON_LINE);
    FILE *f = fopen("/dev/full", "w");
    problem p;

    (void)state;
    assert_non_null(f);
    setvbuf(f, NULL, _IONBF, 0);
    json_number(j, NULL, 7);
    assert_int_equal(json_print(&j, f, &p), EX_IOERR);
    fclose(f);
}

static void open_too_deep(json_out *j) {
    for (int i = 0; i < 9; i++)
        json_begin_array(j, NULL);
    for (int i = 0; i < 9; i++)
        json_end(j);
}
static void leave_open(json_out *j) {
    json_begin_object(j, NULL);
}
static void end_too_often(json_out *j) {
    json_begin_object(j, NULL);
    json_end(j);
    json_end(j);
}
static void write_two_texts(json_out *j) {
    json_number(j, NULL, 1);
    json_number(j, NULL, 2);
}
static void name_in_an_array(json_out *j) {
    json_begin_array(j, NULL);
    json_number(j, "n", 2);
    json_end(j);
}
static void no_name_in_an_object(json_out *j) {
    json_begin_object(j, NULL);
    json_number(j, NULL, 2);
    json_end(j);
}

static void what_is_no_json_is_never_printed(void **state) {
    static void (*const wrong[])(json_out *) = {open_too_deep,   leave_open,       end_too_often,
                                                write_two_texts, name_in_an_array, no_name_in_an_object};
    size_t len;
    json_out *nothing = json_new(JSON_LINE);

    (void)state;
    assert_null(json_text_of(nothing, &len));
    json_free(&nothing);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_out *j = json_new(JSON_LINE);

        wrong[i](j);
        assert_null(json_text_of(j, &len));
        json_text(j, NULL, "a failure sticks");
        assert_null(json_text_of(j, &len));
        json_free(&j);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_every_kind_of_member),
        cmocka_unit_test(pretty_text_is_indented),
        cmocka_unit_test(what_would_end_a_string_is_escaped),
        cmocka_unit_test(no_memory_is_told_and_nothing_is_printed),
        cmocka_unit_test(print_writes_one_line_and_clears_the_problem),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(what_is_no_json_is_never_printed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
