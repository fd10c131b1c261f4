/* SPDX-License-Identifier: MIT */
#include "base/problem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static bool to_syslog;
static atomic_bool over_bar;

int problem_set(problem *p, int code, const char *fmt, ...) {
    va_list ap;

    p->code = code;
    p->remote = false;
    va_start(ap, fmt);
    vsnprintf(p->text, sizeof p->text, fmt, ap);
    va_end(ap);
    return code;
}

static int code_of(otsd_err err) {
    switch (err) {
    case OTSD_OK:
        return EX_OK;
    case OTSD_ERR_ARGUMENT:
        return EX_USAGE;
    case OTSD_ERR_CONFIG:
        return EX_CONFIG;
    case OTSD_ERR_MEMORY:
        return EX_OSERR;
    case OTSD_ERR_CREDENTIALS:
        return EX_NOPERM;
    case OTSD_ERR_GONE:
    case OTSD_ERR_REFUSED:
        return EX_DATAERR;
    case OTSD_ERR_RATE_LIMITED:
    case OTSD_ERR_SERVER:
        return EX_TEMPFAIL;
    case OTSD_ERR_TIMEOUT:
    case OTSD_ERR_CONNECTION:
        return EX_UNAVAILABLE;
    case OTSD_ERR_NOT_V1:
    case OTSD_ERR_TLS:
    case OTSD_ERR_ANSWER:
        return EX_PROTOCOL;
    }
    return EX_SOFTWARE;
}

int problem_from_otsd(problem *p, const otsd_error *e, const char *fmt, ...) {
    char what[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    problem_set(p, code_of(e->code), "%s: %s", what, e->message[0] ? e->message : otsd_strerror(e->code));
    p->remote = true;
    return p->code;
}

void problem_add(problem *p, const char *fmt, ...) {
    size_t len = strlen(p->text);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p->text + len, sizeof p->text - len, fmt, ap);
    va_end(ap);
}

void problem_use_syslog(bool on) {
    if (on && !to_syslog)
        openlog("otsd-hook", LOG_PID, LOG_AUTHPRIV);
    to_syslog = on;
}

void problem_over_bar(bool on) {
    atomic_store(&over_bar, on);
}

/* In one call, which stdio does not interleave with those of other threads. */
static void to_stderr(const char *text) {
    fprintf(stderr, "%sotsd-hook: %s\n", atomic_load(&over_bar) ? "\r\033[K" : "", text);
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
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (priority <= LOG_WARNING)
        to_stderr(line);
    if (to_syslog)
        syslog(priority, "%s", line);
}
