/* SPDX-License-Identifier: MIT
 *
 * The pass over /etc/passwd and the limits of login.defs, in an /etc of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "password/account.h"
#include "private_world.h"

static bool gather(const char *user, int64_t uid, void *arg) {
    char *text = arg;
    size_t len = strlen(text);

    snprintf(text + len, 1000 - len, "%s %lld\n", user, (long long)uid);
    return strcmp(user, "stop") != 0;
}

static void assert_each(const char *passwd, const char *expected) {
    char text[1000] = "";
    problem p;

    put_file("/etc/passwd", passwd, 0644);
    assert_int_equal(account_each(gather, text, &p), EX_OK);
    assert_string_equal(text, expected);
}

static void each_account(void **state) {
    (void)state;
    assert_each("root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\nalice:x:1001:1::/:\nlast:x:5:5:::",
                "root 0\nalice 1000\nalice 1001\nlast 5\n");
    assert_each("stop:x:1:1:::\nalice:x:1000:1000:::\n", "stop 1\n");
}

/* "It is not there" would end hand-offs. */
static void a_damaged_file(void **state) {
    static const struct {
        const char *passwd, *words;
    } rows[] = {{"", "/etc/passwd is empty"},
                {"root:x:0:0::/root:/bin/sh\nalice:x:10", "/etc/passwd ends in the middle of a line"},
                {"root:x:0:0::/root:/bin/sh\nalice", "/etc/passwd ends in the middle of a line"},
                {"root:x:0:0::/root:/bin/sh\nalice:x:1000:1:::", NULL},
                {"root:x:0:0::/root:/bin/sh\nalice:x:10\n", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1000] = "";
        problem p;

        put_file("/etc/passwd", rows[i].passwd, 0644);
        assert_int_equal(account_each(gather, text, &p), rows[i].words ? EX_DATAERR : EX_OK);
        assert_string_equal(p.text, rows[i].words ? rows[i].words : "");
        /* Who was found before its end was found. */
        put_file("/etc/passwd", "stop:x:1:1:::\nx", 0644);
        assert_int_equal(account_each(gather, text, &p), EX_OK);
    }
}

static void what_is_no_account(void **state) {
    (void)state;
    assert_each("\n:x:1:1:::\n+nis\n+other::::::\nempty:x::1:::\nword:x:12z:1:::\nminus:x:-1:1:::\nshort:x:7\n"
                "huge:x:4294967296:1:::\n# comment: a:b\nlargest:x:4294967295:1:::\n",
                "largest 4294967295\n");
}

static void lines_of_any_length(void **state) {
    enum { LONG = 3000000 };
    char *passwd = malloc(LONG + 100);

    (void)state;
    assert_non_null(passwd);
    snprintf(passwd, LONG + 100, "long:x:7:7:%0*d::\nalice:x:1000:1000:::\n", (int)LONG, 0);
    assert_each(passwd, "long 7\nalice 1000\n");
    free(passwd);
}

static bool in_order(const char *user, int64_t uid, void *arg) {
    int64_t *next = arg;
    char expected[32];

    snprintf(expected, sizeof expected, "user%lld", (long long)*next);
    assert_string_equal(user, expected);
    assert_int_equal(uid, *next);
    (*next)++;
    return true;
}

/* Lines that end before, at and behind the end of what is read at once. */
static void lines_across_pieces(void **state) {
    enum { LINES = 40000 };
    int64_t next = 0;
    size_t size = 0;
    char *passwd = NULL;
    FILE *f = open_memstream(&passwd, &size);
    problem p;

    (void)state;
    assert_non_null(f);
    for (int i = 0; i < LINES; i++)
        fprintf(f, "user%d:x:%d:1:%0*d::\n", i, i, 1 + i % 17, 0);
    assert_int_equal(fclose(f), 0);
    put_file("/etc/passwd", passwd, 0644);
    assert_int_equal(account_each(in_order, &next, &p), EX_OK);
    assert_int_equal(next, LINES);
    free(passwd);
}

static void no_passwd_file(void **state) {
    problem p;

    (void)state;
    (void)unlink("/etc/passwd");
    assert_int_equal(account_each(in_order, NULL, &p), EX_NOINPUT);
}

static void who_is_local(void **state) {
    (void)state;
    put_file("/etc/passwd", "alice:x:1001:1:::\nalice:x:1002:1:::\nbob:x:1003:1:::\n", 0644);
    assert_true(account_is_local("alice", 1001));
    assert_false(account_is_local("alice", 1002));
    assert_false(account_is_local("ali", 1001));
    assert_false(account_is_local("nobody-here", 0));
    (void)unlink("/etc/passwd");
    assert_false(account_is_local("bob", 1003));
}

static const config no_limits;

static void limits_of_login_defs(void **state) {
    config c = {.handoff.uid_max = 4294967294L};
    account_limits limits;

    (void)state;
    (void)unlink("/etc/login.defs");
    account_limits_read(&no_limits, &limits);
    assert_int_equal(limits.uid_min, 1000);
    assert_int_equal(limits.uid_max, 60000);
    put_file("/etc/login.defs",
             "# UID_MIN 7\nUID_MIN\t\t 500\n  UID_MAX 0x1000\nUID_MAX many\nUID_MIN -4\nSYS_UID_MIN 3\n", 0644);
    account_limits_read(&no_limits, &limits);
    assert_int_equal(limits.uid_min, 500);
    assert_int_equal(limits.uid_max, 4096);
    assert_false(limits.allow_system || limits.allow_root);
    account_limits_read(&c, &limits);
    assert_int_equal(limits.uid_min, 500);
    assert_int_equal(limits.uid_max, 4294967294L);
    c.handoff.uid_min = 100000;
    account_limits_read(&c, &limits);
    assert_int_equal(limits.uid_min, 100000);
}

static void who_may_be_provisioned(void **state) {
    static const struct {
        int64_t uid;
        bool plain, with_system, with_root, with_both;
    } rows[] = {{0, false, false, true, true},          {1, false, true, false, true},
                {998, false, true, false, true},        {999, false, true, false, true},
                {1000, true, true, true, true},         {59999, true, true, true, true},
                {60000, true, true, true, true},        {60001, false, true, false, true},
                {1283400512, false, true, false, true}, {UINT32_MAX, false, true, false, true}};
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const bool expected[] = {rows[i].plain, rows[i].with_system, rows[i].with_root, rows[i].with_both};

        for (int with = 0; with < 4; with++) {
            const account_limits limits = {
                .uid_min = 1000, .uid_max = 60000, .allow_system = with % 2 == 1, .allow_root = with >= 2};

            if (account_allowed(&limits, "alice", rows[i].uid, &p) != (expected[with] ? EX_OK : EX_NOPERM))
                fail_msg("uid %lld, with %d: %s", (long long)rows[i].uid, with, p.text);
        }
    }
    /* Root, whatever the limits say. */
    assert_int_equal(account_allowed(&(account_limits){.uid_min = 0, .uid_max = 100}, "toor", 0, &p), EX_NOPERM);
    assert_string_equal(p.text, "toor is root (uid 0), whom only --allow-root provisions");
    assert_int_equal(account_allowed(&(account_limits){.uid_min = 0, .uid_max = 100}, "daemon", 1, &p), EX_OK);
}

static void one_account(void **state) {
    int64_t uid = -7;
    problem p;

    (void)state;
    put_file("/etc/nsswitch.conf", "passwd: files\n", 0644);
    put_file("/etc/passwd", "root:x:0:0:::\nalice:x:1001:1:::\nalice:x:1002:1:::\n", 0644);
    assert_int_equal(account_uid("alice", &uid, &p), EX_OK);
    assert_int_equal(uid, 1001);
    uid = -7;
    assert_int_equal(account_uid("nobody-here", &uid, &p), EX_NOUSER);
    assert_string_equal(p.text, "nobody-here: there is no such user");
    assert_int_equal(uid, -7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each line is an account, the second of a name too", each_account, NULL, NULL, NULL},
        {"a file that is empty or cut is an error", a_damaged_file, NULL, NULL, NULL},
        {"a line without a name or a number is none", what_is_no_account, NULL, NULL, NULL},
        {"lines of any length are got past", lines_of_any_length, NULL, NULL, NULL},
        {"lines are whole wherever a piece of the file ends", lines_across_pieces, NULL, NULL, NULL},
        {"no file is an error", no_passwd_file, NULL, NULL, NULL},
        {"outside the limits only with an option, and root with one of his own", who_may_be_provisioned, NULL, NULL,
         NULL},
        {"one account has the uid of its first line, or there is none", one_account, NULL, NULL, NULL},
        {"an account is local that /etc/passwd has with this uid", who_is_local, NULL, NULL, NULL},
        {"the limits are those of the configuration, of login.defs, or the usual ones", limits_of_login_defs, NULL,
         NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - accounts # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
