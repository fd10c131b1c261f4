/* SPDX-License-Identifier: MIT
 *
 * Names, addresses, a server's words and a file's lines are in what is said here, and whoever chose them must not be
 * able to do more than be read: every line, wherever it goes, is made by text_line.
 */
#include "base/problem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "core/core.h"

static const char *program = "otsd-hook";
static bool to_syslog;
static atomic_bool over_bar;

int problem_set(problem *p, int code, const char *fmt, ...) {
    va_list ap;

    p->code = code;
    p->remote = p->limited = p->lasting = false;
    va_start(ap, fmt);
    text_line(p->text, sizeof p->text, fmt, ap);
    va_end(ap);
    return code;
}

void problem_clear(problem *p) {
    p->code = EX_OK;
    p->remote = p->limited = p->lasting = false;
    p->text[0] = '\0';
}

int problem_none(problem *p) {
    problem_clear(p);
    return EX_OK;
}

int problem_code_of(otsd_err err) {
    static const int codes[] = {
        [OTSD_OK] = EX_OK,
        [OTSD_ERR_ARGUMENT] = EX_USAGE,
        [OTSD_ERR_CONFIG] = EX_CONFIG,
        [OTSD_ERR_MEMORY] = EX_OSERR,
        [OTSD_ERR_CREDENTIALS] = EX_NOPERM,
        [OTSD_ERR_GONE] = EX_NOINPUT,
        [OTSD_ERR_REFUSED] = EX_DATAERR,
        [OTSD_ERR_RATE_LIMITED] = EX_TEMPFAIL,
        [OTSD_ERR_SERVER] = EX_TEMPFAIL,
        [OTSD_ERR_NOT_V1] = EX_PROTOCOL,
        [OTSD_ERR_TIMEOUT] = EX_UNAVAILABLE,
        [OTSD_ERR_TLS] = EX_PROTOCOL,
        [OTSD_ERR_CONNECTION] = EX_UNAVAILABLE,
        [OTSD_ERR_ANSWER] = EX_PROTOCOL,
    };

    return (size_t)err < sizeof codes / sizeof codes[0] ? codes[err] : EX_SOFTWARE;
}

/* A failure never becomes EX_OK, even where the function that failed did not fill its error. */
static int failure_code(const otsd_error *e) {
    return e->code == OTSD_OK ? EX_SOFTWARE : problem_code_of(e->code);
}

static const char *words_of(const otsd_error *e) {
    return e->message[0] ? e->message : otsd_strerror(e->code);
}

static int from_server(problem *p, const otsd_error *e) {
    if (e->code == OTSD_ERR_RATE_LIMITED && e->retry_after > 0)
        problem_add(p, "; try again in %ld s", e->retry_after);
    p->remote = true;
    p->limited = e->code == OTSD_ERR_RATE_LIMITED;
    return p->code;
}

int problem_from_otsd(problem *p, const otsd_error *e, const char *fmt, ...) {
    char what[300];
    va_list ap;

    va_start(ap, fmt);
    text_line(what, sizeof what, fmt, ap);
    va_end(ap);
    problem_set(p, failure_code(e), "%s: %s", what, words_of(e));
    return from_server(p, e);
}

int problem_from_library(problem *p, const otsd_error *e) {
    problem_set(p, failure_code(e), "%s", words_of(e));
    return from_server(p, e);
}

__attribute__((format(printf, 2, 3))) static void set_text(problem *p, const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    text_line(p->text, sizeof p->text, fmt, ap);
    va_end(ap);
}

void problem_add(problem *p, const char *fmt, ...) {
    char before[sizeof p->text], added[sizeof p->text];
    va_list ap;

    memcpy(before, p->text, sizeof before);
    va_start(ap, fmt);
    text_line(added, sizeof added, fmt, ap);
    va_end(ap);
    /* Together they may be too long: as one line, for the end matters most. */
    set_text(p, "%s%s", before, added);
}

void problem_program(const char *name) {
    program = name;
}

void problem_use_syslog(bool on) {
    if (on && !to_syslog)
        openlog(program, LOG_PID, LOG_AUTHPRIV);
    to_syslog = on;
}

void problem_over_bar(bool on) {
    atomic_store(&over_bar, on);
}

/* In one call, which stdio does not interleave with those of other threads. Nothing gets here but through text_line. */
static void to_stderr(const char *text) {
    fprintf(stderr, "%s%s: %s\n", atomic_load(&over_bar) ? "\r\033[K" : "", program, text);
}

void problem_say(const problem *p) {
    to_stderr(p->text);
    if (to_syslog)
        syslog(LOG_ERR, "%s", p->text);
}

void say(int priority, const char *fmt, ...) {
    char line[900];
    va_list ap;

    va_start(ap, fmt);
    text_line(line, sizeof line, fmt, ap);
    va_end(ap);
    if (priority <= LOG_WARNING)
        to_stderr(line);
    if (to_syslog)
        syslog(priority, "%s", line);
}

void say_here(const char *fmt, ...) {
    char line[900];
    va_list ap;

    va_start(ap, fmt);
    text_line(line, sizeof line, fmt, ap);
    va_end(ap);
    to_stderr(line);
}

void say_out(const char *fmt, ...) {
    char line[4096];
    va_list ap;

    va_start(ap, fmt);
    text_line(line, sizeof line, fmt, ap);
    va_end(ap);
    puts(line);
    otsd_wipe(line, sizeof line); /* a link may be in it */
}
