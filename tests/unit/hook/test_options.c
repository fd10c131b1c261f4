/* SPDX-License-Identifier: MIT
 *
 * One table for the parser and the help: what is read, what is told about each mistake, what the help shows.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/options.h"

#define ONE 1UL
#define OTHER 2UL
#define WORDS 8

typedef struct values {
    bool json;
    const char *recipient;
    long jobs, ttl;
    int event, fd;
} values;

static const char *const event_texts[] = {"auth", "password", "session"};
static const name_table events = NAMES_OF(event_texts);

#define AT(member) .at = offsetof(values, member)
static const option_row rows[] = {
    {.name = "json", .kind = OPTION_FLAG, AT(json), .help = "say it in JSON"},
    {.name = "recipient", .kind = OPTION_TEXT, AT(recipient), .argument = "ADDRESS", .help = "who gets the link"},
    {.kind = OPTION_HEADING, .help = "For many:", .takers = ONE},
    {.name = "jobs", .kind = OPTION_NUMBER, AT(jobs), .argument = "N", .help = "how many", .least = 1, .most = 256},
    {.name = "ttl",
     .kind = OPTION_DURATION,
     AT(ttl),
     .argument = "TIME",
     .help = "how long",
     .least = 60,
     .most = 2592000,
     .wrong = "--ttl is 60 seconds to 30 days"},
    {.name = "wait", .kind = OPTION_DURATION, AT(ttl), .argument = "TIME", .help = "for it"},
    {.name = "event", .kind = OPTION_CHOICE, AT(event), .argument = "EVENT", .help = "what", .names = &events},
    {.name = "passphrase-fd", .kind = OPTION_DESCRIPTOR, AT(fd), .argument = "N", .help = "from there", .takers = ONE},
    {.name = "passphrase-file", .kind = OPTION_TEXT, AT(recipient), .argument = "FILE", .help = "…", .takers = OTHER},
};

static const option_table table = {.program = "prog",
                                   .command = "make",
                                   .forms = {"[OPTION...] USER", "[OPTION...] --all"},
                                   .about =
                                       "Makes one thing after the other, and says so in a line that is longer than a "
                                       "terminal is wide.\nSecond paragraph.\n",
                                   OPTION_ROWS(rows),
                                   .taker = ONE,
                                   .least = 1,
                                   .most = 2,
                                   .arguments = "one or two names are needed"};

/* What is typed, the result, what is told ("" where nothing is), and then the values. */
typedef struct row {
    const char *words[WORDS];
    options_result result;
    const char *told;
    values v;
    const char *arguments; /* joined by a blank */
} row;

#define PLAIN                                                                                                          \
    { .jobs = 16, .fd = -1 }
#define READ(v_, arguments_) OPTIONS_READ, "", v_, arguments_
#define WRONG(told_) OPTIONS_WRONG, told_, PLAIN, NULL

static const row cases[] = {
    {{"alice"}, READ(PLAIN, "alice")},
    {{"alice", "bob"}, READ(PLAIN, "alice bob")},
    {{"-"}, READ(PLAIN, "-")},
    {{NULL}, WRONG("one or two names are needed")},
    {{"a", "b", "c"}, WRONG("one or two names are needed")},
    /* where the words may stand */
    {{"alice", "--json"}, OPTIONS_READ, "", {.json = true, .jobs = 16, .fd = -1}, "alice"},
    {{"--json", "alice"}, OPTIONS_READ, "", {.json = true, .jobs = 16, .fd = -1}, "alice"},
    {{"a", "--json", "b"}, OPTIONS_READ, "", {.json = true, .jobs = 16, .fd = -1}, "a b"},
    {{"--", "--json"}, READ(PLAIN, "--json")},
    {{"a", "--", "--"}, READ(PLAIN, "a --")},
    {{"--recipient=x@y", "a"}, OPTIONS_READ, "", {.recipient = "x@y", .jobs = 16, .fd = -1}, "a"},
    {{"--recipient", "x@y", "a"}, OPTIONS_READ, "", {.recipient = "x@y", .jobs = 16, .fd = -1}, "a"},
    {{"--recipient", "--json", "a"}, OPTIONS_READ, "", {.recipient = "--json", .jobs = 16, .fd = -1}, "a"},
    {{"--recipient=", "a"}, OPTIONS_READ, "", {.recipient = "", .jobs = 16, .fd = -1}, "a"},
    {{"--recipient==", "a"}, OPTIONS_READ, "", {.recipient = "=", .jobs = 16, .fd = -1}, "a"},
    /* the last one counts */
    {{"--jobs=1", "--jobs=2", "a"}, OPTIONS_READ, "", {.jobs = 2, .fd = -1}, "a"},
    /* a name that is cut short; of what this command does not take nothing is in the way */
    {{"--rec=x", "a"}, OPTIONS_READ, "", {.recipient = "x", .jobs = 16, .fd = -1}, "a"},
    {{"--j", "a"}, WRONG("the option \"--j\" may be --json or --jobs")},
    {{"--pass=0", "a"}, OPTIONS_READ, "", {.jobs = 16, .fd = 0}, "a"},
    /* kinds and their ends */
    {{"--jobs=256", "a"}, OPTIONS_READ, "", {.jobs = 256, .fd = -1}, "a"},
    {{"--jobs=257", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--jobs=0", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--jobs=-1", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--jobs= 1", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--jobs=+1", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--jobs=1x", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--jobs=", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--jobs=99999999999999999999", "a"}, WRONG("--jobs: a whole number from 1 to 256 was expected")},
    {{"--ttl=60", "a"}, OPTIONS_READ, "", {.ttl = 60, .jobs = 16, .fd = -1}, "a"},
    {{"--ttl=30d", "a"}, OPTIONS_READ, "", {.ttl = 2592000, .jobs = 16, .fd = -1}, "a"},
    {{"--ttl=59", "a"}, WRONG("--ttl is 60 seconds to 30 days")},
    {{"--ttl=31d", "a"}, WRONG("--ttl is 60 seconds to 30 days")},
    {{"--ttl=soon", "a"}, WRONG("--ttl is 60 seconds to 30 days")},
    {{"--wait=1", "a"}, OPTIONS_READ, "", {.ttl = 1, .jobs = 16, .fd = -1}, "a"},
    {{"--wait=0", "a"}, WRONG("--wait: a duration like 3d, 12h, 90m or seconds was expected")},
    {{"--event=session", "a"}, OPTIONS_READ, "", {.event = 2, .jobs = 16, .fd = -1}, "a"},
    {{"--event=nap", "a"}, WRONG("--event is one of auth, password, session")},
    {{"--passphrase-fd=2147483647", "a"}, OPTIONS_READ, "", {.jobs = 16, .fd = INT_MAX}, "a"},
    {{"--passphrase-fd=2147483648", "a"}, WRONG("--passphrase-fd is the number of an open descriptor")},
    /* mistakes */
    {{"--frobnicate", "a"}, WRONG("there is no option \"--frobnicate\"")},
    {{"--frobnicate=1", "a"}, WRONG("there is no option \"--frobnicate\"")},
    {{"--=1", "a"}, WRONG("there is no option \"--\"")},
    {{"-x", "a"}, WRONG("there is no option \"-x\"")},
    {{"--jsons", "a"}, WRONG("there is no option \"--jsons\"")},
    {{"--json=1", "a"}, WRONG("the option --json takes no value")},
    {{"a", "--recipient"}, WRONG("the option --recipient needs a value")},
    {{"--passphrase-file=x", "a"}, WRONG("make does not take --passphrase-file")},
    /* help is for everybody, and before what comes behind it */
    {{"--help"}, OPTIONS_HELP, "", PLAIN, NULL},
    {{"--help", "--frobnicate"}, OPTIONS_HELP, "", PLAIN, NULL},
    {{"--he"}, OPTIONS_HELP, "", PLAIN, NULL},
    {{"--help=1", "a"}, WRONG("the option --help takes no value")},
    {{"--frobnicate", "--help"}, WRONG("there is no option \"--frobnicate\"")},
};

static void join(char **argv, size_t count, char *out, size_t size) {
    out[0] = '\0';
    for (size_t i = 1; i <= count; i++)
        snprintf(out + strlen(out), size - strlen(out), "%s%s", i > 1 ? " " : "", argv[i]);
}

static void assert_text(const char *got, const char *expected) {
    assert_string_equal(got ? got : "(none)", expected ? expected : "(none)");
}

static void check_case(const row *c) {
    values v = PLAIN;
    char name[] = "make", *argv[WORDS + 2] = {name}, arguments[200];
    size_t count = 0;
    int argc = 1;
    problem p;

    for (; argc <= WORDS && c->words[argc - 1]; argc++)
        argv[argc] = (char *)c->words[argc - 1];
    assert_int_equal(options_parse(&table, argc, argv, &v, &count, &p), c->result);
    assert_string_equal(p.text, c->told);
    assert_int_equal(p.code, c->result == OPTIONS_WRONG ? EX_USAGE : EX_OK);
    if (c->result != OPTIONS_READ)
        return;
    join(argv, count, arguments, sizeof arguments);
    assert_string_equal(arguments, c->arguments);
    assert_int_equal(v.json, c->v.json);
    assert_text(v.recipient, c->v.recipient);
    assert_int_equal(v.jobs, c->v.jobs);
    assert_int_equal(v.ttl, c->v.ttl);
    assert_int_equal(v.event, c->v.event);
    assert_int_equal(v.fd, c->v.fd);
}

static void every_word_is_read_or_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("case %zu: %s\n", i, cases[i].words[0] ? cases[i].words[0] : "(nothing)");
        check_case(&cases[i]);
    }
}

static void the_help_shows_what_the_command_takes(void **state) {
    static const char expected[] = "usage: prog make [OPTION...] USER\n"
                                   "       prog make [OPTION...] --all\n"
                                   "\n"
                                   "Makes one thing after the other, and says so in a line that is longer than a\n"
                                   "terminal is wide.\n"
                                   "Second paragraph.\n"
                                   "\n"
                                   "  --json               say it in JSON\n"
                                   "  --recipient=ADDRESS  who gets the link\n"
                                   "\n"
                                   "For many:\n"
                                   "  --jobs=N             how many\n"
                                   "  --ttl=TIME           how long\n"
                                   "  --wait=TIME          for it\n"
                                   "  --event=EVENT        what\n"
                                   "  --passphrase-fd=N    from there\n";
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    (void)state;
    options_help(&table, f);
    fclose(f);
    assert_string_equal(text, expected);
    free(text);
}

static void help_is_wrapped_in_its_column(void **state) {
    static const option_row one[] = {
        {.name = "locale",
         .kind = OPTION_TEXT,
         .argument = "LANGUAGE",
         .help = "…… the words of a help are broken where the line of xxxxxxx columns ends, and not where bytes are"}};
    static const option_table o = {.program = "prog", .command = "make", OPTION_ROWS(one)};
    static const char expected[] = "  --locale=LANGUAGE  …… the words of a help are broken where the line of xxxxxxx\n"
                                   "                     columns ends, and not where bytes are\n";
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    (void)state;
    options_help_rows(&o, f);
    fclose(f);
    assert_string_equal(text, expected);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_read_or_told),
        cmocka_unit_test(the_help_shows_what_the_command_takes),
        cmocka_unit_test(help_is_wrapped_in_its_column),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
