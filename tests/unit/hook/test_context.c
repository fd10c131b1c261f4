/* SPDX-License-Identifier: MIT
 *
 * What commands work with: with a configuration and without, and what one process learns for the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "handoff_world.h"
#include "private_world.h"

#define RELEASES "v0.22-v0.23"

static world w;

static void without_a_configuration_there_is_a_ledger_and_no_server(void **state) {
    context x = {.config_path = "/etc/otsd/broken.conf"};
    problem p, again;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file("/etc/otsd/broken.conf", "audit: { syslog = maybe; };\n", 0600);
    assert_int_equal(context_open(&x, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, "/etc/otsd/broken.conf"));
    assert_null(x.ledger);
    context_close(&x);
    x = (context){.config_path = "/etc/otsd/broken.conf"};
    assert_int_equal(context_open_anyway(&x, &p), EX_OK);
    problem_use_syslog(false);
    assert_non_null(x.ledger);
    assert_null(x.config);
    assert_int_equal(context_remote(&x, &again), EX_CONFIG);
    assert_string_equal(again.text, x.broken.text);
    assert_null(x.remote);
    context_close(&x);
    assert_null(x.ledger);
    world_close(&w, 0);
}

static void the_connection_is_made_once_and_where_it_can_be(void **state) {
    context x = {0};
    remote *first;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(context_open(&x, &p), EX_OK);
    assert_null(x.remote);
    assert_int_equal(context_remote(&x, &p), EX_OK);
    first = x.remote;
    assert_non_null(first);
    assert_int_equal(context_remote(&x, &p), EX_OK);
    assert_ptr_equal(x.remote, first);
    context_close(&x);
    assert_null(x.remote);
    assert_null(x.config);
    assert_int_equal(unlink("/etc/otsd/token"), 0);
    assert_int_equal(context_open_anyway(&x, &p), EX_OK);
    assert_int_equal(context_remote(&x, &p), EX_CONFIG);
    assert_non_null(strstr(p.text, "/etc/otsd/token"));
    problem_use_syslog(false);
    context_close(&x);
    world_close(&w, 0);
}

static const char *known(void) {
    static char releases[SEEN_MAX];

    seen_release(w.x.ledger, otsd_server_url(w.x.config->server), time(NULL), releases);
    return releases;
}

static void what_one_process_learns_of_the_server_the_next_one_knows(void **state) {
    context x = {0};
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(context_open(&x, &p), EX_OK);
    assert_int_equal(context_remote(&x, &p), EX_OK);
    assert_string_equal(x.recalled, "");
    context_close(&x);
    assert_string_equal(known(), ""); /* nothing was learnt */
    assert_int_equal(context_open(&x, &p), EX_OK);
    assert_int_equal(context_remote(&x, &p), EX_OK);
    remote_assume(x.remote, RELEASES);
    context_close(&x);
    assert_string_equal(known(), RELEASES);
    x = (context){0};
    assert_int_equal(context_open(&x, &p), EX_OK);
    assert_int_equal(context_remote(&x, &p), EX_OK);
    assert_string_equal(x.recalled, RELEASES);
    assert_string_equal(remote_generation(x.remote), RELEASES);
    context_close(&x);
    world_close(&w, 0);
}

/* Two that began side by side: who ends last does not put the less in place of the more. */
static void nor_does_it_forget_what_others_learnt_meanwhile(void **state) {
    context x = {0};
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(context_open(&x, &p), EX_OK);
    assert_int_equal(context_remote(&x, &p), EX_OK);
    remote_assume(x.remote, "v0.22 or later");
    seen_note(w.x.ledger, otsd_server_url(w.x.config->server), RELEASES, time(NULL));
    context_close(&x);
    assert_string_equal(known(), RELEASES);
    world_close(&w, 0);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("without a configuration there is a ledger, and no server",
             without_a_configuration_there_is_a_ledger_and_no_server),
        TEST("the connection is made once, and where it can be", the_connection_is_made_once_and_where_it_can_be),
        TEST("what one process learns of the server the next one knows",
             what_one_process_learns_of_the_server_the_next_one_knows),
        TEST("nor does it forget what others learnt meanwhile", nor_does_it_forget_what_others_learnt_meanwhile),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - context # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
