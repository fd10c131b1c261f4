/* SPDX-License-Identifier: MIT */
#include "commanded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define ARGUMENTS_MOST 10

/* What stood there until now, to be put back; from now on it goes to *file. */
static int redirect(int fd, int *file) {
    int before = dup(fd);

    *file = memfd_create("said", MFD_CLOEXEC);
    assert_true(before >= 0 && *file >= 0 && dup2(*file, fd) == fd);
    return before;
}

static void restore(int fd, int before) {
    assert_int_equal(dup2(before, fd), fd);
    (void)close(before);
}

static size_t add_text(char **text, size_t len, int file) {
    struct stat st;

    assert_int_equal(fstat(file, &st), 0);
    *text = realloc(*text, len + (size_t)st.st_size + 1);
    assert_non_null(*text);
    assert_int_equal(pread(file, *text + len, (size_t)st.st_size, 0), st.st_size);
    (void)close(file);
    (*text)[len + (size_t)st.st_size] = '\0';
    return len + (size_t)st.st_size;
}

/* Where the configuration cannot be read the command tells the machine's log: not this machine's. */
static void hide_log(void) {
    static bool hidden;

    if (!hidden && access("/dev/log", F_OK) == 0)
        assert_int_equal(mount("/dev/null", "/dev/log", NULL, MS_BIND, NULL), 0);
    hidden = true;
}

int commanded(const command *c, const char *const *arguments, char **told) {
    char *argv[ARGUMENTS_MOST + 1] = {NULL}, *own[ARGUMENTS_MOST + 1]; /* options are taken out of the one */
    int argc = 0, out, err, before_out, before_err, rc;
    context x = {0};

    hide_log();
    argv[argc++] = strdup(c->options->command);
    for (; *arguments && argc < ARGUMENTS_MOST; arguments++)
        argv[argc++] = strdup(*arguments);
    memcpy(own, argv, sizeof own);
    assert_int_equal(fflush(stdout), 0);
    before_out = redirect(STDOUT_FILENO, &out);
    before_err = redirect(STDERR_FILENO, &err);
    rc = c->run(&x, argc, argv);
    context_close(&x);
    (void)fflush(stdout);
    restore(STDOUT_FILENO, before_out);
    restore(STDERR_FILENO, before_err);
    /* Taken away by privs_start; what looks for leaks at our end needs it. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L), 0);
    problem_use_syslog(false);
    while (argc > 0)
        free(own[--argc]);
    *told = NULL;
    (void)add_text(told, add_text(told, 0, out), err);
    return rc;
}

const char *commanded_as(const command *c, const char *const *arguments, int expected) {
    static char kept[8192];
    char *told;
    int rc = commanded(c, arguments, &told);

    snprintf(kept, sizeof kept, "%s", told);
    free(told);
    if (rc != expected)
        fail_msg("%d: %s", rc, kept);
    return kept;
}

const char *commanded_with(const command *c, const char *argument, int expected) {
    return commanded_as(c, (const char *const[]){argument, NULL}, expected);
}

void assert_told(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

void assert_untold(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("\"%s\" in: %s", part, text);
}
