/* SPDX-License-Identifier: MIT
 *
 * What provision and reissue take, and which options do not go together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "commands/commands.h"
#include "commands/provision_request.h"

typedef struct row {
    provision_request q;
    size_t count;
    const char *conflict; /* how it begins; NULL: none */
} row;

/* Parts of an initializer. */
// NOLINTBEGIN(bugprone-macro-parentheses)
#define ONE .passphrase_fd = -1
#define MANY .batch = "roster.csv", .passphrase_fd = -1
// NOLINTEND(bugprone-macro-parentheses)

static const row rows[] = {
    {{ONE}, 1, NULL},
    {{ONE}, 0, "one user name is needed"},
    {{ONE}, 2, "one user name is needed"},
    {{ONE, .recipient = "a@example.com"}, 1, NULL},
    {{ONE, .recipient = "a@example.com", .no_recipient = true, .print_link = true},
     1,
     "--recipient and --no-recipient"},
    {{ONE, .no_recipient = true}, 1, "with --no-recipient nobody"},
    {{ONE, .no_recipient = true, .print_link = true}, 1, NULL},
    {{.passphrase_fd = 0}, 1, NULL},
    {{.passphrase_fd = 0, .passphrase_file = "f"}, 1, "--passphrase-file and --passphrase-fd"},
    {{ONE, .passphrase_file = "f", .force = true, .ttl = 60, .locale = "fr"}, 1, NULL},
    {{ONE, .report = "r"}, 1, "--report, --jobs and --patience"},
    {{ONE, .jobs = 1}, 1, "--report, --jobs and --patience"},
    {{ONE, .patience = 1}, 1, "--report, --jobs and --patience"},
    {{ONE, .again = true}, 1, NULL},
    {{MANY, .again = true}, 0, NULL},
    {{MANY}, 0, NULL},
    {{MANY}, 1, "the users of a batch"},
    {{MANY, .report = "r", .jobs = 1, .patience = 1, .ttl = 60, .locale = "fr", .allow_system = true}, 0, NULL},
    {{MANY, .allow_root = true}, 0, NULL},
    {{MANY, .recipient = "a@example.com"}, 0, "recipients and passphrases of a batch"},
    {{MANY, .passphrase_file = "f"}, 0, "recipients and passphrases of a batch"},
    {{.batch = "b", .passphrase_fd = 0}, 0, "recipients and passphrases of a batch"},
    {{MANY, .force = true}, 0, "--force is for one account"},
    {{MANY, .print_link = true}, 0, "the links of a batch go into its report"},
    {{MANY, .print_link = true, .report = "r"}, 0, NULL},
    {{MANY, .print_link = true, .report = "r", .no_recipient = true}, 0, NULL},
};

static void what_does_not_go_together_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *conflict = provision_conflict(&rows[i].q, rows[i].count), *expected = rows[i].conflict;

        print_message("row %zu: %s\n", i, conflict ? conflict : "goes together");
        assert_int_equal(!conflict, !expected);
        if (conflict && expected)
            assert_int_equal(strncmp(conflict, expected, strlen(expected)), 0);
    }
}

static options_result parse(const option_table *o, const char *word, provision_request *q, problem *p) {
    char name[] = "provision", user[] = "alice", option[60];
    char *argv[] = {name, user, option, NULL};
    size_t count;

    *q = (provision_request){.passphrase_fd = -1};
    snprintf(option, sizeof option, "%s", word);
    return options_parse(o, 3, argv, q, &count, p);
}

static void bounds_are_told_in_the_words_of_the_manual(void **state) {
    provision_request q;
    problem p;

    (void)state;
    assert_int_equal(parse(&provision_options, "--ttl=60s", &q, &p), OPTIONS_READ);
    assert_int_equal(q.ttl, 60);
    assert_int_equal(parse(&provision_options, "--ttl=30d", &q, &p), OPTIONS_READ);
    assert_int_equal(parse(&provision_options, "--ttl=59s", &q, &p), OPTIONS_WRONG);
    assert_string_equal(p.text, "--ttl is 60 seconds to 30 days, as 90m, 12h or 3d");
    assert_int_equal(parse(&provision_options, "--patience=1d", &q, &p), OPTIONS_READ);
    assert_int_equal(parse(&provision_options, "--patience=25h", &q, &p), OPTIONS_WRONG);
    assert_string_equal(p.text, "--patience is a duration, as 30m or 2h, of at most a day");
    assert_int_equal(parse(&provision_options, "--jobs=256", &q, &p), OPTIONS_READ);
    assert_int_equal(parse(&provision_options, "--jobs=257", &q, &p), OPTIONS_WRONG);
    assert_int_equal(parse(&provision_options, "--passphrase-fd=x", &q, &p), OPTIONS_WRONG);
    assert_string_equal(p.text, "--passphrase-fd is the number of an open descriptor");
}

static void a_reissue_is_for_one_user(void **state) {
    static const char *const words[] = {"--batch=x", "--report=x", "--jobs=1", "--patience=1h"};
    provision_request q;
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_int_equal(parse(&reissue_options, words[i], &q, &p), OPTIONS_WRONG);
        assert_non_null(strstr(p.text, "reissue does not take --"));
        assert_int_equal(parse(&provision_options, words[i], &q, &p), OPTIONS_READ);
    }
}

/* Every command has --config, and no table has a row that cannot be asked for. */
static void every_table_is_whole(void **state) {
    static const command *const all[] = {&command_provision, &command_reissue, &command_revoke, &command_status,
                                         &command_history,   &command_sweep,   &command_login};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const option_table *o = all[i]->options;
        bool has_config = false;

        assert_string_equal(o->program, "otsd-hook");
        assert_non_null(o->arguments);
        for (size_t k = 0; k < o->len; k++) {
            const option_row *option = &o->rows[k];

            assert_non_null(option->help);
            if (option->kind == OPTION_HEADING)
                continue;
            has_config = has_config || strcmp(option->name, "config") == 0;
            assert_int_equal(option->kind == OPTION_FLAG, !option->argument);
        }
        assert_true(has_config);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_go_together_is_told),
        cmocka_unit_test(bounds_are_told_in_the_words_of_the_manual),
        cmocka_unit_test(a_reissue_is_for_one_user),
        cmocka_unit_test(every_table_is_whole),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
