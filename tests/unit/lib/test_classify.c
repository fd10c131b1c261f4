/* SPDX-License-Identifier: MIT
 *
 * What an answer means, as a table; above all what must never be taken for "gone".
 */
#include "answer/answer.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JSON "application/json; charset=utf-8"

static otsd_err classify(long status, long intended, const char *type, const char *body, bool about_key,
                         otsd_error *e) {
    struct reply a = {.status = status,
                      .intended = intended,
                      .content_type = type,
                      .location = "",
                      .body = body,
                      .len = strlen(body),
                      .about_key = about_key};
    bool no_memory;
    otsd_err rc;

    a.json = json_read(a.body, a.len, &no_memory);
    assert_false(no_memory);
    rc = classify_answer(&a, "https://x.example", e);
    json_wipe(a.json);
    return rc;
}

static void each_answer_has_its_meaning(void **state) {
    static const struct {
        long status, intended;
        const char *type, *body;
        otsd_err meaning;
    } rows[] = {
        {200, 0, JSON, "{}", OTSD_OK},
        {200, 0, "", "[]", OTSD_OK},
        {200, 0, JSON, "{\"a\":", OTSD_ERR_ANSWER},
        {200, 0, JSON, "", OTSD_ERR_ANSWER},
        {200, 0, JSON, "3", OTSD_ERR_ANSWER},
        {200, 0, JSON, "{} x", OTSD_ERR_ANSWER},
        {200, 0, "text/html", "<html>Sign in</html>", OTSD_ERR_NOT_V1},
        {200, 0, "text/plain", "hello", OTSD_ERR_NOT_V1},
        {200, 0, "", "", OTSD_ERR_NOT_V1},
        {204, 0, "", "", OTSD_ERR_NOT_V1},
        {301, 0, "text/html", "<a>", OTSD_ERR_NOT_V1},
        {302, 0, JSON, "{\"message\":\"Unknown secret\"}", OTSD_ERR_NOT_V1},
        {400, 0, "text/plain", "Bad Request", OTSD_ERR_REFUSED},
        {400, 0, "", "", OTSD_ERR_REFUSED},
        {400, 0, "text/html", "<h1>400</h1>", OTSD_ERR_SERVER},
        {401, 0, "text/html", "<h1>401</h1>", OTSD_ERR_CREDENTIALS},
        {401, 0, JSON, "{\"message\":\"Unknown secret\"}", OTSD_ERR_CREDENTIALS},
        {403, 0, "", "", OTSD_ERR_CREDENTIALS},
        {405, 0, "", "", OTSD_ERR_NOT_V1},
        {408, 0, "", "", OTSD_ERR_SERVER},
        {413, 0, "", "", OTSD_ERR_REFUSED},
        {429, 0, "text/html", "<h1>slow down</h1>", OTSD_ERR_RATE_LIMITED},
        {429, 0, JSON, "{\"message\":\"Unknown secret\"}", OTSD_ERR_RATE_LIMITED},
        {500, 0, "", "", OTSD_ERR_SERVER},
        {502, 0, "text/html", "<html>Bad gateway</html>", OTSD_ERR_SERVER},
        {503, 0, JSON, "{\"message\":\"Unknown secret\"}", OTSD_ERR_SERVER},
        {503, 0, JSON, "{\"message\":\"Rate limit exceeded.\"}", OTSD_ERR_RATE_LIMITED},
        {504, 0, "", "", OTSD_ERR_SERVER},
        {404, 0, JSON, "{\"secret_key\":\"abc\",\"message\":\"Unknown secret\"}", OTSD_ERR_GONE},
        {404, 0, JSON, "{\"message\":\"Not Found\"}", OTSD_ERR_GONE},
        {404, 0, JSON, "{\"error\":\"Not Found\"}", OTSD_ERR_NOT_V1},
        {404, 0, JSON, "{\"error\":\"Unknown secret\"}", OTSD_ERR_NOT_V1},
        {404, 0, JSON, "{\"message\":{\"a\":\"Unknown secret\"}}", OTSD_ERR_NOT_V1},
        {404, 0, JSON, "[\"Unknown secret\"]", OTSD_ERR_NOT_V1},
        {404, 0, JSON, "{\"message\":\"Unknown secret", OTSD_ERR_ANSWER},
        {404, 0, JSON, "{\"message\":\"unknown secret\"}", OTSD_ERR_REFUSED},
        {404, 0, JSON, "{\"message\":\"Unknown secret or so\"}", OTSD_ERR_REFUSED},
        {404, 0, JSON, "{\"message\":\"API v1 is not available\"}", OTSD_ERR_NOT_V1},
        {404, 0, JSON, "{\"message\":\"Undeliverable email address: Rate limit exceeded\"}", OTSD_ERR_REFUSED},
        {404, 0, JSON, "{\"message\":\"\"}", OTSD_ERR_REFUSED},
        {404, 0, JSON, "{\"message\":\"Unknown secret\\u0000\"}", OTSD_ERR_NOT_V1},
        {410, 0, "", "", OTSD_ERR_NOT_V1},
        {404, 0, JSON, "{}", OTSD_ERR_NOT_V1},
        {404, 0, JSON, "", OTSD_ERR_ANSWER},
        {404, 0, "text/html; charset=utf-8", "<html>Unknown secret</html>", OTSD_ERR_NOT_V1},
        {404, 0, "", "\n  <!doctype html>", OTSD_ERR_NOT_V1},
        {404, 0, "text/plain", "Unknown secret", OTSD_ERR_NOT_V1},
        {404, 401, JSON, "{\"message\":\"Not authorized\"}", OTSD_ERR_CREDENTIALS},
        {404, 0, JSON, "{\"message\":\"Not authorized\"}", OTSD_ERR_CREDENTIALS},
        {404, 401, JSON, "{\"message\":\"Unknown secret\"}", OTSD_ERR_CREDENTIALS},
        {404, 403, JSON, "{\"message\":\"Something new\"}", OTSD_ERR_CREDENTIALS},
        {404, 429, JSON, "{\"message\":\"Something new\"}", OTSD_ERR_RATE_LIMITED},
        {404, 500, JSON, "{\"message\":\"Something new\"}", OTSD_ERR_SERVER},
        {404, 400, JSON, "{\"message\":\"Something new\"}", OTSD_ERR_REFUSED},
        {404, 404, JSON, "{\"message\":\"Unknown secret\"}", OTSD_ERR_GONE},
        {404, 400, JSON, "{\"message\":\"Rate limit exceeded. Please try again later.\"}", OTSD_ERR_RATE_LIMITED},
        {404, 0, JSON, "{\"message\":\"Cripes! You have been rate limited.\"}", OTSD_ERR_RATE_LIMITED},
        {404, 400, JSON, "{\"message\":\"An unexpected error occurred :[\"}", OTSD_ERR_SERVER},
        {404, 400, JSON, "{\"message\":\"Double check that passphrase\"}", OTSD_ERR_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_error e = {0};
        otsd_err rc = classify(rows[i].status, rows[i].intended, rows[i].type, rows[i].body, true, &e);

        if (rc != rows[i].meaning)
            fail_msg("%ld %s: %s, not %s", rows[i].status, rows[i].body, otsd_strerror(rc),
                     otsd_strerror(rows[i].meaning));
        if (rc == OTSD_OK)
            continue;
        assert_int_equal(e.code, rc);
        assert_int_equal(e.http_status, rows[i].status);
        assert_int_equal(e.reach, OTSD_REACH_ANSWERED);
        assert_int_equal(strncmp(e.message, "https://x.example: ", 19), 0);
        /* What names no secret cannot be gone. */
        rc = classify(rows[i].status, rows[i].intended, rows[i].type, rows[i].body, false, &e);
        assert_int_equal(rc, rows[i].meaning == OTSD_ERR_GONE ? OTSD_ERR_NOT_V1 : rows[i].meaning);
    }
}

static void no_status_but_404_410_and_400_is_ever_gone(void **state) {
    long status;

    (void)state;
    for (status = 100; status < 600; status++)
        if (classify(status, 0, JSON, "{\"secret_key\":\"a\",\"message\":\"Unknown secret\"}", true, NULL) ==
                OTSD_ERR_GONE &&
            (status != 400 && status != 404 && status != 410))
            fail_msg("%ld", status);
}

static void the_words_of_the_server_are_cleaned_and_bounded(void **state) {
    char body[2000], *p;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(
        classify(404, 0, JSON,
                 "{\"message\":\"a\\u001b[31mb\\nc \\u202ee \\u00fc \\u20ac \\ud83d\\udd10 \\u0085 \\u2028\"}", true,
                 &e),
        OTSD_ERR_REFUSED);
    assert_string_equal(
        e.message,
        "https://x.example: refused by the server (a?[31mb?c ?e \xc3\xbc \xe2\x82\xac \xf0\x9f\x94\x90 ? ?)");
    snprintf(body, sizeof body, "%s", "{\"message\":\"");
    for (p = body + strlen(body); p < body + 1500; p += 2)
        memcpy(p, "\xc3\xbc", 2);
    memcpy(p, "\"}", 3);
    assert_int_equal(classify(404, 0, JSON, body, true, &e), OTSD_ERR_REFUSED);
    assert_true(utf8_valid(e.message, strlen(e.message)));
    assert_true(strlen(e.message) <= 200 + strlen("https://x.example: refused by the server ()"));
}

static void text_that_could_move_the_cursor_is_replaced(void **state) {
    static const struct {
        const char *in, *out;
    } rows[] = {{"plain", "plain"},
                {"\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\x90", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\x90"},
                {"\x1b[0m\r\n\t\x7f", "?[0m????"},
                {"\xc2\x85\xc2\x9b", "??"},
                // NOLINTNEXTLINE(misc-misleading-bidirectional) that is what is replaced
                {"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xef\xbb\xbf\xd8\x9c", "?????"},
                {"\xff\xfe", "??"},
                {"\xc0\xaf", "??"},
                {"\xed\xa0\x80", "???"},
                {"\xf4\x90\x80\x80", "????"},
                {"a\xe2\x82", "a??"}};
    char out[64], small[4];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        text_printable(out, sizeof out, rows[i].in, strlen(rows[i].in));
        assert_string_equal(out, rows[i].out);
    }
    text_printable(small, sizeof small, "ab\xc3\xbc", 4); /* no half of a character */
    assert_string_equal(small, "ab");
    text_printable(small, sizeof small, "\xe2\x82\xac", 3);
    assert_string_equal(small, "\xe2\x82\xac");
}

static void every_code_has_a_text(void **state) {
    (void)state;
    for (int i = OTSD_OK; i <= OTSD_ERR_ANSWER; i++)
        for (int k = OTSD_OK; k < i; k++)
            assert_string_not_equal(otsd_strerror((otsd_err)i), otsd_strerror((otsd_err)k));
    assert_string_equal(otsd_strerror((otsd_err)99), "unknown error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_has_its_meaning),
        cmocka_unit_test(no_status_but_404_410_and_400_is_ever_gone),
        cmocka_unit_test(the_words_of_the_server_are_cleaned_and_bounded),
        cmocka_unit_test(text_that_could_move_the_cursor_is_replaced),
        cmocka_unit_test(every_code_has_a_text),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
