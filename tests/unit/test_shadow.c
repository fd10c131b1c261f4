/* SPDX-License-Identifier: MIT
 *
 * The shadow transaction, on a real /etc/shadow in a mount namespace of the test's own.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../otsd-hook/shadow.h"
#include "private_world.h"

#define HASH "$6$salt$hashhashhash"
static const char before[] = "root:$6$r$root:19000:0:99999:7:::\n"
                             "# a comment that someone left\n"
                             "alice:!:19001:0:99999:7:::\n"
                             "bob:$6$b$bob:19002:0:99999:7::20000:\n"
                             "odd:x\n"
                             "+nis::::::::\n"
                             "carol:*:19003:0:99999:7:::\n"
                             "alice:second-line:1:2:3:4:::\n"
                             "last:!!:19004::::::";

static void put_shadow(void) {
    put_file(SHADOW_PATH, before, 0640);
    assert_int_equal(chown(SHADOW_PATH, 0, 42), 0);
}

static void assert_shadow(const char *expected) {
    char *text = get_file(SHADOW_PATH);

    assert_string_equal(text, expected);
    free(text);
    assert_int_equal(access("/etc/shadow.otsd", F_OK), -1);
}

static shadow_change set(const char *user) {
    shadow_change c = {.user = user, .hash = HASH, .op = SHADOW_SET, .must_change = true};

    return c;
}

static int world(void **state) {
    (void)state;
    put_shadow();
    return 0;
}

static void changes_one_line_only(void **state) {
    shadow_change c = set("alice");
    struct stat st;
    problem p;

    (void)state;
    (void)setxattr(SHADOW_PATH, "trusted.mark", "x", 1, 0);
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
    assert_shadow("root:$6$r$root:19000:0:99999:7:::\n"
                  "# a comment that someone left\n"
                  "alice:" HASH ":0:0:99999:7:::\n"
                  "bob:$6$b$bob:19002:0:99999:7::20000:\n"
                  "odd:x\n"
                  "+nis::::::::\n"
                  "carol:*:19003:0:99999:7:::\n"
                  "alice:second-line:1:2:3:4:::\n"
                  "last:!!:19004::::::");
    assert_int_equal(stat(SHADOW_PATH, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_gid, 42);
    {
        char value[4];

        assert_int_equal(getxattr(SHADOW_PATH, "trusted.mark", value, sizeof value), 1);
    }
}

static void many_at_once(void **state) {
    shadow_change c[] = {set("last"), set("nobody-here"), set("carol"), set("bob"), set("alice")};
    problem p;

    (void)state;
    assert_int_equal(shadow_apply(c, 5, &p), EX_OK);
    /* sorted by name now */
    assert_int_equal(c[0].result, SHADOW_DONE);
    assert_string_equal(c[1].user, "bob");
    assert_int_equal(c[1].result, SHADOW_REFUSED);
    assert_int_equal(c[2].result, SHADOW_DONE);
    assert_int_equal(c[3].result, SHADOW_DONE);
    assert_int_equal(c[4].result, SHADOW_ABSENT);
}

static void refuses_without_touching(void **state) {
    shadow_change c = set("bob");
    struct stat a, b;
    problem p;

    (void)state;
    assert_int_equal(stat(SHADOW_PATH, &a), 0);
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_REFUSED);
    assert_shadow(before);
    assert_int_equal(stat(SHADOW_PATH, &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);
    c.force = true;
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
}

static void today_where_no_change_is_due(void **state) {
    shadow_change c = set("carol");
    shadow_line line;
    problem p;

    (void)state;
    c.must_change = false;
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(shadow_lookup("carol", &line, &p), EX_OK);
    assert_in_range(line.changed, time(NULL) / 86400 - 1, time(NULL) / 86400);
}

static void locks_only_the_generated_one(void **state) {
    shadow_change c = set("alice");
    shadow_line line;
    problem p;

    (void)state;
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    c.op = SHADOW_LOCK_IF;
    c.hash = "$6$other$one";
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_OTHER);
    c.hash = HASH;
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
    assert_int_equal(shadow_lookup("alice", &line, &p), EX_OK);
    assert_string_equal(line.hash, "!" HASH);
    assert_true(shadow_same(line.hash, HASH));
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_OTHER);
    assert_int_equal(shadow_lookup("alice", &line, &p), EX_OK);
    assert_string_equal(line.hash, "!" HASH);
}

static void follows_no_link(void **state) {
    shadow_change c = set("alice");
    problem p;

    (void)state;
    assert_int_equal(rename(SHADOW_PATH, "/etc/elsewhere"), 0);
    assert_int_equal(symlink("/etc/elsewhere", SHADOW_PATH), 0);
    assert_int_not_equal(shadow_apply(&c, 1, &p), EX_OK);
    {
        char *text = get_file("/etc/elsewhere");

        assert_string_equal(text, before);
        free(text);
    }
    assert_int_equal(unlink(SHADOW_PATH), 0);
}

static void removes_only_what_is_ours(void **state) {
    problem p;

    (void)state;
    put_file("/etc/shadow.otsd", "half a file", 0600);
    put_file("/etc/shadow+", "of shadow-utils", 0600);
    assert_int_equal(shadow_clean(&p), EX_OK);
    assert_int_equal(access("/etc/shadow.otsd", F_OK), -1);
    assert_int_equal(access("/etc/shadow+", F_OK), 0);
    assert_shadow(before);
}

static void what_a_fresh_account_looks_like(void **state) {
    (void)state;
    assert_true(shadow_never_set("!"));
    assert_true(shadow_never_set("!!"));
    assert_true(shadow_never_set("*"));
    assert_true(shadow_never_set("!*"));
    assert_false(shadow_never_set(""));
    assert_false(shadow_never_set("!$6$locked$by-an-administrator"));
    assert_false(shadow_never_set(HASH));
    assert_false(shadow_same("", ""));
    assert_false(shadow_same("!", ""));
}

static void gets_past_long_lines(void **state) {
    static char text[20000];
    shadow_change c = set("zoe");
    shadow_line line;
    problem p;

    (void)state;
    (void)snprintf(text, sizeof text, "big:%09000d:1:0:99999:7:::\nzoe:!:1:0:99999:7:::\n", 7);
    put_file(SHADOW_PATH, text, 0640);
    assert_int_equal(shadow_lookup("zoe", &line, &p), EX_OK);
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
    assert_int_equal(shadow_lookup("big", &line, &p), EX_DATAERR);
}

static void replaces_only_the_hash_it_names(void **state) {
    shadow_change c = set("bob");
    problem p;

    (void)state;
    c.only_if = "$6$other$one";
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_REFUSED);
    c.only_if = "$6$b$bob";
    assert_int_equal(shadow_apply(&c, 1, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a change keeps every other line, mode, owner and attributes", changes_one_line_only, world, NULL, NULL},
        {"many changes are one transaction with a result each", many_at_once, world, NULL, NULL},
        {"an account with a password is refused and the file not rewritten", refuses_without_touching, world, NULL, NULL},
        {"without must_change the date is today", today_where_no_change_is_due, world, NULL, NULL},
        {"the lock hits the generated password only, and once", locks_only_the_generated_one, world, NULL, NULL},
        {"a shadow file that is a link is refused", follows_no_link, world, NULL, NULL},
        {"a crashed transaction's left-over is removed, others' files stay", removes_only_what_is_ours, world, NULL, NULL},
        {"never had a password: '!' and '*' only", what_a_fresh_account_looks_like, world, NULL, NULL},
        {"lines of any length are got past", gets_past_long_lines, world, NULL, NULL},
        {"a reissue replaces the hash that it names and no other", replaces_only_the_hash_it_names, world, NULL, NULL},
    };

    if (!private_world()) {
        (void)puts("1..1\nok 1 - shadow transactions # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
