/* SPDX-License-Identifier: MIT
 *
 * The report of a batch: its lines, what it may overwrite, and what a full disk does to it.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "batch/report.h"
#include "private_world.h"

#define FILE_PATH "/var/lib/report.csv"
#define HEADER "user,status,deadline,id,message\n"
#define HEADER_LINK "user,status,deadline,id,message,link\n"
#define T1 1795269600 /* 2026-11-21T14:00:00Z */

static int teardown(void **state) {
    (void)state;
    return mount("tmpfs", "/var/lib", "tmpfs", 0, NULL);
}

static void assert_file(const char *path, const char *expected) {
    char *text = get_file(path);

    assert_string_equal(text, expected);
    free(text);
}

static void lines(void **state) {
    static const struct {
        const char *user, *status;
        int64_t deadline;
        const char *id, *message, *expected;
    } rows[] = {
        {"alice", "provisioned", T1, "0123456789abcdef", "",
         "alice,provisioned,2026-11-21T14:00:00Z,0123456789abcdef,\n"},
        {"bob", "failed", 0, "", "no such account", "bob,failed,,,no such account\n"},
        {"al,ice", "failed", 0, "", "a, b", "\"al,ice\",failed,,,\"a, b\"\n"},
        {"bob", "failed", 0, "", "he said \"no\"", "bob,failed,,,\"he said \"\"no\"\"\"\n"},
        {"bob", "failed", 0, "", "one\ntwo\r\x1b[31m", "bob,failed,,,one two  [31m\n"},
        {"bob", "failed", 0, "", "=1+1", "bob,failed,,,'=1+1\n"},
        {"bob", "failed", 0, "", "+1", "bob,failed,,,'+1\n"},
        {"bob", "failed", 0, "", "-1", "bob,failed,,,'-1\n"},
        {"bob", "failed", 0, "", "@SUM(A1)", "bob,failed,,,'@SUM(A1)\n"},
        {"bob", "failed", 0, "", "\t =1", "bob,failed,,,'  =1\n"},
        {"bob", "failed", 0, "", "=cmd|' /C calc'!A0,\"", "bob,failed,,,\"'=cmd|' /C calc'!A0,\"\"\"\n"},
        {"=x", "failed", 0, "", "1-1=0", "'=x,failed,,,1-1=0\n"},
        {"j\xc3\xb6rg", "failed", -5, "", "\xe2\x80\xa6", "j\xc3\xb6rg,failed,,,\xe2\x80\xa6\n"},
    };
    char expected[4096] = HEADER;
    size_t len = strlen(expected);
    report *r = NULL;
    problem p;

    (void)state;
    assert_int_equal(report_open(&r, FILE_PATH, false, &p), EX_OK);
    assert_file(FILE_PATH, HEADER);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(report_line(r, rows[i].user, rows[i].status, rows[i].deadline, rows[i].id, rows[i].message,
                                     "https://x/1", &p),
                         EX_OK);
        len += (size_t)snprintf(expected + len, sizeof expected - len, "%s", rows[i].expected);
    }
    assert_file(FILE_PATH, HEADER);
    assert_int_equal(report_flush(r, &p), EX_OK);
    assert_file(FILE_PATH, expected);
    assert_int_equal(report_close(&r, &p), EX_OK);
    assert_null(r);
    assert_file(FILE_PATH, expected);
}

static void links(void **state) {
    struct stat st;
    report *r = NULL;
    problem p;

    (void)state;
    assert_int_equal(report_open(&r, FILE_PATH, true, &p), EX_OK);
    assert_int_equal(report_line(r, "alice", "provisioned", 0, "1", "", "https://x/secret/1", &p), EX_OK);
    assert_int_equal(report_line(r, "bob", "failed", 0, "", "no", NULL, &p), EX_OK);
    assert_int_equal(report_close(&r, &p), EX_OK);
    assert_file(FILE_PATH, HEADER_LINK "alice,provisioned,,1,,https://x/secret/1\nbob,failed,,,no,\n");
    assert_int_equal(stat(FILE_PATH, &st), 0);
    assert_int_equal(st.st_mode & 07777U, 0600);
    assert_int_equal(st.st_uid, 0);
}

static bool memory_has(const void *from, size_t len, const char *what) {
    return memmem(from, len, what, strlen(what));
}

/* What is behind the pointer is larger than its buffer of 32 KiB. */
static void wipes_links(void **state) {
    report *r = NULL;
    problem p;

    (void)state;
    assert_int_equal(report_open(&r, FILE_PATH, true, &p), EX_OK);
    assert_int_equal(report_line(r, "alice", "provisioned", 0, "1", "", "https://x/secret/1", &p), EX_OK);
    assert_true(memory_has(r, 32768, "secret/1"));
    assert_int_equal(report_flush(r, &p), EX_OK);
    assert_false(memory_has(r, 32768, "secret/1"));
    assert_int_equal(report_close(&r, &p), EX_OK);
}

static void begins_anew(void **state) {
    static const char *const before[] = {"", HEADER, HEADER "alice,failed,,,\n", HEADER_LINK "alice,failed,,,,\n"};
    report *r = NULL;
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        put_file(FILE_PATH, before[i], 0600);
        assert_int_equal(report_open(&r, FILE_PATH, false, &p), EX_OK);
        assert_int_equal(report_close(&r, &p), EX_OK);
        assert_file(FILE_PATH, HEADER);
    }
}

static void destroys_nothing(void **state) {
    static const struct {
        const char *text;
        unsigned mode;
        uid_t owner;
        int rc;
        const char *why;
    } rows[] = {
        {"user,recipient\nalice,a@b.c\n", 0600, 0, EX_DATAERR,
         FILE_PATH " is there and is not a report: it is left as it is"},
        {"user,status,deadline,id,message,recipient\n", 0600, 0, EX_DATAERR,
         FILE_PATH " is there and is not a report: it is left as it is"},
        {"user,status,deadline,id,messages\n", 0600, 0, EX_DATAERR,
         FILE_PATH " is there and is not a report: it is left as it is"},
        {"user", 0600, 0, EX_DATAERR, FILE_PATH " is there and is not a report: it is left as it is"},
        {HEADER, 0640, 0, EX_NOPERM, "the report " FILE_PATH " is there and open to others (mode 0640): chmod 0600"},
        {HEADER, 0602, 0, EX_NOPERM, "the report " FILE_PATH " is there and open to others (mode 0602): chmod 0600"},
        {"", 0644, 0, EX_NOPERM, "the report " FILE_PATH " is there and open to others (mode 0644): chmod 0600"},
        {HEADER, 0600, 4711, EX_NOPERM, "the report " FILE_PATH " is there and belongs to uid 4711"},
    };
    report *r = NULL;
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_file(FILE_PATH, rows[i].text, rows[i].mode);
        assert_int_equal(chown(FILE_PATH, rows[i].owner, 0), 0);
        assert_int_equal(report_open(&r, FILE_PATH, false, &p), rows[i].rc);
        assert_string_equal(p.text, rows[i].why);
        assert_null(r);
        assert_file(FILE_PATH, rows[i].text);
        assert_int_equal(unlink(FILE_PATH), 0);
    }
}

static void refuses_what_is_no_file(void **state) {
    report *r = NULL, *second = NULL;
    problem p;

    (void)state;
    put_file("/var/lib/there", HEADER, 0600);
    assert_int_equal(symlink("/var/lib/there", FILE_PATH), 0);
    assert_int_equal(report_open(&r, FILE_PATH, false, &p), EX_CANTCREAT);
    assert_string_equal(p.text, "the report " FILE_PATH " cannot be made: it is a symbolic link");
    assert_int_equal(mkfifo("/var/lib/fifo", 0600), 0);
    (void)alarm(600);
    assert_int_equal(report_open(&r, "/var/lib/fifo", false, &p), EX_CANTCREAT);
    (void)alarm(0);
    assert_int_equal(report_open(&r, "/var/lib", false, &p), EX_CANTCREAT);
    assert_int_equal(report_open(&r, "/var/lib/none/report", false, &p), EX_CANTCREAT);
    assert_string_equal(p.text, "the report /var/lib/none/report cannot be made: No such file or directory");
    /* While one batch writes it, another does not. */
    assert_int_equal(report_open(&r, "/var/lib/there", false, &p), EX_OK);
    assert_int_equal(report_open(&second, "/var/lib/there", false, &p), EX_CANTCREAT);
    assert_string_equal(p.text, "the report /var/lib/there is being written by another process");
    assert_int_equal(report_close(&r, &p), EX_OK);
}

static void none_does_nothing(void **state) {
    report *r = (report *)&r;
    problem p;

    (void)state;
    assert_int_equal(report_open(&r, NULL, true, &p), EX_OK);
    assert_null(r);
    assert_int_equal(report_line(r, "a", "b", 1, "c", "d", NULL, &p), EX_OK);
    assert_int_equal(report_flush(r, &p), EX_OK);
    assert_int_equal(report_close(&r, &p), EX_OK);
}

/* A disk with four pages; what did not fit is written once there is room, in one piece with what did. */
static void survives_a_full_disk(void **state) {
    char text[60001], line[900] = "";
    size_t taken = 0;
    report *r = NULL;
    problem p;
    int rc;

    (void)state;
    assert_int_equal(mkdir("/var/lib/small", 0700), 0);
    assert_int_equal(mount("tmpfs", "/var/lib/small", "tmpfs", 0, "size=16k"), 0);
    assert_int_equal(report_open(&r, "/var/lib/small/report", false, &p), EX_OK);
    memset(line, 'x', sizeof line - 1);
    do {
        rc = report_line(r, "alice", "failed", 0, "", line, NULL, &p);
        taken += rc == EX_OK;
        assert_true(taken < 60);
    } while (rc == EX_OK);
    assert_int_equal(rc, EX_IOERR);
    assert_string_equal(p.text, "the report /var/lib/small/report cannot be written: No space left on device");
    assert_int_equal(report_flush(r, &p), EX_IOERR);
    assert_int_equal(mount("tmpfs", "/var/lib/small", "tmpfs", MS_REMOUNT, "size=64k"), 0);
    assert_int_equal(report_close(&r, &p), EX_OK);
    snprintf(text, sizeof text, "%s", HEADER);
    for (size_t i = 0; i < taken; i++) {
        size_t len = strlen(text);

        snprintf(text + len, sizeof text - len, "alice,failed,,,%s\n", line);
    }
    assert_file("/var/lib/small/report", text);
    /* And what cannot be written at the end is told. */
    assert_int_equal(mount("tmpfs", "/var/lib/small", "tmpfs", MS_REMOUNT, "size=64k"), 0);
    assert_int_equal(report_open(&r, "/dev/full", false, &p), EX_CANTCREAT);
    assert_int_equal(report_open(&r, "/var/lib/small/report", false, &p), EX_OK);
    for (int i = 0; i < 65; i++)
        assert_int_equal(report_line(r, "alice", "failed", 0, "", line, NULL, &p), EX_OK);
    assert_int_equal(mount("tmpfs", "/var/lib/small", "tmpfs", MS_REMOUNT, "size=36k"), 0);
    assert_int_equal(report_close(&r, &p), EX_IOERR);
    assert_null(r);
    assert_int_equal(umount("/var/lib/small"), 0);
}

static void takes_long_lines(void **state) {
    static char message[20000];
    report *r = NULL;
    problem p;

    (void)state;
    memset(message, '"', 16000);
    assert_int_equal(report_open(&r, FILE_PATH, false, &p), EX_OK);
    assert_int_equal(report_line(r, "a", "b", 0, "", message, NULL, &p), EX_OK);
    assert_int_equal(report_line(r, "a", "b", 0, "", message, NULL, &p), EX_OK);
    memset(message, '"', sizeof message - 1);
    assert_int_equal(report_line(r, "a", "b", 0, "", message, NULL, &p), EX_SOFTWARE);
    assert_int_equal(report_close(&r, &p), EX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"fields are quoted, times are UTC, and none is a formula", lines, NULL, teardown, NULL},
        {"links are there only where they are asked for, in a file of root's alone", links, NULL, teardown, NULL},
        {"a link that was written is no longer in memory", wipes_links, NULL, teardown, NULL},
        {"an empty file and an older report are begun anew", begins_anew, NULL, teardown, NULL},
        {"any other file is left as it is", destroys_nothing, NULL, teardown, NULL},
        {"links, fifos, folders and a second writer are refused", refuses_what_is_no_file, NULL, teardown, NULL},
        {"no report does nothing", none_does_nothing, NULL, teardown, NULL},
        {"a full disk is told, and nothing is lost or torn once there is room", survives_a_full_disk, NULL, teardown,
         NULL},
        {"long lines fit or are refused", takes_long_lines, NULL, teardown, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - the report # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
