/* SPDX-License-Identifier: MIT */
#include "conf/conf.h"

#include <stdarg.h>

otsd_err conf_fault(const conf_place *p, const char *format, ...) {
    char what[384];
    va_list args;

    va_start(args, format);
    if (vsnprintf(what, sizeof what, format, args) < 0)
        what[0] = '\0';
    va_end(args);
    if (!p->file)
        return error_local(p->e, OTSD_ERR_ARGUMENT, "`%s` %s", p->key, what);
    if (!p->key)
        return error_local(p->e, OTSD_ERR_CONFIG, "%s:%u: `%s` %s", p->file, p->line, p->group, what);
    return error_local(p->e, OTSD_ERR_CONFIG, "%s:%u: `%s.%s` %s", p->file, p->line, p->group, p->key, what);
}
