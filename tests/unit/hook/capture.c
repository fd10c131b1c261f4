/* SPDX-License-Identifier: MIT */
#include "capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static int real = -1, file = -1;

void capture_begin(void) {
    assert_true(real < 0 && fflush(stdout) == 0);
    real = dup(STDOUT_FILENO);
    file = memfd_create("captured", MFD_CLOEXEC);
    assert_true(real >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) == STDOUT_FILENO);
}

char *capture_end(void) {
    struct stat st;
    char *text;

    assert_int_equal(fflush(stdout), 0);
    assert_int_equal(dup2(real, STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(fstat(file, &st), 0);
    text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(text);
    assert_int_equal(pread(file, text, (size_t)st.st_size, 0), st.st_size);
    (void)close(real);
    (void)close(file);
    real = file = -1;
    return text;
}
