/* SPDX-License-Identifier: MIT
 *
 * Errors. A message is one line of valid, printable UTF-8, whatever the other side sent: all of it passes text_line.
 * The struct is the caller's, and may be of another release than this library: it is written to only here, and never
 * beyond the size that the caller gave.
 */
#include "core/core.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

const char *otsd_strerror(otsd_err code) {
    switch (code) {
    case OTSD_OK:
        return "no error";
    case OTSD_ERR_ARGUMENT:
        return "invalid argument";
    case OTSD_ERR_CONFIG:
        return "configuration error";
    case OTSD_ERR_MEMORY:
        return "out of memory, or of lockable memory";
    case OTSD_ERR_CREDENTIALS:
        return "credentials not accepted";
    case OTSD_ERR_GONE:
        return "gone";
    case OTSD_ERR_REFUSED:
        return "refused by the server";
    case OTSD_ERR_RATE_LIMITED:
        return "rate limited";
    case OTSD_ERR_SERVER:
        return "server trouble";
    case OTSD_ERR_NOT_V1:
        return "not a Onetime Secret v1 server";
    case OTSD_ERR_TIMEOUT:
        return "timeout";
    case OTSD_ERR_TLS:
        return "TLS failure";
    case OTSD_ERR_CONNECTION:
        return "connection failure";
    case OTSD_ERR_ANSWER:
        return "malformed answer";
    }
    return "unknown error";
}

/* What the struct of 0.1 ends with, and so what size 0 stands for. Members that come later stand behind it. */
#define SIZE_0_1 (offsetof(otsd_error, message) + 512)

/* Everything but the size itself. A size that no release had: nothing. */
void error_copy(otsd_error *e, const otsd_error *full) {
    size_t size;

    if (!e)
        return;
    size = e->size == 0 ? SIZE_0_1 : e->size;
    if (size > sizeof *full)
        size = sizeof *full;
    if (size >= SIZE_0_1)
        memcpy((char *)e + sizeof e->size, (const char *)full + sizeof e->size, size - sizeof e->size);
}

__attribute__((format(printf, 4, 0))) static void fill(otsd_error *e, otsd_err code, otsd_reach reach,
                                                       const char *format, va_list args) {
    otsd_error full = {.code = code, .reach = reach};

    text_line(full.message, sizeof full.message, format, args);
    error_copy(e, &full);
}

otsd_err error_set(otsd_error *e, otsd_err code, otsd_reach reach, const char *format, ...) {
    va_list args;

    if (e) {
        va_start(args, format);
        fill(e, code, reach, format, args);
        va_end(args);
    }
    return code;
}

otsd_err error_local(otsd_error *e, otsd_err code, const char *format, ...) {
    va_list args;

    if (e) {
        va_start(args, format);
        fill(e, code, OTSD_REACH_NO, format, args);
        va_end(args);
    }
    return code;
}

otsd_err error_null(otsd_error *e, const char *name) {
    return error_local(e, OTSD_ERR_ARGUMENT, "%s is NULL", name);
}

void error_before(otsd_error *e, const char *text) {
    char old[sizeof e->message], both[2 * sizeof e->message];

    memcpy(old, e->message, sizeof old);
    snprintf(both, sizeof both, "%s%s", text, old);
    text_printable(e->message, sizeof e->message, both, strlen(both));
}

void error_add_http(otsd_error *e, long status, long retry_after) {
    if (!e || (e->size != 0 && e->size < SIZE_0_1))
        return;
    e->http_status = status;
    e->retry_after = retry_after > 86400 ? 86400 : retry_after > 0 ? retry_after : 0;
}

unsigned otsd_version(void) {
    return OTSD_VERSION_NUMBER;
}
