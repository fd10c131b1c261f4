/* SPDX-License-Identifier: MIT
 *
 * A shadow file that is elsewhere, or that nothing can take the place of, in an /etc of the test's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "password/shadow_file.h"
#include "password/shadow_lock.h"
#include "password/shadow_read.h"
#include "private_world.h"

enum { PATIENCE_MS = 60000 };

#define HASH "$6$salt$hash"
#define BEFORE "root:*:1::::::\nalice:!:19001:0:99999:7:::\n"
#define AFTER "root:*:1::::::\nalice:" HASH ":0:0:99999:7:::\n"
#define STORE "/var/lib/store"

/* /etc/shadow -> ../var/lib/store/now -> /var/lib/store/version1; now/shadow -> real */
static int world(void **state) {
    (void)state;
    assert_int_equal(chmod("/etc", 0755), 0);
    assert_int_equal(chmod("/var/lib", 0755), 0);
    assert_int_equal(mkdir(STORE, 0755), 0);
    assert_int_equal(mkdir(STORE "/version1", 0755), 0);
    assert_int_equal(symlink(STORE "/version1", STORE "/now"), 0);
    assert_int_equal(symlink("./real", STORE "/version1/shadow"), 0);
    put_file(STORE "/version1/real", BEFORE, 0640);
    assert_int_equal(symlink("../var//lib/./store/now/shadow", SHADOW_PATH), 0);
    return 0;
}

static int world_end(void **state) {
    (void)state;
    (void)unlink(SHADOW_PATH);
    (void)unlink(STORE "/version1/real");
    (void)unlink(STORE "/version1/real.otsd");
    (void)unlink(STORE "/version1/shadow");
    (void)unlink(STORE "/now");
    (void)rmdir(STORE "/version1");
    return rmdir(STORE);
}

static void assert_file(const char *path, const char *expected) {
    char *text = get_file(path);

    assert_string_equal(text, expected);
    free(text);
}

static int set_alice(shadow_change *c, problem *p) {
    *c = (shadow_change){.user = "alice", .hash = HASH, .op = SHADOW_SET, .must_change = true};
    return shadow_apply(c, 1, PATIENCE_MS, p);
}

static void the_target_is_replaced(void **state) {
    shadow_change c;
    struct stat st;
    problem p;

    (void)state;
    assert_int_equal(chown(STORE "/version1/real", 0, 42), 0);
    assert_int_equal(shadow_try(PATIENCE_MS, &p), EX_OK);
    assert_file(STORE "/version1/real", BEFORE);
    if (set_alice(&c, &p) != EX_OK)
        fail_msg("%s", p.text);
    assert_int_equal(c.result, SHADOW_DONE);
    assert_file(STORE "/version1/real", AFTER);
    assert_file(SHADOW_PATH, AFTER);
    assert_int_equal(lstat(SHADOW_PATH, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat(STORE "/version1/real", &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0640);
    assert_int_equal(st.st_gid, 42);
    assert_int_equal(access(STORE "/version1/real.otsd", F_OK), -1);
    put_file(STORE "/version1/real.otsd", "of a crash", 0600);
    put_file("/etc/shadow.otsd", "of nobody", 0600);
    assert_int_equal(shadow_clean(0, &p), EX_OK);
    assert_int_equal(access(STORE "/version1/real.otsd", F_OK), -1);
    assert_int_equal(unlink("/etc/shadow.otsd"), 0);
    {
        shadow_change d = {.hash = HASH, .op = SHADOW_KILL, .changed_before = 19001};

        assert_int_equal(shadow_apply(&d, 1, PATIENCE_MS, &p), EX_OK);
        assert_int_equal(d.result, SHADOW_DONE);
        assert_file(SHADOW_PATH, "root:*:1::::::\nalice:!*:19001:0:99999:7:::\n");
    }
}

static void assert_refused(const char *words) {
    shadow_change c;
    problem p;

    if (shadow_try(PATIENCE_MS, &p) == EX_OK || !strstr(p.text, words))
        fail_msg("'%s' where '%s' was expected", p.text, words);
    assert_int_not_equal(set_alice(&c, &p), EX_OK);
    assert_int_equal(c.result, SHADOW_UNTOUCHED);
    assert_int_equal(shadow_clean(0, &p), EX_OK);
}

static void only_root_may_say_where(void **state) {
    static const char *const folders[] = {"/etc", "/var/lib", STORE, STORE "/version1"};
    static const char *const links[] = {SHADOW_PATH, STORE "/now", STORE "/version1/shadow"};
    char words[200];

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(words, sizeof words, "/etc/shadow is a link, and is not followed: %s ", folders[i]);
        assert_int_equal(chmod(folders[i], 0775), 0);
        assert_refused(words);
        assert_refused("can be written by others");
        assert_int_equal(chmod(folders[i], 01777), 0);
        assert_refused(words);
        assert_int_equal(chmod(folders[i], 0755), 0);
        assert_int_equal(chown(folders[i], 1000, 0), 0);
        assert_refused(words);
        assert_refused("is not root's");
        assert_int_equal(chown(folders[i], 0, 0), 0);
    }
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        snprintf(words, sizeof words, "/etc/shadow is a link, and is not followed: %s is not root's", links[i]);
        assert_int_equal(lchown(links[i], 1000, 0), 0);
        assert_refused(words);
        assert_int_equal(lchown(links[i], 0, 0), 0);
    }
    assert_file(STORE "/version1/real", BEFORE);
    the_target_is_replaced(state);
}

static void links_that_lead_nowhere(void **state) {
    static const struct {
        const char *target, *words;
    } rows[] = {{"shadow", "/etc/shadow cannot be read: Too many levels of symbolic links"},
                {"/var/lib/none/shadow", "/var/lib/none cannot be read: No such file or directory"},
                {"none", "/etc/none cannot be read: No such file or directory"},
                {STORE, "/var/lib/store is not a regular file"},
                {STORE "/version1/real/x", "/var/lib/store/version1/real cannot be read: Not a directory"},
                {"/", "/etc/shadow cannot be read: "}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(unlink(SHADOW_PATH), 0);
        assert_int_equal(symlink(rows[i].target, SHADOW_PATH), 0);
        assert_refused(rows[i].words);
    }
}

/* Each for a plain file and for one behind a link. */
static const char *const places[] = {SHADOW_PATH, STORE "/version1/real"};

static void put_plain(size_t i) {
    if (i > 0)
        return;
    assert_int_equal(unlink(SHADOW_PATH), 0);
    put_file(SHADOW_PATH, BEFORE, 0640);
}

static void put_link(void) {
    assert_int_equal(unlink(SHADOW_PATH), 0);
    assert_int_equal(symlink(STORE "/now/shadow", SHADOW_PATH), 0);
}

static void a_mount_point_is_told(void **state) {
    char words[200];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        put_plain(i);
        assert_int_equal(mount(places[i], places[i], "none", MS_BIND, NULL), 0);
        snprintf(words, sizeof words, "%s is mounted by itself, so no new file can take its place", places[i]);
        assert_refused(words);
        assert_int_equal(umount(places[i]), 0);
        assert_file(places[i], BEFORE);
        put_link();
    }
}

static void a_read_only_folder_is_told(void **state) {
    (void)state;
    assert_int_equal(mount(STORE, STORE, "none", MS_BIND, NULL), 0);
    assert_int_equal(mount("none", STORE, "none", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    assert_refused("real.otsd, beside /var/lib/store/version1/real, cannot be made: Read-only file system");
    assert_int_equal(umount(STORE), 0);
    assert_int_equal(mount("none", "/etc", "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_refused("/etc is read-only here, so the account files cannot be changed");
    assert_int_equal(mount("none", "/etc", "none", MS_REMOUNT, NULL), 0);
}

static bool set_immutable(const char *path, bool on) {
    int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;
    bool done;

    assert_true(fd >= 0);
    done = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
    flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    done = done && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
    (void)close(fd);
    return done;
}

static void an_immutable_file_is_told(void **state) {
    (void)state;
    if (!set_immutable(STORE "/version1/real", true))
        skip(); /* a file system without such flags */
    assert_refused("/var/lib/store/version1/real is immutable (chattr), so no new file can take its place");
    assert_true(set_immutable(STORE "/version1/real", false));
}

static void a_full_disk_is_told(void **state) {
    char *text = malloc(70001), line[] = "u:*:1::::::\n";
    size_t len = sizeof BEFORE - 1;

    (void)state;
    assert_non_null(text);
    memcpy(text, BEFORE, sizeof BEFORE);
    while (len + sizeof line < 70000)
        len += (size_t)snprintf(text + len, 70000 - len, "%s", line);
    assert_int_equal(unlink(STORE "/version1/real"), 0);
    assert_int_equal(mount("tmpfs", STORE "/version1", "tmpfs", 0, "size=128k,mode=755"), 0);
    assert_int_equal(symlink("real", STORE "/version1/shadow"), 0);
    put_file(STORE "/version1/real", text, 0640);
    assert_refused("/var/lib/store/version1/real cannot be written: No space left on device");
    assert_int_equal(access(STORE "/version1/real.otsd", F_OK), -1);
    assert_int_equal(umount(STORE "/version1"), 0);
    free(text);
}

static void a_try_leaves_nothing(void **state) {
    struct stat before, after;
    int lock;
    problem p;

    (void)state;
    assert_int_equal(stat(SHADOW_PATH, &before), 0);
    assert_int_equal(shadow_try(0, &p), EX_OK);
    assert_string_equal(p.text, "");
    assert_int_equal(stat(SHADOW_PATH, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(access(STORE "/version1/real.otsd", F_OK), -1);
    assert_int_equal(shadow_lock_take(0, &lock, &p), EX_OK); /* it was given back */
    assert_int_equal(shadow_try(0, &p), EX_TEMPFAIL);
    shadow_lock_release(lock);
    assert_int_equal(unlink(SHADOW_PATH), 0);
    assert_int_equal(shadow_try(0, &p), EX_NOINPUT);
    assert_string_equal(p.text, "/etc/shadow cannot be read: No such file or directory");
}

#define TEST(promise, function)                                                                                        \
    { promise, function, world, world_end, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST("a shadow file behind links of root's is replaced where it is", the_target_is_replaced),
        TEST("a link is not followed where another than root could turn it", only_root_may_say_where),
        TEST("links that lead nowhere are told", links_that_lead_nowhere),
        TEST("a shadow file that is a mount point is told before anything is written", a_mount_point_is_told),
        TEST("so is a read-only folder", a_read_only_folder_is_told),
        TEST("so is an immutable file", an_immutable_file_is_told),
        TEST("so is a disk without room for a new file", a_full_disk_is_told),
        TEST("a try changes and leaves nothing", a_try_leaves_nothing),
    };

    if (!private_world()) {
        puts("1..1\nok 1 - the place of the shadow file # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
