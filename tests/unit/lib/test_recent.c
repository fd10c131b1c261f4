/* SPDX-License-Identifier: MIT
 *
 * The list of recent receipts: cut into its entries as it arrives, whatever its length, and delivered from good answers
 * only.
 */
#include "client.h"
#include "answer/answer.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JSON_TYPE "Content-Type: application/json\r\n"

/* Feeds text in two pieces; returns the last verdict, and the elements with a "|" behind each. */
static enum array_verdict cut_of(const char *member, const char *text, size_t split, bool *complete, char *out,
                                 size_t size) {
    const char *pieces[] = {text, text + split};
    size_t lens[] = {split, strlen(text) - split}, n = 0, i;
    enum array_verdict v = ARRAY_MORE;
    struct array a = {.member = member};

    for (i = 0; i < 2 && v == ARRAY_MORE; i++)
        while ((v = array_feed(&a, &pieces[i], &lens[i])) == ARRAY_ELEMENT) {
            assert_true(n + a.element.len + 1 < size);
            memcpy(out + n, a.element.data, a.element.len);
            n += a.element.len;
            out[n++] = '|';
        }
    out[n] = '\0';
    *complete = array_complete(&a);
    array_free(&a);
    return v;
}

static enum array_verdict cut(const char *text, size_t split, bool *complete, char *out, size_t size) {
    return cut_of(NULL, text, split, complete, out, size);
}

static void an_array_is_cut_the_same_wherever_a_piece_ends(void **state) {
    static const char text[] = " [ {\"a\":\"}]\\\"{\\\\\"} ,{\"b\":[{},[1]],\"c\":{\"d\":\"\\u005d\"}}\r\n\t,{}] \n";
    char out[256];
    bool complete;

    (void)state;
    for (size_t i = 0; i <= strlen(text); i++) {
        assert_int_equal(cut(text, i, &complete, out, sizeof out), ARRAY_MORE);
        assert_string_equal(out, "{\"a\":\"}]\\\"{\\\\\"}|{\"b\":[{},[1]],\"c\":{\"d\":\"\\u005d\"}}|{}|");
        assert_true(complete);
    }
}

static void what_is_no_array_of_objects_is_malformed(void **state) {
    static const struct {
        const char *text;
        enum array_verdict verdict;
        bool complete;
        const char *out;
    } rows[] = {{"", ARRAY_MORE, false, ""},
                {" ", ARRAY_MORE, false, ""},
                {"[]", ARRAY_MORE, true, ""},
                {" [ ] ", ARRAY_MORE, true, ""},
                {"[", ARRAY_MORE, false, ""},
                {"[{}", ARRAY_MORE, false, "{}|"},
                {"[{},", ARRAY_MORE, false, "{}|"},
                {"[{\"a\":\"}]", ARRAY_MORE, false, ""},
                {"{}", ARRAY_MALFORMED, false, ""},
                {"x[]", ARRAY_MALFORMED, false, ""},
                {"[,]", ARRAY_MALFORMED, false, ""},
                {"[1]", ARRAY_MALFORMED, false, ""},
                {"[\"a\"]", ARRAY_MALFORMED, false, ""},
                {"[[]]", ARRAY_MALFORMED, false, ""},
                {"[{},]", ARRAY_MALFORMED, false, "{}|"},
                {"[{}{}]", ARRAY_MALFORMED, false, "{}|"},
                {"[{},,{}]", ARRAY_MALFORMED, false, "{}|"},
                {"[{}}", ARRAY_MALFORMED, false, "{}|"},
                {"[{}]]", ARRAY_MALFORMED, false, "{}|"},
                {"[]{}", ARRAY_MALFORMED, false, ""},
                {"[]x", ARRAY_MALFORMED, false, ""}};
    char out[64];
    bool complete;
    size_t split;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (split = 0; split <= strlen(rows[i].text); split++) {
            enum array_verdict v = cut(rows[i].text, split, &complete, out, sizeof out);

            if (v != rows[i].verdict || strcmp(out, rows[i].out) != 0 ||
                (v == ARRAY_MORE && complete != rows[i].complete))
                fail_msg("%s cut at %zu", rows[i].text, split);
        }
}

/* Of an object with one member of that name, whatever else is in it. */
static void a_list_in_an_object_is_cut_the_same(void **state) {
    static const struct {
        const char *text;
        enum array_verdict verdict;
        bool complete;
        const char *out;
    } rows[] = {
        {"{\"records\":[]}", ARRAY_MORE, true, ""},
        {" { \"records\" : [ {\"a\":\"}]\"} , {} ] } \n", ARRAY_MORE, true, "{\"a\":\"}]\"}|{}|"},
        {"{\"a\":1,\"b\":\"x,}\\\"\",\"c\":null,\"records\":[{}],\"d\":{\"records\":[{\"e\":[]}]},\"f\":[[1],{}]}",
         ARRAY_MORE, true, "{}|"},
        {"{\"record\":[{}],\"recordss\":[{}],\"Records\":[{}],\"records\":[]}", ARRAY_MORE, true, ""},
        {"{\"\\u0072ecords\":[{}],\"rec\\\"ords\":[{}],\"records\":[]}", ARRAY_MORE, true, ""},
        {"{\"a\":\"\\\\\",\"records\":[{}]}", ARRAY_MORE, true, "{}|"},
        {"{}", ARRAY_MORE, false, ""},
        {"{\"a\":[{}]}", ARRAY_MORE, false, ""},
        {"{\"records\":[{}]", ARRAY_MORE, false, "{}|"},
        {"{\"records\":[{}],", ARRAY_MORE, false, "{}|"},
        {"{\"records\":[{}],\"a\":{\"b\":1}", ARRAY_MORE, false, "{}|"},
        {"{\"records\":[{}", ARRAY_MORE, false, "{}|"},
        {"", ARRAY_MORE, false, ""},
        {"{\"records\":[{}],}", ARRAY_MALFORMED, false, "{}|"},
        {"{\"records\":[{}]]", ARRAY_MALFORMED, false, "{}|"},
        {"{\"records\":[{}]}}", ARRAY_MALFORMED, false, "{}|"},
        {"{\"records\":[{}]}[]", ARRAY_MALFORMED, false, "{}|"},
        {"{\"records\":[{}],\"records\":[{}]}", ARRAY_MALFORMED, false, "{}|"},
        {"{\"records\":{}}", ARRAY_MALFORMED, false, ""},
        {"{\"records\":null}", ARRAY_MALFORMED, false, ""},
        {"{\"records\" [{}]}", ARRAY_MALFORMED, false, ""},
        {"{records:[{}]}", ARRAY_MALFORMED, false, ""},
        {"{\"a\":,\"records\":[{}]}", ARRAY_MALFORMED, false, ""},
        {"{\"a\":1]", ARRAY_MALFORMED, false, ""},
        {"{\"a\"}", ARRAY_MALFORMED, false, ""},
        {"[]", ARRAY_MALFORMED, false, ""},
        {"{\"records\":[1]}", ARRAY_MALFORMED, false, ""},
    };
    char out[64];
    bool complete;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t split = 0; split <= strlen(rows[i].text); split++) {
            enum array_verdict v = cut_of("records", rows[i].text, split, &complete, out, sizeof out);

            if (v != rows[i].verdict || strcmp(out, rows[i].out) != 0 ||
                (v == ARRAY_MORE && complete != rows[i].complete))
                fail_msg("%s cut at %zu: %d, %d, %s", rows[i].text, split, (int)v, complete, out);
        }
}

static void an_element_has_a_size_limit(void **state) {
    static const struct {
        size_t filling;
        enum array_verdict verdict;
    } rows[] = {{65536 - 2, ARRAY_ELEMENT}, {65536 - 1, ARRAY_TOO_LARGE}};
    size_t piece, left, len;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (piece = 1; piece < 100000; piece *= 7) {
            size_t whole = 1 + 1 + rows[i].filling + 1;
            char *text = malloc(whole);
            const char *p = text;
            struct array a = {0};
            enum array_verdict v = ARRAY_MORE;

            assert_non_null(text);
            memset(text, ' ', whole);
            text[0] = '[';
            text[1] = '{';
            text[whole - 1] = '}';
            for (left = whole; left > 0 && v == ARRAY_MORE; left -= piece < left ? piece : left) {
                len = piece < left ? piece : left;
                v = array_feed(&a, &p, &len);
            }
            assert_int_equal(v, rows[i].verdict);
            array_free(&a);
            free(text);
        }
}

/* An answer with n receipts, numbered by their created; end follows the last one. */
static char *list_of(size_t n, const char *end) {
    size_t size = n * 800 + 512, len = 0;
    char *body = malloc(size), *answer = NULL;

    assert_non_null(body);
    body[len++] = '[';
    for (size_t i = 0; i < n; i++)
        len +=
            (size_t)snprintf(body + len, size - len,
                             "%s{\"metadata_key\":\"" KEY "\",\"secret_key\":\"x\",\"state\":\"new\",\"created\":%zu,"
                             "\"custid\":\"%0500d\"}",
                             i > 0 ? "," : "", i + 1, 7);
    len += (size_t)snprintf(body + len, size - len, "%s", end);
    assert_true(asprintf(&answer, "HTTP/1.1 200 OK\r\n" JSON_TYPE "Content-Length: %zu\r\n\r\n%s", len, body) > 0);
    free(body);
    return answer;
}

struct seen {
    size_t n, stop_after, heap;
    bool in_order;
};

static int see(const otsd_receipt *r, void *arg) {
    struct seen *s = arg;

    s->n++;
    if (r->created != (int64_t)s->n || strcmp(r->metadata_key, KEY) != 0 || r->secret_key[0] != '\0')
        s->in_order = false;
    return s->n == s->stop_after;
}

static otsd_err each_by(enum step_action how, const char *answer, size_t stop_after, struct seen *seen, otsd_error *e) {
    const struct step steps[] = {{how, answer}};
    struct server s = server_start(steps, 1);
    otsd_client *c = client_to(&s);
    otsd_err rc;

    *seen = (struct seen){.stop_after = stop_after, .in_order = true};
    rc = otsd_recent_each(c, see, seen, e);
    assert_true(seen->in_order);
    otsd_client_free(&c);
    server_stop(&s);
    return rc;
}

static otsd_err each(const char *answer, size_t stop_after, struct seen *seen, otsd_error *e) {
    return each_by(STEP_ANSWER_CLOSE, answer, stop_after, seen, e);
}

/* In use now. Sanitizers and valgrind have an allocator of their own, of which this says nothing. */
static size_t heap(void) {
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static int see_in_little_memory(const otsd_receipt *r, void *arg) {
    struct seen *s = arg;
    size_t now = heap();

    if (now > s->heap)
        s->heap = now;
    return see(r, arg);
}

static void a_long_list_is_read_in_little_memory(void **state) {
    const size_t n = 20000;
    char *answer = list_of(n, "]"), text[128];
    const struct step steps[] = {{STEP_ANSWER, answer}};
    struct server s = server_start(steps, 1);
    struct seen seen = {.in_order = true};
    size_t before;
    otsd_client *c;
    otsd_error e = {0};

    (void)state;
    assert_true(strlen(answer) > (size_t)10 << 20);
    snprintf(text, sizeof text, "url = \"http://127.0.0.1:%d\"; timeout = 60.0;", s.port);
    c = client_with(text);
    before = heap();
    if (otsd_recent_each(c, see_in_little_memory, &seen, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    assert_int_equal(seen.n, n);
    assert_true(seen.in_order);
    if (seen.heap > before + (1U << 20))
        fail_msg("%zu bytes more", seen.heap - before);
    otsd_client_free(&c);
    server_stop(&s);
    free(answer);
}

static void the_reader_ends_the_delivery(void **state) {
    char *answer = list_of(50, "]");
    const struct step steps[] = {{STEP_ANSWER, answer}, {STEP_ANSWER, server_json(200, "", NOMINAL)}};
    struct server s = server_start(steps, 2);
    otsd_client *c = client_to(&s);
    struct seen seen = {.stop_after = 7, .in_order = true};
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_recent_each(c, see, &seen, &e), OTSD_OK);
    assert_int_equal(seen.n, 7);
    assert_int_equal(otsd_status(c, &e), OTSD_OK); /* the rest of the list is in nobody's way */
    otsd_client_free(&c);
    server_stop(&s);
    free(answer);
}

static void what_stood_before_the_damage_was_delivered(void **state) {
    static const struct {
        const char *end;
        size_t seen;
    } rows[] = {{"", 3},
                {",", 3},
                {",{}]", 3},
                {",{\"state\":\"new\"}]", 3},
                {"]]", 3},
                {"] {}", 3},
                {",null]", 3},
                {",{\"metadata_key\":1,\"state\":\"new\"}]", 3},
                {"}", 3},
                {",{a:1}]", 3},
                {",{\"a\":\"\xff\"}]", 3}};
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *answer = list_of(3, rows[i].end);
        otsd_error e = {0};

        if (each(answer, 0, &seen, &e) != OTSD_ERR_ANSWER || seen.n != rows[i].seen || e.reach != OTSD_REACH_ANSWERED)
            fail_msg("\"%s\": %d, %zu seen: %s", rows[i].end, (int)e.code, seen.n, e.message);
        free(answer);
    }
}

static void a_list_that_is_cut_off_on_the_way_is_a_broken_connection(void **state) {
    char *answer = list_of(3, "]");
    struct seen seen;
    otsd_error e = {0};

    (void)state;
    answer[strlen(answer) - 20] = '\0';
    assert_int_equal(each(answer, 0, &seen, &e), OTSD_ERR_CONNECTION);
    assert_int_equal(seen.n, 2);
    free(answer);
}

static void nothing_is_delivered_from_an_answer_that_says_no(void **state) {
    static const char one[] = "[{\"metadata_key\":\"" KEY "\",\"state\":\"new\",\"created\":1}]";
    const struct {
        const char *answer;
        otsd_err meaning;
        size_t seen;
    } rows[] = {
        {server_json(404, "", one), OTSD_ERR_NOT_V1, 0},
        {server_json(500, "", one), OTSD_ERR_SERVER, 0},
        {server_json(404, "", "{\"message\":\"Not authorized\"}"), OTSD_ERR_CREDENTIALS, 0},
        {server_json(200, "", "{\"message\":\"Not authorized\"}"), OTSD_ERR_ANSWER, 0},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", OTSD_ERR_NOT_V1, 0},
        {"HTTP/1.1 200 OK\r\n" JSON_TYPE "Content-Length: 1\r\n\r\n ", OTSD_ERR_ANSWER, 0},
        {"HTTP/1.1 200 OK\r\n" JSON_TYPE "Content-Length: 0\r\n\r\n", OTSD_ERR_ANSWER, 0},
        /* One list, and nothing behind it. */
        {server_json(200, "", "[][]"), OTSD_ERR_ANSWER, 0},
        {server_json(200, "", "[] {}"), OTSD_ERR_ANSWER, 0},
        {server_json(200, "", "[]garbage"), OTSD_ERR_ANSWER, 0},
        /* Says what it is by its content only. */
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n [ ]", OTSD_OK, 0},
        {"HTTP/1.1 200 OK\r\n" JSON_TYPE "Content-Length: 4\r\n\r\n [ ]", OTSD_OK, 0},
    };
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_error e = {0};

        if (each(rows[i].answer, 0, &seen, &e) != rows[i].meaning || seen.n != rows[i].seen)
            fail_msg("row %zu: %d, %zu seen: %s", i, (int)e.code, seen.n, e.message);
    }
}

/* "~01" is a zero byte, see STEP_MASKED. */
static void a_zero_byte_is_no_end(void **state) {
    static const struct {
        const char *type, *body;
        size_t len;
    } rows[] = {{JSON_TYPE, "[]~01", 3},
                {JSON_TYPE, "[]~01[]", 5},
                {JSON_TYPE, "~01[]", 3},
                {JSON_TYPE, "[{}~01]", 5},
                {JSON_TYPE, "[{\"a\":1~01}]", 10},
                {JSON_TYPE, "[{}~01,{}]", 8},
                {"", "[]~01", 3},
                {"", "[]~01[]", 5},
                {"", "[{}~01,{}]", 8},
                {JSON_TYPE, " ~01garbage", 9},
                {JSON_TYPE, "{}~01", 3}};
    char text[256];
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        otsd_error e = {0};

        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n%s", rows[i].type, rows[i].len,
                 rows[i].body);
        if (each_by(STEP_MASKED, text, 0, &seen, &e) == OTSD_OK)
            fail_msg("row %zu: taken", i);
        assert_int_equal(seen.n, 0);
    }
}

static void a_list_is_delivered_once_where_the_connection_had_died(void **state) {
    char *answer = list_of(5, "]");
    const struct step steps[] = {
        {STEP_ANSWER, server_json(200, "", NOMINAL)}, {STEP_CLOSE, NULL}, {STEP_ANSWER, answer}};
    struct server s = server_start(steps, 3);
    otsd_client *c = client_to(&s);
    struct seen seen = {.in_order = true};
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_status(c, &e), OTSD_OK);
    assert_int_equal(otsd_recent_each(c, see, &seen, &e), OTSD_OK);
    assert_int_equal(seen.n, 5);
    assert_true(seen.in_order);
    assert_int_equal(s.seen->requests, 3);
    otsd_client_free(&c);
    server_stop(&s);
    free(answer);
}

static void a_list_can_be_had_as_a_whole(void **state) {
    char *answer = list_of(150, "]"), *damaged = list_of(3, "");
    const struct step steps[] = {
        {STEP_ANSWER, answer}, {STEP_ANSWER, server_json(200, "", "[]")}, {STEP_ANSWER, damaged}};
    struct server s = server_start(steps, 3);
    otsd_client *c = client_to(&s);
    otsd_receipts *list = NULL;
    otsd_error e = {0};

    (void)state;
    assert_int_equal(otsd_recent(c, &list, &e), OTSD_OK);
    assert_int_equal(list->len, 150);
    assert_int_equal(list->items[0]->created, 1);
    assert_int_equal(list->items[149]->created, 150);
    otsd_receipts_free(&list);
    assert_int_equal(otsd_recent(c, &list, &e), OTSD_OK);
    assert_int_equal(list->len, 0);
    otsd_receipts_free(&list);
    assert_int_equal(otsd_recent(c, &list, &e), OTSD_ERR_ANSWER);
    assert_null(list);
    otsd_client_free(&c);
    server_stop(&s);
    free(answer);
    free(damaged);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_is_cut_the_same_wherever_a_piece_ends),
        cmocka_unit_test(what_is_no_array_of_objects_is_malformed),
        cmocka_unit_test(a_list_in_an_object_is_cut_the_same),
        cmocka_unit_test(an_element_has_a_size_limit),
        cmocka_unit_test(a_long_list_is_read_in_little_memory),
        cmocka_unit_test(the_reader_ends_the_delivery),
        cmocka_unit_test(what_stood_before_the_damage_was_delivered),
        cmocka_unit_test(a_list_that_is_cut_off_on_the_way_is_a_broken_connection),
        cmocka_unit_test(a_zero_byte_is_no_end),
        cmocka_unit_test(nothing_is_delivered_from_an_answer_that_says_no),
        cmocka_unit_test(a_list_is_delivered_once_where_the_connection_had_died),
        cmocka_unit_test(a_list_can_be_had_as_a_whole),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
