/* SPDX-License-Identifier: MIT
 *
 * One account, one hand-off, whatever name it is called by: with a name service that ignores case, and one that does
 * not, where names that look alike are two people's.
 */
#include "handoff/who.h"

#include <crypt.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "batch/preflight.h"
#include "batch_world.h"
#include "commands/login_typed.h"
#include "commands/provision_checks.h"
#include "handoff_world.h"
#include "name_service.h"
#include "private_world.h"

/* Lines "ASKED NAME UID" in a file; with "ignores" beside it ASKED is compared without case; each question is noted. */
static const char module[] =
    "#define _GNU_SOURCE\n"
    "#include <errno.h>\n"
    "#include <nss.h>\n"
    "#include <pwd.h>\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "#include <unistd.h>\n"
    "enum nss_status _nss_otsdcase_getpwnam_r(const char *name, struct passwd *pw, char *buf,\n"
    "                                         size_t size, int *why) {\n"
    "    static char none[] = \"\";\n"
    "    int ignores = access(\"/etc/ignores\", F_OK) == 0, found = 0;\n"
    "    char asked[300], line[300];\n"
    "    unsigned uid;\n"
    "    FILE *f = fopen(\"/etc/asked\", \"ae\");\n"
    "    if (f) fprintf(f, \"%s\\n\", name), fclose(f);\n"
    "    f = fopen(\"/etc/directory\", \"re\");\n"
    "    *why = f ? ENOENT : EIO;\n"
    "    if (!f) return NSS_STATUS_UNAVAIL;\n"
    "    while (!found && fscanf(f, \"%299s %299s %u\", asked, line, &uid) == 3)\n"
    "        found = (ignores ? strcasecmp : strcmp)(asked, name) == 0 && strlen(line) < size;\n"
    "    fclose(f);\n"
    "    if (!found) return NSS_STATUS_NOTFOUND;\n"
    "    *pw = (struct passwd){strcpy(buf, line), none, uid, 100, none, none, none};\n"
    "    return NSS_STATUS_SUCCESS;\n"
    "}\n";

/* adalice is lowered by the name service, AdEve as in the directory. bob and BOB are two people, sam and SAM with one
 * uid. ALI's canonical name is a local account's, GHOST's nobody's. eve and max are known in full. */
#define DIRECTORY                                                                                                      \
    "adalice adalice 2001\nAdEve AdEve 2002\nbob bob 2003\nBOB BOB 2004\nbad b:ad 2005\nsam sam 2006\nSAM SAM 2006\n"  \
    "ALI alice 2007\nGHOST shade 2008\neve eve@ad.example.com 2010\neve@ad.example.com eve@ad.example.com 2010\n"      \
    "max AD\\max 2011\nAD\\max AD\\max 2011\neva eva@ad.example.com 2012\neva@ad.example.com eva@ad.example.com "      \
    "2010\n"
#define COMMAND                                                                                                        \
    "password: { backend = \"command\"; command = \"/bin/true\"; lock_command = \"/bin/true\"; };\n"                   \
    "handoff: { recipient = \"%u@example.com\"; };\n"
#define GENERATED "generated-Pass.42"
#define HOUR 3600

static world w;

static void open_world(bool ignores, const char *more, const struct step *steps, size_t n) {
    world_open(&w, more, steps, n);
    put_file("/etc/nsswitch.conf", "passwd: files otsdcase\n", 0644);
    put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\nAnn:x:1002:1002::/:/bin/sh\n", 0644);
    put_file("/etc/directory", DIRECTORY, 0644);
    if (ignores)
        put_file("/etc/ignores", "", 0644);
}

static bool was_asked(void) {
    return access("/etc/asked", F_OK) == 0;
}

static void put_record(ledger_state s, const char *user, int64_t uid) {
    record r = world_record();
    entry *e;

    snprintf(r.user, sizeof r.user, "%s", user);
    r.uid = uid;
    r.local = 0;
    r.backend = BACKEND_COMMAND;
    e = world_put(&w, s, &r);
    ledger_release(&e);
}

#define UNREADABLE (-1)

static void put_unreadable(const char *user) {
    char path[PATH_MAX];

    snprintf(path, sizeof path, OTSD_STATE_DIR "/pending/%s", user);
    put_file(path, "as a disk leaves it", 0600);
}

static const struct {
    const char *promise;
    bool ignores;
    const char *config; /* NULL: passwords in /etc/shadow */
    const char *open;   /* a hand-off; NULL: none */
    int64_t uid;        /* its uid, or UNREADABLE */
    const char *typed, *user;
    int code;
} rows[] = {
    {"an account is filed under its name", true, COMMAND, NULL, 0, "adalice", "adalice", EX_OK},
    {"… whatever was typed", true, COMMAND, NULL, 0, "ADALICE", "adalice", EX_OK},
    {"a name with capitals is filed lowered", true, COMMAND, NULL, 0, "AdEve", "adeve", EX_OK},
    {"… whatever was typed", true, COMMAND, NULL, 0, "ADEVE", "adeve", EX_OK},
    {"not where case matters", false, COMMAND, NULL, 0, "AdEve", "AdEve", EX_OK},
    {"nor for /etc/shadow, where it does", true, NULL, NULL, 0, "adeve", "AdEve", EX_OK},
    {"where case matters, there is none", false, COMMAND, NULL, 0, "ADALICE", NULL, EX_NOUSER},
    {"what is open is found", true, COMMAND, "adalice", 2001, "ADALICE", "adalice", EX_OK},
    {"… under another name, from before", true, COMMAND, "ADALICE", 2001, "ADALICE", "ADALICE", EX_OK},
    {"… under the canonical one", true, COMMAND, "AdEve", 2002, "adeve", "AdEve", EX_OK},
    {"… with another backend by now", true, NULL, "adeve", 2002, "AdEve", "adeve", EX_OK},
    {"not another account's", true, COMMAND, "ADALICE", 9999, "ADALICE", "adalice", EX_OK},
    {"two people: one", false, COMMAND, "BOB", 2004, "bob", "bob", EX_OK},
    {"two people: and the other", false, COMMAND, "bob", 2003, "BOB", "BOB", EX_OK},
    {"two people with one uid", false, COMMAND, "sam", 2006, "SAM", "SAM", EX_OK},
    {"what cannot be read is not taken for absent", true, COMMAND, "AdEve", UNREADABLE, "adeve", "AdEve", EX_OK},
    {"… in full", true, COMMAND, "eve@ad.example.com", UNREADABLE, "eve", "eve@ad.example.com", EX_OK},
    {"… of another account it is nobody's matter", false, COMMAND, "bob", UNREADABLE, "BOB", "BOB", EX_OK},
    {"a name that is known in full is kept as typed", false, COMMAND, NULL, 0, "eve", "eve", EX_OK},
    {"… and lowered where case is ignored", true, COMMAND, NULL, 0, "EVE", "eve", EX_OK},
    {"… not for /etc/shadow", true, NULL, NULL, 0, "EVE", "EVE", EX_OK},
    {"… also where it was typed in full", true, COMMAND, NULL, 0, "eve@ad.example.com", "eve@ad.example.com", EX_OK},
    {"what is open in full is found by the short name", true, COMMAND, "eve@ad.example.com", 2010, "Eve",
     "eve@ad.example.com", EX_OK},
    {"… and the other way round", true, COMMAND, "eve", 2010, "EVE@ad.example.com", "eve", EX_OK},
    {"… with a domain in front", false, COMMAND, "AD\\max", 2011, "max", "AD\\max", EX_OK},
    {"… and the other way round", false, COMMAND, "max", 2011, "AD\\max", "max", EX_OK},
    {"not one of another domain", false, COMMAND, "bob", 2010, "eve@ad.example.com", "eve@ad.example.com", EX_OK},
    {"nor another account of the same uid", false, COMMAND, "eva", 2010, "eva@ad.example.com", "eva@ad.example.com",
     EX_OK},
    {"a name in full that is another account's", true, COMMAND, NULL, 0, "eva", NULL, EX_DATAERR},
    {"a name that no hand-off can have", true, COMMAND, NULL, 0, "bad", NULL, EX_DATAERR},
    {"a name that is another account's", true, COMMAND, NULL, 0, "ali", NULL, EX_DATAERR},
    {"a name that is nobody's", true, COMMAND, NULL, 0, "ghost", NULL, EX_DATAERR},
};

static void one_account_has_one_name(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        who got = {.uid = -1};
        problem p;

        open_world(rows[i].ignores, rows[i].config, NULL, 0);
        if (rows[i].open && rows[i].uid == UNREADABLE)
            put_unreadable(rows[i].open);
        else if (rows[i].open)
            put_record(LEDGER_PENDING, rows[i].open, rows[i].uid);
        if (who_is(&w.x, rows[i].typed, false, &got, &p) != rows[i].code ||
            (rows[i].user && (strcmp(got.user, rows[i].user) != 0 || got.local)))
            fail_msg("%s: %d, %s", rows[i].promise, p.code, p.code == EX_OK ? got.user : p.text);
        world_close(&w, 0);
    }
}

static void local_accounts_are_what_they_are_called(void **state) {
    static const char *const users[] = {"alice", "Ann"};
    problem p;
    who got;

    (void)state;
    open_world(true, COMMAND, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(who_is(&w.x, users[i], false, &got, &p), EX_OK);
        assert_string_equal(got.user, users[i]);
        assert_true(got.local);
        assert_int_equal(got.uid, 1001 + (int64_t)i);
    }
    assert_false(was_asked());
    assert_int_equal(who_is(&w.x, "ALICE", true, &got, &p), EX_NOUSER);
    assert_int_equal(unlink("/etc/directory"), 0);
    assert_int_equal(who_is(&w.x, "ADALICE", false, &got, &p), EX_OSERR);
    world_close(&w, 0);
}

static const struct {
    const char *promise;
    bool ignores;
    ledger_state where;
    const char *open;
    int64_t uid;
    const char *typed, *user;
    bool asked;
    const char *also; /* open; NULL: none */
    int64_t also_uid; /* 0: the same */
} ends[] = {
    {"what was typed is there: nobody is asked", true, LEDGER_PENDING, "ADALICE", 2001, "ADALICE", "ADALICE", false,
     NULL, 0},
    {"an intent, too", true, LEDGER_ISSUING, "ADALICE", 2001, "ADALICE", "ADALICE", false, "adalice", 0},
    {"a burn that is owed", true, LEDGER_CLAIMED, "ADALICE", 2001, "ADALICE", "ADALICE", false, NULL, 0},
    {"with a hand-off of another account", true, LEDGER_CLAIMED, "ADALICE", 2001, "ADALICE", "ADALICE", false, "bob",
     2003},
    {"comes behind what is open", true, LEDGER_CLAIMED, "ADALICE", 2001, "ADALICE", "adalice", true, "adalice", 0},
    {"otherwise the account's", true, LEDGER_PENDING, "adalice", 2001, "ADALICE", "adalice", true, NULL, 0},
    {"lowered", true, LEDGER_CLAIMED, "adeve", 2002, "AdEve", "adeve", true, NULL, 0},
    {"not another's", false, LEDGER_PENDING, "bob", 2003, "BOB", "BOB", true, NULL, 0},
    {"nor a local one's", true, LEDGER_PENDING, "alice", 1001, "ALI", "ALI", true, NULL, 0},
    {"nobody: as typed", true, LEDGER_PENDING, "gone", 2099, "GONE", "GONE", true, NULL, 0},
};

static void who_ends_one_needs_no_name_service(void **state) {
    char got[USER_MAX + 1];
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        open_world(ends[i].ignores, COMMAND, NULL, 0);
        put_record(ends[i].where, ends[i].open, ends[i].uid);
        if (ends[i].also)
            put_record(LEDGER_PENDING, ends[i].also, ends[i].also_uid ? ends[i].also_uid : ends[i].uid);
        (void)who_ends(&w.x, ends[i].typed, got, &p);
        if (strcmp(got, ends[i].user) != 0 || was_asked() != ends[i].asked)
            fail_msg("%s: %s, asked: %d", ends[i].promise, got, was_asked());
        world_close(&w, 0);
    }
    open_world(true, COMMAND, NULL, 0);
    put_record(LEDGER_PENDING, "adalice", 2001);
    assert_int_equal(unlink("/etc/directory"), 0);
    assert_int_equal(who_ends(&w.x, "ADALICE", got, &p), EX_OSERR);
    assert_string_equal(got, "ADALICE");
    put_record(LEDGER_CLAIMED, "ADALICE", 2001);
    assert_int_equal(who_ends(&w.x, "ADALICE", got, &p), EX_OSERR);
    assert_string_equal(got, "ADALICE");
    assert_int_equal(who_ends(&w.x, "adalice", got, &p), EX_OK);
    world_close(&w, 0);
}

static const struct {
    const char *promise;
    bool ignores, away;
    const char *open;
    int64_t uid;
    const char *typed, *user; /* NULL: none of this account */
    int code;
} logins[] = {
    {"as it is filed", true, true, "adalice", 2001, "adalice", "adalice", EX_OK},
    {"in capitals", true, false, "adalice", 2001, "AdAlice", "adalice", EX_OK},
    {"in any other form", true, false, "adeve", 2002, "ADeve", "adeve", EX_OK},
    {"by a name that is known in full", true, true, "eve", 2010, "eve", "eve", EX_OK},
    {"… in capitals", true, false, "eve", 2010, "EVE", "eve", EX_OK},
    {"bob's is not BOB's", false, false, "bob", 2003, "BOB", NULL, LEDGER_NONE},
    {"… with one uid", false, false, "sam", 2006, "SAM", NULL, LEDGER_NONE},
    {"… where BOB is nobody", false, false, "adalice", 2001, "ADALICE", NULL, LEDGER_NONE},
    {"the account has another uid by now", true, false, "adalice", 9999, "ADALICE", NULL, LEDGER_NONE},
    {"nobody can say", true, true, "adalice", 2001, "ADALICE", NULL, EX_OSERR},
    {"there is none", true, false, "bob", 2003, "ADALICE", NULL, LEDGER_NONE},
};

static void a_login_ends_its_own_handoff_only(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        char got[USER_MAX + 1];
        problem p = {0};

        open_world(logins[i].ignores, COMMAND, NULL, 0);
        put_record(LEDGER_PENDING, logins[i].open, logins[i].uid);
        if (logins[i].away)
            assert_int_equal(unlink("/etc/directory"), 0);
        if (who_logs_in(w.x.ledger, logins[i].typed, got, &p) != logins[i].code ||
            (logins[i].user && strcmp(got, logins[i].user) != 0))
            fail_msg("%s: %s, %s", logins[i].promise, got, p.text);
        world_close(&w, 0);
    }
}

/* The text on standard input, as from the module. */
static int typed(const char *user) {
    int pipe_ends[2];
    problem p;

    assert_int_equal(pipe(pipe_ends), 0);
    assert_int_equal(write(pipe_ends[1], GENERATED, strlen(GENERATED)), (ssize_t)strlen(GENERATED));
    assert_int_equal(close(pipe_ends[1]), 0);
    assert_int_equal(dup2(pipe_ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(pipe_ends[0]), 0);
    return login_typed(user, &p);
}

static void an_overdue_password_refuses_its_own_account_only(void **state) {
    struct crypt_data data = {0};
    record r = world_record();
    entry *e;

    (void)state;
    for (int ignores = 0; ignores < 2; ignores++) {
        open_world(ignores, COMMAND, NULL, 0);
        snprintf(r.user, sizeof r.user, "bob");
        snprintf(r.hash, sizeof r.hash, "%s", crypt_r(GENERATED, "$5$rounds=1000$salt$", &data));
        r.uid = 2003;
        r.created = time(NULL) - 2 * HOUR;
        r.deadline = r.created + HOUR;
        e = world_put(&w, LEDGER_PENDING, &r);
        ledger_release(&e);
        assert_int_equal(typed("bob"), OTSD_EXIT_OVERDUE);
        assert_false(was_asked());
        assert_int_equal(typed("BOB"), ignores ? OTSD_EXIT_OVERDUE : EX_OK);
        assert_int_equal(unlink("/etc/directory"), 0);
        assert_int_equal(typed("BOB"), EX_OSERR);
        world_close(&w, 0);
    }
}

static void what_is_open_by_another_name_is_open(void **state) {
    provision_request q = {.user = "ADALICE", .passphrase_fd = -1};
    provision_facts f = {0};
    problem p;

    (void)state;
    open_world(true, COMMAND, NULL, 0);
    assert_int_equal(provision_check(&w.x, &q, &f, &p), EX_OK);
    assert_string_equal(f.user, "adalice");
    assert_string_equal(f.recipient, "adalice@example.com");
    assert_int_equal(f.uid, 2001);
    provision_facts_end(&f);
    put_record(LEDGER_PENDING, "adalice", 2001);
    memset(&f, 0, sizeof f);
    assert_int_equal(provision_check(&w.x, &q, &f, &p), EX_CANTCREAT);
    assert_string_equal(p.text, "adalice has an open hand-off already: otsd-hook reissue or revoke it");
    provision_facts_end(&f);
    q.reissue = true;
    memset(&f, 0, sizeof f);
    assert_int_equal(provision_check(&w.x, &q, &f, &p), EX_OK);
    assert_string_equal(f.user, "adalice");
    assert_string_equal(f.old.user, "adalice");
    provision_facts_end(&f);

    q = (provision_request){.user = "adeve", .passphrase_fd = -1};
    put_unreadable("AdEve");
    memset(&f, 0, sizeof f);
    assert_int_equal(provision_check(&w.x, &q, &f, &p), EX_DATAERR);
    assert_non_null(strstr(p.text, " (" OTSD_STATE_DIR "/pending/AdEve): otsd-hook sweep sets it aside"));
    provision_facts_end(&f);
    world_close(&w, 0);
}

static void put_past(const char *user, reason why) {
    record r = world_record();
    problem p;

    snprintf(r.user, sizeof r.user, "%s", user);
    r.uid = 2010;
    r.local = 0;
    r.reason = why;
    assert_int_equal(past_note(w.x.ledger, &r, &p), EX_OK);
}

/* Of eve, who is also known in full: what is remembered by the one name, and by the other. */
static void who_has_arrived_by_either_name_has_arrived(void **state) {
    static const char full[] = "eve@ad.example.com";
    static const struct {
        reason by_short, by_full;
        past was;
        bool is_full;
    } cases[] = {
        {REASON_NONE, REASON_NONE, PAST_NONE, false},         {REASON_REVOKED, REASON_NONE, PAST_ENDED, false},
        {REASON_NONE, REASON_REVOKED, PAST_ENDED, true},      {REASON_ARRIVED, REASON_REVOKED, PAST_ARRIVED, false},
        {REASON_REVOKED, REASON_ARRIVED, PAST_ARRIVED, true}, {REASON_NONE, REASON_ARRIVED, PAST_ARRIVED, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int asked_in_full = 0; asked_in_full < 2; asked_in_full++) {
            char name[USER_MAX + 1];
            past_view v;
            problem p;

            open_world(false, COMMAND, NULL, 0);
            if (cases[i].by_short != REASON_NONE)
                put_past("eve", cases[i].by_short);
            if (cases[i].by_full != REASON_NONE)
                put_past(full, cases[i].by_full);
            assert_int_equal(who_past(w.x.ledger, asked_in_full ? full : "eve", full, false, 2010, name, &v, &p),
                             EX_OK);
            assert_int_equal(v.was, cases[i].was);
            if (v.was != PAST_NONE)
                assert_string_equal(name, cases[i].is_full ? full : "eve");
            world_close(&w, 0);
        }
    }
}

static void gather_bad(void *arg, unsigned long number, const char *text) {
    char *all = arg;
    size_t len = strlen(all);

    snprintf(all + len, 2000 - len, "%lu: %s\n", number, text);
}

static void two_lines_for_one_account_are_an_error(void **state) {
    static const char *const users[] = {"ADALICE", "AdEve", "adalice", "bad", "alice", "Adalice"};
    static const char *const people[] = {"bob", "BOB", "AdEve"};
    static const char *const full[] = {"eve@ad.example.com", "max", "eve", "EVE"};
    const struct step steps[] = {world_answer(200, "{\"status\":\"nominal\"}")};
    char bad[2000] = "";
    problem p;
    batch b;

    (void)state;
    open_world(true, COMMAND, NULL, 0);
    batch_begin(&b, &w, users, 6);
    for (size_t i = 0; i < b.len; i++)
        b.accounts[i].uid = -1;
    assert_int_equal(preflight(&b, gather_bad, bad, &p), EX_OK);
    assert_string_equal(bad, "4: the user adalice is the same account as ADALICE in line 2\n"
                             "5: the name service has bad under a name that no hand-off can have, or that is another "
                             "account's\n"
                             "7: the user Adalice is the same account as ADALICE in line 2\n");
    assert_ptr_equal(batch_find(&b, "adeve"), &b.accounts[1]);
    assert_null(batch_find(&b, "AdEve"));
    batch_end(&b);
    world_close(&w, 0);

    open_world(true, COMMAND, NULL, 0);
    batch_begin(&b, &w, full, 4);
    b.no_recipient = false;
    for (size_t i = 0; i < b.len; i++)
        b.accounts[i].uid = -1;
    bad[0] = '\0';
    put_record(LEDGER_PENDING, "AD\\max", 2011);
    assert_int_equal(preflight(&b, gather_bad, bad, &p), EX_OK);
    assert_string_equal(bad, "2: \"eve@ad.example.com@example.com\" is not one mail address\n"
                             "4: the user eve is the same account as eve@ad.example.com in line 2\n"
                             "5: the user EVE is the same account as eve@ad.example.com in line 2\n");
    assert_int_equal(batch_find(&b, "AD\\max")->status, BATCH_OPEN);
    batch_end(&b);
    world_close(&w, 0);

    open_world(false, COMMAND, steps, 1);
    batch_begin(&b, &w, people, 3);
    for (size_t i = 0; i < b.len; i++)
        b.accounts[i].uid = -1;
    bad[0] = '\0';
    put_record(LEDGER_PENDING, "bob", 2003);
    assert_int_equal(preflight(&b, gather_bad, bad, &p), EX_OK);
    assert_string_equal(bad, "");
    assert_int_equal(batch_find(&b, "bob")->status, BATCH_OPEN);
    assert_int_equal(batch_find(&b, "BOB")->status, BATCH_TODO);
    assert_int_equal(batch_find(&b, "BOB")->uid, 2004);
    batch_end(&b);
    world_close(&w, 1);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        {"one account has one hand-off, whatever it is called by", one_account_has_one_name, NULL, NULL, NULL},
        {"local accounts are what they are called, and nobody else is asked", local_accounts_are_what_they_are_called,
         NULL, NULL, NULL},
        {"who ends a hand-off by its name waits for no name service", who_ends_one_needs_no_name_service, NULL, NULL,
         NULL},
        {"a login in another case finds its own hand-off, and only that", a_login_ends_its_own_handoff_only, NULL, NULL,
         NULL},
        {"an overdue password is refused to its own account only", an_overdue_password_refuses_its_own_account_only,
         NULL, NULL, NULL},
        {"what is open by another name is open", what_is_open_by_another_name_is_open, NULL, NULL, NULL},
        {"who has arrived by either name of the account has arrived", who_has_arrived_by_either_name_has_arrived, NULL,
         NULL, NULL},
        {"two lines of a batch for one account are an error that names both", two_lines_for_one_account_are_an_error,
         NULL, NULL, NULL},
    };

    (void)argc;
    if (!name_service_is_here()) {
        if (world_possible())
            name_service_make(argv, "otsdcase", module);
        puts("1..1\nok 1 - names of one account # SKIP needs root, namespaces and a compiler");
        return 0;
    }
    if (!world_possible())
        return 1;
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
