/* SPDX-License-Identifier: MIT
 *
 * One pass over the account files for many names, in an /etc of the test's own.
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

#include "password/survey.h"
#include "private_world.h"

typedef struct person {
    const char *name;
    int met;
    int64_t uid;
    char hash[32];
    long changed;
} person;

static void met_in_passwd(void *item, int64_t uid) {
    person *who = item;

    who->met++;
    who->uid = uid;
}

static void met_in_shadow(void *item, const shadow_seen *line) {
    person *who = item;

    who->met++;
    snprintf(who->hash, sizeof who->hash, "%s", line->hash);
    who->changed = line->changed;
}

static void begin(survey *s, person *people, size_t n) {
    problem p;

    assert_int_equal(survey_init(s, n, &p), EX_OK);
    for (size_t i = 0; i < n; i++)
        survey_add(s, people[i].name, &people[i]);
}

static void the_first_line_wins(void **state) {
    person people[] = {{.name = "zoe"}, {.name = "alice"}, {.name = "nobody-here"}, {.name = "last"}};
    survey s;
    problem p;

    (void)state;
    put_file("/etc/passwd",
             "root:x:0:0:::\nalice:x:1001:1:::\nzoe:x:1002:1:::\nalice:x:0:0:::\nlast:x:1003:1:::", 0644);
    put_file("/etc/shadow", "zoe:first:1::::::\nalice:!:2::::::\nzoe:second:3::::::\nlast:*:0::::::", 0600);
    begin(&s, people, 4);
    assert_int_equal(survey_passwd(&s, met_in_passwd, &p), EX_OK);
    assert_int_equal(people[0].uid, 1002);
    assert_int_equal(people[1].uid, 1001);
    assert_int_equal(people[2].met, 0);
    assert_int_equal(people[3].uid, 1003);
    assert_int_equal(survey_shadow(&s, met_in_shadow, &p), EX_OK);
    assert_string_equal(people[0].hash, "first");
    assert_int_equal(people[0].changed, 1);
    assert_string_equal(people[1].hash, "!");
    assert_int_equal(people[2].met, 0);
    assert_string_equal(people[3].hash, "*");
    assert_int_equal(people[3].changed, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(people[i].met, i == 2 ? 0 : 2);
    survey_free(&s);
}

static void what_is_no_line_is_not_met(void **state) {
    person people[] = {{.name = "alice"}, {.name = "bob"}, {.name = ""}, {.name = "ali"}};
    survey s;
    problem p;

    (void)state;
    put_file("/etc/passwd", "alice\nalice:x\nalice:x:no:\n:x:7:7:::\nbobby:x:8:8:::\nalice:x:1001:1:::\n", 0644);
    begin(&s, people, 4);
    assert_int_equal(survey_passwd(&s, met_in_passwd, &p), EX_OK);
    assert_int_equal(people[0].uid, 1001);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(people[i].met, i == 0);
    survey_free(&s);
}

static void long_lines_hide_nobody(void **state) {
    enum { LONG = 600000 };
    char *text = malloc(LONG + 100);
    person people[] = {{.name = "alice"}, {.name = "long"}};
    survey s;
    problem p;

    (void)state;
    assert_non_null(text);
    snprintf(text, LONG + 100, "long:%0*d:5::::::\nalice:!:1::::::\n", (int)LONG, 0);
    put_file("/etc/shadow", text, 0600);
    begin(&s, people, 2);
    assert_int_equal(survey_shadow(&s, met_in_shadow, &p), EX_OK);
    assert_string_equal(people[0].hash, "!");
    assert_int_equal(people[1].changed, 5);
    survey_free(&s);
    free(text);
}

static void nobody_is_looked_for(void **state) {
    survey s;
    problem p;

    (void)state;
    put_file("/etc/passwd", "root:x:0:0:::\n", 0644);
    begin(&s, NULL, 0);
    assert_int_equal(survey_passwd(&s, met_in_passwd, &p), EX_OK);
    survey_free(&s);
}

static void a_file_that_is_not_there(void **state) {
    person who = {.name = "alice"};
    survey s;
    problem p;

    (void)state;
    (void)unlink("/etc/passwd");
    (void)unlink("/etc/shadow");
    begin(&s, &who, 1);
    assert_int_equal(survey_passwd(&s, met_in_passwd, &p), EX_NOINPUT);
    assert_non_null(strstr(p.text, "/etc/passwd"));
    assert_int_equal(survey_shadow(&s, met_in_shadow, &p), EX_NOINPUT);
    assert_non_null(strstr(p.text, "/etc/shadow"));
    assert_int_equal(who.met, 0);
    survey_free(&s);
}

static void many_names_in_any_order(void **state) {
    enum { MANY = 5000 };
    static char names[MANY][16];
    person *people = calloc(MANY, sizeof *people);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    survey s;
    problem p;

    (void)state;
    assert_true(people && f);
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "u%d", i * 7 % MANY);
        people[i].name = names[i];
        fprintf(f, "u%d:x:%d:1:::\n", i, 1000 + i);
    }
    assert_int_equal(fclose(f), 0);
    put_file("/etc/passwd", text, 0644);
    begin(&s, people, MANY);
    assert_int_equal(survey_passwd(&s, met_in_passwd, &p), EX_OK);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(people[i].uid, 1000 + i * 7 % MANY);
    survey_free(&s);
    free(people);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"the first line of a name wins, with or without a newline behind the last", the_first_line_wins, NULL, NULL,
         NULL},
        {"a line without a name or a number is nobody's", what_is_no_line_is_not_met, NULL, NULL, NULL},
        {"lines of any length hide nobody", long_lines_hide_nobody, NULL, NULL, NULL},
        {"no names, nobody met", nobody_is_looked_for, NULL, NULL, NULL},
        {"a file that is not there is an error, not an absence", a_file_that_is_not_there, NULL, NULL, NULL},
        {"thousands of names in any order", many_names_in_any_order, NULL, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - survey # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
