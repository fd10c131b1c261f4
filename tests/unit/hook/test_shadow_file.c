/* SPDX-License-Identifier: MIT
 *
 * The shadow transaction, on a real /etc/shadow in a mount namespace of the test's own.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "password/shadow_file.h"
#include "password/shadow_lock.h"
#include "password/shadow_read.h"
#include "private_world.h"

enum { PATIENCE_MS = 60000 };

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
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
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
    assert_int_equal(shadow_apply(c, 5, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c[0].result, SHADOW_DONE);
    assert_int_equal(c[1].result, SHADOW_ABSENT);
    assert_int_equal(c[2].result, SHADOW_DONE);
    assert_string_equal(c[3].user, "bob");
    assert_int_equal(c[3].result, SHADOW_REFUSED);
    assert_int_equal(c[4].result, SHADOW_DONE);
    assert_shadow("root:$6$r$root:19000:0:99999:7:::\n"
                  "# a comment that someone left\n"
                  "alice:" HASH ":0:0:99999:7:::\n"
                  "bob:$6$b$bob:19002:0:99999:7::20000:\n"
                  "odd:x\n"
                  "+nis::::::::\n"
                  "carol:" HASH ":0:0:99999:7:::\n"
                  "alice:second-line:1:2:3:4:::\n"
                  "last:" HASH ":0::::::\n");
}

enum { LINES = 30000, EVERY = 15, CHANGES = LINES / EVERY };

/* A file much larger than what is written at once, each so many-th account changed. */
static char *large_file(bool changed) {
    size_t size = 0;
    char *text = NULL;
    FILE *f = open_memstream(&text, &size);

    assert_non_null(f);
    for (int i = 0; i < LINES; i++)
        if (changed && i % EVERY == 0)
            fprintf(f, "u%d:" HASH ":0:0:99999:7:::\n", i);
        else
            fprintf(f, "u%d:!:%d:0:99999:7:::\n", i, 10000 + i);
    assert_int_equal(fclose(f), 0);
    return text;
}

static shadow_change *large_changes(char (*names)[16]) {
    shadow_change *c = calloc(CHANGES, sizeof *c);

    assert_non_null(c);
    for (int i = 0; i < CHANGES; i++) {
        /* In no order. */
        snprintf(names[i], sizeof names[i], "u%d", i * 7 % CHANGES * EVERY);
        c[i] = set(names[i]);
    }
    return c;
}

static void thousands_in_a_large_file(void **state) {
    static char names[CHANGES][16];
    char *text = large_file(false), *expected = large_file(true);
    shadow_change *c = large_changes(names);
    problem p;

    (void)state;
    put_file(SHADOW_PATH, text, 0640);
    assert_int_equal(shadow_apply(c, CHANGES, PATIENCE_MS, &p), EX_OK);
    for (int i = 0; i < CHANGES; i++)
        assert_int_equal(c[i].result, SHADOW_DONE);
    assert_shadow(expected);
    free(c);
    free(text);
    free(expected);
}

static void a_full_disk_changes_nothing(void **state) {
    static char names[CHANGES][16];
    char *text = large_file(false);
    shadow_change *c = large_changes(names);
    struct rlimit full = {.rlim_cur = 300000, .rlim_max = RLIM_INFINITY}, free_again = {RLIM_INFINITY, RLIM_INFINITY};
    problem p;

    (void)state;
    put_file(SHADOW_PATH, text, 0640);
    assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    assert_int_equal(shadow_apply(c, CHANGES, PATIENCE_MS, &p), EX_IOERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &free_again), 0);
    assert_int_equal(c[0].result, SHADOW_UNTOUCHED);
    assert_int_equal(c[CHANGES - 1].result, SHADOW_UNTOUCHED);
    assert_shadow(text);
    free(c);
    free(text);
}

static void refuses_without_touching(void **state) {
    shadow_change c = set("bob");
    struct stat a, b;
    problem p;

    (void)state;
    assert_int_equal(stat(SHADOW_PATH, &a), 0);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_REFUSED);
    assert_shadow(before);
    assert_int_equal(stat(SHADOW_PATH, &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);
    c.force = true;
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
}

static void today_where_no_change_is_due(void **state) {
    shadow_change c = set("carol");
    shadow_line line;
    problem p;

    (void)state;
    c.must_change = false;
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(shadow_lookup("carol", &line, &p), EX_OK);
    assert_in_range(line.changed, time(NULL) / 86400 - 1, time(NULL) / 86400);
}

static shadow_change death(const char *hash) {
    return (shadow_change){.hash = hash, .op = SHADOW_KILL, .changed_before = 19005, .created = 20000L * 86400};
}

/* Whatever the account is called by now, wherever its line is, whatever form it has; locked or not. */
static void a_hash_dies_wherever_it_stands(void **state) {
    shadow_change c[] = {death(HASH), death("$6$other$one"), death(HASH)};
    problem p;

    (void)state;
    put_file(SHADOW_PATH,
             "root:$6$r$root:19000:0:99999:7:::\n"
             "new-name:" HASH ":0:0:99999:7:::\n"
             "locked:!" HASH ":0:1:2:3:4:5:6\n"
             "twice:!!" HASH ":19007:0:99999:7:::\n"
             "near:" HASH "x:0:0:99999:7:::\n"
             "short:" HASH "\n"
             "shorter:" HASH ":0\n"
             "odd:" HASH ":0x::::::more:and more\n"
             "none:" HASH "::0::::::\n"
             "# " HASH "\n"
             "twice:$6$t$t:0:0:99999:7:::\n"
             "last:" HASH ":0::::::",
             0640);
    assert_int_equal(shadow_apply(c, 3, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c[0].result, SHADOW_DONE);
    assert_int_equal(c[1].result, SHADOW_ABSENT);
    assert_int_equal(c[2].result, SHADOW_DONE);
    assert_shadow("root:$6$r$root:19000:0:99999:7:::\n"
                  "new-name:!*:19005:0:99999:7:::\n"
                  "locked:!*:19005:1:2:3:4:5:6\n"
                  "twice:!*:19007:0:99999:7:::\n"
                  "near:" HASH "x:0:0:99999:7:::\n"
                  "short:!*\n"
                  "shorter:!*:0\n"
                  "odd:!*:0x::::::more:and more\n"
                  "none:!*::0::::::\n"
                  "# " HASH "\n"
                  "twice:$6$t$t:0:0:99999:7:::\n"
                  "last:!*:19005::::::\n");
    assert_int_equal(shadow_apply(c, 3, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c[0].result, SHADOW_ABSENT);
}

static void a_line_of_any_length_dies(void **state) {
    static char text[20000], expected[20000];
    shadow_change c = death(HASH);
    problem p;

    (void)state;
    snprintf(text, sizeof text, "big:%s:0:0:99999:7:::%09000d\nzoe:!:1::::::\n", HASH, 7);
    snprintf(expected, sizeof expected, "big:!*:19005:0:99999:7:::%09000d\nzoe:!:1::::::\n", 7);
    put_file(SHADOW_PATH, text, 0640);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_shadow(expected);
}

static void a_dead_account_is_set_again(void **state) {
    shadow_change c = set("alice"), d = death(HASH);
    shadow_line line;
    problem p;

    (void)state;
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(shadow_apply(&d, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(d.result, SHADOW_DONE);
    assert_int_equal(shadow_lookup("alice", &line, &p), EX_OK);
    assert_string_equal(line.hash, "!*");
    assert_int_equal(line.changed, 19005);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
}

/* What was cut is not known to lack the hash; what is there dies all the same. */
static void a_damaged_file_is_not_a_file_without(void **state) {
    static const struct {
        const char *text;
        int code, there;
    } rows[] = {{"", EX_DATAERR, EX_DATAERR},
                {"alice:" HASH ":0:0:99999:7:::\nbob:$6$b", EX_DATAERR, EX_OK},
                {"alice:" HASH ":0:0:99999:7:::\nbob:$6$b$bob:1:::::", EX_DATAERR, EX_OK},
                {"alice:" HASH ":0:0:99999:7:::\nbob:$6$b$bob:1::::::", EX_OK, EX_OK},
                {"alice:" HASH ":0:0:99999:7:::\n", EX_OK, EX_OK}};
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shadow_change other = death("$6$other$one"), c = death(HASH);

        put_file(SHADOW_PATH, rows[i].text, 0640);
        if (shadow_apply(&other, 1, PATIENCE_MS, &p) != rows[i].code)
            fail_msg("row %zu, a hash that is not there: %s", i, p.text);
        assert_int_equal(other.result, rows[i].code == EX_OK ? SHADOW_ABSENT : SHADOW_UNTOUCHED);
        if (shadow_apply(&c, 1, PATIENCE_MS, &p) != rows[i].there)
            fail_msg("row %zu, one that is: %s", i, p.text);
        assert_int_equal(c.result, rows[i].there == EX_OK ? SHADOW_DONE : SHADOW_UNTOUCHED);
    }
}

static void nothing_is_waited_for_that_need_not(void **state) {
    shadow_change c = death(HASH), s = set("alice");
    int lock;
    problem p;

    (void)state;
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_ABSENT);
    assert_int_equal(shadow_apply(&s, 1, 0, &p), EX_TEMPFAIL);
    assert_int_equal(s.result, SHADOW_UNTOUCHED);
    assert_int_equal(shadow_clean(PATIENCE_MS, &p), EX_OK);
    put_file("/etc/shadow.otsd", "half a file", 0600);
    assert_int_equal(shadow_clean(1, &p), EX_TEMPFAIL);
    assert_int_equal(shadow_clean(0, &p), EX_OK);
    assert_int_equal(access("/etc/shadow.otsd", F_OK), 0);
    shadow_lock_release(lock);
    assert_int_equal(shadow_clean(0, &p), EX_OK);
    assert_int_equal(access("/etc/shadow.otsd", F_OK), -1);
    put_file(SHADOW_PATH, "alice:" HASH ":0::::::\n", 0640);
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    assert_int_equal(shadow_apply(&c, 1, 0, &p), EX_TEMPFAIL);
    assert_int_equal(c.result, SHADOW_UNTOUCHED);
    assert_shadow("alice:" HASH ":0::::::\n");
    shadow_lock_release(lock);
}

static void removes_only_what_is_ours(void **state) {
    problem p;

    (void)state;
    put_file("/etc/shadow.otsd", "half a file", 0600);
    put_file("/etc/shadow+", "of shadow-utils", 0600);
    problem_set(&p, EX_IOERR, "of an earlier failure");
    assert_int_equal(shadow_clean(1000, &p), EX_OK);
    assert_int_equal(p.code, EX_OK);
    assert_string_equal(p.text, "");
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
    snprintf(text, sizeof text, "big:%09000d:1:0:99999:7:::\nzoe:!:1:0:99999:7:::\n", 7);
    put_file(SHADOW_PATH, text, 0640);
    assert_int_equal(shadow_lookup("zoe", &line, &p), EX_OK);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
    assert_int_equal(shadow_lookup("big", &line, &p), EX_DATAERR);
}

static void the_first_line_counts_however_long(void **state) {
    static char text[20000];
    shadow_change c = set("zoe");
    problem p;

    (void)state;
    snprintf(text, sizeof text, "zoe:%09000d:1:0:99999:7:::\nzoe:!:1:0:99999:7:::\n", 7);
    put_file(SHADOW_PATH, text, 0640);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_REFUSED);
    assert_shadow(text);
}

/* Lines that everybody reads alike, and such as somebody reads otherwise, side by side. */
static void a_broken_line_takes_no_password(void **state) {
    static const char text[] = "root:*:19000:0:99999:7:::\n"
                               "carol:!:\n"
                               "dan:!:19000:0:99999:7::\n"
                               "erin:!:1900O:0:99999:7:::\n"
                               "frank:!:19000:0:99999:7::::\n"
                               "gina:!:19000:0:99999:7:::\n"
                               "gina:!:\n"
                               "hugo:!:\n"
                               "hugo:!:19000:0:99999:7:::\n"
                               "ina:!:19000:0:99999\n"
                               "zoe:!:19000:0:99999:7:::";
    shadow_change c[] = {set("carol"), set("dan"), set("erin"), set("frank"), set("hugo"), set("ina")},
                  good[] = {set("carol"), set("gina"), set("zoe")};
    shadow_line line;
    problem p;

    (void)state;
    put_file(SHADOW_PATH, text, 0640);
    for (size_t i = 0; i < 6; i++)
        c[i].force = i % 2 == 0;
    assert_int_equal(shadow_apply(c, 6, PATIENCE_MS, &p), EX_OK);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(c[i].result, SHADOW_BROKEN);
    assert_string_equal(c[0].wrong, "has fewer than 9 fields");
    assert_string_equal(c[2].wrong, "has no number for the date of the last change");
    assert_string_equal(c[3].wrong, "has more than 9 fields");
    assert_shadow(text);
    assert_int_equal(shadow_lookup("erin", &line, &p), EX_OK);
    assert_string_equal(line.wrong, c[2].wrong);
    assert_int_equal(shadow_lookup("gina", &line, &p), EX_OK);
    assert_null(line.wrong);
    /* Those of others hinder nobody, and stay. */
    assert_int_equal(shadow_apply(good, 3, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(good[0].result, SHADOW_BROKEN);
    assert_int_equal(good[1].result, SHADOW_DONE);
    assert_int_equal(good[2].result, SHADOW_DONE);
    assert_shadow("root:*:19000:0:99999:7:::\n"
                  "carol:!:\n"
                  "dan:!:19000:0:99999:7::\n"
                  "erin:!:1900O:0:99999:7:::\n"
                  "frank:!:19000:0:99999:7::::\n"
                  "gina:" HASH ":0:0:99999:7:::\n"
                  "gina:!:\n"
                  "hugo:!:\n"
                  "hugo:!:19000:0:99999:7:::\n"
                  "ina:!:19000:0:99999\n"
                  "zoe:" HASH ":0:0:99999:7:::\n");
}

/* Only its hash goes: a 0 in it may be anything. */
static void a_hash_dies_in_a_broken_line(void **state) {
    static const struct {
        const char *before, *after;
    } rows[] = {{"carol:" HASH ":0\n", "carol:!*:0\n"},
                {"carol:" HASH ":\n", "carol:!*:\n"},
                {"carol:!" HASH ":0:0:99999:7::\n", "carol:!*:0:0:99999:7::\n"},
                {"carol:" HASH ":0:0:99999:seven:::\n", "carol:!*:0:0:99999:seven:::\n"},
                {"carol:" HASH ":0:0:99999:7:::\r\n", "carol:!*:0:0:99999:7:::\r\n"},
                {"carol:" HASH ":0:0:99999:7:::x:y\n", "carol:!*:0:0:99999:7:::x:y\n"},
                {"carol:!:0\ncarol:" HASH ":0:0\n", "carol:!:0\ncarol:!*:0:0\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shadow_change c = death(HASH);
        problem p;

        put_file(SHADOW_PATH, rows[i].before, 0640);
        assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
        assert_int_equal(c.result, SHADOW_DONE);
        assert_shadow(rows[i].after);
    }
}

static void passes_over_junk(void **state) {
    static const char junk[] = "\n:!:1:0:99999:7:::\n:\nzo\0e:!:1:0:99999:7:::\nzoe\nzoey:!:1::::::\nzoe:!:1::::::\n\n",
                      after[] = "\n:!:1:0:99999:7:::\n:\nzo\0e:!:1:0:99999:7:::\nzoe\nzoey:!:1::::::\nzoe:" HASH
                                ":0::::::\n\n";
    shadow_change c[] = {set("zo"), set("zoe"), set("")};
    char text[sizeof after];
    problem p;
    int fd = open(SHADOW_PATH, O_RDWR | O_TRUNC | O_CLOEXEC);

    (void)state;
    assert_int_equal(write(fd, junk, sizeof junk - 1), sizeof junk - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(shadow_apply(c, 2, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c[0].result, SHADOW_ABSENT);
    assert_int_equal(c[1].result, SHADOW_DONE);
    fd = open(SHADOW_PATH, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, text, sizeof text), sizeof after - 1);
    assert_int_equal(close(fd), 0);
    assert_memory_equal(text, after, sizeof after - 1);
}

/* Who reads a line as a string ends the field at a NUL, and takes for in place what stands before it. */
static void a_hash_before_a_nul_dies(void **state) {
    static const char text[] = "alice:" HASH "\0x:19000:0:99999:7:::\nbob:!" HASH "\0\nzoe:*:1::::::\n",
                      after[] = "alice:!*:19000:0:99999:7:::\nbob:!*\nzoe:*:1::::::\n";
    shadow_change c = {.hash = HASH, .op = SHADOW_KILL};
    int fd = open(SHADOW_PATH, O_RDWR | O_TRUNC | O_CLOEXEC);
    problem p;

    (void)state;
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
    assert_shadow(after);
}

static void an_empty_file_has_nobody(void **state) {
    shadow_change c = set("alice");
    problem p;

    (void)state;
    put_file(SHADOW_PATH, "", 0640);
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_ABSENT);
    assert_int_equal(shadow_apply(&c, 0, PATIENCE_MS, &p), EX_OK);
    assert_shadow("");
}

static bool gather(const shadow_seen *line, void *arg) {
    char *text = arg;
    size_t len = strlen(text);

    snprintf(text + len, 1000 - len, "%s %s %ld %ld\n", line->user, line->hash, line->changed, line->expires);
    return strcmp(line->user, "carol") != 0;
}

static void each_line_until_told_to_stop(void **state) {
    char text[1000] = "";
    problem p;

    (void)state;
    assert_int_equal(shadow_each(gather, text, &p), EX_OK);
    assert_string_equal(text,
                        "root $6$r$root 19000 -1\nalice ! 19001 -1\nbob $6$b$bob 19002 20000\nodd x -1 -1\n+nis  -1 "
                        "-1\ncarol * 19003 -1\n");
    text[0] = '\0';
    put_file(SHADOW_PATH, "last:!!:0:::::20001:", 0640);
    assert_int_equal(shadow_each(gather, text, &p), EX_OK);
    assert_string_equal(text, "last !! 0 20001\n");
    assert_int_equal(unlink(SHADOW_PATH), 0);
    assert_int_equal(shadow_each(gather, text, &p), EX_NOINPUT);
}

static void replaces_only_the_hash_it_names(void **state) {
    shadow_change c = set("bob");
    problem p;

    (void)state;
    c.replaces = "$6$other$one";
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_REFUSED);
    c.replaces = "$6$b$bob";
    assert_int_equal(shadow_apply(&c, 1, PATIENCE_MS, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_DONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"a change keeps every other line, mode, owner and attributes", changes_one_line_only, world, NULL, NULL},
        {"many changes are one transaction with a result each", many_at_once, world, NULL, NULL},
        {"thousands of changes in a large file are in their places", thousands_in_a_large_file, world, NULL, NULL},
        {"a disk that is full changes nothing and leaves nothing", a_full_disk_changes_nothing, world, NULL, NULL},
        {"an account with a password is refused and the file not rewritten", refuses_without_touching, world, NULL,
         NULL},
        {"without must_change the date is today", today_where_no_change_is_due, world, NULL, NULL},
        {"a hash dies wherever it stands, and no other one", a_hash_dies_wherever_it_stands, world, NULL, NULL},
        {"it dies where a NUL stands behind it", a_hash_before_a_nul_dies, world, NULL, NULL},
        {"it dies in a line of any length", a_line_of_any_length_dies, world, NULL, NULL},
        {"an account whose password died can be given another one", a_dead_account_is_set_again, world, NULL, NULL},
        {"a file that is empty or cut is not one without the hash", a_damaged_file_is_not_a_file_without, world, NULL,
         NULL},
        {"the lock is not waited for where there is nothing to do", nothing_is_waited_for_that_need_not, world, NULL,
         NULL},
        {"a crashed transaction's left-over is removed, others' files stay", removes_only_what_is_ours, world, NULL,
         NULL},
        {"never had a password: '!' and '*' only", what_a_fresh_account_looks_like, world, NULL, NULL},
        {"lines of any length are got past", gets_past_long_lines, world, NULL, NULL},
        {"the first line of a name counts, however long", the_first_line_counts_however_long, world, NULL, NULL},
        {"a line that cannot be read takes no password, and stays", a_broken_line_takes_no_password, world, NULL, NULL},
        {"a hash dies in such a line, and nothing else of it changes", a_hash_dies_in_a_broken_line, world, NULL, NULL},
        {"lines that are none stay as they are and hide nobody", passes_over_junk, world, NULL, NULL},
        {"an empty file has nobody", an_empty_file_has_nobody, world, NULL, NULL},
        {"each line is shown until told to stop", each_line_until_told_to_stop, world, NULL, NULL},
        {"a reissue replaces the hash that it names and no other", replaces_only_the_hash_it_names, world, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - shadow transactions # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
