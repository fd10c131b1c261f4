/* SPDX-License-Identifier: MIT */
#include "private_world.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
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

bool private_world(void) {
    /* As the programs do: a command that does not read its input must not end us. */
    (void)signal(SIGPIPE, SIG_IGN);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/etc", "tmpfs", 0, NULL) == 0 && mount("tmpfs", "/var/lib", "tmpfs", 0, NULL) == 0;
}

void put_file(const char *path, const char *text, unsigned mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

char *get_file(const char *path) {
    struct stat st = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text;

    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(text);
    assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
    (void)close(fd);
    return text;
}
