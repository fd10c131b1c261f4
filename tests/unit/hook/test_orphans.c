/* SPDX-License-Identifier: MIT
 *
 * The server's list held against a real ledger: what is known, whose provision is under way, how the clocks differ, and
 * when the list has to be asked for anew.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "handoff/orphans.h"
#include "handoff_world.h"

#define AGE 100 /* of the intent, so that it has settled */
#define SETTLING 3
#define MASKED "al***@e***.com"

static world w;

static record intent_of(const char *user, char digit) {
    record r = world_record();

    snprintf(r.user, sizeof r.user, "%s", user);
    memset(r.id, digit, 16);
    r.metadata_key[0] = r.hash[0] = '\0';
    r.deadline = 0;
    r.created -= AGE;
    return r;
}

static said like(const record *r, const char *key, int64_t later) {
    return (said){.key = key, .ttl = (long)r->ttl_asked, .created = (long)(r->created + later), .recipient = MASKED};
}

static orphan_search search(const record *r) {
    orphan_search found;
    problem p;

    if (orphans_find(&w.x.orphans, w.x.remote, w.x.ledger, r, SETTLING, time(NULL) - r->created - SETTLING, &found,
                     &p) != EX_OK)
        fail_msg("%s", p.text);
    return found;
}

static void assert_found(const record *r, const char *key) {
    orphan_search found = search(r);

    assert_string_equal(found.key, key);
    assert_false(found.unclear);
    assert_false(found.ambiguous);
}

static void what_fits_is_found_whatever_stands_around_it(void **state) {
    record r = intent_of("alice", 'a');
    said list[] = {like(&r, "zz", 1000), like(&r, "orphan", 1), like(&r, "aa", -1000)};
    const struct step steps[] = {world_list(list, 3)};

    (void)state;
    world_open(&w, NULL, steps, 1);
    assert_found(&r, "orphan");
    world_assert_asked(&w, 0, "GET /api/v1/private/recent");
    world_close(&w, 1);
}

/* Only a secret that may be unread can be burned, and only one of a single recipient is a hand-off's. */
static void what_cannot_be_an_orphan_is_passed_over(void **state) {
    static const struct {
        const char *state;
        const char *recipient;
        bool found;
    } rows[] = {
        {"new", MASKED, true},       {"viewed", MASKED, true},
        {"received", MASKED, false}, {"burned", MASKED, false},
        {"expired", MASKED, false},  {"orphaned", MASKED, false},
        {"who knows", MASKED, true}, {"new", MASKED "\",\"" MASKED, false},
        {"new", NULL, false},
    };
    record r = intent_of("alice", 'a');

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        said t = like(&r, "orphan", 1);
        struct step s;

        t.state = rows[i].state;
        t.recipient = rows[i].recipient;
        s = world_list(&t, 1);
        world_open(&w, NULL, &s, 1);
        assert_found(&r, rows[i].found ? "orphan" : "");
        world_close(&w, 1);
    }
}

/* In whatever state a record lies, its key is known. */
static void what_the_ledger_knows_is_no_orphan(void **state) {
    record r = intent_of("alice", 'a');
    said list[] = {like(&r, "x", 1), like(&r, WORLD_KEY, 1), like(&r, "b", 1)};
    const struct step steps[] = {world_list(list, 3)};

    (void)state;
    for (ledger_state s = LEDGER_ISSUING; s < LEDGER_ASIDE; s++) {
        record known = world_record();
        orphan_search found;
        entry *e;

        world_open(&w, NULL, steps, 1);
        snprintf(known.user, sizeof known.user, "carol");
        known.created = r.created;
        e = world_put(&w, s, &known);
        ledger_release(&e);
        found = search(&r);
        assert_string_equal(found.key, "");
        assert_true(found.ambiguous); /* two are left, for one intent */
        world_close(&w, 1);
    }
}

/* What was given once is not given again: two interrupted intents, two orphans. */
static void each_orphan_is_given_once(void **state) {
    record a = intent_of("alice", 'a'), b = intent_of("bob", 'b');
    said list[] = {like(&a, "one", 1), like(&a, "two", 2)};
    const struct step steps[] = {world_list(list, 2)};
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    snprintf(b.recipient, sizeof b.recipient, "%s", a.recipient);
    e = world_put(&w, LEDGER_ISSUING, &a);
    ledger_release(&e);
    e = world_put(&w, LEDGER_ISSUING, &b);
    ledger_release(&e);
    assert_found(&a, "one");
    assert_found(&b, "two");
    assert_found(&b, "");
    world_close(&w, 1); /* one list serves all */
}

/* Locked by another process, from before the list was asked for. */
static pid_t hold(const record *r) {
    int fds[2];
    char c;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        problem p;
        entry *e;

        (void)!write(fds[1], ledger_find(w.x.ledger, LEDGER_ISSUING, r->user, 0, &e, &p) == EX_OK ? "y" : "n", 1);
        (void)alarm(3600);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    (void)close(fds[0]);
    (void)close(fds[1]);
    return pid;
}

static void what_may_be_under_way_elsewhere_is_unclear(void **state) {
    record r = intent_of("alice", 'a'), other = intent_of("bob", 'b');
    said t = like(&r, "orphan", 1);
    const struct step steps[] = {world_list(&t, 1)};
    orphan_search found;
    pid_t pid;
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    snprintf(other.recipient, sizeof other.recipient, "%s", r.recipient);
    e = world_put(&w, LEDGER_ISSUING, &other);
    ledger_release(&e);
    pid = hold(&other);
    found = search(&r);
    assert_string_equal(found.key, "");
    assert_true(found.unclear);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    /* Its process is gone: from the next list on it owns nothing that another could not claim. */
    orphans_free(&w.x.orphans);
    assert_found(&r, "orphan");
    world_close(&w, 2);
}

static void our_own_lock_is_not_another_process(void **state) {
    record r = intent_of("alice", 'a');
    said t = like(&r, "orphan", 1);
    const struct step steps[] = {world_list(&t, 1)};
    entry *e;

    (void)state;
    world_open(&w, NULL, steps, 1);
    e = world_put(&w, LEDGER_ISSUING, &r);
    assert_found(&r, "orphan");
    ledger_release(&e);
    world_close(&w, 1);
}

/* The server's clock is two hours ahead, which one record shows; a record of last week shows nothing. */
static void the_clocks_are_compared_at_what_both_know(void **state) {
    static const struct {
        int64_t age;
        bool found;
    } rows[] = {{200, true}, {86400 - 60, true}, {86400 + 60, false}};
    record r = intent_of("alice", 'a');

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        record known = world_record();
        said list[] = {like(&r, "orphan", 7200), like(&known, WORLD_KEY, 7200 - rows[i].age)};
        const struct step steps[] = {world_list(list, 2)};
        entry *e;

        world_open(&w, NULL, steps, 1);
        snprintf(known.user, sizeof known.user, "carol");
        known.created -= rows[i].age;
        e = world_put(&w, LEDGER_PENDING, &known);
        ledger_release(&e);
        assert_found(&r, rows[i].found ? "orphan" : "");
        world_close(&w, 1);
    }
}

/* A list from before the intent settled does not prove that nothing was made. */
static void a_list_is_asked_for_anew_where_it_is_too_old(void **state) {
    record r = intent_of("alice", 'a'), young = intent_of("bob", 'b');
    const struct step steps[] = {world_list(NULL, 0)};
    orphans *o = &w.x.orphans;

    (void)state;
    world_open(&w, NULL, steps, 1);
    young.created = time(NULL);
    assert_found(&young, "");
    assert_found(&young, "");
    assert_int_equal(w.server.seen->requests, 1); /* it has not settled: a newer list would prove no more */
    assert_found(&r, "");
    assert_int_equal(w.server.seen->requests, 1);
    o->asked_ms -= (AGE - SETTLING + 2) * 1000; /* before it settled */
    assert_found(&r, "");
    assert_int_equal(w.server.seen->requests, 2);
    o->asked_ms -= (AGE - SETTLING - 2) * 1000; /* after that */
    assert_found(&r, "");
    assert_int_equal(w.server.seen->requests, 2);
    world_close(&w, 2);
}

static void a_list_that_fails_finds_nothing_and_is_asked_for_again(void **state) {
    record r = intent_of("alice", 'a');
    said t = like(&r, "orphan", 1);
    const struct step steps[] = {WORLD_TROUBLE, world_list(&t, 1)};
    orphan_search found;
    problem p;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(
        orphans_find(&w.x.orphans, w.x.remote, w.x.ledger, &r, SETTLING, time(NULL) - r.created - SETTLING, &found, &p),
        EX_TEMPFAIL);
    assert_string_equal(found.key, "");
    assert_found(&r, "orphan");
    world_close(&w, 2);
}

/* As a whole answer, malloced: the one at `ours` fits in time, too. */
static char *long_list(const record *r, int many, int ours) {
    const size_t size = (size_t)many * 400;
    char *body = malloc(size), *answer = malloc(size + 200), key[16];
    size_t len = 0;

    assert_true(body && answer);
    len += (size_t)snprintf(body, size, "[");
    for (int i = 0; i < many; i++) {
        said t = like(r, key, i == ours ? 1 : 5000);

        snprintf(key, sizeof key, "key%05d", i * 7 % many);
        len += (size_t)snprintf(body + len, size - len, "%s%s", i > 0 ? "," : "", world_entry_text(&t));
    }
    len += (size_t)snprintf(body + len, size - len, "]");
    snprintf(answer, size + 200, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             len, body);
    free(body);
    return answer;
}

/* More than fit into the first piece of memory. */
static void a_long_list_is_kept_whole(void **state) {
    enum { MANY = 300 };
    record r = intent_of("alice", 'a');
    char *answer = long_list(&r, MANY, 270);
    struct step s = {STEP_ANSWER, answer};

    (void)state;
    world_open(&w, NULL, &s, 1);
    assert_found(&r, "key00090");
    assert_int_equal(w.x.orphans.len, MANY);
    world_close(&w, 1);
    free(answer);
}

/* What the server says without end is not kept without end, and proves nothing. */
static void of_a_list_that_is_too_long_nothing_is_found_and_nothing_believed(void **state) {
    record r = intent_of("alice", 'a');
    char *answer = long_list(&r, ORPHANS_MOST + 1, 0);
    said t = like(&r, "orphan", 1);
    const struct step steps[] = {{STEP_ANSWER, answer}, world_list(&t, 1)};
    orphan_search found;

    (void)state;
    world_open(&w, NULL, steps, 2);
    found = search(&r);
    assert_true(found.too_many);
    assert_string_equal(found.key, "");
    assert_int_equal(w.x.orphans.len, ORPHANS_MOST);
    orphans_free(&w.x.orphans);
    assert_found(&r, "orphan");
    world_close(&w, 2);
    free(answer);
}

/* Of another time, another recipient, or with a key that a record has: none of it takes memory. */
static void only_what_may_be_an_intents_is_kept(void **state) {
    record r = intent_of("alice", 'a'), known = world_record();
    said list[] = {like(&r, "orphan", 1), like(&r, "other", 1), like(&r, "longer", 1), like(&r, WORLD_KEY, 1)};
    struct step steps[1];
    entry *e;

    (void)state;
    list[1].recipient = "bo***@e***.com";
    list[2].ttl++;
    steps[0] = world_list(list, 4);
    world_open(&w, NULL, steps, 1);
    snprintf(known.user, sizeof known.user, "carol");
    known.created = r.created;
    e = world_put(&w, LEDGER_PENDING, &known);
    ledger_release(&e);
    assert_found(&r, "orphan");
    assert_int_equal(w.x.orphans.len, 1);
    world_close(&w, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what fits is found, whatever stands around it", what_fits_is_found_whatever_stands_around_it, NULL, NULL,
         NULL},
        {"what is read, dead, or mailed to two is no orphan", what_cannot_be_an_orphan_is_passed_over, NULL, NULL,
         NULL},
        {"what the ledger knows is no orphan, in whatever state", what_the_ledger_knows_is_no_orphan, NULL, NULL, NULL},
        {"each orphan is given once", each_orphan_is_given_once, NULL, NULL, NULL},
        {"what may be under way in another process is unclear", what_may_be_under_way_elsewhere_is_unclear, NULL, NULL,
         NULL},
        {"our own lock is not another process", our_own_lock_is_not_another_process, NULL, NULL, NULL},
        {"the clocks are compared at what both know, of the last day", the_clocks_are_compared_at_what_both_know, NULL,
         NULL, NULL},
        {"a list is asked for anew where it is too old to prove anything", a_list_is_asked_for_anew_where_it_is_too_old,
         NULL, NULL, NULL},
        {"a list that fails finds nothing, and is asked for again",
         a_list_that_fails_finds_nothing_and_is_asked_for_again, NULL, NULL, NULL},
        {"a long list is kept whole", a_long_list_is_kept_whole, NULL, NULL, NULL},
        {"of a list that is too long nothing is found, and nothing believed",
         of_a_list_that_is_too_long_nothing_is_found_and_nothing_believed, NULL, NULL, NULL},
        {"only what may be an intent's is kept", only_what_may_be_an_intents_is_kept, NULL, NULL, NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - orphans # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
