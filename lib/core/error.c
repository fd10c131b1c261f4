/* SPDX-License-Identifier: MIT
 *
 * Errors. A message is one line of valid, printable UTF-8, whatever the other side sent: all of it passes
 * text_printable.
 */
#include "core/core.h"

#include <stdarg.h>
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

__attribute__((format(printf, 4, 0))) static void fill(otsd_error *e, otsd_err code, otsd_reach reach,
                                                       const char *format, va_list args) {
    char raw[2 * sizeof e->message];

    if (vsnprintf(raw, sizeof raw, format, args) < 0)
        raw[0] = '\0';
    e->code = code;
    e->reach = reach;
    e->http_status = 0;
    e->retry_after = 0;
    text_printable(e->message, sizeof e->message, raw, strlen(raw));
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
