/* SPDX-License-Identifier: MIT
 *
 * What the server's answers mean for a hand-off: a burn, a look at a receipt, the list, a generate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "handoff_world.h"

#define BURN "POST /api/v1/private/" WORLD_KEY "/burn"
#define FETCH "GET /api/v1/private/" WORLD_KEY " "

static world w;

/* One burn: the answer to it and, where it is asked for, the receipt. */
static int burn(const struct step *steps, size_t n, const record *r, remote_end *end, problem *p, unsigned requests) {
    int rc;

    world_open(&w, NULL, steps, n);
    memset(end, 0xff, sizeof *end);
    p->text[0] = '\0';
    rc = remote_burn(w.x.remote, r, end, p);
    world_assert_asked(&w, 0, BURN);
    if (requests > 1)
        world_assert_asked(&w, 1, FETCH);
    world_close(&w, requests);
    return rc;
}

static void a_burn_that_was_carried_out(void **state) {
    const struct step steps[] = {world_burned(&(said){.state = "viewed"})};
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    assert_int_equal(burn(steps, 1, &r, &end, &p, 1), EX_OK);
    assert_int_equal(end.outcome, OUTCOME_BURNED);
    assert_int_equal(end.opened_at, 0);
    assert_int_equal(end.retry_after, 0);
}

static void a_burn_gives_the_passphrase(void **state) {
    const struct step steps[] = {world_burned(&(said){0})};
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    snprintf(r.passphrase, sizeof r.passphrase, "word");
    world_open(&w, NULL, steps, 1);
    assert_int_equal(remote_burn(w.x.remote, &r, &end, &p), EX_OK);
    world_assert_sent(&w, 0, "passphrase=word");
    world_close(&w, 1);
}

/* The server does not know the secret (any more), and the receipt tells why, or does not. */
static void what_is_gone_has_the_outcome_of_its_receipt(void **state) {
    static const struct {
        said receipt;
        outcome outcome;
        int64_t opened_at;
    } rows[] = {
        {{.state = "received", .secret_key = "", .secret_ttl = -1, .received = 77, .updated = 88}, OUTCOME_OPENED, 77},
        {{.state = "received", .secret_key = "", .secret_ttl = -1, .updated = 88}, OUTCOME_OPENED, 88},
        {{.state = "burned", .secret_key = "", .secret_ttl = -1}, OUTCOME_BURNED, 0},
        {{.state = "expired", .secret_key = "", .secret_ttl = -1}, OUTCOME_EXPIRED, 0},
        {{.state = "orphaned", .secret_key = "", .secret_ttl = -1}, OUTCOME_UNKNOWN, 0},
        {{.state = "viewed", .secret_key = "", .secret_ttl = -1, .updated = 88}, OUTCOME_UNKNOWN, 0},
    };
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {i % 2 ? WORLD_REFUSED : WORLD_GONE, world_receipt(&rows[i / 2].receipt)};

        assert_int_equal(burn(steps, 2, &r, &end, &p, 2), EX_OK);
        assert_int_equal(end.outcome, rows[i / 2].outcome);
        assert_int_equal(end.opened_at, rows[i / 2].opened_at);
    }
}

static void where_the_receipt_is_gone_too_the_record_says(void **state) {
    const struct step steps[] = {WORLD_GONE, WORLD_GONE};
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    assert_int_equal(burn(steps, 2, &r, &end, &p, 2), EX_OK);
    assert_int_equal(end.outcome, OUTCOME_UNKNOWN);
    assert_int_equal(end.opened_at, 0);
    r.opened_at = 1;
    assert_int_equal(burn(steps, 2, &r, &end, &p, 2), EX_OK);
    assert_int_equal(end.outcome, OUTCOME_OPENED);
    assert_int_equal(end.opened_at, 1);
}

static void what_lives_is_still_to_be_burned(void **state) {
    const struct step steps[] = {WORLD_REFUSED, world_receipt(&(said){.state = "new"})};
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    assert_int_equal(burn(steps, 2, &r, &end, &p, 2), EX_DATAERR);
    assert_int_equal(end.outcome, OUTCOME_NONE);
    assert_non_null(strstr(p.text, "alice: the secret is not burned yet: "));
    assert_non_null(strstr(p.text, "You cannot do that"));
    assert_true(p.remote);
}

/* Trouble says nothing of the secret: the receipt is not even asked for. */
static void trouble_ends_nothing(void **state) {
    static const struct {
        const char *json;
        int status, rc;
    } rows[] = {
        {"{\"message\":\"An unexpected error occurred\"}", 500, EX_TEMPFAIL},
        {"{\"message\":\"Not authorized\"}", 401, EX_NOPERM},
        {"{\"message\":\"Rate limit exceeded\"}", 429, EX_TEMPFAIL},
        {"[]", 200, EX_PROTOCOL},
    };
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {world_answer(rows[i].status, rows[i].json)};

        assert_int_equal(burn(steps, 1, &r, &end, &p, 1), rows[i].rc);
        assert_int_equal(end.outcome, OUTCOME_NONE);
    }
}

/* 0.18 says so of what is gone and had a passphrase; and where it lives, that is no trouble that another try mends. */
static void trouble_in_a_refusals_place_is_looked_up(void **state) {
    const struct step gone[] = {world_answer(404, "{\"message\":\"An unexpected error occurred :[\"}"),
                                world_receipt(&(said){.state = "received", .secret_key = "", .received = 77})};
    const struct step lives[] = {world_answer(404, "{\"message\":\"An unexpected error occurred :[\"}"),
                                 world_receipt(&(said){.passphrase = true})};
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    assert_int_equal(burn(gone, 2, &r, &end, &p, 3), EX_OK);
    assert_int_equal(end.outcome, OUTCOME_OPENED);
    assert_int_equal(end.opened_at, 77);
    assert_int_equal(burn(lives, 2, &r, &end, &p, 3), EX_DATAERR);
    assert_int_equal(end.outcome, OUTCOME_NONE);
    assert_non_null(strstr(p.text, "passphrase, which is missing or wrong"));
}

static void a_receipt_in_trouble_leaves_the_burn_owed(void **state) {
    const struct step steps[] = {WORLD_GONE, WORLD_TROUBLE};
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    r.opened_at = 5;
    assert_int_equal(burn(steps, 2, &r, &end, &p, 2), EX_TEMPFAIL);
    assert_int_equal(end.outcome, OUTCOME_NONE);
}

static void a_limit_says_when(void **state) {
    const struct step steps[] = {
        {STEP_ANSWER, server_json(429, "Retry-After: 120\r\n", "{\"message\":\"Rate limit exceeded\"}")}};
    record r = world_record();
    remote_end end;
    problem p;

    (void)state;
    assert_int_equal(burn(steps, 1, &r, &end, &p, 1), EX_TEMPFAIL);
    assert_int_equal(end.retry_after, 120);
}

static void a_look_changes_nothing(void **state) {
    static const struct {
        said receipt;
        int64_t opened_at;
    } rows[] = {
        {{.state = "new"}, 0},
        {{.state = "viewed", .updated = 88}, 0},
        {{.state = "received", .received = 77, .secret_key = ""}, 77},
        {{.state = "burned", .secret_key = "", .updated = 88}, 0},
    };
    record r = world_record();
    int64_t opened_at;
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step steps[] = {world_receipt(&rows[i].receipt)};

        world_open(&w, NULL, steps, 1);
        opened_at = -1;
        assert_int_equal(remote_opened(w.x.remote, &r, &opened_at, &p), EX_OK);
        assert_int_equal(opened_at, rows[i].opened_at);
        world_assert_asked(&w, 0, FETCH);
        world_close(&w, 1);
    }
}

static void a_look_at_what_is_gone_or_in_trouble(void **state) {
    const struct step steps[] = {WORLD_GONE, WORLD_TROUBLE};
    record r = world_record();
    int64_t opened_at = -1;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(remote_opened(w.x.remote, &r, &opened_at, &p), EX_OK);
    assert_int_equal(opened_at, 0);
    opened_at = -1;
    assert_int_equal(remote_opened(w.x.remote, &r, &opened_at, &p), EX_TEMPFAIL);
    assert_int_equal(opened_at, 0);
    assert_non_null(strstr(p.text, "alice: the receipt cannot be read: "));
    world_close(&w, 2);
}

static void the_check(void **state) {
    const struct step steps[] = {world_answer(200, "{\"status\":\"nominal\"}"),
                                 world_answer(401, "{\"message\":\"Not authorized\"}")};
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(remote_check(w.x.remote, &p), EX_OK);
    assert_int_equal(remote_check(w.x.remote, &p), EX_NOPERM);
    assert_non_null(strstr(p.text, "the server cannot be used: "));
    world_close(&w, 2);
}

static int gather(const otsd_receipt *t, void *arg) {
    char *text = arg;
    size_t len = strlen(text);

    snprintf(text + len, 100 - len, "%s ", t->metadata_key);
    return strcmp(t->metadata_key, "last") == 0 ? EX_OSERR : EX_OK;
}

static void the_list_is_handed_out_until_told_to_stop(void **state) {
    char list[4000], text[100] = "";
    struct step steps[2];
    problem p;

    (void)state;
    snprintf(list, sizeof list, "[%s,%s]", world_entry_text(&(said){.key = "one"}),
             world_entry_text(&(said){.key = "two"}));
    steps[0] = world_answer(200, list);
    snprintf(list, sizeof list, "[%s,%s]", world_entry_text(&(said){.key = "last"}),
             world_entry_text(&(said){.key = "two"}));
    steps[1] = world_answer(200, list);
    world_open(&w, NULL, steps, 2);
    assert_int_equal(remote_recent(w.x.remote, NULL, gather, text, &p), EX_OK);
    assert_string_equal(text, "one two ");
    text[0] = '\0';
    assert_int_equal(remote_recent(w.x.remote, NULL, gather, text, &p), EX_OSERR);
    assert_string_equal(text, "last ");
    assert_string_equal(p.text, "out of memory while looking for lost secrets");
    world_assert_asked(&w, 0, "GET /api/v1/private/recent");
    world_close(&w, 2);
}

static void a_list_that_breaks_off_is_none(void **state) {
    const struct step steps[] = {world_answer(200, "[{\"metadata_key\":"), WORLD_TROUBLE};
    char text[100] = "";
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(remote_recent(w.x.remote, NULL, gather, text, &p), EX_PROTOCOL);
    assert_int_equal(remote_recent(w.x.remote, NULL, gather, text, &p), EX_TEMPFAIL);
    assert_non_null(strstr(p.text, "the server cannot be asked for lost secrets: "));
    world_close(&w, 2);
}

static void a_generate_asks_for_what_the_record_says(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = "Generated-1"})};
    record r = world_record();
    remote_answer a;

    (void)state;
    snprintf(r.passphrase, sizeof r.passphrase, "word");
    world_open(&w, "handoff: { locale = \"de\"; share_domain = \"links.example.com\"; };\n", steps, 1);
    remote_generate(w.x.remote, &r, NULL, &a);
    assert_non_null(a.receipt);
    assert_string_equal(otsd_secret_data(a.receipt->value), "Generated-1");
    otsd_receipt_free(&a.receipt);
    world_assert_asked(&w, 0, "POST /api/v1/generate");
    world_assert_sent(&w, 0, "ttl=3456");
    world_assert_sent(&w, 0, "passphrase=word");
    world_assert_sent(&w, 0, "recipient=alice%40example.com");
    world_assert_sent(&w, 0, "locale=de");
    world_assert_sent(&w, 0, "share_domain=links.example.com");
    world_close(&w, 1);
}

static void a_generate_for_nobody_in_another_language(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = "Generated-1"})};
    record r = world_record();
    remote_answer a;

    (void)state;
    r.recipient[0] = '\0';
    world_open(&w, "handoff: { locale = \"de\"; };\n", steps, 1);
    remote_generate(w.x.remote, &r, "fr", &a);
    assert_non_null(a.receipt);
    otsd_receipt_free(&a.receipt);
    world_assert_sent(&w, 0, "locale=fr");
    assert_null(strstr(w.server.seen->request[0], "recipient"));
    assert_null(strstr(w.server.seen->request[0], "passphrase"));
    world_close(&w, 1);
}

static void a_generate_that_failed_says_what_is_certain(void **state) {
    static const struct {
        struct step step;
        bool certain;
        remote_trouble trouble;
        const char *words;
    } rows[] = {
        {{STEP_ANSWER, "404 You cannot do that"}, true, REMOTE_REFUSED, "alice: the server refused: "},
        {{STEP_ANSWER, "429 Rate limit exceeded"}, true, REMOTE_LIMITED, "alice: no password from the server: "},
        {{STEP_ANSWER, "401 Not authorized"}, true, REMOTE_HOPELESS, "alice: no password from the server: "},
        {{STEP_ANSWER, "500 An unexpected error occurred"}, false, REMOTE_AWAY, "alice: no password from the server: "},
        {{STEP_CLOSE, ""}, false, REMOTE_AWAY, "alice: no password from the server: "},
        {{STEP_STALL, ""}, false, REMOTE_LATE, "alice: no password from the server: "},
    };
    record r = world_record();
    remote_answer a;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct step s = rows[i].step;
        char json[200];

        if (s.action == STEP_ANSWER) {
            snprintf(json, sizeof json, "{\"message\":\"%s\"}", s.text + 4);
            s = world_answer((int)strtol(s.text, NULL, 10), json);
        }
        world_open(&w, NULL, &s, 1);
        if (s.action == STEP_STALL)
            remote_limit(w.x.remote, 2000);
        remote_generate(w.x.remote, &r, NULL, &a);
        assert_null(a.receipt);
        assert_int_equal(a.certain, rows[i].certain);
        assert_int_equal(a.trouble, rows[i].trouble);
        assert_memory_equal(a.why.text, rows[i].words, strlen(rows[i].words));
        world_close(&w, 1);
    }
}

static void a_generate_that_cannot_be_asked_for_made_nothing(void **state) {
    record r = world_record();
    remote_answer a;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    r.ttl_asked = -1;
    remote_generate(w.x.remote, &r, NULL, &a);
    assert_null(a.receipt);
    assert_true(a.certain);
    assert_int_equal(a.trouble, REMOTE_REFUSED);
    world_close(&w, 0);
}

static void the_link(void **state) {
    const struct step steps[] = {world_receipt(&(said){.value = "Generated-1"})};
    record r = world_record();
    char *link = NULL, expected[100];
    remote_answer a;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 1);
    remote_generate(w.x.remote, &r, NULL, &a);
    assert_non_null(a.receipt);
    assert_int_equal(remote_link(w.x.remote, a.receipt, &link, &p), EX_OK);
    snprintf(expected, sizeof expected, "http://127.0.0.1:%d/secret/secretkey", w.server.port);
    assert_string_equal(link, expected);
    free(link);
    a.receipt->secret_key[0] = '\0';
    assert_int_equal(remote_link(w.x.remote, a.receipt, &link, &p), EX_PROTOCOL);
    assert_string_equal(p.text, "the server's answer has no link");
    otsd_receipt_free(&a.receipt);
    world_close(&w, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a burn that was carried out is one", a_burn_that_was_carried_out, NULL, NULL, NULL},
        {"a burn gives the passphrase", a_burn_gives_the_passphrase, NULL, NULL, NULL},
        {"what is gone has the outcome of its receipt", what_is_gone_has_the_outcome_of_its_receipt, NULL, NULL, NULL},
        {"where the receipt is gone, too, the record says", where_the_receipt_is_gone_too_the_record_says, NULL, NULL,
         NULL},
        {"what lives is still to be burned", what_lives_is_still_to_be_burned, NULL, NULL, NULL},
        {"trouble ends nothing", trouble_ends_nothing, NULL, NULL, NULL},
        {"trouble in a refusal's place is looked up in the receipt", trouble_in_a_refusals_place_is_looked_up, NULL,
         NULL, NULL},
        {"a receipt in trouble leaves the burn owed", a_receipt_in_trouble_leaves_the_burn_owed, NULL, NULL, NULL},
        {"a limit says when to come back", a_limit_says_when, NULL, NULL, NULL},
        {"a look tells an opening from all else", a_look_changes_nothing, NULL, NULL, NULL},
        {"a look at what is gone finds no opening, trouble is told", a_look_at_what_is_gone_or_in_trouble, NULL, NULL,
         NULL},
        {"server and credentials are checked", the_check, NULL, NULL, NULL},
        {"the list is handed out until told to stop", the_list_is_handed_out_until_told_to_stop, NULL, NULL, NULL},
        {"a list that breaks off is none", a_list_that_breaks_off_is_none, NULL, NULL, NULL},
        {"a generate asks for what the record says", a_generate_asks_for_what_the_record_says, NULL, NULL, NULL},
        {"a generate for nobody mails nobody; a locale may be another", a_generate_for_nobody_in_another_language, NULL,
         NULL, NULL},
        {"a generate that failed says whether that is certain", a_generate_that_failed_says_what_is_certain, NULL, NULL,
         NULL},
        {"what cannot be asked for made nothing", a_generate_that_cannot_be_asked_for_made_nothing, NULL, NULL, NULL},
        {"the link is the server's, or there is none", the_link, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - the server's answers # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
