/* SPDX-License-Identifier: MIT
 *
 * What foreign text can do to a line: nothing. Bytes of every kind go through the one function that makes text fit to
 * be shown, and what comes out is held against a definition of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/core.h"

__attribute__((format(printf, 3, 4))) static void line(char *out, size_t size, const char *format, ...) {
    va_list args;

    va_start(args, format);
    text_line(out, size, format, args);
    va_end(args);
}

/* Well-formed UTF-8, by the table of RFC 3629, with no control in it; independent of the code that is tested. */
static bool is_clean(const char *text) {
    const unsigned char *p = (const unsigned char *)text;

    while (*p) {
        size_t n = *p < 0x80                 ? 1
                   : *p >= 0xC2 && *p < 0xE0 ? 2
                   : *p >= 0xE0 && *p < 0xF0 ? 3
                   : *p >= 0xF0 && *p < 0xF5 ? 4
                                             : 0;

        if (n == 0 || *p < 0x20 || *p == 0x7F)
            return false;
        for (size_t i = 1; i < n; i++)
            if ((p[i] & 0xC0U) != 0x80)
                return false;
        if ((p[0] == 0xC2 && p[1] < 0xA0) || (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
            (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
            return false;
        p += n;
    }
    return true;
}

/* A character as UTF-8. */
static void put(char out[5], uint32_t c) {
    memset(out, 0, 5);
    if (c < 0x80) {
        out[0] = (char)c;
    } else if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
    } else {
        out[0] = (char)(0xF0 | c >> 18);
        out[1] = (char)(0x80 | (c >> 12 & 0x3F));
        out[2] = (char)(0x80 | (c >> 6 & 0x3F));
        out[3] = (char)(0x80 | (c & 0x3F));
    }
}

static void what_cannot_be_seen_is_a_question_mark(void **state) {
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x01, 0x1F},     {0x7F, 0x9F},       {0xAD, 0xAD},         {0x34F, 0x34F},   {0x61C, 0x61C},
        {0x115F, 0x1160}, {0x180E, 0x180E},   {0x200B, 0x200F},     {0x2028, 0x202E}, {0x2060, 0x206F},
        {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},     {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB},
        {0xFFFE, 0xFFFF}, {0xE0000, 0xE007F}, {0x10FFFE, 0x10FFFF},
    };
    static const uint32_t shown[] = {0x20,   0x7E,   0xA0,   0xAC,   0xAE,   0xE9,   0x34E,   0x61B,   0x61D,
                                     0x115E, 0x1161, 0x2010, 0x2027, 0x202F, 0x205F, 0x2070,  0x20AC,  0x3163,
                                     0x4E2D, 0xFDFF, 0xFE10, 0xFF9F, 0xFFFC, 0xFFFD, 0x1F510, 0x10FFFD};
    char in[5], out[32];

    (void)state;
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        for (uint32_t c = hidden[i].first; c <= hidden[i].last; c++) {
            put(in, c);
            line(out, sizeof out, "%s", in);
            if (strcmp(out, "?") != 0)
                fail_msg("U+%04X is shown", (unsigned)c);
        }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        put(in, shown[i]);
        line(out, sizeof out, "%s", in);
        if (strcmp(out, in) != 0)
            fail_msg("U+%04X is not shown", (unsigned)shown[i]);
    }
}

static void what_forges_a_line_stays_in_its_own(void **state) {
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a\nNov 29 02:41:00 host sshd[1]: Accepted password for root",
         "a?Nov 29 02:41:00 host sshd[1]: Accepted password for root"},
        {"\x1b[2J\x1b[31mok", "?[2J?[31mok"},
        {"\x1b]0;title\x07", "?]0;title?"},
        {"\xc2\x9b"
         "2J",
         "?2J"},
        {"\x9b"
         "2J",
         "?2J"},
        {"a\r\tb\x08", "a??b?"},
        // NOLINTNEXTLINE(misc-misleading-bidirectional) that is what is replaced
        {"user\xe2\x80\xaegnp.exe", "user?gnp.exe"},
        {"M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x94\x90", "M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x94\x90"},
        {"M\xfcller", "M?ller"},
        {"\xc0\x8a \xe0\x80\x8a \xf0\x80\x80\x8a", "?? ??? ????"},
        {"\xed\xa0\x80 \xf4\x90\x80\x80 \xf8\x88\x80\x80\x80 \xfe\xff", "??? ???? ????? ??"},
        {"\xe2\x82", "??"},
        {"", ""},
    };
    char out[200], twice[200];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        line(out, sizeof out, "%s", rows[i].in);
        assert_string_equal(out, rows[i].out);
        line(twice, sizeof twice, "%s", out);
        assert_string_equal(twice, out);
    }
}

/* The whole line is looked at, whichever argument brought it. */
static void a_line_is_cleaned_after_it_is_formatted(void **state) {
    char out[64];

    (void)state;
    line(out, sizeof out, "%c%-4s|%.2s|%d\n", '\r', "a\x1b", "\xc3\xbcx", 7);
    assert_string_equal(out, "?a?  |\xc3\xbc|7?");
}

static void a_long_text_leaves_beginning_and_end(void **state) {
    static const char end[] = "); nothing was changed";
    char *much = malloc(65537), out[900], small[33];

    (void)state;
    assert_non_null(much);
    for (size_t i = 0; i < 65536; i += 4)
        memcpy(much + i, "\xf0\x9f\x94\x90", 4);
    much[65536] = '\0';
    for (size_t size = 32; size <= sizeof out; size++) {
        line(out, size, "alice: the server (%s%s", much, end);
        assert_true(strlen(out) < size && strlen(out) + 16 > size);
        assert_true(is_clean(out));
        assert_non_null(strstr(out, " [...] "));
        if (size >= 100) {
            assert_memory_equal(out, "alice: the server (", 19);
            assert_string_equal(out + strlen(out) - strlen(end), end);
        }
    }
    /* What just fits is whole. */
    memset(much, 'x', 65536);
    line(small, sizeof small, "%.32s", much);
    assert_int_equal(strlen(small), 32);
    assert_null(strchr(small, '['));
    line(small, sizeof small, "%.33s", much);
    assert_non_null(strstr(small, " [...] "));
    free(much);
}

/* Not by chance: a fixed sequence, of bytes of every kind and of whole characters. */
static void random_bytes_never_get_through(void **state) {
    uint64_t x = 88172645463325252ULL;
    char in[3000], out[900];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t len = 0, most;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        most = x % (round % 50 == 0 ? sizeof in - 5 : 60);
        while (len < most) {
            char c[5] = {0};

            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            if (x >> 60 < 6)
                c[0] = (char)(x >> 20);
            else if (x >> 60 < 12)
                put(c, (uint32_t)(x >> 24) % 0x3000);
            else
                put(c, (uint32_t)(x >> 24) % 0x110000);
            memcpy(in + len, c, 4);
            len += strlen(c) > 0 ? strlen(c) : 1;
        }
        in[len] = '\0';
        line(out, sizeof out, "%s", in);
        if (!is_clean(out) || strlen(out) > strlen(in))
            fail_msg("round %d", round);
        text_printable(out, 64, in, len);
        if (!is_clean(out) || strlen(out) > 63)
            fail_msg("round %d, cut", round);
    }
}

static void the_librarys_errors_are_such_lines(void **state) {
    otsd_error e = {0};
    char much[2000];

    (void)state;
    memset(much, 0xE9, sizeof much - 1);
    much[sizeof much - 1] = '\0';
    error_set(&e, OTSD_ERR_REFUSED, OTSD_REACH_ANSWERED, "\x1b%s\nforged: %s", much, "the end");
    assert_true(is_clean(e.message));
    assert_string_equal(e.message + strlen(e.message) - 15, "forged: the end");
    assert_memory_equal(e.message, "????", 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"what cannot be seen is a question mark", what_cannot_be_seen_is_a_question_mark, NULL, NULL, NULL},
        {"what forges a line stays in its own", what_forges_a_line_stays_in_its_own, NULL, NULL, NULL},
        {"a line is cleaned after it is formatted", a_line_is_cleaned_after_it_is_formatted, NULL, NULL, NULL},
        {"a long text leaves beginning and end", a_long_text_leaves_beginning_and_end, NULL, NULL, NULL},
        {"random bytes never get through", random_bytes_never_get_through, NULL, NULL, NULL},
        {"the library's errors are such lines", the_librarys_errors_are_such_lines, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
