/* SPDX-License-Identifier: MIT
 *
 * No memory, at each allocation in turn: what was to be printed is printed, or the command says that it is not, and a
 * link that exists nowhere else is not lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../asan.h"
#include "capture.h"
#include "commands/provision_print.h"
#include "otsd/print.h"

#define LINK "https://example.com/secret/x"

static long left = -1; /* allocations until one fails; -1: none does */
static bool failed;

#if !HAS_ASAN /* which has an allocator of its own */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool refuse(void) {
    if (left != 0)
        left -= left > 0;
    else
        failed = true;
    return left == 0 && failed;
}

void *malloc(size_t n) {
    return refuse() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
    return refuse() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
    return refuse() ? NULL : __libc_realloc(p, n);
}
#endif

/* With all allocations from the n-th on failing; false: there were fewer. */
static bool without(long n, int (*print)(problem *p), int *rc, problem *p, char **text) {
    failed = false;
    capture_begin();
    left = n;
    *rc = print(p);
    left = -1;
    *text = capture_end();
    return failed;
}

static int print_provision(problem *p) {
    static char link[] = LINK;
    const issue i = {.user = "alice", .uid = 1001, .id = "0123456789abcdef", .deadline = 1700000000, .link = link};
    const provision_request q = {.user = "alice", .json = true, .print_link = true};

    return provision_print(&q, &i, p);
}

static int print_status(problem *p) {
    return print_nominal(true, "nominal", "v0.26 or later", p);
}

static int print_done(problem *p) {
    return print_burned(true, p);
}

static void what_is_not_printed_is_told_at_each_allocation(void **state) {
    static int (*const prints[])(problem * p) = {print_provision, print_status, print_done};

    (void)state;
    for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
        char *text, *whole;
        problem p;
        int rc;
        long n;

        assert_false(without(1000, prints[i], &rc, &p, &whole));
        assert_int_equal(rc, EX_OK);
        for (n = 0; without(n, prints[i], &rc, &p, &text); n++) {
            if (rc == EX_OK ? strcmp(text, whole) != 0 : p.text[0] == '\0')
                fail_msg("%zu at %ld: %d, %s", i, n, rc, text);
            if (prints[i] == print_provision && !strstr(text, LINK))
                fail_msg("the link is lost at %ld: %s", n, p.text);
            free(text);
        }
        assert_true(HAS_ASAN || n >= 2); /* a sanitizer's allocator refuses nothing: what is whole is looked at there */
        free(text);
        free(whole);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_not_printed_is_told_at_each_allocation)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
