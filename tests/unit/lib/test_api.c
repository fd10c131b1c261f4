/* SPDX-License-Identifier: MIT
 *
 * What the public functions promise whoever calls them wrongly, or with structs of another release; and what a burn
 * says.
 */
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static otsd_client *client;
static otsd_server *server;
static otsd_pool *pool;
static otsd_secret *secret;
static otsd_receipt *receipt;
static otsd_receipts *receipts;
static char *link_text;

static int on_receipt(const otsd_receipt *t, void *arg) {
    (void)t, (void)arg;
    return 0;
}

/* Each of these gives NULL where a handle, a key or a place for the result belongs. */
static otsd_err secret_without_out(otsd_error *e) {
    return otsd_secret_new(NULL, "x", 1, e);
}
static otsd_err secret_without_data(otsd_error *e) {
    return otsd_secret_new(&secret, NULL, 1, e);
}
static otsd_err from_fd_without_out(otsd_error *e) {
    return otsd_secret_from_fd(NULL, 0, 10, e);
}
static otsd_err from_file_without_out(otsd_error *e) {
    return otsd_secret_from_file(NULL, "/dev/null", 10, e);
}
static otsd_err from_file_without_path(otsd_error *e) {
    return otsd_secret_from_file(&secret, NULL, 10, e);
}
static otsd_err server_without_out(otsd_error *e) {
    return otsd_server_new(NULL, e);
}
static otsd_err load_without_out(otsd_error *e) {
    return otsd_server_load(NULL, "/dev/null", e);
}
static otsd_err load_without_path(otsd_error *e) {
    return otsd_server_load(&server, NULL, e);
}
static otsd_err url_without_server(otsd_error *e) {
    return otsd_server_set_url(NULL, "https://x.example", e);
}
static otsd_err region_without_server(otsd_error *e) {
    return otsd_server_set_region(NULL, "eu", e);
}
static otsd_err username_without_server(otsd_error *e) {
    return otsd_server_set_username(NULL, "u", e);
}
static otsd_err token_without_server(otsd_error *e) {
    return otsd_server_set_token(NULL, NULL, e);
}
static otsd_err token_file_without_server(otsd_error *e) {
    return otsd_server_set_token_file(NULL, "/t", e);
}
static otsd_err allow_http_without_server(otsd_error *e) {
    return otsd_server_set_allow_http(NULL, true, e);
}
static otsd_err connect_timeout_without_server(otsd_error *e) {
    return otsd_server_set_connect_timeout_ms(NULL, 1, e);
}
static otsd_err timeout_without_server(otsd_error *e) {
    return otsd_server_set_timeout_ms(NULL, 1, e);
}
static otsd_err client_without_out(otsd_error *e) {
    return otsd_client_new(NULL, server, e);
}
static otsd_err client_without_server(otsd_error *e) {
    otsd_client *c = NULL;

    return otsd_client_new(&c, NULL, e);
}
static otsd_err pool_without_out(otsd_error *e) {
    return otsd_pool_new(NULL, server, 1, e);
}
static otsd_err pool_without_server(otsd_error *e) {
    otsd_pool *p = NULL;

    return otsd_pool_new(&p, NULL, 1, e);
}
static otsd_err pool_generate_without_pool(otsd_error *e) {
    return otsd_pool_generate(NULL, NULL, NULL, NULL, e);
}
static otsd_err pool_generate_without_fn(otsd_error *e) {
    return otsd_pool_generate(pool, NULL, NULL, NULL, e);
}
static otsd_err pool_run_without_pool(otsd_error *e) {
    return otsd_pool_run(NULL, 0, e);
}
static otsd_err status_without_client(otsd_error *e) {
    return otsd_status(NULL, e);
}
static otsd_err authcheck_without_client(otsd_error *e) {
    return otsd_authcheck(NULL, e);
}
static otsd_err share_without_client(otsd_error *e) {
    return otsd_share(NULL, secret, NULL, &receipt, e);
}
static otsd_err share_without_value(otsd_error *e) {
    return otsd_share(client, NULL, NULL, &receipt, e);
}
static otsd_err share_without_out(otsd_error *e) {
    return otsd_share(client, secret, NULL, NULL, e);
}
static otsd_err generate_without_client(otsd_error *e) {
    return otsd_generate(NULL, NULL, &receipt, e);
}
static otsd_err generate_without_out(otsd_error *e) {
    return otsd_generate(client, NULL, NULL, e);
}
static otsd_err read_without_client(otsd_error *e) {
    return otsd_read(NULL, KEY, NULL, &secret, e);
}
static otsd_err read_without_key(otsd_error *e) {
    return otsd_read(client, NULL, NULL, &secret, e);
}
static otsd_err read_without_out(otsd_error *e) {
    return otsd_read(client, KEY, NULL, NULL, e);
}
static otsd_err fetch_without_client(otsd_error *e) {
    return otsd_fetch(NULL, KEY, &receipt, e);
}
static otsd_err fetch_without_key(otsd_error *e) {
    return otsd_fetch(client, NULL, &receipt, e);
}
static otsd_err fetch_without_out(otsd_error *e) {
    return otsd_fetch(client, KEY, NULL, e);
}
static otsd_err burn_without_client(otsd_error *e) {
    return otsd_burn(NULL, KEY, NULL, &receipt, e);
}
static otsd_err burn_without_key(otsd_error *e) {
    return otsd_burn(client, NULL, NULL, &receipt, e);
}
static otsd_err burn_without_out(otsd_error *e) {
    return otsd_burn(client, KEY, NULL, NULL, e);
}
static otsd_err recent_without_client(otsd_error *e) {
    return otsd_recent(NULL, &receipts, e);
}
static otsd_err recent_without_out(otsd_error *e) {
    return otsd_recent(client, NULL, e);
}
static otsd_err recent_each_without_client(otsd_error *e) {
    return otsd_recent_each(NULL, on_receipt, NULL, e);
}
static otsd_err recent_each_without_fn(otsd_error *e) {
    return otsd_recent_each(client, NULL, NULL, e);
}
static otsd_err link_without_client(otsd_error *e) {
    return otsd_link(NULL, receipt, &link_text, e);
}
static otsd_err link_without_receipt(otsd_error *e) {
    return otsd_link(client, NULL, &link_text, e);
}

static otsd_err link_without_out(otsd_error *e) {
    char empty[] = "", key[] = KEY;
    const otsd_receipt r = {.secret_key = key, .share_domain = empty};

    return otsd_link(client, &r, NULL, e);
}
static otsd_err link_key_without_client(otsd_error *e) {
    return otsd_link_key(NULL, KEY, &link_text, e);
}
static otsd_err link_key_without_link(otsd_error *e) {
    return otsd_link_key(client, NULL, &link_text, e);
}
static otsd_err link_key_without_out(otsd_error *e) {
    return otsd_link_key(client, KEY, NULL, e);
}
static otsd_err link_host_without_server(otsd_error *e) {
    return otsd_server_add_link_host(NULL, "links.example.com", e);
}
static otsd_err ca_file_without_server(otsd_error *e) {
    return otsd_server_set_ca_file(NULL, "/ca.pem", e);
}
static otsd_err pinned_key_without_server(otsd_error *e) {
    return otsd_server_set_pinned_key(NULL, NULL, e);
}
static otsd_err proxy_without_server(otsd_error *e) {
    return otsd_server_set_proxy(NULL, NULL, e);
}
static otsd_err memory_load_without_path(otsd_error *e) {
    return otsd_memory_load(NULL, e);
}

static void what_is_null_is_refused_before_anything_is_sent(void **state) {
    static otsd_err (*const calls[])(otsd_error * e) = {
        secret_without_out,        secret_without_data,       from_fd_without_out,
        from_file_without_out,     from_file_without_path,    server_without_out,
        load_without_out,          load_without_path,         url_without_server,
        region_without_server,     username_without_server,   token_without_server,
        token_file_without_server, allow_http_without_server, connect_timeout_without_server,
        timeout_without_server,    client_without_out,        client_without_server,
        pool_without_out,          pool_without_server,       pool_generate_without_pool,
        pool_generate_without_fn,  pool_run_without_pool,     status_without_client,
        authcheck_without_client,  share_without_client,      share_without_value,
        share_without_out,         generate_without_client,   generate_without_out,
        read_without_client,       read_without_key,          read_without_out,
        fetch_without_client,      fetch_without_key,         fetch_without_out,
        burn_without_client,       burn_without_key,          burn_without_out,
        recent_without_client,     recent_without_out,        recent_each_without_client,
        recent_each_without_fn,    link_without_client,       link_without_receipt,
        link_without_out,          link_key_without_client,   link_key_without_link,
        link_key_without_out,      link_host_without_server,  ca_file_without_server,
        pinned_key_without_server, proxy_without_server,      memory_load_without_path,
    };
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    char text[64];

    (void)state;
    snprintf(text, sizeof text, "url = \"http://127.0.0.1:%d\";", s.port);
    server = client_server(text);
    client = client_to(&s);
    assert_int_equal(otsd_pool_new(&pool, server, 1, NULL), OTSD_OK);
    assert_int_equal(otsd_secret_new(&secret, "x", 1, NULL), OTSD_OK);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        otsd_error e = {0};

        if (calls[i](&e) != OTSD_ERR_ARGUMENT || e.code != OTSD_ERR_ARGUMENT || e.reach != OTSD_REACH_NO ||
            e.message[0] == '\0')
            fail_msg("call %zu: %d, %s", i, (int)e.code, e.message);
        assert_int_equal(calls[i](NULL), OTSD_ERR_ARGUMENT);
    }
    assert_int_equal(s.seen->connections, 0);
    assert_null(receipt);
    assert_null(receipts);
    assert_null(link_text);
    otsd_pool_free(&pool);
    otsd_client_free(&client);
    otsd_server_free(&server);
    otsd_secret_free(&secret);
    server_stop(&s);
}

static void functions_that_cannot_fail_take_null_for_nothing(void **state) {
    long seconds = 7;

    (void)state;
    assert_string_equal(otsd_secret_data(NULL), "");
    assert_int_equal(otsd_secret_len(NULL), 0);
    assert_string_equal(otsd_server_url(NULL), "");
    assert_string_equal(otsd_server_username(NULL), "");
    assert_int_equal(otsd_server_timeout_ms(NULL), 0);
    assert_int_equal(otsd_server_create_timeout_ms(NULL), 0);
    assert_int_equal(otsd_pool_in_flight(NULL), 0);
    assert_false(otsd_duration_parse(NULL, &seconds));
    assert_false(otsd_duration_parse("1s", NULL));
    assert_false(otsd_address_ok(NULL));
    assert_false(otsd_recipient_matches(NULL, "a@example.com"));
    assert_false(otsd_recipient_matches("a@example.com", NULL));
    otsd_client_set_timeout(NULL, 1);
    otsd_pool_wakeup(NULL);
    otsd_server_free(NULL);
    otsd_client_free(NULL);
    otsd_pool_free(NULL);
    otsd_secret_free(NULL);
    otsd_receipt_free(NULL);
    otsd_receipts_free(NULL);
    assert_int_equal(seconds, 7);
}

/* size bytes that end where memory ends: one more, and the program dies. */
static void *at_the_edge(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(p != MAP_FAILED && size <= page);
    assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
    return p + page - size;
}

static void leave_the_edge(void *p, size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    assert_int_equal(munmap((char *)p + size - page, 2 * page), 0);
}

typedef struct later_error {
    otsd_error known;
    long unknown;
} later_error;

static void an_error_is_written_as_far_as_the_caller_knows_it_and_no_further(void **state) {
    static const size_t sizes[] = {0, sizeof(otsd_error)};
    later_error later = {.known.size = sizeof later, .unknown = 42};
    otsd_error initialised = OTSD_ERROR_INIT;
    struct {
        size_t size;
        char rest[32];
    } tiny = {.size = sizeof tiny, .rest = "as it was"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        otsd_error *e = at_the_edge(sizeof *e);

        e->size = sizes[i];
        assert_int_equal(otsd_server_new(NULL, e), OTSD_ERR_ARGUMENT);
        assert_int_equal(e->size, sizes[i]);
        assert_int_equal(e->code, OTSD_ERR_ARGUMENT);
        assert_string_equal(e->message, "out is NULL");
        leave_the_edge(e, sizeof *e);
    }
    assert_int_equal(otsd_server_new(NULL, &later.known), OTSD_ERR_ARGUMENT);
    assert_int_equal(later.known.size, sizeof later);
    assert_string_equal(later.known.message, "out is NULL");
    assert_int_equal(later.unknown, 42);
    /* A size that no release had: better nothing than too much. */
    assert_int_equal(otsd_server_new(NULL, (otsd_error *)(void *)&tiny), OTSD_ERR_ARGUMENT);
    assert_string_equal(tiny.rest, "as it was");
    assert_int_equal(initialised.size, sizeof initialised);
    assert_int_equal(initialised.code, OTSD_OK);
}

typedef struct later_options {
    otsd_options known;
    const char *unknown;
} later_options;

static void options_are_read_as_far_as_the_caller_knows_them_and_no_further(void **state) {
    static const size_t sizes[] = {0, sizeof(otsd_options)};
    const struct step steps[] = {{STEP_ANSWER, server_json(200, "", RECEIPT)}};
    struct server s = server_start(steps, 1);
    later_options later = {.known = {.size = sizeof later, .ttl = 3601}};
    otsd_options wrong = {.size = sizeof(size_t)}, initialised = OTSD_OPTIONS_INIT;
    otsd_client *c = client_to(&s);
    otsd_error e = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        otsd_options *o = at_the_edge(sizeof *o);

        o->size = sizes[i];
        o->length = 12;
        assert_int_equal(otsd_generate(c, o, &receipt, &e), OTSD_OK);
        otsd_receipt_free(&receipt);
        assert_non_null(strstr(s.seen->request[i], "\r\n\r\nlength=12"));
        leave_the_edge(o, sizeof *o);
    }
    assert_int_equal(otsd_generate(c, &later.known, &receipt, &e), OTSD_OK);
    otsd_receipt_free(&receipt);
    assert_non_null(strstr(s.seen->request[2], "\r\n\r\nttl=3601"));
    later.unknown = "burn after reading aloud";
    assert_int_equal(otsd_generate(c, &later.known, &receipt, &e), OTSD_ERR_ARGUMENT);
    assert_non_null(strstr(e.message, "too old"));
    assert_int_equal(otsd_generate(c, &wrong, &receipt, &e), OTSD_ERR_ARGUMENT);
    wrong.size = 1 << 20;
    assert_int_equal(otsd_generate(c, &wrong, &receipt, &e), OTSD_ERR_ARGUMENT);
    assert_int_equal(s.seen->requests, 3);
    assert_int_equal(initialised.size, sizeof initialised);
    otsd_client_free(&c);
    server_stop(&s);
}

#define OTHER "{\"metadata_key\":\"other\",\"secret_key\":\"s\",\"state\":\"burned\"}"

static void a_receipt_of_another_key_is_never_success(void **state) {
    static const char *const answers[] = {OTHER, "{\"state\":" OTHER ",\"secret_shortkey\":\"s\"}"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct step steps[] = {{STEP_ANSWER, server_json(200, "", answers[i])}};
        struct server s = server_start(steps, 1);
        otsd_client *c = client_to(&s);
        otsd_error e = {0};

        assert_int_equal(otsd_burn(c, KEY, NULL, &receipt, &e), OTSD_ERR_ANSWER);
        assert_int_equal(e.reach, OTSD_REACH_ANSWERED);
        assert_null(receipt);
        assert_int_equal(otsd_fetch(c, KEY, &receipt, &e), OTSD_ERR_ANSWER);
        assert_null(receipt);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

static void a_burn_says_what_was_burned(void **state) {
    static const struct {
        const char *answer;
        otsd_state says;
    } rows[] = {
        /* A real server: the receipt as it was before. */
        {"{\"state\":{\"metadata_key\":\"" KEY
         "\",\"secret_key\":\"s\",\"state\":\"viewed\"},\"secret_shortkey\":\"s\"}",
         OTSD_STATE_VIEWED},
        /* As documented. */
        {"{\"metadata_key\":\"" KEY "\",\"secret_key\":\"\",\"state\":\"burned\"}", OTSD_STATE_BURNED},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct step steps[] = {{STEP_ANSWER, server_json(200, "", rows[i].answer)}};
        struct server s = server_start(steps, 1);
        otsd_client *c = client_to(&s);

        assert_int_equal(otsd_burn(c, KEY, NULL, &receipt, NULL), OTSD_OK);
        assert_string_equal(receipt->metadata_key, KEY);
        assert_int_equal(receipt->state, rows[i].says);
        otsd_receipt_free(&receipt);
        otsd_client_free(&c);
        server_stop(&s);
    }
}

static void the_number_of_the_version_is_that_of_its_text(void **state) {
    char text[32];

    (void)state;
    snprintf(text, sizeof text, "%u.%u.%u", otsd_version() >> 16, otsd_version() >> 8 & 255U, otsd_version() & 255U);
    assert_string_equal(text, OTSD_VERSION);
    assert_int_equal(otsd_version(), OTSD_VERSION_NUMBER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_null_is_refused_before_anything_is_sent),
        cmocka_unit_test(functions_that_cannot_fail_take_null_for_nothing),
        cmocka_unit_test(an_error_is_written_as_far_as_the_caller_knows_it_and_no_further),
        cmocka_unit_test(options_are_read_as_far_as_the_caller_knows_them_and_no_further),
        cmocka_unit_test(a_receipt_of_another_key_is_never_success),
        cmocka_unit_test(a_burn_says_what_was_burned),
        cmocka_unit_test(the_number_of_the_version_is_that_of_its_text),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, client_make_folder, client_remove_folder);
}
