/* SPDX-License-Identifier: MIT */
#include "commands/findings.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/names.h"
#include "core/core.h"

static const char *const level_texts[FINDING_LEVELS] = {
    [FINDING_OK] = "ok", [FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};
static const name_table levels = NAMES_OF(level_texts);

__attribute__((format(printf, 4, 0))) static void add(findings *f, finding_level level, const char *remedy,
                                                      const char *fmt, va_list ap) {
    char what[1200];

    text_line(what, sizeof what, fmt, ap); /* names of files and services are in it */
    f->counts[level]++;
    if (!f->list) {
        say_out("%-8s %-14s %s%s%s", names_text(&levels, (long)level), f->check, what, remedy ? "; " : "",
                remedy ? remedy : "");
        (void)fflush(stdout); /* the next one may take its time; a failure shows at the end */
        return;
    }
    json_begin_object(f->list, NULL);
    json_text(f->list, "check", f->check);
    json_text(f->list, "level", names_text(&levels, (long)level));
    json_text(f->list, "what", what);
    json_text(f->list, "remedy", remedy);
    json_end(f->list);
}

void findings_ok(findings *f, const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    add(f, FINDING_OK, NULL, fmt, ap);
    va_end(ap);
}

void findings_warning(findings *f, const char *remedy, const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    add(f, FINDING_WARNING, remedy, fmt, ap);
    va_end(ap);
}

void findings_error(findings *f, int code, const char *remedy, const char *fmt, ...) {
    va_list ap;

    if (f->counts[FINDING_ERROR] == 0)
        f->code = code;
    va_start(ap, fmt);
    add(f, FINDING_ERROR, remedy, fmt, ap);
    va_end(ap);
}

int findings_exit(const findings *f) {
    if (f->counts[FINDING_ERROR] > 0)
        return f->code;
    return f->counts[FINDING_WARNING] > 0 ? FINDINGS_WARNED : EX_OK;
}
