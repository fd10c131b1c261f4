/* SPDX-License-Identifier: MIT
 *
 * What has to hold before a hand-off begins: on real files that cannot be written, against a server that counts.
 */
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

#include "handoff/ready.h"
#include "handoff_world.h"
#include "password/shadow_lock.h"
#include "private_world.h"

static world w;

static void which_passphrase_servers_take(void **state) {
    static const char short_one[] = "the passphrase is shorter than 4 characters, which servers refuse";
    static const struct {
        const char *text;
        size_t len;
        const char *wrong;
    } rows[] = {
        {"", 0, "the passphrase is empty or has a NUL in it"},
        {"a\0bcd", 5, "the passphrase is empty or has a NUL in it"},
        {"abc", 3, short_one},
        {"abcd", 4, NULL},
        /* Characters, not bytes. */
        {"\xc3\xa4\xc3\xb6\xc3\xbc", 6, short_one},
        {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 8, NULL},
        {"abcd\xff", 5, "the passphrase is not valid UTF-8"},
        {"   x", 4, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *wrong = ready_passphrase(rows[i].text, rows[i].len);

        if ((wrong && !rows[i].wrong) || (!wrong && rows[i].wrong) || (wrong && strcmp(wrong, rows[i].wrong) != 0))
            fail_msg("row %zu: %s", i, wrong ? wrong : "taken");
    }
}

static void assert_not_ready(int code, const char *words) {
    problem p;

    if (ready_run(&w.x, false, true, &p) != code || !strstr(p.text, words))
        fail_msg("%d: %s, where %d was expected: %s", p.code, p.text, code, words);
}

static void what_is_ready(void **state) {
    const struct step steps[] = {world_answer(200, "{\"status\":\"nominal\"}"),
                                 world_answer(401, "{\"message\":\"Not authorized\"}")};
    struct stat st;
    problem p;
    char *text;

    (void)state;
    world_open(&w, NULL, steps, 2);
    assert_int_equal(ready_run(&w.x, false, false, &p), EX_OK);
    assert_int_equal(w.server.seen->requests, 0);
    /* The log is made, and nothing is in it. */
    assert_int_equal(stat(WORLD_AUDIT, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(world_count(&w, LEDGER_ISSUING), 0);
    assert_int_equal(ready_run(&w.x, false, true, &p), EX_OK);
    assert_not_ready(EX_NOPERM, "the server cannot be used");
    text = get_file("/etc/shadow");
    assert_string_equal(text, WORLD_SHADOW);
    free(text);
    world_close(&w, 2);
}

static void an_audit_log_that_cannot_be_written(void **state) {
    (void)state;
    world_open(&w, NULL, NULL, 0);
    put_file("/var/lib/audit", "in the way", 0600);
    assert_not_ready(EX_CANTCREAT, "the audit log " WORLD_AUDIT " cannot be opened: Not a directory");
    assert_int_equal(unlink("/var/lib/audit"), 0);
    assert_int_equal(symlink("/nowhere/else", "/var/lib/audit"), 0);
    assert_not_ready(EX_CANTCREAT, "cannot be opened");
    assert_int_equal(unlink("/var/lib/audit"), 0);
    assert_int_equal(mkdir("/var/lib/audit", 0700), 0);
    assert_int_equal(mount("/var/lib/audit", "/var/lib/audit", "none", MS_BIND, NULL), 0);
    assert_int_equal(mount("none", "/var/lib/audit", "none", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    assert_not_ready(EX_CANTCREAT, "the audit log " WORLD_AUDIT " cannot be opened: Read-only file system");
    assert_int_equal(umount("/var/lib/audit"), 0);
    put_file(WORLD_AUDIT, "", 0666);
    assert_not_ready(EX_CONFIG, "must be a regular file of root's that nobody else can write");
    world_close(&w, 0);

    world_open(&w, NULL, NULL, 0);
    assert_int_equal(mount("/var/lib", "/var/lib", "none", MS_BIND | MS_REC, NULL), 0);
    assert_int_equal(mount("none", "/var/lib", "none", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    /* The ledger was opened before: it lies on the mount below. */
    assert_not_ready(EX_CANTCREAT, "the audit log's folder /var/lib/audit cannot be made: Read-only file system");
    assert_int_equal(umount("/var/lib"), 0);
    world_close(&w, 0);
}

static void a_ledger_that_cannot_be_written(void **state) {
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    assert_int_equal(ready_run(&w.x, false, false, &p), EX_OK);
    ledger_close(&w.x.ledger);
    assert_int_equal(mount(OTSD_STATE_DIR, OTSD_STATE_DIR, "none", MS_BIND, NULL), 0);
    assert_int_equal(mount("none", OTSD_STATE_DIR, "none", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    assert_int_equal(ledger_open(&w.x.ledger, &p), EX_OK);
    assert_not_ready(EX_CANTCREAT, "the ledger " OTSD_STATE_DIR " cannot be written: Read-only file system");
    ledger_close(&w.x.ledger);
    assert_int_equal(umount(OTSD_STATE_DIR), 0);
    assert_int_equal(ledger_open(&w.x.ledger, &p), EX_OK);
    world_close(&w, 0);
}

static void a_shadow_file_that_cannot_be_replaced(void **state) {
    int lock;
    problem p;

    (void)state;
    world_open(&w, NULL, NULL, 0);
    for (int batch = 0; batch < 2; batch++) {
        assert_int_equal(ready_to_set(w.x.config, batch, &p), EX_OK);
        assert_int_equal(mount("/etc/shadow", "/etc/shadow", "none", MS_BIND, NULL), 0);
        assert_int_equal(ready_to_set(w.x.config, batch, &p), EX_CANTCREAT);
        assert_non_null(strstr(p.text, "is mounted by itself"));
        assert_int_equal(umount("/etc/shadow"), 0);
    }
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK);
    assert_int_equal(ready_to_set(w.x.config, true, &p), EX_OK); /* waits when it comes to that */
    assert_string_equal(p.text, "");
    shadow_lock_release(lock);
    world_close(&w, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"which passphrase servers take", which_passphrase_servers_take, NULL, NULL, NULL},
        {"what is ready, and asked of the server last", what_is_ready, NULL, NULL, NULL},
        {"an audit log that cannot be written is known before any request", an_audit_log_that_cannot_be_written, NULL,
         NULL, NULL},
        {"a shadow file that cannot be replaced is known before any request", a_shadow_file_that_cannot_be_replaced,
         NULL, NULL, NULL},
        {"a ledger that cannot be written is known before any request", a_ledger_that_cannot_be_written, NULL, NULL,
         NULL},
    };

    if (!world_possible()) {
        puts("1..1\nok 1 - ready # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
