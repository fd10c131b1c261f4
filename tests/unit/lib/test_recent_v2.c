/* SPDX-License-Identifier: MIT
 *
 * The list of recent receipts where v1's is broken: v2's is asked for, read in its own shape, and remembered.
 */
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BROKEN server_json(404, "", "{\"message\":\"An unexpected error occurred :[\",\"shrimp\":\"s\"}")
#define NO_SUCH_PATH server_json(404, "", "{\"error\":\"Not Found\"}")
/* As read in the source of 0.21 to 0.23: texts for numbers, a constant secret_ttl, one text of recipients. */
#define V2(key, ttl, more)                                                                                             \
    "{\"identifier\":\"" key "\",\"key\":\"" key "\",\"custid\":\"me@example.com\",\"state\":\"viewed\","              \
    "\"secret_shortkey\":\"abcdef\",\"secret_ttl\":\"" ttl "\"," more                                                  \
    "\"share_domain\":null,\"created\":\"1700000001\","                                                                \
    "\"updated\":\"1700000002\",\"shared\":null,\"received\":\"\",\"burned\":null,\"viewed\":\"1700000002\","          \
    "\"recipients\":\"al*****@e*****.com\",\"shortkey\":\"abcdefgh\",\"show_recipients\":true,\"is_viewed\":true,"     \
    "\"is_destroyed\":false,\"has_passphrase\":false}"
#define V2_LIST(records)                                                                                               \
    "{\"success\":true,\"custid\":\"me@example.com\",\"count\":1,\"records\":[" records                                \
    "],\"details\":{\"type\":\"list\",\"since\":1,\"now\":\"2026-11-29 11:43:16 +0000\",\"has_items\":true,"           \
    "\"received\":[],\"notreceived\":[" records "]}}"
#define LIFE(n) "\"metadata_ttl\":\"" n "\",\"lifespan\":\"" n "\","

static int count(const otsd_receipt *r, void *arg) {
    size_t *n = arg;

    *n += r->metadata_key[0] != '\0';
    return 0;
}

static void assert_asked(const struct server *s, unsigned i, const char *beginning) {
    if (strncmp(s->seen->request[i], beginning, strlen(beginning)) != 0)
        fail_msg("request %u: %.60s", i, s->seen->request[i]);
}

static void where_v1s_list_is_broken_v2s_is_asked_and_remembered(void **state) {
    const struct step steps[] = {{STEP_ANSWER, BROKEN},
                                 {STEP_ANSWER, server_json(200, "", V2_LIST(V2("one", "3607", LIFE("7214"))))},
                                 {STEP_ANSWER, server_json(200, "", V2_LIST(""))}};
    struct server s = server_start(steps, 3);
    otsd_client *c = client_to(&s);
    otsd_receipts *list = NULL;
    otsd_error e = {0};

    (void)state;
    if (otsd_recent(c, &list, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    assert_int_equal(e.code, OTSD_OK); /* on success it is left alone */
    assert_int_equal(list->len, 1);
    assert_string_equal(list->items[0]->metadata_key, "one");
    assert_string_equal(list->items[0]->secret_key, "");
    assert_int_equal(list->items[0]->state, OTSD_STATE_VIEWED);
    assert_int_equal(list->items[0]->ttl, 3607);
    assert_int_equal(list->items[0]->secret_ttl, -1); /* what is left is not told there */
    assert_int_equal(list->items[0]->metadata_ttl, -1);
    assert_int_equal(list->items[0]->created, 1700000001);
    assert_int_equal(list->items[0]->received, 0);
    assert_int_equal(list->items[0]->passphrase_required, OTSD_NO);
    assert_int_equal(list->items[0]->recipients_len, 1);
    assert_true(otsd_recipient_matches(list->items[0]->recipients[0], "alice@example.com"));
    otsd_receipts_free(&list);
    assert_int_equal(otsd_recent(c, &list, &e), OTSD_OK);
    assert_int_equal(list->len, 0);
    otsd_receipts_free(&list);
    assert_int_equal(s.seen->requests, 3);
    assert_asked(&s, 0, "GET /api/v1/private/recent ");
    assert_asked(&s, 1, "GET /api/v2/private/recent ");
    assert_asked(&s, 2, "GET /api/v2/private/recent ");
    otsd_client_free(&c);
    server_stop(&s);
}

/* The server was brought up to date in between. */
static void where_v2s_list_is_gone_v1s_is_asked_again(void **state) {
    const struct step steps[] = {{STEP_ANSWER, BROKEN},
                                 {STEP_ANSWER, server_json(200, "", V2_LIST(""))},
                                 {STEP_ANSWER, NO_SUCH_PATH},
                                 {STEP_ANSWER, server_json(200, "", "[]")}};
    struct server s = server_start(steps, 4);
    otsd_client *c = client_to(&s);
    size_t seen = 0;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(otsd_recent_each(c, count, &seen, NULL), OTSD_OK);
    assert_int_equal(s.seen->requests, 5);
    assert_asked(&s, 2, "GET /api/v2/");
    assert_asked(&s, 3, "GET /api/v1/");
    assert_asked(&s, 4, "GET /api/v1/");
    otsd_client_free(&c);
    server_stop(&s);
}

/* What was granted is known only where the two numbers agree. */
static void a_ttl_that_cannot_be_believed_is_unknown(void **state) {
    static const struct {
        const char *body;
        int64_t ttl;
    } rows[] = {{V2_LIST(V2("one", "3607", LIFE("7214"))), 3607},
                {V2_LIST(V2("one", "3607", "")), 3607},
                {V2_LIST(V2("one", "3001", LIFE("7214"))), -1},
                {V2_LIST(V2("one", "", LIFE("7214"))), -1},
                {V2_LIST(V2("one", "", "")), -1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {{STEP_ANSWER, BROKEN}, {STEP_ANSWER, server_json(200, "", rows[i].body)}};
        struct server s = server_start(steps, 2);
        otsd_client *c = client_to(&s);
        otsd_receipts *list = NULL;

        assert_int_equal(otsd_recent(c, &list, NULL), OTSD_OK);
        assert_int_equal(list->len, 1);
        if (list->items[0]->ttl != rows[i].ttl)
            fail_msg("row %zu: %d", i, (int)list->items[0]->ttl);
        otsd_receipts_free(&list);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

/* Which list failed last is told, unless it only said that there is no v2; and what passes asks nobody else. */
static void where_both_lists_fail_the_reason_is_told(void **state) {
    const struct {
        const char *v1, *v2;
        unsigned requests;
        otsd_err meaning;
        const char *told;
    } rows[] = {
        {BROKEN, NO_SUCH_PATH, 2, OTSD_ERR_SERVER, "An unexpected error occurred"},
        {BROKEN, BROKEN, 2, OTSD_ERR_SERVER, "An unexpected error occurred"},
        {BROKEN, server_json(403, "", "{\"message\":\"Not authorized\"}"), 2, OTSD_ERR_CREDENTIALS, "Not authorized"},
        {BROKEN, server_json(503, "", "{}"), 2, OTSD_ERR_SERVER, "503"},
        {BROKEN, server_json(200, "", "{\"success\":true}"), 2, OTSD_ERR_ANSWER, "not complete"},
        {BROKEN, server_json(200, "", "{\"records\":[{}]}"), 2, OTSD_ERR_ANSWER, "is missing"},
        {BROKEN, server_json(200, "", "{\"records\":[]"), 2, OTSD_ERR_ANSWER, "not complete"},
        {BROKEN, server_json(200, "", "[]"), 2, OTSD_ERR_ANSWER, "no list"},
        {NO_SUCH_PATH, server_json(200, "", V2_LIST("")), 2, OTSD_OK, ""},
        {NO_SUCH_PATH, NO_SUCH_PATH, 2, OTSD_ERR_NOT_V1, "Not Found"},
        {server_json(500, "", "{\"message\":\"An unexpected error occurred\"}"), "", 1, OTSD_ERR_SERVER, "unexpected"},
        {server_json(404, "", "{\"message\":\"Not authorized\"}"), "", 1, OTSD_ERR_CREDENTIALS, "Not authorized"},
        {server_json(404, "", "{\"message\":\"Cripes! You have been rate limited.\"}"), "", 1, OTSD_ERR_RATE_LIMITED,
         "Cripes"},
        {server_json(200, "", V2_LIST("")), "", 1, OTSD_ERR_ANSWER, "no list"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {{STEP_ANSWER_CLOSE, rows[i].v1}, {STEP_ANSWER_CLOSE, rows[i].v2}};
        struct server s = server_start(steps, 2);
        otsd_client *c = client_to(&s);
        size_t seen = 0;
        otsd_error e = {0};

        if (otsd_recent_each(c, count, &seen, &e) != rows[i].meaning || e.code != rows[i].meaning ||
            !strstr(e.message, rows[i].told) || s.seen->requests != rows[i].requests)
            fail_msg("row %zu: %d, %u requests: %s", i, (int)e.code, s.seen->requests, e.message);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_v1s_list_is_broken_v2s_is_asked_and_remembered),
        cmocka_unit_test(where_v2s_list_is_gone_v1s_is_asked_again),
        cmocka_unit_test(a_ttl_that_cannot_be_believed_is_unknown),
        cmocka_unit_test(where_both_lists_fail_the_reason_is_told),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
