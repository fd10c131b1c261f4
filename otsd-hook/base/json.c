/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"

#define DEPTH_MAX 8

struct json_out {
    wiped out;
    json_style style;
    bool broken;
    char ends[DEPTH_MAX]; /* what closes each level that is open */
    int depth;
    bool empty; /* the innermost level is still empty */
};

json_out *json_new(json_style style) {
    json_out *j = calloc(1, sizeof *j);

    if (j) {
        j->style = style;
        j->empty = true;
    }
    return j;
}

void json_free(json_out **j) {
    if (*j)
        wiped_free(&(*j)->out);
    free(*j);
    *j = NULL;
}

static void write_bytes(json_out *j, const char *s, size_t len) {
    if (!j->broken && !wiped_append(&j->out, s, len))
        j->broken = true;
}

static void write_string(json_out *j, const char *s) {
    write_bytes(j, s, strlen(s));
}

static void new_line(json_out *j) {
    if (j->style != JSON_PRETTY)
        return;
    write_string(j, "\n");
    for (int i = 0; i < j->depth; i++)
        write_string(j, "  ");
}

/* The end of the run of bytes that need no escape. */
static size_t plain(const char *s, size_t len) {
    size_t n = 0;

    while (n < len && s[n] >= ' ' && s[n] <= '~' && s[n] != '"' && s[n] != '\\')
        n++;
    return n;
}

/* Of the character that the len bytes begin with, or of a byte that belongs to none; how many bytes that is. */
static size_t write_escape(json_out *j, const char *s, size_t len) {
    static const char *const shorts[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                         ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
    char code[16];
    uint32_t c;
    size_t n = utf8_decode(s, len, &c);

    if (n == 0)
        c = 0xFFFD; /* what stands for a byte that is no character */
    if (c < sizeof shorts / sizeof shorts[0] && shorts[c])
        snprintf(code, sizeof code, "%s", shorts[c]);
    else if (c < 0x10000)
        snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
    else
        snprintf(code, sizeof code, "\\u%04x\\u%04x", (unsigned)(0xD800 + ((c - 0x10000) >> 10)),
                 (unsigned)(0xDC00 + (c & 0x3FF)));
    write_string(j, code);
    return n > 0 ? n : 1;
}

static void write_quoted(json_out *j, const char *s, size_t len) {
    write_string(j, "\"");
    while (len > 0) {
        size_t n = plain(s, len);

        write_bytes(j, s, n);
        if (n < len)
            n += write_escape(j, s + n, len - n);
        s += n;
        len -= n;
    }
    write_string(j, "\"");
}

/* What stands before any value. False where nothing can be written any more. */
static bool begin_value(json_out *j, const char *name) {
    if (!j || j->broken)
        return false;
    if (j->depth == 0 && !j->empty)
        j->broken = true; /* a second text */
    if (j->depth > 0) {
        if (!j->empty)
            write_string(j, ",");
        new_line(j);
        if ((j->ends[j->depth - 1] == '}') != !!name)
            j->broken = true;
    }
    j->empty = false;
    if (name) {
        write_quoted(j, name, strlen(name));
        write_string(j, ":");
    }
    return !j->broken;
}

static void begin_level(json_out *j, const char *name, const char *start, char end) {
    if (!begin_value(j, name))
        return;
    if (j->depth == DEPTH_MAX) {
        j->broken = true;
        return;
    }
    write_string(j, start);
    j->ends[j->depth++] = end;
    j->empty = true;
}

void json_begin_object(json_out *j, const char *name) {
    begin_level(j, name, "{", '}');
}

void json_begin_array(json_out *j, const char *name) {
    begin_level(j, name, "[", ']');
}

void json_end(json_out *j) {
    if (!j || j->broken)
        return;
    if (j->depth == 0) {
        j->broken = true;
        return;
    }
    j->depth--;
    if (!j->empty)
        new_line(j);
    write_bytes(j, &j->ends[j->depth], 1);
    j->empty = false;
}

void json_bytes(json_out *j, const char *name, const char *bytes, size_t len) {
    if (begin_value(j, name))
        write_quoted(j, bytes, len);
}

void json_text(json_out *j, const char *name, const char *text) {
    if (text)
        json_bytes(j, name, text, strlen(text));
    else
        json_null(j, name);
}

void json_number(json_out *j, const char *name, int64_t n) {
    char digits[24];

    snprintf(digits, sizeof digits, "%" PRId64, n);
    if (begin_value(j, name))
        write_string(j, digits);
}

void json_bool(json_out *j, const char *name, bool yes) {
    if (begin_value(j, name))
        write_string(j, yes ? "true" : "false");
}

void json_null(json_out *j, const char *name) {
    if (begin_value(j, name))
        write_string(j, "null");
}

void json_time(json_out *j, const char *name, int64_t when) {
    time_t t = (time_t)when;
    char text[40];
    struct tm tm;

    if (when > 0 && gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        json_text(j, name, text);
    else
        json_null(j, name);
}

const char *json_text_of(const json_out *j, size_t *len) {
    if (!j || j->broken || j->depth > 0 || j->empty)
        return NULL;
    *len = j->out.len;
    return j->out.data;
}

int json_print(json_out **j, FILE *f, problem *p) {
    size_t len = 0;
    const char *text = json_text_of(*j, &len);
    int rc = problem_none(p);

    if (!text)
        rc = problem_set(p, EX_OSERR, "out of memory for the JSON that was asked for");
    else if (fwrite(text, 1, len, f) != len || fputc('\n', f) == EOF)
        rc = problem_set(p, EX_IOERR, "the JSON that was asked for cannot be written");
    json_free(j);
    return rc;
}
