/* SPDX-License-Identifier: MIT
 *
 * otsd-hook provision and reissue, whole, for one user: what is asked of the server, what is set, what is printed, and
 * what is refused before anything is changed.
 */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "commanded.h"
#include "issue_steps.h"
#include "private_world.h"

#define TO "--recipient=alice@example.com"

static world w;

/* With up to four arguments. */
static const char *run(const command *c, int expected, const char *a, const char *b, const char *d, const char *e) {
    return commanded_as(c, (const char *const[]){a, b, d, e, NULL}, expected);
}

static void assert_shadow(const char *beginning) {
    char *text = get_file("/etc/shadow");

    assert_told(text, beginning);
    free(text);
}

static void assert_audit(const char *part, unsigned lines) {
    char *text = world_audit();

    assert_int_equal(world_times(text, part), lines);
    free(text);
}

/* As the server has made it, on that host. */
static struct step made(const char *recipient) {
    return world_receipt(&(said){.value = VALUE, .recipient = recipient, .ttl = 259000, .secret_ttl = 259000});
}

static void a_password_is_set_and_the_link_mailed(void **state) {
    const struct step steps[] = {made(MASKED)};
    const char *text;
    char line[500];
    record r;

    (void)state;
    world_open(&w, NULL, steps, 1);
    text = run(&command_provision, EX_OK, TO, "alice", NULL, NULL);
    assert_int_equal(
        strncmp(text, "alice: password set; the link goes to alice@example.com; it opens once, until 20", 79), 0);
    assert_untold(text, VALUE);
    assert_untold(text, "/secret/");
    world_assert_asked(&w, 0, "POST /api/v1/generate");
    world_assert_sent(&w, 0, "recipient=alice%40example.com");
    r = issue_on_disk(&w, LEDGER_PENDING, "alice");
    snprintf(line, sizeof line, "alice:%s:0:", r.hash);
    assert_shadow(line);
    assert_int_equal(r.uid, 1001);
    assert_int_equal(r.local, 1);
    assert_audit("\"event\":\"issued\"", 1);
    world_close(&w, 1);
}

static void where_nobody_is_mailed_the_link_is_printed(void **state) {
    const struct step steps[] = {made(NULL)};
    const char *text;
    char link[100];

    (void)state;
    world_open(&w, NULL, steps, 1);
    text = run(&command_provision, EX_OK, "--no-recipient", "--print-link", "alice", NULL);
    assert_told(text, "alice: password set; nobody is mailed; it opens once, until 20");
    snprintf(link, sizeof link, "\nhttp://127.0.0.1:%d/secret/secretkey\n", w.server.port);
    assert_told(text, link);
    world_close(&w, 1);
}

static void what_is_granted_is_told_where_it_is_another(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = VALUE, .recipient = MASKED})};

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_told(run(&command_provision, EX_OK, TO, "--ttl=2d", "alice", NULL),
                "alice: warning: the server grants 3600 seconds instead of 172800; link and password end then\n");
    world_close(&w, 1);
}

static void a_program_gets_an_object(void **state) {
    const struct step steps[] = {made(MASKED)};
    json_object *o, *m;

    (void)state;
    world_open(&w, NULL, steps, 1);
    o = json_tokener_parse(run(&command_provision, EX_OK, TO, "--json", "alice", NULL));
    assert_non_null(o);
    assert_true(json_object_object_get_ex(o, "user", &m));
    assert_string_equal(json_object_get_string(m), "alice");
    assert_true(json_object_object_get_ex(o, "id", &m));
    assert_string_equal(json_object_get_string(m), issue_on_disk(&w, LEDGER_PENDING, "alice").id);
    assert_true(json_object_object_get_ex(o, "dry_run", &m));
    assert_false(json_object_get_boolean(m));
    assert_false(json_object_object_get_ex(o, "link", &m));
    json_object_put(o);
    world_close(&w, 1);
}

static void a_dry_run_changes_nothing(void **state) {
    const struct step steps[] = {world_answer(200, "{\"status\":\"nominal\",\"locale\":\"en\"}")};

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_string_equal(run(&command_provision, EX_OK, TO, "--dry-run", "alice", NULL),
                        "alice: would be provisioned, the link mailed to alice@example.com; nothing was changed\n");
    world_assert_asked(&w, 0, "GET /api/v1/authcheck");
    assert_shadow("alice:!:19000:");
    assert_int_equal(world_count(&w, LEDGER_PENDING) + world_count(&w, LEDGER_ISSUING), 0);
    assert_audit("issued", 0);
    world_close(&w, 1);
}

static void who_may_not_is_refused_before_anybody_is_asked(void **state) {
    const char *text;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    text = run(&command_provision, EX_NOPERM, "--recipient=bob@example.com", "bob", NULL, NULL);
    assert_told(text, "bob ");
    assert_told(text, "; nothing was changed\n");
    assert_shadow("bob:$5$b$bob:19000:");
    assert_told(run(&command_provision, EX_NOUSER, TO, "zed", NULL, NULL), "; nothing was changed\n");
    assert_told(run(&command_reissue, EX_DATAERR, TO, "alice", NULL, NULL),
                "alice has no open hand-off: otsd-hook provision starts one; nothing was changed\n");
    assert_int_equal(world_count(&w, LEDGER_PENDING) + world_count(&w, LEDGER_ISSUING), 0);
    world_close(&w, 0);
}

static void what_fails_at_the_server_says_so_and_changes_nothing(void **state) {
    const struct step refused[] = {WORLD_REFUSED},
                      short_one[] = {world_receipt(&(said){.value = "x", .recipient = MASKED}),
                                     world_burned(&(said){0})};

    (void)state;
    world_open(&w, NULL, refused, 1);
    assert_told(run(&command_provision, EX_DATAERR, TO, "alice", NULL, NULL), "; nothing was changed\n");
    assert_shadow("alice:!:19000:");
    world_close(&w, 1);
    world_open(&w, NULL, short_one, 2);
    assert_told(run(&command_provision, EX_PROTOCOL, TO, "alice", NULL, NULL),
                "; the secret is burned and nothing was changed\n");
    assert_audit("\"outcome\":\"burned unread\"", 1);
    world_close(&w, 2);
}

static void without_a_configuration_nothing_is_changed(void **state) {
    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file("/etc/otsd/otsd.conf", "nonsense\n", 0600);
    assert_told(run(&command_provision, EX_CONFIG, TO, "alice", NULL, NULL), "; nothing was changed\n");
    world_close(&w, 0);
}

static void a_reissue_takes_the_place_of_the_older_one(void **state) {
    const struct step steps[] = {made(MASKED), world_burned(&(said){0})};
    record r = world_record(), now;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 2);
    put_file("/etc/shadow", "alice:$5$a$generated:0:0:99999:7:::\n", 0640);
    e = world_put(&w, LEDGER_PENDING, &r);
    ledger_release(&e);
    assert_told(run(&command_provision, EX_CANTCREAT, TO, "alice", NULL, NULL),
                "alice has an open hand-off already: otsd-hook reissue or revoke it; nothing was changed\n");
    assert_int_equal(w.server.seen->requests, 0);
    assert_told(run(&command_reissue, EX_OK, TO, "alice", NULL, NULL), "alice: password set; the link goes to ");
    world_assert_asked(&w, 1, "POST /api/v1/private/" WORLD_KEY "/burn");
    now = issue_on_disk(&w, LEDGER_PENDING, "alice");
    assert_string_not_equal(now.id, r.id);
    assert_string_not_equal(now.hash, r.hash);
    assert_audit("\"reason\":\"reissued\",\"outcome\":\"burned unread\"", 1);
    assert_audit("\"event\":\"issued\"", 1);
    world_close(&w, 2);
}

/* An intent whose answer was lost keeps the account, unless it is ended by order. */
static void a_lost_answer_is_in_the_way_until_it_is_ended(void **state) {
    const struct step steps[] = {world_list(NULL, 0), made(MASKED)};
    record r = world_record();
    const char *text;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 2);
    r.metadata_key[0] = r.hash[0] = '\0';
    r.created -= 100;
    e = world_put(&w, LEDGER_ISSUING, &r);
    ledger_release(&e);
    text = run(&command_provision, EX_CANTCREAT, TO, "alice", NULL, NULL);
    assert_told(text,
                "alice: the server's answer to an earlier provision was lost, and otsd-hook sweep looks for what it "
                "made; otsd-hook provision --again ends that now, and by itself it ends on 20");
    assert_int_equal(w.server.seen->requests, 0);
    (void)run(&command_provision, EX_OK, TO, "--again", "alice", NULL);
    world_assert_asked(&w, 0, "GET /api/v1/private/recent");
    world_assert_asked(&w, 1, "POST /api/v1/generate");
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_int_equal(world_count(&w, LEDGER_PENDING), 1);
    world_close(&w, 2);
}

#define TEST(name, fn)                                                                                                 \
    { name, fn, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("a password is set, and the link mailed", a_password_is_set_and_the_link_mailed),
        TEST("where nobody is mailed the link is printed", where_nobody_is_mailed_the_link_is_printed),
        TEST("what is granted is told where it is another", what_is_granted_is_told_where_it_is_another),
        TEST("a program gets an object", a_program_gets_an_object),
        TEST("a dry run changes nothing", a_dry_run_changes_nothing),
        TEST("who may not is refused before anybody is asked", who_may_not_is_refused_before_anybody_is_asked),
        TEST("what fails at the server says so, and changes nothing",
             what_fails_at_the_server_says_so_and_changes_nothing),
        TEST("without a configuration nothing is changed", without_a_configuration_nothing_is_changed),
        TEST("a reissue takes the place of the older one", a_reissue_takes_the_place_of_the_older_one),
        TEST("a lost answer is in the way until it is ended", a_lost_answer_is_in_the_way_until_it_is_ended),
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - provision # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
