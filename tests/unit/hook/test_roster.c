/* SPDX-License-Identifier: MIT
 *
 * The roster of a batch: what is read, what is refused and in which words, whose file is believed, and what it costs.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "batch/roster.h"
#include "../asan.h"
#include "private_world.h"

#define FILE_PATH "/var/lib/roster"

static char said[8192]; /* "LINE: text\n" for each bad line */

static void note(void *arg, unsigned long number, const char *text) {
    size_t len = strlen(said);

    (void)arg;
    snprintf(said + len, sizeof said - len, "%lu: %s\n", number, text);
}

static void put_bytes(const void *data, size_t len, unsigned mode) {
    int fd = open(FILE_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    said[0] = '\0';
}

static int read_bytes(roster *r, const void *data, size_t len, problem *p) {
    p->text[0] = '\0';
    put_bytes(data, len, 0600);
    return roster_read(r, FILE_PATH, note, NULL, p);
}

static int read_string(roster *r, const char *text, problem *p) {
    return read_bytes(r, text, strlen(text), p);
}

static const char *shown(const char *s) {
    return s ? s : "-";
}

/* "NUMBER user recipient ttl locale passphrase\n" for each line */
static void assert_lines(const roster *r, const char *expected) {
    char text[4096];
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < r->len; i++) {
        const roster_line *l = &r->lines[i];

        len += (size_t)snprintf(text + len, sizeof text - len, "%lu %s %s %ld %s %s\n", l->number, l->user,
                                shown(l->recipient), l->ttl, shown(l->locale), shown(l->passphrase));
        assert_true(len < sizeof text);
    }
    assert_string_equal(text, expected);
}

static void reads(void **state) {
    static const struct {
        const char *text, *lines;
        bool recipients, passphrases;
    } rows[] = {
        {"user\nalice\nbob\n", "2 alice - 0 - -\n3 bob - 0 - -\n", false, false},
        {"user\nalice", "2 alice - 0 - -\n", false, false},
        {"user\r\nalice\r\nbob\r\n", "2 alice - 0 - -\n3 bob - 0 - -\n", false, false},
        {"\xef\xbb\xbfuser,ttl\nalice,3d\n", "2 alice - 259200 - -\n", false, false},
        {"\xef\xbb\xbf{\"user\":\"alice\"}\n", "1 alice - 0 - -\n", false, false},
        {"\n \t\n\r\nuser\n\nalice\n  \nbob\n\n", "6 alice - 0 - -\n8 bob - 0 - -\n", false, false},
        {"passphrase,locale,ttl,recipient,user\nx y,fr_CA,60,a@b.c,alice\n", "2 alice a@b.c 60 fr_CA x y\n", true,
         true},
        {"user,recipient,ttl,locale,passphrase\nalice,,,,\n", "2 alice - 0 - -\n", true, true},
        {"user,recipient\n\"alice\",\"a,b\"\nbob,\"\"\"b\"\"\"\ncarol,\"\"\n",
         "2 alice a,b 0 - -\n3 bob \"b\" 0 - -\n4 carol - 0 - -\n", true, false},
        {"\"user\",\"passphrase\"\r\nal ice,\"\"\"\"\r\n\"bob\",\" \"", "2 al ice - 0 - \"\n3 bob - 0 -  \n", false,
         true},
        {"user,passphrase\n\xc3\xa4,\xf0\x9f\x94\x91\xe2\x82\xac\n", "2 \xc3\xa4 - 0 - \xf0\x9f\x94\x91\xe2\x82\xac\n",
         false, true},
        {"user,ttl\na,2592000\nb,60s\nc,1m\n", "2 a - 2592000 - -\n3 b - 60 - -\n4 c - 60 - -\n", false, false},
        {"{}\n{\"user\":\"alice\"}\n", "2 alice - 0 - -\n", false, false},
        {"  { \"ttl\" : 5400 , \"user\" : \"alice\" }\t\r\n\n{\"user\":\"bob\",\"ttl\":\"90m\"}",
         "1 alice - 5400 - -\n3 bob - 5400 - -\n", false, false},
        {"{\"ttl\":60}\n{\"ttl\":60,\"user\":\"a\",\"recipient\":\"\",\"locale\":null}", "2 a - 60 - -\n", true, false},
        {"{\"user\":\"a\",\"passphrase\":\"\\\"\\\\\\/\\u0041\\u00e4\\u20AC\\ud83d\\udd11\xc3\xa4\"}",
         "1 a - 0 - \"\\/A\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\xc3\xa4\n", false, true},
        {"{\"\\u0075ser\":\"a\"}", "1 a - 0 - -\n", false, false},
        {"user,recipient\n", "", true, false},
    };
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        roster r;
        int rc = read_string(&r, rows[i].text, &p);

        if (rc != EX_OK)
            fail_msg("row %zu: %s", i, p.text);
        assert_lines(&r, rows[i].lines);
        assert_int_equal(r.has_recipients, rows[i].recipients);
        assert_int_equal(r.has_passphrases, rows[i].passphrases);
        roster_free(&r);
        assert_null(r.text);
    }
}

static void names_each_bad_line(void **state) {
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"user,ttl\nalice\nbob,3d,\n", "2: fields: 1, but the header has 2\n3: fields: 3, but the header has 2\n"},
        {"user,ttl\nalice,3d\nbob,59\ncarol,31d\ndave,x\neve,-1\n",
         "3: the ttl is not 60 seconds to 30 days, written as 90m, 12h or 3d\n"
         "4: the ttl is not 60 seconds to 30 days, written as 90m, 12h or 3d\n"
         "5: the ttl is not 60 seconds to 30 days, written as 90m, 12h or 3d\n"
         "6: the ttl is not 60 seconds to 30 days, written as 90m, 12h or 3d\n"},
        {"user,locale\n-x,en\n,en\na/b,en\n..,en\nbob,e\ncarol,e n\ndave,-en\neve,en_US-x\n",
         "2: the user is not a user name: it begins with a hyphen\n3: no user\n4: the user is not a user name: it has "
         "a slash in it\n"
         "5: the user is not a user name: it begins with a dot\n"
         "6: the locale is not one (en, fr_CA, …)\n7: the locale is not one (en, fr_CA, …)\n"
         "8: the locale is not one (en, fr_CA, …)\n"},
        {"user,locale\nvictim2:hunter2,en\n alice,en\nbob ,en\n\"carol\xc2\xa0\",en\ndave\xe2\x80\x8b,en\n",
         "2: the user is not a user name: it has a colon in it\n3: the user is not a user name: it begins with a "
         "blank\n"
         "4: the user is not a user name: it ends with a blank\n5: the user is not a user name: it ends with a blank\n"
         "6: the user is not a user name: it has bytes in it that cannot be shown\n"},
        {"user\na\tb\na\x7f\na\x1b[2J\na\xc2\x9b"
         "2J\na\rb\n",
         "2: has a control character (byte 2: 0x09)\n3: has a control character (byte 2: 0x7f)\n"
         "4: has a control character (byte 2: 0x1b)\n5: has a control character (byte 2: 0x9b)\n"
         "6: has a control character (byte 2: 0x0d)\n"},
        {"user\n\xff\na\xc3\n\xc0\x80\n\xed\xa0\x80\n\xf4\x90\x80\x80\n\xe0\x80\x80\nb\xe4\n",
         "2: not valid UTF-8 (byte 1)\n3: not valid UTF-8 (byte 2)\n4: not valid UTF-8 (byte 1)\n5: not valid UTF-8 "
         "(byte 1)\n"
         "6: not valid UTF-8 (byte 1)\n7: not valid UTF-8 (byte 1)\n8: not valid UTF-8 (byte 2)\n"},
        {"user,recipient\na\"b,x\n\"a\"b,x\nc,\"x\nd,x\"\n\"e\"\"\n",
         "2: a quote in a field that is not quoted; put the field in quotes and write the quote twice\n"
         "3: text after a closing quote; a quote inside a quoted field is written twice\n"
         "4: a quoted field does not end in its line; a field may not contain a line break\n"
         "5: a quote in a field that is not quoted; put the field in quotes and write the quote twice\n"
         "6: a quoted field does not end in its line; a field may not contain a line break\n"},
        {"user,ttl\nalice,1h\nbob,1h\nalice,1h\nbob,x\ncarol,x\ncarol,1h\n",
         "4: the user alice is in line 2 already\n5: the user bob is in line 3 already\n"
         "6: the ttl is not 60 seconds to 30 days, written as 90m, 12h or 3d\n7: the user carol is in line 6 "
         "already\n"},
        {"{\"user\":\"a\",\"recipent\":\"x\"}\n{\"user\":\"a\",\"user\":\"b\"}\n{\"user\":1}\n{\"user\":true}\n{"
         "\"ttl\":1.5}\n{\"ttl\":\n"
         "{\"user\":\"a\"}x\n{\"user\":\"a\",}\n{\"user\":\"a\"\n{\"user\" "
         "\"a\"}\n{\"user\":[\"a\"]}\nuser\n{\"user\":\"a}\n{user:1}\n{\"ttl\":060}\n",
         "1: unknown key \"recipent\"; the keys are user, recipient, ttl, locale, passphrase\n2: the key \"user\" is "
         "there twice\n"
         "3: the value of \"user\" is not a string\n4: the value of \"user\" is not a string\n"
         "5: not JSON: a comma or a closing brace was expected; an object may not go over several lines\n"
         "6: the value of \"ttl\" is not a string or a number of seconds\n7: text after the object\n"
         "8: not JSON: a key in quotes was expected\n"
         "9: not JSON: a comma or a closing brace was expected; an object may not go over several lines\n"
         "10: not JSON: a colon was expected behind \"user\"\n11: the value of \"user\" is not a string\n12: not a "
         "JSON object\n"
         "13: not JSON: a string does not end in its line\n14: not JSON: a key in quotes was expected\n15: the value "
         "of \"ttl\" is not a string or a number of seconds\n"},
        {"{\"user\":\"\\n\"}\n{\"user\":\"\\u0000\"}\n{\"user\":\"\\x\"}\n{\"user\":\"\\ud800\"}\n{\"user\":"
         "\"\\udc00\\ud800\"}\n"
         "{\"user\":\"\\u00g0\"}\n{\"user\":\"a\tb\"}\n{\"user\":\"\\u009b\"}\n{\"user\":\"\\\n{\"user\":\"\\u12\n{"
         "\"user\":\"\\ud800\\u0041\"}",
         "1: has a control character in a string\n2: has a control character in a string\n"
         "3: not JSON: a backslash in a string with something behind it that it may not have\n"
         "4: not JSON: a backslash in a string with something behind it that it may not have\n"
         "5: not JSON: a backslash in a string with something behind it that it may not have\n"
         "6: not JSON: a backslash in a string with something behind it that it may not have\n"
         "7: has a control character in a string\n8: has a control character in a string\n"
         "9: not JSON: a backslash in a string with something behind it that it may not have\n"
         "10: not JSON: a backslash in a string with something behind it that it may not have\n"
         "11: not JSON: a backslash in a string with something behind it that it may not have\n"},
    };
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        roster r;

        assert_int_equal(read_string(&r, rows[i].text, &p), EX_OK);
        assert_string_equal(said, rows[i].said);
        roster_free(&r);
    }
}

static void keeps_the_good_ones(void **state) {
    static const char nul[] = "user\na\0b\nbob\n";
    roster r;
    problem p;

    (void)state;
    assert_int_equal(read_string(&r, "user,ttl\nalice,1h\nbob,1\ncarol,2h\nalice,3h\n", &p), EX_OK);
    assert_lines(&r, "2 alice - 3600 - -\n4 carol - 7200 - -\n");
    roster_free(&r);
    assert_int_equal(read_bytes(&r, nul, sizeof nul - 1, &p), EX_OK);
    assert_string_equal(said, "2: has a control character (byte 2: 0x00)\n");
    assert_lines(&r, "3 bob - 0 - -\n");
    roster_free(&r);
}

static void refuses_the_whole(void **state) {
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"",
         "/var/lib/roster is empty: a header (user, recipient, ttl, locale, passphrase) or JSON lines were expected"},
        {"\n \n",
         "/var/lib/roster is empty: a header (user, recipient, ttl, locale, passphrase) or JSON lines were expected"},
        {"user;recipient\na;b\n",
         "/var/lib/roster: line 1: the fields are separated by semicolons: write them with commas"},
        {"\n\nuser\trecipient\n", "/var/lib/roster: line 3: the fields are separated by tabs: write them with commas"},
        {"user,recipent\na,b\n",
         "/var/lib/roster: line 1: unknown column \"recipent\"; the columns are user, recipient, ttl, locale, "
         "passphrase"},
        {"user,\na,b\n",
         "/var/lib/roster: line 1: unknown column \"\"; the columns are user, recipient, ttl, locale, passphrase"},
        {"user,ttl,user\n", "/var/lib/roster: line 1: the column \"user\" is there twice"},
        {"alice,s3cret\nbob,s3cret\n", "/var/lib/roster: line 1 has no column \"user\": the first line names the "
                                       "columns, out of user, recipient, ttl, locale, passphrase"},
        {"User\nalice\n", "/var/lib/roster: line 1 has no column \"user\": the first line names the columns, out of "
                          "user, recipient, ttl, locale, passphrase"},
        {"\"user\n",
         "/var/lib/roster: line 1: a quoted field does not end in its line; a field may not contain a line break"},
        {"\xff\xfeu", "/var/lib/roster: line 1: not valid UTF-8 (byte 1)"},
        {"user,ttl,locale,passphrase,recipient,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n",
         "/var/lib/roster: line 1: unknown column \"a\"; the columns are user, recipient, ttl, locale, passphrase"},
    };
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        roster r;

        assert_int_equal(read_string(&r, rows[i].text, &p), EX_DATAERR);
        assert_string_equal(p.text, rows[i].why);
        assert_null(r.text);
        assert_null(r.lines);
    }
}

static char *long_text(const char *head, size_t len, const char *tail) {
    size_t size = strlen(head) + len + strlen(tail) + 1;
    char *text = malloc(size);

    assert_non_null(text);
    memset(text, 'x', size);
    snprintf(text, size, "%s", head);
    text[strlen(head)] = 'x';
    snprintf(text + strlen(head) + len, strlen(tail) + 1, "%s", tail);
    return text;
}

static void bounds(void **state) {
    char *text = long_text("user,passphrase\na,", 128, "\n");
    roster r;
    problem p;

    (void)state;
    assert_int_equal(read_string(&r, text, &p), EX_OK);
    assert_int_equal(r.len, 1);
    assert_int_equal(strlen(r.lines[0].passphrase), 128);
    roster_free(&r);
    free(text);
    text = long_text("user,passphrase\na,", 129, "\n");
    assert_int_equal(read_string(&r, text, &p), EX_OK);
    assert_string_equal(said, "2: the passphrase is longer than 128 bytes\n");
    roster_free(&r);
    free(text);
    /* A line of exactly the limit, its user too long; then one byte more, which is not looked at. */
    text = long_text("user\n", ROSTER_LINE_MAX, "\r\nbob\n");
    assert_int_equal(read_string(&r, text, &p), EX_OK);
    assert_string_equal(said, "2: the user is not a user name: it is longer than 216 bytes\n");
    assert_lines(&r, "3 bob - 0 - -\n");
    roster_free(&r);
    free(text);
    text = long_text("user\n", ROSTER_LINE_MAX + 1, "\nbob\n");
    assert_int_equal(read_string(&r, text, &p), EX_OK);
    assert_string_equal(said, "2: longer than 65536 bytes\n");
    assert_lines(&r, "3 bob - 0 - -\n");
    roster_free(&r);
    free(text);
    text = long_text("user,", ROSTER_LINE_MAX, "\nbob\n");
    assert_int_equal(read_string(&r, text, &p), EX_DATAERR);
    assert_string_equal(p.text, FILE_PATH ": line 1: longer than 65536 bytes");
    free(text);
    /* Sparse: 256 MiB and a byte of holes. */
    put_bytes("user\n", 5, 0600);
    assert_int_equal(truncate(FILE_PATH, (off_t)ROSTER_SIZE_MAX + 1), 0);
    assert_int_equal(roster_read(&r, FILE_PATH, note, NULL, &p), EX_DATAERR);
    assert_string_equal(p.text, FILE_PATH " is larger than 256 MiB");
    assert_int_equal(unlink(FILE_PATH), 0);
}

static void believes_only_root(void **state) {
    static const struct {
        unsigned mode;
        uid_t owner;
        bool passphrases;
        int rc;
        const char *why;
    } rows[] = {
        {0600, 0, true, EX_OK, ""},
        {0400, 0, true, EX_OK, ""},
        {0644, 0, false, EX_OK, ""},
        {0440, 0, false, EX_OK, ""},
        {0640, 0, true, EX_NOPERM,
         FILE_PATH " has passphrases and has mode 0640 (it must be 0600 or 0400): they must be root's alone"},
        {0604, 0, true, EX_NOPERM,
         FILE_PATH " has passphrases and has mode 0604 (it must be 0600 or 0400): they must be root's alone"},
        {0620, 0, false, EX_NOPERM,
         FILE_PATH " can be written by others than its owner (mode 0620), who could choose who gets the links: "
                   "chmod go-w"},
        {0606, 0, false, EX_NOPERM,
         FILE_PATH " can be written by others than its owner (mode 0606), who could choose who gets the links: "
                   "chmod go-w"},
        {0600, 4711, false, EX_NOPERM,
         FILE_PATH " belongs to uid 4711, who could choose who gets the links: make it root's, or pass it on "
                   "standard input"},
    };
    static const char *const texts[2][2] = {
        {"user\nalice\n", "{\"user\":\"alice\"}\n"},
        {"user,passphrase\nalice,x\n", "{\"user\":\"alice\",\"passphrase\":\"x\"}\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 2; i++) {
        const char *text = texts[rows[i / 2].passphrases][i % 2];
        problem p = {0};
        roster r;

        put_bytes(text, strlen(text), rows[i / 2].mode);
        assert_int_equal(chown(FILE_PATH, rows[i / 2].owner, 0), 0);
        assert_int_equal(roster_read(&r, FILE_PATH, note, NULL, &p), rows[i / 2].rc);
        assert_string_equal(p.text, rows[i / 2].why);
        roster_free(&r);
        assert_int_equal(unlink(FILE_PATH), 0);
    }
}

static void refuses_what_is_no_file(void **state) {
    problem p;
    roster r;

    (void)state;
    assert_int_equal(roster_read(&r, "/var/lib/none", note, NULL, &p), EX_NOINPUT);
    assert_string_equal(p.text, "/var/lib/none: No such file or directory");
    assert_int_equal(roster_read(&r, "/var/lib", note, NULL, &p), EX_NOINPUT);
    /* A fifo that nobody writes to: refused at once. */
    assert_int_equal(mkfifo("/var/lib/fifo", 0600), 0);
    (void)alarm(600);
    assert_int_equal(roster_read(&r, "/var/lib/fifo", note, NULL, &p), EX_NOINPUT);
    (void)alarm(0);
    assert_string_equal(p.text, "/var/lib/fifo is not a regular file; \"-\" reads standard input");
    put_bytes("user\nalice\n", 11, 0600);
    assert_int_equal(symlink(FILE_PATH, "/var/lib/link"), 0);
    assert_int_equal(roster_read(&r, "/var/lib/link", note, NULL, &p), EX_OK);
    roster_free(&r);
    put_bytes("user,passphrase\nalice,x\n", 24, 0600);
    assert_int_equal(roster_read(&r, "/var/lib/link", note, NULL, &p), EX_NOPERM);
    assert_string_equal(p.text, "/var/lib/link has passphrases and is a symbolic link: they must be root's alone");
}

/* Replaces standard input by the reading end of a pipe that gets text in pieces. */
static pid_t feed(const char *text, int *old) {
    int ends[2];
    pid_t child;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        size_t len = strlen(text);

        (void)close(ends[0]);
        for (size_t at = 0; at < len;) {
            ssize_t n = write(ends[1], text + at, len - at < 7000 ? len - at : 7000);

            if (n < 0)
                _exit(1);
            at += (size_t)n;
        }
        _exit(0);
    }
    (void)close(ends[1]);
    *old = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    return child;
}

static void standard_input(void **state) {
    static const char *const paths[] = {"-", "/dev/stdin"};
    char *text = long_text("user,passphrase\nalice,secret\n\"", 300, "\"\n");
    problem p;
    roster r;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int old = -1, status;
        pid_t child = feed(text, &old);

        said[0] = '\0';
        assert_int_equal(roster_read(&r, paths[i], note, NULL, &p), EX_OK);
        assert_lines(&r, "2 alice - 0 - secret\n");
        assert_string_equal(said, "3: fields: 1, but the header has 2\n");
        roster_free(&r);
        assert_int_equal(dup2(old, STDIN_FILENO), STDIN_FILENO);
        (void)close(old);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    free(text);
}

/* The sum of a field of those mappings of ours that hold p. */
static bool mapping_has(const void *at, const char *field, const char *value) {
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    bool inside = false, found = false;

    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        uintptr_t from, to;
        char *dash = NULL;

        from = (uintptr_t)strtoull(line, &dash, 16);
        if (dash && *dash == '-' && dash > line) {
            to = (uintptr_t)strtoull(dash + 1, NULL, 16);
            inside = (uintptr_t)at >= from && (uintptr_t)at < to;
        } else if (inside && strncmp(line, field, strlen(field)) == 0) {
            found = strstr(line, value);
        }
    }
    (void)fclose(f);
    return found;
}

/* dd: not in dumps; wf: zeros in a child; lo: locked. Also after the mapping grew. */
static void memory_is_kept_apart(void **state) {
    static char text[300000];
    int old = -1, status, len = snprintf(text, sizeof text, "user,passphrase\n");
    problem p;
    pid_t child;
    roster r;

    (void)state;
    for (int i = 0; i < 10000; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "user%d,pass%d\n", i, i);
    child = feed(text, &old);
    assert_int_equal(roster_read(&r, "-", note, NULL, &p), EX_OK);
    assert_int_equal(dup2(old, STDIN_FILENO), STDIN_FILENO);
    (void)close(old);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(r.len, 10000);
    assert_string_equal(r.lines[9999].passphrase, "pass9999");
    assert_true(mapping_has(r.lines[9999].passphrase, "VmFlags:", " dd"));
    assert_true(mapping_has(r.lines[9999].passphrase, "VmFlags:", " wf"));
    assert_true(HAS_ASAN || mapping_has(r.lines[9999].passphrase, "VmFlags:", " lo"));
    roster_free(&r);
}

/* Run as somebody who may not lock memory. */
static int read_without_locks(const char *text) {
    const struct rlimit none = {0, 0};
    int status;
    pid_t child;

    put_bytes(text, strlen(text), 0600);
    assert_int_equal(chown(FILE_PATH, 4711, 0), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        problem p;
        roster r;

        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || setresuid(4711, 4711, 4711) != 0)
            _exit(99);
        status = roster_read(&r, FILE_PATH, note, NULL, &p);
        roster_free(&r);
        _exit(status);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(unlink(FILE_PATH), 0);
    return WEXITSTATUS(status);
}

static void locks_or_refuses(void **state) {
    (void)state;
    assert_int_equal(read_without_locks("user\nalice\n"), EX_OK);
    assert_true(HAS_ASAN || read_without_locks("user,passphrase\nalice,x\n") == EX_OSERR);
    assert_true(HAS_ASAN || read_without_locks("{\"user\":\"alice\",\"passphrase\":\"x\"}\n") == EX_OSERR);
}

/* Reads so many lines from a pipe, which shows no size beforehand, as somebody who may lock 100 KiB: more than the
 * text takes at first, less than it takes in the end. Gives how that ended, 98 where not all lines were there. */
static int read_with_few_locks(const char *head, const char *before, const char *behind, int lines, const char *last) {
    const struct rlimit few = {100L * 1024, 100L * 1024};
    size_t size = strlen(head) + (size_t)lines * (strlen(before) + strlen(behind) + 20) + strlen(last) + 1;
    char *text = malloc(size), *at = text;
    int old = -1, status;
    pid_t writer, child;

    assert_non_null(text);
    at = stpcpy(at, head);
    for (int i = 0; i < lines; i++)
        at += sprintf(at, "%suser%d%s\n", before, i, behind);
    (void)stpcpy(at, last);
    writer = feed(text, &old);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        problem p;
        roster r;

        if (setrlimit(RLIMIT_MEMLOCK, &few) != 0 || setresuid(4711, 4711, 4711) != 0)
            _exit(99);
        status = roster_read(&r, "-", note, NULL, &p);
        if (status == EX_OK && r.len != (size_t)lines)
            status = 98;
        if (status == EX_OSERR && !strstr(p.text, "has passphrases, and there is no locked memory for them: "))
            status = 97;
        roster_free(&r);
        _exit(status);
    }
    assert_int_equal(dup2(old, STDIN_FILENO), STDIN_FILENO);
    (void)close(old);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    free(text);
    return WEXITSTATUS(status);
}

static void what_outgrows_the_lockable_memory_has_no_passphrases(void **state) {
    static const char json[] = "{\"user\":\"", end[] = "\",\"recipient\":\"somebody@example.com\"}",
                      last[] = "{\"user\":\"z\",\"passphrase\":\"xyz\"}\n";

    (void)state;
    assert_int_equal(read_with_few_locks("user,passphrase\n", "", ",xyz", 1000, ""), EX_OK);
    if (HAS_ASAN)
        return;
    assert_int_equal(read_with_few_locks("user,passphrase\n", "", ",xyz", 20000, ""), EX_OSERR);
    assert_int_equal(read_with_few_locks("user,recipient\n", "", ",", 20000, ""), EX_OK);
    assert_int_equal(read_with_few_locks("", json, end, 5000, ""), EX_OK);
    assert_int_equal(read_with_few_locks("", json, end, 5000, last), EX_OSERR);
}

static long peak_kib(void) {
    struct rusage u;

    assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
    return u.ru_maxrss;
}

/* Seconds of CPU that a roster of so many lines takes to read. */
static double cpu_of(int lines, bool csv) {
    FILE *f = fopen(FILE_PATH, "we");
    struct timespec t0, t1;
    char last[64];
    problem p;
    roster r;

    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    fputs(csv ? "user,recipient,ttl,locale,passphrase\n" : "", f);
    for (int i = 0; i < lines; i++)
        if (csv)
            fprintf(f, "user%d,user%d@example.com,3d,en,passphrase %d\n", i, i, i);
        else
            fprintf(f, "{\"user\":\"user%d\",\"recipient\":\"user%d@example.com\",\"passphrase\":\"\\u00e4 %d\"}\n", i,
                    i, i);
    assert_int_equal(fclose(f), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
    assert_int_equal(roster_read(&r, FILE_PATH, note, NULL, &p), EX_OK);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
    assert_int_equal(r.len, lines);
    snprintf(last, sizeof last, "user%d@example.com", lines - 1);
    assert_string_equal(r.lines[lines - 1].recipient, last);
    assert_string_equal(said, "");
    roster_free(&r);
    assert_int_equal(unlink(FILE_PATH), 0);
    return (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
}

static void many(void **state) {
    (void)state;
    for (int csv = 0; csv < 2; csv++) {
        long before = peak_kib();
        double large = cpu_of(100000, csv), small = cpu_of(10000, csv);

        print_message("# 100,000 lines: %.3f s of CPU, 10,000: %.3f s; %ld KiB\n", large, small, peak_kib() - before);
        if (!HAS_ASAN)
            assert_true(peak_kib() - before < 60L * 1024);
        /* Ten times as much, and what a busy machine makes of it; a hundred times would be the square. */
        assert_true(large < 35 * small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* First: it looks at the peak of the whole process. */
        {"100,000 lines take less than 60 MiB, and CPU in proportion to their number", many, NULL, NULL, NULL},
        {"CSV and JSON lines are read, each line with its number", reads, NULL, NULL, NULL},
        {"each bad line is named once, with what is wrong with it", names_each_bad_line, NULL, NULL, NULL},
        {"bad lines leave the good ones", keeps_the_good_ones, NULL, NULL, NULL},
        {"what is no roster is refused as a whole; where the header lacks, nothing of the line is shown",
         refuses_the_whole, NULL, NULL, NULL},
        {"sizes are bounded: passphrase, line, file", bounds, NULL, NULL, NULL},
        {"a file that others can write is refused, and passphrases that others can read", believes_only_root, NULL,
         NULL, NULL},
        {"what is no regular file is refused at once, passphrases behind a link, too", refuses_what_is_no_file, NULL,
         NULL, NULL},
        {"standard input may have passphrases", standard_input, NULL, NULL, NULL},
        {"the text is locked, out of dumps, and zeros in a child, also after it grew", memory_is_kept_apart, NULL, NULL,
         NULL},
        {"without lockable memory there are no passphrases", locks_or_refuses, NULL, NULL, NULL},
        {"what outgrows the lockable memory while it is read has none either",
         what_outgrows_the_lockable_memory_has_no_passphrases, NULL, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - the roster # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
