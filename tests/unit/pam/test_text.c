/* SPDX-License-Identifier: MIT
 *
 * The strings that cross the module's border, by tables: names that become paths, values that become arguments, output
 * that becomes a message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../../pam_ots/text.h"

static void names(void **state) {
    static const struct {
        const char *user;
        size_t length;
    } rows[] = {{"alice", 5}, {"a", 1},       {"a.b-c", 5},  {"DOM\\alice", 9}, {"h\xc3\xa9", 3},
                {NULL, 0},    {"", 0},        {".", 0},      {"..", 0},         {".alice", 0},
                {"-rf", 0},   {"a/b", 0},     {"/alice", 0}, {"alice/", 0},     {"a\nb", 0},
                {"a\x7f", 0}, {"a\x1b[m", 0}, {"\t", 0},     {"a:b", 0}};
    char longest[USER_MAX + 2], copy[USER_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(user_name_length(rows[i].user), rows[i].length);
    memset(longest, 'a', sizeof longest - 1);
    longest[USER_MAX + 1] = '\0';
    assert_int_equal(user_name_length(longest), 0);
    longest[USER_MAX] = '\0';
    assert_int_equal(user_name_length(longest), USER_MAX);
    user_name_copy(copy, longest);
    assert_string_equal(copy, longest);
    assert_int_equal(bounded_length(longest, USER_MAX), USER_MAX);
    assert_int_equal(bounded_length(longest, USER_MAX - 1), USER_MAX);
    assert_int_equal(bounded_length("", 0), 0);
}

static void lowered_names(void **state) {
    static const struct {
        const char *user, *lowered; /* NULL: it has no capitals */
    } rows[] = {{"alice", NULL}, {"ALICE", "alice"}, {"dOM\\A1-Z_", "dom\\a1-z_"}, {"@[`{", NULL}, {"h\xc3\x89", NULL}};
    char longest[USER_MAX + 1], copy[USER_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(user_name_lower(copy, rows[i].user), rows[i].lowered ? 1 : 0);
        assert_string_equal(copy, rows[i].lowered ? rows[i].lowered : rows[i].user);
    }
    memset(longest, 'A', sizeof longest - 1);
    longest[USER_MAX] = '\0';
    assert_true(user_name_lower(copy, longest));
    assert_int_equal(strspn(copy, "a"), USER_MAX);
}

static void options(void **state) {
    static const struct {
        const char *value, *expected;
    } rows[] = {{"ssh", "--tty=ssh"},       {"a b", "--tty=a?b"}, {"\x1b[2J", "--tty=?[2J"},
                {"h\xc3\xa9", "--tty=h??"}, {"~", "--tty=~"},     {"\x7f", "--tty=?"}};
    char out[sizeof "--tty=" + VALUE_MAX], small[8], many[VALUE_MAX + 50];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(option_text(out, sizeof out, "--tty=", rows[i].value));
        assert_string_equal(out, rows[i].expected);
    }
    assert_false(option_text(out, sizeof out, "--tty=", NULL));
    assert_false(option_text(out, sizeof out, "--tty=", ""));
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_true(option_text(out, sizeof out, "--tty=", many));
    assert_int_equal(strlen(out), strlen("--tty=") + VALUE_MAX);
    assert_true(option_text(small, sizeof small, "--tty=", "xyz"));
    assert_string_equal(small, "--tty=x");
}

static void methods(void **state) {
    static const struct {
        const char *info, *expected;
    } rows[] = {{NULL, ""},
                {"", ""},
                {"\n \n", ""},
                {"password", "password"},
                {"password\n", "password"},
                {"publickey ssh-ed25519 AAAA\npassword\n", "publickey,password"},
                {" leading\npassword\n", "password"},
                {"publickey\tx\nkeyboard-interactive/pam\n", "publickey,keyboard-interactive/pam"}};
    char out[VALUE_MAX + 1], many[400];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        auth_methods(out, rows[i].info);
        assert_string_equal(out, rows[i].expected);
    }
    /* Half a word could be another method's name. */
    memset(many, 'p', VALUE_MAX + 1);
    many[VALUE_MAX + 1] = '\0';
    auth_methods(out, many);
    assert_string_equal(out, "");
}

static void numbers(void **state) {
    char out[DECIMAL_MAX];

    (void)state;
    assert_string_equal(decimal(out, 0), "0");
    assert_string_equal(decimal(out, 2800), "2800");
    assert_string_equal(decimal(out, -1), "-1");
    assert_string_equal(decimal(out, INT32_MAX), "2147483647");
    assert_string_equal(decimal(out, INT32_MIN), "-2147483648");
}

static void messages(void **state) {
    static const struct {
        const char *text, *expected;
    } rows[] = {{"opened", "opened"},
                {"two\nlines\n \n", "two\nlines"},
                {"a\x1b[2J\r\t\x7f", "a?[2J???"},
                {"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91", "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91"},
                {"c1 \xc2\x9b.", "c1 ?."},
                {"\xff \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80.", "? ?? ??? ????."},
                {"cut \xe2\x82", "cut"},
                {"\n\n", ""},
                {" \n \n", ""},
                {"", ""}};
    static const char with_nul[] = {'a', '\0', 'b'};
    char buffer[64], *text = buffer + 8;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);

        /* What stands before it is not looked at, though it be blanks, too. */
        memset(buffer, ' ', sizeof buffer);
        memcpy(text, rows[i].text, len);
        assert_int_equal(message_text(text, len), strlen(rows[i].expected));
        assert_string_equal(text, rows[i].expected);
        assert_memory_equal(buffer, "        ", 8);
    }
    memcpy(text, with_nul, sizeof with_nul);
    assert_int_equal(message_text(text, sizeof with_nul), 3);
    assert_string_equal(text, "a?b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a user name is one plain path component, or nothing", names, NULL, NULL, NULL},
        {"a lowered name differs in ASCII's capitals, and in nothing else", lowered_names, NULL, NULL, NULL},
        {"a value becomes an argument of printable ASCII, bounded", options, NULL, NULL, NULL},
        {"sshd's methods are the first words of its lines, whole", methods, NULL, NULL, NULL},
        {"a number is written without the library", numbers, NULL, NULL, NULL},
        {"a message holds nothing that steers a terminal, and no half character", messages, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("pam_ots text", tests, NULL, NULL);
}
