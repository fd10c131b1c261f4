/* SPDX-License-Identifier: MIT
 *
 * What otsd-hook history makes of a line of the audit log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "commands/happening.h"

#define T "\"time\":\"2026-11-21T08:30:00Z\",\"user\":\"alice\""

typedef struct row {
    const char *line, *shown; /* NULL: damaged */
} row;

static const row rows[] = {
    {"{" T ",\"event\":\"closed\",\"reason\":\"deadline\",\"outcome\":\"burned unread\"}\n",
     "2026-11-21T08:30:00Z  alice            closed: the deadline has passed; "
     "the link was never opened, and is burned\n"},
    {"{" T ",\"event\":\"closed\",\"reason\":\"password changed\",\"outcome\":\"opened\",\"opened_at\":\"2026-11-21\"}",
     "2026-11-21T08:30:00Z  alice            closed: the password was changed; the link was opened (2026-11-21)\n"},
    /* words of another version: what is over is not open, and no burn is owed */
    {"{" T ",\"event\":\"closed\",\"reason\":\"retired\",\"outcome\":\"shredded\"}",
     "2026-11-21T08:30:00Z  alice            closed: the reason is not known; "
     "what became of the link is not known\n"},
    {"{" T ",\"event\":\"closed\"}", "2026-11-21T08:30:00Z  alice            closed: the reason is not known; "
                                     "what became of the link is not known\n"},
    {"{" T ",\"event\":\"issued\",\"recipient\":\"a@example.com\",\"deadline\":\"2026-11-24\"}",
     "2026-11-21T08:30:00Z  alice            issued to a@example.com, until 2026-11-24\n"},
    {"{" T ",\"event\":\"issued\",\"deadline\":\"2026-11-24\"}",
     "2026-11-21T08:30:00Z  alice            issued, until 2026-11-24\n"},
    /* nothing that a terminal would obey, in no text */
    {"{" T ",\"event\":\"is\\u001b[2Jsued\",\"deadline\":\"\\u009b\\n\"}",
     "2026-11-21T08:30:00Z  alice            is?[2Jsued, until ??\n"},
    /* a text of another type is none */
    {"{" T ",\"event\":\"issued\",\"recipient\":7,\"deadline\":null}",
     "2026-11-21T08:30:00Z  alice            issued, until \n"},
    {"{" T "}", NULL},
    {"{" T ",\"event\":\"\"}", NULL},
    {"{" T ",\"event\":5}", NULL},
    {"{" T ",\"event\":\"issued\"", NULL},
    {"[\"event\"]", NULL},
    {"", NULL},
    {"\n", NULL},
};

static void each_line_is_shown_or_damaged(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);
        happening h;
        bool whole = happening_read(rows[i].line, &h);

        print_message("line %zu\n", i);
        assert_int_equal(whole, !!rows[i].shown);
        if (whole)
            happening_print(&h, f);
        fclose(f);
        assert_string_equal(text, whole ? rows[i].shown : "");
        free(text);
    }
}

static void a_text_without_end_is_cut(void **state) {
    char line[4000] = "{\"event\":\"";
    happening h;

    (void)state;
    memset(line + strlen(line), 'x', 3000);
    memcpy(line + strlen(line), "\"}", 3);
    assert_true(happening_read(line, &h));
    assert_int_equal(strlen(h.event), HAPPENING_TEXT - 1);
}

/* A user is found by the very name that was provisioned, whatever a person is shown of it. */
static void a_user_is_found_by_the_name(void **state) {
    static const struct {
        const char *in_log, *asked;
        bool same;
    } names[] = {
        {"alice", "alice", true},     {"alice", "alic", false},
        {"alice", "alicee", false},   {"j\xc3\xb6rg", "j\xc3\xb6rg", true},
        {"j\xf6rg", "j\xf6rg", true}, {"j\xc3\xb6rg", "j\xf6rg", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[200];
        happening h;

        snprintf(line, sizeof line, "{\"event\":\"issued\",\"user\":\"%s\"}", names[i].in_log);
        assert_true(happening_read(line, &h));
        assert_int_equal(happening_is_of(&h, names[i].asked), names[i].same);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_shown_or_damaged),
        cmocka_unit_test(a_text_without_end_is_cut),
        cmocka_unit_test(a_user_is_found_by_the_name),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
