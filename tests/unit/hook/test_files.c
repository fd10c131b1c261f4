/* SPDX-License-Identifier: MIT
 *
 * Each verdict of the checked opener, and the write loop, in a folder of the test's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/files.h"
#include "private_world.h"

static const file_wanted plain = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};

static int world(void **state) {
    (void)state;
    put_file("/etc/good", "text", 0600);
    put_file("/etc/open", "text", 0604);
    put_file("/etc/foreign", "text", 0600);
    assert_int_equal(chown("/etc/foreign", 1234, 0), 0);
    assert_int_equal(symlink("good", "/etc/link"), 0);
    assert_int_equal(symlink("nowhere", "/etc/dangling"), 0);
    assert_int_equal(symlink("loop", "/etc/loop"), 0);
    assert_int_equal(mkdir("/etc/folder", 0700), 0);
    assert_int_equal(mkdir("/etc/wide", 0755), 0);
    assert_int_equal(chmod("/etc/wide", 0755), 0);
    assert_int_equal(mkfifo("/etc/fifo", 0600), 0);
    return 0;
}

static void socket_at(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    (void)close(fd);
}

static void each_verdict(void **state) {
    static const struct {
        const char *path;
        int flags;
        file_wanted wanted;
        file_verdict verdict;
        int error;
    } rows[] = {
        {"/etc/good", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_GOOD, 0},
        {"/etc/good", O_RDWR, {S_IFREG, FILE_OF_ROOT_OR_SELF, 077, false}, FILE_GOOD, 0},
        {"/etc/none", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_ABSENT, ENOENT},
        {"/etc/none", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, true}, FILE_ABSENT, ENOENT},
        {"/etc/link", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_LINK, ELOOP},
        {"/etc/link", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, true}, FILE_GOOD, 0},
        {"/etc/dangling", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_LINK, ELOOP},
        {"/etc/dangling", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, true}, FILE_ABSENT, ENOENT},
        {"/etc/loop", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, true}, FILE_LINK, ELOOP},
        {"/etc/open", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_TOO_OPEN, 0},
        {"/etc/open", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 022, false}, FILE_GOOD, 0},
        {"/etc/foreign", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_FOREIGN, 0},
        {"/etc/foreign", O_RDONLY, {S_IFREG, FILE_OF_ROOT_OR_SELF, 077, false}, FILE_FOREIGN, 0},
        {"/etc/foreign", O_RDONLY, {S_IFREG, FILE_OF_ANYBODY, 077, false}, FILE_GOOD, 0},
        {"/etc/folder", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_WRONG_TYPE, 0},
        {"/etc/folder", O_RDWR, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_WRONG_TYPE, EISDIR},
        {"/etc/folder", O_RDONLY, {S_IFDIR, FILE_OF_ROOT, 077, false}, FILE_GOOD, 0},
        {"/etc/wide", O_RDONLY, {S_IFDIR, FILE_OF_ROOT, 077, false}, FILE_TOO_OPEN, 0},
        {"/etc/good", O_RDONLY, {S_IFDIR, FILE_OF_ROOT, 077, false}, FILE_FAILED, ENOTDIR},
        {"/etc/link", O_RDONLY, {S_IFDIR, FILE_OF_ROOT, 077, false}, FILE_FAILED, ENOTDIR},
        {"/etc/good/below", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_FAILED, ENOTDIR},
        {"/etc/fifo", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_WRONG_TYPE, 0},
        {"/etc/fifo", O_WRONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_WRONG_TYPE, ENXIO},
        {"/etc/socket", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_WRONG_TYPE, ENXIO},
        {"/dev/null", O_RDWR, {S_IFREG, FILE_OF_ROOT, 0, false}, FILE_WRONG_TYPE, 0},
        {"/etc/none/below", O_RDONLY, {S_IFREG, FILE_OF_ROOT, 077, false}, FILE_ABSENT, ENOENT},
    };

    (void)state;
    socket_at("/etc/socket");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        file_found f;
        file_verdict verdict = file_open(AT_FDCWD, rows[i].path, rows[i].flags, &rows[i].wanted, &f);

        if (verdict != rows[i].verdict || f.error != rows[i].error || (f.fd >= 0) != (verdict == FILE_GOOD))
            fail_msg("row %zu, %s: verdict %d, errno %d, descriptor %d", i, rows[i].path, (int)verdict, f.error, f.fd);
        if (f.fd >= 0)
            assert_int_equal(close(f.fd), 0);
    }
}

static void the_effective_user_may_own_it(void **state) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT_OR_SELF, .forbidden = 077};
    file_found f;

    (void)state;
    assert_int_equal(seteuid(1234), 0);
    assert_int_equal(file_open(AT_FDCWD, "/etc/foreign", O_RDONLY, &wanted, &f), FILE_GOOD);
    (void)close(f.fd);
    assert_int_equal(file_open(AT_FDCWD, "/etc/foreign", O_RDONLY, &plain, &f), FILE_FOREIGN);
    assert_int_equal(file_open(AT_FDCWD, "/etc/good", O_RDONLY, &wanted, &f), FILE_FAILED);
    assert_int_equal(f.error, EACCES);
    assert_int_equal(seteuid(0), 0);
}

static void a_link_is_told(void **state) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .follow = true};
    file_found f;

    (void)state;
    assert_int_equal(file_open(AT_FDCWD, "/etc/link", O_RDONLY, &wanted, &f), FILE_GOOD);
    assert_true(f.linked);
    assert_int_equal(f.st.st_size, 4);
    (void)close(f.fd);
    assert_int_equal(file_open(AT_FDCWD, "/etc/good", O_RDONLY, &wanted, &f), FILE_GOOD);
    assert_false(f.linked);
    (void)close(f.fd);
}

static void what_it_makes_is_private(void **state) {
    int dir = open("/etc/folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mode_t before = umask(0);
    file_found f;

    (void)state;
    assert_int_equal(file_open(dir, "new", O_RDWR | O_CREAT, &plain, &f), FILE_GOOD);
    umask(before);
    assert_int_equal(f.st.st_mode & 07777, 0600);
    assert_int_equal(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
    assert_true((fcntl(f.fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_int_equal(access("/etc/folder/new", F_OK), 0);
    (void)close(f.fd);
    assert_int_equal(file_open(dir, "new", O_RDWR | O_CREAT | O_EXCL, &plain, &f), FILE_FAILED);
    assert_int_equal(f.error, EEXIST);
    (void)close(dir);
}

static void writes_where_it_is_told(void **state) {
    int fd = open("/etc/out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char *text;
    size_t done;

    (void)state;
    assert_true(file_write(fd, "hello", 5, FILE_HERE, &done));
    assert_int_equal(done, 5);
    assert_true(file_write(fd, "J", 1, 0, NULL));
    assert_true(file_write(fd, " you", 4, FILE_HERE, NULL));
    assert_true(file_write(fd, "", 0, 100, &done));
    assert_int_equal(done, 0);
    (void)close(fd);
    text = get_file("/etc/out");
    assert_string_equal(text, "Jello you");
    free(text);
    errno = 0;
    assert_false(file_write(-1, "x", 1, FILE_HERE, &done));
    assert_int_equal(errno, EBADF);
    assert_int_equal(done, 0);
}

static void a_full_disk_tells_how_far(void **state) {
    struct rlimit full = {.rlim_cur = 6, .rlim_max = RLIM_INFINITY}, free_again = {RLIM_INFINITY, RLIM_INFINITY};
    int fd = open("/etc/out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t done;

    (void)state;
    assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    assert_false(file_write(fd, "123456789", 9, FILE_HERE, &done));
    assert_int_equal(errno, EFBIG);
    assert_int_equal(done, 6);
    assert_false(file_write(fd, "123456789", 9, 2, &done));
    assert_int_equal(done, 4);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &free_again), 0);
    (void)close(fd);
}

static void on_signal(int number) {
    (void)number;
}

enum { PIPED = 300000 };

typedef struct stalled {
    int from;
    pthread_t writer;
    size_t got;
} stalled;

/* A reader that is slow, and interrupts the writer before each piece that it takes. */
static void *read_slowly(void *arg) {
    static const struct timespec pause = {0, 2 * 1000 * 1000};
    stalled *s = arg;
    char piece[20000];
    ssize_t n;

    do {
        nanosleep(&pause, NULL);
        (void)pthread_kill(s->writer, SIGUSR1);
        n = read(s->from, piece, sizeof piece);
        s->got += n > 0 ? (size_t)n : 0;
    } while (n > 0 && s->got < PIPED);
    return NULL;
}

static void a_signal_stops_no_write(void **state) {
    struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART */
    char *text = calloc(1, PIPED);
    stalled s = {.writer = pthread_self()};
    pthread_t reader;
    size_t done;
    int fds[2];

    (void)state;
    assert_non_null(text);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pipe(fds), 0);
    s.from = fds[0];
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, &s), 0);
    assert_true(file_write(fds[1], text, PIPED, FILE_HERE, &done));
    assert_int_equal(done, PIPED);
    assert_int_equal(pthread_join(reader, NULL), 0);
    assert_int_equal(s.got, PIPED);
    (void)close(fds[0]);
    (void)close(fds[1]);
    free(text);
}

static void *write_late(void *arg) {
    static const struct timespec pause = {0, 20 * 1000 * 1000};
    const stalled *s = arg;

    nanosleep(&pause, NULL);
    (void)pthread_kill(s->writer, SIGUSR1);
    nanosleep(&pause, NULL);
    (void)!write(s->from, "x", 1);
    return NULL;
}

static void a_signal_stops_no_read(void **state) {
    struct sigaction action = {.sa_handler = on_signal};
    stalled s = {.writer = pthread_self()};
    pthread_t other;
    char c = 0;
    int fds[2];

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pipe(fds), 0);
    s.from = fds[1];
    assert_int_equal(pthread_create(&other, NULL, write_late, &s), 0);
    assert_int_equal(file_read(fds[0], &c, 1), 1);
    assert_int_equal(c, 'x');
    assert_int_equal(pthread_join(other, NULL), 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    assert_int_equal(file_read(-1, &c, 1), -1);
    assert_int_equal(errno, EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"each verdict follows from the file and what is wanted", each_verdict, NULL, NULL, NULL},
        {"the effective user may own a file where that is wanted", the_effective_user_may_own_it, NULL, NULL, NULL},
        {"a link that was followed is told", a_link_is_told, NULL, NULL, NULL},
        {"what the opener makes is private, closed on exec and never blocks", what_it_makes_is_private, NULL, NULL,
         NULL},
        {"a write goes to its offset, or where the file stands", writes_where_it_is_told, NULL, NULL, NULL},
        {"a write that fails tells how far it came", a_full_disk_tells_how_far, NULL, NULL, NULL},
        {"a signal stops no write", a_signal_stops_no_write, NULL, NULL, NULL},
        {"a signal stops no read", a_signal_stops_no_read, NULL, NULL, NULL},
    };

    if (!private_world()) {
        puts("1..1\nok 1 - files # SKIP needs root and namespaces");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, world, NULL);
}
