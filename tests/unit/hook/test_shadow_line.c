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
    bool must_change, force;
    const char *replaces;
    shadow_result result;
    const char *becomes;
    long changed;
} row;

static const row rows[] = {
    /* A password that was never set, or that died. */
    {"!", true, false, NULL, SHADOW_DONE, OURS, 0},
    {"!!", true, false, NULL, SHADOW_DONE, OURS, 0},
    {"*", false, false, NULL, SHADOW_DONE, OURS, TODAY},
    {SHADOW_DEAD, false, false, NULL, SHADOW_DONE, OURS, TODAY},
    /* One that is there, one that is locked, none at all: all three are the account's own. */
    {THEIRS, true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {"!" THEIRS, true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {"", true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {"*NP*", true, false, NULL, SHADOW_REFUSED, NULL, 0},
    {THEIRS, true, true, NULL, SHADOW_DONE, OURS, 0},
    {"!" THEIRS, false, true, NULL, SHADOW_DONE, OURS, TODAY},
    {"", true, true, NULL, SHADOW_DONE, OURS, 0},
    /* In place of a named one. */
    {OLD, true, false, OLD, SHADOW_DONE, OURS, 0},
    {"!" OLD, true, false, OLD, SHADOW_REFUSED, NULL, 0},
    {THEIRS, true, false, OLD, SHADOW_REFUSED, NULL, 0},
    {"!", true, false, OLD, SHADOW_REFUSED, NULL, 0},
    {THEIRS, true, true, OLD, SHADOW_DONE, OURS, 0},
};

static void each_change(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *t = &rows[i];
        const shadow_change c = {.user = "alice",
                                 .hash = OURS,
                                 .op = SHADOW_SET,
                                 .must_change = t->must_change,
                                 .force = t->force,
                                 .replaces = t->replaces};
        shadow_line line = {.hash = "untouched", .changed = 7};

        if (change_line(&c, t->field, 3, TODAY, &line) != t->result)
            fail_msg("row %zu: another result", i);
        if (strcmp(line.hash, t->becomes ? t->becomes : "untouched") != 0)
            fail_msg("row %zu: the field becomes %s", i, line.hash);
        if (line.changed != (t->becomes ? t->changed : 7))
            fail_msg("row %zu: the date becomes %ld", i, line.changed);
    }
}

enum { NONE = -1, DAY = 86400 };

static void each_death(void **state) {
    static const struct {
        const char *field;
        long date;
        int64_t before, created;
        bool dies;
        long becomes;
    } deaths[] = {
        /* Nothing is left, locked or not. */
        {OURS, 20001, 19000, 20000 * DAY, true, 20001},
        {"!" OURS, 20001, 19000, 20000 * DAY, true, 20001},
        {"!!!" OURS, 20001, 19000, 20000 * DAY, true, 20001},
        /* The 0 of must-change goes: to the date before, to none where there was none, to the day of the provision. */
        {OURS, 0, 19000, 20000 * DAY + 5, true, 19000},
        {"!" OURS, 0, 19000, 20000 * DAY + 5, true, 19000},
        {OURS, 0, NONE, 20000 * DAY + 5, true, NONE},
        {OURS, 0, 0, 20000 * DAY + 5, true, 20000},
        {OURS, 0, 0, 20000 * DAY + DAY - 1, true, 20000},
        /* What a damaged record says is never a 0 again. */
        {OURS, 0, 0, 0, true, NONE},
        {OURS, 0, 0, DAY - 1, true, NONE},
        {OURS, 0, -5, 20000 * DAY, true, NONE},
        {OURS, 0, INT64_MAX, 20000 * DAY, true, NONE},
        /* Another date is somebody's own. */
        {OURS, NONE, 19000, 20000 * DAY, true, NONE},
        {OURS, SHADOW_DATE_ODD, 19000, 20000 * DAY, true, SHADOW_DATE_ODD},
        /* Only this hash. */
        {THEIRS, 0, 19000, 20000 * DAY, false, 0},
        {"!" THEIRS, 0, 19000, 20000 * DAY, false, 0},
        {"*" OURS, 0, 19000, 20000 * DAY, false, 0},
        {OURS "x", 0, 19000, 20000 * DAY, false, 0},
        {"!", 0, 19000, 20000 * DAY, false, 0},
        {SHADOW_DEAD, 0, 19000, 20000 * DAY, false, 0},
        {"", 0, 19000, 20000 * DAY, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        const shadow_change c = {
            .hash = OURS, .op = SHADOW_KILL, .changed_before = deaths[i].before, .created = deaths[i].created};
        shadow_line line = {.hash = "untouched", .changed = 7};
        bool dies = change_line(&c, deaths[i].field, deaths[i].date, TODAY, &line) == SHADOW_DONE;

        if (dies != deaths[i].dies)
            fail_msg("row %zu: it %s", i, dies ? "dies" : "lives");
        if (strcmp(line.hash, dies ? "!*" : "untouched") != 0)
            fail_msg("row %zu: the field becomes %s", i, line.hash);
        if (line.changed != (dies ? deaths[i].becomes : 7))
            fail_msg("row %zu: the date becomes %ld", i, line.changed);
    }
}

/* usermod -U and passwd -u take one '!' away. */
static void an_unlock_revives_nothing(void **state) {
    (void)state;
    assert_true(shadow_never_set(SHADOW_DEAD));
    assert_int_equal(SHADOW_DEAD[0], '!');
    assert_true(shadow_never_set(&SHADOW_DEAD[1]));
}

static void nothing_is_not_a_hash(void **state) {
    const shadow_change c = {.hash = "", .op = SHADOW_KILL, .created = 20000L * DAY};
    static const char *const fields[] = {"", "!", "!!", "*"};
    shadow_line line = {.hash = "untouched", .changed = 7};

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        assert_int_equal(change_line(&c, fields[i], 0, TODAY, &line), SHADOW_ABSENT);
    assert_string_equal(line.hash, "untouched");
}

static void each_date(void **state) {
    static const struct {
        const char *field;
        long date;
    } dates[] = {{"19000:0:", 19000},
                 {"0:", 0},
                 {"0", 0},
                 {"7\n", 7},
                 {":0:99999", NONE},
                 {"", NONE},
                 {"\n", NONE},
                 {"-1:", NONE},
                 {"-7", NONE},
                 {"x:", SHADOW_DATE_ODD},
                 {"0x:", SHADOW_DATE_ODD},
                 {"12 :", SHADOW_DATE_ODD}};

    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++)
        if (shadow_date(dates[i].field) != dates[i].date)
            fail_msg("the date '%s' is %ld", dates[i].field, shadow_date(dates[i].field));
}

/* Field by field: who reads a line otherwise than getspnam keeps somebody out, or lets him in. */
static void a_line_that_everybody_reads_alike(void **state) {
    static const struct {
        const char *line, *wrong;
    } lines[] = {{"carol:!:19000:0:99999:7:::", NULL},
                 {"carol:!:::::::", NULL},
                 {"carol::0:0:99999:7:30:20000:0", NULL},
                 {"carol:!:-1:-1:-1:-1:-1:-1:-1", NULL},
                 {"carol:*NP*:2147483647::::::134538436", NULL},
                 {"carol:!:1::::::99999999999999999999", NULL},
                 {":!:1::::::", NULL},
                 {"", "has fewer than 9 fields"},
                 {"carol", "has fewer than 9 fields"},
                 {"carol:!", "has fewer than 9 fields"},
                 {"carol:!:", "has fewer than 9 fields"},
                 {"carol:!:1:0:99999", "has fewer than 9 fields"}, /* which glibc takes for an old line */
                 {"carol:!:1:0:99999:7::", "has fewer than 9 fields"},
                 {"carol:!:1:0:99999:7::::", "has more than 9 fields"},
                 {"carol:!:1::::::x:", "has no number in its last field"},
                 {"carol:!:x:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!:0x1:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!:1O:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!: 1:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!:+1:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!:-:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!:--1:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!:2147483648:0:99999:7:::", "has no number for the date of the last change"},
                 {"carol:!:1:O:99999:7:::", "has no number for the least age of a password"},
                 {"carol:!:1:0:9e9:7:::", "has no number for the greatest age of a password"},
                 {"carol:!:1:0:99999:seven:::", "has no number for the days of warning"},
                 {"carol:!:1:0:99999:7:1.5::", "has no number for the days of inactivity"},
                 {"carol:!:1:0:99999:7::2026-01-01:", "has no number for the date of expiry"},
                 {"carol:!:1:0:99999:7:::\r", "has no number in its last field"}};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *wrong = shadow_line_wrong(lines[i].line, strlen(lines[i].line));

        if (wrong && lines[i].wrong ? strcmp(wrong, lines[i].wrong) != 0 : wrong != lines[i].wrong)
            fail_msg("'%s' %s", lines[i].line, wrong ? wrong : "has nothing wrong");
    }
    assert_string_equal(shadow_line_wrong("carol:!\0:1::::::", 16), "has a NUL in it");
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

static void when_an_account_has_expired(void **state) {
    (void)state;
    assert_false(shadow_expired(SHADOW_DATE_NONE, 20000));
    assert_false(shadow_expired(SHADOW_DATE_ODD, 20000));
    assert_false(shadow_expired(20001, 20000));
    assert_true(shadow_expired(20000, 20000));
    assert_true(shadow_expired(0, 20000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a line has nine fields, seven of them numbers or empty", a_line_that_everybody_reads_alike, NULL, NULL, NULL},
        {"when an account has expired", when_an_account_has_expired, NULL, NULL, NULL},
        {"what becomes of a line follows from its field and the change", each_change, NULL, NULL, NULL},
        {"a hash that dies leaves nothing, and no date that keeps a key out", each_death, NULL, NULL, NULL},
        {"what an unlock makes of a dead one is dead", an_unlock_revives_nothing, NULL, NULL, NULL},
        {"a record without a hash kills nothing", nothing_is_not_a_hash, NULL, NULL, NULL},
        {"a date is a number, nothing, or odd", each_date, NULL, NULL, NULL},
        {"never had a password: '!' and '*' only", never_set, NULL, NULL, NULL},
        {"the generated password is the same, locked or not", same, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
