/* SPDX-License-Identifier: MIT
 *
 * What a password field means, and what a change makes of it: tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "password/shadow_line.h"

#define OURS "$y$j9T$salt$ours"
#define THEIRS "$6$salt$theirs"
#define OLD "$6$salt$old"
#define TODAY 20000L

typedef struct row {
    const char *field; /* in the file */
    shadow_op op;
    bool must_change, force;
    const char *replaces;
    shadow_result result;
    const char *becomes;
    long changed;
} row;

static const row rows[] = {
    /* A password that was never set. */
    {"!", SHADOW_SET, true, false, NULL, SHADOW_DONE, OURS, 0},
    {"!!", SHADOW_SET, true, false, NULL, SHADOW_DONE, OURS, 0},
    {"*", SHADOW_SET, false, false, NULL, SHADOW_DONE, OURS, TODAY},
    {"!*", SHADOW_SET, false, false, NULL, SHADOW_DONE, OURS, TODAY},
    /* One that is there, one that is locked, none at all: all three are the account's own. */
    {THEIRS, SHADOW_SET, true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {"!" THEIRS, SHADOW_SET, true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {"", SHADOW_SET, true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {"*NP*", SHADOW_SET, true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {THEIRS, SHADOW_SET, true, true, NULL, SHADOW_DONE, OURS, 0},
    {"!" THEIRS, SHADOW_SET, false, true, NULL, SHADOW_DONE, OURS, TODAY},
    {"", SHADOW_SET, true, true, NULL, SHADOW_DONE, OURS, 0},
    /* In place of a named one. */
    {OLD, SHADOW_SET, true, false, OLD, SHADOW_DONE, OURS, 0},
    {"!" OLD, SHADOW_SET, true, false, OLD, SHADOW_REFUSED, NULL, 0},
    {THEIRS, SHADOW_SET, true, false, OLD, SHADOW_REFUSED, NULL, 0},
    {"!", SHADOW_SET, true, false, OLD, SHADOW_REFUSED, NULL, 0},
    {THEIRS, SHADOW_SET, true, true, OLD, SHADOW_DONE, OURS, 0},
    /* A lock is for the generated password, once. The date stays. */
    {OURS, SHADOW_LOCK_IF, false, false, NULL, SHADOW_DONE, "!" OURS, -1},
    {"!" OURS, SHADOW_LOCK_IF, false, false, NULL, SHADOW_OTHER, NULL, 0},
    {THEIRS, SHADOW_LOCK_IF, false, false, NULL, SHADOW_OTHER, NULL, 0},
    {THEIRS, SHADOW_LOCK_IF, false, true, NULL, SHADOW_OTHER, NULL, 0},
    {"!", SHADOW_LOCK_IF, false, false, NULL, SHADOW_OTHER, NULL, 0},
    {"", SHADOW_LOCK_IF, false, false, NULL, SHADOW_OTHER, NULL, 0},
};

static void each_change(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *t = &rows[i];
        const shadow_change c = {.user = "alice",
                                 .hash = OURS,
                                 .op = t->op,
                                 .must_change = t->must_change,
                                 .force = t->force,
                                 .replaces = t->replaces};
        shadow_line line = {"untouched", 7};

        if (change_line(&c, t->field, TODAY, &line) != t->result)
            fail_msg("row %zu: another result", i);
        if (strcmp(line.hash, t->becomes ? t->becomes : "untouched") != 0)
            fail_msg("row %zu: the field becomes %s", i, line.hash);
        if (line.changed != (t->becomes ? t->changed : 7))
            fail_msg("row %zu: the date becomes %ld", i, line.changed);
    }
}

static void the_longest_hash_can_be_locked(void **state) {
    char longest[SHADOW_HASH_MAX];
    const shadow_change c = {.user = "alice", .hash = longest, .op = SHADOW_LOCK_IF};
    shadow_line line;

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(change_line(&c, longest, TODAY, &line), SHADOW_DONE);
    assert_int_equal(line.hash[0], '!');
    assert_string_equal(line.hash + 1, longest);
}

static void never_set(void **state) {
    static const struct {
        const char *field;
        bool never;
    } fields[] = {{"!", true},  {"!!", true},    {"*", true},         {"!*", true},
                  {"", false},  {"!x", false},   {"!" THEIRS, false}, {THEIRS, false},
                  {"x", false}, {"*LK*", false}, {" ", false},        {THEIRS "!", false}};

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (shadow_never_set(fields[i].field) != fields[i].never)
            fail_msg("never set: %s", fields[i].field);
}

static void same(void **state) {
    static const struct {
        const char *field, *generated;
        bool same;
    } pairs[] = {{OURS, OURS, true},    {"!" OURS, OURS, true}, {"!!" OURS, OURS, true}, {"*" OURS, OURS, false},
                 {THEIRS, OURS, false}, {"", OURS, false},      {"!", OURS, false},      {"", "", false},
                 {"!", "", false},      {OURS "x", OURS, false}};

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (shadow_same(pairs[i].field, pairs[i].generated) != pairs[i].same)
            fail_msg("same: %s and %s", pairs[i].field, pairs[i].generated);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what becomes of a line follows from its field and the change", each_change, NULL, NULL, NULL},
        {"the longest hash has room for the mark of a lock", the_longest_hash_can_be_locked, NULL, NULL, NULL},
        {"never had a password: '!' and '*' only", never_set, NULL, NULL, NULL},
        {"the generated password is the same, locked or not", same, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
